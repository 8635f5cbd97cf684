"""Steps of narrowing about coordinates: finite, and within the picture."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from annokit.columns import Column, Number, Ragged, Struct
from annokit.columns.base import Array
from annokit.formats.conversions import placed
from annokit.formats.outlines import rings_column
from annokit.formats.places import at_annotations
from annokit.formats.steps import without
from annokit.formats.yolo.outlines import Levels
from annokit.geometry.boxes import convert
from annokit.geometry.ragged import lengths
from annokit.geometry.rings import bounds
from annokit.model.bounds import of_item, stated_boxes
from annokit.model.schema import KIND_CODE, UNITS
from annokit.model.shapes import rings_of

if TYPE_CHECKING:
    from annokit.formats.holds import Step
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset

SLACK = 1e-9
"""How far beyond the border, as a fraction of the side, rounding may bring a number that lay on it."""


def within(clip: bool, decimals: int | None) -> Step:
    """Leave out what has no finite numbers; where asked for, cut shapes at the borders of the picture."""
    slack = SLACK if decimals is None else max(SLACK, 10.0**-decimals)

    def step(ds: Dataset, apply: bool) -> Found:
        reach = _reach(ds)
        odd = np.flatnonzero(_any(~np.isfinite(reach)) | _joints_that(ds, _not_finite))
        issues = []
        if len(odd):
            told = "the shape has no finite numbers"
            issues.append(at_annotations(ds, "refused", "shape", told, odd))
            ds, reach = without(ds, odd), np.delete(reach, odd, axis=0)
        if not clip:
            return ds, issues
        limit = _limits(ds)
        beyond = _any(reach[:, :2] < -slack * limit) | _any(reach[:, 2:] > (1 + slack) * limit)
        gone = _outside(ds, np.flatnonzero(beyond), reach[beyond], limit[beyond])
        if len(gone):
            told = "the shape lies outside the picture"
            issues.append(at_annotations(ds, "refused", "shape", told, gone))
            ds, beyond = without(ds, gone), np.delete(beyond, gone)
        rows = np.flatnonzero(beyond | _joints_that(ds, _Beyond(slack)))
        if not len(rows):
            return ds, issues
        told = "clipped at the border of the picture; a joint beyond it is not labelled"
        issues.append(at_annotations(ds, "converted", "shape", told, rows))
        return (_clipped(ds, rows, slack) if apply or decimals is not None else ds), issues

    return step


def upright(ds: Dataset, apply: bool) -> Found:
    """State boxes from the smaller to the larger corner, since no size may be negative."""
    rows = np.flatnonzero(ds._annotations.array("kind") == KIND_CODE["box"])
    item = ds._annotations.array("item")[rows]
    corners = convert(stated_boxes(ds, rows), of_item(ds, "form", item), "xyxy")
    turned = (corners[:, 2] < corners[:, 0]) | (corners[:, 3] < corners[:, 1])
    if not turned.any():
        return ds, []
    told = "boxes are stated from their smaller to their larger corner"
    issue = at_annotations(ds, "restated", "box", told, rows[turned])
    low, high = corners[turned, :2], corners[turned, 2:]
    ordered = np.concatenate([np.minimum(low, high), np.maximum(low, high)], axis=1)
    return ds._with(annotations=ds._annotations.replace({"box": _with_boxes(ds, rows[turned], ordered)})), [issue]


def _with_boxes(ds: Dataset, rows: Array, corners: Array) -> Column:
    """Return the box column in which `rows` have other corners, in each item's own form."""
    column = ds._annotations.columns["box"]
    assert isinstance(column, Number)
    values = column.values.copy()
    form = of_item(ds, "form", ds._annotations.array("item")[rows])
    values[rows] = convert(corners, np.zeros(len(rows), np.uint8), form)
    whole = column.whole
    if whole is not None:
        whole = whole.copy()
        whole[rows] = False
    return Number(values, whole)


def _any(marks: Array) -> Array:
    """Return ``marks.any(axis=1)`` of few columns, several times as fast."""
    found = marks[:, 0]
    for column in range(1, marks.shape[1]):
        found = found | marks[:, column]
    return found


def _outside(ds: Dataset, rows: Array, reach: Array, limit: Array) -> Array:
    """Return those of `rows` that no pixel of the picture is in."""
    polygons = np.flatnonzero(ds._annotations.array("kind")[rows] == KIND_CODE["polygon"])
    if len(polygons):
        points, rings, parts, shapes = rings_of(ds, rows[polygons], "source")
        reach[polygons] = bounds(points, rings[parts[shapes]])
    return rows[_any(reach[:, 2:] <= 0) | _any(reach[:, :2] >= limit)]


def _reach(ds: Dataset) -> Array:
    """Return what shapes reach from and to, (n, 4) in each item's own unit, NaN where odd; see :meth:`Levels.reach`."""
    kind = ds._annotations.array("kind")
    found = np.full((len(kind), 4), np.nan)
    for name, reach in (("box", _box_reach), ("polygon", _polygon_reach), ("rotated_box", _corner_reach)):
        rows = np.flatnonzero(kind == KIND_CODE[name])
        if len(rows):
            found[rows] = reach(ds, rows)
    return found


def _box_reach(ds: Dataset, rows: Array) -> Array:
    item = ds._annotations.array("item")[rows]
    corners = convert(stated_boxes(ds, rows), of_item(ds, "form", item), "xyxy")
    low, high = corners[:, :2], corners[:, 2:]
    return np.concatenate([np.minimum(low, high), np.maximum(low, high)], axis=1)


def _polygon_reach(ds: Dataset, rows: Array) -> Array:
    return Levels.of(ds, rows).reach()


