"""Raw JSON values of one key over many records, as columns."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, cast

import attrs
import numpy as np
from msgspec import Raw

from annokit.codecs import json_numbers as parse
from annokit.columns import Column, Fixed, Json, Sparse, Text
from annokit.columns.base import Array
from annokit.columns.json import dumps, loads
from annokit.columns.make import column_of
from annokit.columns.sparse import narrowest

ABSENT = Raw(b"")
"""Stands where a record lacks the key."""

GAP = b"\0"
"""Stands between values; no JSON holds it."""

SPACE = 32

QUOTE = ord('"')

SAMPLE = 64


class Values:
    """The values of one key, one per record, joined once and looked at as bytes.

    Parameters
    ----------
    blob : bytes
        The values, a gap behind each; empty where a record lacks the key.
    count : int
        How many they are.
    """

    def __init__(self, blob: bytes, count: int) -> None:
        self.blob, self.count = blob, count

    @classmethod
    def of(cls, raws: Sequence[Raw | bytes]) -> Values:
        """Return the values of a list."""
        return cls(joined(raws), len(raws))

    @cached_property
    def raws(self) -> list[bytes]:
        """The values one by one."""
        return self.blob.split(GAP)[:-1]

    @cached_property
    def constant(self) -> bool:
        """Whether all records state the same bytes."""
        end = self.blob.find(GAP) + 1
        if end * self.count != len(self.blob):
            return False
        return self.blob == self.blob[:end] * self.count

    @cached_property
    def empty(self) -> bool:
        """Whether no record has the key."""
        return len(self.blob) == self.count

    @cached_property
    def data(self) -> Array:
        """All bytes, (m,) uint8, each value with a gap behind it."""
        return np.frombuffer(self.blob, np.uint8)

    @cached_property
    def stops(self) -> Array:
        """Where each value ends, (n,) int64."""
        return np.flatnonzero(self.data == 0)

    @cached_property
    def starts(self) -> Array:
        """Where each value begins, (n,) int64."""
        return np.concatenate([[0], self.stops[:-1] + 1]) if self.count else self.stops

    @cached_property
    def has(self) -> Array:
        """Which records have the key, (n,) bool."""
        return self.stops > self.starts

    @cached_property
    def rows(self) -> Array:
        """The records that have the key, (k,) int64."""
        return np.flatnonzero(self.has)

    def first(self) -> Array:
        """Return the first byte of each value, (n,) uint8, 0 where there is none."""
        return self.data[self.starts]

    def last(self) -> Array:
        """Return the last byte of each value, (n,) uint8, 0 where there is none."""
        return np.where(self.has, self.data[self.stops - 1], 0)

    def equal(self, value: bytes) -> Array:
        """Return which values are exactly these bytes, (n,) bool."""
        if self.constant:
            return np.full(self.count, bool(self.count) and self.raws[0] == value)
        return np.array([raw == value for raw in self.raws], bool)

    def take(self, rows: Array) -> Values:
        """Return the values of `rows`."""
        if len(rows) == self.count:
            return self
        raws = self.raws
        return Values.of([raws[row] for row in rows.tolist()])

    def codes(self) -> tuple[Array, list[bytes]]:
        """Return which distinct value each record has, (n,) int64, and those values by first use."""
        if self.constant:
            return np.zeros(self.count, np.int64), self.raws[:1]
        known = _Codes()
        found = np.fromiter(map(known.__getitem__, self.raws), np.int64, self.count)
        return found, list(known)


def joined(raws: Sequence[Raw | bytes]) -> bytes:
    """Return values with a gap behind each."""
    return GAP.join(raws) + GAP if raws else b""


def joined_texts(texts: Sequence[str | None]) -> tuple[bytes, bool]:
    """Return strings in quotes with a gap behind each, and whether they are JSON or still to be :func:`escaped`."""
    if None not in texts:
        text = '"\0"'.join(texts)  # type: ignore[arg-type] # none of them is None
        if text.count("\0") == len(texts) - 1:
            return b'"%b"\0' % text.encode(), False
    return joined([b"" if text is None else dumps(text) for text in texts]), True


def escaped(blob: bytes, count: int) -> bytes:
    """Return strings in quotes as JSON."""
    data = np.frombuffer(blob, np.uint8)
    plain = b"\\" not in blob and blob.count(b'"') == 2 * count and int(np.count_nonzero(data < SPACE)) == count
    return blob if plain else joined([dumps(raw[1:-1].decode()) for raw in blob.split(GAP)[:-1]])


class _Codes(dict[bytes, int]):
    def __missing__(self, key: bytes) -> int:
        code = self[key] = len(self)
        return code


def spread(count: int, rows: Array, values: Column) -> Sparse:
    """Return the column of `count` rows in which `rows`, ascending, have `values`."""
    return Sparse(count, None if len(rows) == count else rows, None, values)


def widened(column: Column, count: int, rows: Array) -> Sparse:
    """Return a column over `rows`, ascending, as one over `count` rows."""
    own = Sparse.of_column(column)
    if len(rows) == count:
        return own
    return Sparse(count, rows[own.present()], own.slots, own.values)


def verbatim(values: Values, rows: Array | None = None) -> Sparse | None:
    """Return the values of `rows`, by default of all that there are, as they stand in the file."""
    if values.empty or (rows is not None and not len(rows)):
        return None
    if values.constant and rows is None:
        return _shared(values.count, None, np.zeros(values.count, np.uint8), values.raws[:1])
    chosen = values.rows if rows is None else rows
    own = values.take(chosen)
    where = None if len(chosen) == values.count else chosen
    if _repeats(own):
        slots, distinct = own.codes()
        return _shared(values.count, where, narrowest(slots, len(distinct)), distinct)
    return Sparse(values.count, where, None, Json(_texts(own)))


def _shared(count: int, rows: Array | None, slots: Array, distinct: list[bytes]) -> Sparse:
    return Sparse(count, rows, slots, Json(Text.of_bytes(distinct)))


def _repeats(values: Values) -> bool:
    """Tell by a sample whether few of the values are distinct."""
    if values.constant:
        return values.count > 1
    rows = np.arange(0, values.count, max(1, values.count // SAMPLE))
    bounds = zip(values.starts[rows].tolist(), values.stops[rows].tolist(), strict=True)
    sample = [values.blob[start:stop] for start, stop in bounds]
    return len(set(sample)) * 4 <= len(sample)


def _texts(values: Values) -> Text:
    """Return the bytes of every value as a row of text."""
    ends = np.zeros(values.count + 1, np.int64)
    np.cumsum(values.stops - values.starts, out=ends[1:])
    return Text(values.data[values.data != 0], ends)


def strings(values: Values) -> tuple[Sparse | None, Array]:
    """Return the column of strings, and the rows that have another value."""
    if values.empty:
        return None, values.rows
    quoted = values.first() == QUOTE
    rows, odd = np.flatnonzero(quoted), np.flatnonzero(values.has & ~quoted)
    if not len(rows):
        return None, odd
    own = values.take(rows)
    where = None if len(rows) == values.count else rows
    if _repeats(own):
        slots, distinct = own.codes()
        return Sparse(values.count, where, narrowest(slots, len(distinct)), Text.of(map(text_of, distinct))), odd
    return Sparse(values.count, where, None, _unquoted(own)), odd


def text_of(raw: bytes) -> str:
    """Return the text of a JSON string."""
    return str(loads(raw)) if b"\\" in raw else raw[1:-1].decode()


def _unquoted(values: Values) -> Text:
    if b"\\" in values.blob:
        return Text.of(map(text_of, values.raws))
    inner = values.data != 0
    inner[values.starts] = inner[values.stops - 1] = False
    ends = np.zeros(values.count + 1, np.int64)
    np.cumsum(values.stops - values.starts - 2, out=ends[1:])
    return Text(values.data[inner], ends)


def numbers(values: Values) -> tuple[Array, Array, Array]:
    """Return single numbers, (n,) float64 with NaN where there is none, which are integers, and the odd rows."""
    none = np.zeros(values.count, bool)
    if values.empty:
        return np.full(values.count, np.nan), none, values.rows
    found = parse.floats(cast(Any, values.raws))
    return found.values, none if found.whole is None else found.whole, found.odd


def integers(values: Values) -> tuple[Array, Array]:
    """Return integers, (n,) int64 with -1 where there is none, and the odd rows."""
    if values.empty:
        return np.full(values.count, -1, np.int64), values.rows
    found = parse.ints(cast(Any, values.raws))
    made = found.values.copy()
    made[found.absent] = made[found.odd] = -1
    return made, found.odd


def typed(column: Sparse) -> Sparse:
    """Return JSON values in the tightest type of column that holds them all unchanged."""
    assert isinstance(column.values, Json)
    made = column_of([loads(raw) for raw in column.values.text.raw_list()])
    if isinstance(made, Json):
        return column
    if isinstance(made, Text):
        return attrs.evolve(column, values=made)
    slots = column.all_slots().astype(np.int64)
    return attrs.evolve(column, slots=None, values=made.take(slots))


def json_object(members: dict[str, Any]) -> bytes:
    """Return an object whose values are JSON already."""
    return b"{" + b",".join(dumps(key) + b":" + bytes(raw) for key, raw in members.items()) + b"}"


def flags(column: Array) -> Fixed:
    """Return a column of bools."""
    return Fixed(np.asarray(column, bool))
