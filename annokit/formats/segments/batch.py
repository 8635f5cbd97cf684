"""Annotation records of a block of samples, as columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np

from annokit.columns import Column, Fixed, Json, Sparse, Struct, Table, Text
from annokit.columns.base import Array
from annokit.columns.make import sparse_of
from annokit.formats.segments import shapes
from annokit.formats.segments.facts import EXPECTED, LARGEST_ID, PREFIX, marked
from annokit.formats.segments.values import is_id
from annokit.model.schema import MASK_ENCODINGS

Record = dict[str, Any]

KEPT = "extras/" + PREFIX
FURTHER = "#further"
"""Extra that holds the keys for which there is no column left."""

MAPPED = frozenset(("id", "category_id", "track_id", "is_keyframe", "attributes", *shapes.KEYS))


@attrs.define
class Batch:
    """Records, and what is known of each."""

    records: list[Record] = attrs.field(factory=list)
    """The annotations."""

    item: list[int] = attrs.field(factory=list)
    """Row of the item of each."""

    place: list[int] = attrs.field(factory=list)
    """Sum of :data:`IN_BITMAP`, :data:`IN_OTHER_BITMAP` and :data:`IN_SEQUENCE`."""

    layer: list[int] = attrs.field(factory=list)
    """Number of the layer of each."""


IN_BITMAP, IN_OTHER_BITMAP, IN_SEQUENCE = 1, 2, 4


@attrs.define
class Notes:
    """What there is to tell of a release."""

    unread: Counter[str] = attrs.field(factory=Counter)
    """Keys that the model does not map."""

    odd: list[tuple[str | None, int | None, str]] = attrs.field(factory=list)
    """Known keys with odd values: item, annotation, detail."""

    whole: Counter[str] = attrs.field(factory=Counter)
    """Kinds of records that are kept whole."""

    def keys(self, what: str, keys: Any) -> None:
        """Count keys that are neither mapped nor documented."""
        self.unread.update(key for key in keys if key not in EXPECTED[what])


class Columns:
    """Makes the columns of a batch.

    Parameters
    ----------
    batch : Batch
        The records.
    start : int
        Number of annotations before them.
    notes : Notes
        Gets what there is to tell.
    """

    def __init__(self, batch: Batch, start: int, notes: Notes) -> None:
        self._records = batch.records
        self._place = np.array(batch.place, np.int64)
        self._item = np.array(batch.item, np.int64)
        self._start = start
        self._notes = notes
        self._count = len(batch.records)
        self._keys = Counter(map(tuple, self._records))
        self._columns: dict[str, Column] = {}
        self._extras: dict[str, tuple[list[int], list[Any]]] = {}

    def table(self, codes: dict[Any, int], most: int) -> Table:
        """Return the columns; `label` holds codes of category ids, which are numbered in `codes`.

        Parameters
        ----------
        codes : dict
            Code by (type, category id); grows.
        most : int
            Most distinct keys that get a column.
        """
        self._columns["item"] = Fixed(self._item)
        self._ids("id", "id")
        self._ids("track_id", "track")
        self._categories(codes)
        self._keyframes()
        self._shapes()
        self._attributes()
        self._unknown(most)
        for key, (rows, values) in self._extras.items():
            order = np.argsort(rows, kind="stable").tolist()
            ordered = [rows[place] for place in order], [values[place] for place in order]
            self._columns[KEPT + key] = _verbatim(self._count, *ordered)
        return Table(self._count, self._columns)

    def _stated(self, key: str) -> tuple[list[int], list[Any]]:
        """Return the rows that state a key, and its values."""
        records = self._records
        having = [key in keys for keys in self._keys]
        if all(having):
            return list(range(self._count)), [record[key] for record in records]
        if not any(having):
            return [], []
        rows = [row for row, record in enumerate(records) if key in record]
        return rows, [records[row][key] for row in rows]

    def _keep(self, key: str, row: int, value: Any) -> None:
        rows, values = self._extras.setdefault(key, ([], []))
        rows.append(row)
        values.append(value)

    def _odd(self, row: int, told: str) -> None:
        self._notes.odd.append((None, self._start + row, told))

    def _ids(self, key: str, name: str) -> None:
        rows, values = self._stated(key)
        if values and (set(map(type, values)) != {int} or not all(-(1 << 63) <= v < 1 << 63 for v in values)):
            for row, value in zip(rows, values, strict=True):
                if not is_id(value):
                    self._keep(key, row, value)
                    self._odd(row, f"{key} {value!r:.60}")
            pairs = [(row, value) for row, value in zip(rows, values, strict=True) if is_id(value)]
            rows, values = [row for row, _ in pairs], [value for _, value in pairs]
        if values:
            self._columns[name] = sparse_of(self._count, rows, values)

    def _categories(self, codes: dict[Any, int]) -> None:
        rows, values = self._stated("category_id")
        label = np.full(self._count, -1, np.int64)
        ints = bool(values) and set(map(type, values)) == {int}
        if ints or all(map(is_id, values)):
            label[rows] = [codes.setdefault((type(value), value), len(codes)) for value in values]
        else:
            for row, value in zip(rows, values, strict=True):
                if is_id(value):
                    label[row] = codes.setdefault((type(value), value), len(codes))
                else:
                    self._keep("category_id", row, value)
        self._absent = np.zeros(self._count, np.uint8)
        if len(rows) < self._count:
            missing = np.ones(self._count, bool)
            missing[rows] = False
            self._absent += missing
        self._columns["label"] = Fixed(label)

    def _keyframes(self) -> None:
        """Take in key frames; in a sequence, one that is not stated is none."""
        rows, values = self._stated("is_keyframe")
        stated = np.array([type(value) is bool for value in values], bool)
        for place in np.flatnonzero(~stated).tolist():
            self._keep("is_keyframe", rows[place], values[place])
        value = np.zeros(self._count, bool)
        known = np.zeros(self._count, bool)
        taken = np.array(rows, np.int64)[stated]
        known[taken] = True
        value[taken] = [values[place] for place in np.flatnonzero(stated).tolist()]
        silent = (self._place & IN_SEQUENCE > 0) & ~known
        silent[np.array(rows, np.int64)[~stated]] = False
        self._absent += np.uint8(2) * silent
        present = np.flatnonzero(known | silent)
        if len(present):
            self._columns["keyframe"] = Sparse(self._count, present, None, Fixed(value[present]))
        marked = np.flatnonzero(self._absent)
        if len(marked):
            words = Json.of([["category_id"], ["is_keyframe"], ["category_id", "is_keyframe"]])
            self._columns[KEPT + "#absent"] = Sparse(self._count, marked, self._absent[marked] - np.uint8(1), words)

    def _shapes(self) -> None:
        rows, words = self._stated("type")
        kind = np.zeros(self._count, np.uint8)
        if rows:
            found = shapes.shapes_of(self._records, rows, words)
            kind[found.rows] = found.kinds
            self._columns.update(found.columns(self._count))
            for row, key, value in found.kept:
                self._keep(key, row, value)
            for row, told in found.odd:
                self._odd(row, told)
            self._notes.whole.update(found.whole)
        untyped = np.ones(self._count, bool)
        untyped[rows] = False
        self._bare(np.flatnonzero(untyped), kind)
        self._columns["kind"] = Fixed(kind)

    def _bare(self, rows: Array, kind: Array) -> None:
        """Take in annotations without type: objects of a bitmap, of a point cloud, or spans of text."""
        chosen = rows[self._place[rows] & (IN_BITMAP | IN_OTHER_BITMAP) > 0]
        if len(chosen):
            kind[chosen] = shapes.MASK
            self._columns["mask"] = _masks(
                self._count, chosen, [self._records[row].get("id") for row in chosen.tolist()], self._place[chosen]
            )
        stated = set().union(*self._keys)
        for key in stated.intersection(shapes.KEYS):
            for row in rows.tolist():
                if key in self._records[row]:
                    self._keep(key, row, self._records[row][key])
        if "start" in stated:
            self._notes.whole["spans of text"] += sum("start" in self._records[row] for row in rows.tolist())

    def _attributes(self) -> None:
        rows, values = self._stated("attributes")
        found: dict[str, tuple[list[int], list[Any]]] = {}
        if set(map(type, values)) == {dict} and len(set(map(tuple, values))) == 1:
            found = {name: (rows, [value[name] for value in values]) for name in values[0]}
        if not found:
            self._scattered(rows, values, found)
        for name, (kept_rows, answers) in found.items():
            self._columns["attributes/" + name] = sparse_of(self._count, kept_rows, answers)

    def _scattered(self, rows: list[int], values: list[Any], found: dict[str, tuple[list[int], list[Any]]]) -> None:
        """Sort attributes by name into `found`."""
        for row, value in zip(rows, values, strict=True):
            if type(value) is not dict or not value:
                self._keep("attributes", row, value)
                continue
            for name, answer in value.items():
                kept_rows, answers = found.setdefault(name, ([], []))
                kept_rows.append(row)
                answers.append(answer)

    def _unknown(self, most: int) -> None:
        counts: Counter[str] = Counter()
        for keys, count in self._keys.items():
            counts.update(dict.fromkeys((key for key in keys if key not in MAPPED), count))
        for key, count in counts.items():
            if key not in EXPECTED["annotation"]:
                self._notes.unread[key] += count
        chosen = set(list(counts)[:most])
        if not counts:
            return
        for row, record in enumerate(self._records):
            further = {}
            for key in record.keys() - MAPPED:
                if key in chosen:
                    self._keep(marked(key), row, record[key])
                else:
                    further[key] = record[key]
            if further:
                self._keep(FURTHER, row, further)


def _verbatim(count: int, rows: Sequence[int], values: Sequence[Any]) -> Sparse:
    return Sparse(count, None if len(rows) == count else np.array(rows, np.int64), None, Json.of(values))


def _masks(count: int, rows: Array, ids: list[Any], place: Array) -> Sparse:
    """Return masks by their ids in the bitmap of their item; an id that none can hold has no pixels."""
    own = np.array([type(ident) is int and 0 < ident <= LARGEST_ID for ident in ids], bool) & (place & IN_BITMAP > 0)
    encoding = np.where(own, MASK_ENCODINGS.index("bitmap"), MASK_ENCODINGS.index("void")).astype(np.uint8)
    data = Text.of_bytes([b"%d" % ident if fits else b"" for ident, fits in zip(ids, own.tolist(), strict=True)])
    fields: dict[str, Column] = {
        "size": Fixed(np.zeros((len(rows), 2), np.int64)),
        "encoding": Fixed(encoding),
        "data": data,
    }
    return Sparse(count, None if len(rows) == count else rows, None, Struct(fields))
