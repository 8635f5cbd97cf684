"""Shapes in a few words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from annokit.errors import AnnokitError
from annokit.geometry import Box, Cuboid, Ellipse, Keypoints, Mask, Point, Polygon, Polyline, RotatedBox


def describe(shape: Any) -> str:
    """Return a shape in a few words: its kind, and its numbers where they are few."""
    tell = _TELLERS.get(type(shape))
    try:
        return repr(shape) if tell is None else tell(shape)
    except AnnokitError as error:
        return f"{type(shape).__name__} ({error})"


def _numbers(*values: float) -> str:
    return ", ".join(f"{value:.4g}" for value in values)


def _box(box: Box) -> str:
    return f"Box({_numbers(box.xmin, box.ymin, box.xmax, box.ymax)})"


def _rotated(box: RotatedBox) -> str:
    return f"RotatedBox({_numbers(box.cx, box.cy, box.width, box.height)}, {box.angle:.4g}°)"


def _ellipse(ellipse: Ellipse) -> str:
    return f"Ellipse({_numbers(ellipse.cx, ellipse.cy, ellipse.rx, ellipse.ry)}, {ellipse.angle:.4g}°)"


def _counted(count: int, name: str) -> str:
    return f"{count:,} {name}{'' if count == 1 else 's'}"


def _polygon(polygon: Polygon) -> str:
    points = sum(len(ring) for ring in polygon.rings)
    told = (_counted(len(polygon), "part"), _counted(polygon.holes, "hole"), _counted(points, "point"))
    return f"Polygon with {', '.join(told)}"


def _polyline(line: Polyline) -> str:
    return f"Polyline with {_counted(len(line), 'point')}"


def _point(point: Point) -> str:
    return f"Point({_numbers(point.x, point.y)})"


def _keypoints(joints: Keypoints) -> str:
    seen, labelled = int(joints.visible.sum()), int(joints.labelled.sum())
    return f"Keypoints: {seen} visible, {labelled - seen} hidden, {len(joints) - labelled} not labelled"


def _mask(mask: Mask) -> str:
    return f"Mask of {_counted(mask.area, 'pixel')} in {mask.size[1]}x{mask.size[0]}"


def _cuboid(cuboid: Cuboid) -> str:
    told = [] if cuboid.center is None else [f"centre {_numbers(*cuboid.center)}"]
    told += [] if cuboid.size is None else [f"size {_numbers(*cuboid.size)}"]
    told += [] if cuboid.corners is None else ["corners in the image"]
    return f"Cuboid: {'; '.join(told)}"


_TELLERS: dict[type, Callable[[Any], str]] = {
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
