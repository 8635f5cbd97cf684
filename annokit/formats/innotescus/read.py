"""Reading Innotescus JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import attrs
import msgspec

from annokit.errors import FormatError
from annokit.formats.innotescus import facts
from annokit.formats.innotescus.classes import Classes
from annokit.formats.innotescus.definitions import KNOWN as DEFINED
from annokit.formats.innotescus.definitions import definition, misfit
from annokit.formats.innotescus.drawn import Drawn, Nest, checked_holes, drawn
from annokit.formats.innotescus.entries import Entries, needed_of
from annokit.formats.innotescus.facts import Record, differing, is_integer
from annokit.formats.innotescus.files import Group, Listing, groups
from annokit.formats.innotescus.records import annotation_record
from annokit.formats.innotescus.told import Told
from annokit.formats.innotescus.tracks import split_tracks
from annokit.model.builder import NULL, DatasetBuilder
from annokit.model.label import AttributeDefinition
from annokit.model.rows import ANNOTATION_DEFAULTS, ANNOTATION_MAKERS, Rows
from annokit.report import Report

if TYPE_CHECKING:
    from annokit.codecs.source import Source
    from annokit.formats.context import ReadContext
    from annokit.model.dataset import Dataset

KNOWN = frozenset(
    annotation_record((None, None), None, None, dict.fromkeys(("type", "box", "poly", "is_open")), ("", {}))
)
TEXTUAL = ("class_id", "instance_id", "annotators", "meta_data")
Definitions = dict[str, dict[str, AttributeDefinition]]
"""Definitions by name, for annotations and for items."""

DRAWN = ("type", "box", "poly", "is_open")


def read(source: Source, context: ReadContext, *, holes: str = "auto", lenient: bool = False) -> Dataset:
    """Read an export: its five files, folders or an archive of them, or one of the files alone.

    Parameters
    ----------
    source : Source
        Where the files are, at any depth; each folder of them is a data set.
    context : ReadContext
        What the caller asked for.
    holes : {"auto", "evenodd", "union"}
        What several contours of one polygon mean. The files do not say: by default, and by the even-odd rule, those
        inside another are its holes and those that cross are parts; or all are parts. The issues of the dataset tell
        what was taken for what.
    lenient : bool
        Accept what people leave in files that they edit: comments, trailing commas, curly quotes.
    """
    nest = checked_holes(holes)
    builder = DatasetBuilder(unit="pixel", form="xywh")
    told = Told()
    for group in groups(source):
        _Reader(source, context, builder, told, nest, group, lenient).read()
    ds = builder.build()
    split, rows = split_tracks(ds)
    for row in rows.tolist():
        told.add("tracks", str(ds._annotations.value("track", row)), row=row)
    return split._with(issues=Report(told.issues()))


class _Pair(msgspec.Struct):
    dataset_item_index: Any = None
    frame_index: Any = None


_PAIRS = msgspec.json.Decoder(list[_Pair])


@attrs.frozen
class _Reader:
    """Reads one data set."""

    source: Source
    context: ReadContext
    builder: DatasetBuilder
    told: Told
    nest: Nest
    group: Group
    lenient: bool

    def read(self) -> None:
        """Add everything."""
        definitions = self._definitions()
        classes = Classes(self.builder, self.told, self._where(facts.CLASSES))
        listing = self._listing(facts.CLASSES)
        if listing is not None:
            classes.read(listing, self.context.problems)
            self._dangling_classes(definitions, classes)
        annotations = self._listing(facts.ANNOTATIONS)
        needed = {} if annotations is None else needed_of(self._pairs(annotations))
        entries = Entries(self.builder, self.told, self.group.dataset, needed)
        listing = self._listing(facts.ITEMS)
        if listing is not None:
            entries.read(listing, self.context.problems)
        entries.unlisted(self._where(facts.ITEMS))
        for where, name, values in entries.values:
            for key, why in _misfits(definitions["item"], values):
                self.told.add("misfit", f"{where}/meta_data/{key}: {why}", item=name)
        if annotations is not None:
            made = _Annotations(self.builder, self.told, classes, entries, definitions["annotation"], self.nest)
            made.read(annotations, self.context)

    def _dangling_classes(self, definitions: Definitions, classes: Classes) -> None:
        for scope in facts.SCOPES:
            for made in definitions[scope.name].values():
                for ident in made.labels or ():
                    if ident not in classes.positions:
                        told = f"{self._where(scope.file)}: class {ident!r} of the definition {made.name!r}"
                        self.told.add("dangling", told)

    def _where(self, kind: str) -> str:
        name = self.group.files.get(kind)
        return self.source.where(name or (f"{self.group.folder}/{kind}" if self.group.folder else kind))

    def _listing(self, kind: str) -> Listing | None:
        name = self.group.files.get(kind)
        if name is None:
            if kind in facts.NEEDED:
                self.told.add("missing", self._where(kind))
            return None
        return Listing(self.source, name, self.context, self.lenient)

    def _pairs(self, listing: Listing) -> dict[Any, set[Any]]:
        """Return the frame indices of each item, from a first look at the annotations."""
        found: dict[Any, set[Any]] = {}
        for _, pairs in listing.blocks(_pairs_of):
            for index, frame in pairs:
                if is_integer(index):
                    found.setdefault(index, set()).add(frame if is_integer(frame) else None)
        return found

    def _definitions(self) -> Definitions:
        found: Definitions = {}
        for scope in facts.SCOPES:
            listing = self._listing(scope.file)
            found[scope.name] = {}
            for made in [] if listing is None else self._defined(listing, scope):
                found[scope.name].setdefault(made.name, made)
                if made not in self.builder.attributes:
                    self.builder.attributes.append(made)
        return found

    def _defined(self, listing: Listing, scope: facts.Scope) -> Iterator[AttributeDefinition]:
        for pointer, record in listing.records():
            if not isinstance(record, dict) or not isinstance(record.get("name"), str):
                self.context.problems.add(_bad(listing.where, pointer, record, 'an object with a text under "name"'))
                continue
            self.told.keys(record, DEFINED)
            made, odd = definition(record, scope)
            for key, value in odd:
                self.told.add("odd", f"{listing.where}: {pointer}/{key}: {value!r:.60}")
            yield made
        if listing.wrapping == "fragment":
            self.told.add("repaired", listing.where)


def _pairs_of(text: bytes) -> list[tuple[Any, Any]]:
    try:
        return [(pair.dataset_item_index, pair.frame_index) for pair in _PAIRS.decode(text)]
    except msgspec.ValidationError:  # a record is no object
        records = [record if isinstance(record, dict) else {} for record in msgspec.json.decode(text)]
        return [(record.get("dataset_item_index"), record.get("frame_index")) for record in records]


def _bad(where: str, pointer: str, record: Any, expected: str) -> FormatError:
    return FormatError(
        "this record can't be read", path=where, pointer=pointer, found=f"{record!r:.60}", expected=expected
    )


def _misfits(definitions: dict[str, AttributeDefinition], values: Record) -> Iterator[tuple[str, str]]:
    for key, value in values.items():
        made = definitions.get(key)
        why = None if made is None else misfit(made, value)
        if why is not None:
            yield key, why


@attrs.frozen
class _Annotations:
    """Reads the annotations of one data set."""

    builder: DatasetBuilder
    told: Told
    classes: Classes
    entries: Entries
    definitions: dict[str, AttributeDefinition]
    nest: Nest

    def read(self, listing: Listing, context: ReadContext) -> None:
        """Add every annotation."""
        for first, records in listing.blocks():
            rows = Rows(ANNOTATION_MAKERS, ANNOTATION_DEFAULTS)
            start = self.builder.annotation_count
            for place, record in enumerate(records, first):
                if not isinstance(record, dict) or not is_integer(record.get("dataset_item_index")):
                    expected = 'an object with an integer "dataset_item_index"'
                    context.problems.add(_bad(listing.where, f"/{place}", record, expected))
                    continue
                self._annotation(rows, start, f"{listing.where}: /{place}", record)
            self.builder.add_annotations(rows.table())

    def _annotation(self, rows: Rows, start: int, where: str, record: Record) -> None:
        index, row = record["dataset_item_index"], start + rows.length
        item, frame = self.entries.place(index, record.get("frame_index"))
        if not record.keys() <= KNOWN:
            self.told.keys(record, KNOWN)
        ident, instance, author, values = (record.get(key) for key in TEXTUAL)
        label = self.classes.position(ident, where) if _is_id(ident) else None
        number = instance if is_integer(instance) else None
        shape = drawn(record, self.nest)
        attributes = values if isinstance(values, dict) else {}
        name = author if isinstance(author, str) else None
        stated = annotation_record(
            (index, frame), None if label is None else ident, number, shape.stated, (name, attributes)
        )
        extras = {**differing(record, stated), **shape.extras}
        if extras or shape.nested is not None:
            self._report(where, row, record, extras, shape)
        for key, why in _misfits(self.definitions, attributes) if attributes else ():
            self.told.add("misfit", f"{where}/meta_data/{key}: {why}", row=row)
        fields: Record = {"item": item, "label": label, "author": name}
        fields["track" if index in self.entries.videos else "id"] = number
        for key, value in attributes.items():
            fields[f"attributes/{key}"] = NULL if value is None else value
        for place, geometry in enumerate(shape.rows):
            more = {**extras, "#more": True} if place else extras
            told = {f"extras/innotescus/{key}": NULL if value is None else value for key, value in more.items()}
            rows.append({**fields, **geometry, **told})

    def _report(self, where: str, row: int, record: Record, extras: Record, shape: Drawn) -> None:
        if shape.nested is not None:
            kind = "nested" if self.nest.__name__ == "nested" else "union"
            self.told.add(kind, f"{where}: {shape.nested}", row=row)
        if shape.odd is not None:
            self.told.add("odd", f"{where}{shape.odd}", row=row)
        for key in extras.keys() & KNOWN if extras else ():
            if key not in DRAWN and record.get(key) is not None:
                self.told.add("odd", f"{where}/{key}: {record[key]!r:.60}", row=row)


def _is_id(value: Any) -> bool:
    return is_integer(value) or isinstance(value, str)
