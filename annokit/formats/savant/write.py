"""Writing SAVANT batches."""

from __future__ import annotations

from itertools import groupby
from math import isnan
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from annokit.columns import MISSING, Column, Number, Table
from annokit.columns.base import Array
from annokit.columns.json import dumps
from annokit.formats.savant.facts import TIME_KEYS, TYPE_OF_KIND
from annokit.model.schema import ITEM_KINDS, KINDS

if TYPE_CHECKING:
    from annokit.codecs.output import Output
    from annokit.formats.context import WriteContext
    from annokit.model.dataset import Dataset

Record = dict[str, Any]
VIDEO = ITEM_KINDS.index("video")


def write(ds: Dataset, output: Output, context: WriteContext, *, indent: bool = False) -> None:
    """Write a batch.

    Parameters
    ----------
    ds : Dataset
        Narrowed to what a batch holds.
    output : Output
        Where to.
    context : WriteContext
        What the caller asked for.
    indent : bool
        Two spaces per level, for people.
    """
    writer = _Writer(ds)
    items = _items_by_sequence(ds)
    before = [(key, raw) for key, raw in _own(ds._extras)]
    with output.open(f"{context.stem}.json") as file:
        file.write(b"{")
        for key, raw in before:
            file.write(dumps(key) + b":" + raw + b",")
        file.write(b'"sequences":[')
        for row in range(len(ds._sequences)):
            record = writer.sequence(row, items.get(row, []))
            file.write((b"," if row else b"") + _dump(record, indent))
            context.progress(row + 1, len(ds._sequences))
        file.write(b"]}")


def _dump(record: Record, indent: bool) -> bytes:
    try:
        return orjson.dumps(record, option=orjson.OPT_INDENT_2 if indent else 0)
    except TypeError:
        return dumps(record)


def _own(extras: Any) -> list[tuple[str, bytes]]:
    return [(key.partition("/")[2], raw) for key, raw in extras.items() if key.startswith("savant/")]


def _items_by_sequence(ds: Dataset) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for row, sequence in enumerate(ds._items.array("sequence").tolist()):
        found.setdefault(sequence, []).append(row)
    return found


class _Writer:
    """Makes records of rows, a sequence at a time."""

    def __init__(self, ds: Dataset) -> None:
        self._ds = ds
        self._codes = [label.source_id for label in ds.labels]
        self._label_objects = [_label_object(label) for label in ds.labels]

    def sequence(self, row: int, items: list[int]) -> Record:
        """Return one annotation job."""
        ds = self._ds
        record: Record = {}
        for key, name in (("rootId", "id"), ("name", "name")):
            value = ds._sequences.value(name, row)
            if value is not MISSING:
                record[key] = value
        record.update(_extras(ds._sequences, row))
        videos = [item for item in items if ds._items.array("kind")[item] == VIDEO]
        frames = [item for item in items if ds._items.array("kind")[item] != VIDEO]
        for item in videos:
            record["videoAnnotations"] = self._times(ds._rows_of_item(item))
        if frames:
            record["featureSet"] = self._frames(np.array(frames))
        return record

    def _times(self, rows: Array) -> list[Record]:
        table = self._ds._annotations.take(rows)
        spans = _values(table, "span", len(rows))
        told = _all_extras(table, len(rows))
        labels = table.array("label").tolist()
        return [self._time(span, label, extras) for span, label, extras in zip(spans, labels, told, strict=True)]

    def _time(self, span: Any, label: int, extras: Record) -> Record:
        absent = extras.pop("#absent", ())
        stated = extras.pop("#label", None) or self._label_objects[label]
        times = (None, None) if span is MISSING else (None if isnan(t) else t for t in span[:2])
        record = {key: time for key, time in zip(TIME_KEYS[:2], times, strict=True) if key not in absent}
        return {**record, "label": stated, **extras}

    def _frames(self, items: Array) -> list[Record]:
        ds = self._ds
        table = ds._items.take(items)
        offsets = np.cumsum([0, *(len(ds._rows_of_item(item)) for item in items.tolist())]).tolist()
        rows = np.concatenate([ds._rows_of_item(item) for item in items.tolist()])
        shapes = self._shapes(ds._annotations.take(rows))
        columns = (_values(table, "id", len(items)), _values(table, "uri", len(items)), _all_extras(table, len(items)))
        records = []
        for place, (ident, uri, extras) in enumerate(zip(*columns, strict=True)):
            labels = extras.pop("#labels", MISSING)
            absent = extras.pop("#absent", ())
            entries = _entries(shapes[offsets[place] : offsets[place + 1]])
            record = {key: value for key, value in (("id", ident), ("framePath", uri)) if value is not MISSING}
            if entries or "labels" not in absent:
                record["labels"] = entries if entries or labels is MISSING else labels
            records.append({**record, **extras})
        return records

    def _shapes(self, table: Table) -> list[tuple[Any, Any, Record]]:
        """Return (code, shape, extras) of each row; a shape of None is a label without shapes."""
        kinds = table.array("kind").tolist()
        codes = [self._codes[label] for label in table.array("label").tolist()]
        points = _points(table)
        told = _all_extras(table, len(kinds))
        return [
            (code, _shape(kind, own, extras), extras)
            for code, kind, own, extras in zip(codes, kinds, points, told, strict=True)
        ]


