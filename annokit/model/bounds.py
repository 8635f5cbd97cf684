"""Boxes of annotations in any form and unit: the one way to the raw box numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from annokit.columns import Number, Ragged, Sparse
from annokit.columns.base import Array
from annokit.errors import MissingSizeError, UsageError
from annokit.geometry.boxes import convert
from annokit.model.schema import KIND_CODE, UNITS

if TYPE_CHECKING:
    from annokit.model.dataset import Dataset

Bounds = tuple[Array, int | None]
"""Boxes (k, 4) xyxy, and the code of their unit, None for the item's own."""

UNIT_CHOICES = (*UNITS, "source")
FORM_CHOICES = ("xyxy", "xywh", "cxcywh")


def boxes(ds: Dataset, rows: Array, form: str = "xyxy", unit: str = "unit") -> Array:
    """Return the boxes of annotation `rows`.

    Parameters
    ----------
    ds : Dataset
        Where they stand.
    rows : (k,) int64 array
        Annotation rows.
    form : {"xyxy", "xywh", "cxcywh"}
        Corners, corner and size, or centre and size.
    unit : {"unit", "pixel", "source"}
        Fractions, pixels, or each item's own unit, without arithmetic on units.

    Returns
    -------
    (k, 4) float64 array
        The stated box, else the bounds of the shape, else NaN.
    """
    if form not in FORM_CHOICES or unit not in UNIT_CHOICES:
        raise UsageError(f"form {form!r}, unit {unit!r}: form is one of {FORM_CHOICES}, unit one of {UNIT_CHOICES}")
    item = ds._annotations.array("item")[rows]
    stated = stated_boxes(ds, rows)
    known = ~np.isnan(stated[:, 0])
    found = np.full((len(rows), 4), np.nan)
    found[known] = convert(stated[known], of_item(ds, "form", item[known]), form)
    found[known] = in_unit(ds, item[known], found[known], of_item(ds, "unit", item[known]), unit)
    rest = np.flatnonzero(~known)
    if len(rest):
        found[rest] = convert(shape_bounds(ds, rows[rest], unit), "xyxy", form)
    return found


def stated_boxes(ds: Dataset, rows: Array) -> Array:
    """Return the raw numbers of the stated boxes, (k, 4) float64, NaN where none is stated."""
    column = ds._annotations.get("box")
    if isinstance(column, Number):
        return column.values[rows]
    return np.full((len(rows), 4), np.nan)


