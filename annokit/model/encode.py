"""Normalised shape objects as the raw numbers of an item's own unit and form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs
import numpy as np

from annokit.errors import MissingSizeError, UsageError
from annokit.geometry import (
    Box,
    Cuboid,
    Ellipse,
    Keypoints,
    Mask,
    Point,
    Polygon,
    Polyline,
    RotatedBox,
    TimeSpan,
)
from annokit.geometry.boxes import convert
from annokit.model.schema import SECONDS, TIME_UNITS, UNITS


@attrs.frozen
class Frame:
    """How one item states its numbers."""

    name: str
    unit: str = "unit"
    form: str = "xyxy"
    size: tuple[int, int] | None = None
    time_unit: str = "s"

    def scale(self) -> tuple[float, float]:
        """Return what normalised x and y are multiplied by."""
        if self.unit == UNITS[0]:
            return 1.0, 1.0
        if self.size is None:
            raise MissingSizeError.of(self.name)
        return float(self.size[0]), float(self.size[1])


def fields_of_shape(shape: Any, frame: Frame) -> dict[str, Any]:
    """Return the row fields of a shape: its kind and its raw geometry."""
    encode = _ENCODERS.get(type(shape))
    if encode is None:
        known = ", ".join(sorted(kind.__name__ for kind in _ENCODERS))
        raise UsageError(f"a shape is one of {known}; got {type(shape).__name__}")
    return encode(shape, frame)


def raw_box(box: Box, frame: Frame) -> list[float]:
    """Return a normalised box as the item's own four numbers."""
    width, height = frame.scale()
    corners = np.array([[box.xmin * width, box.ymin * height, box.xmax * width, box.ymax * height]])
    numbers: list[float] = convert(corners, "xyxy", frame.form)[0].tolist()
    return numbers


def raw_keypoints(keypoints: Keypoints, frame: Frame) -> list[list[float]]:
    """Return joints as x, y, visibility in the item's own unit."""
    points = np.asarray(keypoints.points, np.float64) * frame.scale()
    return [[*xy, int(v)] for xy, v in zip(points.tolist(), keypoints.visibility, strict=True)]


def raw_span(span: TimeSpan, frame: Frame) -> tuple[float | None, ...]:
    """Return a span in the item's own time unit."""
    second = SECONDS[TIME_UNITS.index(frame.time_unit)]
    times = (None if t is None else t * second for t in (span.start, span.end))
    return (*times, span.first_frame, span.last_frame)


def _box(shape: Box, frame: Frame) -> dict[str, Any]:
    return {"kind": "box", "box": raw_box(shape, frame)}


def _rotated(shape: RotatedBox, frame: Frame) -> dict[str, Any]:
    width, height = frame.scale()
    numbers = [shape.cx * width, shape.cy * height, shape.width * width, shape.height * height]
    return {"kind": "rotated_box", "rotated": (numbers, float(shape.angle), "centre")}


def _ellipse(shape: Ellipse, frame: Frame) -> dict[str, Any]:
    width, height = frame.scale()
    numbers = (shape.cx * width, shape.cy * height, shape.rx * width, shape.ry * height, float(shape.angle))
    return {"kind": "ellipse", "ellipse": (numbers, "axes")}


def _scaled(points: Any, frame: Frame) -> list[list[float]]:
    found: list[list[float]] = (np.asarray(points, np.float64).reshape(-1, 2) * frame.scale()).tolist()
    return found


def _polygon(shape: Polygon, frame: Frame) -> dict[str, Any]:
    return {"kind": "polygon", "points": [[_scaled(ring, frame) for ring in part] for part in shape.parts]}


def _polyline(shape: Polyline, frame: Frame) -> dict[str, Any]:
    return {"kind": "polyline", "points": [[_scaled(shape.points, frame)]]}


def _point(shape: Point, frame: Frame) -> dict[str, Any]:
    return {"kind": "point", "points": [[_scaled([shape.x, shape.y], frame)]]}


def _keypoints(shape: Keypoints, frame: Frame) -> dict[str, Any]:
    return {"kind": "keypoints", "keypoints": raw_keypoints(shape, frame)}


def _mask(shape: Mask, frame: Frame) -> dict[str, Any]:
    return {"kind": "mask", "mask": ((int(shape.size[0]), int(shape.size[1])), "rle", bytes(shape.rle))}


def _cuboid(shape: Cuboid, frame: Frame) -> dict[str, Any]:
    from annokit.model.cuboids import cuboid_fields

    if shape.corners is not None:
        shape = attrs.evolve(shape, corners=np.asarray(shape.corners) * frame.scale())
    return {"kind": "cuboid", "cuboid": cuboid_fields(shape)}


_ENCODERS: Mapping[type, Callable[[Any, Frame], dict[str, Any]]] = {
    Box: _box,
    RotatedBox: _rotated,
    Ellipse: _ellipse,
    Polygon: _polygon,
    Polyline: _polyline,
    Point: _point,
    Keypoints: _keypoints,
    Mask: _mask,
    Cuboid: _cuboid,
}
