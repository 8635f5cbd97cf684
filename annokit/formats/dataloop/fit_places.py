"""Steps of narrowing about places: what stands between annotations, after some of these are gone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from annokit.columns import Column, Json, Sparse, Table
from annokit.columns.base import Array
from annokit.columns.json import dumps, same
from annokit.formats.dataloop.facts import EXTRA
from annokit.formats.dataloop.fit_rows import TIMED
from annokit.formats.dataloop.groups import FIRST, LAST, continuing, spans_of
from annokit.formats.dataloop.joints import usual_joints
from annokit.formats.dataloop.places import inserted
from annokit.formats.dataloop.records import marks
from annokit.formats.dataloop.video import Layout, ordered
from annokit.formats.places import at_annotations, at_items
from annokit.model.schema import KIND_CODE

if TYPE_CHECKING:
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset
    from annokit.report import Issue

OTHERS, JOINTS, SNAPSHOTS = (f"{EXTRA}#{name}" for name in ("others", "joints", "snapshots"))


@attrs.frozen(eq=False)
class Token:
    """Something that will stand in an item's document."""

    row: int
    """Of the annotation that it belongs to; of what was left out, its position among that."""

    kind: str
    """``row``, ``joint`` or ``other``."""

    value: Any = None
    """The document, where it is kept verbatim."""


def in_place(ds: Dataset, apply: bool) -> Found:
    """State the places of what is no row as they will be: other annotations may be gone."""
    if OTHERS not in ds._items.columns and JOINTS not in ds._annotations.columns:
        return ds, []
    table = ds._annotations
    others, joints = marks(ds._items, "others"), marks(table, "joints")
    offsets, order = ds._index
    assert order is None
    later = continuing(table, np.isin(ds._items.array("kind"), TIMED)[table.array("item")])
    moved: dict[int, list[Any]] = {}
    turned: dict[int, list[Any] | None] = {}
    for item in _concerned(ds, others, joints):
        rows = [row for row in range(int(offsets[item]), int(offsets[item + 1])) if not later[row]]
        left = [[place, Token(k, "other", note)] for k, (place, note) in enumerate(others[item] or ())]
        made = inserted([token for row in rows for token in _tokens(ds, row, joints[row])], left)
        stand = {id(token): place for place, token in enumerate(made)}
        fresh = [[stand[id(token)], token.value] for _, token in left]
        if fresh != (others[item] or []):
            moved[item] = sorted(fresh, key=lambda pair: pair[0])
        for row in (row for row in rows if joints[row] is not None):
            own = [(place, token) for place, token in enumerate(made) if token.kind == "joint" and token.row == row]
            pose = next(place for place, token in enumerate(made) if token.kind == "row" and token.row == row)
            found = _placed_joints(ds, row, pose, own, joints[row])
            if found is None or not same(found, joints[row]):
                turned[row] = found
    return _with_places(ds, moved, turned)


def _concerned(ds: Dataset, others: Sequence[Any], joints: Sequence[Any]) -> list[int]:
    """Return the items in whose documents places are stated."""
    item = ds._annotations.array("item")
    found = {row for row, own in enumerate(others) if own is not None}
    found |= {int(item[row]) for row, own in enumerate(joints) if own is not None}
    return sorted(found)


def _tokens(ds: Dataset, row: int, joints: Any) -> list[Any]:
    """Return what is written for an annotation, a tuple with the place where that is stated."""
    table = ds._annotations
    found: list[Any] = [Token(row, "row")]
    if joints is not None:
        return found + [(place, Token(row, "joint", document)) for place, document in joints]
    if table.array("kind")[row] == KIND_CODE["keypoints"]:
        found += [Token(row, "joint") for joint in table.value("keypoints", row) if joint[2]]
    return found


def _placed_joints(ds: Dataset, row: int, pose: int, own: Sequence[Any], stated: Any) -> list[Any] | None:
    """Return the points of a pose at their new places, None where they are what a writer would put there."""
    places = {id(token.value): place for place, token in own}
    found = [[places[id(document)], document] for _, document in stated]
    behind = [place for place, _ in found] == list(range(pose + 1, pose + 1 + len(found)))
    return None if behind and same([document for _, document in found], usual_joints(ds, row, stated)) else found


