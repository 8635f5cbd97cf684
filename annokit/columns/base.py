"""What every column can do, and how columns of different types join."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self, final

import numpy as np

Array = np.ndarray[Any, Any]


def frozen(array: Array) -> Array:
    """Return a view of an array through which it can't be changed."""
    view = array.view()
    view.flags.writeable = False
    return view


def same_numbers(a: Array, b: Array) -> bool:
    """Tell whether two arrays of one kind of number hold the same values; NaN equals NaN."""
    if a.shape != b.shape:
        return False
    if a is b or a.dtype.kind != "f":
        return a is b or bool(np.array_equal(a, b))
    if a.dtype == b.dtype and a.flags.c_contiguous and b.flags.c_contiguous:
        bits = np.dtype(f"u{a.dtype.itemsize}")
        if np.array_equal(a.view(bits), b.view(bits)):  # many times faster than looking for NaN
            return True
    return bool(np.array_equal(a, b, equal_nan=True))


@final
class Missing:
    """The type of :data:`MISSING`: the row has no value, which is not the same as null."""

    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False

    def __reduce__(self) -> str:
        return "MISSING"


MISSING = Missing()


class Column:
    """Base of all columns; a column never changes after it is made."""

    def __len__(self) -> int:
        raise NotImplementedError

    def value(self, row: int) -> Any:
        """Return one value as plain Python."""
        raise NotImplementedError

    def values_of(self, rows: Array) -> list[Any]:
        """Return the values of `rows` as plain Python, MISSING where there is none."""
        return [self.value(row) for row in rows.tolist()]

    def to_list(self) -> list[Any]:
        """Return all values as plain Python."""
        return self.values_of(np.arange(len(self)))

    def take(self, rows: Array) -> Self:
        """Return the column of `rows`, (k,) int64, in their order; rows may repeat.

        Where the rows follow each other the result shares memory with this column.
        """
        raise NotImplementedError

    def slice(self, start: int, stop: int) -> Self:
        """Return the rows from `start` up to `stop`; values share memory."""
        raise NotImplementedError

    def equals(self, other: Column) -> bool:
        """Tell whether both hold the same values in the same order; NaN equals NaN."""
        raise NotImplementedError

    @classmethod
    def join(cls, columns: Sequence[Self]) -> Self:
        """Return the columns of one type one after another."""
        raise NotImplementedError

    def compact(self) -> Self:
        """Return an equal column that holds no value which no row uses; itself where it holds none."""
        return self

    def parts(self) -> dict[str, Any]:
        """Return the constructor's arguments: arrays, columns and JSON scalars."""
        raise NotImplementedError

    def __reduce__(self) -> tuple[Any, ...]:
        from annokit.columns.arrays import made, shipped

        return made, (type(self), {name: shipped(part) for name, part in self.parts().items()})


def concat(columns: Sequence[Column]) -> Column:
    """Return one column after another, through :class:`Json` where their types differ."""
    from annokit.columns.json import Json
    from annokit.columns.sparse import Sparse

    first = columns[0]
    if len(columns) == 1:
        return first
    filled = [column for column in columns if len(column)] or [first]
    if len(filled) == 1:
        return filled[0]
    if all(_joinable(filled[0], column) for column in filled[1:]):
        return type(filled[0]).join(filled)
    alike = [Json.of_column(column) for column in filled]
    if any(isinstance(column, Sparse) for column in alike):
        alike = [Sparse.of_column(column) for column in alike]
    return type(alike[0]).join(alike)


def _joinable(first: Column, other: Column) -> bool:
    """Tell whether two columns hold the same kind of values in the same type of column."""
    from annokit.columns.fixed import Fixed
    from annokit.columns.number import Number
    from annokit.columns.struct import Struct

    if type(first) is not type(other):
        return False
    if isinstance(first, Fixed) and isinstance(other, Fixed):
        same_kind = first.values.dtype.kind == other.values.dtype.kind
        return bool(same_kind and first.values.shape[1:] == other.values.shape[1:])
    if isinstance(first, Number) and isinstance(other, Number):
        return bool(first.values.shape[1:] == other.values.shape[1:])
    if isinstance(first, Struct) and isinstance(other, Struct):
        return set(first.fields) == set(other.fields)
    return True


def equal(a: Column, b: Column) -> bool:
    """Tell whether two columns hold equal values, however they store them; 1, 1.0 and true differ."""
    from annokit.columns.json import Json
    from annokit.columns.sparse import Sparse

    if len(a) != len(b):
        return False
    if not len(a):
        return True
    if isinstance(a, Sparse) or isinstance(b, Sparse):
        return Sparse.of_column(a).equals(Sparse.of_column(b))
    if _joinable(a, b):
        return a.equals(b)
    return Json.of_column(a).equals(Json.of_column(b))
