"""Item documents as records, by a typed parser that learns their keys.

A document has three levels of keys that are worth a column each (the document, its ``metadata``, and ``system`` in it),
and so have its annotations. All six are parsed in one pass, every value as the bytes in which it stands. A document
that the parser refuses is read once more as dictionaries: the keys found there become fields, and what does not fit
any (a ``metadata`` that is no object) goes to the field ``further``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from msgspec import Raw

from annokit.columns.json import dumps
from annokit.formats.dataloop.values import ABSENT, json_object
from annokit.limits import DEFAULT_LIMITS

FURTHER = "\u2063further"
"""Key of the members that have no field; no document has it."""

UNNAMEABLE = re.compile(r'["\\\x00-\x1f.#]|\A\Z')
"""Keys that can't be fields, or not part of a path."""

ITEM, ITEM_META, ITEM_SYSTEM = "item", "item.metadata", "item.system"
NOTE, NOTE_META, NOTE_SYSTEM = "annotation", "annotation.metadata", "annotation.system"
BELOW = {ITEM: ITEM_META, ITEM_META: ITEM_SYSTEM, NOTE: NOTE_META, NOTE_META: NOTE_SYSTEM}
"""The level below each level."""

INNER = {
    ITEM: ("metadata", "itemMetadata"),
    ITEM_META: ("system",),
    NOTE: ("metadata",),
    NOTE_META: ("system",),
}
"""Keys that hold the level below."""

FIRST_KEYS: Mapping[str, str] = {
    ITEM: "id _id filename hidden type stream",
    ITEM_META: "user fps startTime",
    ITEM_SYSTEM: "width height mimetype exif",
    NOTE: "id _id type label attributes coordinates creator createdAt updatedAt",
    NOTE_META: "user",
    NOTE_SYSTEM: "system attributes frame endFrame startTime endTime snapshots_ objectId parentId status",
}
"""Keys that are fields from the start."""

TEXTS = frozenset(("id", "_id", "filename", "stream", "mimetype", "type", "label", "creator", "createdAt", "updatedAt"))
"""Those of them that hold strings, as long as no document says otherwise."""

Record = Any
"""One of the six structs: a :class:`msgspec.Raw` or a str per key, then `further`, then the level below."""

dictionary = msgspec.json.Decoder(dict[str, Raw]).decode
listed = msgspec.json.Decoder(list[Raw]).decode


class NotAnItem(Exception):  # noqa: N818 - not an error, but something else than was looked for
    """A document that is JSON, but no item."""


class Layout(NamedTuple):
    """What the fields of a record are; types differ as the parser learns."""

    keys: tuple[str, ...]
    """Their keys, in their order; `further` and the levels below follow."""

    texts: frozenset[str]
    """Those that are str."""

    void: Record
    """A record of the level below without any value."""


