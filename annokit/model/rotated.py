"""Rotated boxes and ellipses out of their columns, whatever way the source states them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from annokit.columns import Fixed, Number, Struct
from annokit.columns.base import Array
from annokit.geometry.boxes import FORMS, convert
from annokit.geometry.rotation import from_corners
from annokit.model.bounds import in_unit, of_item
from annokit.model.schema import ELLIPSE_FORMS, ROTATED_FORMS, UNITS

if TYPE_CHECKING:
    from annokit.model.dataset import Dataset


def rotated(ds: Dataset, rows: Array, unit: str = "unit") -> Array:
    """Return rotated boxes, (k, 5) float64: cx, cy, width, height in `unit`, degrees clockwise.

    Raises
    ------
    MissingSizeError
        The other unit is asked for, or corners in fractions, and an item has no size.
    """
    fields = _fields(ds, "rotated", rows)
    numbers, form = _numbers(fields["numbers"]), _codes(fields["form"])
    item = ds._annotations.array("item")[rows]
    source = of_item(ds, "unit", item)
    found = np.empty((len(rows), 5))
    corners = form == ROTATED_FORMS.index("corners")
    plain = ~corners
    stated = np.where(
        form[plain] == ROTATED_FORMS.index("centre"), FORMS.index("cxcywh"), of_item(ds, "form", item[plain])
    )
    boxes = convert(numbers[plain, :4], stated, "cxcywh")
    found[plain, :4] = in_unit(ds, item[plain], boxes, source[plain], unit)
    angle = _numbers(fields["angle"])
    found[:, 4] = np.where(form == ROTATED_FORMS.index("radians"), np.degrees(angle), angle)
    if corners.any():
        pixels = in_unit(ds, item[corners], numbers[corners], source[corners], "pixel")
        fitted = from_corners(pixels.reshape(-1, 4, 2))
        found[corners, :4] = in_unit(ds, item[corners], fitted[:, :4], UNITS.index("pixel"), unit)
        found[corners, 4] = fitted[:, 4]
    return found


def ellipses(ds: Dataset, rows: Array, unit: str = "unit") -> Array:
    """Return ellipses, (k, 5) float64: cx, cy, rx, ry in `unit`, degrees clockwise.

    A circle's radius is a fraction of the width in both directions, so that its fractions need the item's size.
    """
    fields = _fields(ds, "ellipse", rows)
    numbers, form = _numbers(fields["numbers"]).copy(), _codes(fields["form"])
    item = ds._annotations.array("item")[rows]
    source = of_item(ds, "unit", item)
    numbers[:, 4] = np.nan_to_num(numbers[:, 4])
    circles = np.flatnonzero(form == ELLIPSE_FORMS.index("circle"))
    plain = np.flatnonzero(form != ELLIPSE_FORMS.index("circle"))
    numbers[plain, :4] = in_unit(ds, item[plain], numbers[plain, :4], source[plain], unit)
    if len(circles):
        numbers[circles, :4] = _circle_axes(ds, item[circles], numbers[circles], source[circles], unit)
    return numbers


def _circle_axes(ds: Dataset, item: Array, numbers: Array, source: Array, unit: str) -> Array:
    stretch = np.where(np.isnan(numbers[:, 3]), 1.0, numbers[:, 3])
    along_x = np.stack([numbers[:, 0], numbers[:, 1], numbers[:, 2], np.zeros(len(numbers))], axis=1)
    pixels = in_unit(ds, item, along_x, source, "pixel")
    pixels[:, 3] = pixels[:, 2] * stretch
    return in_unit(ds, item, pixels, UNITS.index("pixel"), unit)


def _fields(ds: Dataset, name: str, rows: Array) -> dict[str, object]:
    column = ds._annotations.sparse(name)
    assert column is not None
    chosen = column.values.take(column.slots_of(rows))
    assert isinstance(chosen, Struct)
    return dict(chosen.fields)


def _numbers(column: object) -> Array:
    assert isinstance(column, Number)
    return column.values


def _codes(column: object) -> Array:
    assert isinstance(column, Fixed)
    return column.values
