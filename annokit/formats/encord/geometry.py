"""Encord's geometry as the raw numbers of a row: (value of the geometry key, the object) -> fields, or why not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from annokit.formats.encord.facts import GEOMETRY_KEY, VISIBILITY
from annokit.limits import DEFAULT_LIMITS

Record = dict[str, Any]


class OddError(ValueError):
    """A geometry that is not what its shape promises."""


def number(value: Any) -> float:
    """Return a finite JSON number as it is."""
    if type(value) is int and abs(value) <= 1 << 53:
        return value
    if type(value) is float and value == value and abs(value) != float("inf"):  # noqa: PLR0124 - NaN differs from itself
        return value
    raise OddError(f"{value!r:.40} is no number")


def fields_of(obj: Record) -> Record:
    """Return the row fields of an object's geometry.

    Raises
    ------
    OddError
        The geometry is missing or not what the shape promises.
    """
    shape = obj.get("shape")
    read = READERS.get(shape) if isinstance(shape, str) else None
    if read is None:
        raise OddError(f"unknown shape {shape!r:.60}")
    return read(obj)


def other_shape(obj: Record) -> str | None:
    """Return the shape whose geometry an object states instead of its own, None where that is not just one."""
    shape = obj.get("shape")
    if shape not in GEOMETRY_KEY or GEOMETRY_KEY[shape] in obj or (shape == "bitmask" and "rleString" in obj):
        return None
    stated = {name for name, key in GEOMETRY_KEY.items() if key in obj}
    stated |= {"polygon"} if "polygons" in obj else set()
    return next(iter(stated)) if len(stated) == 1 and stated != {shape} else None


def _object(obj: Record, key: str) -> Record:
    value = obj.get(key)
    if not isinstance(value, dict):
        raise OddError(f"{key} is {value!r:.60}")
    return value


def _numbers(value: Record, *keys: str) -> list[float]:
    return [number(value.get(key)) for key in keys]


def _only(value: Record, keys: tuple[str, ...]) -> None:
    extra = sorted(set(value) - set(keys))
    if extra:
        raise OddError(f"unknown key {extra[0]!r}")


def _box(obj: Record) -> Record:
    value = _object(obj, "boundingBox")
    _only(value, ("x", "y", "w", "h"))
    return {"kind": "box", "box": _numbers(value, "x", "y", "w", "h")}


def _rotated(obj: Record) -> Record:
    value = _object(obj, "rotatableBoundingBox")
    _only(value, ("x", "y", "w", "h", "theta"))
    return {
        "kind": "rotated_box",
        "rotated": (_numbers(value, "x", "y", "w", "h"), number(value.get("theta")), "degrees"),
    }


def points(value: Any) -> list[tuple[float, float]]:
    """Return the points of a dictionary keyed by number, or of a list."""
    if isinstance(value, dict):
        if not all(key.isdecimal() for key in value):
            raise OddError("points are not keyed by numbers")
        value = [value[key] for key in sorted(value, key=int)]
    if not isinstance(value, list) or not all(isinstance(p, dict) and set(p) == {"x", "y"} for p in value):
        raise OddError(f"points are {value!r:.60}")
    return [(number(p["x"]), number(p["y"])) for p in value]


def _polygon(obj: Record) -> Record:
    parts = obj.get("polygons")
    if isinstance(parts, list) and parts:
        return {"kind": "polygon", "points": [[_ring(ring) for ring in part] for part in _lists(parts)]}
    ring = points(obj.get("polygon"))
    if not ring:
        raise OddError("an empty polygon")
    return {"kind": "polygon", "points": [[ring]]}


def _lists(parts: Any) -> list[list[Any]]:
    if not all(isinstance(part, list) and part for part in parts):
        raise OddError(f"polygons are {parts!r:.60}")
    found: list[list[Any]] = parts
    return found


def _ring(ring: Any) -> list[tuple[float, float]]:
    """Return a ring given flat, x after y, or as points."""
    if isinstance(ring, list) and ring and isinstance(ring[0], dict):
        return points(ring)
    if not isinstance(ring, list) or len(ring) % 2 or not ring:
        raise OddError(f"a ring is {ring!r:.60}")
    flat = [number(v) for v in ring]
    return list(zip(flat[::2], flat[1::2], strict=True))


def _polyline(obj: Record) -> Record:
    line = points(obj.get("polyline"))
    if not line:
        raise OddError("an empty polyline")
    return {"kind": "polyline", "points": [[line]]}


def _point(obj: Record) -> Record:
    found = points(obj.get("point"))
    if len(found) != 1:
        raise OddError(f"{len(found)} points")
    return {"kind": "point", "points": [[found]]}


def joints(obj: Record) -> list[Record]:
    """Return the joints of a skeleton in the order of their keys."""
    value = _object(obj, "skeleton")
    if not all(key.isdecimal() and isinstance(joint, dict) for key, joint in value.items()) or not value:
        raise OddError("joints are not keyed by numbers")
    return [value[key] for key in sorted(value, key=int)]


def _skeleton(obj: Record) -> Record:
    found = [(number(j.get("x")), number(j.get("y")), visibility(j)) for j in joints(obj)]
    return {"kind": "keypoints", "keypoints": found}


def visibility(joint: Record) -> int:
    """Return COCO's visibility of a joint, stated as a word or as flags; visible where nothing is stated."""
    word = joint.get("visibility")
    if isinstance(word, str):
        return VISIBILITY.get(word, 2)
    return next((v for name, v in VISIBILITY.items() if joint.get(name) is True), 2)


