"""Whether what the arrays say makes sense: references that lead somewhere, text that is text, codes with a meaning.

It looks at every value, so it is done for small files and on request.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.columns import Column, Json, Ragged, Sparse, Struct, Table, Text
from annokit.columns.base import Array
from annokit.formats.annokit.places import Stored
from annokit.geometry.boxes import FORMS
from annokit.model.schema import (
    ELLIPSE_FORMS,
    ITEM_KINDS,
    KINDS,
    MASK_ENCODINGS,
    ROTATED_FORMS,
    STATUSES,
    TIME_UNITS,
    UNITS,
)

if TYPE_CHECKING:
    from annokit.model.dataset import Dataset


def check(ds: Dataset) -> None:
    """Raise ValueError for the first value that makes no sense."""
    tables = {"items": ds._items, "annotations": ds._annotations, "sequences": ds._sequences}
    for table, columns in tables.items():
        for name, column in columns.columns.items():
            _column(column, f"{table}/{name}")
    sizes = {name: len(table) for name, table in tables.items()} | {"labels": len(ds.labels)}
    for place, target in ROWS.items():
        _within(_values(tables, place), -1, sizes[target], place)
    for place, codes in CODES.items():
        _within(_values(tables, place), 0, len(codes), place)
    for number, issue in enumerate(ds.issues):
        if isinstance(issue.places, Stored):
            _places(issue.places, f"places/{number}")


def _places(places: Stored, path: str) -> None:
    for name, column in places.columns().items():
        _column(column, f"{path}/{name}")
        if name in ("detail", "annotation") and len(column) != len(places):
            raise ValueError(f"{path}/{name} has {len(column)} rows instead of {len(places)}")
    _within(places.item_rows, -1, len(places.items), path)


def _values(tables: Mapping[str, Table], place: str) -> Array:
    """Return the numbers of a column, or of a field of one, that all exist; none where the column does not."""
    table, name, *fields = place.split("/")
    column: Any = tables[table].get(name)
    if isinstance(column, Sparse):
        column = column.values
    for field in fields:
        column = None if column is None else column.fields[field]
    return np.zeros(0, np.int64) if column is None else column.values


def _within(values: Array, least: int, end: int, place: str) -> None:
    if len(values) and not (least <= int(values.min()) and int(values.max()) < end):
        raise ValueError(f"{place} holds {values.min()} to {values.max()}, expected {least} to {end - 1}")


def _column(column: Column, place: str, text: bool = True) -> None:
    if isinstance(column, Sparse):
        _sparse(column, place)
        _column(column.values, place)
    elif isinstance(column, Struct):
        for name, field in column.fields.items():
            _column(field, f"{place}/{name}", text=False)
    elif isinstance(column, Ragged):
        if column.offsets is not None:
            _offsets(column.offsets, len(column.values), place)
        _column(column.values, place)
    elif isinstance(column, Json):
        _column(column.text, place)
    elif isinstance(column, Text):
        _offsets(column.offsets, len(column.data), place)
        if text:
            _text(column, place)
    else:
        _flags(column, place)


def _sparse(column: Sparse, place: str) -> None:
    if column.rows is not None:
        _within(column.rows, 0, column.length, place)
        if not (column.rows[1:] > column.rows[:-1]).all():
            raise ValueError(f"the rows of {place} do not ascend")
    if column.slots is not None:
        _within(column.slots, 0, len(column.values), place)


def _offsets(offsets: Array, end: int, place: str) -> None:
    _within(offsets, 0, end + 1, place)
    if not (offsets[1:] >= offsets[:-1]).all():
        raise ValueError(f"the offsets of {place} do not ascend")


def _text(column: Text, place: str) -> None:
    """Compare with UTF-8, in which lone surrogates are let through; a row must not begin inside a character."""
    try:
        column.data.tobytes().decode("utf-8", "surrogatepass")
    except UnicodeDecodeError as error:
        raise ValueError(f"{place} is no UTF-8: {error}") from error
    starts = column.offsets[column.offsets < len(column.data)]
    if ((column.data[starts] & 0xC0) == 0x80).any():
        raise ValueError(f"a row of {place} begins inside a character")


def _flags(column: Column, place: str) -> None:
    """Look for flags that are neither 0 nor 1."""
    for array in column.parts().values():
        if isinstance(array, np.ndarray) and array.dtype == bool:
            _within(array.reshape(-1).view(np.uint8), 0, 2, place)


ROWS: Mapping[str, str] = {
    "items/sequence": "sequences",
    "annotations/item": "items",
    "annotations/label": "labels",
    "annotations/parent": "annotations",
}
"""Columns of rows of a table, or of positions in the label set; -1 is none."""

CODES: Mapping[str, tuple[Any, ...]] = {
    "items/kind": ITEM_KINDS,
    "items/unit": UNITS,
    "items/form": FORMS,
    "items/time_unit": TIME_UNITS,
    "items/status": STATUSES,
    "annotations/kind": KINDS,
    "annotations/rotated/form": ROTATED_FORMS,
    "annotations/ellipse/form": ELLIPSE_FORMS,
    "annotations/mask/encoding": MASK_ENCODINGS,
    "sequences/status": STATUSES,
}
"""Columns of codes, and what the codes stand for."""
