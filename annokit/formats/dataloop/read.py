"""Reading Dataloop exports."""

from __future__ import annotations

from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING, Any

import attrs
import msgspec
import numpy as np

from annokit.codecs.json_faults import value_fault
from annokit.codecs.source import decode_text
from annokit.columns import Fixed, Sparse, Table
from annokit.columns.base import Array
from annokit.columns.json import dumps, loads
from annokit.errors import FormatError
from annokit.formats.dataloop.batch import Gathered, Sheet
from annokit.formats.dataloop.documents import Document, documents
from annokit.formats.dataloop.facts import EXTRA
from annokit.formats.dataloop.given import given_ontology, with_ontology
from annokit.formats.dataloop.items import KIND_CODE, Items, items_of
from annokit.formats.dataloop.joints import with_joints
from annokit.formats.dataloop.notes import Specials, notes_of
from annokit.formats.dataloop.ontology import Ontology, is_ontology, ontology_of
from annokit.formats.dataloop.parse import ITEM, NOTE, NotAnItem, Parser, Record
from annokit.formats.dataloop.pictures import with_pictures
from annokit.formats.dataloop.poses import Pose
from annokit.formats.dataloop.sift import Sieve, Wanted
from annokit.formats.dataloop.values import typed
from annokit.formats.labels import in_use
from annokit.model.dataset import Dataset
from annokit.model.label import Label
from annokit.model.label_set import LabelSet
from annokit.model.rows import ITEM_DEFAULTS, ITEM_MAKERS, SEQUENCE_DEFAULTS, SEQUENCE_MAKERS, Rows
from annokit.model.schema import STATUSES
from annokit.report import Issue, Places, Report

if TYPE_CHECKING:
    from annokit.codecs.source import Source
    from annokit.formats.context import ReadContext

CHUNK_BYTES = 512 << 10
"""Documents that are parsed before their values are taken out."""

VIDEO = KIND_CODE["video"]

BLOCK_BYTES = 64 << 20
"""Documents whose values become columns at a time."""


def read(  # noqa: PLR0913 - all but the first two are options by keyword
    source: Source,
    context: ReadContext,
    *,
    ontology: Any = None,
    system: bool = False,
    hidden: bool = False,
    notes: bool = False,
    masks: bool = True,
) -> Dataset:
    """Read an export.

    Parameters
    ----------
    source : Source
        A folder or an archive of item documents, a single one, a list of them, or one per line.
    context : ReadContext
        What the caller asked for.
    ontology : path or dict, optional
        The ontology, or its document: colours, hierarchy, definitions of attributes, templates of poses. One that lies
        beside the documents is found.
    system : bool
        Read annotations that the workflow itself made too, such as ``completed``.
    hidden : bool
        Read hidden items too.
    notes : bool
        Read remarks of reviewers too, as annotations without shape.
    masks : bool
        Make masks of PNG pictures that lie beside the documents, one per item and label, where an item has no shape of
        that label. What is left out by default is listed, kept and written back.
    """
    given = None if ontology is None else given_ontology(ontology)
    reader = _Reader(source, context, Wanted(system, hidden, notes), given)
    for document in documents(source, context):
        reader.add(document)
    ds = reader.dataset()
    return with_pictures(ds, source, context) if masks and source.only is None else ds


@attrs.define(eq=False)
class _Chunk:
    """Items whose records lie in the processor's cache."""

    documents: list[Document] = attrs.field(factory=list)
    records: list[Record] = attrs.field(factory=list)
    size: int = 0


class _Block:
    """Items and annotations that become columns together."""

    def __init__(self, parser: Parser) -> None:
        self.documents: list[Document] = []
        self.items = Gathered(parser, ITEM)
        self.notes = Gathered(parser, NOTE)
        self.specials = Specials()
        self.moving: list[bool] = []
        self.owner: list[Array] = []
        self.place: list[Array] = []
        self.others: dict[int, bytes] = {}
        self.status: dict[int, int] = {}
        self.size = 0


