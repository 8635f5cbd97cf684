"""Boxes that are turned about their centre."""

from __future__ import annotations

import attrs
import numpy as np

from annokit.geometry import checks, rotation, turned
from annokit.geometry.box import Box
from annokit.geometry.shape import Shape


@attrs.frozen(eq=False)
class RotatedBox(Shape):
    """A box that is turned about its centre, in pixel space.

    Scale to pixels first, then turn: turning in the unit square would shear the box wherever the image is not square.
    """

    cx: float
    """Centre, fraction of the width."""

    cy: float
    """Centre, fraction of the height."""

    width: float
    """Extent along x before turning, fraction of the image's width."""

    height: float
    """Extent along y before turning, fraction of the image's height."""

    angle: float
    """Degrees, clockwise on screen."""

    def __attrs_post_init__(self) -> None:
        checks.finite(self, self.cx, self.cy, self.width, self.height, self.angle)

    def bounds(self, aspect: float | None = None) -> Box:
        """Return the upright box around it; `aspect` is needed unless the angle is a multiple of 180."""
        scale = turned.checked_aspect(type(self).__name__, self.angle, aspect)
        return turned.bounds(rotation.box_bounds, self._row(), scale)

    def corners(self, aspect: float | None = None) -> np.ndarray:
        """Return the (4, 2) corners, what was top left first, clockwise on screen."""
        scale = turned.checked_aspect(type(self).__name__, self.angle, aspect)
        return np.asarray(rotation.corners(self.to_pixels(scale, 1.0)._row())[0] / (scale, 1.0))

    def to_pixels(self, width: float, height: float) -> RotatedBox:
        """Return the box with its lengths along x multiplied by `width` and along y by `height`."""
        sides = self.width * width, self.height * height
        return RotatedBox.trusted(self.cx * width, self.cy * height, *sides, self.angle)

    def _row(self) -> np.ndarray:
        return np.array([[self.cx, self.cy, self.width, self.height, self.angle]], np.float64)
