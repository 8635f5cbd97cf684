"""Documents to datasets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import attrs
import msgspec
import numpy as np

from annokit.codecs.json_faults import value_fault
from annokit.codecs.source import decode_text
from annokit.columns import Fixed, Sparse, Table
from annokit.columns.json import loads
from annokit.errors import FormatError
from annokit.formats.dataloop.documents import Document
from annokit.formats.dataloop.given import with_ontology
from annokit.formats.dataloop.intake import Block, Chunk, Intake
from annokit.formats.dataloop.items import KIND_CODE, Items, items_of
from annokit.formats.dataloop.joints import with_joints
from annokit.formats.dataloop.notes import Notes, notes_of
from annokit.formats.dataloop.ontology import Ontology, is_ontology, ontology_of
from annokit.formats.dataloop.parse import NotAnItem, Parser
from annokit.formats.dataloop.poses import Pose
from annokit.formats.dataloop.sift import Wanted
from annokit.formats.dataloop.told import Told, detail, hint
from annokit.formats.dataloop.values import typed
from annokit.formats.labels import in_use
from annokit.model.dataset import Dataset
from annokit.model.label import Label
from annokit.model.label_set import LabelSet
from annokit.model.rows import ITEM_DEFAULTS, ITEM_MAKERS, SEQUENCE_DEFAULTS, SEQUENCE_MAKERS, Rows
from annokit.report import Report

if TYPE_CHECKING:
    from annokit.formats.context import ReadContext

CHUNK_BYTES = 512 << 10
"""Documents that are parsed before their values are taken out."""

BLOCK_BYTES = 16 << 20
"""Documents whose values become columns at a time."""

VIDEO = KIND_CODE["video"]

LOOKED_AT = 64
"""Documents that are looked at for keys that stand twice: so many at first, then one in as many."""

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class Reader:
    """Gathers documents, and makes columns of many at a time.

    Parameters
    ----------
    context : ReadContext
        What the caller asked for.
    wanted : Wanted
        What is read though it is left out by default.
    ontology : Ontology or None
        What the caller gave; None to take what lies among the documents.
    """

    def __init__(self, context: ReadContext, wanted: Wanted, ontology: Ontology | None) -> None:
        self._context, self._ontology, self._given = context, ontology, ontology is not None
        self._parser = Parser(context.limits.extras_columns)
        self._told = Told()
        self._intake = Intake(self._parser, wanted, context.problems, self._told)
        self._block = Block(self._parser)
        self._items: list[Table] = []
        self._notes: list[Table] = []
        self._videos: list[dict[str, Any]] = []
        self._poses: list[tuple[int, Pose]] = []
        self._labels: dict[str, int] = {}
        self._item_count = self._note_count = self._seen = 0

    def add(self, documents: Iterable[Document]) -> None:
        """Take in documents."""
        item, chunk = self._parser.item, Chunk()
        for document in documents:
            text = document.text
            try:
                if not text.isascii():
                    str(text, "utf-8")
                record = self._parser.notes(text) if document.notes else item(text)
            except NotAnItem:
                self._other(document)
                continue
            except UNREADABLE as error:
                self._context.problems.add(self._fault(document, error))
                continue
            if document.pointer is None and (self._seen < LOOKED_AT or self._seen % LOOKED_AT == 0):
                self._look(document)
            self._seen += 1
            chunk.documents.append(document)
            chunk.records.append(record)
            chunk.size += len(text)
            document.text = b""
            if chunk.size >= CHUNK_BYTES:
                self._take(chunk)
                chunk = Chunk()
        self._take(chunk)
        self._flush()

    def _look(self, document: Document) -> None:
        """Look for keys that stand twice; lists are looked at where they are split."""
        if not document.notes:
            mark = "" if document.line is None else f" line {document.line} "
            self._context.repeats.look_later(document.text, document.name + mark)

    def _take(self, chunk: Chunk) -> None:
        self._intake.take(chunk, self._block)
        if self._block.size >= BLOCK_BYTES:
            self._flush()

    def _other(self, document: Document) -> None:
        """Take in a document that is no item: an ontology, or something to be left out."""
        try:
            value = loads(document.text) if b'"roots"' in document.text else None
            if not is_ontology(value):
                self._told.foreign.append((None, None, document.where))
            elif not self._given:
                self._ontology = ontology_of(value, document.where)
        except FormatError as error:
            self._context.problems.add(error)
        except RecursionError as error:
            self._context.problems.add(self._fault(document, error))

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

    def _flush(self) -> None:
        """Make columns of what was gathered."""
        block, self._block = self._block, Block(self._parser)
        documents = block.documents
        if not documents:
            return
        items = items_of(block.items.batch(), lambda row: hint(documents[row]), np.array(block.moving, bool))
        self._finish_items(items, block)
        self._told.unread += items.sheet.unread
        self._items.append(Table(items.sheet.count, items.sheet.columns))
        self._told.turned += [(items.names[row], None, None) for row in items.turned]
        for row, path, raw in items.sheet.odd:
            self._told.odd.append((items.names[row], None, detail(documents[row], path, raw)))
        if block.notes.count:
            self._add_notes(items, block)
        self._item_count += items.sheet.count

    def _finish_items(self, items: Items, block: Block) -> None:
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

    def _add_notes(self, items: Items, block: Block) -> None:
        local = np.concatenate(block.owner)
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
        self._tell(made, items, block)
        self._note_count += len(table)

    def _tell(self, made: Notes, items: Items, block: Block) -> None:
        """Note what there is to tell about annotations."""
        told, sheet = self._told, made.sheet
        told.unread += Counter({f"annotations.{path}": count for path, count in sheet.unread.items()})
        if not sheet.odd and not made.dangling:
            return
        local, place = np.concatenate(block.owner), np.concatenate(block.place)

        def row_of(row: int, path: str, raw: bytes) -> tuple[str, int, str]:
            item = int(local[row])
            where = detail(block.documents[item], f"annotations.{place[row]}.{path}", raw)
            return items.names[item], self._note_count + row, where

        told.odd += [row_of(*found) for found in sheet.odd]
        told.dangling += [row_of(row, "metadata.system.parentId", raw) for row, raw in made.dangling]

    def dataset(self, *, in_order: bool) -> Dataset:
        """Return the dataset, items `in_order` of their names or as they came."""
        items = _joined(self._items, Rows(ITEM_MAKERS, ITEM_DEFAULTS).table())
        notes = _joined(self._notes, Table(0))
        sequences = Rows(SEQUENCE_MAKERS, SEQUENCE_DEFAULTS)
        for video in self._videos:
            sequences.append(video)
        labels = LabelSet(Label(name) for name in self._labels)
        left = self._intake.left
        extras = {"dataloop/#hidden": b"[" + b",".join(left) + b"]"} if left else {}
        ds = Dataset(items, notes, sequences.table(), labels, extras=extras)
        ds = with_joints(ds, self._poses, self._ontology)
        ds = in_use()(by_name(ds) if in_order else ds, True)[0]
        if self._ontology is not None:
            ds = with_ontology(ds, self._ontology)
        return ds._with(issues=Report(self._told.issues()))


def by_name(ds: Dataset) -> Dataset:
    """Return the items of a tree in the order of their names, as a writer puts them."""
    order = sorted(range(len(ds)), key=ds.names.__getitem__)
    return ds if order == list(range(len(ds))) else ds[order]


def _joined(tables: list[Table], none: Table) -> Table:
    """Return the tables one after another, attributes in the tightest type that holds them all."""
    if not tables:
        return none
    table = Table.join(tables) if len(tables) > 1 else tables[0]
    changes = {
        name: typed(Sparse.of_column(column).compact())
        for name, column in table.columns.items()
        if name.startswith("attributes/")
    }
    return table.replace(changes) if changes else table
