"""Where the issues of a read arose, as tables: ``item`` (name), ``annotation`` (row or -1), ``detail``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, overload

import numpy as np

from annokit.columns import MISSING, Column, Fixed, Sparse, Table, Text
from annokit.columns.make import sparse_of
from annokit.report import Places, Report


def tables(report: Report) -> dict[int, Table]:
    """Return the places of the issues by their numbers; an issue without places is not there."""
    return {number: _table(issue.places) for number, issue in enumerate(report) if issue.places is not None}


def _table(places: Places) -> Table:
    columns: dict[str, Column] = {"item": _items(places)}
    if places.annotation_rows is not None:
        columns["annotation"] = Fixed(np.asarray(places.annotation_rows, np.int64))
    if places.details is not None and not isinstance(places.details, str):
        columns["detail"] = sparse_of(len(places), np.arange(len(places)), list(places.details))
    return Table(len(places), columns)


def _items(places: Places) -> Sparse:
    """Return the names of the items as a column in which each name stands once."""
    positions = np.asarray(places.item_rows, np.int64)
    rows = np.flatnonzero(positions >= 0)
    used, slots = np.unique(positions[rows], return_inverse=True)
    names = [places.items[position] for position in used.tolist()]
    stated = np.array([name is not None for name in names], bool)
    numbers = np.where(stated, stated.cumsum() - 1, -1)[slots]
    kept = numbers >= 0
    texts = Text.of(name for name in names if name is not None)
    return Sparse(len(positions), rows[kept], numbers[kept], texts)


def places_of(table: Table, detail: str | None) -> Places:
    """Return the places of a table; `detail` is the one of all of them. Texts are made when they are asked for."""
    items = table.sparse("item")
    rows = np.arange(table.length)
    return Places(
        () if items is None else Lines(items.values),
        np.full(len(rows), -1) if items is None else items.slots_of(rows),
        table.array("annotation") if "annotation" in table else None,
        Lines(table.columns["detail"]) if "detail" in table else detail,
    )


class Lines(Sequence[Any]):
    """The texts of a column as a sequence."""

    def __init__(self, column: Column) -> None:
        self._column = column

    def __len__(self) -> int:
        return len(self._column)

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> list[Any]: ...
    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return self._column.values_of(np.arange(len(self))[index])
        value = self._column.value(range(len(self))[index])
        return None if value is MISSING else value
