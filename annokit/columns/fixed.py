"""A column of numbers of one dtype."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import attrs
import numpy as np

from annokit.columns.base import Array, Column, same_numbers
from annokit.columns.select import run_of


@attrs.frozen(eq=False)
class Fixed(Column):
    """Numbers of one dtype, a row each.

    Parameters
    ----------
    values : (n, ...) array
        Any dtype without objects.
    """

    values: Array

    def __len__(self) -> int:
        return len(self.values)

    def value(self, row: int) -> Any:
        """Return one value; a list where a row holds several."""
        return self.values[row].tolist()

    def values_of(self, rows: Array) -> list[Any]:
        """Return the values of `rows`."""
        found: list[Any] = self.take(rows).values.tolist()
        return found

    def take(self, rows: Array) -> Self:
        """Return the values of `rows`."""
        run = run_of(rows)
        return type(self)(self.values.take(rows, axis=0)) if run is None else self.slice(*run)

    def slice(self, start: int, stop: int) -> Self:
        """Return the rows from `start` up to `stop`, sharing memory."""
        return type(self)(self.values[start:stop])

    def equals(self, other: Column) -> bool:
        """Compare by value and by kind of number, whatever the width."""
        if not isinstance(other, Fixed) or self.values.dtype.kind != other.values.dtype.kind:
            return False
        return same_numbers(self.values, other.values)

    @classmethod
    def join(cls, columns: Sequence[Self]) -> Self:
        """Return the columns one after another, in the widest dtype."""
        return cls(np.concatenate([column.values for column in columns]))

    def parts(self) -> dict[str, Any]:
        """Return the array."""
        return {"values": self.values}
