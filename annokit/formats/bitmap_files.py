"""Bitmaps that a document names by a path relative to itself: in an archive, and those that can't be read."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.columns import Fixed
from annokit.columns.base import Array
from annokit.errors import AnnokitError
from annokit.model.bitmaps import rows_in_bitmaps, settled
from annokit.report import Issue, Places, Report

if TYPE_CHECKING:
    from annokit.codecs.source import Source
    from annokit.limits import Limits
    from annokit.model.dataset import Dataset


def is_relative(text: Any) -> bool:
    """Tell whether a name is a path that stays below the folder in which it is meant."""
    if not isinstance(text, str) or not text or "://" in text or "\\" in text or "\x00" in text:
        return False
    return not text.startswith("/") and ":" not in text.partition("/")[0] and ".." not in text.split("/")


def decoded(ds: Dataset, source: Source, members: dict[int, str], limits: Limits) -> Dataset:
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
