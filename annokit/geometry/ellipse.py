"""Ellipses and circles."""

from __future__ import annotations

import attrs
import numpy as np

from annokit.geometry import checks, rotation, turned
from annokit.geometry.box import Box
from annokit.geometry.polygon import Polygon
from annokit.geometry.shape import Shape


@attrs.frozen(eq=False)
class Ellipse(Shape):
    """An ellipse, turned about its centre in pixel space; a circle is one with equal semi-axes in pixels."""

    cx: float
    """Centre, fraction of the width."""

    cy: float
    """Centre, fraction of the height."""

    rx: float
    """Semi-axis along x before turning, fraction of the image's width."""

    ry: float
    """Semi-axis along y before turning, fraction of the image's height."""

    angle: float = 0.0
    """Degrees, clockwise on screen."""

    def __attrs_post_init__(self) -> None:
        checks.finite(self, self.cx, self.cy, self.rx, self.ry, self.angle)

    def bounds(self, aspect: float | None = None) -> Box:
        """Return the upright box around it; `aspect` is needed unless the angle is a multiple of 180."""
        scale = turned.checked_aspect(type(self).__name__, self.angle, aspect)
        return turned.bounds(rotation.ellipse_bounds, self._row(), scale)

    def polygon(self, aspect: float | None = None, points: int = 64) -> Polygon:
        """Return the polygon through `points` points of the ellipse."""
        scale = turned.checked_aspect(type(self).__name__, self.angle, aspect)
        ring = rotation.ellipse_points(self.to_pixels(scale, 1.0)._row(), points)[0] / (scale, 1.0)
        return Polygon.trusted(((ring,),))

    def to_pixels(self, width: float, height: float) -> Ellipse:
        """Return the ellipse with its lengths along x multiplied by `width` and along y by `height`."""
        return Ellipse.trusted(self.cx * width, self.cy * height, self.rx * width, self.ry * height, self.angle)

    def _row(self) -> np.ndarray:
        return np.array([[self.cx, self.cy, self.rx, self.ry, self.angle]], np.float64)
