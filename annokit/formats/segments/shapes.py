"""Shapes of typed annotations: boxes, polygons, lines and points in pixels, and cuboids in the world."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any

import attrs
import numpy as np

from annokit.columns import Column, Fixed, Json, Number, Ragged, Sparse
from annokit.columns.base import Array
from annokit.formats.segments.facts import CUBOIDS, KIND_OF_TYPE
from annokit.formats.segments.values import EXACT, is_number, is_pairs
from annokit.geometry.ragged import offsets_of
from annokit.model.schema import KIND_CODE

Record = dict[str, Any]

KEYS = ("type", "points", "position", "dimensions", "yaw", "rotation")
"""Keys that state the geometry of a typed annotation."""

MASK, BOX, CUBOID = KIND_CODE["mask"], KIND_CODE["box"], KIND_CODE["cuboid"]
CODE_OF_TYPE = {word: KIND_CODE[kind] for word, kind in KIND_OF_TYPE.items()}
EXACTLY = {KIND_CODE["box"]: 2, KIND_CODE["point"]: 1}
"""Points of the kinds that have a fixed number."""

CORNERS = "#corners"
"""Extra of a box whose corners are not the upper left and the lower right one: 1 where x descends, 2 y, 3 both."""

AXES, TURN = ("x", "y", "z"), ("qx", "qy", "qz", "qw")


@attrs.define
class Shapes:
    """The shapes of some rows, and what could not become one."""

    rows: Array
    """(k,) int64 rows that have a shape, ascending."""

    kinds: Array
    """(k,) uint8 kinds."""

    points: list[list[list[float]]]
    """Points of each row, none for cuboids."""

    cuboids: list[Record]
    """Fields of the cuboids, in their order."""

    kept: list[tuple[int, str, Any]] = attrs.field(factory=list)
    """Row, key and value of what is kept verbatim."""

    odd: list[tuple[int, str]] = attrs.field(factory=list)
    """Row and what is odd about it."""

    whole: Counter[str] = attrs.field(factory=Counter)
    """Kinds of records that are kept whole."""

    def columns(self, count: int) -> dict[str, Column]:
        """Return the columns of geometry of `count` rows."""
        found: dict[str, Column] = {}
        box = self.kinds == BOX
        cuboid = self.kinds == CUBOID
        if cuboid.any():
            found["cuboid"] = Sparse(count, self.rows[cuboid], None, Json.of(self.cuboids))
        if box.any():
            found["box"] = self._boxes(count, np.flatnonzero(box))
        other = np.flatnonzero(~box & ~cuboid)
        if len(other):
            rings = [self.points[place] for place in other.tolist()]
            flat = _flat(rings)
            inner = Ragged(offsets_of(list(map(len, rings))), flat)
            whole = Ragged(None, Ragged(None, inner))
            found["points"] = Sparse(count, None if len(other) == count else self.rows[other], None, whole)
        return found

    def _boxes(self, count: int, places: Array) -> Number:
        stated = _flat([self.points[place] for place in places.tolist()])
        numbers = stated.values.reshape(-1, 4)
        corners = np.where(numbers[:, [0, 1]] > numbers[:, [2, 3]], [1, 2], 0).sum(axis=1)
        order = np.tile(np.arange(4), (len(numbers), 1))
        order[corners & 1 > 0] = order[corners & 1 > 0][:, [2, 1, 0, 3]]
        order[corners & 2 > 0] = order[corners & 2 > 0][:, [0, 3, 2, 1]]
        for place in np.flatnonzero(corners).tolist():
            self.kept.append((int(self.rows[places[place]]), CORNERS, int(corners[place])))
        values = np.full((count, 4), np.nan)
        values[self.rows[places]] = np.take_along_axis(numbers, order, 1)
        if stated.whole is None:
            return Number(values)
        whole = np.zeros((count, 4), bool)
        whole[self.rows[places]] = np.take_along_axis(stated.whole.reshape(-1, 4), order, 1)
        return Number(values, whole)


def _flat(lists: Sequence[Sequence[Sequence[float]]]) -> Number:
    """Return all points of some lists of [x, y], (m, 2)."""
    numbers = list(chain.from_iterable(chain.from_iterable(lists)))
    values = np.array(numbers, np.float64).reshape(-1, 2)
    whole = np.fromiter((type(number) is int for number in numbers), bool, len(numbers)).reshape(-1, 2)
    return Number(values, whole if whole.any() else None)


def shapes_of(records: Sequence[Record], rows: Sequence[int], words: Sequence[Any]) -> Shapes:
    """Return the shapes of the records at `rows`, whose types are `words`.

    Parameters
    ----------
    records : sequence of dict
        All annotations.
    rows : sequence of int
        Those that state a type.
    words : sequence
        Their types.
    """
    points = [records[row].get("points") for row in rows]
    kinds = [CODE_OF_TYPE.get(word, 0) if type(word) is str else 0 for word in words]
    good = np.array(kinds, np.uint8) > 0
    if not (good.all() and _all_pairs(points)):
        good &= np.fromiter(map(is_pairs, points), bool, len(points))
    for kind, wanted in EXACTLY.items():
        for place in np.flatnonzero(np.array(kinds) == kind).tolist():
            good[place] = good[place] and len(points[place] or ()) == wanted
    found = Shapes(np.zeros(0, np.int64), np.zeros(0, np.uint8), [], [])
    for place in np.flatnonzero(good).tolist() if _have_further(records, rows) else ():
        row = rows[place]
        found.kept += [(row, key, records[row][key]) for key in KEYS[2:] if key in records[row]]
    cuboid: dict[int, Record] = {}
    for place in np.flatnonzero(~good).tolist():
        made = _cuboid(found, rows[place], records[rows[place]], words[place])
        if made is not None:
            cuboid[place] = made
    chosen = [place for place in range(len(rows)) if good[place] or place in cuboid]
    found.rows = np.array([rows[place] for place in chosen], np.int64)
    found.kinds = np.array([CUBOID if place in cuboid else kinds[place] for place in chosen], np.uint8)
    found.points = [() if place in cuboid else points[place] for place in chosen]  # type: ignore[misc]
    found.cuboids = [cuboid[place] for place in chosen if place in cuboid]
    return found


def _have_further(records: Sequence[Record], rows: Sequence[int]) -> bool:
    keys = set(KEYS[2:])
    return any(not keys.isdisjoint(records[row]) for row in rows)


def _all_pairs(points: Sequence[Any]) -> bool:
    """Tell in one pass whether all are non-empty lists of [x, y]; False also where only a closer look tells."""
    if set(map(type, points)) != {list}:
        return False
    if not all(points):
        return False
    pairs = list(chain.from_iterable(points))
    if set(map(type, pairs)) != {list} or set(map(len, pairs)) != {2}:
        return False
    numbers = list(chain.from_iterable(pairs))
    if not set(map(type, numbers)) <= {int, float}:
        return False
    return bool(min(numbers) >= -EXACT and max(numbers) <= EXACT)


def _cuboid(found: Shapes, row: int, record: Record, word: Any) -> Record | None:
    """Return the fields of a cuboid; None where the record is none, which then is kept verbatim."""
    make: Callable[[Record], Record | None] = _fields
    fields = make(record) if type(word) is str and word in CUBOIDS else None
    if fields is None:
        for key in KEYS:
            if key in record:
                found.kept.append((row, key, record[key]))
        solid = type(record.get("points")) is list and _is_solid(record["points"])
        if solid:
            found.whole["shapes in a point cloud"] += 1
        else:
            found.odd.append((row, f"{word!r:.40} with points {record.get('points')!r:.60}"))
        return None
    if word != CUBOIDS[0]:
        found.kept.append((row, "type", word))
    for key in ("points", *(("yaw",) if "rotation" in record else ())):
        if key in record:
            found.kept.append((row, key, record[key]))
    return fields


def _is_solid(points: list[Any]) -> bool:
    return bool(points) and all(type(p) is list and len(p) == 3 and all(map(is_number, p)) for p in points)


def _fields(record: Record) -> Record | None:
    """Return centre, size and rotation of a cuboid, None where one of them is not as documented."""
    center, size = _numbers(record.get("position"), AXES), _numbers(record.get("dimensions"), AXES)
    if center is None or size is None:
        return None
    fields = {"center": center, "size": size}
    if "rotation" in record:
        turn = _numbers(record["rotation"], TURN)
        return None if turn is None else {**fields, "rotation": turn}
    if "yaw" in record:
        return {**fields, "rotation": [0, 0, record["yaw"]]} if is_number(record["yaw"]) else None
    return fields


def _numbers(value: Any, keys: tuple[str, ...]) -> list[float] | None:
    if type(value) is not dict or set(value) != set(keys) or not all(map(is_number, value.values())):
        return None
    return [value[key] for key in keys]


__all__ = ["BOX", "CORNERS", "CUBOID", "KEYS", "MASK", "Fixed", "Shapes", "shapes_of"]
