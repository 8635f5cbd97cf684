"""Many records of one level and those below it, as values by path."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from typing import Any

import attrs
import numpy as np
from msgspec.structs import astuple

from annokit.columns import Column, Json, Sparse
from annokit.columns.base import Array
from annokit.columns.json import dumps
from annokit.formats.dataloop.facts import EXTRA
from annokit.formats.dataloop.parse import BELOW, INNER, ITEM, Parser, Record
from annokit.formats.dataloop.values import ABSENT, GAP, Values, escaped, joined, joined_texts, strings, verbatim


@attrs.define(eq=False)
class Batch:
    """Records by key: ``metadata.system.width`` is the path of a key two levels down."""

    count: int
    """Records."""

    values: dict[str, Values]
    """Values by path, only of keys that some record has."""

    present: dict[str, Array]
    """Which records have ``metadata``, and ``metadata.system``: (n,) bool."""

    legacy: Array
    """Which records call it ``itemMetadata``, (n,) bool."""

    def get(self, path: str) -> Values:
        """Return the values of a key, all of them absent where no record has it."""
        found = self.values.get(path)
        return Values(GAP * self.count, self.count) if found is None else found


class Gathered:
    """Records that become a batch, taken in some at a time while they lie in the processor's cache."""

    def __init__(self, parser: Parser, level: str) -> None:
        self._parser, self._level = parser, level
        self._blobs: dict[str, list[bytes]] = {}
        self._filled: dict[str, int] = {}
        self._quoted: dict[str, int] = {}
        self._raw: dict[str, list[bytes]] = {}
        self._present: dict[str, list[Array]] = {}
        self._legacy: list[Array] = []
        self.count = 0

    def add(self, records: Sequence[Record]) -> None:
        """Take in records; those of one type together."""
        for _, run in groupby(records, type):
            own = list(run)
            self._add(self._level, own, "")
            self.count += len(own)

    def _add(self, level: str, records: Sequence[Record], prefix: str) -> None:
        columns = list(zip(*map(astuple, records), strict=True))
        keys, texts, void = self._parser.layouts[type(records[0])]
        for key, raws in zip((*keys, "#further"), columns, strict=False):
            nothing = None if key in texts else ABSENT
            if raws[0] is nothing and raws.count(nothing) == len(raws):
                continue
            blob, is_json = joined_texts(raws) if key in texts else (joined(raws), True)
            self._put(prefix + key, blob, len(records), is_json)
        inner = INNER.get(level, ())
        if not inner:
            return
        below = list(columns[len(keys) + 1])
        if level == ITEM:
            self._legacy.append(_move_legacy(below, columns[len(keys) + 2]))
            lists = columns[len(keys) + 3]
            has = np.ones(len(lists), bool) if None not in lists else np.array([own is not None for own in lists], bool)
            self._present.setdefault("annotations", []).append(has)
        path = prefix + inner[0]
        has = np.ones(len(below), bool)
        if None in below:
            has[:] = [record is not None for record in below]
            below = [void if record is None else record for record in below]
        self._present.setdefault(path, []).append(has)
        self._add(BELOW[level], below, path + ".")

    def _put(self, path: str, blob: bytes, count: int, is_json: bool) -> None:
        if path not in self._blobs:
            self._blobs[path] = []
            self._filled[path] = 0
        if is_json or self._filled[path] != self.count:
            self._settle(path)
            self._pad(path)
        if not is_json:
            self._quoted[path] = self._quoted.get(path, 0) + count
            self._raw.setdefault(path, []).append(blob)
        else:
            self._blobs[path].append(blob)
        self._filled[path] += count

    def _settle(self, path: str) -> None:
        """Make JSON of the strings at the end of a key's values."""
        count = self._quoted.pop(path, 0)
        if count:
            self._blobs[path].append(escaped(b"".join(self._raw.pop(path)), count))

    def _pad(self, path: str) -> None:
        """Put empty values where earlier records had no such key."""
        lacking = self.count - self._filled[path]
        if lacking:
            self._blobs[path].append(GAP * lacking)
            self._filled[path] = self.count

    def batch(self) -> Batch:
        """Return the batch."""
        for path in self._blobs:
            self._settle(path)
            self._pad(path)
        blobs = {path: b"".join(parts) for path, parts in self._blobs.items()}
        values = {path: Values(blob, self.count) for path, blob in blobs.items() if len(blob) > self.count}
        present = {path: np.concatenate(parts) for path, parts in self._present.items()}
        return Batch(self.count, values, present, np.concatenate([np.zeros(0, bool), *self._legacy]))


