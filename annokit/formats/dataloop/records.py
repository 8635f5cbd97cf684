"""Rows of a table as JSON objects; a value that is bytes is JSON already."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from annokit.columns import Column, Json, Sparse, Table, Text
from annokit.columns.base import Array
from annokit.columns.json import dumps, loads
from annokit.formats.dataloop.facts import EXTRA, MARK

Members = dict[str, Any]


class Objects:
    """One object per row, with ``metadata`` and ``metadata.system`` in it."""

    def __init__(self, count: int) -> None:
        self.top: list[Members] = [{} for _ in range(count)]
        self.meta: list[Members] = [{} for _ in range(count)]
        self.system: list[Members] = [{} for _ in range(count)]

    def put(self, path: str, rows: Iterable[int], values: Iterable[Any]) -> None:
        """Set a key in some rows; a path has at most three parts."""
        head, _, rest = path.partition(".")
        owners = self.top if not rest else self.meta
        key = rest or head
        if rest.startswith("system."):
            owners, key = self.system, rest.removeprefix("system.")
        for row, value in zip(rows, values, strict=True):
            if key == "#further":
                owners[row].update(loads(value))
            else:
                owners[row][key] = value

    def closed(self, row: int, absent: Sequence[str], name: str = "metadata") -> Members:
        """Return the object of a row, its inner ones in their places unless they are empty and were not there."""
        meta = self.meta[row]
        if self.system[row] or "metadata.system" not in absent:
            meta.setdefault("system", self.system[row])
        if meta or "metadata" not in absent:
            self.top[row].setdefault(name, meta)
        return self.top[row]


def own_extras(table: Table) -> Iterator[tuple[str, Sparse]]:
    """Yield the columns of keys that the model does not map, by path, marks left out."""
    for name in table.columns:
        path = name.removeprefix(EXTRA)
        if (path != name and not path.startswith(MARK + "")) or path.endswith("#further"):
            column = table.sparse(name)
            if column is not None and path != name:
                yield path, column


def marks(table: Table, name: str) -> list[Any]:
    """Return the mark of each row, None where it has none."""
    column = table.sparse(f"{EXTRA}#{name}")
    found: list[Any] = [None] * len(table)
    if column is not None:
        known = column.values.to_list()
        for row, slot in zip(column.present().tolist(), column.all_slots().tolist(), strict=True):
            found[row] = known[slot]
    return found


def texts(column: Column) -> tuple[list[int], list[Any]]:
    """Return the rows that have a value, and the values as JSON."""
    sparse = Sparse.of_column(column)
    return sparse.present().tolist(), fragments(sparse)


def fragments(sparse: Sparse) -> list[Any]:
    """Return the values of a sparse column as JSON, a shared one once."""
    values = sparse.values
    if isinstance(values, Json):
        known = values.text.raw_list()
    elif isinstance(values, Text):
        known = [dumps(text) for text in values.to_list()]
    else:
        known = [dumps(value) for value in values.to_list()]
    return known if sparse.slots is None else [known[slot] for slot in sparse.slots.tolist()]


def rows_of(marked: Array) -> list[int]:
    """Return where an array of bools is True."""
    found: list[int] = np.flatnonzero(marked).tolist()
    return found
