"""Writing Innotescus JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import orjson

from annokit.columns import Number, Struct, Table
from annokit.columns.base import Array
from annokit.columns.json import dumps
from annokit.formats.innotescus import facts
from annokit.formats.innotescus.classes import UNLISTED
from annokit.formats.innotescus.definitions import stated
from annokit.formats.innotescus.drawn import contour, with_more
from annokit.formats.innotescus.facts import Record, equal, own, restored
from annokit.formats.innotescus.places import FRAME, Entry, entries, frames, texts
from annokit.formats.innotescus.records import (
    NOTHING_DRAWN,
    annotation_record,
    box_drawn,
    box_record,
    class_record,
    item_record,
    poly_drawn,
)
from annokit.model.schema import KINDS

if TYPE_CHECKING:
    from annokit.codecs.output import Output
    from annokit.formats.context import WriteContext
    from annokit.model.dataset import Dataset

CHUNK = 20_000
"""Annotations whose records are in memory at a time."""


def write(ds: Dataset, output: Output, context: WriteContext, *, indent: bool = False) -> None:
    """Write the five files of each data set, in a folder of its own where it has a name.

    Parameters
    ----------
    ds : Dataset
        Narrowed to what the files hold.
    output : Output
        A folder or an archive.
    context : WriteContext
        What the caller asked for.
    indent : bool
        Two spaces per level, for people.
    """
    listed = entries(ds) or {None: []}
    owner = _owners(ds, listed)
    done = 0
    for place, (name, group) in enumerate(listed.items()):
        rows = np.flatnonzero(owner == place)
        documents: dict[str, Iterable[Record]] = {
            facts.CLASSES: _classes(ds),
            facts.ANNOTATIONS: _annotations(ds, rows),
            facts.ITEMS: _items(ds, group),
            **{scope.file: _definitions(ds, scope) for scope in facts.SCOPES},
        }
        for file, records in documents.items():
            with output.open(f"{name}/{file}" if name else file) as stream:
                _dump(stream, records, indent)
        done += len(rows)
        context.progress(done, len(ds._annotations))


def _owners(ds: Dataset, listed: dict[str | None, list[Entry]]) -> Array:
    """Return the place in `listed` of each annotation's data set."""
    places = {name: place for place, name in enumerate(listed)}
    of_item = [places.get(name, 0) for name in texts(ds._items, "dataset")]
    return np.array([*of_item, 0], np.int64)[ds._annotations.array("item")]


def _dump(stream: BinaryIO, records: Iterable[Record], indent: bool) -> None:
    option = orjson.OPT_INDENT_2 if indent else 0
    between = b"[\n"
    for record in records:
        stream.write(between)
        try:
            stream.write(orjson.dumps(record, option=option))
        except TypeError:  # integers beyond 64 bits
            stream.write(dumps(record))
        between = b",\n"
    stream.write(b"[]\n" if between == b"[\n" else b"\n]\n")


def _classes(ds: Dataset) -> Iterator[Record]:
    for label in ds.labels:
        extras = own(label.extras)
        if UNLISTED not in extras:
            parent = None if label.parent is None else label.parent.source_id
            yield restored(class_record(label.source_id, label.name, parent), extras)


def _definitions(ds: Dataset, scope: facts.Scope) -> Iterator[Record]:
    for made in ds.labels.attributes:
        if made.scope in scope.scopes:
            yield stated(made, scope)


def _items(ds: Dataset, group: list[Entry]) -> Iterator[Record]:
    kept = {name: _Rows(table) for name, table in (("items", ds._items), ("sequences", ds._sequences))}
    for entry in group:
        name = "items" if entry.sequence is None else "sequences"
        row = entry.image if entry.sequence is None else entry.sequence
        assert row is not None
        record, extras = kept[name].record(row, entry.sequence is not None)
        if UNLISTED not in extras:
            yield restored(record, extras)


class _Rows:
    """Rows of items or sequences as records."""

    def __init__(self, table: Table) -> None:
        self._columns = {name: texts(table, name) for name in ("id", "name", "uri", "frames")}
        self._sizes = table.array("size").tolist()
        self._attributes = group_values(table, "attributes", np.arange(len(table)))
        self._extras = group_values(table, "extras/innotescus", np.arange(len(table)))

    def record(self, row: int, video: bool) -> tuple[Record, Record]:
        """Return the record of an image or a video, and its extras."""
        width, height = self._sizes[row]
        size = (width, height) if width > 0 and height > 0 else (None, None)
        ident, name, uri, count = (self._columns[key][row] for key in ("id", "name", "uri", "frames"))
        values = self._attributes[row]
        return item_record(ident, name, count if video else 1, size, uri, values), self._extras[row]


