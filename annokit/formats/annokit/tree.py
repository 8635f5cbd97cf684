"""The tree of the header: which arrays make which column, and which columns make the tables.

::

    {"items":       {"length": 2, "columns": {
                     "name": {"Sparse": {"length": 2, "rows": null, "slots": null, "values": {"Text":
                              {"data": "items/name:values.data", "offsets": "items/name:values.offsets"}}}},
                     "size": {"Fixed": {"values": "items/size:values"}}, ...}},
     "annotations": {...}, "sequences": {...},
     "labels": "labels", "info": "info", "issues": "issues",
     "places":      {"0": {"items": {"Text": ...}, "item": {"Fixed": ...}, ...}},
     "extras":      {"Struct": {"key": {"Text": ...}, "value": {"Text": ...}}}}

A column is an object of one key, its type in :mod:`annokit.columns`, over its parts: an array by name, another column,
an integer or null. ``labels``, ``info`` and ``issues`` name arrays of bytes that are JSON documents
(:mod:`annokit.formats.annokit.documents`). ``places`` says where the issues of that number arose
(:mod:`annokit.formats.annokit.places`), ``extras`` are the dataset's own keys of other formats, verbatim; both may be
missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.columns import Column, Sparse, Struct, Table, Text
from annokit.columns.arrays import TYPES, made
from annokit.columns.base import Array
from annokit.formats.annokit import documents, places

if TYPE_CHECKING:
    from annokit.model.dataset import Dataset

TABLES = ("items", "annotations", "sequences")

Put = Callable[[str, Array], str]
"""``put(name, array)`` takes an array and returns the name that it got."""


def planted(ds: Dataset, put: Put) -> dict[str, Any]:
    """Return the tree of a dataset, and give every array to `put`, in the order of the file.

    Columns are made compact one at a time, so that no more than one copy of one column exists at once.
    """
    tree: dict[str, Any] = {name: put(name, _bytes(text)) for name, text in documents.written(ds).items()}
    if ds._extras:
        extras = Struct({"key": Text.of(ds._extras), "value": Text.of_bytes(list(ds._extras.values()))})
        tree["extras"] = _column(extras, "extras", put)
    for name in TABLES:
        tree[name] = _table(getattr(ds, f"_{name}"), name, put)
    found = places.columns(ds.issues)
    if found:
        tree["places"] = {
            str(number): _columns(columns.items(), f"places/{number}", put) for number, columns in found.items()
        }
    return tree


def _bytes(text: bytes) -> Array:
    return np.frombuffer(text, np.uint8)


def _table(table: Table, path: str, put: Put) -> dict[str, Any]:
    return {"length": table.length, "columns": _columns(_compact(table), path, put)}


def _columns(columns: Iterable[tuple[str, Column]], path: str, put: Put) -> dict[str, Any]:
    return {name: _column(column, f"{path}/{name}", put) for name, column in columns}


def _compact(table: Table) -> Iterator[tuple[str, Column]]:
    for name, column in table.columns.items():
        if not isinstance(column, Sparse) or column.count or not table.length:
            yield name, column.compact()


def _column(column: Column, path: str, put: Put) -> dict[str, Any]:
    separator = "." if ":" in path else ":"
    parts = {name: _part(part, f"{path}{separator}{name}", put) for name, part in column.parts().items()}
    return {type(column).__name__: parts}


def _part(part: Any, path: str, put: Put) -> Any:
    if isinstance(part, Column):
        return _column(part, path, put)
    return put(path, part) if isinstance(part, np.ndarray) else part


Get = Callable[[str], Array]
"""Returns an array by name; KeyError where there is none."""

DEEPEST = 16
"""Most columns within columns."""


def table_of(node: Any, get: Get) -> Table:
    """Return the table that a node of the tree describes; ValueError, KeyError or TypeError where it makes no sense."""
    columns = {name: column_of(column, get) for name, column in node["columns"].items()}
    return Table(_length(node["length"]), columns)


def column_of(node: Any, get: Get, depth: int = 0) -> Column:
    """Return the column that a node of the tree describes; errors as for :func:`table_of`."""
    if depth > DEEPEST:
        raise ValueError(f"more than {DEEPEST} columns within each other")
    ((kind, parts),) = node.items()
    if kind == "Struct":
        return _struct({name: column_of(part, get, depth + 1) for name, part in parts.items()})
    wanted = PARTS[kind]
    if parts.keys() != wanted.keys():
        raise ValueError(f"a {kind} has {', '.join(parts)} instead of {', '.join(wanted)}")
    found = {name: _part_of(parts[name], want, get, depth) for name, want in wanted.items()}
    if kind == "Number" and found["whole"] is not None and found["whole"].shape != found["values"].shape:
        raise ValueError("a Number's parts differ in shape")
    return made(TYPES[kind], found)


def _struct(fields: Mapping[str, Column]) -> Struct:
    if len({len(column) for column in fields.values()}) != 1:
        raise ValueError("the fields of a Struct differ in length")
    return Struct(fields)


def _part_of(part: Any, want: str, get: Get, depth: int) -> Any:
    if want == "length":
        return _length(part)
    if want in ("column", "text"):
        column = column_of(part, get, depth + 1)
        if want == "text" and not isinstance(column, Text):
            raise ValueError(f"a {type(column).__name__} stands where a Text should")
        return column
    if part is None and want in OPTIONAL:
        return None
    array = get(part)
    kinds, size, dimensions, least = ARRAYS[want]
    if array.dtype.kind not in kinds or array.itemsize not in size or array.ndim not in dimensions:
        raise ValueError(f"{part!r} is {array.dtype} of shape {array.shape}, which is no {want}")
    if len(array) < least:
        raise ValueError(f"{part!r} is empty")
    return array


def _length(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= LONGEST:
        raise ValueError(f"{value!r:.40} is no length")
    return value


LONGEST = 1 << 40
"""Most rows."""

PARTS: Mapping[str, Mapping[str, str]] = {
    "Fixed": {"values": "values"},
    "Number": {"values": "floats", "whole": "flags"},
    "Text": {"data": "bytes", "offsets": "offsets"},
    "Json": {"text": "text"},
    "Ragged": {"offsets": "offsets or none", "values": "column"},
    "Sparse": {"length": "length", "rows": "rows", "slots": "slots", "values": "column"},
}
"""The parts of each type of column, and what each is."""

ARRAYS: Mapping[str, tuple[str, tuple[int, ...], range, int]] = {
    "values": ("biuf", (1, 2, 4, 8), range(1, 9), 0),
    "floats": ("f", (8,), range(1, 9), 0),
    "flags": ("b", (1,), range(1, 9), 0),
    "bytes": ("u", (1,), range(1, 2), 0),
    "offsets": ("i", (8,), range(1, 2), 1),
    "offsets or none": ("i", (8,), range(1, 2), 1),
    "rows": ("i", (8,), range(1, 2), 0),
    "slots": ("iu", (1, 2, 4, 8), range(1, 2), 0),
}
"""Kinds of number, bytes of one, dimensions and least length of an array."""

OPTIONAL = ("flags", "offsets or none", "rows", "slots")
"""Parts that may be null."""
