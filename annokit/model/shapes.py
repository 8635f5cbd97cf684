"""Shape objects made from columns, many rows at once, normalised."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.columns import Number, Ragged, Sparse
from annokit.columns.base import Array, frozen
from annokit.geometry import Box, Ellipse, Keypoints, Mask, Point, Polygon, Polyline, RotatedBox
from annokit.model.bounds import boxes, in_unit, of_item
from annokit.model.schema import KIND_CODE

if TYPE_CHECKING:
    from annokit.model.dataset import Dataset


def shapes(ds: Dataset, rows: Array) -> list[Any]:
    """Return the shape of each annotation row, None where it has none."""
    kind = ds._annotations.array("kind")[rows]
    found: list[Any] = [None] * len(rows)
    for name, make in _MAKERS.items():
        places = np.flatnonzero(kind == KIND_CODE[name])
        if len(places):
            for place, shape in zip(places.tolist(), make(ds, rows[places]), strict=True):
                found[place] = shape
    return found


def _boxes(ds: Dataset, rows: Array) -> list[Any]:
    return [Box.trusted(*box) for box in boxes(ds, rows).tolist()]


def rings_of(ds: Dataset, rows: Array, unit: str = "unit") -> tuple[Array, Array, Array, Array]:
    """Return the rings of annotation `rows` in Arrow's layout.

    Returns
    -------
    points : (m, 2) float64 array
        In `unit`.
    ring_offsets, part_offsets, shape_offsets : int64 arrays
        Ring i holds points ``ring_offsets[i]`` up to the next; parts over rings and rows over parts likewise. A row
        without points has no parts.
    """
    column = ds._annotations.sparse("points")
    if column is None:
        none = np.zeros(1, np.int64)
        return np.zeros((0, 2)), none, none, np.zeros(len(rows) + 1, np.int64)
    slots = column.slots_of(rows)
    has = slots >= 0
    shape = column.values.take(slots[has])
    assert isinstance(shape, Ragged)
    assert isinstance(shape.values, Ragged)
    assert isinstance(shape.values.values, Ragged)
    counts = np.zeros(len(rows) + 1, np.int64)
    counts[1:][has] = np.diff(shape.bounds())
    rings = shape.values.values
    assert isinstance(rings.values, Number)
    points = rings.values.values
    levels = rings.bounds(), shape.values.bounds(), counts.cumsum()
    if unit != "source":
        item = ds._annotations.array("item")[rows[has]]
        sizes = np.diff(levels[0][levels[1][shape.bounds()]])
        points = in_unit(ds, item, points, of_item(ds, "unit", item), unit, sizes)
    return frozen(points), *levels


def _polygons(ds: Dataset, rows: Array) -> list[Any]:
    points, *levels = rings_of(ds, rows)
    rings, parts, shape = (level.tolist() for level in levels)
    made = [points[a:b] for a, b in pairwise(rings)]
    grouped = [tuple(made[a:b]) for a, b in pairwise(parts)]
    return [Polygon.trusted(tuple(grouped[a:b])) for a, b in pairwise(shape)]


def _flat(ds: Dataset, rows: Array) -> list[Array]:
    """Return all points of each row, for the kinds that are one ring."""
    points, rings, parts, shape = rings_of(ds, rows)
    ends = rings[parts[shape]].tolist()
    return [points[a:b] for a, b in pairwise(ends)]


def _polylines(ds: Dataset, rows: Array) -> list[Any]:
    return [Polyline.trusted(points) for points in _flat(ds, rows)]


def _points(ds: Dataset, rows: Array) -> list[Any]:
    return [Point.trusted(*points[0].tolist()) if len(points) else None for points in _flat(ds, rows)]


def keypoints(ds: Dataset, rows: Array) -> list[Any]:
    """Return the keypoints of each annotation row, None where it has none."""
    found: list[Any] = [None] * len(rows)
    column = ds._annotations.sparse("keypoints")
    if column is None:
        return found
    slots = column.slots_of(rows)
    places = np.flatnonzero(slots >= 0)
    points, visibility, offsets = joints_of(ds, column, rows[places], slots[places])
    ends = offsets.tolist()
    for place, a, b in zip(places.tolist(), ends[:-1], ends[1:], strict=True):
        found[place] = Keypoints.trusted(points[a:b], visibility[a:b])
    return found


def joints_of(ds: Dataset, column: Sparse, rows: Array, slots: Array) -> tuple[Array, Array, Array]:
    """Return normalised points (m, 2), visibility (m,) uint8 and offsets (k + 1,) of keypoint `slots`."""
    joints = column.values.take(slots)
    assert isinstance(joints, Ragged)
    assert isinstance(joints.values, Number)
    numbers, offsets = joints.values.values, joints.bounds()
    item = ds._annotations.array("item")[rows]
    points = in_unit(ds, item, numbers[:, :2], of_item(ds, "unit", item), "unit", np.diff(offsets))
    return frozen(points), frozen(numbers[:, 2].astype(np.uint8)), offsets


def _rotated(ds: Dataset, rows: Array) -> list[Any]:
    from annokit.model.rotated import rotated

    return [RotatedBox.trusted(*numbers) for numbers in rotated(ds, rows).tolist()]


def _ellipses(ds: Dataset, rows: Array) -> list[Any]:
    from annokit.model.rotated import ellipses

    return [Ellipse.trusted(*numbers) for numbers in ellipses(ds, rows).tolist()]


def _masks(ds: Dataset, rows: Array) -> list[Any]:
    from annokit.model.masks import rles

    return [None if rle is None else Mask.trusted(size, rle) for size, rle in rles(ds, rows)]


def _cuboids(ds: Dataset, rows: Array) -> list[Any]:
    from annokit.model.cuboids import cuboids

    return cuboids(ds, rows)


def _pure_keypoints(ds: Dataset, rows: Array) -> list[Any]:
    return keypoints(ds, rows)


_MAKERS: dict[str, Callable[[Dataset, Array], list[Any]]] = {
    "box": _boxes,
    "rotated_box": _rotated,
    "ellipse": _ellipses,
    "polygon": _polygons,
    "polyline": _polylines,
    "point": _points,
    "keypoints": _pure_keypoints,
    "mask": _masks,
    "cuboid": _cuboids,
}

__all__ = ["joints_of", "keypoints", "rings_of", "shapes"]
