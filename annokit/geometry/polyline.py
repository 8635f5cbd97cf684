"""Open chains of points."""

from __future__ import annotations

from typing import Any, Self

import attrs
import numpy as np

from annokit.geometry import checks
from annokit.geometry import points as _points
from annokit.geometry.box import Box
from annokit.geometry.shape import Shape


@attrs.frozen(eq=False)
class Polyline(Shape):
    """An open chain of straight lines."""

    points: np.ndarray = attrs.field(converter=checks.line)
    """(n, 2) float64, fractions of width and height; (n, 3) in a point cloud, in its world's unit."""

    @classmethod
    def of(cls, points: Any) -> Self:
        """Return a polyline from pairs (or triples) or a flat list; raise UsageError where it is neither."""
        return cls(_points.checked(points, (2, 3)))

    def __repr__(self) -> str:
        return f"<Polyline {_points.told(self.points)}>"

    def __len__(self) -> int:
        return len(self.points)

    def bounds(self, aspect: float | None = None) -> Box:
        """Return the box around the points."""
        return Box.trusted(*_points.bounds(self.points))

    def to_pixels(self, width: float, height: float) -> Polyline:
        """Return the polyline with x multiplied by `width` and y by `height`."""
        return Polyline.trusted(_points.scaled(self.points, width, height))
