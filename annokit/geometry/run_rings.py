"""Outlines of many masks at once, straight from their run lengths.

They are the rings of :func:`annokit.geometry.trace.trace`, not sorted into parts, at a cost that grows with the runs
instead of the pixels.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from annokit.geometry.ragged import offsets_of

Array = np.ndarray[Any, np.dtype[Any]]


def run_rings(counts: Array, offsets: Array, heights: Array) -> tuple[Array, Array, Array, Array]:
    """Return the rings of masks.

    Parameters
    ----------
    counts : (k,) int64 array
        Run lengths down the columns, background first, as COCO states them.
    offsets : (n + 1,) int64 array
        Where the runs of each mask begin.
    heights : (n,) int64 array
        Pixels per column of each mask.

    Returns
    -------
    points : (m, 2) float64 array
        Corners in pixels.
    ring_offsets : (r + 1,) int64 array
        Where each ring begins: at its topmost, leftmost corner, outer rings clockwise on screen, holes the other way.
    mask_offsets : (n + 1,) int64 array
        Where the rings of each mask begin, from the top down.
    holes : (r,) bool array
        Which rings are holes.
    """
    mask, start, stop = _foreground(counts, offsets)
    mask, x, top, bottom = _pieces(mask, start, stop, heights)
    edges = _edges(np.tile(mask, 2), np.tile(x, 2), np.concatenate([top, bottom]), len(mask))
    owner, left, right, y, below = edges
    rings, ends = _follow(_partners(owner, left, right, y, below))
    place = np.column_stack([np.column_stack([left, right]).reshape(-1), y.repeat(2)]).astype(np.float64)
    first = rings[ends[:-1]]
    holes = ~below[first >> 1]
    found = _reversed_holes(rings, ends, holes)
    per_mask = np.bincount(owner[first >> 1], minlength=len(offsets) - 1)
    return place[found], ends, offsets_of(per_mask), holes


def _foreground(counts: Array, offsets: Array) -> tuple[Array, Array, Array]:
    """Return mask, start and end of the foreground runs, those that touch joined, empty ones left out."""
    owner = np.arange(len(offsets) - 1).repeat(np.diff(offsets))
    stop = np.cumsum(counts)
    base = np.concatenate([[0], stop])[offsets[:-1]]
    stop = stop - base[owner]
    start = stop - counts
    drawn = ((np.arange(len(counts)) - offsets[:-1][owner]) % 2 == 1) & (counts > 0)
    owner, start, stop = owner[drawn], start[drawn], stop[drawn]
    fresh = np.ones(len(owner), bool)
    fresh[1:] = (start[1:] != stop[:-1]) | (owner[1:] != owner[:-1])
    last = np.append(fresh[1:], True)[: len(owner)]
    return owner[fresh], start[fresh], stop[last]


def _pieces(owner: Array, start: Array, stop: Array, heights: Array) -> tuple[Array, Array, Array, Array]:
    """Return the mask, column, top and bottom of each piece of a run within one column."""
    tall = heights[owner]
    first, last = start // tall, (stop - 1) // tall
    count = last - first + 1
    ends = offsets_of(count)
    step = np.arange(ends[-1]) - ends[:-1].repeat(count)
    x = first.repeat(count) + step
    top, bottom = np.zeros(len(x), np.int64), tall.repeat(count)
    top[ends[:-1]] = start - first * tall
    bottom[ends[1:] - 1] = stop - last * tall
    return owner.repeat(count), x, top, bottom


def _edges(owner: Array, x: Array, y: Array, tops: int) -> tuple[Array, Array, Array, Array, Array]:
    """Join the edges above (the first `tops`) and below pixels to the level sides of outlines, row by row.

    Returns
    -------
    owner, left, right, y : (e,) int64 arrays
        The mask of each side and where it lies.
    below : (e,) bool array
        Whether the foreground lies below it.
    """
    below = np.zeros(len(owner), bool)
    below[:tops] = True
    order = _order(owner, y, x)
    owner, x, y, below = owner[order], x[order], y[order], below[order]
    fresh = np.ones(len(owner), bool)
    fresh[1:] = (owner[1:] != owner[:-1]) | (y[1:] != y[:-1]) | (x[1:] != x[:-1] + 1) | (below[1:] != below[:-1])
    last = np.append(fresh[1:], True)[: len(owner)]
    return owner[fresh], x[fresh], x[last] + 1, y[fresh], below[fresh]


def _partners(owner: Array, left: Array, right: Array, y: Array, below: Array) -> Array:
    """Return for every corner, two a side, the one at the other end of its upright side.

    Where two sides meet at a point, their upright sides go different ways: that up belongs to the left side where the
    foreground lies above that, else to the right one.
    """
    x = np.column_stack([left, right]).reshape(-1)
    own, row = owner.repeat(2), y.repeat(2)
    meets = np.zeros(len(left), bool)
    meets[1:] = (owner[1:] == owner[:-1]) & (y[1:] == y[:-1]) & (left[1:] == right[:-1])
    later = np.zeros(len(x), np.int64)
    later[2::2] = meets[1:] & ~below[:-1]
    later[1:-1:2] = meets[1:] & below[:-1]
    order = _order(own, x, row, later)
    out = np.empty(len(order), np.int64)
    out[order[0::2]] = order[1::2]
    out[order[1::2]] = order[0::2]
    return out


def _follow(partners: Array) -> tuple[Array, Array]:
    """Return the corners of all rings, and where each ring begins."""
    following = partners[np.arange(len(partners)) ^ 1].tolist()
    seen = bytearray(len(following) // 2)
    path: list[int] = []
    ends = [0]
    for start in range(0, len(following), 2):
        if seen[start >> 1]:
            continue
        corner = start
        while True:
            path.append(corner)
            seen[corner >> 1] = 1
            corner = following[corner]
            if corner == start:
                break
        ends.append(len(path))
    first = np.array(path, np.int64)
    return np.column_stack([first, first ^ 1]).reshape(-1), 2 * np.array(ends, np.int64)


def _order(*keys: Array) -> Array:
    """Return the order by several keys, none negative, the first the most telling; no two rows have all in common."""
    joined = np.zeros(len(keys[0]), np.int64)
    for key in keys:
        joined *= int(key.max(initial=0)) + 1
        joined += key
    return np.argsort(joined)


def _reversed_holes(rings: Array, ends: Array, holes: Array) -> Array:
    """Return the corners with those of holes in the other direction, from the same first one."""
    size = np.diff(ends)
    ring = np.arange(len(size)).repeat(size)
    step = np.arange(len(rings)) - ends[:-1][ring]
    back = (size[ring] - step) % size[ring]
    return np.asarray(rings[ends[:-1][ring] + np.where(holes[ring], back, step)])
