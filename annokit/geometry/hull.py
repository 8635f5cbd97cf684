"""Convex hulls."""

from __future__ import annotations

import numpy as np


def convex_hull(points: np.ndarray) -> np.ndarray:
    """Return the (k, 2) corners of the convex hull of (n, 2) points, clockwise on screen, leftmost first."""
    unique = np.unique(np.asarray(points, np.float64).reshape(-1, 2), axis=0)
    if len(unique) < 3:
        return unique
    listed = unique.tolist()
    return np.array(_chain(listed)[:-1] + _chain(listed[::-1])[:-1])


def _chain(points: list[list[float]]) -> list[list[float]]:
    chain: list[list[float]] = []
    for x, y in points:
        while len(chain) > 1 and _turn(chain[-2], chain[-1], x, y) <= 0:
            chain.pop()
        chain.append([x, y])
    return chain


def _turn(a: list[float], b: list[float], x: float, y: float) -> float:
    return (b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0])
