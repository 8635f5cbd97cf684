"""Outlines of many masks at once, straight from their run lengths.

They are the rings of :func:`annokit.geometry.trace.trace`, at a cost that grows with the runs instead of the pixels.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import attrs
import numpy as np

from annokit.geometry.ragged import offsets_of, take
from annokit.geometry.run_sides import Array, Pieces, Sides, stable_order

BLOCK = 1 << 16
"""Run lengths looked at together."""


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
    points, sizes, holes, per_mask = [], [], [], []
    for block in _blocks(counts, offsets, heights):
        found = _Rings.of(Sides.of(Pieces.of(*block)))
        points.append(found.points)
        sizes.append(np.diff(found.offsets))
        holes.append(found.holes)
        per_mask.append(np.bincount(found.owner, minlength=len(block[2])))
    marks = np.concatenate([np.zeros(0, bool), *holes])
    return _joined(points), _offsets(sizes), _offsets(per_mask), marks


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
    points, sizes, per_part, per_mask = [], [], [], []
    for block in _blocks(counts, offsets, heights):
        pieces = Pieces.of(*block)
        sides = Sides.of(pieces)
        found = _Rings.of(sides)
        outer = np.flatnonzero(~found.holes)
        region = _regions(pieces, sides, found)
        ends, index = take(found.offsets, np.argsort(region, kind="stable"))
        points.append(found.points[index])
        sizes.append(np.diff(ends))
        per_part.append(np.bincount(region, minlength=len(region))[outer])
        per_mask.append(np.bincount(found.owner[outer], minlength=len(block[2])))
    return _joined(points), _offsets(sizes), _offsets(per_part), _offsets(per_mask)


def _blocks(counts: Array, offsets: Array, heights: Array) -> Iterator[tuple[Array, Array, Array]]:
    """Yield the run lengths, offsets and heights of some masks at a time."""
    cuts = np.searchsorted(offsets, np.arange(offsets[0] + BLOCK, offsets[-1], BLOCK))
    edges = np.unique(np.concatenate([[0], cuts, [len(offsets) - 1]])).tolist()
    for start, stop in pairwise(edges):
        own = offsets[start : stop + 1]
        yield counts[own[0] : own[-1]], own - own[0], heights[start:stop]


def _joined(points: list[Array]) -> Array:
    return points[0] if len(points) == 1 else np.concatenate([np.zeros((0, 2)), *points])


def _offsets(sizes: list[Array]) -> Array:
    return offsets_of(np.concatenate([np.zeros(0, np.int64), *sizes]))


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

    of_side: Array
    """(e,) int64 ring of each side."""

    @classmethod
    def of(cls, sides: Sides) -> _Rings:
        """Follow the sides around every ring, the foreground to the right."""
        first, rank = _walked(_partners(sides)[2 * np.arange(len(sides.y)) + sides.below] >> 1)
        starts = np.flatnonzero(first == np.arange(len(first)))
        ring = np.zeros(len(first), np.int64)
        ring[starts] = np.arange(len(starts))
        ring = ring[first]
        size = 2 * np.bincount(ring, minlength=len(starts))
        ends = offsets_of(size)
        holes = ~sides.below[starts]
        place = 2 * rank - holes[ring]  # a hole begins at the far end of its first side
        place[place < 0] += size[ring][place < 0]
        place += ends[:-1][ring]
        beyond = ends[:-1][ring] + (2 * rank + ~holes[ring])
        points = np.empty((2 * len(first), 2))
        points[place, 0] = np.where(sides.below, sides.left, sides.right)
        points[beyond, 0] = np.where(sides.below, sides.right, sides.left)
        points[place, 1] = points[beyond, 1] = sides.y
        return cls(points, ends, sides.owner[starts], holes, ring)


def _partners(sides: Sides) -> Array:
    """Return for every corner, two a side, the one at the other end of its upright side.

    Where two sides meet at a point, their upright sides go different ways: that up belongs to the left side where the
    foreground lies above that, else to the right one.
    """
    meets = (sides.owner[1:] == sides.owner[:-1]) & (sides.y[1:] == sides.y[:-1]) & (sides.left[1:] == sides.right[:-1])
    turned = np.flatnonzero(meets & sides.below[:-1])
    corners = np.arange(2 * len(sides.y))
    corners[2 * turned + 1], corners[2 * turned + 2] = 2 * turned + 2, 2 * turned + 1
    x = np.column_stack([sides.left, sides.right]).reshape(-1)
    order = corners[stable_order(sides.owner.repeat(2), x)]
    out = np.empty(len(order), np.int64)
    out[order[0::2]] = order[1::2]
    out[order[1::2]] = order[0::2]
    return out


def _walked(following: Array) -> tuple[Array, Array]:
    """Return the first of each cycle of a permutation, and how many steps lie between that and each element.

    Steps double from round to round, so that a cycle takes as many rounds as its length has bits.
    """
    own = np.arange(len(following))
    first, jump = own, following
    while True:
        least = np.minimum(first, first[jump])
        if (least == first).all():
            break
        first, jump = least, jump[jump]
    left = (own != first).astype(np.int64)
    jump = np.where(left == 0, own, following)
    while True:
        more = left[jump]
        if not more.any():
            break
        left += more
        jump = jump[jump]
    count = np.bincount(first, minlength=len(own))[first]
    return first, np.where(left == 0, 0, count - left)


def _regions(pieces: Pieces, sides: Sides, rings: _Rings) -> Array:
    """Return for every ring the outer ring of its region.

    The pixel above a hole's first corner is the last of a piece. The piece's upper end lies on an outline of the same
    region that begins higher up: the outer ring, or another hole, of which the same holds.
    """
    region = np.arange(len(rings.owner))
    holes = np.flatnonzero(rings.holes)
    corner, mask = rings.points[rings.offsets[holes]].astype(np.int64), rings.owner[holes]
    own, wanted = _keys((pieces.owner, pieces.x, pieces.bottom), (mask, corner[:, 0], corner[:, 1]))
    above = np.searchsorted(own, wanted)
    own, wanted = _keys((sides.owner, sides.y, sides.left), (mask, pieces.top[above], corner[:, 0]))
    region[holes] = rings.of_side[np.searchsorted(own, wanted, "right") - 1]
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
