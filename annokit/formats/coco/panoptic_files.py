"""The PNGs of a panoptic document: where they lie, and which of them can't be left for later."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.columns import MISSING
from annokit.columns.make import sparse_of
from annokit.formats.bitmap_check import finish as checked
from annokit.formats.bitmap_files import decoded, is_relative, of_members
from annokit.formats.coco import keys
from annokit.model.bitmaps import rows_in_bitmaps
from annokit.report import Issue, Places, Report

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from annokit.codecs.source import Source
    from annokit.formats.context import ReadContext
    from annokit.model.dataset import Dataset

HEAD = 26
"""Bytes of a PNG up to its colour type."""

PALETTE = 3
"""Colour type of pixels that are indices."""


def with_pictures(ds: Dataset, source: Source, name: str, context: ReadContext) -> Dataset:
    """Return the dataset with the PNGs that lie beside its document.

    They are looked for in a folder called like the document without its ending, beside the document, and in a folder of
    that name one level up. In an archive, and where pixels are indices of a palette, they are decoded at once.

    Parameters
    ----------
    ds : Dataset
        What was read.
    source : Source
        Where the document lies.
    name : str
        The document.
    context : ReadContext
        What the caller asked for.
    """
    names = stated_names(ds)
    if source.kind == "zip":
        members = {row: place for row, text in names.items() if (place := _member(source, name, text, ds.names[row]))}
        return decoded(ds, members, of_members(source, members, context.limits, colors=True))
    document = source.path(name)
    if document is None:
        return ds
    found = _beside(document, names, ds.names)
    if not found:
        return ds
    column = sparse_of(len(ds), list(found), list(found.values()))
    return ds._with(items=ds._items.replace({"bitmap_path": column}))


def stated_names(ds: Dataset) -> dict[int, str]:
    """Return the PNG that the record of each item names, relative to a folder."""
    column = ds._items.sparse("bitmap")
    if column is None:
        return {}
    pairs = zip(column.present().tolist(), column.values_of(column.present()), strict=True)
    return {row: stated["name"] for row, stated in pairs if is_relative(stated.get("name"))}


def _places(folder: str, stem: str, file: str, picture: str) -> Iterator[str]:
    """Yield where a PNG may lie, the likeliest place first; never where the picture itself would."""
    above = f"{folder}../" if folder else ""
    yield f"{folder}{stem}/{file}"
    if file != picture:
        yield f"{folder}{file}"
    if above:
        yield f"{folder.rstrip('/').rpartition('/')[0]}/{stem}/{file}".lstrip("/")


def _member(source: Source, name: str, file: str, picture: str) -> str | None:
    folder, slash, last = name.rpartition("/")
    stem = last.rpartition(".")[0] or last
    return next((place for place in _places(folder + slash, stem, file, picture) if place in source), None)


def _beside(document: Path, names: Mapping[int, str], pictures: Sequence[str]) -> dict[int, str]:
    """Return the PNG of each item that lies where it may lie; folders that are not there cost one look."""
    folders = (document.parent / document.stem, document.parent, document.parent.parent / document.stem)
    roots = [str(folder) for folder in folders if folder.is_dir()]
    own = str(document.parent)
    found = {}
    for row, name in names.items():
        for root in roots:
            path = os.path.join(root, name)  # noqa: PTH118 - a Path costs more than the look
            if not (root == own and name == pictures[row]) and os.path.isfile(path):  # noqa: PTH113 - likewise
                found[row] = path
                break
    return found


def finish(ds: Dataset, context: ReadContext, options: Mapping[str, Any]) -> Dataset:
    """Return the dataset with what does not fit among its issues, once all PNGs are found."""
    if keys.PANOPTIC not in ds._extras:
        return ds
    ds = checked(_colored(ds, context), context, options)
    names = stated_names(ds)
    waiting = set(ds._annotations.array("item")[rows_in_bitmaps(ds)].tolist())
    missing = [row for row in names if row in waiting and ds._items.value("bitmap_path", row) is MISSING]
    if context.images or not missing:
        return ds
    message = "the PNG with the pixels of its segments is not there; give images="
    places = Places(ds.names, np.array(missing, np.int64))
    issue = Issue.at("missing-media", "warning", message, places, field="bitmap", fate="missing")
    return ds._with(issues=ds.issues + Report((issue,)))


def _colored(ds: Dataset, context: ReadContext) -> Dataset:
    """Return the dataset in which masks whose PNG has a palette hold their pixels: the colour is the id."""
    column = ds._items.sparse("bitmap_path")
    if column is None:
        return ds
    paths = dict(zip(column.present().tolist(), column.values_of(column.present()), strict=True))
    indexed = {row: path for row, path in paths.items() if _is_indexed(path)}
    if not indexed:
        return ds
    from annokit.media.image import load_label_bitmap

    ds = decoded(ds, indexed, lambda row: load_label_bitmap(indexed[row], context.limits, colors=True))
    kept = {row: path for row, path in paths.items() if row not in indexed}
    fresh = sparse_of(len(ds), list(kept), list(kept.values())) if kept else None
    return ds._with(items=ds._items.replace({"bitmap_path": fresh}))


def _is_indexed(path: str) -> bool:
    try:
        with Path(path).open("rb") as file:
            head = file.read(HEAD)
    except OSError:
        return False
    return len(head) == HEAD and head[12:16] == b"IHDR" and head[25] == PALETTE
