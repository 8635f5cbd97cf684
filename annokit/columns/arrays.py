"""Columns by their parts: taken apart and put together again, for files and for other processes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from annokit.codecs.mapped import reference
from annokit.columns.base import Column
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


def made(kind: type[Column], parts: Mapping[str, Any]) -> Column:
    """Return the column of a type with these :meth:`~annokit.columns.Column.parts`."""
    return kind(parts) if issubclass(kind, Struct) else kind(**parts)


def shipped(part: Any) -> Any:
    """Return what to pickle instead of a part of a column: a reference where it is an array in a mapped file."""
    found = reference(part) if isinstance(part, np.ndarray) else None
    return part if found is None else found


def is_mapped(column: Column) -> bool:
    """Tell whether some array of a column lies in a mapped file, so that pickling it copies little."""
    parts = column.parts().values()
    return any(is_mapped(part) if isinstance(part, Column) else shipped(part) is not part for part in parts)


def portable(table: Table) -> Table:
    """Return a table to be pickled: what lies in a mapped file as it is, everything else compact."""
    columns = {name: column if is_mapped(column) else column.compact() for name, column in table.columns.items()}
    return Table(table.length, {name: column for name, column in columns.items() if table._needed(column)})
