"""Steps of narrowing about what ties annotations to pixels and across frames: ids, tracks, key frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.columns import MISSING, Column, Fixed, Sparse
from annokit.columns.base import Array
from annokit.columns.make import sparse_of
from annokit.formats.places import at_annotations
from annokit.formats.segments.fit_masks import fresh_items, is_bitmap_id
from annokit.formats.segments.values import is_id
from annokit.model.bitmaps import idents_of, rows_in_bitmaps

if TYPE_CHECKING:
    from annokit.formats.holds import Step
    from annokit.formats.segments.tasks import Task
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset


def values(ds: Dataset, name: str) -> list[Any]:
    """Return a column of annotations as a list, MISSING where there is no value."""
    column = ds._annotations.get(name)
    return [MISSING] * len(ds._annotations) if column is None else column.values_of(np.arange(len(ds._annotations)))


def ids(task: Task) -> Step:
    """Give each annotation an integer id of its own in its item, from 1 on where others had none."""

    def step(ds: Dataset, apply: bool) -> Found:
        if not task.ids or not len(ds._annotations):
            return _plain_ids(ds)
        stated = values(ds, "id")
        fresh = [*stated]
        kept = rows_in_bitmaps(ds)
        for row, ident in zip(kept.tolist(), idents_of(ds, kept).tolist() if len(kept) else [], strict=True):
            fresh[row] = ident
        painted = fresh_items(ds) if task.bitmaps else np.zeros(len(ds), bool)
        _number(ds, fresh, painted, set(kept.tolist()))
        changed = np.array(
            [row for row, (a, b) in enumerate(zip(stated, fresh, strict=True)) if a is not b and not _same(a, b)],
            np.int64,
        )
        if not len(changed):
            return ds, []
        issue = at_annotations(ds, "restated", "id", "ids are integers, each once in its image", changed)
        present = [row for row, ident in enumerate(fresh) if ident is not MISSING]
        column = sparse_of(len(fresh), present, [fresh[row] for row in present])
        return ds._with(annotations=ds._annotations.replace({"id": column})), [issue]

    return step


def _same(a: Any, b: Any) -> bool:
    return type(a) is type(b) and bool(a == b)


def _plain_ids(ds: Dataset) -> Found:
    """Drop ids that a release can't state at all."""
    stated = values(ds, "id")
    odd = np.array([row for row, ident in enumerate(stated) if ident is not MISSING and not is_id(ident)], np.int64)
    if not len(odd):
        return ds, []
    issue = at_annotations(ds, "dropped", "id", "the id is beyond 64 bits", odd)
    present = [row for row, ident in enumerate(stated) if is_id(ident)]
    column = sparse_of(len(stated), present, [stated[row] for row in present]) if present else None
    return ds._with(annotations=ds._annotations.replace({"id": column})), [issue]


def _number(ds: Dataset, idents: list[Any], painted: Array, kept: set[int]) -> None:
    """Give numbers to annotations, item by item and layer by layer, where an id is missing, odd, or there twice."""
    item = ds._annotations.array("item").tolist()
    layers = values(ds, "layer")
    groups: dict[tuple[int, Any], list[int]] = {}
    for row, place in enumerate(zip(item, layers, strict=True)):
        groups.setdefault(place, []).append(row)
    for (owner, _), rows in groups.items():
        own = [idents[row] for row in rows]
        fits = all(map(is_bitmap_id, own)) if painted[owner] else all(type(i) is int and is_id(i) for i in own)
        if fits and len(set(own)) == len(own):
            continue
        if any(row in kept for row in rows):
            continue
        for number, row in enumerate(rows, 1):
            idents[row] = number


def tracks(ds: Dataset, apply: bool) -> Found:
    """Give numbers to tracks where one is no integer."""
    stated = values(ds, "track")
    odd = {type(track) for track in stated} - {int, type(MISSING)}
    if not odd and all(track is MISSING or is_id(track) for track in stated):
        return ds, []
    sequence = np.append(ds._items.array("sequence"), -1)[ds._annotations.array("item")].tolist()
    numbers: dict[tuple[int, type, str], int] = {}
    used: dict[int, int] = {}
    fresh = []
    for owner, track in zip(sequence, stated, strict=True):
        if track is MISSING:
            fresh.append(MISSING)
            continue
        key = (owner, type(track), str(track))
        if key not in numbers:
            used[owner] = numbers[key] = used.get(owner, 0) + 1
        fresh.append(numbers[key])
    rows = np.array([row for row, track in enumerate(fresh) if track is not MISSING], np.int64)
    changed = np.array([row for row in rows.tolist() if not _same(stated[row], fresh[row])], np.int64)
    issue = at_annotations(ds, "restated", "track", "tracks are integers, numbered by their first annotation", changed)
    column = sparse_of(len(fresh), rows, [fresh[row] for row in rows.tolist()])
    return ds._with(annotations=ds._annotations.replace({"track": column})), [issue]


def keyframes(task: Task) -> Step:
    """In sequences, count every row as a key frame of which nobody knows."""

    def step(ds: Dataset, apply: bool) -> Found:
        if not task.sequence or not len(ds._annotations):
            return ds, []
        stated = ds._annotations.sparse("keyframe")
        known = np.zeros(len(ds._annotations), bool) if stated is None else stated.mask()
        rows = np.flatnonzero(~known)
        if not len(rows):
            return ds, []
        told = "in a sequence, a row counts as a key frame unless it is known to be computed"
        issue = at_annotations(ds, "derived", "keyframe", told, rows)
        value = np.ones(len(known), bool)
        if stated is not None:
            dense: Any = stated.dense()
            value[known] = dense.values
        column: Column = Sparse(len(known), None, None, Fixed(value))
        return ds._with(annotations=ds._annotations.replace({"keyframe": column})), [issue]

    return step
