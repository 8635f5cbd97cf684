"""One block of records as columns, before it joins the others."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np
from msgspec import Raw

from annokit.codecs.json_numbers import Scalars
from annokit.codecs.json_repeats import Repeats
from annokit.columns import Column
from annokit.columns.base import Array
from annokit.formats.coco import keys, values


@attrs.define(eq=False)
class Piece:
    """The columns of consecutive records."""

    count: int
    """Number of records."""

    columns: dict[str, Column] = attrs.field(factory=dict)
    """By name, in the order in which the file states the keys; each has `count` rows."""

    bad: dict[int, bytes] = attrs.field(factory=dict)
    """The records that are no objects, by number."""

    left: dict[str, tuple[Array, Sequence[Raw]]] = attrs.field(factory=dict)
    """Values that are to be looked at again, by key: their rows, and the values."""

    key: str = ""
    """The key that is being read."""

    owners: dict[str, str] = attrs.field(factory=dict)
    """The key that each column comes from."""

    kind: Array = attrs.field(factory=lambda: np.zeros(0, np.uint8))
    """(count,) uint8 kind of the shapes read before, 0 where none."""

    scalars: dict[str, Scalars] = attrs.field(factory=dict)
    """Columns of single numbers that are parsed already, by key."""

    absent: dict[str, Array] = attrs.field(factory=dict)
    """Rows that lack a key, for the keys that some record of the block has."""

    settled: int = 0
    """Records whose large values need no second look."""

    unproven: dict[str, Sequence[Raw]] = attrs.field(factory=dict)
    """Values that may be anything, by key, for the keys most of whose values were found to be numbers."""

    repeats: Repeats = attrs.field(factory=Repeats)
    """Keys that records state twice; the places count from the first record."""

    def __len__(self) -> int:
        return self.count

    def put(self, name: str, column: Column | None) -> None:
        """Add a column."""
        if column is not None:
            self.columns[name] = column
            self.owners.setdefault(name, self.key)

    def keep(self, key: str, raws: Sequence[Raw], rows: Array | None = None) -> None:
        """Keep the values of `rows`, by default of all that there are, verbatim."""
        self.put(keys.extra(key), values.verbatim(raws, rows))

    def lacks(self, key: str) -> Array:
        """Return (count,) bool, True where the record lacks a key."""
        rows = self.absent.get(key)
        if rows is None:
            return np.ones(self.count, bool)
        lacking = np.zeros(self.count, bool)
        lacking[rows] = True
        return lacking