class Parser:
    """Parses item documents.

    Parameters
    ----------
    columns : int
        Most keys of a level that become fields; others go to `further`.
    """

    def __init__(self, columns: int = DEFAULT_LIMITS.extras_columns) -> None:
        self._cap = columns
        self.version = 0
        self.keys: dict[str, dict[str, str]] = {}
        self.texts: dict[str, set[str]] = {}
        self.layouts: dict[Any, Layout] = {}
        for level, names in FIRST_KEYS.items():
            self.keys[level] = {key: f"k{place}" for place, key in enumerate(names.split())}
            self.texts[level] = set(TEXTS & self.keys[level].keys())
        self._build()

    def _build(self) -> None:
        self.version += 1
        self.types: dict[str, Any] = {}
        void: Record = None
        for level in (NOTE_SYSTEM, NOTE_META, NOTE, ITEM_SYSTEM, ITEM_META, ITEM):
            fields: list[Any] = [self._field(level, key, name) for key, name in self.keys[level].items()]
            fields.append(("further", Raw, msgspec.field(default=ABSENT, name=FURTHER)))
            for key in INNER.get(level, ()):
                below = self.types[BELOW[level]]
                fields.append((key, below, msgspec.field(default=None, name=key)))
            if level == ITEM:
                note: Any = self.types[NOTE]
                fields.append(("annotations", list[note], msgspec.field(default=None)))
            made = msgspec.defstruct("Record", fields, forbid_unknown_fields=True, gc=False)
            self.types[level] = made
            self.layouts[made] = Layout(tuple(self.keys[level]), frozenset(self.texts[level]), void)
            void = None if level == NOTE else made()
        self._item: Callable[[bytes], Record] = msgspec.json.Decoder(self.types[ITEM]).decode
        note = self.types[NOTE]
        self._notes: Callable[[bytes], list[Record]] = msgspec.json.Decoder(list[note]).decode

    def _field(self, level: str, key: str, name: str) -> tuple[str, Any, Any]:
        if key in self.texts[level]:
            return name, str, msgspec.field(default=None, name=key)
        return name, Raw, msgspec.field(default=ABSENT, name=key)

    def item(self, text: bytes | Raw) -> Record:
        """Return the record of an item document.

        Raises
        ------
        msgspec.DecodeError, RecursionError
            The text is not JSON.
        NotAnItem
            The document is no item.
        """
        try:
            record = self._item(text)
            if record.annotations is None:
                self.members(text)
            if record.itemMetadata is None or record.metadata is None:
                return record
        except msgspec.ValidationError:
            pass
        members = self.members(text)
        if self._learn_item(members):
            return self.item(text)
        return self._by_hand(ITEM, members)

    def members(self, text: bytes | Raw) -> dict[str, Raw]:
        """Return the members of an item document; NotAnItem where it is none."""
        members = _members(text)
        if members is None or not is_item(members):
            raise NotAnItem
        return members

    def notes(self, text: bytes | Raw) -> Record:
        """Return the record of an item whose document is a list of annotations."""
        try:
            return self.types[ITEM](annotations=self._notes(text))
        except msgspec.ValidationError:
            notes = listed(text)
        self._rebuilt_if(self._learn_notes(notes))
        return self.types[ITEM](annotations=self._note_list(notes))

    def note_of(self, members: Mapping[str, Any]) -> Record:
        """Return the record of an annotation with these members, values that are JSON already."""
        raws = {key: value if isinstance(value, Raw) else Raw(value) for key, value in members.items()}
        self._rebuilt_if(self._learn(NOTE, raws))
        return self._by_hand(NOTE, raws)

    def _learn_item(self, members: Mapping[str, Raw]) -> bool:
        learned = self._learn(ITEM, members)
        notes = members.get("annotations")
        if notes is not None and bytes(notes)[:1] == b"[":
            learned |= self._learn_notes(listed(notes))
        return self._rebuilt_if(learned)

    def _rebuilt_if(self, learned: bool) -> bool:
        if learned:
            self._build()
        return learned

    def _learn_notes(self, notes: Sequence[Raw]) -> bool:
        learned = [self._learn(NOTE, members) for note in notes if (members := _members(note)) is not None]
        return any(learned)

    def _learn(self, level: str, members: Mapping[str, Raw]) -> bool:
        """Make fields of new keys, and tell whether there were any."""
        keys, texts = self.keys[level], self.texts[level]
        learned = False
        inner = (*INNER.get(level, ()), *(("annotations",) if level == ITEM else ()))
        for key, raw in members.items():
            if key in inner:
                below = _members(raw) if key != "annotations" else None
                if below is not None:
                    learned |= self._learn(BELOW[level], below)
                continue
            is_text = bytes(raw)[:1] == b'"'
            if key not in keys:
                if len(keys) < self._cap and not UNNAMEABLE.search(key):
                    keys[key] = f"k{len(keys)}"
                    texts.update((key,) if is_text else ())
                    learned = True
            elif key in texts and not is_text:
                texts.remove(key)
                learned = True
        return learned

    def _by_hand(self, level: str, members: Mapping[str, Raw]) -> Record:
        """Return the record of an object that the typed parser refuses."""
        keys, texts = self.keys[level], self.texts[level]
        fields: dict[str, Any] = {}
        further: dict[str, Any] = {}
        for key, raw in members.items():
            if (
                key in INNER.get(level, ())
                and not (key == "itemMetadata" and "metadata" in members)
                and ((below := _members(raw)) is not None)
            ):
                fields[key] = self._by_hand(BELOW[level], below)
            elif key == "annotations" and level == ITEM and bytes(raw)[:1] == b"[":
                fields[key] = self._note_list(listed(raw))
            elif key in keys:
                fields[keys[key]] = msgspec.json.decode(raw, type=str) if key in texts else raw
            else:
                further[key] = raw
        if further:
            fields["further"] = Raw(json_object(further))
        return self.types[level](**fields)

    def _note_list(self, notes: Iterable[Raw]) -> list[Record]:
        """Return the records of annotations; one that is no object stays as the bytes that it is."""
        made: list[Record] = []
        for note in notes:
            members = _members(note)
            made.append(bytes(note) if members is None else self._by_hand(NOTE, members))
        return made

    def document(self, level: str, record: Record) -> dict[str, Any]:
        """Return a record as the object that it was read from: values that are JSON already, by key."""
        members: dict[str, Any] = {}
        for place, key in enumerate(self.layouts[type(record)].keys):
            value = getattr(record, f"k{place}")
            if value is not None and value is not ABSENT:
                members[key] = dumps(value) if type(value) is str else value
        for key in INNER.get(level, ()):
            below = getattr(record, key)
            if below is not None:
                members[key] = json_object(self.document(BELOW[level], below))
        if level == ITEM and record.annotations is not None:
            members["annotations"] = b"[" + b",".join(map(self.note, record.annotations)) + b"]"
        if len(record.further):
            members.update(dictionary(record.further))
        return members

    def note(self, record: Record) -> bytes:
        """Return the JSON of an annotation's record."""
        return record if isinstance(record, bytes) else json_object(self.document(NOTE, record))


def _members(text: bytes | Raw) -> dict[str, Raw] | None:
    try:
        return dictionary(text)
    except msgspec.ValidationError:
        return None


def is_item(members: Mapping[str, Any]) -> bool:
    """Tell by its keys whether an object is an item."""
    if "annotations" in members:
        return not ("images" in members and "categories" in members)
    return "filename" in members and ("metadata" in members or "itemMetadata" in members)


def is_note(members: Mapping[str, Any]) -> bool:
    """Tell by its keys whether an object is an annotation."""
    return "type" in members and ("label" in members or "coordinates" in members) and "annotations" not in members
