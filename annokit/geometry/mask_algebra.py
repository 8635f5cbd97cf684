"""Masks of one size joined, cut and compared by their run lengths; no pixel is decoded.

========================  ================================================================================
function                  what it gives
========================  ================================================================================
:func:`mask_union`        the pixels that at least one mask covers; also ``a | b``
:func:`mask_intersection` the pixels that all of them cover; also ``a & b``
:func:`mask_difference`   the pixels of one mask that none of others covers; also ``a - b``
:func:`mask_iou`          (n, m) intersection over union of two lists
========================  ================================================================================
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from annokit.errors import UsageError
from annokit.geometry import rle, runs
from annokit.geometry.mask import Mask


def mask_union(masks: Iterable[Mask]) -> Mask:
    """Return what at least one of some masks covers.

    Parameters
    ----------
    masks : iterable of Mask
        At least one, all of one size.

    Raises
    ------
    UsageError
        There is none, or they differ in size.
    FormatError
        The run lengths of one do not fit its size.
    """
    listed = _listed(masks)
    return _made(listed[0], runs.union([mask.counts for mask in listed]))


def mask_intersection(masks: Iterable[Mask]) -> Mask:
    """Return what all of some masks cover; parameters and errors as for :func:`mask_union`."""
    listed = _listed(masks)
    return _made(listed[0], runs.intersection([mask.counts for mask in listed]))


def mask_difference(mask: Mask, others: Iterable[Mask]) -> Mask:
    """Return what a mask covers and none of `others` does; errors as for :func:`mask_union`."""
    first, *listed = _listed([mask, *others])
    return _made(first, runs.difference(first.counts, [other.counts for other in listed]))


def mask_iou(a: Sequence[Mask], b: Sequence[Mask]) -> np.ndarray:
    """Return the intersection over union of each pair of two lists of masks, 0 where both are empty.

    Parameters
    ----------
    a, b : sequence of Mask
        n and m masks, all of one size; none is fine.

    Returns
    -------
    (n, m) float64 array

    Raises
    ------
    UsageError
        They differ in size.
    FormatError
        The run lengths of one do not fit its size.
    """
    left, right = list(a), list(b)
    if not left or not right:
        return np.zeros((len(left), len(right)))
    size = _listed([*left, *right])[0].size
    for mask in (*left, *right):
        rle.loads(mask.rle, size)
    found = runs.iou([mask.rle for mask in left], [mask.rle for mask in right], size)
    return np.asarray(np.nan_to_num(found, copy=False, nan=0.0))


def _listed(masks: Iterable[Mask]) -> list[Mask]:
    listed = list(masks)
    sizes = {tuple(mask.size) for mask in listed}
    if len(sizes) != 1:
        told = ", ".join(f"{width} x {height}" for height, width in sorted(sizes)) or "none"
        raise UsageError(f"expected masks of one size; found {told}")
    return listed


def _made(like: Mask, counts: np.ndarray) -> Mask:
    return Mask(like.size, rle.dumps(counts))
