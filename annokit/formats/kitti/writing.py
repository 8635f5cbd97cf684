"""Writing trees of KITTI label files."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.codecs.names import write_manifest
from annokit.codecs.number_lines import dump_lines
from annokit.columns import MISSING, Number, Table
from annokit.columns.base import Array
from annokit.columns.json import dumps
from annokit.formats.kitti.layout import HEAD, KEYS, LIST, OWN, image_paths, place_of
from annokit.formats.kitti.reading import BOX, CENTER, SIZE, TURN, UNKNOWN, ZEROS
from annokit.formats.kitti.regions import WORD
from annokit.formats.kitti.rows import FEW, MANY
from annokit.formats.pictures import write_media
from annokit.geometry.ragged import offsets_of

if TYPE_CHECKING:
    from annokit.codecs.output import Output
    from annokit.formats.context import WriteContext
    from annokit.model.dataset import Dataset

BLOCK = 16_384
"""Annotations turned into text at a time."""


def write(
    ds: Dataset, output: Output, context: WriteContext, *, spaces: str = "underscore", decimals: int | None = None
) -> None:
    """Write a tree.

    Parameters
    ----------
    ds : Dataset
        Narrowed.
    output : Output
        Where to.
    context : WriteContext
        What the caller asked for. Without media the tree holds the label files alone.
    spaces : {"underscore", "keep"}
        What becomes of spaces in the names of classes.
    decimals : int, optional
        Decimals of boxes; by default each number is the shortest text that reads back as the same.
    """
    column = ds._items.get("split")
    told = [MISSING] * len(ds) if column is None else column.to_list()
    splits = [None if split is MISSING else str(split) for split in told]
    images, labels = image_paths(ds.names, splits)
    output.write(LIST, "\n".join([HEAD, *images, ""]).encode())
    pairs = zip(images, ds.names, strict=True)
    write_manifest(output, {image: name for image, name in pairs if _told(image) != name})
    _write_keys(ds, output, labels)
    _write_labels(ds, output, context, labels)
    write_media(ds, output, context, images)


def _told(image: str) -> str:
    """Return the name that a picture's path tells."""
    place, last = place_of(image, OWN)
    return place.below + last


def _write_keys(ds: Dataset, output: Output, labels: list[str]) -> None:
    """Write the keys of items for which label files have no place."""
    found: dict[str, dict[str, Any]] = {}
    for name, column in ds._items.group("extras/kitti").items():
        for row, value in zip(column.present().tolist(), column.dense().to_list(), strict=True):
            found.setdefault(labels[row], {})[name] = value
    if found:
        output.write(KEYS, dumps(found) + b"\n")


def _write_labels(ds: Dataset, output: Output, context: WriteContext, files: list[str]) -> None:
    """Write a label file for every item."""
    offsets = ds._index[0]
    names = [*(label.name.encode() for label in ds.labels), WORD.encode()]
    total, first = len(files), 0
    while first < total:
        stop = max(first + 1, int(offsets.searchsorted(offsets[first] + BLOCK, "right")) - 1)
        low, high = int(offsets[first]), int(offsets[stop])
        lines = _lines(ds, np.arange(low, high), names)
        places = (offsets[first : stop + 1] - low).tolist()
        for file, (a, b) in zip(files[first:stop], pairwise(places), strict=True):
            output.write(file, b"".join(lines[a:b]))
        first = stop
        context.progress(first, total)


def _lines(ds: Dataset, rows: Array, names: list[bytes]) -> list[bytes]:
    values, whole = _numbers(ds._annotations.take(rows))
    stated = ~np.isnan(values)
    text, ends = dump_lines(values[stated], whole[stated], offsets_of(stated.sum(axis=1)))
    labels = ds._annotations.array("label")[rows].tolist()
    return [b"%b %b" % (names[label], text[a:b]) for label, (a, b) in zip(labels, pairwise(ends.tolist()), strict=True)]


def _numbers(table: Table) -> tuple[Array, Array]:
    """Return the numbers of annotations and which are written as integers, (n, 15), NaN where there is no score."""
    values = np.full((len(table), MANY), -1.0)
    whole = np.ones((len(table), MANY), bool)
    values[:, CENTER], values[:, TURN], values[:, FEW] = -1000, UNKNOWN["alpha"], np.nan
    if not len(table):
        return values, whole
    _place(table, "box", values[:, BOX], whole[:, BOX])
    for at, name in enumerate(UNKNOWN):
        values[:, at] = UNKNOWN[name]
        _place(table, f"attributes/{name}", values[:, at], whole[:, at])
    _place(table, "score", values[:, FEW], whole[:, FEW])
    zeros = table.sparse(ZEROS)
    if zeros is not None:
        values[zeros.present()[:, None], np.arange(7, FEW)] = 0
    _cuboids(table, values, whole)
    return values, whole


def _place(table: Table, name: str, values: Array, whole: Array) -> None:
    """Put the numbers of a column where they belong."""
    column = table.sparse(name)
    if column is None:
        return
    rows, stated = column.present(), column.dense()
    if not isinstance(stated, Number):
        stated = Number.of(stated.to_list())
    values[rows] = stated.values
    whole[rows] = False if stated.whole is None else stated.whole


def _cuboids(table: Table, values: Array, whole: Array) -> None:
    column = table.sparse("cuboid")
    if column is None:
        return
    rows, stated = column.present(), column.dense().to_list()
    for name, places in (("center", CENTER), ("size", SIZE)):
        own = [at for at, value in enumerate(stated) if name in value]
        at = rows[own][:, None], np.array(places)
        values[at], whole[at] = np.array([stated[place][name] for place in own]).reshape(-1, 3), False
    own = [at for at, value in enumerate(stated) if "rotation" in value]
    values[rows[own], TURN], whole[rows[own], TURN] = [stated[at]["rotation"][1] for at in own], False
