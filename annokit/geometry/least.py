"""Rotated rectangles of least area around many sets of points at once."""

from __future__ import annotations

import numpy as np

from annokit.geometry.rotation import _positive, turn

TOGETHER = 4096
"""Sets worked on together."""

NUMBERS = 1 << 20
"""Numbers of one array in memory."""


def least_rectangles(points: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Return the turned box of least area around each set of points.

    Parameters
    ----------
    points : (m, 2) float64 array
        All points, x and y in one unit.
    offsets : (n + 1,) int64 array
        Set i holds the points ``offsets[i]`` up to ``offsets[i + 1]``.

    Returns
    -------
    (n, 5) float64 array
        Centre, width, height and degrees, 0 <= angle < 90, as :func:`annokit.geometry.rotation.least_rectangle` gives
        them for each set; NaN where a set is empty.
    """
    count = len(offsets) - 1
    found = np.full((count, 5), np.nan)
    sizes = np.diff(offsets)
    order = np.argsort(sizes, kind="stable")
    order = order[sizes[order] > 0]
    start = 0
    while start < len(order):  # sets of like size lie together
        largest = int(sizes[order[min(start + TOGETHER, len(order)) - 1]])
        sets = order[start : start + max(1, min(TOGETHER, NUMBERS // largest))]
        found[sets] = _best(*_hulls(*_padded(points, offsets, sets)))
        start += len(sets)
    return found


def _best(hull: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return (k, 5) the least rectangle around each hull, so many at a time as memory allows."""
    step = max(1, NUMBERS // hull.shape[1] ** 2)
    return np.concatenate([_rectangles(hull[a : a + step], counts[a : a + step]) for a in range(0, len(hull), step)])


def _padded(points: np.ndarray, offsets: np.ndarray, sets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (k, w, 2) points sorted by x, then y, each once, and how many each set has; the rest repeats the last."""
    sizes = (offsets[1:] - offsets[:-1])[sets]
    column = np.arange(int(sizes.max()))
    place = offsets[:-1][sets][:, None] + np.minimum(column, sizes[:, None] - 1)
    own = points[place]
    by_y = np.take_along_axis(own, np.argsort(own[..., 1], axis=1, kind="stable")[..., None], axis=1)
    listed = np.take_along_axis(by_y, np.argsort(by_y[..., 0], axis=1, kind="stable")[..., None], axis=1)
    again = np.zeros(listed.shape[:2], bool)
    again[:, 1:] = (listed[:, 1:] == listed[:, :-1]).all(axis=2)
    front = np.argsort(again, axis=1, kind="stable")
    return np.take_along_axis(listed, front[..., None], axis=1), (~again).sum(axis=1)


def _hulls(points: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (k, w, 2) corners of convex hulls in order, and how many there are of each."""
    width = points.shape[1]
    rows = np.arange(len(points))
    back = np.minimum(np.maximum(counts[:, None] - 1 - np.arange(width), 0), width - 1)
    lower, low = _chains(points, counts)
    upper, up = _chains(points[rows[:, None], back], counts)
    low, up = np.where(counts > 1, low - 1, low), np.where(counts > 1, up - 1, 0)
    made = np.concatenate([lower, upper], axis=1)
    place = np.arange(made.shape[1])
    total = low + up
    index = np.where(place < low[:, None], place, lower.shape[1] + place - low[:, None])
    index = np.where(place < total[:, None], index, 0)
    return made[rows[:, None], index][:, : int(total.max())], total


def _chains(points: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return one half of each hull, (k, w, 2), and its length; all sets take their next point together."""
    rows = np.arange(len(points))
    chain = points.copy()
    length = np.minimum(counts, 1)
    for place in range(1, points.shape[1]):
        active = rows[place < counts]
        if not len(active):
            break
        fresh = points[:, place]
        turning = active[length[active] > 1]
        while len(turning):
            a, b = chain[turning, length[turning] - 2], chain[turning, length[turning] - 1]
            x, y = fresh[turning].T
            turned = (b[:, 0] - a[:, 0]) * (y - a[:, 1]) - (b[:, 1] - a[:, 1]) * (x - a[:, 0])
            turning = turning[turned <= 0]
            length[turning] -= 1
            turning = turning[length[turning] > 1]
        chain[active, length[active]] = fresh[active]
        length[active] += 1
    return chain, length


def _rectangles(hull: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return (k, 5) the best of the rectangles along the sides of each hull; of equal ones that of the least angle."""
    place = np.arange(hull.shape[1])
    inside = place < counts[:, None]
    rows = np.arange(len(hull))
    following = hull[rows[:, None], np.where(place + 1 < counts[:, None], place + 1, 0)]
    sides = following - hull
    angles = _positive(np.rad2deg(np.arctan2(sides[..., 1], sides[..., 0])), 90)
    angles = np.sort(np.where(inside, angles, np.inf), axis=1)
    used = np.isfinite(angles)
    cosine, sine = turn(np.where(used, angles, 0.0))
    x, y = hull[:, :, None, 0], hull[:, :, None, 1]  # beyond its corners a hull repeats its first one
    u = x * cosine[:, None] + y * sine[:, None]
    v = y * cosine[:, None] - x * sine[:, None]
    low, high = np.stack([u.min(axis=1), v.min(axis=1)]), np.stack([u.max(axis=1), v.max(axis=1)])
    area = np.where(used, np.prod(high - low, axis=0), np.inf)
    best = np.argmin(area, axis=1)
    low, high = low[:, rows, best], high[:, rows, best]
    c, s = cosine[rows, best], sine[rows, best]
    middle = (low + high) / 2
    return np.stack(
        [middle[0] * c - middle[1] * s, middle[0] * s + middle[1] * c, *(high - low), angles[rows, best]], axis=1
    )
