"""The level sides of the outlines of many masks, from their run lengths."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np

from annokit.geometry.ragged import offsets_of

Array = np.ndarray[Any, np.dtype[Any]]


@attrs.frozen(eq=False)
class Pieces:
    """Runs of foreground within one column each, in the order of mask, column and row."""

    owner: Array
    """(p,) int64 mask."""

    x: Array
    """(p,) int64 column."""

    top: Array
    """(p,) int64 first row."""

    bottom: Array
    """(p,) int64 row after the last."""

    @classmethod
    def of(cls, counts: Array, offsets: Array, heights: Array) -> Pieces:
        """Return the pieces of masks; see :func:`annokit.geometry.run_rings.run_rings`."""
        owner, start, stop = _foreground(counts, offsets)
        tall = heights[owner]
        first, last = start // tall, (stop - 1) // tall
        count = last - first + 1
        ends = offsets_of(count)
        x = first.repeat(count) + np.arange(ends[-1]) - ends[:-1].repeat(count)
        top, bottom = np.zeros(len(x), np.int64), tall.repeat(count)
        top[ends[:-1]] = start - first * tall
        bottom[ends[1:] - 1] = stop - last * tall
        return cls(owner.repeat(count), x, top, bottom)


def _foreground(counts: Array, offsets: Array) -> tuple[Array, Array, Array]:
    """Return mask, start and end of the foreground runs, those that touch joined, empty ones left out."""
    owner = np.arange(len(offsets) - 1).repeat(np.diff(offsets))
    stop = np.cumsum(counts)
    base = np.concatenate([[0], stop])[offsets[:-1]]
    drawn = np.flatnonzero(((np.arange(len(counts)) - offsets[:-1][owner]) % 2 == 1) & (counts > 0))
    owner = owner[drawn]
    stop = stop[drawn] - base[owner]
    start = stop - counts[drawn]
    fresh = np.ones(len(owner), bool)
    fresh[1:] = (start[1:] != stop[:-1]) | (owner[1:] != owner[:-1])
    last = np.append(fresh[1:], True)[: len(owner)]
    return owner[fresh], start[fresh], stop[last]


@attrs.frozen(eq=False)
class Sides:
    """Level sides, in the order of mask, row and column."""

    owner: Array
    """(e,) int64 mask."""

    left: Array
    """(e,) int64 where it begins."""

    right: Array
    """(e,) int64 where it ends."""

    y: Array
    """(e,) int64 where it lies."""

    below: Array
    """(e,) bool: whether the foreground lies below it."""

    @classmethod
    def of(cls, pieces: Pieces) -> Sides:
        """Join the edges above and below pieces."""
        owner, x = pieces.owner.repeat(2), pieces.x.repeat(2)
        y = np.column_stack([pieces.top, pieces.bottom]).reshape(-1)
        below = np.zeros(len(owner), bool)
        below[::2] = True
        order = stable_order(owner, y)
        owner, x, y, below = owner[order], x[order], y[order], below[order]
        fresh = np.ones(len(owner), bool)
        fresh[1:] = (owner[1:] != owner[:-1]) | (y[1:] != y[:-1]) | (x[1:] != x[:-1] + 1) | (below[1:] != below[:-1])
        last = np.append(fresh[1:], True)[: len(owner)]
        return cls(owner[fresh], x[fresh], x[last] + 1, y[fresh], below[fresh])


def stable_order(owner: Array, numbers: Array) -> Array:
    """Return the order by owner, then number; neither is negative, and equal ones stay as they are.

    Numpy sorts 16 bits by counting, many times faster than more bits.
    """
    keys = owner * (int(numbers.max(initial=0)) + 1) + numbers
    top = int(keys.max(initial=0))
    order = np.argsort((keys & 0xFFFF).astype(np.uint16), kind="stable")
    shift = 16
    while top >> shift:
        order = order[np.argsort((keys[order] >> shift & 0xFFFF).astype(np.uint16), kind="stable")]
        shift += 16
    return order
