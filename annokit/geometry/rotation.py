"""Turned boxes and ellipses in pixels, many at a time.

A turned box is (cx, cy, width, height, angle), an ellipse (cx, cy, rx, ry, angle): pixels, degrees clockwise on screen.
"""

from __future__ import annotations

import numpy as np

from annokit.geometry.hull import convex_hull

_SIGNS = np.array([(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)])
"""Corners of the upright box about its centre: top left, top right, bottom right, bottom left."""


def turn(degrees: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (cosine, sine) of angles in degrees, exact at multiples of 90."""
    quarters = np.rint(np.asarray(degrees, np.float64) / 90)
    rest = np.deg2rad(degrees - quarters * 90)
    cos, sin = np.cos(rest), np.sin(rest)
    quadrant = np.mod(quarters, 4)
    cosine = np.choose(np.nan_to_num(quadrant).astype(np.int64), [cos, -sin, -cos, sin])
    sine = np.choose(np.nan_to_num(quadrant).astype(np.int64), [sin, cos, -sin, -cos])
    return cosine, sine


def corners(boxes: np.ndarray) -> np.ndarray:
    """Return the (n, 4, 2) corners of (n, 5) turned boxes, what was top left first, clockwise on screen."""
    cosine, sine = turn(boxes[:, 4])
    local = _SIGNS * boxes[:, None, 2:4]
    x = local[..., 0] * cosine[:, None] - local[..., 1] * sine[:, None]
    y = local[..., 0] * sine[:, None] + local[..., 1] * cosine[:, None]
    return np.asarray(np.stack([x, y], axis=-1) + boxes[:, None, :2])


def box_bounds(boxes: np.ndarray) -> np.ndarray:
    """Return the (n, 4) xyxy bounds of (n, 5) turned boxes."""
    cosine, sine = np.abs(turn(boxes[:, 4]))
    w, h = np.abs(boxes[:, 2:4].T) / 2
    return _around(boxes, np.stack([w * cosine + h * sine, w * sine + h * cosine], axis=-1))


def ellipse_bounds(ellipses: np.ndarray) -> np.ndarray:
    """Return the (n, 4) xyxy bounds of (n, 5) ellipses."""
    cosine, sine = turn(ellipses[:, 4])
    a, b = ellipses[:, 2:4].T
    return _around(ellipses, np.stack([np.hypot(a * cosine, b * sine), np.hypot(a * sine, b * cosine)], axis=-1))


def _around(rows: np.ndarray, reach: np.ndarray) -> np.ndarray:
    return np.concatenate([rows[:, :2] - reach, rows[:, :2] + reach], axis=-1)


def ellipse_points(ellipses: np.ndarray, count: int = 64) -> np.ndarray:
    """Return (n, count, 2) points of (n, 5) ellipses, evenly spaced in the parameter, clockwise on screen."""
    step = np.arange(count) * (360.0 / count)
    cosine, sine = turn(step)
    x, y = ellipses[:, 2, None] * cosine, ellipses[:, 3, None] * sine
    c, s = (part[:, None] for part in turn(ellipses[:, 4]))
    return np.asarray(np.stack([x * c - y * s, x * s + y * c], axis=-1) + ellipses[:, None, :2])


def from_corners(quads: np.ndarray, tolerance: float = 1e-6) -> np.ndarray:
    """Return the (n, 5) turned boxes of (n, 4, 2) corners in pixels.

    Where four corners form a rectangle (within `tolerance` of its size) the box is that rectangle, its first side the
    one from the first to the second corner; elsewhere it is the rectangle of least area around them. Angles lie in 0 <=
    angle < 360.
    """
    quads = np.asarray(quads, np.float64).reshape(-1, 4, 2)
    side, other = quads[:, 1] - quads[:, 0], quads[:, 3] - quads[:, 0]
    width, height = np.hypot(*side.T), np.hypot(*other.T)
    angle = np.rad2deg(np.arctan2(side[:, 1], side[:, 0]))
    flat = width == 0
    angle[flat] = np.rad2deg(np.arctan2(-other[flat, 0], other[flat, 1]))
    out = np.column_stack([quads.mean(axis=1), width, height, _positive(angle, 360)])
    for row in np.flatnonzero(~is_rectangle(quads, tolerance)).tolist():
        out[row] = least_rectangle(quads[row])
    return out


def is_rectangle(quads: np.ndarray, tolerance: float = 1e-6) -> np.ndarray:
    """Return (n,) bool: whether (n, 4, 2) corners form a rectangle, within `tolerance` of its longer side."""
    side, other = quads[:, 1] - quads[:, 0], quads[:, 3] - quads[:, 0]
    gap = quads[:, 0] + quads[:, 2] - quads[:, 1] - quads[:, 3]
    width, height = np.hypot(*side.T), np.hypot(*other.T)
    reach = tolerance * np.maximum(width, height)
    square = np.abs((side * other).sum(axis=1)) <= reach * np.minimum(width, height)
    return np.asarray((np.hypot(*gap.T) <= reach) & square)


def least_rectangle(points: np.ndarray) -> np.ndarray:
    """Return (5,) the turned box of least area around (n, 2) points, 0 <= angle < 90; NaN where there are none."""
    hull = convex_hull(points)
    if not len(hull):
        return np.full(5, np.nan)
    sides = np.roll(hull, -1, axis=0) - hull
    angles = np.unique(_positive(np.rad2deg(np.arctan2(sides[:, 1], sides[:, 0])), 90))
    cosine, sine = turn(angles)
    x = hull[:, 0, None] * cosine + hull[:, 1, None] * sine
    y = hull[:, 1, None] * cosine - hull[:, 0, None] * sine
    width, height = np.ptp(x, axis=0), np.ptp(y, axis=0)
    best = int(np.argmin(width * height))
    u, v = (x[:, best].min() + x[:, best].max()) / 2, (y[:, best].min() + y[:, best].max()) / 2
    c, s = cosine[best], sine[best]
    return np.array([u * c - v * s, u * s + v * c, width[best], height[best], angles[best]])


def _positive(angle: np.ndarray, period: float) -> np.ndarray:
    """Return angles in 0 <= angle < period; the second modulo catches what rounds up to the period itself."""
    return np.asarray(np.mod(np.mod(angle, period), period))
