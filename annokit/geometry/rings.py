"""Closed rings of points, many at a time: area, bounds, point in ring.

A set of rings is `points` (m, 2) float64 and `offsets` (r + 1,) int64; ring i is ``points[offsets[i]:offsets[i + 1]]``.
Parts and shapes are offsets over rings and over parts; their points are found with
:func:`annokit.geometry.ragged.compose`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from annokit.geometry import ragged


def successors(offsets: np.ndarray) -> np.ndarray:
    """Return the (m,) int64 index of the point after each point, the first one of its ring after the last."""
    following = np.arange(1, offsets[-1] - offsets[0] + 1)
    filled = offsets[1:] > offsets[:-1]
    following[offsets[1:][filled] - offsets[0] - 1] = offsets[:-1][filled] - offsets[0]
    return following


def signed_area(points: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Return the (r,) shoelace areas: positive where a ring runs clockwise on screen (y down); 0 under three points."""
    own = points[offsets[0] : offsets[-1]]
    sizes = ragged.lengths(offsets)
    if not len(own):
        return np.zeros(len(sizes))
    first = np.minimum(offsets[:-1] - offsets[0], len(own) - 1)
    x, y = (own - np.repeat(own[first], sizes, axis=0)).T
    after = successors(offsets)
    cross = x * y[after] - x[after] * y
    return np.asarray(ragged.reduce(cross, offsets - offsets[0], np.add, 0.0) / 2)


def area(points: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Return the (r,) areas of the rings, never negative."""
    return np.asarray(np.abs(signed_area(points, offsets)))


def part_areas(points: np.ndarray, offsets: np.ndarray, part_offsets: np.ndarray) -> np.ndarray:
    """Return the (p,) areas of parts: the outer ring's minus the holes'. `part_offsets` (p + 1,) counts rings."""
    areas = -area(points, offsets)
    first = part_offsets[:-1][part_offsets[1:] > part_offsets[:-1]]
    areas[first] *= -1
    return ragged.reduce(areas, part_offsets, np.add, 0.0)


def part_area(part: Sequence[np.ndarray]) -> float:
    """Return the area of one part, its outer ring's minus its holes'."""
    if not part:
        return 0.0
    points, offsets = ragged.pack(part)
    outer, *holes = area(points, offsets).tolist()
    return float(outer - sum(holes))


def bounds(points: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Return the (r, 4) xyxy bounds of the rings, NaN where a ring is empty.

    With composed offsets it gives the bounds of parts or of whole shapes.
    """
    low = ragged.reduce(points, offsets, np.minimum, np.nan)
    high = ragged.reduce(points, offsets, np.maximum, np.nan)
    return np.concatenate([low, high], axis=-1)


def contains(ring: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return (n,) bool: which of the (n, 2) points lie inside a (k, 2) ring, by the even-odd rule.

    A point on the ring's edge may fall on either side; :func:`annokit.geometry.nesting.place` tells it apart.
    """
    ring, points = np.asarray(ring, np.float64), np.asarray(points, np.float64)
    inside = np.zeros(len(points), bool)
    if len(ring) < 3:
        return inside
    x0, y0 = ring.T
    x1, y1 = np.roll(ring, -1, axis=0).T
    for block in blocks(len(points), len(ring)):
        x, y = points[block, 0, None], points[block, 1, None]
        spans = (y0 > y) != (y1 > y)
        slope = np.divide(x1 - x0, y1 - y0, out=np.zeros_like(x0), where=y1 != y0)
        inside[block] = ((spans & (x < x0 + (y - y0) * slope)).sum(axis=1) % 2).astype(bool)
    return inside


def blocks(rows: int, columns: int, cells: int = 1 << 18) -> list[slice]:
    """Return slices over `rows` so that a block times `columns` stays under about `cells` cells."""
    step = max(1, cells // max(columns, 1))
    return [slice(start, start + step) for start in range(0, rows, step)]
