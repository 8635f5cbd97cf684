"""A column of lists in Arrow's layout."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import attrs
import numpy as np

from annokit.columns.base import Array, Column, concat
from annokit.columns.text import join_offsets
from annokit.geometry.ragged import take


@attrs.frozen(eq=False)
class Ragged(Column):
    """Lists of any length over another column.

    Parameters
    ----------
    offsets : (n + 1,) int64 array or None
        Row i holds the values ``offsets[i]`` up to ``offsets[i + 1]``; None where every list has exactly one value.
    values : Column
        The values of all lists, one after another.
    """

    offsets: Array | None
    values: Column

    def __len__(self) -> int:
        return len(self.values) if self.offsets is None else len(self.offsets) - 1

    def bounds(self) -> Array:
        """Return the (n + 1,) offsets, also where they are not stored."""
        return np.arange(len(self.values) + 1, dtype=np.int64) if self.offsets is None else self.offsets

    def value(self, row: int) -> list[Any]:
        """Return one list."""
        if self.offsets is None:
            return [self.values.value(row)]
        return self.values.values_of(np.arange(self.offsets[row], self.offsets[row + 1]))

    def take(self, rows: Array) -> Self:
        """Return the lists of `rows`."""
        if self.offsets is None:
            return type(self)(None, self.values.take(rows))
        offsets, index = take(self.offsets, rows)
        if isinstance(index, slice):
            index = np.arange(index.start, index.stop)
        return type(self)(offsets, self.values.take(index))

    def equals(self, other: Column) -> bool:
        """Compare list by list."""
        if not isinstance(other, Ragged) or len(self) != len(other):
            return False
        mine, its = self.bounds(), other.bounds()
        if not np.array_equal(np.diff(mine), np.diff(its)):
            return False
        return _between(self.values, mine).equals(_between(other.values, its))

    @classmethod
    def join(cls, columns: Sequence[Self]) -> Self:
        """Return the columns one after another."""
        if all(column.offsets is None for column in columns):
            return cls(None, concat([column.values for column in columns]))
        bounds = [column.bounds() for column in columns]
        values = [_between(column.values, b) for column, b in zip(columns, bounds, strict=True)]
        return cls(join_offsets(bounds), concat(values))

    def compact(self) -> Ragged:
        """Return an equal column without values before the first or after the last list."""
        if self.offsets is None:
            return type(self)(None, self.values.compact())
        return type(self)(self.offsets - self.offsets[0], _between(self.values, self.offsets).compact())

    def parts(self) -> dict[str, Any]:
        """Return offsets and values."""
        return {"offsets": self.offsets, "values": self.values}


def _between(values: Column, offsets: Array) -> Column:
    if offsets[0] == 0 and offsets[-1] == len(values):
        return values
    return values.take(np.arange(offsets[0], offsets[-1]))
