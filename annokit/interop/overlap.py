"""How much of two annotations of one picture is common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.errors import MissingSizeError
from annokit.model.bounds import boxes
from annokit.model.schema import KIND_CODE

if TYPE_CHECKING:
    from annokit.model.dataset import Dataset

Array = np.ndarray[Any, Any]

OUTLINED = tuple(KIND_CODE[kind] for kind in ("rotated_box", "ellipse", "polygon", "mask"))
"""Kinds whose area is less than that of their bounds."""

THIN = tuple(KIND_CODE[kind] for kind in ("point", "polyline", "keypoints"))
"""Kinds that cover no area."""


def overlaps(ds: Dataset, a: Array, b: Array, reach: float) -> Array:
    """Return the intersection over union of annotations `a` and `b`, pair by pair.

    Areas with an outline are compared pixel by pixel, everything else by its bounds.

    Parameters
    ----------
    ds : Dataset
        Where the annotations stand.
    a, b : (k,) int64 arrays
        Annotation rows; those of a pair lie on pictures of one size.
    reach : float
        Fraction of the picture by which bounds of points and lines are widened on each side.

    Returns
    -------
    (k,) float64 array
        0 to 1.

    Raises
    ------
    MissingSizeError
        An outline lies on a picture of unknown size.
    """
    from annokit.geometry.boxes import pairwise_iou

    meant = np.zeros(len(ds._annotations), bool)
    meant[a] = meant[b] = True
    place = meant.cumsum() - 1
    bounds = _bounds(ds, np.flatnonzero(meant), reach)
    found = np.nan_to_num(pairwise_iou(bounds[place[a]], bounds[place[b]]))
    kind = ds._annotations.array("kind")
    outlined = np.isin(kind[a], OUTLINED) & np.isin(kind[b], OUTLINED) & (found > 0)
    if outlined.any():
        chosen = np.flatnonzero(outlined)
        found[chosen] = _pixelwise(ds, a[chosen], b[chosen])
    return np.asarray(found)


def _bounds(ds: Dataset, rows: Array, reach: float) -> Array:
    try:
        found = boxes(ds, rows, "xyxy", "unit")
    except MissingSizeError:
        return boxes(ds, rows, "xyxy", "source")
    thin = np.isin(ds._annotations.array("kind")[rows], THIN)
    found[thin] += np.array([-reach, -reach, reach, reach])
    return found


def _pixelwise(ds: Dataset, a: Array, b: Array) -> Array:
    """Return the overlaps of outlines, picture by picture."""
    item = ds._annotations.array("item")[a]
    found = np.empty(len(a))
    order = item.argsort(kind="stable")
    for pairs in np.split(order, np.flatnonzero(np.diff(item[order])) + 1):
        size = _size(ds, int(item[pairs[0]]))
        left, x = np.unique(a[pairs], return_inverse=True)
        right, y = np.unique(b[pairs], return_inverse=True)
        found[pairs] = _table(ds, left, right, size)[x, y]
    return found


def _table(ds: Dataset, left: Array, right: Array, size: tuple[int, int]) -> Array:
    from annokit.geometry import rle, runs
    from annokit.model.pixels import runs_of

    def strings(rows: Array) -> list[bytes]:
        counts, offsets = runs_of(ds, rows, size)
        parts = np.split(counts, offsets[1:-1])
        return [rle.dumps(part if len(part) else np.array([size[0] * size[1]])) for part in parts]

    return runs.iou(strings(left), strings(right), size)


def _size(ds: Dataset, item: int) -> tuple[int, int]:
    width, height = ds._size_of_item(item)
    if width <= 0 or height <= 0:
        raise MissingSizeError.of(str(ds._items.value("name", item)))
    return int(height), int(width)
