"""Masks as run lengths: area, box, pixels, set operations.

The counts of one mask are (k,) int64 run lengths down the columns, background first; a column of masks has `offsets` (n
+ 1,) into them. Intervals are the same thing seen as half-open stretches of foreground, ``starts`` and ``stops``, in
positions counted down the columns: pixel (row, column) of an image of `height` rows has the position ``column * height
+ row``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from annokit.geometry import ragged, scan

Size = tuple[int, int]


def encode(bitmap: np.ndarray) -> np.ndarray:
    """Return the (k,) int64 counts of a (height, width) array of any dtype; what is not zero is foreground."""
    if not bitmap.size:
        return np.zeros(0, np.int64)
    flags = bitmap if bitmap.dtype == bool else bitmap != 0
    edges = [scan.changes(flags), [flags.size]]
    first = [0, 0] if flags[0, 0] else [0]
    return np.diff(np.concatenate([np.array(first, np.int64), *edges]))


def decode(counts: np.ndarray, size: Size) -> np.ndarray:
    """Return the (height, width) bool array of counts that were checked to fit `size`; it lies in column order."""
    height, width = (int(side) for side in size)
    flat = np.zeros(height * width, bool)
    fill(flat, *intervals(counts), True)
    return flat.reshape(width, height).T


def decode_stack(counts: np.ndarray, offsets: np.ndarray, size: Size) -> np.ndarray:
    """Return the (n, height, width) bool array of n masks of one size."""
    height, width = size
    flat = np.zeros((len(offsets) - 1, height * width), bool)
    for row, start, stop in zip(flat, offsets[:-1].tolist(), offsets[1:].tolist(), strict=True):
        fill(row, *intervals(counts[start:stop]), True)
    return flat.reshape(-1, width, height).transpose(0, 2, 1)


def fill(flat: np.ndarray, starts: np.ndarray, stops: np.ndarray, value: Any) -> None:
    """Set ``flat[start:stop]`` to `value` for every interval, without a temporary of the bitmap's size.

    Long runs are written as slices, short ones through an index, whichever is cheaper.
    """
    lengths = stops - starts
    total = int(lengths.sum())
    if total > 24 * len(starts):
        for start, stop in zip(starts.tolist(), stops.tolist(), strict=True):
            flat[start:stop] = value
        return
    for block in range(0, len(starts), 1 << 15):
        part = lengths[block : block + (1 << 15)]
        index = np.repeat(starts[block : block + (1 << 15)] - np.cumsum(part) + part, part)
        index += np.arange(len(index))
        flat[index] = value


def intervals(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (starts, stops) of one mask's foreground, each (k,) int64."""
    ends = np.cumsum(counts)
    return ends[0 : len(ends) - len(ends) % 2 : 2], ends[1::2]


def from_intervals(starts: np.ndarray, stops: np.ndarray, pixels: int) -> np.ndarray:
    """Return the counts of sorted intervals that do not overlap; empty ones vanish and touching ones are joined."""
    if len(starts) and (stops == starts).any():
        starts, stops = starts[stops > starts], stops[stops > starts]
    apart = starts[1:] != stops[:-1]
    begins = np.concatenate([starts[:1], starts[1:][apart]])
    ends = np.concatenate([stops[:-1][apart], stops[-1:]])
    edges = np.concatenate([[0], np.stack([begins, ends], axis=1).reshape(-1), [pixels]])
    counts = np.diff(edges)
    return counts[:-1] if len(counts) > 1 and counts[-1] == 0 else counts


