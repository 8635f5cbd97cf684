"""What the shapes with an angle share: from the unit square to pixels and back."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from annokit.errors import UsageError
from annokit.geometry.box import Box


def checked_aspect(name: str, angle: float, aspect: float | None) -> float:
    """Return `aspect`, or 1.0 where `angle` (degrees) makes it irrelevant; raise UsageError where a `name` needs it."""
    if aspect is not None and aspect > 0:
        return aspect
    if aspect is None and angle % 180 == 0:
        return 1.0
    raise UsageError(
        f"a {name} turned by {angle:g} degrees needs aspect=width / height of its image, a positive number, "
        f"got {aspect!r}; for a shape in pixel numbers it is 1"
    )


def bounds(function: Callable[[np.ndarray], np.ndarray], row: np.ndarray, aspect: float) -> Box:
    """Return the bounds that `function` gives for one (1, 5) row of the unit square in an image of `aspect`."""
    xmin, ymin, xmax, ymax = function(row * (aspect, 1.0, aspect, 1.0, 1.0))[0].tolist()
    return Box.trusted(xmin / aspect, ymin, xmax / aspect, ymax)