def _move_legacy(below: list[Record], old: tuple[Record, ...]) -> Array:
    """Put what is called ``itemMetadata`` in the place of ``metadata``, where there is none, and tell where."""
    legacy = np.zeros(len(below), bool)
    if old.count(None) < len(old):
        for row, record in enumerate(old):
            if record is not None and below[row] is None:
                below[row], legacy[row] = record, True
    return legacy


@attrs.define(eq=False)
class Sheet:
    """Columns of one table in the making, and what is to be told about it."""

    count: int
    """Rows."""

    columns: dict[str, Column] = attrs.field(factory=dict)
    """By name."""

    unread: Counter[str] = attrs.field(factory=Counter)
    """How many rows have a key that the model does not map, by path."""

    odd: list[tuple[int, str, bytes]] = attrs.field(factory=list)
    """Row, path and value of what a column can't hold."""

    def put(self, name: str, column: Column | None) -> None:
        """Add a column."""
        if column is not None and not (isinstance(column, Sparse) and not column.count):
            self.columns[name] = column

    def keep(self, path: str, values: Values, rows: Array | None = None) -> None:
        """Keep the values of a key, or those of `rows`, verbatim."""
        self.put(EXTRA + path, verbatim(values, rows))

    def keep_odd(self, path: str, values: Values, rows: Array) -> None:
        """Keep values that a column can't hold; null is none that needs telling."""
        self.keep(path, values, rows)
        self.tell_odd(path, values, rows)

    def tell_odd(self, path: str, values: Values, rows: Array) -> None:
        """Note values that a column can't hold."""
        found = ((row, values.raws[row]) for row in rows.tolist())
        self.odd += [(row, path, raw) for row, raw in found if raw != b"null"]

    def mark(self, name: str, codes: Array, texts: Sequence[Any]) -> None:
        """Note something under ``#name``: position in `texts` of each row, -1 nothing."""
        self.mark_as(f"#{name}", codes, texts)

    def mark_as(self, path: str, codes: Array, texts: Sequence[Any]) -> None:
        """Keep a few JSON values under a path: position in `texts` of each row, -1 nothing."""
        rows = np.flatnonzero(codes >= 0)
        if len(rows):
            slots = codes[rows].astype(np.min_scalar_type(len(texts)))
            where = None if len(rows) == self.count else rows
            self.put(EXTRA + path, Sparse(self.count, where, slots, Json.of(texts)))

    def mark_absent(self, absent: dict[str, Array]) -> None:
        """Note the keys that a writer adds but that are not there, (n,) bool by path."""
        bits = np.zeros(self.count, np.int64)
        for bit, rows in enumerate(absent.values()):
            bits |= rows.astype(np.int64) << bit
        distinct, codes = np.unique(bits, return_inverse=True)
        names = [dumps([path for bit, path in enumerate(absent) if code >> bit & 1]) for code in distinct.tolist()]
        codes = codes.reshape(-1).astype(np.int64)
        if len(distinct) and distinct[0] == 0:
            codes, names = codes - 1, names[1:]
        self.mark("absent", codes, names)


def read_ids(sheet: Sheet, batch: Batch) -> None:
    """Read ``id``, or ``_id`` where there is no other."""
    values, old = batch.get("id"), batch.get("_id")
    if not old.empty:
        use = old.has & ~values.has & (old.first() == ord('"'))
        sheet.keep("_id", old, np.flatnonzero(old.has & ~use))
        sheet.mark("id", np.where(use, 0, -1), ["_id"])
        values = Values.of([b if u else a for a, b, u in zip(values.raws, old.raws, use.tolist(), strict=True)])
    column, odd = strings(values)
    sheet.put("id", column)
    sheet.keep_odd("id", values, odd)
