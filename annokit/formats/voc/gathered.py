"""Values of many rows, gathered block by block in little memory: each different one is held once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np

from annokit.columns import Json, Sparse, Text
from annokit.columns.base import Array
from annokit.columns.make import column_of
from annokit.columns.sparse import narrowest
from annokit.formats.voc.values import trimmed, typed


@attrs.define(eq=False)
class Gathered:
    """The values of one column."""

    rows: list[Array] = attrs.field(factory=list)
    """Rows of each block."""

    codes: list[Array] = attrs.field(factory=list)
    """Positions of their values among `values`."""

    values: list[Any] = attrs.field(factory=list)
    """The different values; lists and objects are different where they are not the same object."""

    known: dict[Any, int] = attrs.field(factory=dict)
    """Positions by what tells values apart."""

    texts: dict[str, int] = attrs.field(factory=dict)
    """Positions of what texts mean."""

    def add_texts(self, rows: Sequence[int], texts: Sequence[str]) -> None:
        """Add a block of texts, each for what it means; no row comes twice."""
        known = self.texts
        for text in set(texts) - known.keys():
            known[text] = self._code(typed(trimmed(text)))
        self.rows.append(np.array(rows, np.int64))
        self.codes.append(np.fromiter(map(known.__getitem__, texts), np.int32, len(texts)))

    def add(self, rows: Sequence[int], values: Sequence[Any]) -> None:
        """Add a block; no row comes twice."""
        self.rows.append(np.array(rows, np.int64))
        self.codes.append(np.fromiter(map(self._code, values), np.int32, len(values)))

    def add_same(self, rows: Sequence[int], value: Any) -> None:
        """Add rows of one value."""
        self.rows.append(np.array(rows, np.int64))
        self.codes.append(np.full(len(rows), self._code(value), np.int32))

    def _code(self, value: Any) -> int:
        kind = type(value)
        key = (kind, id(value)) if kind in (list, dict) else (kind, repr(value)) if kind is float else (kind, value)
        found = self.known.get(key)
        if found is None:
            found = self.known[key] = len(self.values)
            self.values.append(value)
        return found

    def column(self, length: int, without: Any = None) -> Sparse | None:
        """Return the column of `length` rows, those with the value `without` left out; None where no row is left."""
        rows, codes = np.concatenate(self.rows), np.concatenate(self.codes)
        if without is not None:
            kept = codes != self.known.get((type(without), without), -1)
            rows, codes = rows[kept], codes[kept]
        if not len(rows):
            return None
        order = rows.argsort(kind="stable")
        used, slots = np.unique(codes[order], return_inverse=True)
        made = column_of([self.values[code] for code in used.tolist()])
        present = None if len(rows) == length else rows[order]
        return Sparse(length, present, narrowest(slots.astype(np.int64), len(used)), made)


def in_order(rows: list[int], values: list[Any]) -> tuple[list[int], list[Any]]:
    """Return rows in ascending order with their values; where a row comes twice, the last one."""
    if bool((np.diff(np.array(rows, np.int64)) > 0).all()):
        return rows, values
    merged = dict(zip(rows, values, strict=True))
    order = sorted(merged)
    return order, [merged[row] for row in order]


def coded(length: int, rows: Sequence[int], values: Sequence[bytes]) -> Sparse:
    """Return a column of JSON values in which equal ones are stored once."""
    codes: dict[bytes, int] = {}
    slots = np.fromiter((codes.setdefault(value, len(codes)) for value in values), np.int64, len(values))
    present = None if len(rows) == length else np.array(rows, np.int64)
    return Sparse(length, present, narrowest(slots, len(codes)), Json(Text.of_bytes(list(codes))))
