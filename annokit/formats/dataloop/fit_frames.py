"""A step of narrowing about frames: those of one video become states of one item, as the platform has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from annokit.columns import MISSING, Column, Fixed, Number, Sparse, Table, Text
from annokit.columns.base import Array
from annokit.formats.dataloop.facts import MIMETYPES, kind_of
from annokit.formats.dataloop.groups import FIRST, LAST, spans_of
from annokit.formats.places import at_items
from annokit.formats.steps import public_name
from annokit.model.media import STILL
from annokit.model.schema import ITEM_KINDS
from annokit.model.select import take_annotations

if TYPE_CHECKING:
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset
    from annokit.report import Issue

FRAME, VIDEO = ITEM_KINDS.index("frame"), ITEM_KINDS.index("video")

CARRIED = ("name", "kind", "size", "unit", "form", "time_unit", "sequence", "frame", "path", "bitmap_path")
"""Columns of frames that the video has in their place, or that its states tell."""


def frames_as_videos(ds: Dataset, apply: bool) -> Found:
    """Make one item of the frames of a video; what only a frame has, such as its attributes, has no place there.

    Frames are those of a video where they are called ``<video>#<number>``, and it like a video; others are pictures of
    their own.
    """
    groups = _groups(ds)
    if not groups:
        return ds, []
    rows = np.concatenate(list(groups.values()))
    told = "frames of a video become states of one item, the video"
    issues: list[Issue] = [at_items(ds, "restated", "kind", told, np.sort(rows))]
    issues += _lost(ds, rows)
    return _joined(ds, groups), issues


def _groups(ds: Dataset) -> dict[int, Array]:
    """Return the items of each sequence all of whose items are frames of one video, stated in one way."""
    sequence, kind = ds._items.array("sequence"), ds._items.array("kind")
    found = {}
    for owner in np.unique(sequence[(kind == FRAME) & (sequence >= 0)]).tolist():
        rows = np.flatnonzero(sequence == owner)
        if (kind[rows] == FRAME).all() and _is_video(ds, owner, rows):
            found[owner] = rows
    return found


def _is_video(ds: Dataset, owner: int, rows: Array) -> bool:
    name, column = ds._sequences.value("name", owner), ds._items.get("frame")
    ending = name.rpartition(".")[2].lower() if isinstance(name, str) else ""
    if kind_of(MIMETYPES.get(ending, "")) != "video" or column is None or name in ds.names:
        return False
    numbers = [column.value(row) for row in rows.tolist()]
    called = [ds.names[row] for row in rows.tolist()]
    if called != [f"{name}#{number}" for number in numbers] or len(set(numbers)) < len(numbers) or min(numbers) < 0:
        return False
    alike = all(len(np.unique(ds._items.array(key)[rows])) == 1 for key in ("unit", "form", "time_unit"))
    sizes = np.unique(ds._items.array("size")[rows], axis=0)
    spans = ds._annotations.sparse("span")
    own = np.isin(ds._annotations.array("item"), rows)
    return alike and len(sizes) == 1 and (spans is None or not own[spans.present()].any())


def _lost(ds: Dataset, rows: Array) -> list[Issue]:
    issues = []
    for name, column in ds._items.columns.items():
        if name in CARRIED:
            continue
        stated = column.values[rows] > 0 if name == "status" and isinstance(column, Fixed) else _mask(column)[rows]
        if stated.any():
            told = "a frame of a video is no item, which alone has a place for it"
            issues.append(at_items(ds, "dropped", public_name(name), told, np.sort(rows[stated])))
    return issues


def _mask(column: Column) -> Array:
    return Sparse.of_column(column).mask()


def _joined(ds: Dataset, groups: dict[int, Array]) -> Dataset:
    """Return the dataset with a video in place of the first of its frames, and the annotations of all of them."""
    column: Any = ds._items.columns["frame"]
    moved = np.arange(len(ds))
    number = np.full(len(ds) + 1, np.nan)
    for rows in groups.values():
        moved[rows] = rows[0]
        number[rows] = [column.value(row) for row in rows.tolist()]
    kept = np.unique(moved)
    place = np.full(len(ds) + 1, -1, np.int64)
    place[kept] = np.arange(len(kept))
    items = _videos(ds, groups).take(kept)
    item = ds._annotations.array("item")
    frames = number[item]
    owner = np.where(item < 0, -1, place[np.append(moved, -1)[item]])
    table = _timed(ds._annotations, frames).replace({"item": Fixed(owner)})
    order = np.lexsort((np.arange(len(owner)), np.nan_to_num(frames, nan=-1), np.where(owner < 0, len(kept), owner)))
    return ds._with(items=items, annotations=take_annotations(table, order))


def _videos(ds: Dataset, groups: dict[int, Array]) -> Table:
    """Return the items, the first frame of each video turned into the video."""
    first = {int(rows[0]): owner for owner, rows in groups.items()}
    names = [ds._sequences.value("name", first[row]) if row in first else name for row, name in enumerate(ds.names)]
    kinds, status = ds._items.array("kind").copy(), ds._items.array("status").copy()
    kinds[list(first)], status[list(first)] = VIDEO, 0
    changes: dict[str, Column | None] = {"name": Text.of(names), "kind": Fixed(kinds), "status": Fixed(status)}
    for name, column in ds._items.columns.items():
        if name not in (*CARRIED, "status") or name in ("frame", "path"):
            changes[name] = _without(column, [row for row in first if name != "path" or _is_still(column, row)])
    return ds._items.replace(changes)


def _is_still(column: Column, row: int) -> bool:
    value = column.value(row)
    return value is not MISSING and str(value).lower().endswith(STILL)


def _without(column: Column, rows: list[int]) -> Column | None:
    sparse = Sparse.of_column(column)
    keep = np.setdiff1d(sparse.present(), rows)
    return attrs.evolve(sparse, rows=keep, slots=sparse.slots_of(keep)) if len(keep) else None


def _timed(table: Table, frames: Array) -> Table:
    """Return annotations that last for their frame, key frames where they do not say."""
    rows = np.flatnonzero(~np.isnan(frames))
    spans, whole = spans_of(table)
    spans[rows, FIRST] = spans[rows, LAST] = frames[rows]
    whole[rows[:, None], [FIRST, LAST]] = True
    has = np.flatnonzero(~np.isnan(spans).all(axis=1))
    return table.replace({"span": Sparse(len(table), has, None, Number(spans[has], whole[has])) if len(has) else None})
