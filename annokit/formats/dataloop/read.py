"""Reading Dataloop exports."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import attrs
import msgspec
import numpy as np

from annokit.codecs.json_faults import value_fault
from annokit.codecs.source import decode_text
from annokit.columns import Fixed, Json, Sparse, Table
from annokit.columns.base import Array
from annokit.errors import FormatError
from annokit.formats.dataloop.batch import Gathered, Sheet
from annokit.formats.dataloop.documents import Document, documents
from annokit.formats.dataloop.facts import EXTRA
from annokit.formats.dataloop.items import KIND_CODE, Items, items_of
from annokit.formats.dataloop.notes import notes_of
from annokit.formats.dataloop.parse import ITEM, NOTE, NotAnItem, Parser, Record
from annokit.formats.dataloop.values import typed
from annokit.formats.labels import in_use
from annokit.model.dataset import Dataset
from annokit.model.label import Label
from annokit.model.label_set import LabelSet
from annokit.model.rows import ITEM_DEFAULTS, ITEM_MAKERS, SEQUENCE_DEFAULTS, SEQUENCE_MAKERS, Rows
from annokit.report import Issue, Places, Report

if TYPE_CHECKING:
    from annokit.codecs.source import Source
    from annokit.formats.context import ReadContext

CHUNK_BYTES = 512 << 10
"""Documents that are parsed before their values are taken out."""

BLOCK_BYTES = 64 << 20
"""Documents whose values become columns at a time."""


def read(source: Source, context: ReadContext) -> Dataset:
    """Read an export.

    Parameters
    ----------
    source : Source
        A folder or an archive of item documents, a single one, a list of them, or one per line.
    context : ReadContext
        What the caller asked for.
    """
    reader = _Reader(source, context)
    for document in documents(source, context):
        reader.add(document)
    return reader.dataset()


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
        self.moving: list[bool] = []
        self.owner: list[Array] = []
        self.place: list[Array] = []
        self.size = 0


class _Reader:
    """Gathers documents, and makes columns of many at a time."""

    def __init__(self, source: Source, context: ReadContext) -> None:
        self._source, self._context = source, context
        self._parser = Parser(context.limits.extras_columns)
        self._chunk = _Chunk()
        self._block = _Block(self._parser)
        self._items: list[Table] = []
        self._notes: list[Table] = []
        self._labels: dict[str, int] = {}
        self._item_count = self._note_count = 0
        self._unread: Counter[str] = Counter()
        self._odd: list[tuple[str | None, int | None, str]] = []
        self._dangling: list[tuple[str | None, int | None, str]] = []
        self._foreign: list[str] = []

    def add(self, document: Document) -> None:
        """Take in one document."""
        version = self._parser.version
        try:
            record = self._parsed(document)
        except NotAnItem:
            self._foreign.append(document.where)
            return
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            self._context.problems.add(self._fault(document, error))
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
        notes: list[Record] = []
        counts = []
        for document, record in zip(chunk.documents, chunk.records, strict=True):
            own = record.annotations or []
            if bytes in map(type, own):
                own = self._without_bad(document, own)
            notes += own
            counts.append(len(own))
        first = len(block.documents)
        block.owner.append(np.arange(first, first + len(counts)).repeat(counts))
        block.place.append(np.arange(len(notes)) - np.repeat(np.cumsum(counts) - counts, counts))
        block.notes.add(notes)
        block.items.add(chunk.records)
        block.moving += [False] * len(counts)
        block.documents += chunk.documents
        block.size += chunk.size
        if block.size >= BLOCK_BYTES:
            self._flush()

    def _flush(self) -> None:
        """Make columns of what was gathered."""
        self._digest()
        block, self._block = self._block, _Block(self._parser)
        if not block.documents:
            return
        documents = block.documents
        items = items_of(block.items.batch(), lambda row: _hint(documents[row]), np.array(block.moving, bool))
        self._unread += items.sheet.unread
        self._items.append(Table(items.sheet.count, items.sheet.columns))
        for row, path, raw in items.sheet.odd:
            self._odd.append((items.names[row], None, _detail(documents[row], path, raw)))
        if block.notes.count:
            self._add_notes(items, block)
        self._item_count += items.sheet.count

    def _add_notes(self, items: Items, block: _Block) -> None:
        local, place = np.concatenate(block.owner), np.concatenate(block.place)
        timed = np.isin(items.kinds[local], [KIND_CODE["video"], KIND_CODE["audio"]])
        made = notes_of(block.notes.batch(), local + self._item_count, timed)
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
        labels = LabelSet(Label(name) for name in self._labels)
        sequences = Rows(SEQUENCE_MAKERS, SEQUENCE_DEFAULTS).table()
        ds = Dataset(items, notes, sequences, labels)
        if self._source.only is None:
            ds = by_name(ds)
        return in_use()(ds, True)[0]._with(issues=Report(self._issues()))

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
        if self._foreign:
            told = "a JSON file holds no item and was left out"
            rows = [(None, None, where) for where in self._foreign]
            found.append(Issue.at("skipped-record", "info", told, Places.of(rows), fate="skipped"))
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
    dense = column.dense()
    assert isinstance(dense, Json)
    return Sparse(column.length, column.rows, None, typed(dense))


__all__ = ["EXTRA", "read"]
