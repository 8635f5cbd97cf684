"""Rows of a table as JSON records, a block at a time: a list of texts per key, joined once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from annokit.columns import Column, Table
from annokit.columns.base import Array
from annokit.columns.json import dumps
from annokit.formats.coco import keys
from annokit.formats.coco.absent import lacks_by_mark
from annokit.formats.coco.texts import Printer, printer_of, rings, shared

if TYPE_CHECKING:
    from annokit.model.dataset import Dataset

Texts = list[bytes]
"""One text per row, empty where the row lacks the key."""


@attrs.define(eq=False)
class Member:
    """One key of the records."""

    key: str | None
    """None for members that are texts of several keys already."""

    printers: list[Callable[[int, int], tuple[Array | None, Texts]]]
    """Each gives the rows, from 0, that it has a text for (None: all), and the texts."""

    wrapped: bool = False
    """Whether the first printer gives the insides of two pairs of brackets."""

    def texts(self, start: int, stop: int) -> tuple[Texts, Array | None, bool]:
        """Return the texts of some rows, which of them are to be wrapped in brackets, and whether any is absent."""
        rows, first = self.printers[0](start, stop)
        if rows is None:
            return first, None, False
        found: list[bytes] = [b""] * (stop - start)
        _place(found, rows, first)
        count = len(rows)
        for printer in self.printers[1:]:
            more, texts = printer(start, stop)
            if more is None:
                return texts, rows[:0], False
            _place(found, more, texts)
            count += len(more)
        return found, rows, count < stop - start

    @property
    def prefix(self) -> bytes:
        """What stands before the value, without a comma."""
        return b"" if self.key is None else dumps(self.key) + b":"


def _place(found: Texts, rows: Array, texts: Texts) -> None:
    for row, text in zip(rows.tolist(), texts, strict=True):
        found[row] = text


class Members:
    """All keys of the records of a list, in the order in which they are written."""

    def __init__(self, members: Sequence[Member], count: int) -> None:
        self._members = members
        self.count = count

    def records(self, start: int, stop: int) -> bytes:
        """Return the records of rows `start` up to `stop`, with commas between them."""
        count = stop - start
        if not self._members:
            return b",".join([b"{}"] * count)
        made = [member.texts(start, stop) for member in self._members]
        if made[0][2]:
            return self._one_by_one(made, count)
        slots: list[Texts] = []
        for number, (member, (texts, wrapped, lacking)) in enumerate(zip(self._members, made, strict=True)):
            comma = b"," if number else b""
            before, after = _around(comma + member.prefix, texts, wrapped, lacking, member.wrapped)
            slots += [before, texts] if after is None else [before, texts, after]
        slots[0] = [b"{" + slots[0][0], *[b"},{" + text for text in slots[0][1:]]]
        parts: list[bytes] = [b""] * (len(slots) * count)
        for number, texts in enumerate(slots):
            parts[number :: len(slots)] = texts
        parts.append(b"}")
        return b"".join(parts)

    def _one_by_one(self, made: Sequence[Any], count: int) -> bytes:
        """Return records whose first key may be absent."""
        return b",".join([b"{" + row + b"}" for row in self._insides(made, count)])

    def _insides(self, made: Sequence[Any], count: int) -> Texts:
        """Return the members of each record."""
        columns = []
        for member, (texts, wrapped, lacking) in zip(self._members, made, strict=True):
            before, after = _around(member.prefix, texts, wrapped, lacking, member.wrapped)
            ends = after or [b""] * count
            columns.append([a + b + c for a, b, c in zip(before, texts, ends, strict=True)])
        return [b",".join(filter(None, row)) for row in zip(*columns, strict=True)]

    def insides(self, start: int, stop: int) -> Texts:
        """Return the members of each record, without the braces around them."""
        return self._insides([member.texts(start, stop) for member in self._members], stop - start)

    def objects(self, start: int, stop: int) -> tuple[Array | None, Texts]:
        """Return the records that have any member, one by one, and their rows."""
        made = [member.texts(start, stop) for member in self._members]
        insides = self._insides(made, stop - start)
        rows = np.flatnonzero(np.fromiter(map(len, insides), np.int64, len(insides)))
        return rows, [b"{" + text + b"}" for text in insides if text]


def _around(
    prefix: bytes, texts: Texts, wrapped: Array | None, lacking: bool, wraps: bool
) -> tuple[Texts, Texts | None]:
    """Return what stands before and, where it is wrapped, behind each text."""
    count = len(texts)
    if not wraps:
        return ([prefix if text else b"" for text in texts] if lacking else [prefix] * count), None
    if wrapped is None:
        return [prefix + b"[["] * count, [b"]]"] * count
    before = [prefix if text else b"" for text in texts]
    after = [b""] * count
    for row in wrapped.tolist():
        before[row] = prefix + b"[["
        after[row] = b"]]"
    return before, after


def image_members(ds: Dataset) -> Members:
    """Return how the items are written."""
    table = ds._items
    size = table.array("size")
    special = {
        "file_name": [_names(table)],
        "height": [_sides(size[:, 1])],
        "width": [_sides(size[:, 0])],
    }
    columns: dict[str, Sequence[str]] = {**keys.ITEM_COLUMNS}
    return Members(_members(table, columns, special), len(table))


def annotation_members(ds: Dataset) -> Members:
    """Return how the annotations are written."""
    table = ds._annotations
    special = {
        "image_id": [shared(table.array("item"), _id_texts(ds._items))],
        "category_id": [shared(table.array("label"), [_id_text(label.source_id) for label in ds.labels])],
    }
    return Members(_members(table, keys.ANNOTATION_COLUMNS, special), len(table))


def segment_members(ds: Dataset) -> Members:
    """Return how the annotations are written as segments of their images: without what the record around them says."""
    table = ds._annotations.without(("item", "mask"))
    special = {"category_id": [shared(table.array("label"), [_id_text(label.source_id) for label in ds.labels])]}
    return Members(_members(table, keys.ANNOTATION_COLUMNS, special), len(table))


def record_members(ds: Dataset, rows: Array) -> Members:
    """Return what the records of the images of items `rows` say beside their segments."""
    table = ds._items.take(rows)
    listed = [Member("image_id", [_listed(_id_texts(table))])]
    names = [dumps(value["name"]) if isinstance(value, dict) else b"" for value in table.columns["bitmap"].to_list()]
    listed.append(Member("file_name", [_listed(names)]))
    for name, column in table.columns.items():
        if name.startswith(keys.RECORD):
            key = name[len(keys.RECORD) :]
            further = keys.EXTRA + key == keys.FURTHER
            shown = _inner(printer_of(column)) if further else printer_of(column)
            listed.append(Member(None if further else key.removeprefix(keys.MARK), [shown]))
    return Members(listed, len(table))


def _listed(texts: Texts) -> Printer:
    """Return the printer of texts, empty for none."""

    def printed(start: int, stop: int) -> tuple[Array | None, Texts]:
        own = texts[start:stop]
        rows = np.flatnonzero(np.fromiter(map(len, own), np.int64, len(own)))
        return (None if len(rows) == len(own) else rows), [text for text in own if text]

    return printed


def _id_texts(items: Table) -> Texts:
    column = items.get("id")
    if column is None:
        return [b""] * len(items)
    rows, texts = printer_of(column)(0, len(items))
    if rows is None:
        return texts
    found = [b""] * len(items)
    _place(found, rows, texts)
    return found


def _id_text(ident: Any) -> bytes:
    return b"" if ident is None else dumps(ident)


def _names(table: Table) -> Printer:
    """Return the printer of names, without those that the file did not state or stated as something else."""
    printer = printer_of(table.columns["name"])
    gone = lacks_by_mark(table, "file_name")
    verbatim = table.sparse(keys.extra("file_name"))
    if verbatim is not None:
        gone |= verbatim.mask()
    if not gone.any():
        return printer

    def printed(start: int, stop: int) -> tuple[Array | None, Texts]:
        rows, texts = printer(start, stop)
        own = np.arange(stop - start) if rows is None else rows
        kept = ~gone[start:stop][own]
        return own[kept], [text for text, keep in zip(texts, kept.tolist(), strict=True) if keep]

    return printed


def _sides(values: Array) -> Printer:
    from annokit.codecs.json_text import numbers

    def printed(start: int, stop: int) -> tuple[Array | None, Texts]:
        own = values[start:stop]
        rows = np.flatnonzero(own >= 0)
        return (None if len(rows) == len(own) else rows), numbers(own[rows])

    return printed


def _members(table: Table, columns: Any, special: dict[str, list[Printer]]) -> list[Member]:
    """Return the keys of a table in the order of its columns."""
    found: dict[str | None, Member] = {}
    attributes: dict[str, Column] = {}
    for name, column in table.columns.items():
        if name == keys.FURTHER:
            continue
        for key in _keys_of(name, columns):
            member = found.setdefault(key, Member(key, []))
            if name.startswith(keys.ATTRIBUTE) and name not in columns:
                attributes[name[len(keys.ATTRIBUTE) :]] = column
            elif key in special and not name.startswith("extras/"):
                member.printers = special[key] + member.printers
            elif name == "points":
                member.printers.insert(0, rings(column))
                member.wrapped = True
            else:
                member.printers.append(printer_of(column))
    if attributes:
        found["attributes"].printers.insert(0, _objects(attributes, len(table)))
    further = table.sparse(keys.FURTHER)
    if further is not None:
        found[None] = Member(None, [_inner(printer_of(further))])
    return [member for member in found.values() if member.printers]


def _keys_of(name: str, columns: Any) -> Sequence[str]:
    if name in columns:
        return list(columns[name])
    if name.startswith(keys.ATTRIBUTE):
        return ["attributes"]
    key = keys.key_of(name)
    return [] if key is None else [key]


def _inner(printer: Printer) -> Printer:
    """Return the members of the objects that a printer gives."""

    def printed(start: int, stop: int) -> tuple[Array | None, Texts]:
        rows, texts = printer(start, stop)
        return rows, [text.strip()[1:-1] for text in texts]

    return printed


def _objects(columns: dict[str, Column], count: int) -> Printer:
    """Return a printer of objects made of several columns; a row without any value has none."""
    inner = Members([Member(name, [printer_of(column)]) for name, column in columns.items()], count)

    def printed(start: int, stop: int) -> tuple[Array | None, Texts]:
        return inner.objects(start, stop)

    return printed
