"""Records on their way to columns: taken in while they lie in the processor's cache."""

from __future__ import annotations

from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from annokit.columns.base import Array
from annokit.columns.json import dumps
from annokit.errors import FormatError
from annokit.formats.dataloop.batch import Gathered
from annokit.formats.dataloop.documents import Document
from annokit.formats.dataloop.notes import Specials
from annokit.formats.dataloop.parse import ITEM, NOTE, Parser, Record
from annokit.formats.dataloop.sift import Sieve, Wanted
from annokit.formats.dataloop.told import Told, hint
from annokit.formats.dataloop.values import json_object
from annokit.model.schema import STATUSES

if TYPE_CHECKING:
    from annokit.formats.context import Problems


@attrs.define(eq=False)
class Chunk:
    """Some items just parsed."""

    documents: list[Document] = attrs.field(factory=list)
    records: list[Record] = attrs.field(factory=list)
    size: int = 0


class Block:
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


class Intake:
    """Takes records into blocks, and puts aside what is left out.

    Parameters
    ----------
    parser : Parser
        Makes the records.
    wanted : Wanted
        What is read though it is left out by default.
    problems : Problems
        Where annotations go that can't be read.
    told : Told
        What there is to tell.
    """

    def __init__(self, parser: Parser, wanted: Wanted, problems: Problems, told: Told) -> None:
        self._parser, self._wanted, self._problems, self._told = parser, wanted, problems, told
        self._sieve = Sieve(parser, wanted)
        keys = parser.keys[ITEM]
        self._hidden, self._type = attrgetter(keys["hidden"]), attrgetter(keys["type"])
        self.left: list[bytes] = []

    def take(self, chunk: Chunk, block: Block) -> None:
        """Take the values of a chunk into a block."""
        self._put_aside(chunk)
        if not chunk.records:
            return
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

    def _put_aside(self, chunk: Chunk) -> None:
        """Put hidden items and folders aside."""
        flags = set(map(len, map(self._hidden, chunk.records)))
        if len(b"true") not in flags and "dir" not in list(map(self._type, chunk.records)):
            return
        kept = []
        for document, record in zip(chunk.documents, chunk.records, strict=True):
            hidden = bytes(self._hidden(record)) == b"true" and not self._wanted.hidden
            if not hidden and self._type(record) != "dir":
                kept.append((document, record))
                continue
            name = hint(document)
            self._told.hidden.append((name, None, document.where))
            self.left.append(b"[%b,%b]" % (dumps(name), json_object(self._parser.document(ITEM, record))))
        chunk.documents = [document for document, _ in kept]
        chunk.records = [record for _, record in kept]

    def _sifted(self, chunk: Chunk, block: Block) -> tuple[list[Record], list[int]]:
        """Return the annotations that become rows, and how many each item has; put the others into the block."""
        notes: list[Record] = []
        counts = []
        first = len(block.documents)
        for item, (document, record) in enumerate(zip(chunk.documents, chunk.records, strict=True), first):
            own = record.annotations or []
            if bytes in map(type, own):
                own = self._without_bad(document, own)
            sifted = self._sieve.sift(record, own)
            for reason, label in sifted.skipped:
                self._told.skipped.setdefault(reason, []).append((None, None, f"{document.where}: {label}"))
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

    def _without_bad(self, document: Document, notes: list[Any]) -> list[Record]:
        for place, note in enumerate(notes):
            if type(note) is bytes:
                pointer = f"{document.pointer or ''}/annotations/{place}"
                found = note[:40].decode("utf-8", "replace")
                self._problems.add(
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


__all__ = ["Any", "Block", "Chunk", "Intake"]
