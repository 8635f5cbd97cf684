"""Tables and single rows, gathered in the order in which they come."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from typing import Any

from annokit.columns import Table
from annokit.model.rows import Rows


class Pieces:
    """Tables and rows in the order in which they came."""

    def __init__(self, makers: Mapping[str, Any], defaults: Mapping[str, Any]) -> None:
        self._makers, self._defaults = makers, defaults
        self._tables: list[Table] = []
        self._starts: list[int] = []
        self._rows = Rows(makers, defaults)
        self.length = 0

    def append(self, fields: Mapping[str, Any]) -> int:
        """Add one row and return its number."""
        self._rows.append(fields)
        self.length += 1
        return self.length - 1

    def extend(self, table: Table) -> int:
        """Add a table and return the number of its first row."""
        self._flush()
        return self._add(table)

    def _add(self, table: Table) -> int:
        start = self._starts[-1] + len(self._tables[-1]) if self._tables else 0
        self._tables.append(table)
        self._starts.append(start)
        self.length = start + len(table)
        return start

    def _flush(self) -> None:
        if self._rows.length:
            table, self._rows = self._rows.table(), Rows(self._makers, self._defaults)
            self._add(table)

    def at(self, row: int) -> tuple[Table, int]:
        """Return the table that holds `row`, and the row's number in it."""
        self._flush()
        place = bisect_right(self._starts, row) - 1
        return self._tables[place], row - self._starts[place]

    def table(self) -> Table:
        """Return everything as one table."""
        self._flush()
        if not self._tables:
            return Rows(self._makers, self._defaults).table()
        return self._tables[0] if len(self._tables) == 1 else Table.join(self._tables)
