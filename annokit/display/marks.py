"""What to draw of an annotation, in pixels of a canvas: the one source of pictures and of SVG."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from annokit.errors import UsageError
from annokit.geometry import Box, Cuboid, Ellipse, Keypoints, Mask, Point, Polygon, Polyline, RotatedBox
from annokit.geometry.points import bounds
from annokit.geometry.rotation import corners, ellipse_points

if TYPE_CHECKING:
    from annokit.model.annotation import Annotation

Array = np.ndarray
Part = tuple[Array, ...]
Frame = tuple[float, float, float, float]

REACH = 16.0
"""How many canvases beyond the border a coordinate may lie; what lies farther out is moved there."""

ELLIPSE_STEPS = 72
FACES = ((0, 1, 2, 3), (4, 5, 6, 7))
PILLARS = ((0, 4), (1, 5), (2, 6), (3, 7))


@attrs.frozen(eq=False, kw_only=True)
class Marks:
    """Things to draw, in pixels of the canvas; coordinates are finite."""

    box: Frame | None = None
    """An upright box: left, top, right, bottom."""

    areas: tuple[Part, ...] = ()
    """Parts to fill: the outer ring, then its holes, each (n, 2)."""

    lines: tuple[Array, ...] = ()
    """Chains of points to stroke, each (n, 2); a closed one ends where it begins."""

    faint: tuple[Array, ...] = ()
    """Chains to stroke faintly: edges to hidden joints, the far side of a cuboid."""

    dots: Array = attrs.field(factory=lambda: np.zeros((0, 3)))
    """(n, 3): x, y, and 1 where the dot is full, 0 where it is a ring."""

    mask: Mask | None = None
    """Pixels, stretched over the canvas."""

    frame: Frame | None = None
    """Bounds of all of it, None where nothing is to be drawn."""


def marks_of(annotation: Annotation, width: float, height: float) -> Marks:
    """Return what to draw of an annotation on a canvas of `width` x `height` pixels."""
    shape, joints = annotation.shape, annotation.keypoints
    fields: dict[str, Any] = {}
    if shape is not None and not isinstance(shape, Keypoints):
        fields = _MAKERS[type(shape)](shape, np.array([width, height], np.float64))
    joints = shape if isinstance(shape, Keypoints) else joints
    if joints is not None:
        fields.update(_joints(joints, _edges(annotation), np.array([width, height], np.float64), fields))
    return Marks(**fields, frame=_frame(fields))


def _edges(annotation: Annotation) -> tuple[tuple[int, int], ...]:
    skeleton = annotation.label.skeleton if annotation.label is not None else None
    return () if skeleton is None else skeleton.edges


def _placed(points: Any, size: Array) -> Array:
    """Return finite (n, 2) pixels of normalised (n, 2) or (n, 3) points, none farther out than REACH canvases."""
    found = np.asarray(points, np.float64)[:, :2] * size
    near = np.clip(found[np.isfinite(found).all(axis=1)], -REACH * size, (REACH + 1) * size)
    return np.asarray(near)


def _closed(ring: Array) -> Array:
    return np.concatenate([ring, ring[:1]])


def _box(shape: Box, size: Array) -> dict[str, Any]:
    found = _placed([[shape.xmin, shape.ymin], [shape.xmax, shape.ymax]], size)
    if len(found) < 2:
        return {}
    return {"box": bounds(found)}


def _rotated(shape: RotatedBox, size: Array) -> dict[str, Any]:
    row = np.array([[shape.cx, shape.cy, shape.width, shape.height, shape.angle]]) * [*size, *size, 1.0]
    return _outline(_placed(corners(row)[0] / size, size))


def _outline(ring: Array) -> dict[str, Any]:
    return {"lines": (_closed(ring),)} if len(ring) else {}


def _ellipse(shape: Ellipse, size: Array) -> dict[str, Any]:
    row = np.array([[shape.cx, shape.cy, shape.rx, shape.ry, shape.angle]]) * [*size, *size, 1.0]
    ring = _placed(ellipse_points(row, ELLIPSE_STEPS)[0] / size, size)
    return {**_outline(ring), "areas": ((ring,),)} if len(ring) else {}


def _polygon(shape: Polygon, size: Array) -> dict[str, Any]:
    parts = [tuple(_placed(ring, size) for ring in part) for part in shape.parts]
    kept = tuple(tuple(ring for ring in part if len(ring)) for part in parts if part and len(part[0]))
    return {"areas": kept, "lines": tuple(_closed(ring) for part in kept for ring in part)}


def _polyline(shape: Polyline, size: Array) -> dict[str, Any]:
    points = _placed(shape.points, size)
    return {"lines": (points,)} if len(points) else {}


def _point(shape: Point, size: Array) -> dict[str, Any]:
    points = _placed([[shape.x, shape.y]], size)
    return {"dots": np.insert(points, 2, 1.0, axis=1)}


def _mask(shape: Mask, size: Array) -> dict[str, Any]:
    return {"mask": shape}


def _cuboid(shape: Cuboid, size: Array) -> dict[str, Any]:
    if shape.corners is None:
        return {}
    found = _placed(shape.corners, size)
    if len(found) < 8:
        return {}
    front, back = (_closed(found[list(face)]) for face in FACES)
    return {"lines": (front,), "faint": (back, *(found[list(pillar)] for pillar in PILLARS))}


def _joints(joints: Keypoints, edges: Iterable[tuple[int, int]], size: Array, sofar: dict[str, Any]) -> dict[str, Any]:
    """Return dots and bones, added to the lines so far."""
    points = np.asarray(joints.points, np.float64)[:, :2]
    state = np.where(np.isfinite(points).all(axis=1), joints.visibility, 0)
    bones: dict[bool, list[Array]] = {True: [], False: []}
    for a, b in edges:
        if 0 <= a < len(state) and 0 <= b < len(state) and state[a] and state[b]:
            bones[bool(state[a] == 2 and state[b] == 2)].append(_placed(points[[a, b]], size))
    dots = np.insert(_placed(points[state > 0], size), 2, state[state > 0] == 2, axis=1)
    return {
        "lines": (*sofar.get("lines", ()), *bones[True]),
        "faint": (*sofar.get("faint", ()), *bones[False]),
        "dots": dots,
    }


def _frame(fields: dict[str, Any]) -> Frame | None:
    if fields.get("mask") is not None:
        return None
    boxes = [np.reshape(fields["box"], (2, 2))] if fields.get("box") else []
    dots = [fields["dots"][:, :2]] if "dots" in fields else []
    return bounds_of([*boxes, *fields.get("lines", ()), *fields.get("faint", ()), *dots])


def bounds_of(chains: Iterable[Array]) -> Frame | None:
    """Return the bounds of all points, None where there are none."""
    points = np.concatenate([np.zeros((0, 2)), *chains])
    return bounds(points) if len(points) else None


def _unknown(shape: Any, size: Array) -> dict[str, Any]:
    known = ", ".join(sorted(kind.__name__ for kind in _MAKERS))
    raise UsageError(f"a shape is one of {known}; got {type(shape).__name__}")


class _Makers(dict[type, Callable[[Any, Array], dict[str, Any]]]):
    def __missing__(self, kind: type) -> Callable[[Any, Array], dict[str, Any]]:
        return _unknown


_MAKERS = _Makers(
    {
        Box: _box,
        RotatedBox: _rotated,
        Ellipse: _ellipse,
        Polygon: _polygon,
        Polyline: _polyline,
        Point: _point,
        Mask: _mask,
        Cuboid: _cuboid,
    }
)
