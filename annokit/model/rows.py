"""Rows gathered one by one, as readers of small records do, and turned into a table at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from annokit.columns import Column, Fixed, Json, Number, Ragged, Sparse, Struct, Table, Text
from annokit.columns.make import sparse_of
from annokit.errors import UsageError
from annokit.geometry.ragged import offsets_of
from annokit.model.schema import (
    ELLIPSE_FORMS,
    ITEM_KINDS,
    KIND_CODE,
    MASK_ENCODINGS,
    ROTATED_FORMS,
    STATUSES,
    TIME_UNITS,
)

Make = Callable[[Sequence[Any]], Column]


class Rows:
    """Values by field and row; a field that a row does not state is not stored.

    Parameters
    ----------
    makers : mapping of str to callable
        Turns the values of a field into a column; other fields become the tightest column that holds them.
    defaults : mapping of str to value
        Fields that every row has.
    """

    def __init__(self, makers: Mapping[str, Make], defaults: Mapping[str, Any]) -> None:
        self._makers = makers
        self._defaults = defaults
        self._fields: dict[str, tuple[list[int], list[Any]]] = {}
        self.length = 0

    def append(self, fields: Mapping[str, Any]) -> None:
        """Add a row; a field whose value is None is not stated."""
        row = self.length
        for name, value in fields.items():
            if value is not None:
                rows, values = self._fields.setdefault(name, ([], []))
                rows.append(row)
                values.append(value)
        self.length += 1

    def table(self) -> Table:
        """Return the rows as a table."""
        columns: dict[str, Column] = {}
        for name, default in self._defaults.items():
            columns[name] = Fixed(np.full((self.length, *np.shape(default)), default, np.asarray(default).dtype))
        for name, (rows, values) in self._fields.items():
            if name in self._defaults:
                column = columns[name]
                assert isinstance(column, Fixed)
                try:
                    column.values[rows] = values
                except (OverflowError, TypeError, ValueError) as error:
                    raise UsageError(f"a value of {name!r} can't be held: {error}") from error
            else:
                columns[name] = self._column(name, rows, values)
        return Table(self.length, columns)

    def _column(self, name: str, rows: list[int], values: list[Any]) -> Column:
        if name == "box":
            return _boxes(self.length, rows, values)
        make = self._makers.get(name) or (Json.of if name.startswith("extras/") else None)
        if make is None:
            return sparse_of(self.length, rows, values)
        present = None if len(rows) == self.length else np.array(rows, np.int64)
        return Sparse(self.length, present, None, make(values))


def _boxes(length: int, rows: list[int], values: list[Any]) -> Number:
    stated = Number.of(values)
    boxes = np.full((length, 4), np.nan)
    boxes[rows] = stated.values
    if stated.whole is None:
        return Number(boxes)
    whole = np.zeros((length, 4), bool)
    whole[rows] = stated.whole
    return Number(boxes, whole)


def pairs(points: Sequence[Any], width: int) -> Number:
    """Return numbers of `width` columns; also of no rows at all."""
    return Number.of(points) if len(points) else Number(np.zeros((0, width)))


def _lists(lists: Sequence[Sequence[Any]], width: int) -> Ragged:
    flat = [point for points in lists for point in points]
    return Ragged(offsets_of([len(points) for points in lists]), pairs(flat, width))


def _shapes(shapes: Sequence[Sequence[Sequence[Any]]]) -> Column:
    """Return shapes of parts of rings of (x, y)."""
    parts = [part for shape in shapes for part in shape]
    rings = [ring for part in parts for ring in part]
    per_part = None if all(len(part) == 1 for part in parts) else offsets_of([len(part) for part in parts])
    return Ragged(offsets_of([len(shape) for shape in shapes]), Ragged(per_part, _lists(rings, 2)))


def _keypoints(joints: Sequence[Sequence[Any]]) -> Column:
    return _lists(joints, 3)


def _rotated(values: Sequence[tuple[Sequence[float], float | None, str]]) -> Column:
    numbers = Number.of([[*v[0], *([np.nan] * (8 - len(v[0])))] for v in values])
    angle = Number.of([np.nan if v[1] is None else v[1] for v in values])
    form = Fixed(np.array([ROTATED_FORMS.index(v[2]) for v in values], np.uint8))
    return Struct({"numbers": numbers, "angle": angle, "form": form})


def _ellipses(values: Sequence[tuple[Sequence[float | None], str]]) -> Column:
    numbers = Number.of([[np.nan if n is None else n for n in v[0]] for v in values])
    return Struct({"numbers": numbers, "form": Fixed(np.array([ELLIPSE_FORMS.index(v[1]) for v in values], np.uint8))})


def _masks(values: Sequence[tuple[tuple[int, int], str, bytes]]) -> Column:
    size = Fixed(np.array([v[0] for v in values], np.int64).reshape(-1, 2))
    encoding = Fixed(np.array([MASK_ENCODINGS.index(v[1]) for v in values], np.uint8))
    return Struct({"size": size, "encoding": encoding, "data": Text.of_bytes([v[2] for v in values])})


def _spans(values: Sequence[Sequence[float | None]]) -> Column:
    return Number.of([[np.nan if n is None else n for n in (*v, None, None)[:4]] for v in values])


def _numbers(values: Sequence[Any]) -> Column:
    return Number.of(values)


ANNOTATION_MAKERS: Mapping[str, Make] = {
    "points": _shapes,
    "keypoints": _keypoints,
    "rotated": _rotated,
    "ellipse": _ellipses,
    "mask": _masks,
    "cuboid": Json.of,
    "span": _spans,
    "score": _numbers,
}

ITEM_MAKERS: Mapping[str, Make] = {"bitmap": Json.of}

SEQUENCE_MAKERS: Mapping[str, Make] = {"fps": _numbers}

NO_SIZE = np.array([-1, -1], np.int64)

ANNOTATION_DEFAULTS: Mapping[str, Any] = {"item": np.int64(-1), "label": np.int64(-1), "kind": np.uint8(0)}

ITEM_DEFAULTS: Mapping[str, Any] = {
    "kind": np.uint8(0),
    "size": NO_SIZE,
    "unit": np.uint8(0),
    "form": np.uint8(0),
    "time_unit": np.uint8(0),
    "sequence": np.int64(-1),
    "status": np.uint8(0),
}

SEQUENCE_DEFAULTS: Mapping[str, Any] = {"size": NO_SIZE, "status": np.uint8(0)}

CODES: Mapping[str, Sequence[Any]] = {"kind": ITEM_KINDS, "status": STATUSES, "time_unit": TIME_UNITS}
"""Words that items and sequences state as codes."""

__all__ = ["KIND_CODE", "Rows"]
