"""Polygons with several parts and with holes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import attrs
import numpy as np

from annokit.errors import UsageError
from annokit.geometry import checks
from annokit.geometry import points as _points
from annokit.geometry import rings as _rings
from annokit.geometry.box import Box
from annokit.geometry.shape import Shape

if TYPE_CHECKING:
    from annokit.geometry.mask import Mask

Part = tuple[np.ndarray, ...]


@attrs.frozen(eq=False)
class Polygon(Shape):
    """One object made of one or more parts, each with any number of holes.

    Rings are not closed (the first point is not repeated) and may run either way. The parts together are the object.
    """

    parts: tuple[Part, ...] = attrs.field(converter=checks.parts)
    """A part is a tuple of (n, 2) float64 rings, fractions of width and height: the outer ring, then its holes."""

    @classmethod
    def of(cls, value: Any) -> Self:
        """Return a polygon from plain lists or arrays.

        Parameters
        ----------
        value : nested sequence of numbers
            One ring; or a list of rings, each a part of its own without holes (as in COCO); or a list of parts, each a
            list of rings, the outer one first. A ring is pairs ``[[x, y], ...]`` or flat ``[x, y, ...]``.

        Raises
        ------
        UsageError
            The value is none of these.
        """
        if isinstance(value, np.ndarray):
            value = value.tolist()
        if not _is_sequence(value):
            raise UsageError(f"a polygon is a ring, a list of rings or a list of parts, got {value!r}")
        if _is_ring(value):
            return cls(((_points.checked(value),),) if len(value) else ())
        if all(_is_ring(child) for child in value):
            return cls(tuple((_points.checked(ring),) for ring in value))
        if all(_is_sequence(part) and all(map(_is_ring, part)) for part in value):
            return cls(tuple(tuple(_points.checked(ring) for ring in part) for part in value))
        raise UsageError("a polygon is a ring, a list of rings or a list of parts; this nesting is none of them")

    def __repr__(self) -> str:
        return f"<Polygon parts={len(self.parts)} holes={self.holes} {_points.told(*self.rings)}>"

    @property
    def rings(self) -> tuple[np.ndarray, ...]:
        """All rings of all parts, in order."""
        return tuple(ring for part in self.parts for ring in part)

    @property
    def holes(self) -> int:
        """Number of holes."""
        return sum(max(len(part) - 1, 0) for part in self.parts)

    @property
    def area(self) -> float:
        """Sum over the parts of the outer ring's area minus its holes', in the shape's own unit squared.

        In the unit square it is a fraction of the image's area; for square pixels take ``to_pixels(width,
        height).area``.
        """
        return float(sum(_rings.part_area(part) for part in self.parts))

    def __len__(self) -> int:
        return len(self.parts)

    def bounds(self, aspect: float | None = None) -> Box:
        """Return the box around all points."""
        rings = self.rings
        return Box.trusted(
            *_points.bounds(rings[0] if len(rings) == 1 else np.concatenate(rings or (np.empty((0, 2)),)))
        )

    def to_pixels(self, width: float, height: float) -> Polygon:
        """Return the polygon with x multiplied by `width` and y by `height`."""
        return Polygon.trusted(
            tuple(tuple(_points.scaled(ring, width, height) for ring in part) for part in self.parts)
        )

    def mask(self, width: int, height: int) -> Mask:
        """Return the pixels of a `width` x `height` image that this polygon covers, as pycocotools decides them."""
        from annokit.geometry.mask import Mask
        from annokit.geometry.raster import polygon_rle

        return Mask((height, width), polygon_rle(self.to_pixels(width, height).parts, (height, width)))


def _is_sequence(value: Any) -> bool:
    return isinstance(value, Sequence | np.ndarray) and not isinstance(value, str | bytes)


def _is_ring(value: Any) -> bool:
    """Return whether `value` is flat numbers, or pairs of numbers."""
    if not _is_sequence(value):
        return False
    if isinstance(value, np.ndarray):
        return value.ndim == 1 or (value.ndim == 2 and value.shape[1] == 2)
    if not any(_is_sequence(child) for child in value):
        return True
    return all(_is_sequence(child) and len(child) == 2 and not any(map(_is_sequence, child)) for child in value)
