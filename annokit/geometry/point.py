"""Single points."""

from __future__ import annotations

import attrs

from annokit.geometry import checks
from annokit.geometry.box import Box
from annokit.geometry.shape import Shape


@attrs.frozen(eq=False)
class Point(Shape):
    """One point."""

    x: float
    """Fraction of the width."""

    y: float
    """Fraction of the height."""

    def __attrs_post_init__(self) -> None:
        checks.finite(self, self.x, self.y)

    def bounds(self, aspect: float | None = None) -> Box:
        """Return the box of no extent at the point."""
        return Box.trusted(self.x, self.y, self.x, self.y)

    def to_pixels(self, width: float, height: float) -> Point:
        """Return the point with x multiplied by `width` and y by `height`."""
        return Point.trusted(self.x * width, self.y * height)
