"""Outlines of a bitmap, along the edges of its pixels.

Pixels that touch by a side belong to one part (4-connectivity); pixels that touch by a corner alone do not, and the
background is connected across corners. Coordinates are continuous: the outline of the single pixel (row 2, column 3) is
(3, 2), (4, 2), (4, 3), (3, 3). Outer rings run clockwise on screen, holes the other way, and only true corners are
kept, so that rasterising the rings gives the very same bitmap.
"""

from __future__ import annotations

import numpy as np

Parts = tuple[tuple[np.ndarray, ...], ...]

_CORNER = np.array([bin(code).count("1") % 2 == 1 or code in (6, 9) for code in range(16)])
"""Whether the outline turns at a lattice point, by its four pixels: 1 top left, 2 top right, 4 and 8 below."""

_FALLING, _RISING = 9, 6
"""Two pixels that touch by a corner: top left and bottom right; top right and bottom left."""


def trace(bitmap: np.ndarray) -> Parts:
    """Return the outlines of what is not zero.

    Parameters
    ----------
    bitmap : (height, width) array
        Of any dtype.

    Returns
    -------
    tuple of tuples of (n, 2) float64 arrays
        One part per 4-connected region, from the top down: its outer ring, then its holes; pixels.
    """
    flags = np.asarray(bitmap) != 0
    origin, crop = _cropped(flags)
    if not crop.size:
        return ()
    points, across, by_column = _corners(crop)
    rings = _follow(across, _partners(by_column))
    return _parts(points, rings, by_column, crop, origin)


def _cropped(flags: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return ((x, y), pixels) of the tight box with a border of background."""
    rows, columns = np.flatnonzero(flags.any(axis=1)), np.flatnonzero(flags.any(axis=0))
    if not len(rows):
        return np.zeros(2), np.zeros((0, 0), np.uint8)
    inner = flags[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return np.array([columns[0], rows[0]], np.float64), np.pad(inner.astype(np.uint8), 1)


def _corners(crop: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find the corners and link them.

    Returns
    -------
    points : (n, 2) int64 array
        (x, y) of each corner, row by row; where two pixels touch by a corner there are two at one place.
    across : (n,) int64 array
        The corner at the other end of its horizontal edge.
    by_column : (n,) int64 array
        The corners column by column, downwards: first and second share an upright edge, third and fourth, and so on.
    """
    code = crop[:-1, :-1] | crop[:-1, 1:] << 1 | crop[1:, :-1] << 2 | crop[1:, 1:] << 3
    found = np.flatnonzero(_CORNER[code])
    kind = code.reshape(-1)[found]
    twice = (kind == _FALLING) | (kind == _RISING)
    copies = np.repeat(np.arange(len(found)), 1 + twice)
    y, x = np.divmod(found[copies], code.shape[1])
    ids = np.arange(len(copies))
    second = np.concatenate([[False], copies[1:] == copies[:-1]])
    # Of two corners at one place the first has the edge to the left, the second the edge to the right. Going down the
    # column, the edge upwards comes first: with pixels top left and bottom right it is the first's, else the second's.
    turned = second ^ (kind[copies] == _RISING)
    return np.stack([x, y], axis=1), ids ^ 1, np.argsort((x * code.shape[0] + y) * 2 + turned, kind="stable")


def _partners(order: np.ndarray) -> np.ndarray:
    """Return for every corner the one that shares a pair with it, pairs being neighbours in `order`."""
    out = np.empty(len(order), np.int64)
    out[order[0::2]] = order[1::2]
    out[order[1::2]] = order[0::2]
    return out


def _follow(across: np.ndarray, down: np.ndarray) -> list[list[int]]:
    """Return the rings as lists of corners, each from its topmost, leftmost corner to the right."""
    right, below = across.tolist(), down.tolist()
    seen = bytearray(len(right))
    rings = []
    for start in range(len(right)):
        if seen[start]:
            continue
        ring: list[int] = []
        corner = start
        while not seen[corner]:
            other = right[corner]
            seen[corner] = seen[other] = 1
            ring += (corner, other)
            corner = below[other]
        rings.append(ring)
    return rings


def _parts(
    points: np.ndarray, rings: list[list[int]], by_column: np.ndarray, crop: np.ndarray, origin: np.ndarray
) -> Parts:
    """Sort rings into parts: a hole belongs to the region of the pixel above its topmost, leftmost corner."""
    starts = points[[ring[0] for ring in rings]]
    hole = crop[starts[:, 1] + 1, starts[:, 0] + 1] == 0
    owner = list(range(len(rings)))
    if hole.any():
        before = _left_neighbours(points, rings, by_column, crop, starts[hole])
        for i, neighbour in zip(np.flatnonzero(hole).tolist(), before, strict=True):
            owner[i] = owner[neighbour]
    parts: dict[int, list[np.ndarray]] = {}
    for i, ring in enumerate(rings):
        order = [ring[0], *ring[:0:-1]] if hole[i] else ring
        parts.setdefault(owner[i], []).append(points[order] + origin)
    return tuple(tuple(part) for part in parts.values())


def _left_neighbours(
    points: np.ndarray, rings: list[list[int]], by_column: np.ndarray, crop: np.ndarray, starts: np.ndarray
) -> list[int]:
    """Return for every hole the ring where its region ends, going left from the pixel above the hole's first corner.

    It is the region's outer ring, or another of its holes that begins higher up.
    """
    ring_of = np.empty(len(points), np.int64)
    ring_of[np.concatenate(rings)] = np.repeat(np.arange(len(rings)), [len(ring) for ring in rings])
    tall = crop.shape[0]
    keys = points[by_column, 0] * tall + points[by_column, 1]
    left = np.array([np.flatnonzero(crop[y, : x + 1] == 0)[-1] for x, y in starts.tolist()])
    upper = np.searchsorted(keys, left * tall + starts[:, 1] - 1, "right") - 1
    return list(ring_of[by_column[upper]].tolist())
