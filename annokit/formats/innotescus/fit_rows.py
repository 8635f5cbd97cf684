"""Annotations as the files state them: contours, turned boxes, instance ids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from annokit.columns import Column, Fixed, Number, Sparse, Struct
from annokit.columns.base import Array
from annokit.columns.make import sparse_of
from annokit.formats.conversions import placed, shapeless
from annokit.formats.innotescus.drawn import nested
from annokit.formats.innotescus.facts import is_integer
from annokit.formats.innotescus.places import texts
from annokit.formats.innotescus.tracks import RAW, split_tracks
from annokit.formats.innotescus.write import in_order
from annokit.formats.places import at_annotations
from annokit.formats.steps import cleared
from annokit.geometry.boxes import FORMS, convert
from annokit.model.rows import _shapes as shapes_of
from annokit.model.schema import KIND_CODE, ROTATED_FORMS, UNITS
from annokit.model.shapes import rings_of

if TYPE_CHECKING:
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset

RADIANS = ROTATED_FORMS.index("radians")
CONTOURS = "extras/innotescus/#contours"
BOXED = ("box", "polygon", "polyline")
"""Kinds that may state a box."""


def whole_outlines(ds: Dataset, apply: bool) -> Found:
    """Drop outlines without points and numbers that JSON does not know, and join the pieces of lines."""
    column = ds._annotations.sparse("points")
    if column is None:
        return ds, []
    rows = column.present()
    bad, pieces = _outlines(ds, rows)
    issues = []
    if bad.any():
        issues.append(at_annotations(ds, "dropped", "shape", "an outline has no points, or no numbers", rows[bad]))
    lines = rows[~bad & (ds._annotations.array("kind")[rows] == KIND_CODE["polyline"]) & (pieces > 1)]
    if len(lines):
        issues.append(at_annotations(ds, "restated", "shape", "a line is one list of points", lines))
        found = column.values_of(lines)
        joined = [[[[point for part in shape for ring in part for point in ring]]] for shape in found]
        ds = ds._with(annotations=ds._annotations.replace({"points": placed(ds, "points", lines, shapes_of(joined))}))
    return (shapeless(ds, rows[bad]) if bad.any() else ds), issues


def _outlines(ds: Dataset, rows: Array) -> tuple[Array, Array]:
    """Tell which outlines have an empty ring, no ring or a number that is none, and count the rings of each."""
    points, rings, parts, shapes = rings_of(ds, rows, "source")
    pieces = np.diff(parts[shapes])
    bad = pieces == 0
    every = np.arange(len(rows))
    bad[every.repeat(pieces)[np.diff(rings) == 0]] = True
    bad[every.repeat(np.diff(rings[parts[shapes]]))[~np.isfinite(points).all(axis=1)]] = True
    return bad, pieces


def boxes_of_shapes(ds: Dataset, apply: bool) -> Found:
    """Drop the boxes that a shape of another kind states beside itself, and boxes of no numbers."""
    column = ds._annotations.get("box")
    if not isinstance(column, Number):
        return ds, []
    kinds, stated = ds._annotations.array("kind"), ~np.isnan(column.values).all(axis=1)
    finite = np.isfinite(column.values).all(axis=1)
    codes = [KIND_CODE[name] for name in BOXED]
    issues = []
    rows = np.flatnonzero(stated & (~np.isin(kinds, codes) | (~finite & (kinds != KIND_CODE["box"]))))
    if len(rows):
        issues.append(at_annotations(ds, "dropped", "box", "only boxes and polygons state a box", rows))
        ds = ds._with(annotations=ds._annotations.replace({"box": cleared(column, rows)}))
    rows = np.flatnonzero((kinds == KIND_CODE["box"]) & ~finite)
    if len(rows):
        issues.append(at_annotations(ds, "dropped", "shape", "a box has no numbers", rows))
        ds = shapeless(ds, rows)
    return ds, issues


def in_radians(ds: Dataset, apply: bool) -> Found:
    """State turned boxes by their upper left corner and size before they are turned, and by radians."""
    column = ds._annotations.sparse("rotated")
    if column is None:
        return ds, []
    rows = column.present()
    struct = column.dense()
    assert isinstance(struct, Struct)
    item = ds._annotations.array("item")[rows]
    other = (ds._items.array("unit") != UNITS.index("pixel")) | (ds._items.array("form") != FORMS.index("xywh"))
    form = struct.fields["form"]
    assert isinstance(form, Fixed)
    moved = np.flatnonzero((form.values != RADIANS) | other[item])
    if not len(moved):
        return ds, []
    told = "a turned box is stated by its corner before it is turned, and radians"
    issue = at_annotations(ds, "restated", "shape", told, rows[moved])
    return (_turned(ds, column, struct, moved) if apply else ds), [issue]


def _turned(ds: Dataset, column: Sparse, struct: Struct, moved: Array) -> Dataset:
    from annokit.model.rotated import rotated

    centred = rotated(ds, column.present()[moved], "pixel")
    fields = dict(struct.fields)
    numbers, angle, form = fields["numbers"], fields["angle"], fields["form"]
    assert isinstance(numbers, Number)
    assert isinstance(angle, Number)
    assert isinstance(form, Fixed)
    sides, turns, forms = numbers.values.copy(), angle.values.copy(), form.values.copy()
    sides[moved] = np.nan
    sides[moved, :4] = convert(centred[:, :4], "cxcywh", "xywh")
    turns[moved], forms[moved] = np.radians(centred[:, 4]), RADIANS
    made: dict[str, Column] = {
        "numbers": Number(sides, _unmarked(numbers.whole, moved)),
        "angle": Number(turns, _unmarked(angle.whole, moved)),
        "form": Fixed(forms),
    }
    return ds._with(
        annotations=ds._annotations.replace({"rotated": attrs.evolve(column, slots=None, values=Struct(made))})
    )


def _unmarked(whole: Array | None, rows: Array) -> Array | None:
    if whole is None:
        return None
    marks = whole.copy()
    marks[rows] = False
    return marks


def nested_contours(ds: Dataset, apply: bool) -> Found:
    """Sort the contours of polygons as reading does: the files do not tell holes from parts."""
    column = ds._annotations.sparse("points")
    if column is None:
        return ds, []
    rows = column.present()
    rows = rows[ds._annotations.array("kind")[rows] == KIND_CODE["polygon"]]
    rows = rows[_outlines(ds, rows)[1] > 1]
    marks = texts(ds._annotations, "extras/innotescus/#contours")
    several = list(zip(rows.tolist(), column.values_of(rows), strict=True))
    wrong, stale, fixed = [], [row for row, mark in enumerate(marks) if mark is not None], []
    for row, shape in several:
        rings = [ring for part in shape for ring in part]
        listed = in_order(rings, marks[row])
        parts = nested(listed)
        order = _order(listed, parts)
        if parts == shape and order == (marks[row] or list(range(len(rings)))):
            stale = [other for other in stale if other != row] if marks[row] is not None else stale
        elif (parts := nested(rings)) != shape:
            wrong.append(row)
            fixed.append(parts)
    return _renested(ds, np.array(wrong, np.int64), fixed, np.array(stale, np.int64))


def _order(listed: list[Any], parts: Any) -> list[int]:
    places = {id(ring): place for place, ring in enumerate(listed)}
    return [places[id(ring)] for part in parts for ring in part]


def _renested(ds: Dataset, wrong: Array, fixed: list[Any], stale: Array) -> Found:
    issues = []
    changes: dict[str, Column | None] = {}
    if len(wrong):
        told = "polygon becomes polygon: a contour inside another is its hole, any other a part"
        issues.append(at_annotations(ds, "converted", "shape", told, wrong))
        changes["points"] = placed(ds, "points", wrong, shapes_of(fixed))
    if len(stale):
        issues.append(at_annotations(ds, "restated", "#contours", "contours are listed part by part", stale))
        changes[CONTOURS] = cleared(ds._annotations.columns[CONTOURS], stale)
    return (ds._with(annotations=ds._annotations.replace(changes)) if changes else ds), issues


def instance_ids(ds: Dataset, apply: bool) -> Found:
    """State one integer per annotation: the id on an image, the track in a video."""
    video = np.append(ds._items.array("sequence") >= 0, False)[ds._annotations.array("item")]
    idents, tracks = texts(ds._annotations, "id"), texts(ds._annotations, "track")
    issues, changes = [], {}
    gone = [row for row, value in enumerate(idents) if value is not None and (video[row] or not is_integer(value))]
    if gone:
        told = "an annotation of an image has an integer as its id, one of a video a track"
        issues.append(at_annotations(ds, "dropped", "id", told, np.array(gone)))
        changes["id"] = _column(idents, gone)
    gone = [row for row, value in enumerate(tracks) if value is not None and not video[row]]
    if gone:
        issues.append(at_annotations(ds, "dropped", "track", "only objects of videos have a track", np.array(gone)))
        changes["track"] = _column(tracks, gone)
    ds = ds._with(annotations=ds._annotations.replace(changes)) if changes else ds
    ds, found = _counted_tracks(ds)
    return ds, issues + found


def _column(values: list[Any], gone: list[int]) -> Sparse | None:
    lost = set(gone)
    rows = [row for row, value in enumerate(values) if value is not None and row not in lost]
    return sparse_of(len(values), rows, [values[row] for row in rows]) if rows else None


def _counted_tracks(ds: Dataset) -> Found:
    """Give integers to tracks, and a track of its own to each class that shares one."""
    before = texts(ds._annotations, "track")
    raw = texts(ds._annotations, RAW)
    if not any(value is not None for value in before):
        return ds, []
    sequence = ds._items.array("sequence")[ds._annotations.array("item")].tolist()
    plain = [stated if is_integer(stated) else value for stated, value in zip(raw, before, strict=True)]
    numbers = _numbers(plain, sequence)
    lost = [row for row, stated in enumerate(raw) if is_integer(stated)]
    column = ds._annotations.get(RAW)
    changes: dict[str, Column | None] = {"track": _column(numbers, [])}
    if column is not None:
        changes[RAW] = cleared(column, np.array(lost, np.int64))
    made, _ = split_tracks(ds._with(annotations=ds._annotations.replace(changes)))
    after, stated = texts(made._annotations, "track"), texts(made._annotations, RAW)
    moved = [row for row in range(len(before)) if (before[row], raw[row]) != (after[row], stated[row])]
    if not moved:
        return ds, []
    told = "tracks are integers that count within a class"
    return made, [at_annotations(ds, "restated", "track", told, np.array(moved))]


def _numbers(tracks: list[Any], sequence: list[int]) -> list[Any]:
    """Return an integer per track, the tracks' own where they are integers."""
    taken: dict[int, set[int]] = {}
    for track, owner in zip(tracks, sequence, strict=True):
        if is_integer(track):
            taken.setdefault(owner, set()).add(track)
    made: dict[tuple[int, str], int] = {}
    found = list(tracks)
    for row, (track, owner) in enumerate(zip(tracks, sequence, strict=True)):
        if track is None or is_integer(track):
            continue
        key = owner, f"{type(track).__name__}:{track!r}"
        if key not in made:
            used = taken.setdefault(owner, set())
            made[key] = next(number for number in range(1, len(used) + 2) if number not in used)
            used.add(made[key])
        found[row] = made[key]
    return found
