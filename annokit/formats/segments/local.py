"""Pictures and bitmaps that a release names by a path relative to itself, in a folder or an archive."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.columns import Column, Fixed, Json
from annokit.columns.base import Array
from annokit.columns.json import loads
from annokit.columns.make import sparse_of
from annokit.errors import AnnokitError
from annokit.model.bitmaps import rows_in_bitmaps, settled
from annokit.report import Issue, Places, Report

if TYPE_CHECKING:
    from pathlib import Path

    from annokit.codecs.source import Source
    from annokit.limits import Limits
    from annokit.model.dataset import Dataset


def with_files(ds: Dataset, source: Source, name: str, limits: Limits) -> Dataset:
    """Return the dataset with the files that lie beside its release.

    Parameters
    ----------
    ds : Dataset
        What was read.
    source : Source
        Where the release lies. In an archive, bitmaps are decoded at once.
    name : str
        The release.
    limits : Limits
        The bounds.
    """
    release = source.path(name)
    uris = {row: text for row, text in _names(ds, "uri").items() if "://" not in text}
    bitmaps = _bitmaps(ds)
    changes: dict[str, Column | None] = {}
    for column, stated in (("path", uris), ("bitmap_path", bitmaps)):
        local = {row: found for row, text in stated.items() if (found := _beside(release, text)) is not None}
        if local:
            changes[column] = sparse_of(len(ds), list(local), [str(path) for path in local.values()])
    if changes:
        ds = ds._with(items=ds._items.replace(changes))
    if source.kind == "zip":
        folder = name.rpartition("/")[0]
        members = {row: _joined(folder, text) for row, text in bitmaps.items() if is_relative(text)}
        return _decoded(ds, source, {row: member for row, member in members.items() if member in source}, limits)
    return ds


def is_relative(text: Any) -> bool:
    """Tell whether a name is a path that stays below the folder in which it is meant."""
    if not isinstance(text, str) or not text or "://" in text or "\\" in text or "\x00" in text:
        return False
    return not text.startswith("/") and ":" not in text.partition("/")[0] and ".." not in text.split("/")


def _names(ds: Dataset, name: str) -> dict[int, Any]:
    column = ds._items.sparse(name)
    if column is None:
        return {}
    return dict(zip(column.present().tolist(), column.values_of(column.present()), strict=True))


def _bitmaps(ds: Dataset) -> dict[int, Any]:
    """Return the names of bitmaps that are no URLs."""
    column = ds._items.sparse("bitmap")
    if column is None:
        return {}
    texts = column.values.take(column.all_slots())
    assert isinstance(texts, Json)
    raws = zip(column.present().tolist(), texts.text.raw_list(), strict=True)
    return {row: loads(raw).get("name") for row, raw in raws if b"://" not in raw}


def _beside(release: Path | None, text: Any) -> Path | None:
    """Return the file that a relative name means, None where it is not there."""
    if release is None or not is_relative(text):
        return None
    path = release.parent / text
    return path if path.is_file() else None


def _joined(folder: str, text: str) -> str:
    return f"{folder}/{text}" if folder else text


def _decoded(ds: Dataset, source: Source, members: dict[int, str], limits: Limits) -> Dataset:
    """Return the dataset with the masks of some items decoded out of members of an archive."""
    from annokit.media.image import load_label_bitmap

    sizes = ds._items.array("size").copy()

    def load(_: Dataset, item: int) -> Array:
        file = io.BytesIO(source.read(members[item]))
        file.name = source.where(members[item])  # what errors call it
        bitmap = load_label_bitmap(file, limits)
        if (sizes[item] <= 0).any():
            sizes[item] = bitmap.shape[::-1]
        return bitmap

    rows = rows_in_bitmaps(ds)
    rows = rows[np.isin(ds._annotations.array("item")[rows], list(members))]
    found = settled(ds, load, rows)
    for item in sorted(set(members) - set(ds._annotations.array("item")[rows].tolist())):
        try:
            load(ds, item)
        except AnnokitError as error:
            found.damaged.append((item, str(error)))
    made = found.dataset._with(items=ds._items.replace({"size": Fixed(sizes)}))
    return made._with(issues=made.issues + Report(damaged_bitmaps(ds, found.damaged)))


def damaged_bitmaps(ds: Dataset, damaged: list[tuple[int, str]]) -> list[Issue]:
    """Return an issue about bitmaps that can't be read, as (item, why)."""
    if not damaged:
        return []
    rows = np.array([item for item, _ in damaged], np.int64)
    places = Places(ds.names, rows, details=[why for _, why in damaged])
    message = "a bitmap can't be read, its masks have no pixels"
    return [Issue.at("bad-media", "warning", message, places, field="bitmap", fate="invalid")]
