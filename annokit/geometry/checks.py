"""What the constructors of shapes check, so that a wrong value is refused where it is given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np

from annokit.errors import UsageError
from annokit.geometry import points as _points

MOST = 1 << 1023
"""Whole numbers beyond this are no float."""


def finite(shape: Any, *values: Any) -> None:
    """Refuse a shape whose fields, here in their order, are not finite numbers; numpy's become Python's.

    Raises
    ------
    UsageError
        It names the field.
    """
    for value in values:
        if type(value) is not float or value - value != 0:
            _settle(shape, values)
            return


def _settle(shape: Any, values: tuple[Any, ...]) -> None:
    for field, value in zip(attrs.fields(type(shape)), values, strict=False):
        number = value.item() if isinstance(value, np.number) else value
        if not _is_number(number):
            raise UsageError(f"{field.name} of a {type(shape).__name__} is a finite number, got {short(value)}")
        if number is not value:
            object.__setattr__(shape, field.name, number)


def _is_number(value: Any) -> bool:
    if type(value) is float:
        return value - value == 0
    return type(value) is int and -MOST < value < MOST


def optional(shape: Any, name: str, value: Any, kind: type) -> None:
    """Refuse a field that is neither None nor a finite number of a kind; a whole number is a float, too."""
    if value is None:
        return
    number = value.item() if isinstance(value, np.number) else value
    if not _is_number(number) or (kind is int and type(number) is not int):
        what = "a whole number" if kind is int else "a finite number"
        raise UsageError(f"{name} of a {type(shape).__name__} is {what} or None, got {short(value)}")
    if number is not value:
        object.__setattr__(shape, name, number)


def points(values: Any, columns: Sequence[int] = (2,)) -> np.ndarray:
    """Return `values` as a (n, k) float64 array, k one of `columns`; UsageError where they are no finite numbers."""
    right = isinstance(values, np.ndarray) and values.dtype == np.float64 and values.ndim == 2
    found = values if right and values.shape[1] in columns else _points.checked(values, columns)
    if not np.isfinite(found).all():
        raise UsageError(f"points are finite numbers, got {short(found[~np.isfinite(found).all(axis=1)][0].tolist())}")
    return found


def line(values: Any) -> np.ndarray:
    """Return `values` as (n, 2) or (n, 3) points; see :func:`points`."""
    return points(values, (2, 3))


def parts(values: Any) -> tuple[tuple[np.ndarray, ...], ...]:
    """Return parts of rings as tuples of (n, 2) float64 arrays; UsageError where they are something else."""
    if not isinstance(values, tuple | list) or not all(isinstance(part, tuple | list) for part in values):
        raise UsageError(f"parts of a Polygon are a tuple of tuples of rings, got {short(values)}; see Polygon.of")
    return tuple(tuple(points(ring) for ring in part) for part in values)


def visibility(values: Any, count: int) -> np.ndarray:
    """Return the visibility of `count` joints as an array of 0, 1 and 2; UsageError where it is something else."""
    try:
        found = np.asarray(values)
    except ValueError:
        found = np.zeros(0, object)
    if found.shape != (count,) or (count and found.dtype.kind not in "iu") or not np.isin(found, (0, 1, 2)).all():
        raise UsageError(f"visibility is {count} numbers out of 0, 1, 2, got {short(values)}")
    return found


def mask_size(value: Any) -> tuple[int, int]:
    """Return (height, width) of a mask as whole numbers; UsageError where it is something else."""
    sides = tuple(value.tolist() if isinstance(value, np.ndarray) else value) if _is_listed(value) else ()
    found = tuple(side.item() if isinstance(side, np.integer) else side for side in sides)
    if len(found) != 2 or any(type(side) is not int or side < 0 for side in found):
        raise UsageError(f"the size of a Mask is (height, width) in pixels, got {short(value)}")
    return found


def _is_listed(value: Any) -> bool:
    return isinstance(value, tuple | list) or (isinstance(value, np.ndarray) and value.ndim == 1)


def run_lengths(value: Any) -> bytes:
    """Return compressed run lengths as bytes; UsageError where they are something else."""
    if isinstance(value, str):
        return value.encode("ascii", "replace")
    if not isinstance(value, bytes | bytearray):
        raise UsageError(f"rle of a Mask is COCO's compressed text, got {short(value)}; see Mask.encode")
    return bytes(value)


def short(value: Any) -> str:
    """Return the repr of a value, cut off where it is long."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else f"{text[:57]}..."
