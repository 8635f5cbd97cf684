"""Columns of one length under their names."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

import attrs
import numpy as np

from annokit.columns.base import MISSING, Array, Column, concat, equal
from annokit.columns.fixed import Fixed
from annokit.columns.number import Number
from annokit.columns.select import Selection
from annokit.columns.sparse import Sparse


def _settled(columns: Mapping[str, Column]) -> dict[str, Column]:
    """Return the columns with every one that is dear to select behind slots."""
    return {k: c if isinstance(c, Fixed | Number | Sparse) else Sparse.of_column(c) for k, c in columns.items()}


@attrs.frozen(eq=False)
class Table:
    """Columns of one length; a name may have a path, such as ``attributes/occluded``.

    Parameters
    ----------
    length : int
        Rows.
    columns : mapping of str to Column
        A column that a row has no value in is :class:`Sparse`; a column without any value need not exist.
    """

    length: int
    columns: Mapping[str, Column] = attrs.field(factory=dict, converter=_settled)

    def __attrs_post_init__(self) -> None:
        for name, column in self.columns.items():
            if len(column) != self.length:
                raise ValueError(f"column {name!r} has {len(column)} rows, the table has {self.length}")

    def __len__(self) -> int:
        return self.length

    def __contains__(self, name: str) -> bool:
        return name in self.columns

    def get(self, name: str) -> Column | None:
        """Return a column, None where the table has none of that name."""
        return self.columns.get(name)

    def array(self, name: str) -> Array:
        """Return the values of a :class:`Fixed` or :class:`Number` column."""
        column = self.columns[name]
        assert isinstance(column, Fixed | Number)
        return column.values

    def sparse(self, name: str) -> Sparse | None:
        """Return a column as a sparse one, None where it does not exist or has no value at all."""
        column = self.columns.get(name)
        if column is None:
            return None
        found = Sparse.of_column(column)
        return found if found.count else None

    def value(self, name: str, row: int) -> Any:
        """Return one value, MISSING where the row or the table has none."""
        column = self.columns.get(name)
        return MISSING if column is None else column.value(row)

    def group(self, prefix: str) -> dict[str, Sparse]:
        """Return the columns below ``prefix/`` by the rest of their names."""
        start = prefix + "/"
        return {
            name[len(start) :]: Sparse.of_column(column)
            for name, column in self.columns.items()
            if name.startswith(start)
        }

    def replace(self, changes: Mapping[str, Column | None]) -> Table:
        """Return a table with columns added, exchanged or, where None, left out."""
        merged: dict[str, Column | None] = {**self.columns, **changes}
        return Table(self.length, {name: column for name, column in merged.items() if column is not None})

    def without(self, names: Collection[str]) -> Table:
        """Return a table that lacks the columns `names`."""
        return self.replace(dict.fromkeys(names))

    def take(self, rows: Array) -> Table:
        """Return the table of `rows`, which may repeat, in their order."""
        selection = Selection(rows, self.length)
        chosen: dict[str, Column] = {}
        for name, column in self.columns.items():
            chosen[name] = column.select(selection) if isinstance(column, Sparse) else column.take(selection.rows)
        return Table(len(selection), chosen)

    def compact(self) -> Table:
        """Return an equal table that holds only values in use, without columns that have none."""
        compacted = {name: column.compact() for name, column in self.columns.items()}
        return Table(self.length, {name: column for name, column in compacted.items() if self._needed(column)})

    def _needed(self, column: Column) -> bool:
        return not isinstance(column, Sparse) or column.count > 0 or self.length == 0

    def map(self, change: Callable[[Column], Column]) -> Table:
        """Return the table with `change` applied to every column."""
        return Table(self.length, {name: change(column) for name, column in self.columns.items()})

    def equals(self, other: Table, ignore: Collection[str] = ()) -> bool:
        """Compare all columns but `ignore`; a column without any value equals a column that is not there."""
        if self.length != other.length:
            return False
        return not any(self.differences(other, ignore))

    def differences(self, other: Table, ignore: Collection[str] = ()) -> Iterator[str]:
        """Yield the names of the columns in which two tables of one length differ."""
        for name in sorted({*self.columns, *other.columns} - set(ignore)):
            mine, its = self.columns.get(name), other.columns.get(name)
            if mine is None or its is None:
                if not _void(its if mine is None else mine):
                    yield name
            elif not equal(mine, its):
                yield name

    @staticmethod
    def join(tables: Sequence[Table]) -> Table:
        """Return the tables one after another; a column that one lacks has no value there."""
        names = list(dict.fromkeys(name for table in tables for name in table.columns))
        joined: dict[str, Column] = {}
        for name in names:
            example = next(table.columns[name] for table in tables if name in table.columns)
            pieces = [
                table.columns[name] if name in table.columns else Sparse.empty(table.length, _inner(example))
                for table in tables
            ]
            if any(isinstance(piece, Sparse) for piece in pieces):
                pieces = [Sparse.of_column(piece) for piece in pieces]
            joined[name] = concat(pieces)
        return Table(sum(table.length for table in tables), joined)


def _inner(column: Column) -> Column:
    return column.values if isinstance(column, Sparse) else column


def _void(column: Column | None) -> bool:
    """Tell whether no row has a value; a :class:`Number` column says so by NaN."""
    if isinstance(column, Sparse):
        return column.count == 0
    return column is None or not len(column) or (isinstance(column, Number) and bool(np.isnan(column.values).all()))


def rows_of(mask: Array) -> Array:
    """Return the (k,) int64 rows at which a (n,) bool mask is True."""
    return np.flatnonzero(mask)
