"""Polygons and boxes to pixels, as pycocotools decides them, with holes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from annokit.errors import FormatError, UsageError
from annokit.geometry import ragged, rle, runs
from annokit.limits import DEFAULT_LIMITS, Limits

Size = tuple[int, int]
Parts = Sequence[Sequence[np.ndarray]]

_FAR = 3
"""How many image sizes, and a thousand pixels, beyond the frame a ring may reach: the C code walks along every edge."""


_HUGE = 1e15
"""Coordinates beyond have no fractions left; they are set to it, so that cutting can't overflow."""


def polygons(shapes: Sequence[Parts], size: Size, limits: Limits = DEFAULT_LIMITS) -> tuple[np.ndarray, np.ndarray]:
    """Rasterise polygons.

    Parameters
    ----------
    shapes : sequence of parts
        Each shape is parts, a part is rings, a ring (n, 2) float64 in pixels: the outer ring, then its holes.
    size : (int, int)
        Height and width of the image.
    limits : Limits, optional
        The bounds; ``pixels`` is used.

    Returns
    -------
    counts : (k,) int64 array
        Run lengths of each shape. Without holes they equal pycocotools' merge of the rings; a hole's pixels, decided
        the same way, are taken out of its own part only. A ring of fewer than three points covers nothing.
    offsets : (n + 1,) int64 array
        Where each shape's run lengths begin.

    Raises
    ------
    UsageError
        The size is not positive or exceeds the limit.
    FormatError
        A coordinate is not finite.
    """
    _check(size, limits)
    plain = [ring for parts in shapes for part in parts for ring in part]
    counts, offsets = _rings(plain, size, limits)
    if all(len(parts) == 1 and len(parts[0]) == 1 for parts in shapes):
        return counts, offsets
    each = iter(np.split(counts, offsets[1:-1]) if plain else [])
    combined = [_combine([[next(each) for _ in part] for part in parts], size) for parts in shapes]
    return ragged.pack(combined, np.int64)


def polygon_rle(parts: Parts, size: Size) -> bytes:
    """Return the compressed run lengths of one polygon given in pixels."""
    counts, _ = polygons([parts], size)
    return rle.dumps(counts)


def boxes(rows: np.ndarray, size: Size, limits: Limits = DEFAULT_LIMITS) -> tuple[np.ndarray, np.ndarray]:
    """Return (counts, offsets) of (n, 4) xyxy boxes in pixels; pycocotools decides the same pixels."""
    _check(size, limits)
    left, top, right, bottom = np.asarray(rows, np.float64).reshape(-1, 4).T
    return _rings(
        np.stack([left, top, left, bottom, right, bottom, right, top], axis=-1).reshape(-1, 4, 2), size, limits
    )


def _check(size: Size, limits: Limits) -> None:
    height, width = size
    if height < 1 or width < 1 or height * width > limits.pixels:
        raise UsageError(f"an image of {width} x {height} pixels is empty or above the limit of {limits.pixels} pixels")


def _rings(given: Iterable[np.ndarray], size: Size, limits: Limits) -> tuple[np.ndarray, np.ndarray]:
    """Return (counts, offsets) of single rings."""
    from pycocotools import mask as coco

    height, width = size
    ready = [_near(np.asarray(ring, np.float64), size) for ring in given]
    real = np.array([len(ring) > 2 for ring in ready], bool)
    flat = [ring.reshape(-1) for ring, has in zip(ready, real.tolist(), strict=True) if has]
    texts = [part["counts"] for part in coco.frPyObjects(flat, height, width)] if flat else []
    sizes = np.broadcast_to(np.array(size), (len(texts), 2))
    data = np.frombuffer(b"".join(texts), np.uint8)
    counts, offsets, _ = rle.parse(data, ragged.offsets_of([len(text) for text in texts]), sizes, limits)
    if real.all():
        return counts, offsets
    lengths = np.ones(len(real), np.int64)
    lengths[real] = np.diff(offsets)
    out_offsets = ragged.offsets_of(lengths)
    out = np.full(out_offsets[-1], height * width, np.int64)
    out[np.repeat(real, lengths)] = counts
    return out, out_offsets


def _combine(parts: Sequence[Sequence[np.ndarray]], size: Size) -> np.ndarray:
    filled = [runs.difference(part[0], part[1:]) if len(part) > 1 else part[0] for part in parts if len(part)]
    if not filled:
        return np.array([size[0] * size[1]])
    return filled[0] if len(filled) == 1 else runs.union(filled)


def _near(ring: np.ndarray, size: Size) -> np.ndarray:
    """Return the ring itself, or cut where it lies far outside: pixels inside the image stay the same."""
    if len(ring) < 3:
        return ring
    low, high = ring.min(axis=0), ring.max(axis=0)
    if not (np.isfinite(low).all() and np.isfinite(high).all()):
        raise FormatError("a ring can't be turned into pixels", found="a coordinate that is not finite")
    reach = np.array([size[1], size[0]]) * _FAR + 1_000.0
    if (low < -_HUGE).any() or (high > _HUGE).any():
        ring = np.clip(ring, -_HUGE, _HUGE)
    for axis in (0, 1):
        if low[axis] < -reach[axis]:
            ring = _cut(ring, axis, -reach[axis], 1.0)
        if high[axis] > reach[axis]:
            ring = _cut(ring, axis, reach[axis], -1.0)
    return ring


def _cut(ring: np.ndarray, axis: int, limit: float, sign: float) -> np.ndarray:
    """Cut a ring at a line (Sutherland and Hodgman): keep what lies beyond `limit` on `axis`, towards `sign`."""
    depth = (ring[:, axis] - limit) * sign
    after, depth_after = np.roll(ring, -1, axis=0), np.roll(depth, -1)
    inside, inside_after = depth >= 0, depth_after >= 0
    span = np.where(inside != inside_after, depth - depth_after, 1.0)
    crossing = ring + (after - ring) * (depth / span)[:, None]
    crossing[:, axis] = limit
    both = np.stack([ring, crossing], axis=1).reshape(-1, 2)
    return np.asarray(both[np.stack([inside, inside != inside_after], axis=1).reshape(-1)])