def _bitmask(obj: Record) -> Record:
    """Return a mask in COCO's order: Encord's run lengths go along the rows."""
    from annokit.errors import FormatError
    from annokit.geometry import rle, runs

    value = obj if "bitmask" not in obj and "rleString" in obj else _object(obj, "bitmask")
    top, left, height, width = (int(number(value.get(key, 0))) for key in ("top", "left", "height", "width"))
    text = value.get("rleString")
    if not isinstance(text, str) or top or left:
        raise OddError("a bitmask that is no run lengths of the whole picture")
    try:
        counts = rle.loads_padded(text, (height, width))
    except FormatError as error:
        raise OddError(error.message) from None
    return {"kind": "mask", "mask": ((height, width), "rle", rle.dumps(runs.by_columns(counts, (height, width))))}


def whole(obj: Record, sides: tuple[Any, Any]) -> Record:
    """Return an object whose bitmask covers the picture; a crop of it is put where it belongs."""
    value = obj.get("bitmask")
    if not isinstance(value, dict) or None in sides or not (value.get("top") or value.get("left")):
        return obj
    own = [value.get(key, 0) for key in ("top", "left", "height", "width")]
    width, height = sides
    if not all(type(v) is int and v >= 0 for v in own) or own[0] + own[2] > height or own[1] + own[3] > width:
        return obj
    if height * width > DEFAULT_LIMITS.pixels:
        return obj
    from annokit.errors import FormatError
    from annokit.geometry import rle, runs

    top, left, rows, columns = own
    try:
        counts = rle.loads_padded(value.get("rleString") or "", (rows, columns))
    except FormatError:
        return obj
    bitmap = np.zeros((height, width), bool)
    bitmap[top : top + rows, left : left + columns] = runs.decode(
        runs.by_columns(counts, (rows, columns)), (rows, columns)
    )
    text = rle.dumps(runs.by_rows(runs.encode(bitmap), (height, width))).decode("ascii")
    return {**obj, "bitmask": {"top": 0, "left": 0, "height": height, "width": width, "rleString": text}}


def _circle(obj: Record) -> Record:
    value = _object(obj, "circle")
    _only(value, ("x", "y", "r", "stretch", "theta"))
    optional = [None if key not in value else number(value[key]) for key in ("stretch", "theta")]
    return {"kind": "ellipse", "ellipse": ([*_numbers(value, "x", "y", "r"), *optional], "circle")}


def _ellipse(obj: Record) -> Record:
    value = _object(obj, "ellipse")
    _only(value, ("x", "y", "rx", "ry", "theta"))
    theta = None if "theta" not in value else number(value["theta"])
    return {"kind": "ellipse", "ellipse": ([*_numbers(value, "x", "y", "rx", "ry"), theta], "axes")}


def _cuboid(obj: Record) -> Record:
    value = _object(obj, "cuboid")
    triples = {
        ours: _triple(value.get(key))
        for ours, key in (("center", "position"), ("size", "size"), ("rotation", "orientation"))
    }
    return {"kind": "cuboid", "cuboid": triples}


def _triple(value: Any) -> list[float]:
    if not isinstance(value, list) or len(value) != 3:
        raise OddError(f"{value!r:.60} is not three numbers")
    return [number(v) for v in value]


def _cuboid_2d(obj: Record) -> Record:
    """Return the eight corners: the front face and where it is moved or shrunk to."""
    value = _object(obj, "cuboid_2d")
    front = _ring(value.get("front"))
    if len(front) != 4:
        raise OddError(f"a front of {len(front)} corners")
    if "offset" in value:
        dx, dy = _numbers(_object(value, "offset"), "x", "y")
        back = [(x + dx, y + dy) for x, y in front]
    else:
        vx, vy = _numbers(_object(value, "vanishingPoint"), "x", "y")
        ratio = number(value.get("scaleRatio"))
        back = [(vx + ratio * (x - vx), vy + ratio * (y - vy)) for x, y in front]
    return {"kind": "cuboid", "cuboid": {"corners": [list(p) for p in (*front, *back)]}}


READERS: dict[str, Callable[[Record], Record]] = {
    "bounding_box": _box,
    "rotatable_bounding_box": _rotated,
    "polygon": _polygon,
    "polyline": _polyline,
    "point": _point,
    "skeleton": _skeleton,
    "bitmask": _bitmask,
    "cuboid": _cuboid,
    "cuboid_2d": _cuboid_2d,
    "circle": _circle,
    "ellipse": _ellipse,
}