def areas(counts: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Return the (n,) int64 numbers of foreground pixels."""
    odd = (np.arange(len(counts)) - np.repeat(offsets[:-1], np.diff(offsets))) % 2
    return ragged.reduce(counts * odd, offsets, np.add, 0)


def box(counts: np.ndarray, size: Size) -> tuple[float, float, float, float]:
    """Return the tight half-open xyxy box of one mask in pixels, NaN four times where it is empty."""
    row = boxes(counts, np.array([0, len(counts)]), np.array([size[0]]))[0]
    return tuple(row.tolist())


def boxes(counts: np.ndarray, offsets: np.ndarray, heights: np.ndarray) -> np.ndarray:
    """Return the (n, 4) float64 tight half-open xyxy boxes in pixels, NaN where a mask is empty; `heights` is (n,)."""
    ends = np.cumsum(counts)
    owner = ragged.owners(offsets)
    before = np.concatenate([[0], ends])[offsets[:-1]]
    odd = (np.arange(len(counts)) - offsets[owner]) % 2 == 1
    keep = odd & (counts > 0)
    owner, stops = owner[keep], (ends - before[owner])[keep]
    return interval_boxes(stops - counts[keep], stops, np.searchsorted(owner, np.arange(len(offsets))), heights)


def interval_boxes(starts: np.ndarray, stops: np.ndarray, offsets: np.ndarray, heights: np.ndarray) -> np.ndarray:
    """Return the (n, 4) float64 tight boxes of sorted, non-empty intervals, NaN where a mask has none."""
    height = np.repeat(heights, np.diff(offsets))
    left, top = np.divmod(starts, height)
    right, bottom = np.divmod(stops - 1, height)
    wraps = right > left
    top[wraps] = 0
    bottom[wraps] = height[wraps] - 1
    out = np.full((len(offsets) - 1, 4), np.nan)
    filled = np.diff(offsets) > 0
    limits = offsets[:-1][filled], offsets[1:][filled] - 1
    out[filled, 0] = left[limits[0]]
    out[filled, 1] = ragged.reduce(top, offsets, np.minimum, 0)[filled]
    out[filled, 2] = right[limits[1]] + 1
    out[filled, 3] = ragged.reduce(bottom, offsets, np.maximum, 0)[filled] + 1
    return out


def union(masks: Sequence[np.ndarray]) -> np.ndarray:
    """Return the counts of what at least one of the masks (of one size) covers."""
    return _where(masks, [1] * len(masks), 1)


def intersection(masks: Sequence[np.ndarray]) -> np.ndarray:
    """Return the counts of what all of the masks (of one size) cover."""
    return _where(masks, [1] * len(masks), len(masks))


def difference(mask: np.ndarray, holes: Sequence[np.ndarray]) -> np.ndarray:
    """Return the counts of what `mask` covers and none of `holes` (of the same size) does."""
    return _where([mask, *holes], [len(holes) + 1, *[-1] * len(holes)], len(holes) + 1)


def _where(masks: Sequence[np.ndarray], weights: Sequence[int], least: int) -> np.ndarray:
    """Return the counts of the positions where the weights of the masks that cover them add up to `least` or more."""
    stretches = [intervals(counts) for counts in masks]
    steps = [np.full(len(starts), weight) for (starts, _), weight in zip(stretches, weights, strict=True)]
    at = np.concatenate([*(starts for starts, _ in stretches), *(stops for _, stops in stretches)])
    step = np.concatenate([*steps, *(-step for step in steps)])
    order = np.argsort(at, kind="stable")
    at, level = at[order], np.cumsum(step[order])
    last = np.append(at[1:] != at[:-1], True) if len(at) else np.zeros(0, bool)
    at, inside = at[last], level[last] >= least
    edge = np.diff(inside, prepend=False)
    edges = at[edge]
    return from_intervals(edges[0::2], edges[1::2], int(masks[0].sum()))


def by_rows(counts: np.ndarray, size: Size) -> np.ndarray:
    """Return the counts along the rows, as Encord writes them, of counts down the columns."""
    return _turned(counts, size[0], size[1])


def by_columns(counts: np.ndarray, size: Size) -> np.ndarray:
    """Return the counts down the columns of counts along the rows."""
    return _turned(counts, size[1], size[0])


def _turned(counts: np.ndarray, length: int, lines: int) -> np.ndarray:
    """Re-read a mask across its `lines` lines of `length` pixels each, looking at no pixel outside its box."""
    starts, stops = intervals(counts)
    if not (stops > starts).any():
        return counts
    x0, y0, x1, y1 = (int(v) for v in box(counts, (length, lines)))
    crop = np.zeros((x1 - x0) * length, bool)
    fill(crop, starts - x0 * length, stops - x0 * length, True)
    window = np.zeros((y1 - y0 + 1, x1 - x0 + 2), bool)
    window[:-1, 1:-1] = crop.reshape(x1 - x0, length)[:, y0:y1].T
    edges = np.flatnonzero(window.reshape(-1)[1:] != window.reshape(-1)[:-1])
    line, place = np.divmod(edges, x1 - x0 + 2)
    positions = (line + y0) * lines + place + x0
    return from_intervals(positions[0::2], positions[1::2], length * lines)


def iou(a: Sequence[bytes], b: Sequence[bytes], size: Size) -> np.ndarray:
    """Return the (n, m) intersection over union of two lists of compressed strings of one size, checked before."""
    if not a or not b:
        return np.zeros((len(a), len(b)))
    from pycocotools import mask as coco

    left, right = ([{"size": list(size), "counts": rle} for rle in side] for side in (a, b))
    return np.asarray(coco.iou(left, right, [0] * len(right)))
