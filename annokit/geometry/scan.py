"""Where values change in a bitmap, read column by column."""

from __future__ import annotations

import numpy as np


def changes(bitmap: np.ndarray) -> np.ndarray:
    """Return the sorted int64 positions, counted down the columns, whose value differs from the position before.

    Position 0 never counts. The bitmap (height, width) is never copied into column order: neighbours are compared where
    they lie, and only the positions found, which are few in a real mask, are sorted.
    """
    height = len(bitmap)
    if bitmap.flags.f_contiguous:
        flat = bitmap.reshape(-1, order="F")
        return np.flatnonzero(flat[1:] != flat[:-1]) + 1
    differs = bitmap[1:] != bitmap[:-1]
    below = _down_the_columns(differs, height)
    heads = (np.flatnonzero(bitmap[0, 1:] != bitmap[-1, :-1]) + 1) * height
    if not len(heads):
        return below
    return np.insert(below, np.searchsorted(below, heads), heads)


def _down_the_columns(differs: np.ndarray, height: int) -> np.ndarray:
    """Return the positions (of the lower neighbour) of the set cells of a (height - 1, width) bool array, sorted."""
    rows, width = differs.shape
    if np.count_nonzero(differs) * 16 > differs.size:
        found = np.flatnonzero(differs.T)
        found += found // max(rows, 1)
        found += 1
        return found
    found = np.flatnonzero(differs)
    row = found // max(width, 1)
    found -= row * width
    found *= height
    found += row
    found += 1
    found.sort()
    return found