def _with_places(ds: Dataset, moved: dict[int, list[Any]], turned: dict[int, list[Any] | None]) -> Found:
    issues: list[Issue] = []
    told = "what was left out stands between other annotations than before"
    if moved:
        issues.append(at_items(ds, "restated", "order", told, np.array(sorted(moved))))
        ds = ds._with(items=ds._items.replace({OTHERS: _changed(ds._items, OTHERS, dict(moved))}))
    if turned:
        told = "the points of a pose stand between other annotations than before"
        issues.append(at_annotations(ds, "restated", "order", told, np.array(sorted(turned))))
        ds = ds._with(annotations=ds._annotations.replace({JOINTS: _changed(ds._annotations, JOINTS, turned)}))
    return ds, issues


def _changed(table: Table, name: str, values: dict[int, Any]) -> Column | None:
    """Return a column of JSON with some values exchanged, or taken away where they are None."""
    column = table.sparse(name)
    assert column is not None
    rows = column.present()
    stated = dict(zip(rows.tolist(), column.values_of(rows), strict=True)) | values
    known = {row: value for row, value in sorted(stated.items()) if value is not None}
    where = np.array(list(known), np.int64)
    return Sparse(len(table), where, None, Json.of([dumps(value) for value in known.values()])) if known else None


def snapshots_in_place(ds: Dataset, apply: bool) -> Found:
    """State the layout of snapshots as it will be, and drop snapshots that would be read as states by now."""
    table = ds._annotations
    column = table.sparse(SNAPSHOTS)
    if column is None:
        return ds, []
    timed = np.isin(ds._items.array("kind"), TIMED)[table.array("item")]
    later = continuing(table, timed)
    spans, _ = spans_of(table)
    changes: dict[int, Layout | None] = {}
    for row, layout in zip(column.present().tolist(), column.values_of(column.present()), strict=True):
        made = None if later[row] or not timed[row] else _fitted(layout, _frames(spans, later, row), _rate(ds, row))
        if made is None or not same(made, layout):
            changes[row] = made
    if not changes:
        return ds, []
    told = "snapshots that are no states stand elsewhere than before, or would be states and are left out"
    issue = at_annotations(ds, "restated", "snapshots_", told, np.array(sorted(changes)))
    return ds._with(annotations=table.replace({SNAPSHOTS: _changed(table, SNAPSHOTS, dict(changes))})), [issue]


def _frames(spans: Array, later: Array, row: int) -> list[Any]:
    """Return the first frames of an annotation's states, and its last frame; None where it states none."""
    end = row + 1
    while end < len(later) and later[end]:
        end += 1
    numbers = [*spans[row:end, FIRST].tolist(), float(spans[end - 1, LAST])]
    return [None if number != number else int(number) for number in numbers]  # noqa: PLR0124 - NaN


def _rate(ds: Dataset, row: int) -> float | None:
    owner = int(ds._items.array("sequence")[ds._annotations.array("item")[row]])
    value = ds._sequences.value("fps", owner) if owner >= 0 else None
    return float(value) if isinstance(value, int | float) and value > 0 else None


def _fitted(layout: Layout, frames: list[Any], rate: float | None) -> Layout | None:
    """Return a layout that holds these states, the given one where it does."""
    first, *states, last = frames
    if _reads(layout, first, states, last, rate):
        return layout
    rest = [each for each in layout if type(each) is list and not ordered(each, first, last, rate)[0]]
    return [*states, *rest] if rest else None


def _reads(layout: Layout, first: Any, states: list[Any], last: Any, rate: float | None) -> bool:
    """Tell whether a list with this layout is read as just these states."""
    stated = [each for each in layout if type(each) is int]
    listed = [each[0] if isinstance(each, list) else {"frame": each, "state": True} for each in layout]
    found, made = ordered(listed, first, last, rate)
    told = [frame for frame, snapshot, _ in found if snapshot.get("state")]
    return made is not None and sorted(stated) == states == told and len(found) == len(told)