def _corner_reach(ds: Dataset, rows: Array) -> Array:
    column = ds._annotations.sparse("rotated")
    assert column is not None
    struct: Any = column.values.take(column.slots_of(rows))
    quads = struct.fields["numbers"].values.reshape(-1, 4, 2)
    return np.concatenate([quads.min(axis=1), quads.max(axis=1)], axis=1)


def _joints_that(ds: Dataset, odd: Callable[[Array, Array], Array]) -> Array:
    """Return (n,) bool, which annotations have a joint that is `odd`."""
    found = np.zeros(len(ds._annotations), bool)
    column = ds._annotations.sparse("keypoints")
    if column is not None:
        joints: Any = column.dense()
        owner = column.present().repeat(lengths(joints.bounds()))
        found[owner[odd(joints.values.values, owner_limits(ds, owner))]] = True
    return found


def owner_limits(ds: Dataset, owner: Array) -> Array:
    """Return the limits of annotation rows that may repeat."""
    return _limits(ds)[owner]


def _not_finite(points: Array, limit: Array) -> Array:
    return np.asarray(~np.isfinite(points).all(axis=1))


@attrs.frozen
class _Beyond:
    """Tells which joints lie beyond the picture."""

    slack: float

    def __call__(self, points: Array, limit: Array) -> Array:
        xy = points[:, :2]
        return np.asarray(((xy < -self.slack * limit) | (xy > (1 + self.slack) * limit)).any(axis=1))


def _limits(ds: Dataset) -> Array:
    """Return the width and height of each annotation's picture in its own unit, (n, 2); infinity where not known."""
    size = ds._items.array("size").astype(np.float64)
    size[_any(size <= 0)] = np.inf
    size[ds._items.array("unit") == UNITS.index("unit")] = 1.0
    return np.asarray(size.take(ds._annotations.array("item"), axis=0))


def _clipped(ds: Dataset, rows: Array, slack: float) -> Dataset:
    limit = _limits(ds)
    kind = ds._annotations.array("kind")[rows]
    changes: dict[str, Column | None] = {}
    for name, column, clip in (
        ("box", "box", _clip_boxes),
        ("polygon", "points", _clip_polygons),
        ("rotated_box", "rotated", _clip_corners),
    ):
        chosen = rows[kind == KIND_CODE[name]]
        if len(chosen):
            changes[column] = clip(ds, chosen, limit[chosen])
    if ds._annotations.sparse("keypoints") is not None:
        changes["keypoints"] = _clip_joints(ds, limit, slack)
    return ds._with(annotations=ds._annotations.replace(changes))


def _clip_boxes(ds: Dataset, rows: Array, limit: Array) -> Column:
    reach = _box_reach(ds, rows)
    corners = np.clip(reach, 0, np.tile(limit, 2))
    changed = _any(corners != reach)
    return _with_boxes(ds, rows[changed], corners[changed])


def _clip_polygons(ds: Dataset, rows: Array, limit: Array) -> Column:
    points, rings, parts, shapes = rings_of(ds, rows, "source")
    ends = rings[parts[shapes]].tolist()
    cut = [
        clip_ring(points[a:b], float(width), float(height))
        for a, b, (width, height) in zip(ends[:-1], ends[1:], limit.tolist(), strict=True)
    ]
    return placed(ds, "points", rows, rings_column(cut))


def clip_ring(ring: Array, width: float, height: float) -> Array:
    """Return a ring cut at the borders of a picture, (m, 2); where nothing is left, its points moved to the border.

    A ring that leaves the picture and comes back runs along the border in between.
    """
    found = [tuple(point) for point in ring.tolist()]
    for axis, edge, sign in ((0, 0.0, 1), (0, width, -1), (1, 0.0, 1), (1, height, -1)):
        if np.isfinite(edge):
            found = _cut(found, axis, edge, sign)
    if len(found) < 3:
        return np.clip(ring, 0.0, (width, height))
    return np.clip(np.array(found), 0.0, (width, height))


def _cut(ring: list[Any], axis: int, edge: float, sign: int) -> list[Any]:
    kept: list[Any] = []
    for place, point in enumerate(ring):
        before = ring[place - 1]
        inside, was = (point[axis] - edge) * sign >= 0, (before[axis] - edge) * sign >= 0
        if inside != was:
            share = (edge - before[axis]) / (point[axis] - before[axis])
            other = before[1 - axis] + share * (point[1 - axis] - before[1 - axis])
            kept.append((edge, other) if axis == 0 else (other, edge))
        if inside:
            kept.append(point)
    return kept


def _clip_corners(ds: Dataset, rows: Array, limit: Array) -> Column:
    column = ds._annotations.sparse("rotated")
    assert column is not None
    struct: Any = column.dense()
    fields = dict(struct.fields)
    numbers = fields["numbers"]
    place = column.present().searchsorted(rows)
    values = numbers.values.copy()
    values[place] = np.clip(values[place], 0, np.tile(limit, 4))
    whole = numbers.whole
    if whole is not None:
        whole = whole & (values == numbers.values)
    return attrs.evolve(column, slots=None, values=Struct({**fields, "numbers": Number(values, whole)}))


def _clip_joints(ds: Dataset, limit: Array, slack: float) -> Column:
    """Take joints beyond the picture for not labelled."""
    column = ds._annotations.sparse("keypoints")
    assert column is not None
    joints: Any = column.dense()
    numbers = joints.values
    out = _Beyond(slack)(numbers.values, limit[column.present()].repeat(lengths(joints.bounds()), axis=0))
    values = numbers.values.copy()
    values[out] = 0
    whole = np.zeros(values.shape, bool) if numbers.whole is None else numbers.whole.copy()
    whole[out] = True
    made = Ragged(joints.offsets, Number(values, whole if whole.any() else None))
    return attrs.evolve(column, slots=None, values=made)