def group_values(table: Table, prefix: str, rows: Array) -> list[Record]:
    """Return the values of a group of columns by name, one dictionary per row."""
    found: list[Record] = [{} for _ in range(len(rows))]
    for name, column in table.group(prefix).items():
        slots = column.slots_of(rows)
        places = np.flatnonzero(slots >= 0)
        for place, value in zip(places.tolist(), column.values.values_of(slots[places]), strict=True):
            found[place][name] = value
    return found


def _annotations(ds: Dataset, rows: Array) -> Iterator[Record]:
    """Yield the annotations; an open polygon that was read as several rows is one again."""
    places = _places(ds)
    held: Record | None = None
    for start in range(0, len(rows), CHUNK):
        for record, more in _records(ds, rows[start : start + CHUNK], places):
            if more and held is not None and _continues(held, record):
                held = {**held, "poly": held["poly"] + record["poly"]}
                continue
            if held is not None:
                yield held
            held = record
    if held is not None:
        yield held


def _continues(held: Record, record: Record) -> bool:
    return equal({**held, "poly": None}, {**record, "poly": None}) and isinstance(held["poly"], list)


def _places(ds: Dataset) -> list[tuple[Any, Any]]:
    """Return the index and the frame index of every item."""
    idents, owners = texts(ds._items, "id"), ds._items.array("sequence").tolist()
    sequences = texts(ds._sequences, "id")
    kinds, numbers = ds._items.array("kind").tolist(), frames(ds).tolist()
    return [
        (ident, 0) if owner < 0 else (sequences[owner], number if kind == FRAME else None)
        for ident, owner, kind, number in zip(idents, owners, kinds, numbers, strict=True)
    ]


def _records(ds: Dataset, rows: Array, places: list[tuple[Any, Any]]) -> Iterator[tuple[Record, bool]]:
    """Yield the record of each row, and whether it goes on with the contours of the one before."""
    table = ds._annotations.take(rows)
    idents = [*(label.source_id for label in ds.labels), None]
    labels = [idents[label] for label in table.array("label").tolist()]
    instances = [
        track if ident is None else ident
        for ident, track in zip(texts(table, "id"), texts(table, "track"), strict=True)
    ]
    every = np.arange(len(table))
    values, extras = group_values(table, "attributes", every), group_values(table, "extras/innotescus", every)
    shapes = _shapes(table)
    rest = zip(labels, instances, texts(table, "author"), strict=True)
    for place, (item, (label, instance, author)) in enumerate(zip(table.array("item").tolist(), rest, strict=True)):
        told = extras[place]
        drawn = _drawn(*shapes[place], told)
        record = annotation_record(places[item], label, instance, drawn, (author, values[place]))
        if drawn["type"] is not None:  # what was drawn since takes the place of what could not be read
            told = {key: value for key, value in told.items() if key != "type" and key != drawn["type"].lower()}
        yield restored(record, told), "#more" in told


def _drawn(kind: str, numbers: Any, box: Any, extras: Record) -> Record:
    more = extras.get("#box")
    if kind == "box":
        return box_drawn(with_more(box_record(numbers, None), more))
    if kind == "rotated_box":
        return box_drawn(with_more(box_record(numbers[0], numbers[1]), more))
    if kind not in ("polygon", "polyline"):
        return NOTHING_DRAWN
    rings = in_order([ring for part in numbers for ring in part], extras.get("#contours"))
    form = extras.get("#points", 0)
    beside = None if box is None else with_more(box_record(box, None), more)
    return poly_drawn([contour(ring, form) for ring in rings], kind == "polyline", beside)


def in_order(rings: list[Any], order: Any) -> list[Any]:
    """Return the contours in the order of the file."""
    if order is None or sorted(order) != list(range(len(rings))):
        return rings
    return [ring for _, ring in sorted(zip(order, rings, strict=True), key=lambda pair: int(pair[0]))]


def _shapes(table: Table) -> list[tuple[str, Any, Any]]:
    """Return the kind, the numbers, and the stated box of each row."""
    kinds = [KINDS[code] for code in table.array("kind").tolist()]
    boxes: list[Any] = [None] * len(table)
    column = table.get("box")
    if isinstance(column, Number):
        boxes = [box if box[0] == box[0] else None for box in column.to_list()]
    numbers = list(boxes)
    for name in ("points", "rotated"):
        _place(numbers, table, name)
    return list(zip(kinds, numbers, boxes, strict=True))


def _place(numbers: list[Any], table: Table, name: str) -> None:
    column = table.sparse(name)
    if column is None:
        return
    rows = column.present()
    values = _turned(column.dense()) if name == "rotated" else column.values_of(rows)
    for row, value in zip(rows.tolist(), values, strict=True):
        numbers[row] = value


def _turned(column: Any) -> list[Any]:
    """Return the four numbers and the angle of each turned box."""
    assert isinstance(column, Struct)
    sides, angles = column.fields["numbers"].to_list(), column.fields["angle"].to_list()
    return [(numbers[:4], angle) for numbers, angle in zip(sides, angles, strict=True)]


__all__ = ["group_values", "in_order", "write"]
