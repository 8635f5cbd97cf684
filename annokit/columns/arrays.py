"""Columns by their arrays: taken apart and put together again, for files and for other processes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from annokit.codecs.mapped import reference
from annokit.columns.base import Array, Column
from annokit.columns.fixed import Fixed
from annokit.columns.json import Json
from annokit.columns.number import Number
from annokit.columns.ragged import Ragged
from annokit.columns.sparse import Sparse
from annokit.columns.struct import Struct
from annokit.columns.table import Table
from annokit.columns.text import Text

TYPES: Mapping[str, type[Column]] = {
    kind.__name__: kind for kind in (Fixed, Number, Text, Json, Ragged, Struct, Sparse)
}
"""Types of columns by their names in files."""


def built(kind: str, parts: Mapping[str, Any]) -> Column:
    """Return the column of a type in :data:`TYPES` with these :meth:`~annokit.columns.Column.parts`."""
    return Struct(parts) if kind == "Struct" else TYPES[kind](**parts)


def with_arrays(column: Column, change: Callable[[Array], Any]) -> Column:
    """Return the column with every array exchanged for what `change` makes of it; itself where that is the same."""
    parts = column.parts()
    changed = {name: _changed(part, change) for name, part in parts.items()}
    if all(changed[name] is parts[name] for name in parts):
        return column
    return built(type(column).__name__, changed)


def _changed(part: Any, change: Callable[[Array], Any]) -> Any:
    if isinstance(part, Column):
        return with_arrays(part, change)
    return change(part) if isinstance(part, np.ndarray) else part


def portable(table: Table) -> Table:
    """Return a table to be pickled: what lies in a mapped file as references to it, everything else compact."""
    columns = {name: _portable(column) for name, column in table.columns.items()}
    return Table(table.length, {name: column for name, column in columns.items() if table._needed(column)})


def _portable(column: Column) -> Column:
    referring = with_arrays(column, lambda array: reference(array) or array)
    return column.compact() if referring is column else referring
