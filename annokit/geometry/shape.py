"""What all shapes share: equality that looks into arrays, and the two questions that every shape answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import attrs
import numpy as np

if TYPE_CHECKING:
    from annokit.geometry.box import Box


def same(a: Any, b: Any) -> bool:
    """Return whether two field values are equal: arrays by value and shape, tuples one by one, NaN equals NaN."""
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return a is not None and b is not None and np.shape(a) == np.shape(b) and np.array_equal(a, b, equal_nan=True)
    if isinstance(a, tuple) and isinstance(b, tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return bool(a == b or (a != a and b != b))  # noqa: PLR0124 - NaN is the one value that differs from itself


class Value:
    """Equality by fields for frozen attrs classes that hold arrays."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        names = [field.name for field in attrs.fields(type(self))]  # type: ignore[arg-type] # all are attrs
        return all(same(getattr(self, name), getattr(other, name)) for name in names)

    __hash__ = None  # type: ignore[assignment] # holds arrays

    @classmethod
    def trusted(cls, *values: Any) -> Self:
        """Return a value made of all its fields, in their order, without checking any: they come from columns."""
        made = cls.__new__(cls)
        for put, value in zip(_setters(cls), values, strict=True):
            put(made, value)
        return made


_SETTERS: dict[type, tuple[Any, ...]] = {}


def _setters(kind: Any) -> tuple[Any, ...]:
    found = _SETTERS.get(kind)
    if found is None:
        found = _SETTERS[kind] = tuple(getattr(kind, field.name).__set__ for field in attrs.fields(kind))
    return found


class Shape(Value):
    """Base of all shapes of the plane; coordinates are fractions of the image's width and height.

    A constructor refuses what is no finite number by UsageError. Shapes out of a dataset say what the source says.
    """

    __slots__ = ()

    def bounds(self, aspect: float | None = None) -> Box:
        """Return the tightest upright box around the shape.

        Parameters
        ----------
        aspect : float, optional
            Width of the image divided by its height. Only a shape that is turned by something other than a multiple of
            180 degrees needs it (a quarter turn of a unit box depends on the image's form); in pixel numbers it is 1.

        Returns
        -------
        Box
            In the shape's own unit; NaN where the shape is empty.

        Raises
        ------
        UsageError
            The shape is turned and `aspect` is missing, or the shape has no place in the image.
        """
        raise NotImplementedError

    def to_pixels(self, width: float, height: float) -> Self:
        """Return the same shape with x multiplied by `width` and y by `height`."""
        raise NotImplementedError
