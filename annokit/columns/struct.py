"""Several columns side by side, as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import attrs

from annokit.columns.base import Array, Column, concat, equal


@attrs.frozen(eq=False)
class Struct(Column):
    """Columns of one length, addressed by name.

    Parameters
    ----------
    fields : mapping of str to Column
        At least one.
    """

    fields: Mapping[str, Column]

    def __len__(self) -> int:
        return len(next(iter(self.fields.values())))

    def value(self, row: int) -> dict[str, Any]:
        """Return one row as a dictionary."""
        return {name: column.value(row) for name, column in self.fields.items()}

    def values_of(self, rows: Array) -> list[Any]:
        """Return `rows` as dictionaries."""
        columns = [column.values_of(rows) for column in self.fields.values()]
        return [dict(zip(self.fields, values, strict=True)) for values in zip(*columns, strict=True)]

    def take(self, rows: Array) -> Self:
        """Return `rows` of every field."""
        return type(self)({name: column.take(rows) for name, column in self.fields.items()})

    def slice(self, start: int, stop: int) -> Self:
        """Return the rows from `start` up to `stop` of every field."""
        return type(self)({name: column.slice(start, stop) for name, column in self.fields.items()})

    def equals(self, other: Column) -> bool:
        """Compare field by field."""
        if not isinstance(other, Struct) or set(self.fields) != set(other.fields):
            return False
        return all(equal(column, other.fields[name]) for name, column in self.fields.items())

    @classmethod
    def join(cls, columns: Sequence[Self]) -> Self:
        """Return the columns one after another."""
        return cls({name: concat([column.fields[name] for column in columns]) for name in columns[0].fields})

    def compact(self) -> Self:
        """Return an equal column of compact fields."""
        fields = {name: column.compact() for name, column in self.fields.items()}
        return self if all(fields[name] is self.fields[name] for name in fields) else type(self)(fields)

    def parts(self) -> dict[str, Any]:
        """Return the fields."""
        return dict(self.fields)
