"""Masks that lie in bitmaps of ids beside the items: their pixels in bulk, their ids, and whether both fit.

An item may name a bitmap (columns ``bitmap`` and ``bitmap_path``); a mask then says only its id in there. Nothing here
opens a connection: a bitmap that is not on this machine has no pixels yet.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from annokit.columns import MISSING, Column, Fixed, Sparse, Struct, Text
from annokit.columns.base import Array
from annokit.errors import AnnokitError, MediaError
from annokit.geometry.ragged import gather, offsets_of
from annokit.model.masks import BITMAP, RLE, VOID, load_bitmap, rles
from annokit.model.schema import KIND_CODE

if TYPE_CHECKING:
    from annokit.geometry.labelmap import Objects
    from annokit.model.dataset import Dataset

Load = Callable[["Dataset", int], "Array | None"]

LARGEST_ID = 0xFFFFFF
"""Largest id that the pixels of a bitmap of 24 bits hold."""


def rows_in_bitmaps(ds: Dataset) -> Array:
    """Return the annotation rows whose pixels lie in the bitmap of their item, (k,) int64."""
    masks = ds._annotations.sparse("mask")
    if masks is None:
        return np.zeros(0, np.int64)
    rows = np.flatnonzero(ds._annotations.array("kind") == KIND_CODE["mask"])
    slots = masks.slots_of(rows)
    chosen: Array = rows[(slots >= 0) & (_field(masks, "encoding")[slots] == BITMAP)]
    return chosen


def _field(masks: Sparse, name: str) -> Array:
    struct = masks.values
    assert isinstance(struct, Struct)
    column = struct.fields[name]
    assert isinstance(column, Fixed)
    return column.values


def idents_of(ds: Dataset, rows: Array) -> Array:
    """Return the ids in their bitmap of rows of :func:`rows_in_bitmaps`, (k,) int64."""
    masks = ds._annotations.sparse("mask")
    if masks is None or not len(rows):
        return np.zeros(0, np.int64)
    struct = masks.values
    assert isinstance(struct, Struct)
    data = struct.fields["data"].take(masks.slots_of(rows))
    assert isinstance(data, Text)
    return np.array([int(text) for text in data.raw_list()], np.int64)


def has_file(ds: Dataset, item: int) -> bool:
    """Tell whether the bitmap of an item lies on this machine."""
    path: Any = MISSING if item < 0 else ds._items.value("bitmap_path", item)
    return path is not MISSING and Path(path).is_file()


def unseen(ds: Dataset, rows: Array) -> Array:
    """Return those of `rows` whose item names a bitmap that is not on this machine."""
    item = ds._annotations.array("item")[rows]
    marks = np.zeros(len(ds) + 1, bool)
    marks[item] = True
    owners = np.flatnonzero(marks[:-1]).tolist()
    without = [o for o in owners if ds._items.value("bitmap", o) is not MISSING and not has_file(ds, o)]
    marks[:] = False
    marks[without] = True
    chosen: Array = rows[marks[item]]
    return chosen


def check_seen(ds: Dataset, rows: Array) -> None:
    """Raise MediaError where the pixels of one of some masks lie in a bitmap that is not on this machine."""
    masked = np.zeros(len(ds._annotations), bool)
    masked[rows_in_bitmaps(ds)] = True
    missing = unseen(ds, rows[masked[rows]])
    if len(missing):
        name = str(ds._items.value("name", int(ds._annotations.array("item")[missing[0]])))
        raise MediaError(
            f"item {name!r}: the bitmap of its masks is not on this machine: give images= when reading, or fetch first"
        )


@attrs.frozen(eq=False)
class Settled:
    """A dataset whose masks hold their own pixels."""

    dataset: Dataset
    """The dataset."""

    missing: Array
    """(k,) int64 annotation rows whose bitmap is not on this machine; they have no pixels now."""

    damaged: list[tuple[int, str]]
    """Items whose bitmap can't be read, and why; their masks have no pixels now."""

    unclaimed: list[tuple[int, Array]] = attrs.field(factory=list)
    """Items whose bitmap holds ids that none of the masks states, and those ids, ascending."""


def settled(ds: Dataset, load: Load = load_bitmap, rows: Array | None = None) -> Settled:
    """Return the dataset with the pixels of masks taken out of their bitmaps, each of which is decoded once.

    Parameters
    ----------
    ds : Dataset
        Its masks may lie in bitmaps.
    load : callable
        ``load(ds, item)`` returns the ids of an item's bitmap, (height, width), or None where there is none.
    rows : (k,) int64 array, optional
        Some of :func:`rows_in_bitmaps`; by default all.
    """
    rows = rows_in_bitmaps(ds) if rows is None else rows
    if not len(rows):
        return Settled(ds, rows, [])
    missing = unseen(ds, rows)
    damaged: list[tuple[int, str]] = []
    unclaimed: list[tuple[int, Array]] = []
    pieces = []
    from annokit.geometry.labelmap import objects

    item = ds._annotations.array("item")[rows]
    order = item.argsort(kind="stable")
    starts = np.flatnonzero(np.diff(item[order], prepend=-2))
    for own in np.split(order, starts[1:]):
        owner = int(item[own[0]])
        try:
            bitmap = load(ds, owner)
            found = None if bitmap is None else objects(bitmap)
        except AnnokitError as error:
            damaged.append((owner, str(error)))
            found = None
        idents = idents_of(ds, rows[own])
        pieces.append(_of_item(found, idents))
        extra = np.zeros(0, np.int64) if found is None else np.setdiff1d(found.ids, idents)
        if len(extra):
            unclaimed.append((owner, extra))
    table = _with_masks(ds, rows[order], pieces)
    return Settled(ds._with(annotations=table), missing, damaged, unclaimed)