class _Reader:
    """Gathers documents, and makes columns of many at a time."""

    def __init__(self, source: Source, context: ReadContext, wanted: Wanted, ontology: Ontology | None) -> None:
        self._source, self._context, self._wanted, self._ontology = source, context, wanted, ontology
        self._given = ontology is not None
        self._parser = Parser(context.limits.extras_columns)
        self._sieve = Sieve(self._parser, wanted)
        self._chunk = _Chunk()
        self._block = _Block(self._parser)
        self._items: list[Table] = []
        self._notes: list[Table] = []
        self._videos: list[dict[str, Any]] = []
        self._poses: list[tuple[int, Pose]] = []
        self._labels: dict[str, int] = {}
        self._item_count = self._note_count = 0
        self._unread: Counter[str] = Counter()
        self._odd: list[tuple[str | None, int | None, str]] = []
        self._dangling: list[tuple[str | None, int | None, str]] = []
        self._foreign: list[str] = []
        self._left: list[tuple[Document, bytes]] = []

    def add(self, document: Document) -> None:
        """Take in one document."""
        version = self._parser.version
        try:
            record = self._parsed(document)
        except NotAnItem:
            self._other(document)
            return
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            self._context.problems.add(self._fault(document, error))
            return
        if self._is_left(document, record):
            return
        if self._parser.version != version:
            self._digest()
        chunk = self._chunk
        chunk.documents.append(document)
        chunk.records.append(record)
        chunk.size += len(document.text)
        document.text = b""
        if chunk.size >= CHUNK_BYTES:
            self._digest()

    def _is_left(self, document: Document, record: Record) -> bool:
        """Tell whether an item is hidden, or a folder; its document is kept."""
        keys = self._parser.keys[ITEM]
        hidden = not self._wanted.hidden and bytes(getattr(record, keys["hidden"])) == b"true"
        if hidden or getattr(record, keys["type"]) == "dir":
            self._left.append((document, document.text))
            return True
        return False

    def _other(self, document: Document) -> None:
        """Take in a document that is no item: an ontology, or something to be left out."""
        value = loads(document.text) if b'"roots"' in document.text else None
        if not is_ontology(value):
            self._foreign.append(document.where)
        elif not self._given:
            self._ontology = ontology_of(value, document.where)

    def _parsed(self, document: Document) -> Record:
        if not document.text.isascii():
            str(document.text, "utf-8")
        if document.notes:
            return self._parser.notes(document.text)
        return self._parser.item(document.text)

    def _fault(self, document: Document, error: Exception) -> FormatError:
        """Return what is wrong with a document that can't be parsed."""
        if isinstance(error, UnicodeDecodeError):
            try:
                decode_text(document.text, document.where)
            except FormatError as found:
                return found
        fault = value_fault(document.text, self._context.limits.json_depth)
        facts: dict[str, Any] = {"path": document.where, "line": document.line}
        if fault is None:
            return FormatError(f"this is no JSON that can be read: {error}", pointer=document.pointer, **facts)
        pointer = (document.pointer or "") + fault.pointer
        return FormatError(fault.message, pointer=pointer, found=fault.found, expected=fault.expected, **facts)

    def _digest(self) -> None:
        """Take the values out of the records at hand."""
        chunk, self._chunk = self._chunk, _Chunk()
        if not chunk.records:
            return
        block = self._block
        notes = list(chain.from_iterable(record.annotations or () for record in chunk.records))
        if self._sieve.is_plain(chunk.records, notes):
            counts = [len(record.annotations or ()) for record in chunk.records]
            starts = np.cumsum(counts) - counts
            block.place.append(np.arange(len(notes)) - starts.repeat(counts))
            block.moving += [False] * len(counts)
        else:
            notes, counts = self._sifted(chunk, block)
        first = len(block.documents)
        block.owner.append(np.arange(first, first + len(counts)).repeat(counts))
        block.notes.add(notes)
        block.items.add(chunk.records)
        block.documents += chunk.documents
        block.size += chunk.size
        if block.size >= BLOCK_BYTES:
            self._flush()

    def _sifted(self, chunk: _Chunk, block: _Block) -> tuple[list[Record], list[int]]:
        """Return the annotations that become rows, and how many each item has; put the others into the block."""
        notes: list[Record] = []
        counts = []
        first = len(block.documents)
        for item, (document, record) in enumerate(zip(chunk.documents, chunk.records, strict=True), first):
            own = record.annotations or []
            if bytes in map(type, own):
                own = self._without_bad(document, own)
            sifted = self._sieve.sift(record, own)
            start = block.notes.count + len(notes)
            block.specials.states.update({start + row: state for row, state in sifted.states.items()})
            block.specials.poses.update({start + row: pose for row, pose in sifted.poses.items()})
            if sifted.others:
                block.others[item] = b"[" + b",".join(b"[%d,%b]" % each for each in sifted.others) + b"]"
            if sifted.status is not None:
                block.status[item] = STATUSES.index(sifted.status)
            block.moving.append(bool(sifted.states) or self._sieve.timed(record))
            block.place.append(np.array(sifted.places, np.int64))
            notes += sifted.notes
            counts.append(len(sifted.notes))
        return notes, counts

    def _flush(self) -> None:
        """Make columns of what was gathered."""
        self._digest()
        block, self._block = self._block, _Block(self._parser)
        if not block.documents:
            return
        documents = block.documents
        items = items_of(block.items.batch(), lambda row: _hint(documents[row]), np.array(block.moving, bool))
        self._finish_items(items, block)
        self._unread += items.sheet.unread
        self._items.append(Table(items.sheet.count, items.sheet.columns))
        for row, path, raw in items.sheet.odd:
            self._odd.append((items.names[row], None, _detail(documents[row], path, raw)))
        if block.notes.count:
            self._add_notes(items, block)
        self._item_count += items.sheet.count

    def _finish_items(self, items: Items, block: _Block) -> None:
        """Add to the items their sequences, what was left out of them, and what the workflow says of them."""
        sheet = items.sheet
        sequence = np.full(sheet.count, -1, np.int64)
        videos = np.flatnonzero(items.kinds == VIDEO)
        sequence[videos] = len(self._videos) + np.arange(len(videos))
        self._videos += items.videos
        sheet.put("sequence", Fixed(sequence))
        others = np.full(sheet.count, -1, np.int64)
        others[list(block.others)] = np.arange(len(block.others))
        sheet.mark("others", others, list(block.others.values()))
        status: Any = sheet.columns["status"]
        status.values[list(block.status)] = list(block.status.values())

    def _add_notes(self, items: Items, block: _Block) -> None:
        local = np.concatenate(block.owner)
        place = np.concatenate(block.place)
        made = notes_of(block.notes.batch(), local + self._item_count, block.specials)
        self._poses += [(self._note_count + row, pose) for row, pose in block.specials.poses.items()]
        moved = np.array([self._labels.setdefault(name, len(self._labels)) for name in made.labels] + [-1], np.int64)
        label: Any = made.sheet.columns["label"]
        made.sheet.put("label", Fixed(moved[label.values]))
        table = Table(made.sheet.count, made.sheet.columns)
        parent = table.sparse("parent")
        if parent is not None:
            inner: Any = parent.values
            shifted = attrs.evolve(parent, values=Fixed(inner.values + self._note_count))
            table = table.replace({"parent": shifted})
        self._notes.append(table)
        self._unread += Counter({f"annotations.{path}": count for path, count in made.sheet.unread.items()})
        self._tell_notes(made.sheet, made.dangling, items, block, local, place)
        self._note_count += len(table)

    def _without_bad(self, document: Document, notes: list[Any]) -> list[Record]:
        for place, note in enumerate(notes):
            if type(note) is bytes:
                pointer = f"{document.pointer or ''}/annotations/{place}"
                found = note[:40].decode("utf-8", "replace")
                self._context.problems.add(
                    FormatError(
                        "an annotation can't be read",
                        path=document.where,
                        line=document.line,
                        pointer=pointer,
                        found=found,
                        expected="an object",
                    )
                )
        return [note for note in notes if type(note) is not bytes]

    def _tell_notes(
        self, sheet: Sheet, dangling: list[tuple[int, bytes]], items: Items, block: _Block, local: Array, place: Array
    ) -> None:
        def told(row: int, path: str, raw: bytes) -> tuple[str, int, str]:
            item = int(local[row])
            detail = _detail(block.documents[item], f"annotations.{place[row]}.{path}", raw)
            return items.names[item], self._note_count + row, detail

        self._odd += [told(*found) for found in sheet.odd]
        self._dangling += [told(row, "metadata.system.parentId", raw) for row, raw in dangling]

    def dataset(self) -> Dataset:
        """Return the dataset."""
        self._flush()
        items = _joined(self._items, Rows(ITEM_MAKERS, ITEM_DEFAULTS).table())
        notes = _joined(self._notes, Table(0))
        sequences = Rows(SEQUENCE_MAKERS, SEQUENCE_DEFAULTS)
        for video in self._videos:
            sequences.append(video)
        labels = LabelSet(Label(name) for name in self._labels)
        ds = Dataset(items, notes, sequences.table(), labels, extras=self._extras())
        ds = with_joints(ds, self._poses, self._ontology)
        if self._source.only is None:
            ds = by_name(ds)
        ds = in_use()(ds, True)[0]
        if self._ontology is not None:
            ds = with_ontology(ds, self._ontology)
        return ds._with(issues=Report(self._issues()))

    def _extras(self) -> dict[str, bytes]:
        """Return what belongs to no item that is read."""
        if not self._left:
            return {}
        kept = b",".join(b"[" + dumps(_hint(document)) + b"," + text + b"]" for document, text in self._left)
        return {"dataloop/#hidden": b"[" + kept + b"]"}

    def _issues(self) -> list[Issue]:
        found = []
        for path, count in sorted(self._unread.items()):
            told = f"the key {path!r} is not part of the model and is kept as it is"
            key = path.removeprefix("annotations.")
            found.append(Issue("unread-key", "info", told, count, (path,), field=key, fate="kept"))
        for code, message, rows, field in (
            ("odd-value", "a value is not one that the format documents and is kept as it is", self._odd, None),
            (
                "dangling-reference",
                "the parent of an annotation does not exist; its id is kept",
                self._dangling,
                "parent",
            ),
        ):
            if rows:
                found.append(Issue.at(code, "warning", message, Places.of(rows), field=field, fate="kept"))
        found += self._skipped()
        if self._foreign:
            told = "a JSON file holds no item and was left out"
            rows = [(None, None, where) for where in self._foreign]
            found.append(Issue.at("skipped-record", "info", told, Places.of(rows), fate="skipped"))
        return found

    def _skipped(self) -> list[Issue]:
        """Return issues about what is left out by default."""
        found = []
        for reason, told, option in (
            ("system", "an annotation that the workflow itself made was left out", "system=True"),
            ("note", "a reviewer's remark was left out", "notes=True"),
        ):
            count = self._sieve.skipped[reason]
            if count:
                message = f"{told}; {option} reads it, and it is written back"
                found.append(Issue("skipped-record", "info", message, count, (reason,), field="type", fate="skipped"))
        if self._left:
            message = "a hidden item or a folder was left out; hidden=True reads items, and it is written back"
            rows = [(_hint(document), None, document.where) for document, _ in self._left]
            found.append(Issue.at("skipped-record", "info", message, Places.of(rows), field="hidden", fate="skipped"))
        return found