def _entries(shapes: list[tuple[Any, Any, Record]]) -> list[Record]:
    """Return the label entries of a frame: one per run of shapes of one label, and one per row without shape."""
    number = 0
    numbered = []
    alone = False
    for code, shape, extras in shapes:
        number += bool(extras.pop("#again", False)) or alone or shape is None
        alone = shape is None
        numbered.append((number, code, shape, extras.pop("#entry", None)))
    entries = []
    for (_, code), group in groupby(numbered, key=lambda row: (row[0], row[1])):
        rows = list(group)
        entry = dict(rows[0][3] or {})
        absent = entry.pop("#absent", ())
        drawn = [shape for _, _, shape, _ in rows if shape is not None]
        if drawn or ("shapes" not in entry and "shapes" not in absent):
            entry["shapes"] = drawn
        entries.append({**entry, "code": code})
    return entries


def _shape(kind: int, points: Any, extras: Record) -> Any:
    if "#shape" in extras:
        return extras["#shape"]
    if kind == 0:
        return None
    typed_by = extras.get("#typed_by", "type")
    corners = extras.get("#corners", 0)
    if KINDS[kind] == "box":
        points = _flipped(points, corners)
    own = {key: value for key, value in extras.items() if not key.startswith("#")}
    return {typed_by: TYPE_OF_KIND[KINDS[kind]], "points": [{"x": x, "y": y} for x, y in points], **own}


def _flipped(box: Any, corners: int) -> list[tuple[Any, Any]]:
    x0, y0, x1, y1 = box
    x0, x1 = (x1, x0) if corners & 1 else (x0, x1)
    y0, y1 = (y1, y0) if corners & 2 else (y0, y1)
    return [(x0, y0), (x1, y1)]


def _points(table: Table) -> list[Any]:
    """Return the numbers of each row's shape: four of a box, pairs of everything else, None of no shape."""
    found: list[Any] = [None] * len(table)
    rings = table.sparse("points")
    if rings is not None:
        for row, shape in zip(rings.present().tolist(), rings.values_of(rings.present()), strict=True):
            found[row] = shape[0][0]
    boxes = table.get("box")
    if isinstance(boxes, Number):
        rows = np.flatnonzero(table.array("kind") == KINDS.index("box"))
        for row, box in zip(rows.tolist(), boxes.values_of(rows), strict=True):
            found[row] = box
    return found


def _label_object(label: Any) -> Record:
    extras = {key.partition("/")[2]: value for key, value in label.extras.items() if key.startswith("savant/")}
    plain = extras.pop("#plain", False)
    return {
        "code": label.source_id,
        **({} if plain or "displayName" in extras else {"displayName": label.name}),
        **extras,
    }


def _extras(table: Table, row: int) -> Record:
    group = table.group("extras/savant")
    return {name: value for name, column in group.items() if (value := column.value(row)) is not MISSING}


def _all_extras(table: Table, count: int) -> list[Record]:
    found: list[Record] = [{} for _ in range(count)]
    for name, column in table.group("extras/savant").items():
        for row, value in zip(
            column.present().tolist(), column.dense().values_of(np.arange(column.count)), strict=True
        ):
            found[row][name] = value
    return found


def _values(table: Table, name: str, count: int) -> list[Any]:
    column: Column | None = table.get(name)
    return [MISSING] * count if column is None else column.values_of(np.arange(count))
