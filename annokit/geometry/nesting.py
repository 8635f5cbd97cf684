"""Which ring is a hole of which: formats that list rings without saying."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from annokit.geometry import ragged, rings

Parts = tuple[tuple[np.ndarray, ...], ...]


def nest(given: Sequence[np.ndarray]) -> Parts:
    """Sort rings into parts by the even-odd rule.

    A ring inside another is its hole, one inside the hole a part again, and so on. Rings that cross or merely touch,
    and equal rings, are parts of their own.

    Parameters
    ----------
    given : sequence of (n, 2) float64 arrays
        The rings, in any order.

    Returns
    -------
    tuple of tuples of (n, 2) arrays
        Parts in the order of their outer rings; holes in the order given.
    """
    if len(given) < 2:
        return tuple((ring,) for ring in given)
    inside = _inside(given)
    depth = inside.sum(axis=1)
    parts = {outer: [outer] for outer in np.flatnonzero(depth % 2 == 0).tolist()}
    for hole in np.flatnonzero(depth % 2).tolist():
        owner = np.flatnonzero(inside[hole] & (depth == depth[hole] - 1))
        if len(owner):
            parts[int(owner[0])].append(hole)
        else:
            parts[hole] = [hole]
    return tuple(tuple(given[i] for i in parts[outer]) for outer in sorted(parts))


def nest_in_first(given: Sequence[np.ndarray]) -> Parts:
    """Sort rings into parts as Dataloop means them: one inside the first is its hole, any other a part."""
    if len(given) < 2:
        return tuple((ring,) for ring in given)
    first = given[0]
    holes = [is_inside(ring, first) for ring in given[1:]]
    rest = list(zip(given[1:], holes, strict=True))
    return ((first, *(ring for ring, hole in rest if hole)), *((ring,) for ring, hole in rest if not hole))


def _inside(given: Sequence[np.ndarray]) -> np.ndarray:
    """Return the (r, r) bool matrix: row ring inside column ring."""
    points, offsets = ragged.pack([np.reshape(ring, (-1, 2)) for ring in given])
    box, area = rings.bounds(points, offsets), rings.area(points, offsets)
    low, high = box[:, None, :2] >= box[None, :, :2], box[:, None, 2:] <= box[None, :, 2:]
    maybe = (low & high).all(axis=-1) & (area[:, None] < area[None])
    for i, j in np.argwhere(maybe).tolist():
        maybe[i, j] = is_inside(given[i], given[j])
    return maybe


def is_inside(inner: np.ndarray, outer: np.ndarray) -> bool:
    """Return whether a ring lies in another: nowhere outside, somewhere strictly inside, and not crossing it."""
    if len(inner) < 3 or len(outer) < 3:
        return False
    samples = np.concatenate([inner, (inner + np.roll(inner, -1, axis=0)) / 2])
    where = place(outer, samples)
    return bool((where >= 0).all() and (where > 0).any() and not crosses(inner, outer))


def place(ring: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return (n,) int8: 1 for points inside the ring, 0 on its edge, -1 outside."""
    out = np.where(rings.contains(ring, points), 1, -1).astype(np.int8)
    start, step = ring, np.roll(ring, -1, axis=0) - ring
    length = np.maximum((step**2).sum(axis=1), np.finfo(float).tiny)
    near = (np.ptp(ring, axis=0).max() * 1e-12) ** 2
    for block in rings.blocks(len(points), len(ring)):
        gap = points[block, None] - start
        along = np.clip((gap * step).sum(axis=-1) / length, 0, 1)
        distance = ((gap - along[..., None] * step) ** 2).sum(axis=-1).min(axis=1)
        out[block][distance <= near] = 0
    return out


def crosses(a: np.ndarray, b: np.ndarray) -> bool:
    """Return whether an edge of one ring properly crosses an edge of the other (touching does not count)."""
    b0, b1 = b, np.roll(b, -1, axis=0)
    a0, a1 = a, np.roll(a, -1, axis=0)
    for block in rings.blocks(len(a), len(b)):
        s, e = a0[block, None], a1[block, None]
        one = _side(b0, b1, s) * _side(b0, b1, e)
        two = _side(s, e, b0) * _side(s, e, b1)
        if ((one < 0) & (two < 0)).any():
            return True
    return False


def _side(a: np.ndarray, b: np.ndarray, p: np.ndarray) -> np.ndarray:
    """Return the sign of the turn a, b, p, broadcast."""
    turn = (b[..., 0] - a[..., 0]) * (p[..., 1] - a[..., 1]) - (b[..., 1] - a[..., 1]) * (p[..., 0] - a[..., 0])
    return np.asarray(np.sign(turn))
