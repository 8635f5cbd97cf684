"""A column that only some rows have a value in, or whose rows share values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import attrs
import numpy as np

from annokit.columns.base import MISSING, Array, Column, concat, equal
from annokit.columns.select import Selection

FEW = 16
"""Rows are looked up one by one where at least this many times as many rows have a value."""


@attrs.frozen(eq=False)
class Sparse(Column):
    """Values of some rows, found through a slot, so that selecting rows never touches the values.

    Rows that share a slot share a value: with few distinct values this is a dictionary encoding.

    Parameters
    ----------
    length : int
        Rows of the table.
    rows : (k,) int64 array or None
        Ascending rows that have a value; None for all.
    slots : (k,) int array or None
        Position in `values` of each of them; None for 0, 1, 2, ...
    values : Column
        The values.
    """

    length: int
    rows: Array | None
    slots: Array | None
    values: Column

    def __attrs_post_init__(self) -> None:
        count = self.length if self.rows is None else len(self.rows)
        held = len(self.values) if self.slots is None else len(self.slots)
        if count != held:
            raise ValueError(f"{count} rows have a value, but there are {held} slots or values")

    @classmethod
    def of_column(cls, column: Column) -> Sparse:
        """Return any column as a sparse one in which every row has a value."""
        return column if isinstance(column, Sparse) else cls(len(column), None, None, column)

    @classmethod
    def empty(cls, length: int, like: Column) -> Self:
        """Return a column without any value, of the type of `like`."""
        return cls(length, np.zeros(0, np.int64), None, like.take(np.zeros(0, np.int64)))

    @classmethod
    def constant(cls, length: int, values: Column) -> Self:
        """Return a column in which every row has the one value of `values`."""
        return cls(length, None, np.zeros(length, np.uint8), values)

    def __len__(self) -> int:
        return self.length

    @property
    def count(self) -> int:
        """How many rows have a value."""
        return self.length if self.rows is None else len(self.rows)

    def present(self) -> Array:
        """Return the ascending rows that have a value, (k,) int64."""
        return np.arange(self.length, dtype=np.int64) if self.rows is None else self.rows

    def mask(self) -> Array:
        """Return (n,) bool, True where a row has a value."""
        if self.rows is None:
            return np.ones(self.length, bool)
        marks = np.zeros(self.length, bool)
        marks[self.rows] = True
        return marks

    def slot(self, row: int) -> int:
        """Return the position in `values` of a row's value, -1 where it has none."""
        position = row
        if self.rows is not None:
            position = int(self.rows.searchsorted(row))
            if position == len(self.rows) or self.rows[position] != row:
                return -1
        return position if self.slots is None else int(self.slots[position])

    def slots_of(self, rows: Array) -> Array:
        """Return the (k,) int64 slots of `rows`, -1 where a row has none."""
        position = np.asarray(rows, np.int64)
        if self.rows is None:
            return position if self.slots is None else self.slots[position].astype(np.int64)
        if not len(self.rows):
            return np.full(len(position), -1, np.int64)
        if len(self.rows) == self.length:
            return position if self.slots is None else self.slots[position].astype(np.int64)
        found = np.minimum(self.rows.searchsorted(position), len(self.rows) - 1)
        slots = found if self.slots is None else self.slots[found].astype(np.int64)
        return np.where(self.rows[found] == position, slots, -1)

    def all_slots(self) -> Array:
        """Return the (k,) slots of the rows that have a value, in their order."""
        return np.arange(self.count, dtype=np.int64) if self.slots is None else self.slots

    def value(self, row: int) -> Any:
        """Return a row's value, MISSING where it has none."""
        slot = self.slot(row)
        return MISSING if slot < 0 else self.values.value(slot)

    def values_of(self, rows: Array) -> list[Any]:
        """Return the values of `rows`, MISSING where a row has none."""
        slots = self.slots_of(rows)
        if len(slots) and not (slots < 0).any():
            return self.values.values_of(slots)
        found = iter(self.values.values_of(slots[slots >= 0]))
        return [MISSING if slot < 0 else next(found) for slot in slots.tolist()]

    def take(self, rows: Array) -> Self:
        """Return the column of `rows`."""
        return self.select(Selection(rows, self.length))

    def slice(self, start: int, stop: int) -> Self:
        """Return the rows from `start` up to `stop`; the values are shared."""
        if self.rows is None:
            slots = np.arange(start, stop) if self.slots is None else self.slots[start:stop]
            return type(self)(stop - start, None, slots, self.values)
        low, high = (int(place) for place in self.rows.searchsorted([start, stop]))
        slots = np.arange(low, high) if self.slots is None else self.slots[low:high]
        return type(self)(stop - start, self.rows[low:high] - start, slots, self.values)

    def select(self, selection: Selection) -> Self:
        """Return the column of the selected rows; the values are shared."""
        size = len(selection)
        if self.rows is None:
            slots = selection.rows if self.slots is None else self.slots[selection.rows]
            return type(self)(size, None, slots, self.values)
        if size * FEW < len(self.rows) or selection.inverse is None:
            slots = self.slots_of(selection.rows)
            rows = np.flatnonzero(slots >= 0)
            return type(self)(size, rows, slots[rows], self.values)
        moved = selection.inverse[self.rows]
        kept = np.flatnonzero(moved >= 0)
        rows, slots = moved[kept], kept if self.slots is None else self.slots[kept]
        if not selection.ascending:
            order = rows.argsort(kind="stable")
            rows, slots = rows[order], slots[order]
        return type(self)(size, rows, slots, self.values)

    def dense(self) -> Column:
        """Return the values of the rows that have one, in their order."""
        return self.values if self.slots is None else self.values.take(self.slots)

    def equals(self, other: Column) -> bool:
        """Compare which rows have a value, and the values."""
        if not isinstance(other, Sparse) or self.length != other.length or self.count != other.count:
            return False
        if not np.array_equal(self.present(), other.present()):
            return False
        if self.values is other.values and np.array_equal(self.all_slots(), other.all_slots()):
            return True
        return equal(self.dense(), other.dense())

    @classmethod
    def join(cls, columns: Sequence[Self]) -> Self:
        """Return the columns one after another."""
        length = sum(column.length for column in columns)
        used = [column.compact() for column in columns if column.count]
        rows = None if all(column.rows is None for column in columns) else _joined_rows(columns)
        if not used:
            return cls(length, rows, None, columns[0].values.take(np.zeros(0, np.int64)))
        slots = None
        if any(column.slots is not None for column in used):
            bases = np.cumsum([0, *(len(column.values) for column in used)])
            dtype = np.min_scalar_type(max(int(bases[-1]) - 1, 0))
            pieces = zip(used, bases.tolist(), strict=False)
            slots = np.concatenate([column.all_slots().astype(dtype) + dtype.type(base) for column, base in pieces])
        return cls(length, rows, slots, concat([column.values for column in used]))

    def compact(self) -> Self:
        """Return an equal column that holds only values in use; itself where it holds no others."""
        if self.slots is None:
            values = self.values.compact()
            return self if values is self.values else attrs.evolve(self, values=values)
        used = np.bincount(self.slots, minlength=len(self.values)) > 0
        slots, values = self.slots, self.values
        if not used.all():
            slots, values = (used.cumsum() - 1)[slots], values.take(np.flatnonzero(used))
        if len(values) == len(slots) and np.array_equal(slots, np.arange(len(slots))):
            return attrs.evolve(self, slots=None, values=values.compact())
        return attrs.evolve(self, slots=narrowest(slots, len(values)), values=values.compact())

    def parts(self) -> dict[str, Any]:
        """Return rows, slots and values."""
        return {"length": self.length, "rows": self.rows, "slots": self.slots, "values": self.values}


def narrowest(slots: Array, bound: int) -> Array:
    """Return non-negative integers below `bound` in the smallest unsigned dtype that holds them."""
    return slots.astype(np.min_scalar_type(max(bound - 1, 0)), copy=False)


def _joined_rows(columns: Sequence[Sparse]) -> Array:
    starts = np.cumsum([0, *(column.length for column in columns)]).tolist()
    return np.concatenate([column.present() + start for column, start in zip(columns, starts, strict=False)])
