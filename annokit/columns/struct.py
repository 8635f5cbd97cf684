"""Several columns side by side, as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import attrs

from annokit.columns.base import Array, Column, concat


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

    def take(self, rows: Array) -> Self:
        """Return `rows` of every field."""
        return type(self)({name: column.take(rows) for name, column in self.fields.items()})

    def equals(self, other: Column) -> bool:
        """Compare field by field."""
        if not isinstance(other, Struct) or set(self.fields) != set(other.fields):
            return False
        return all(column.equals(other.fields[name]) for name, column in self.fields.items())

    @classmethod
    def join(cls, columns: Sequence[Self]) -> Self:
        """Return the columns one after another."""
        return cls({name: concat([column.fields[name] for column in columns]) for name in columns[0].fields})

    def compact(self) -> Struct:
        """Return an equal column of compact fields."""
        return type(self)({name: column.compact() for name, column in self.fields.items()})

    def parts(self) -> dict[str, Any]:
        """Return the fields."""
        return dict(self.fields)
