"""A column of JSON numbers that remembers which were written as integers."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any, Self

import attrs
import numpy as np

from annokit.columns.base import Array, Column, same_numbers
from annokit.columns.select import run_of

INT64 = float(1 << 63)


@attrs.frozen(eq=False)
class Number(Column):
    """Numbers as a source states them: ``702`` and ``702.0`` are one value, written in two ways.

    Parameters
    ----------
    values : (n, ...) float64 array
        The numbers.
    whole : (n, ...) bool array or None
        True where the source wrote an integer; None where it wrote none.
    """

    values: Array
    whole: Array | None = None

    def __len__(self) -> int:
        return len(self.values)

    @classmethod
    def of(cls, values: Sequence[Any]) -> Self:
        """Return the column of Python ints and floats, or of equally long lists of them."""
        shape = _shape(values)
        flat = _flatten(values)
        floats = np.array(flat, np.float64).reshape(shape)
        if int not in set(map(type, flat)):
            return cls(floats)
        return cls(floats, np.fromiter((type(v) is int for v in flat), bool, len(flat)).reshape(shape))

    def value(self, row: int) -> Any:
        """Return one number, int or float as it was written; a list where a row holds several."""
        return plain(self.values[row], None if self.whole is None else self.whole[row])

    def values_of(self, rows: Array) -> list[Any]:
        """Return the numbers of `rows`."""
        chosen = self.take(rows)
        found: list[Any] = plain(chosen.values, chosen.whole)
        return found

    def take(self, rows: Array) -> Self:
        """Return the numbers of `rows`."""
        run = run_of(rows)
        if run is not None:
            return self.slice(*run)
        whole = None if self.whole is None else self.whole.take(rows, axis=0)
        return type(self)(self.values.take(rows, axis=0), whole)

    def slice(self, start: int, stop: int) -> Self:
        """Return the rows from `start` up to `stop`, sharing memory."""
        return type(self)(self.values[start:stop], None if self.whole is None else self.whole[start:stop])

    def equals(self, other: Column) -> bool:
        """Compare the numbers and how they were written."""
        if not isinstance(other, Number) or not same_numbers(self.values, other.values):
            return False
        return same_whole(self.whole, other.whole)

    @classmethod
    def join(cls, columns: Sequence[Self]) -> Self:
        """Return the columns one after another."""
        values = np.concatenate([column.values for column in columns])
        if all(column.whole is None for column in columns):
            return cls(values)
        marks = [np.zeros(c.values.shape, bool) if c.whole is None else c.whole for c in columns]
        return cls(values, np.concatenate(marks))

    def parts(self) -> dict[str, Any]:
        """Return the arrays."""
        return {"values": self.values, "whole": self.whole}


def plain(values: Array, whole: Array | None) -> Any:
    """Return numbers as Python ints and floats in nested lists of the array's shape."""
    if whole is None or not np.any(whole):
        return values.tolist()
    if np.all(whole) and np.all(np.abs(values) < INT64):
        return values.astype(np.int64).tolist()
    mixed = np.asarray(values).astype(object)
    mixed[whole] = [int(value) for value in values[whole].tolist()]
    return mixed.tolist()


def same_whole(a: Array | None, b: Array | None) -> bool:
    """Tell whether two marks say the same; None says that nothing was written as an integer."""
    if a is None or b is None:
        other = b if a is None else a
        return other is None or not other.any()
    return a is b or bool(np.array_equal(a, b))


def _shape(values: Sequence[Any]) -> tuple[int, ...]:
    """Return the shape of equally long lists of numbers."""
    shape: tuple[int, ...] = (len(values),)
    first = values
    while len(first) and isinstance(first[0], list | tuple):
        first = first[0]
        shape = (*shape, len(first))
    return shape


def _flatten(values: Sequence[Any]) -> list[Any]:
    flat = list(values)
    while flat and isinstance(flat[0], list | tuple):
        flat = list(chain.from_iterable(flat))
    return flat
