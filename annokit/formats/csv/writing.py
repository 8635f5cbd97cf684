"""Writing CSV files of objects."""

from __future__ import annotations

import csv
import io
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from annokit.columns import MISSING
from annokit.columns.base import Array
from annokit.columns.json import loads
from annokit.formats.csv.lines import column_keys
from annokit.formats.csv.reading import HEADER, ROTATION, TASK
from annokit.formats.csv.tasks import DETECTION, USUAL, canonical
from annokit.model.schema import KIND_CODE

if TYPE_CHECKING:
    from annokit.codecs.output import Output
    from annokit.formats.context import WriteContext
    from annokit.model.dataset import Dataset

BLOCK = 16_384
"""Annotations turned into text at a time."""


def write(ds: Dataset, output: Output, context: WriteContext, *, header: str = "keep") -> None:
    """Write a file.

    Parameters
    ----------
    ds : Dataset
        Narrowed.
    output : Output
        Where to.
    context : WriteContext
        What the caller asked for.
    header : {"keep", "columns", "none"}
        Whether a first line names the columns: where the file that was read had one, always, or never.
    """
    with output.open(f"{context.stem}.csv") as file:
        names = loads(ds._extras[HEADER]) if HEADER in ds._extras else []
        if names:
            file.write(_text([names]))
        offsets = ds._index[0]
        total, first = len(ds), 0
        while first < total:
            stop = max(first + 1, int(offsets.searchsorted(offsets[first] + BLOCK, "right")) - 1)
            stop = min(stop, first + BLOCK)
            file.write(_text(_lines(ds, first, stop, offsets, column_keys(names))))
            first = stop
            context.progress(first, total)


def _text(rows: list[list[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode("utf-8")


def _lines(ds: Dataset, first: int, stop: int, offsets: Array, keys: list[str]) -> list[list[str]]:
    """Return the lines of items `first` up to `stop`, with the further columns of `keys`."""
    low = int(offsets[first])
    rows = np.arange(low, int(offsets[stop]))
    facts = _facts(ds, rows)
    for key in keys:
        values = _values(ds, f"extras/csv/{key}", rows)
        facts = [[*told, "" if value is MISSING else value] for told, value in zip(facts, values, strict=True)]
    empty = [""] * (4 + len(keys))
    bounds = (offsets[first : stop + 1] - low).tolist()
    sizes = ds._items.array("size")[first:stop].tolist()
    names = ds._items.columns["name"].values_of(np.arange(first, stop))
    lines: list[list[str]] = []
    for name, size, (a, b) in zip(names, sizes, pairwise(bounds), strict=True):
        head = [name, *("" if side < 0 else str(side) for side in size)]
        lines += [[*head, *told] for told in facts[a:b]] if b > a else [[*head, *empty]]
    return lines


def _facts(ds: Dataset, rows: Array) -> list[list[str]]:
    """Return task type, class, points and rotation of annotations."""
    kinds = ds._annotations.array("kind")[rows]
    names = [*ds.labels.names, ""]
    labels = [names[place] for place in ds._annotations.array("label")[rows].tolist()]
    usual = [USUAL[kind] for kind in kinds.tolist()]
    tasks = [b if a is MISSING else a for a, b in zip(_values(ds, TASK, rows), usual, strict=True)]
    rotations = _values(ds, ROTATION, rows)
    points: list[Any] = [[]] * len(rows)
    for name, make in _POINTS.items():
        chosen = np.flatnonzero(kinds == KIND_CODE[name])
        if len(chosen):
            made = make(ds, rows[chosen])
            for place, (shape, angle) in zip(chosen.tolist(), made, strict=True):
                points[place] = shape
                if angle is not None:
                    rotations[place] = angle
    zipped = zip(tasks, labels, points, rotations, strict=True)
    return [[t, label, _dumped(t, p, r), "" if r is MISSING else str(r)] for t, label, p, r in zipped]


def _values(ds: Dataset, name: str, rows: Array) -> list[Any]:
    column = ds._annotations.get(name)
    return [MISSING] * len(rows) if column is None else column.values_of(rows)


def _dumped(task: str, points: Any, rotation: Any) -> str:
    """Return points as text; a polygon of one ring in one bracket less, unless it would be read as something else."""
    if not points:
        return ""
    if isinstance(points, _Rings):
        ring = points.rings[0]
        boxlike = len(ring) < 3 or (len(ring) == 4 and (rotation is not MISSING or canonical(task) == DETECTION))
        return _json(points.rings if boxlike or len(points.rings) > 1 else ring)
    return _json(points)


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


class _Rings:
    """The rings of a polygon."""

    def __init__(self, rings: list[list[list[float]]]) -> None:
        self.rings = rings


def _boxes(ds: Dataset, rows: Array) -> list[tuple[Any, Any]]:
    found = ds._annotations.columns["box"].values_of(rows)
    return [([box[:2], box[2:]], None) for box in found]


def _rotated(ds: Dataset, rows: Array) -> list[tuple[Any, Any]]:
    found = ds._annotations.columns["rotated"].values_of(rows)
    return [(_pairs(value["numbers"]), None if _nan(value["angle"]) else value["angle"]) for value in found]


def _pairs(numbers: list[float]) -> list[list[float]]:
    stated = [number for number in numbers if not _nan(number)]
    return [stated[at : at + 2] for at in range(0, len(stated), 2)]


def _nan(value: float) -> bool:
    return value != value  # noqa: PLR0124 - NaN is the one number that differs from itself


def _polygons(ds: Dataset, rows: Array) -> list[tuple[Any, Any]]:
    found = ds._annotations.columns["points"].values_of(rows)
    return [(_Rings([ring for part in shape for ring in part]), None) for shape in found]


def _points(ds: Dataset, rows: Array) -> list[tuple[Any, Any]]:
    found = ds._annotations.columns["points"].values_of(rows)
    return [(shape[0][0], None) for shape in found]


_POINTS = {"box": _boxes, "rotated_box": _rotated, "polygon": _polygons, "point": _points}
