"""Steps of narrowing about videos: one sequence each, states in the order of their frames, held until the next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.columns import MISSING, Column, Fixed, Number, Sparse, Table, Text
from annokit.columns.base import Array
from annokit.columns.make import sparse_of
from annokit.formats.conversions import shapeless
from annokit.formats.dataloop.attributes import V2
from annokit.formats.dataloop.facts import EXTRA, MARK
from annokit.formats.dataloop.fit_between import moving_states
from annokit.formats.dataloop.fit_rows import TIMED, chosen
from annokit.formats.dataloop.groups import (
    END,
    FIRST,
    LAST,
    START,
    STARTS,
    continuing,
    following,
    objects_of,
    spans_of,
)
from annokit.formats.dataloop.video import HOLD
from annokit.formats.places import at_all, at_annotations, at_items
from annokit.formats.steps import public_name
from annokit.model.rows import SEQUENCE_DEFAULTS, SEQUENCE_MAKERS, Rows
from annokit.model.schema import ITEM_KINDS, KIND_CODE
from annokit.model.select import take_annotations

if TYPE_CHECKING:
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset
    from annokit.report import Issue

VIDEO = ITEM_KINDS.index("video")

SNAPSHOTS = "metadata.system.snapshots_"
"""Extra of annotations that have no later states."""

LATER_ONLY = f"{MARK}own"
"""Extra that only later states have."""

FIRST_ONLY = ("score", "parent", "author", "created", "updated", "review")
"""Columns that only the first state of an annotation has."""


def timed_rows(ds: Dataset) -> Array:
    """Return which annotations belong to items that take time, (n,) bool."""
    return np.isin(ds._items.array("kind"), TIMED)[ds._annotations.array("item")]


def one_sequence_each(ds: Dataset, apply: bool) -> Found:
    """Give every video a sequence of its own, and nothing else one."""
    items, old = ds._items, ds._sequences
    videos = np.flatnonzero(items.array("kind") == VIDEO)
    owner = items.array("sequence")
    if not len(videos) and not len(old):
        return ds, []
    rows = Rows(SEQUENCE_MAKERS, SEQUENCE_DEFAULTS)
    for row in videos.tolist():
        rows.append(_sequence(ds, row, int(owner[row])))
    fresh = np.full(len(ds), -1, np.int64)
    fresh[videos] = np.arange(len(videos))
    made = ds._with(items=items.replace({"sequence": Fixed(fresh)}), sequences=rows.table())
    issues: list[Issue] = []
    lost = np.flatnonzero((owner >= 0) & (fresh < 0))
    if len(lost):
        told = "to Dataloop, only a video is a sequence"
        issues.append(at_items(ds, "dropped", "sequence", told, lost))
    if made._sequences.equals(old) and np.array_equal(fresh, owner):
        return ds, []
    if not issues:
        names = [str(ds._items.value("name", row)) for row in videos[:5].tolist()] or ["none"]
        issues.append(at_all("restated", "sequence", "a video is one sequence, called like it", names))
    return made, issues


def _sequence(ds: Dataset, row: int, owner: int) -> dict[str, Any]:
    def stated(name: str) -> Any:
        value = MISSING if owner < 0 else ds._sequences.value(name, owner)
        return None if value is MISSING else value

    fps, frames = stated("fps"), stated("frames")
    ident = ds._items.value("id", row)
    return {
        "id": None if ident is MISSING else ident,
        "name": str(ds._items.value("name", row)),
        "fps": fps if isinstance(fps, int | float) and 0 < fps < 1 << 53 else None,
        "frames": frames if isinstance(frames, int) and frames >= 0 else None,
        "size": tuple(ds._items.array("size")[row].tolist()),
    }


def shapes_in_time(ds: Dataset, apply: bool) -> Found:
    """Drop keypoints on videos, whose joints would be points of their own."""
    rows = np.flatnonzero(timed_rows(ds) & (ds._annotations.array("kind") == KIND_CODE["keypoints"]))
    if not len(rows):
        return ds, []
    issue = at_annotations(ds, "dropped", "shape", "a pose on a video has no joints; the rest is kept", rows)
    return shapeless(ds, rows), [issue]


def text_tracks(ds: Dataset, apply: bool) -> Found:
    """State tracks as text; an annotation of a video with an id and no track is one by its id."""
    rows = np.flatnonzero(timed_rows(ds))
    if not len(rows):
        return ds, []
    table = ds._annotations.take(rows)
    stated = {name: _listed(table, name) for name in ("track", "id")}
    made, told, derived = [], [], []
    for row, track, ident in zip(rows.tolist(), stated["track"], stated["id"], strict=True):
        if track is MISSING or track is None:
            made.append(ident)
            if ident is not MISSING:
                derived.append(row)
            elif track is None:
                told.append(row)
        else:
            made.append(track if isinstance(track, str) else str(track))
            if not isinstance(track, str):
                told.append(row)
    issues: list[Issue] = []
    if told:
        issues.append(at_annotations(ds, "restated", "track", "tracks are stated as text", np.array(told)))
    if derived:
        message = "an annotation of a video is tracked by its id"
        issues.append(at_annotations(ds, "derived", "track", message, np.array(derived)))
    if not issues:
        return ds, []
    known = [(row, value) for row, value in zip(rows.tolist(), made, strict=True) if value is not MISSING]
    column = sparse_of(len(ds._annotations), [row for row, _ in known], [v for _, v in known]) if known else None
    return ds._with(annotations=ds._annotations.replace({"track": column})), issues


def _listed(table: Table, name: str) -> list[Any]:
    column = table.get(name)
    return [MISSING] * len(table) if column is None else column.to_list()


def in_order(ds: Dataset, apply: bool) -> Found:
    """Bring the states of each object of a video together, in the order of their frames."""
    timed = timed_rows(ds)
    if not timed.any():
        return ds, []
    spans, _ = spans_of(ds._annotations)
    objects = objects_of(ds._annotations)
    item = ds._annotations.array("item").tolist()
    first: dict[Any, int] = {}
    owner = [
        first.setdefault((item[row], objects[row]), row) if timed[row] and objects[row] is not None else row
        for row in range(len(item))
    ]
    frame = np.where(timed, np.nan_to_num(spans[:, FIRST], nan=-np.inf), 0)
    order = np.lexsort((np.arange(len(item)), frame, np.array(owner), np.array(item)))
    moved = np.flatnonzero(order != np.arange(len(order)))
    if not len(moved) or _joins(spans, item, objects, order) <= _joins(spans, item, objects, np.arange(len(order))):
        return ds, []
    issue = at_annotations(ds, "restated", "order", "the states of one object stand together, by their frames", moved)
    return ds._with(annotations=take_annotations(ds._annotations, order)), [issue]


def _joins(spans: Array, item: list[int], objects: list[Any], order: Array) -> int:
    """Return how many rows, in some order, go on with the object of the row before."""
    begins, ends = spans[order[1:], FIRST], spans[order[:-1], LAST]
    near = (begins == ends + 1) | (np.isnan(ends) & (begins > spans[order[:-1], FIRST]))
    places = order.tolist()
    return sum(
        objects[a] is not None and item[a] == item[b] and objects[a] == objects[b]
        for a, b, close in zip(places[:-1], places[1:], near.tolist(), strict=True)
        if close
    )


def own_starts(ds: Dataset, apply: bool) -> Found:
    """Forget that an annotation is another one than that before where nobody would take it for the same."""
    column = ds._annotations.sparse(STARTS)
    if column is None:
        return ds, []
    rows = column.present()[~following(ds._annotations, timed_rows(ds))[column.present()]]
    if not len(rows):
        return ds, []
    told = "what came before an annotation is gone, so that nothing need tell them apart"
    issue = at_annotations(ds, "restated", "track", told, rows)
    kept = chosen(column, np.setdiff1d(column.present(), rows))
    return ds._with(annotations=ds._annotations.replace({STARTS: kept})), [issue]


def held_states(ds: Dataset, apply: bool) -> Found:
    """State spans as the platform does: whole frames, each state until the next, times at both ends."""
    timed = timed_rows(ds)
    if not timed.any():
        return ds, []
    ds, made = moving_states(ds, timed)
    timed = timed_rows(ds)
    old, old_whole = spans_of(ds._annotations)
    spans, whole = old.copy(), old_whole.copy()
    _fill_frames(ds, spans, timed)
    framed = timed & ~np.isnan(spans[:, FIRST])
    spans[timed & ~framed, FIRST:] = np.nan
    whole[:, FIRST:] = ~np.isnan(spans[:, FIRST:])
    later = _continuing(ds, spans, whole, timed)
    ends = np.append(~later[1:], True)
    spans[later, START] = np.nan
    spans[timed & ~ends, END] = np.nan
    spans[:, :FIRST][~np.isfinite(spans[:, :FIRST])] = np.nan
    whole &= ~np.isnan(spans)
    changed = ((spans != old) & ~(np.isnan(spans) & np.isnan(old))) | (whole != old_whole)
    rows = np.flatnonzero(timed & changed.any(axis=1))
    issues: list[Issue] = []
    if len(rows):
        told = "an annotation of a video states whole frames, and times where it begins and ends"
        issues.append(at_annotations(ds, "restated", "span", told, rows))
        has = np.flatnonzero(~np.isnan(spans).all(axis=1))
        column = Sparse(len(spans), has, None, Number(spans[has], whole[has] if whole[has].any() else None))
        ds = ds._with(annotations=ds._annotations.replace({"span": column if len(has) else None}))
    ds, more = _keyframes(ds, timed, framed, later)
    ds, other = _rules(ds, timed, framed)
    ds, rest = _only_first(ds, later)
    return ds, [*made, *issues, *more, *other, *rest]


def _fill_frames(ds: Dataset, spans: Array, timed: Array) -> None:
    """Set open last frames: the one before the next state of the same object, else the first."""
    np.rint(spans[:, FIRST:], out=spans[:, FIRST:])
    objects, item = objects_of(ds._annotations), ds._annotations.array("item")
    for row in np.flatnonzero(timed & ~np.isnan(spans[:, FIRST])).tolist():
        following = row + 1 < len(spans) and objects[row] is not None and item[row + 1] == item[row]
        after = spans[row + 1, FIRST] if following and objects[row + 1] == objects[row] else np.nan
        if np.isnan(spans[row, LAST]):
            spans[row, LAST] = after - 1 if after > spans[row, FIRST] else spans[row, FIRST]
        spans[row, LAST] = max(spans[row, LAST], spans[row, FIRST])


def _continuing(ds: Dataset, spans: Array, whole: Array, timed: Array) -> Array:
    has = np.flatnonzero(~np.isnan(spans).all(axis=1))
    column = Sparse(len(spans), has, None, Number(spans[has], whole[has]))
    return continuing(ds._annotations.replace({"span": column}), timed)


def _keyframes(ds: Dataset, timed: Array, framed: Array, later: Array) -> Found:
    """Mark the first state of an annotation as made by a person, and every other that does not say."""
    column = ds._annotations.sparse("keyframe")
    stated = np.full(len(timed), -1, np.int64)
    if column is not None:
        stated[column.present()] = np.array(column.values_of(column.present()), bool)
    wanted = np.where(framed, np.where(later & (stated == 0), 0, 1), np.where(timed, -1, stated))
    rows = np.flatnonzero(wanted != stated)
    if not len(rows):
        return ds, []
    has = np.flatnonzero(wanted >= 0)
    made = Sparse(len(wanted), has, None, Fixed(wanted[has] == 1)) if len(has) else None
    told = "the first state of an annotation is a key frame, and so is one that does not say"
    issue = at_annotations(ds, "restated", "keyframe", told, rows)
    return ds._with(annotations=ds._annotations.replace({"keyframe": made})), [issue]


def _rules(ds: Dataset, timed: Array, framed: Array) -> Found:
    """Hold every state until the next one."""
    column = ds._annotations.sparse("interpolation")
    stated: list[Any] = [MISSING] * len(timed) if column is None else column.to_list()
    wrong = [row for row, rule in enumerate(stated) if timed[row] and rule != (HOLD if framed[row] else MISSING)]
    if not wrong:
        return ds, []
    linear = np.array([row for row in wrong if stated[row] not in (MISSING, HOLD)], np.int64)
    issues: list[Issue] = []
    if len(linear):
        told = "the platform holds a state until the next one; frames in between are not made"
        issues.append(at_annotations(ds, "converted", "interpolation", told, linear))
    rest = np.setdiff1d(np.array(wrong, np.int64), linear)
    if len(rest):
        issues.append(at_annotations(ds, "restated", "interpolation", "a state holds until the next one", rest))
    has = np.flatnonzero(framed)
    made = Sparse(len(timed), has, np.zeros(len(has), np.uint8), Text.of([HOLD])) if len(has) else None
    return ds._with(annotations=ds._annotations.replace({"interpolation": made})), issues


def _only_first(ds: Dataset, later: Array) -> Found:
    """Drop what only the first state of an annotation has a place for."""
    issues: list[Issue] = []
    changes: dict[str, Column | None] = {}
    for name, column in ds._annotations.columns.items():
        path = name.removeprefix(EXTRA)
        inner = path not in (name, V2) and path.startswith("metadata")
        if name not in FIRST_ONLY and not inner and path != LATER_ONLY:
            continue
        sparse = Sparse.of_column(column)
        lost = later if path != LATER_ONLY else ~later
        lost = lost | np.append(later[1:], False) if path == SNAPSHOTS else lost
        rows = sparse.present()[lost[sparse.present()]]
        if len(rows):
            told = "only the first state of an annotation has a place for it, or only later ones"
            issues.append(at_annotations(ds, "dropped", public_name(name), told, rows))
            changes[name] = chosen(sparse, np.setdiff1d(sparse.present(), rows))
    return (ds._with(annotations=ds._annotations.replace(changes)) if changes else ds), issues