def by_name(ds: Dataset) -> Dataset:
    """Return the items of a tree in the order of their names, as a writer puts them."""
    order = sorted(range(len(ds)), key=ds.names.__getitem__)
    return ds if order == list(range(len(ds))) else ds[order]


def _hint(document: Document) -> str:
    """Return what an item is called that states no name: its file, without ``json/`` and ``.json``."""
    name = document.name.removeprefix("json/").removesuffix(".json")
    mark = document.pointer or ("" if document.line is None else f"/{document.line}")
    return name + mark.replace("/", "#")


def _detail(document: Document, path: str, raw: bytes) -> str:
    line = f", line {document.line}" if document.line is not None else ""
    shown = raw[:60].decode("utf-8", "replace") + ("..." if len(raw) > 60 else "")
    return f"{document.where}{line}, at {document.pointer or ''}/{path.replace('.', '/')}: {shown}"


def _joined(tables: list[Table], none: Table) -> Table:
    """Return the tables one after another, attributes in the tightest type that holds them all."""
    if not tables:
        return none
    table = Table.join(tables) if len(tables) > 1 else tables[0]
    changes = {name: _tight(column) for name, column in table.columns.items() if name.startswith("attributes/")}
    return table.replace(changes) if changes else table


def _tight(column: Any) -> Sparse:
    return typed(column.compact())


__all__ = ["EXTRA", "read"]
