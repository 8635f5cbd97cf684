"""Boxes of the world, and their outline in the image."""

from __future__ import annotations

from typing import Any, Self

import attrs
import numpy as np

from annokit.errors import UsageError
from annokit.geometry import checks, euler
from annokit.geometry import points as _points
from annokit.geometry.box import Box
from annokit.geometry.shape import Shape

Triple = tuple[float, float, float]


@attrs.frozen(eq=False)
class Cuboid(Shape):
    """A cuboid: in the world by centre, size and rotation, in the image by its eight projected corners, or both.

    =====================  =========================================================================================
    source                 fields
    =====================  =========================================================================================
    KITTI                  ``center=(x, y, z)``, ``anchor=(0, 0.5, 0)`` (bottom centre, y points down),
                           ``size=(length, height, width)``, ``rotation=(0, rotation_y, 0)``
    Encord ``cuboid``      ``center=position``, ``size=size``, ``rotation=orientation``
    Encord ``cuboid_2d``   ``corners``: the front face, then the back face (:meth:`from_vanishing`, :meth:`from_offset`)
    Dataloop ``cube_3d``   ``center=position``, ``size=scale``, ``rotation=rotation``
    Dataloop ``cube``      ``corners``: ``front_tl, front_tr, front_br, front_bl``, then the same of the back
    Segments               ``center=position``, ``size=dimensions``, ``rotation=(0, 0, yaw)`` or ``(qx, qy, qz, qw)``
    =====================  =========================================================================================
    """

    center: Triple | None = None
    """Place in the world, in its own unit and axes; see `anchor` for the point of the cuboid that lies there."""

    size: Triple | None = None
    """Full extents along the cuboid's own x, y and z axes, before rotation."""

    rotation: tuple[float, ...] | None = None
    """Three Euler angles in radians about x, y, z, applied in that order; or a quaternion (x, y, z, w)."""

    corners: np.ndarray | None = None
    """(8, 2) float64, fractions of the image: front top left, top right, bottom right, bottom left, then the back."""

    anchor: Triple = (0.0, 0.0, 0.0)
    """Where in the cuboid `center` lies, in fractions of `size` from its middle, along its own axes."""

    def __attrs_post_init__(self) -> None:
        for name, lengths in (("center", (3,)), ("size", (3,)), ("rotation", (3, 4)), ("anchor", (3,))):
            object.__setattr__(self, name, _numbers(name, getattr(self, name), lengths))
        if self.corners is not None:
            object.__setattr__(self, "corners", _eight(self.corners))

    @classmethod
    def of(
        cls, center: Any = None, size: Any = None, rotation: Any = None, corners: Any = None, anchor: Any = (0, 0, 0)
    ) -> Self:
        """Return a cuboid from any sequences; raise UsageError where a length is wrong."""
        return cls(center, size, rotation, corners, anchor)

    @classmethod
    def from_vanishing(cls, front: Any, vanishing: Any, ratio: float) -> Self:
        """Return the image cuboid whose (4, 2) front face shrinks by `ratio` towards the vanishing point (x, y)."""
        face, point = _points.checked(front), np.asarray(vanishing, np.float64)
        return cls(corners=_eight(np.concatenate([face, point + ratio * (face - point)])))

    @classmethod
    def from_offset(cls, front: Any, offset: Any) -> Self:
        """Return the image cuboid whose (4, 2) back face is the front face moved by `offset` (x, y)."""
        face = _points.checked(front)
        return cls(corners=_eight(np.concatenate([face, face + np.asarray(offset, np.float64)])))

    @property
    def middle(self) -> Triple | None:
        """The centre of the cuboid in the world, whatever its anchor; None where a field that it needs is missing."""
        if self.center is None or not any(self.anchor):
            return self.center
        if self.size is None or self.rotation is None:
            return None
        shift = euler.matrix(self.rotation) @ (np.asarray(self.anchor) * self.size)
        return tuple((np.asarray(self.center) - shift).tolist())

    def world_corners(self) -> np.ndarray:
        """Return the (8, 3) corners in the world, x slowest, low before high; raise UsageError if unknown."""
        if self.middle is None or self.size is None:
            raise UsageError("this cuboid states no place and size in the world, only corners in the image")
        signs = np.array([(x, y, z) for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)])
        turn = euler.matrix(self.rotation or (0.0, 0.0, 0.0))
        return np.asarray((signs * self.size) @ turn.T + self.middle)

    def bounds(self, aspect: float | None = None) -> Box:
        """Return the box around the corners in the image; raise UsageError where the cuboid has none."""
        if self.corners is None:
            raise UsageError("this cuboid states no corners in the image, so it has no bounds there")
        return Box.trusted(*_points.bounds(self.corners))

    def to_pixels(self, width: float, height: float) -> Cuboid:
        """Return the cuboid with its image corners in pixels; the world stays as it is."""
        corners = None if self.corners is None else _points.scaled(self.corners, width, height)
        return attrs.evolve(self, corners=corners)


def _numbers(name: str, values: Any, lengths: tuple[int, ...]) -> tuple[float, ...] | None:
    if values is None:
        return None
    try:
        listed = tuple(float(value) for value in values)
    except (TypeError, ValueError, OverflowError):
        raise UsageError(f"{name} of a cuboid is numbers, got {checks.short(values)}") from None
    if len(listed) not in lengths:
        raise UsageError(f"{name} of a cuboid is {' or '.join(map(str, lengths))} numbers, got {len(listed)}")
    return listed


def _eight(corners: Any) -> np.ndarray:
    array = _points.checked(corners)
    if len(array) != 8:
        raise UsageError(f"a cuboid has 8 corners, got {len(array)}")
    return array
