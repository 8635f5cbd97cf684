"""A column of lists in Arrow's layout."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Self

import attrs
import numpy as np

from annokit.columns.base import Array, Column, concat, equal
from annokit.columns.fixed import Fixed
from annokit.columns.number import Number
from annokit.columns.select import gather, run_of
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

    def values_of(self, rows: Array) -> list[Any]:
        """Return the lists of `rows`."""
        chosen = self.take(rows).compact()
        flat, ends = chosen.values.to_list(), chosen.bounds().tolist()
        return [flat[a:b] for a, b in pairwise(ends)]

    def take(self, rows: Array) -> Self:
        """Return the lists of `rows`."""
        run = run_of(rows)
        if run is not None:
            return self.slice(*run)
        if self.offsets is None:
            return type(self)(None, self.values.take(rows))
        return type(self)(*_taken(self.offsets, self.values, rows))

    def slice(self, start: int, stop: int) -> Self:
        """Return the lists from `start` up to `stop`; their values share memory."""
        if start == 0 and stop == len(self):
            return self.compact()
        if self.offsets is None:
            return type(self)(None, self.values.slice(start, stop))
        own = self.offsets[start : stop + 1]
        return type(self)(own - own[0], self.values.slice(int(own[0]), int(own[-1])))

    def equals(self, other: Column) -> bool:
        """Compare list by list."""
        if not isinstance(other, Ragged) or len(self) != len(other):
            return False
        mine, its = self.bounds(), other.bounds()
        if not np.array_equal(mine - mine[0], its - its[0]):
            return False
        return equal(_between(self.values, mine), _between(other.values, its))

    @classmethod
    def join(cls, columns: Sequence[Self]) -> Self:
        """Return the columns one after another."""
        if all(column.offsets is None for column in columns):
            return cls(None, concat([column.values for column in columns]))
        bounds = [column.bounds() for column in columns]
        values = [_between(column.values, b) for column, b in zip(columns, bounds, strict=True)]
        return cls(join_offsets(bounds), concat(values))

    def compact(self) -> Self:
        """Return an equal column without values before the first or after the last list."""
        offsets, values = self.offsets, self.values
        if offsets is not None and _between(values, offsets) is not values:
            offsets, values = offsets - offsets[0], _between(values, offsets)
        values = values.compact()
        return self if values is self.values else type(self)(offsets, values)

    def parts(self) -> dict[str, Any]:
        """Return offsets and values."""
        return {"offsets": self.offsets, "values": self.values}


def _taken(offsets: Array, values: Column, rows: Array) -> tuple[Array, Column]:
    if isinstance(values, Fixed):
        numbers, ends = gather(values.values, offsets, rows)
        return ends, type(values)(numbers)
    if isinstance(values, Number):
        numbers, ends = gather(values.values, offsets, rows)
        whole = None if values.whole is None else gather(values.whole, offsets, rows)[0]
        return ends, type(values)(numbers, whole)
    ends, index = take(offsets, rows)
    return ends, values.take(index)


def _between(values: Column, offsets: Array) -> Column:
    """Return the values that lists with these offsets use, sharing memory."""
    if offsets[0] == 0 and offsets[-1] == len(values):
        return values
    return values.slice(int(offsets[0]), int(offsets[-1]))