def in_unit(ds: Dataset, item: Array, numbers: Array, source: Array | int, unit: str) -> Array:
    """Return (k, 2j) coordinates or sizes x, y, x, y ... of the items `item` in `unit`.

    Parameters
    ----------
    ds : Dataset
        Knows the sizes.
    item : (k,) int array
        Item of each row.
    numbers : (k, 2j) float64 array
        Coordinates in `source`, alternately along x and y.
    source : (k,) uint8 array or int
        Unit codes.
    unit : {"unit", "pixel", "source"}
        Wanted unit; ``source`` is that of each item.

    Returns
    -------
    (k, 2j) float64 array
        `numbers` itself where every row is in the wanted unit already.

    Raises
    ------
    MissingSizeError
        A row has another unit, and its item no size.
    """
    if not len(numbers):
        return numbers
    wanted = of_item(ds, "unit", item) if unit == "source" else UNITS.index(unit)
    other = np.broadcast_to(np.asarray(source) != wanted, len(item))
    if not other.any():
        return numbers
    factor = np.tile(sizes(ds, item[other]), numbers.shape[1] // 2)
    grows = np.broadcast_to(wanted, len(item))[other] == UNITS.index("pixel")
    changed = numbers.copy()
    changed[other] = np.where(grows[:, None], changed[other] * factor, changed[other] / factor)
    return changed


def of_item(ds: Dataset, name: str, item: Array) -> Array:
    """Return the codes ``unit``, ``form`` or ``time_unit`` of `item` rows; a row without item states xyxy in pixels."""
    codes = ds._items.array(name)
    if len(item) and int(item.min()) < 0:
        codes = np.append(codes, np.uint8(name == "unit"))
    return codes[item]


def sizes(ds: Dataset, item: Array) -> Array:
    """Return (k, 2) float64 width and height of `item` rows; MissingSizeError names the first unknown one."""
    if len(item) and int(item.min()) < 0:
        raise MissingSizeError.of("(none)")
    size = ds._items.array("size")[item]
    unknown = np.flatnonzero((size <= 0).any(axis=1))
    if len(unknown):
        raise MissingSizeError.of(str(ds._items.value("name", int(item[unknown[0]]))))
    return size.astype(np.float64)


def shape_bounds(ds: Dataset, rows: Array, unit: str = "unit") -> Array:
    """Return the bounds of the shapes of annotation `rows`, (k, 4) xyxy in `unit`, NaN where there is no shape."""
    kind = ds._annotations.array("kind")[rows]
    item = ds._annotations.array("item")[rows]
    source = of_item(ds, "unit", item)
    found = np.full((len(rows), 4), np.nan)
    for name, bounds_of in _BOUNDS.items():
        chosen = np.flatnonzero(kind == KIND_CODE[name])
        if len(chosen):
            box, code = bounds_of(ds, rows[chosen], item[chosen])
            found[chosen] = in_unit(ds, item[chosen], box, source[chosen] if code is None else code, unit)
    return found


def _point_bounds(ds: Dataset, rows: Array, _: Array) -> Bounds:
    from annokit.geometry.rings import bounds
    from annokit.model.shapes import rings_of

    points, rings, parts, shapes = rings_of(ds, rows, "source")
    return bounds(points, rings[parts[shapes]]), None


def _keypoint_bounds(ds: Dataset, rows: Array, _: Array) -> Bounds:
    from annokit.geometry.rings import bounds

    column = _column(ds, "keypoints")
    joints = column.values.take(column.slots_of(rows))
    assert isinstance(joints, Ragged)
    assert isinstance(joints.values, Number)
    numbers, offsets = joints.values.values, joints.bounds()
    seen = numbers[:, 2] > 0
    return bounds(numbers[seen, :2], np.concatenate([[0], seen.cumsum()])[offsets]), None


def _rotated_bounds(ds: Dataset, rows: Array, item: Array) -> Bounds:
    from annokit.geometry.rotation import box_bounds
    from annokit.model.rotated import rotated

    return box_bounds(rotated(ds, rows, "pixel")), UNITS.index("pixel")


def _ellipse_bounds(ds: Dataset, rows: Array, item: Array) -> Bounds:
    from annokit.geometry.rotation import ellipse_bounds
    from annokit.model.rotated import ellipses

    return ellipse_bounds(ellipses(ds, rows, "pixel")), UNITS.index("pixel")


def _mask_bounds(ds: Dataset, rows: Array, _: Array) -> Bounds:
    from annokit.model.masks import mask_bounds

    return mask_bounds(ds, rows), UNITS.index("pixel")


def _cuboid_bounds(ds: Dataset, rows: Array, _: Array) -> Bounds:
    column = _column(ds, "cuboid")
    found = np.full((len(rows), 4), np.nan)
    for place, value in enumerate(column.values_of(rows)):
        if value.get("corners") is not None:
            points = np.array(value["corners"], np.float64)
            found[place] = [*points.min(axis=0), *points.max(axis=0)]
    return found, None


_BOUNDS = {
    "rotated_box": _rotated_bounds,
    "ellipse": _ellipse_bounds,
    "polygon": _point_bounds,
    "polyline": _point_bounds,
    "point": _point_bounds,
    "keypoints": _keypoint_bounds,
    "mask": _mask_bounds,
    "cuboid": _cuboid_bounds,
}


def _column(ds: Dataset, name: str) -> Sparse:
    column = ds._annotations.sparse(name)
    assert column is not None
    return column
