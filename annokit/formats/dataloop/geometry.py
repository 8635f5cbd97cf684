"""Geometry as ``coordinates``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from annokit.columns import Number, Struct, Table
from annokit.columns.base import Array
from annokit.columns.number import plain
from annokit.formats.dataloop.facts import CUBE_3D, CUBE_CORNERS, DEPTH_OF_TYPE, TYPE_OF_KIND
from annokit.formats.dataloop.records import marks
from annokit.model.schema import KINDS, ROTATED_FORMS

CORNERS = ROTATED_FORMS.index("corners")


def types_of(table: Table) -> list[str]:
    """Return the type of each annotation as its shape is written."""
    kinds = [KINDS[code] for code in table.array("kind").tolist()]
    found = [TYPE_OF_KIND.get(kind, "") for kind in kinds]
    cuboids = np.flatnonzero(table.array("kind") == KINDS.index("cuboid"))
    if len(cuboids):
        column = table.sparse("cuboid")
        assert column is not None
        for row, value in zip(cuboids.tolist(), column.values_of(cuboids), strict=True):
            found[row] = "cube" if value.get("corners") is not None else "cube_3d"
    return found


def coordinates(table: Table, types: list[str]) -> list[Any]:
    """Return the coordinates of each annotation, None where it has no shape."""
    found: list[Any] = [None] * len(table)
    kinds = table.array("kind")
    writing = _Writing(table, types)
    for kind, write in WRITERS.items():
        rows = np.flatnonzero(kinds == KINDS.index(kind))
        if len(rows):
            for row, value in zip(rows.tolist(), write(writing, rows), strict=True):
                found[row] = value
    return found


class _Writing:
    """A table, and how its points are written."""

    def __init__(self, table: Table, types: list[str]) -> None:
        self.table = table
        depth = marks(table, "z")
        self.depth = [DEPTH_OF_TYPE.get(type_, True) if z is None else z for type_, z in zip(types, depth, strict=True)]
        self.corners = marks(table, "corners")
        self.loose = marks(table, "loose")


def _point(x: Any, y: Any, depth: bool) -> dict[str, Any]:
    return {"x": x, "y": y, "z": 0} if depth else {"x": x, "y": y}


def _flipped(box: Any, how: Any) -> list[Any]:
    x0, y0, x1, y1 = box
    x0, x1 = (x1, x0) if (how or 0) & 1 else (x0, x1)
    y0, y1 = (y1, y0) if (how or 0) & 2 else (y0, y1)
    return [x0, y0, x1, y1]


def _boxes(w: _Writing, rows: Array) -> list[Any]:
    column = w.table.columns["box"]
    assert isinstance(column, Number)
    boxes = column.values_of(rows)
    return [_corners(box, w, row) for box, row in zip(boxes, rows.tolist(), strict=True)]


def _corners(box: Any, w: _Writing, row: int) -> list[Any]:
    x0, y0, x1, y1 = _flipped(box, w.corners[row])
    return [_point(x0, y0, w.depth[row]), _point(x1, y1, w.depth[row])]


def _rotated(w: _Writing, rows: Array) -> list[Any]:
    column = w.table.sparse("rotated")
    assert column is not None
    chosen = column.values.take(column.slots_of(rows))
    assert isinstance(chosen, Struct)
    numbers: Any = chosen.fields["numbers"]
    angles: Any = chosen.fields["angle"]
    forms: Any = chosen.fields["form"]
    found = []
    for place, row in enumerate(rows.tolist()):
        whole = None if numbers.whole is None else numbers.whole[place]
        if forms.values[place] == CORNERS:
            own = plain(numbers.values[place], whole)
            found.append([_point(own[i], own[i + 1], w.depth[row]) for i in (0, 2, 4, 6)])
        else:
            own = plain(numbers.values[place, :4], None if whole is None else whole[:4])
            found.append([*_corners(own, w, row), angles.value(place)])
    return found


def _shapes(w: _Writing, rows: Array) -> list[Any]:
    column = w.table.sparse("points")
    assert column is not None
    return column.values_of(rows)


def _polygons(w: _Writing, rows: Array) -> list[Any]:
    shapes = zip(_shapes(w, rows), rows.tolist(), strict=True)
    return [_rings([ring for part in shape for ring in part], w, row) for shape, row in shapes]


def _rings(rings: list[Any], w: _Writing, row: int) -> list[Any]:
    depth = w.depth[row]
    made = [[_point(x, y, depth) for x, y in ring] for ring in rings]
    return made[0] if w.loose[row] and len(made) == 1 else made


def _points(w: _Writing, rows: Array) -> list[Any]:
    shapes = zip(_shapes(w, rows), rows.tolist(), strict=True)
    return [_point(shape[0][0][0][0], shape[0][0][0][1], w.depth[row]) for shape, row in shapes]


def _ellipses(w: _Writing, rows: Array) -> list[Any]:
    column = w.table.sparse("ellipse")
    assert column is not None
    return [_ellipse(value["numbers"]) for value in column.values_of(rows)]


def _ellipse(numbers: list[Any]) -> dict[str, Any]:
    x, y, rx, ry, angle = numbers
    return {"center": _point(x, y, True), "rx": rx, "ry": ry, "angle": angle}


def _masks(w: _Writing, rows: Array) -> list[Any]:
    column = w.table.sparse("mask")
    assert column is not None
    chosen = column.values.take(column.slots_of(rows))
    assert isinstance(chosen, Struct)
    data: Any = chosen.fields["data"]
    found: list[Any] = data.raw_list()
    return found


def _cuboids(w: _Writing, rows: Array) -> list[Any]:
    column = w.table.sparse("cuboid")
    assert column is not None
    return [_cuboid(value) for value in column.values_of(rows)]


def _cuboid(value: dict[str, Any]) -> dict[str, Any]:
    corners = value.get("corners")
    if corners is not None:
        points = {name: _point(x, y, True) for name, (x, y) in zip(CUBE_CORNERS, corners, strict=True)}
        return {**points, "angle": 0}
    return {key: dict(zip("xyz", value[name], strict=True)) for name, key in CUBE_3D.items()}


WRITERS: Mapping[str, Callable[[_Writing, Array], list[Any]]] = {
    "box": _boxes,
    "rotated_box": _rotated,
    "polygon": _polygons,
    "polyline": _polygons,
    "point": _points,
    "ellipse": _ellipses,
    "mask": _masks,
    "cuboid": _cuboids,
}
