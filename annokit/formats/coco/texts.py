"""Columns as JSON texts, a block of rows at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import orjson

from annokit.codecs import json_text
from annokit.columns import Column, Fixed, Json, Number, Ragged, Sparse, Struct, Text
from annokit.columns.base import Array
from annokit.columns.json import dumps
from annokit.model.schema import MASK_ENCODINGS

Texts = list[bytes]

Printer = Callable[[int, int], "tuple[Array | None, Texts]"]
"""``printer(start, stop)`` returns the rows, counted from `start`, that have a text (None: all), and the texts."""

FLAGS = np.array([b"false", b"true"], object)


def printer_of(column: Column) -> Printer:
    """Return the printer of a column."""
    if isinstance(column, Sparse):
        return _sparse(column)
    if isinstance(column, Number) and column.values.ndim == 2:
        return _stated_rows(column)
    return lambda start, stop: (None, texts_of(column.slice(start, stop)))


def _sparse(column: Sparse) -> Printer:
    show = _slots_printer(column)

    def printed(start: int, stop: int) -> tuple[Array | None, Texts]:
        if column.rows is None:
            return None, show(start, stop)
        low, high = column.rows.searchsorted([start, stop]).tolist()
        rows = column.rows[low:high] - start
        return (None if len(rows) == stop - start else rows), show(low, high)

    return printed


def _slots_printer(column: Sparse) -> Callable[[int, int], Texts]:
    """Return a printer of the values that rows have, by their place among those rows."""
    slots, values = column.slots, column.values
    if slots is None:
        return lambda low, high: texts_of(values.slice(low, high))
    if 4 * len(values) > len(slots):
        return lambda low, high: texts_of(values.take(np.asarray(slots[low:high], np.int64)))
    known = _objects(texts_of(values))

    def printed(low: int, high: int) -> Texts:
        found: Texts = known[slots[low:high]].tolist()
        return found

    return printed


def _objects(texts: Sequence[bytes]) -> Array:
    made = np.empty(len(texts), object)
    made[:] = texts
    return made


def shared(slots: Array, texts: Sequence[bytes]) -> Printer:
    """Return the printer of a column of positions in `texts`; -1, and an empty text, is no value."""
    known = _objects([*texts, b""])
    empty = np.array([not text for text in known.tolist()])
    never = not empty[slots].any()

    def printed(start: int, stop: int) -> tuple[Array | None, Texts]:
        own = slots[start:stop]
        if never:
            return None, known[own].tolist()
        rows = np.flatnonzero(~empty[own])
        return rows, known[own[rows]].tolist()

    return printed


def _stated_rows(column: Number) -> Printer:
    """Return the printer of rows of numbers, NaN where there is none."""
    none = np.isnan(column.values[:, 0])

    def printed(start: int, stop: int) -> tuple[Array | None, Texts]:
        own = column.slice(start, stop)
        rows = np.flatnonzero(~none[start:stop])
        if len(rows) == stop - start:
            return None, json_text.rows(own.values, own.whole)
        return rows, json_text.rows(own.values[rows], None if own.whole is None else own.whole[rows])

    return printed


def rings(column: Column) -> Printer:
    """Return the printer of polygons: lists of rings without the two outermost pairs of brackets."""
    sparse: Any = Sparse.of_column(column)

    def printed(start: int, stop: int) -> tuple[Array | None, Texts]:
        low, high = (start, stop) if sparse.rows is None else sparse.rows.searchsorted([start, stop]).tolist()
        shapes = sparse.values
        shapes = (
            shapes.slice(low, high) if sparse.slots is None else shapes.take(sparse.slots[low:high].astype(np.int64))
        )
        rows = None if high - low == stop - start else sparse.rows[low:high] - start
        return rows, _rings(shapes)

    return printed


def _rings(shapes: Any) -> Texts:
    counts = np.diff(shapes.bounds())
    inner = shapes.values.values
    sizes = np.diff(inner.bounds()) * 2
    numbers = inner.values
    whole = None if numbers.whole is None else numbers.whole.reshape(-1)
    return json_text.groups(numbers.values.reshape(-1), whole, sizes, counts)


def texts_of(column: Column) -> Texts:
    """Return every value of a column as JSON."""
    return PRINTERS[type(column)](column)


def _fixed(column: Any) -> Texts:
    values = column.values
    if values.dtype.kind == "b":
        found: Texts = FLAGS[values.astype(np.int64)].tolist()
        return found
    return json_text.numbers(values) if values.ndim == 1 else json_text.rows(values)


def _number(column: Any) -> Texts:
    if column.values.ndim == 2:
        return json_text.rows(column.values, column.whole)
    return json_text.numbers(column.values, column.whole)


def _text(column: Any) -> Texts:
    return [dumps(text) for text in column.to_list()]


def _json(column: Any) -> Texts:
    found: Texts = column.text.raw_list()
    return found


def _struct(column: Any) -> Texts:
    """Return masks as run lengths."""
    sizes = json_text.rows(column.fields["size"].values)
    data = column.fields["data"].raw_list()
    codes = column.fields["encoding"].values.tolist()
    return [ENCODINGS[code](size, raw) for code, size, raw in zip(codes, sizes, data, strict=True)]


def _compressed(size: bytes, data: bytes) -> bytes:
    return b'{"size":' + size + b',"counts":"' + data.replace(b"\\", b"\\\\") + b'"}'


def _runs(size: bytes, data: bytes) -> bytes:
    counts = orjson.dumps(np.frombuffer(data, "<u4"), option=orjson.OPT_SERIALIZE_NUMPY)
    return b'{"counts":' + counts + b',"size":' + size + b"}"


ENCODINGS = {MASK_ENCODINGS.index("rle"): _compressed, MASK_ENCODINGS.index("runs"): _runs}


def _joints(column: Any) -> Texts:
    """Return keypoints as flat lists of x, y and visibility."""
    numbers = column.values
    sizes = np.diff(column.bounds()) * 3
    whole = None if numbers.whole is None else numbers.whole.reshape(-1)
    texts = json_text.groups(numbers.values.reshape(-1), whole, sizes, np.ones(len(sizes), np.int64))
    return [b"[" + text + b"]" for text in texts]


PRINTERS: dict[type, Callable[[Any], Texts]] = {
    Fixed: _fixed,
    Number: _number,
    Text: _text,
    Json: _json,
    Struct: _struct,
    Ragged: _joints,
}
