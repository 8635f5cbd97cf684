"""Boxes of annotations in any form and unit: the one way to the raw box numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from annokit.columns import Number, Ragged, Sparse
from annokit.columns.base import Array
from annokit.errors import MissingSizeError, UsageError
from annokit.geometry.boxes import FORMS, convert
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
    missing = np.isnan(stated[:, 0])
    if not missing.any():
        return _restated(ds, item, stated, form, unit)
    known, rest = np.flatnonzero(~missing), np.flatnonzero(missing)
    found = np.empty((len(rows), 4))
    found[known] = _restated(ds, item[known], stated[known], form, unit)
    found[rest] = convert(shape_bounds(ds, rows[rest], unit), "xyxy", form)
    return found


def _restated(ds: Dataset, item: Array, numbers: Array, form: str, unit: str) -> Array:
    found = convert(numbers, of_item(ds, "form", item), form)
    return in_unit(ds, item, found, of_item(ds, "unit", item), unit)


def boxes_of_item(ds: Dataset, row: int, form: str = "xyxy", unit: str = "unit") -> Array:
    """Return the boxes of one item's annotations as :func:`boxes` does, but without arrays of codes."""
    column = ds._annotations.get("box")
    raw = column.values[ds._place(row)] if isinstance(column, Number) else None
    if raw is None or form not in FORM_CHOICES or unit not in UNIT_CHOICES or np.isnan(raw[:, 0]).any():
        return boxes(ds, ds._rows_of_item(row), form, unit)
    own = FORMS[ds._items.array("form")[row]]
    found: Array = raw.copy() if own == form else _CORNERS.get((own, form), convert)(raw, own, form)
    code = ds._items.array("unit")[row]
    if unit == "source" or not len(found) or UNITS[code] == unit:
        return found
    factor = np.array(ds._size_of_item(row) * 2)
    return np.asarray(found * factor if unit == "pixel" else found / factor)


def _from_corner(numbers: Array, *_: str) -> Array:
    found = numbers.copy()
    found[:, 2:] += found[:, :2]
    return found


def _from_centre(numbers: Array, *_: str) -> Array:
    centre, half = numbers[:, :2], numbers[:, 2:] / 2
    return np.concatenate([centre - half, centre + half], axis=1)


_CORNERS = {("xywh", "xyxy"): _from_corner, ("cxcywh", "xyxy"): _from_centre}
"""The two conversions that training asks for at every step, without the checks of arrays of codes."""


def stated_boxes(ds: Dataset, rows: Array) -> Array:
    """Return the raw numbers of the stated boxes, (k, 4) float64, NaN where none is stated; a copy."""
    column = ds._annotations.get("box")
    if isinstance(column, Number):
        return column.values.take(rows, axis=0)
    return np.full((len(rows), 4), np.nan)


def in_unit(
    ds: Dataset, item: Array, numbers: Array, source: Array | int, unit: str, repeats: Array | None = None
) -> Array:
    """Return coordinates or sizes x, y, x, y ... of the items `item` in `unit`.

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
    repeats : (k,) int array, optional
        How many rows of `numbers` there are for each row of `item` and `source`; by default one.

    Returns
    -------
    array of the shape of `numbers`
        `numbers` itself where every row is in the wanted unit already.

    Raises
    ------
    MissingSizeError
        A row has another unit, and its item no size.
    """
    if not len(numbers):
        return numbers
    wanted = of_item(ds, "unit", item) if unit == "source" else np.uint8(UNITS.index(unit))
    other = np.broadcast_to(np.not_equal(source, wanted), item.shape)
    if repeats is not None:
        other = other & (repeats > 0)
    rows = np.flatnonzero(other)
    if not len(rows):
        return numbers
    factor = sizes(ds, item[rows])
    grows = np.broadcast_to(wanted, item.shape)[rows] == UNITS.index("pixel")
    if repeats is not None:
        factor, grows = factor.repeat(repeats[rows], axis=0), grows.repeat(repeats[rows])
    if len(factor) == len(numbers):
        return _rescaled(numbers, factor, grows)
    changed = numbers.copy()
    where = rows if repeats is None else np.flatnonzero(other.repeat(repeats))
    changed[where] = _rescaled(numbers[where], factor, grows)
    return changed


def _rescaled(numbers: Array, factor: Array, grows: Array) -> Array:
    """Return (k, 2j) numbers times (k, 2) factors where they grow, else divided by them; `factor` is overwritten."""
    if numbers.shape[1] > 2:
        factor = np.tile(factor, numbers.shape[1] // 2)
    if not grows.any():
        return np.divide(numbers, factor, out=factor)
    if grows.all():
        return np.multiply(numbers, factor, out=factor)
    return np.where(grows[:, None], numbers * factor, numbers / factor)


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
    size = ds._items.array("size")
    unknown = np.asarray((size <= 0).any(axis=1))
    if unknown.any() and unknown[item].any():
        raise MissingSizeError.of(str(ds._items.value("name", int(item[unknown[item].argmax()]))))
    return np.asarray(size.astype(np.float64).take(item, axis=0))


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
