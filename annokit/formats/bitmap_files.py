"""Bitmaps that a document names by a path relative to itself: in an archive, and those that can't be read."""

from __future__ import annotations

import io
from collections.abc import Callable, Collection, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.columns import Fixed
from annokit.columns.base import Array
from annokit.errors import AnnokitError
from annokit.model.bitmaps import rows_in_bitmaps, settled
from annokit.model.masks import rles
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


Load = Callable[[int], "Array"]
"""Returns the bitmap of an item, (height, width) of ids, or raises an AnnokitError."""


def of_members(source: Source, members: dict[int, str], limits: Limits, *, colors: bool = False) -> Load:
    """Return what loads the bitmaps of items that are members of a source.

    Parameters
    ----------
    source : Source
        Where they are.
    members : dict of int to str
        Name of the bitmap by item.
    limits : Limits
        The bounds.
    colors : bool
        Whether ids of palette images are colours.
    """
    from annokit.media.image import load_label_bitmap

    def load(item: int) -> Array:
        file = io.BytesIO(source.read(members[item]))
        file.name = source.where(members[item])  # what errors call it
        return load_label_bitmap(file, limits, colors=colors)

    return load


def decoded(ds: Dataset, items: Collection[int], load: Load) -> Dataset:
    """Return the dataset in which the masks of some items hold the pixels that their bitmaps have for them.

    Issues tell of bitmaps that can't be read, of masks without pixels, and of ids without annotation.
    """
    sizes = ds._items.array("size").copy()

    def sized(_: Dataset, item: int) -> Array:
        bitmap = load(item)
        if (sizes[item] <= 0).any():
            sizes[item] = bitmap.shape[::-1]
        return bitmap

    rows = rows_in_bitmaps(ds)
    rows = rows[np.isin(ds._annotations.array("item")[rows], list(items))]
    found = settled(ds, sized, rows)
    for item in sorted(set(items) - set(ds._annotations.array("item")[rows].tolist())):
        try:
            ids = np.unique(sized(ds, item))
            found.unclaimed.extend([(item, ids[ids > 0])] if ids.any() else [])
        except AnnokitError as error:
            found.damaged.append((item, str(error)))
    made = found.dataset._with(items=ds._items.replace({"size": Fixed(sizes)}))
    readable = np.setdiff1d(list(items), [item for item, _ in found.damaged])
    told = misfits(made, rows[np.isin(ds._annotations.array("item")[rows], readable)], found.unclaimed)
    return made._with(issues=made.issues + Report((*told, *damaged_bitmaps(ds, found.damaged))))


FIRST_IDS = 20
"""Ids without annotation that are named per bitmap."""


def misfits(ds: Dataset, rows: Array, unclaimed: list[tuple[int, Array]]) -> Iterator[Issue]:
    """Yield issues about masks that turned out to have no pixels, and about ids that no annotation states.

    Parameters
    ----------
    ds : Dataset
        Its masks hold their pixels.
    rows : (k,) int64 array
        The masks that came out of bitmaps.
    unclaimed : list of (int, (k,) array)
        Ids that bitmaps hold beside, by item.
    """
    item = ds._annotations.array("item")
    masks = ds._annotations.sparse("mask")
    if masks is not None and len(rows):
        without = [row for row, (_, text) in zip(rows.tolist(), rles(ds, rows), strict=True) if text is None]
        if without:
            details = [f"id {ds._annotations.value('id', row)}" for row in without]
            places = Places(ds.names, item[without], np.array(without, np.int64), details)
            yield unseen_issue("annotation-without-mask", places)
    listed = [(owner, told) for owner, ids in unclaimed for told in told_ids(ids)]
    if listed:
        owners = np.array([owner for owner, _ in listed], np.int64)
        yield unseen_issue("mask-without-annotation", Places(ds.names, owners, details=[told for _, told in listed]))


def told_ids(ids: Array) -> list[str]:
    """Return the details of ids without annotation: the first ones, and how many more there are."""
    more = [f"and {len(ids) - FIRST_IDS} more ids"] if len(ids) > FIRST_IDS else []
    return [*(f"id {ident}" for ident in ids[:FIRST_IDS].tolist()), *more]


MISFITS = {
    "mask-without-annotation": "the bitmap holds an id that no annotation states",
    "annotation-without-mask": "the annotation has no pixels in the bitmap",
}
"""What is told of ids that are only on one side, by code."""


def unseen_issue(code: str, places: Places) -> Issue:
    """Return an issue of :data:`MISFITS`."""
    return Issue.at(code, "warning", MISFITS[code], places, field="shape", fate="kept")


def damaged_bitmaps(ds: Dataset, damaged: list[tuple[int, str]]) -> list[Issue]:
    """Return an issue about bitmaps that can't be read, as (item, why)."""
    if not damaged:
        return []
    rows = np.array([item for item, _ in damaged], np.int64)
    places = Places(ds.names, rows, details=[why for _, why in damaged])
    message = "a bitmap can't be read, its masks have no pixels"
    return [Issue.at("bad-media", "warning", message, places, field="bitmap", fate="invalid")]
