"""Upright boxes."""

from __future__ import annotations

import attrs

from annokit.geometry import checks
from annokit.geometry.shape import Shape


@attrs.frozen(eq=False)
class Box(Shape):
    """An upright box, half-open.

    Kept as stated: a box whose ``xmax`` lies left of its ``xmin`` is possible and has a negative width.
    """

    xmin: float
    """Left edge, fraction of the width."""

    ymin: float
    """Top edge, fraction of the height."""

    xmax: float
    """Right edge, fraction of the width."""

    ymax: float
    """Bottom edge, fraction of the height."""

    def __attrs_post_init__(self) -> None:
        checks.finite(self, self.xmin, self.ymin, self.xmax, self.ymax)

    @property
    def width(self) -> float:
        """Right minus left."""
        return self.xmax - self.xmin

    @property
    def height(self) -> float:
        """Bottom minus top."""
        return self.ymax - self.ymin

    @property
    def center(self) -> tuple[float, float]:
        """The middle, (x, y)."""
        return (self.xmin + self.xmax) / 2, (self.ymin + self.ymax) / 2

    @property
    def area(self) -> float:
        """Width times height, 0 where one of them is negative."""
        return max(self.width, 0.0) * max(self.height, 0.0)

    def bounds(self, aspect: float | None = None) -> Box:
        """Return the box itself."""
        return self

    def to_pixels(self, width: float, height: float) -> Box:
        """Return the box with x multiplied by `width` and y by `height`."""
        return Box.trusted(self.xmin * width, self.ymin * height, self.xmax * width, self.ymax * height)
