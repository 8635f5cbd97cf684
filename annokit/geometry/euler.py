"""Rotations of space."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def matrix(rotation: Sequence[float]) -> np.ndarray:
    """Return the (3, 3) matrix of Euler angles (radians about x, then y, then z) or of a quaternion (x, y, z, w)."""
    return _from_quaternion(*rotation) if len(rotation) == 4 else _from_euler(*rotation)


def _from_euler(x: float, y: float, z: float) -> np.ndarray:
    (sx, sy, sz), (cx, cy, cz) = np.sin((x, y, z)), np.cos((x, y, z))
    about_x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    return np.asarray(about_z @ about_y @ about_x)


def _from_quaternion(x: float, y: float, z: float, w: float) -> np.ndarray:
    n = np.sqrt(x * x + y * y + z * z + w * w) or 1.0
    x, y, z, w = x / n, y / n, z / n, w / n
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def quaternion(rotation: Sequence[float]) -> list[float]:
    """Return the unit quaternion (x, y, z, w) of Euler angles (radians about x, then y, then z)."""
    half = np.asarray(rotation, np.float64) / 2
    (sx, sy, sz), (cx, cy, cz) = np.sin(half), np.cos(half)
    found: list[float] = np.array(
        [
            sx * cy * cz - cx * sy * sz,
            cx * sy * cz + sx * cy * sz,
            cx * cy * sz - sx * sy * cz,
            cx * cy * cz + sx * sy * sz,
        ]
    ).tolist()
    return found
