"""Pictures and bitmaps that a release names by a path relative to itself, in a folder or an archive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from annokit.columns import Column, Json
from annokit.columns.json import loads
from annokit.columns.make import sparse_of
from annokit.formats.bitmap_files import decoded, is_relative, of_members

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
        named = {row: _joined(folder, text) for row, text in bitmaps.items() if is_relative(text)}
        members = {row: member for row, member in named.items() if member in source}
        return decoded(ds, members, of_members(source, members, limits))
    return ds


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
