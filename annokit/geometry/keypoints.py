"""Named points of one object."""

from __future__ import annotations

from typing import Any, Self

import attrs
import numpy as np

from annokit.errors import UsageError
from annokit.geometry import checks
from annokit.geometry import points as _points
from annokit.geometry.box import Box
from annokit.geometry.shape import Shape


@attrs.frozen(eq=False)
class Keypoints(Shape):
    """The points of a skeleton, in the order of the label's own list of names."""

    points: np.ndarray = attrs.field(converter=checks.points)
    """(n, 2) float64, fractions of width and height."""

    visibility: np.ndarray
    """(n,) integers: 0 not labelled, 1 labelled but hidden, 2 visible."""

    def __attrs_post_init__(self) -> None:
        flags = checks.visibility(self.visibility, len(self.points))
        object.__setattr__(self, "visibility", flags)

    @classmethod
    def of(cls, points: Any, visibility: Any = None) -> Self:
        """Return keypoints from lists; without `visibility` all are visible. Raise UsageError where lengths differ."""
        checked = _points.checked(points)
        flags = np.full(len(checked), 2, np.uint8) if visibility is None else np.array(visibility)
        if flags.shape != (len(checked),) or not np.isin(flags, (0, 1, 2)).all():
            raise UsageError(f"visibility is {len(checked)} numbers out of 0, 1, 2, got {visibility!r}")
        flags = flags.astype(np.uint8)
        flags.flags.writeable = False
        return cls(checked, flags)

    def __repr__(self) -> str:
        labelled = self.points[self.labelled]
        return f"<Keypoints joints={len(self)} visible={int(self.visible.sum())} labelled {_points.told(labelled)}>"

    def __len__(self) -> int:
        return len(self.points)

    @property
    def labelled(self) -> np.ndarray:
        """(n,) bool: the points that were labelled, hidden or not."""
        return np.asarray(np.greater(self.visibility, 0))

    @property
    def visible(self) -> np.ndarray:
        """(n,) bool: the points that can be seen."""
        return np.asarray(np.equal(self.visibility, 2))

    def bounds(self, aspect: float | None = None) -> Box:
        """Return the box around the labelled points."""
        return Box.trusted(*_points.bounds(self.points[self.labelled]))

    def to_pixels(self, width: float, height: float) -> Keypoints:
        """Return the keypoints with x multiplied by `width` and y by `height`."""
        return Keypoints.trusted(_points.scaled(self.points, width, height), self.visibility)
