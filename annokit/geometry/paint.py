"""Masks painted into one bitmap: instance ids or class values, later ones over earlier ones."""

from __future__ import annotations

import numpy as np

from annokit.errors import UsageError
from annokit.geometry import runs
from annokit.limits import DEFAULT_LIMITS, Limits

_STRIPE = 64
"""Columns turned into row order at a time, so that both sides stay in the processor's cache."""


def paint(
    counts: np.ndarray,
    offsets: np.ndarray,
    values: np.ndarray,
    size: tuple[int, int],
    *,
    background: int = 0,
    limits: Limits = DEFAULT_LIMITS,
) -> np.ndarray:
    """Paint masks in the order given; a later one covers an earlier one.

    Parameters
    ----------
    counts, offsets : (k,) int64 array, (n + 1,) int64 array
        Run lengths of n masks, all of `size` and checked (see :func:`annokit.geometry.rle.parse`).
    values : (n,) integer array
        The number that each mask's pixels get; the bitmap has their dtype.
    size : (int, int)
        Height and width.
    background : int
        The number of what no mask covers.
    limits : Limits, optional
        The bounds; ``pixels`` is used.

    Returns
    -------
    (height, width) array
        In row order. Beside it one buffer of the same size is used, whatever the number of masks.
    """
    height, width = size
    if height < 0 or width < 0 or height * width > limits.pixels:
        raise UsageError(f"a bitmap of {width} x {height} pixels is not within the limit of {limits.pixels}")
    flat = np.full(height * width, background, values.dtype)
    for start, stop, value in zip(offsets[:-1].tolist(), offsets[1:].tolist(), values.tolist(), strict=True):
        runs.fill(flat, *runs.intervals(counts[start:stop]), value)
    return row_order(flat, size)


def row_order(flat: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return the (height, width) array in row order of values that lie column by column."""
    height, width = size
    columns = flat.reshape(width, height)
    out = np.empty((height, width), flat.dtype)
    for start in range(0, width, _STRIPE):
        out[:, start : start + _STRIPE] = columns[start : start + _STRIPE].T
    return out
