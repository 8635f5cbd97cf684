"""Outlines of many masks at once, straight from their run lengths.

They are the rings of :func:`annokit.geometry.trace.trace`, at a cost that grows with the runs instead of the pixels.
"""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np

from annokit.geometry.ragged import offsets_of, take

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
    found = _rings(_sides(_pieces(*_foreground(counts, offsets), heights)))
    per_mask = np.bincount(found.owner, minlength=len(offsets) - 1)
    return found.points, found.offsets, offsets_of(per_mask), found.holes


def run_parts(counts: Array, offsets: Array, heights: Array) -> tuple[Array, Array, Array, Array]:
    """Return the outlines of masks: what :func:`annokit.geometry.trace.trace` finds in each of them.

    Parameters
    ----------
    counts, offsets, heights
        As :func:`run_rings` takes them.

    Returns
    -------
    points : (m, 2) float64 array
        Corners in pixels.
    ring_offsets : (r + 1,) int64 array
        Where each ring begins.
    part_offsets : (p + 1,) int64 array
        Where the rings of each part begin: its outer ring, then its holes.
    mask_offsets : (n + 1,) int64 array
        Where the parts of each mask begin, from the top down.
    """
    pieces = _pieces(*_foreground(counts, offsets), heights)
    sides = _sides(pieces)
    found = _rings(sides)
    outer = np.flatnonzero(~found.holes)
    per_mask = offsets_of(np.bincount(found.owner[outer], minlength=len(offsets) - 1))
    if not found.holes.any():
        return found.points, found.offsets, np.arange(len(outer) + 1), per_mask
    region = _regions(pieces, sides, found)
    order = np.argsort(region, kind="stable")
    rings, index = take(found.offsets, order)
    return found.points[index], rings, offsets_of(np.bincount(region)[outer]), per_mask


@attrs.frozen(eq=False)
class _Pieces:
    """Runs of foreground within one column each, in the order of mask, column and row."""

    owner: Array
    """(p,) int64 mask."""

    x: Array
    """(p,) int64 column."""

    top: Array
    """(p,) int64 first row."""

    bottom: Array
    """(p,) int64 row after the last."""


@attrs.frozen(eq=False)
class _Sides:
    """Level sides of outlines, in the order of mask, row and column."""

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


@attrs.frozen(eq=False)
class _Rings:
    """Rings in the order of their first side."""

    points: Array
    """(m, 2) float64."""

    offsets: Array
    """(r + 1,) int64."""

    owner: Array
    """(r,) int64 mask."""

    holes: Array
    """(r,) bool."""

    sides: Array
    """(m,) int64 side of each corner; those of a hole run the other way."""


def _rings(sides: _Sides) -> _Rings:
    rings, ends = _follow(_partners(sides))
    place = np.column_stack([np.column_stack([sides.left, sides.right]).reshape(-1), sides.y.repeat(2)])
    first = rings[ends[:-1]] >> 1
    holes = ~sides.below[first]
    found = _reversed_holes(rings, ends, holes)
    return _Rings(place.astype(np.float64)[found], ends, sides.owner[first], holes, found >> 1)


def _regions(pieces: _Pieces, sides: _Sides, rings: _Rings) -> Array:
    """Return for every ring the outer ring of its region.

    The pixel above a hole's first corner is the last of a piece. The piece's upper end lies on an outline of the same
    region that begins higher up: the outer ring, or another hole, of which the same holds.
    """
    ring_of = np.empty(len(sides.owner), np.int64)
    ring_of[rings.sides] = np.arange(len(rings.owner)).repeat(np.diff(rings.offsets))
    region = np.arange(len(rings.owner))
    holes = np.flatnonzero(rings.holes)
    corner, mask = rings.points[rings.offsets[holes]].astype(np.int64), rings.owner[holes]
    own, wanted = _keys((pieces.owner, pieces.x, pieces.bottom), (mask, corner[:, 0], corner[:, 1]))
    above = np.searchsorted(own, wanted)
    own, wanted = _keys((sides.owner, sides.y, sides.left), (mask, pieces.top[above], corner[:, 0]))
    region[holes] = ring_of[np.searchsorted(own, wanted, "right") - 1]
    while rings.holes[region].any():
        region = region[region]
    return region


def _keys(rows: tuple[Array, ...], wanted: tuple[Array, ...]) -> tuple[Array, Array]:
    """Return rows of several numbers, none negative, as one number each, in the same order; and those to look up."""
    keys, sought = np.zeros(len(rows[0]), np.int64), np.zeros(len(wanted[0]), np.int64)
    for row, want in zip(rows, wanted, strict=True):
        scale = int(max(row.max(initial=0), want.max(initial=0))) + 1
        keys, sought = keys * scale + row, sought * scale + want
    return keys, sought


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


def _pieces(owner: Array, start: Array, stop: Array, heights: Array) -> _Pieces:
    """Cut runs where columns end."""
    tall = heights[owner]
    first, last = start // tall, (stop - 1) // tall
    count = last - first + 1
    ends = offsets_of(count)
    step = np.arange(ends[-1]) - ends[:-1].repeat(count)
    x = first.repeat(count) + step
    top, bottom = np.zeros(len(x), np.int64), tall.repeat(count)
    top[ends[:-1]] = start - first * tall
    bottom[ends[1:] - 1] = stop - last * tall
    return _Pieces(owner.repeat(count), x, top, bottom)


def _sides(pieces: _Pieces) -> _Sides:
    """Join the edges above and below pixels to the level sides of outlines, row by row."""
    owner, x, y = np.tile(pieces.owner, 2), np.tile(pieces.x, 2), np.concatenate([pieces.top, pieces.bottom])
    below = np.zeros(len(owner), bool)
    below[: len(pieces.owner)] = True
    order = _order(owner, y, x)
    owner, x, y, below = owner[order], x[order], y[order], below[order]
    fresh = np.ones(len(owner), bool)
    fresh[1:] = (owner[1:] != owner[:-1]) | (y[1:] != y[:-1]) | (x[1:] != x[:-1] + 1) | (below[1:] != below[:-1])
    last = np.append(fresh[1:], True)[: len(owner)]
    return _Sides(owner[fresh], x[fresh], x[last] + 1, y[fresh], below[fresh])


def _partners(sides: _Sides) -> Array:
    """Return for every corner, two a side, the one at the other end of its upright side.

    Where two sides meet at a point, their upright sides go different ways: that up belongs to the left side where the
    foreground lies above that, else to the right one.
    """
    owner, left, right, y, below = sides.owner, sides.left, sides.right, sides.y, sides.below
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
