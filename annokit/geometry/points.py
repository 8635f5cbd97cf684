"""Array functions on one list of points, and the checks behind the ``of`` constructors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from annokit.errors import UsageError


def checked(values: Any, columns: Sequence[int] = (2,)) -> np.ndarray:
    """Return `values` as a read-only (n, k) float64 array, k one of `columns`; a flat list x, y, x, y is folded.

    Raises
    ------
    UsageError
        The values are not numbers, or do not fold into rows of `columns` numbers.
    """
    try:
        array = np.array(values, np.float64)
    except (TypeError, ValueError) as error:
        raise UsageError(f"points are numbers in pairs, got {_short(values)}") from error
    if array.ndim == 1 and array.size % columns[0] == 0:
        array = array.reshape(-1, columns[0])
    if array.ndim != 2 or array.shape[1] not in columns:
        raise UsageError(f"points are (n, {' or '.join(map(str, columns))}) numbers, got {_short(values)}")
    array.flags.writeable = False
    return array


def bounds(points: np.ndarray) -> tuple[float, float, float, float]:
    """Return (xmin, ymin, xmax, ymax) of (n, 2) points, NaN four times where there are none."""
    if not len(points):
        return (np.nan,) * 4
    xmin, ymin = points[:, :2].min(axis=0).tolist()
    xmax, ymax = points[:, :2].max(axis=0).tolist()
    return xmin, ymin, xmax, ymax


def told(*rings: np.ndarray) -> str:
    """Return in a few words how many points rings have, and where they lie."""
    points = np.concatenate([ring[:, :2] for ring in rings]) if rings else np.zeros((0, 2))
    xmin, ymin, xmax, ymax = bounds(points)
    return f"points={len(points)}" + (f" x={xmin:.4g}..{xmax:.4g} y={ymin:.4g}..{ymax:.4g}" if len(points) else "")


def scaled(points: np.ndarray, width: float, height: float) -> np.ndarray:
    """Return (n, 2) or (n, 3) points with x multiplied by `width`, y by `height`, and any z kept."""
    factors = np.array([width, height, 1.0])[: points.shape[1]]
    return np.asarray(points * factors)


def _short(values: Any) -> str:
    text = repr(values)
    return text if len(text) <= 60 else f"{text[:57]}..."
