"""The tree of classes, and which label an id means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from annokit.errors import FormatError
from annokit.formats.innotescus.facts import CLASSES, Record, differing, is_integer, keyed
from annokit.formats.innotescus.records import class_record
from annokit.model.label import Label

if TYPE_CHECKING:
    from annokit.formats.context import Problems
    from annokit.formats.innotescus.files import Listing
    from annokit.formats.innotescus.told import Told
    from annokit.model.builder import DatasetBuilder

KNOWN = frozenset(class_record(None, "", None))
First = dict[Any, tuple[str, Record]]
"""Place and record of the first class of each id."""

UNLISTED = "#unlisted"
"""Extra of labels and items that are referred to but not listed."""


@attrs.define
class Classes:
    """The labels of one data set by their ids."""

    builder: DatasetBuilder
    told: Told
    where: str
    """What messages call the file."""

    positions: dict[Any, int] = attrs.field(factory=dict)
    _made: dict[Any, Label] = attrs.field(factory=dict)

    def read(self, listing: Listing, problems: Problems) -> None:
        """Add the classes that a file lists."""
        records: list[tuple[str, Record]] = []
        first: First = {}
        for pointer, record in listing.records():
            if not isinstance(record, dict) or not _is_id(record.get("id")):
                problems.add(_bad(listing, pointer, record))
                continue
            self.told.keys(record, KNOWN)
            records.append((pointer, record))
            if record["id"] in first:
                self.told.add("twice", f"{listing.where}: {pointer}/id: {record['id']!r}")
            first.setdefault(record["id"], (pointer, record))
        for pointer, record in records:
            label = self._label(pointer, record, first, ())
            position = self.builder.label(label)
            self.positions.setdefault(record["id"], position)

    def _label(self, pointer: str, record: Record, first: First, below: tuple[Any, ...]) -> Label:
        ident = record["id"]
        mine = first[ident][1] is record
        if mine and ident in self._made:
            return self._made[ident]
        above = self._parent(pointer, record, first, (*below, ident))
        name = record.get("name")
        shown = name if isinstance(name, str) else str(ident)
        stated = class_record(ident, shown, None if above is None else above.source_id)
        extras = differing(record, stated)
        if "name" in extras or ("parent_id" in extras and extras["parent_id"] not in (None, 0)):
            self.told.add(
                "odd", f"{self.where}: {pointer}: name {name!r:.40}, parent_id {record.get('parent_id')!r:.40}"
            )
        label = Label(shown, ident, above, extras=keyed(extras))
        if mine:
            self._made[ident] = label
        return label

    def _parent(self, pointer: str, record: Record, first: First, below: tuple[Any, ...]) -> Label | None:
        parent = record.get("parent_id")
        if parent is None or not _is_id(parent):
            return None
        if parent in below:
            self.told.add("odd", f"{self.where}: {pointer}/parent_id: {parent!r} is below the class itself")
            return None
        if parent in first:
            return self._label(first[parent][0], first[parent][1], first, below)
        if parent != 0:
            self.told.add("dangling", f"{self.where}: {pointer}/parent_id: {parent!r}")
        return None

    def position(self, ident: Any, pointer: str) -> int:
        """Return the position of the label with an id; one that no file lists is made."""
        found = self.positions.get(ident)
        if found is None:
            self.told.add("dangling", f"{pointer}/class_id: {ident!r}")
            label = Label(str(ident), ident, extras=keyed({UNLISTED: True}))
            found = self.positions[ident] = self.builder.label(label)
        return found


def _is_id(value: Any) -> bool:
    return is_integer(value) or isinstance(value, str)


def _bad(listing: Listing, pointer: str, record: Any) -> FormatError:
    return FormatError(
        f"this record of {CLASSES} can't be read",
        path=listing.where,
        pointer=pointer,
        found=f"{record!r:.60}",
        expected='an object with an "id"',
    )