def _of_item(found: Objects | None, ids: Array) -> tuple[Array, Array, Text]:
    """Return size, encoding and data of the masks with some ids."""
    size = np.zeros((len(ids), 2), np.int64)
    encoding = np.full(len(ids), VOID, np.uint8)
    if found is None or not len(found):
        return size, encoding, Text.of_bytes([b""] * len(ids))
    place = np.minimum(found.ids.searchsorted(ids), len(found) - 1)
    here = found.ids[place] == ids
    size[here] = found.size
    encoding[here] = RLE
    data, offsets = gather(found.data, found.offsets, place[here])
    lengths = np.zeros(len(ids), np.int64)
    lengths[here] = np.diff(offsets)
    return size, encoding, Text(data, offsets_of(lengths))


def _with_masks(ds: Dataset, rows: Array, pieces: list[tuple[Array, Array, Text]]) -> Any:
    """Return the annotations in which `rows`, given in any order, have the masks of `pieces`."""
    fields: dict[str, Column] = {
        "size": Fixed(np.concatenate([size for size, _, _ in pieces])),
        "encoding": Fixed(np.concatenate([encoding for _, encoding, _ in pieces])),
        "data": Text.join([data for _, _, data in pieces]),
    }
    back = rows.argsort(kind="stable")
    fresh = Sparse(len(ds._annotations), rows[back], back, Struct(fields))
    old = ds._annotations.sparse("mask")
    assert old is not None
    kept = np.setdiff1d(old.present(), rows)
    if not len(kept):
        return ds._annotations.replace({"mask": fresh})
    left = attrs.evolve(old, rows=kept, slots=old.slots_of(kept))
    every = np.concatenate([kept, fresh.present()])
    joined = Sparse.join([left, fresh]).dense()
    order = every.argsort(kind="stable")
    return ds._annotations.replace({"mask": Sparse(len(ds._annotations), every[order], order, joined)})


def masked_ids(ds: Dataset, item: int) -> tuple[Array, Array]:
    """Return the rows of an item's masks that lie in its bitmap, and their ids there; 0 for one without pixels."""
    rows = ds._rows_of_item(item)
    masks = ds._annotations.sparse("mask")
    if masks is None:
        return rows[:0], np.zeros(0, np.int64)
    rows = rows[ds._annotations.array("kind")[rows] == KIND_CODE["mask"]]
    encoding = _field(masks, "encoding")[masks.slots_of(rows)]
    meant = np.isin(encoding, (BITMAP, VOID))
    rows, encoding = rows[meant], encoding[meant]
    ids = np.zeros(len(rows), np.int64)
    ids[encoding == BITMAP] = idents_of(ds, rows[encoding == BITMAP])
    return rows, ids


def painted_ids(ds: Dataset, item: int) -> Array:
    """Return the id under which each annotation of an item stands in its bitmap, (N,) uint32; 0 for none.

    Where the item's bitmap lies on this machine, the id that the mask states. Else, where the item states a bitmap, the
    annotations' own ids if they are distinct integers from 1 on; else 1 + the position.
    """
    rows = ds._rows_of_item(item)
    if has_file(ds, item):
        ids = np.zeros(len(rows), np.uint32)
        stated = rows_in_bitmaps(ds)
        place = np.flatnonzero(np.isin(rows, stated))
        ids[place] = idents_of(ds, rows[place])
        return ids
    if ds._items.value("bitmap", item) is not MISSING:
        own = [ds._annotations.value("id", row) for row in rows.tolist()]
        if all(type(ident) is int and 0 < ident <= LARGEST_ID for ident in own) and len(set(own)) == len(own):
            return np.array(own, np.uint32)
    return np.arange(1, len(rows) + 1, dtype=np.uint32)


def same_masks(a: Dataset, b: Dataset) -> bool:
    """Tell whether two datasets have the same masks, by their pixels where they store them differently."""
    mine, its = a._annotations.sparse("mask"), b._annotations.sparse("mask")
    if mine is None or its is None or not np.array_equal(mine.present(), its.present()):
        return False
    rows = mine.present()
    differs = _field(mine, "encoding")[mine.slots_of(rows)] != _field(its, "encoding")[its.slots_of(rows)]
    same = np.flatnonzero(~differs)
    if not mine.take(rows[same]).dense().equals(its.take(rows[same]).dense()):
        return False
    try:
        pairs = zip(rles(a, rows[differs]), rles(b, rows[differs]), strict=True)
        return all(_same_pixels(one, other) for one, other in pairs)
    except AnnokitError:
        return False


def _same_pixels(one: tuple[Any, bytes | None], other: tuple[Any, bytes | None]) -> bool:
    from annokit.geometry import rle, runs

    (size, text), (its_size, its_text) = one, other
    if text is None or its_text is None:
        return text is its_text
    if tuple(size) != tuple(its_size):
        return False
    if text == its_text:
        return True
    pixels = size[0] * size[1]
    mine, its = (runs.from_intervals(*runs.intervals(rle.loads(t, size)), pixels) for t in (text, its_text))
    return bool(np.array_equal(mine, its))
