"""The JSON documents of an export, whatever holds them: item by item, without understanding them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from itertools import count
from typing import TYPE_CHECKING, Any

import attrs

from annokit.codecs.names import MANIFEST
from annokit.codecs.records import Block, Reading, raw_records, split
from annokit.errors import FormatError

if TYPE_CHECKING:
    from annokit.codecs.source import Source
    from annokit.formats.context import ReadContext

BOM = b"\xef\xbb\xbf"

WHITESPACE = b" \t\r\n"

JSON_NAME = re.compile(r"\.(?:json|ndjson|jsonl)(?:\.gz)?\Z", re.IGNORECASE)
LINES_NAME = re.compile(r"\.(?:ndjson|jsonl)(?:\.gz)?\Z", re.IGNORECASE)
STEP = 50
"""Files between two calls of the progress callback."""

SMALL = 4 << 20
"""Files up to this size are read at once."""


@attrs.define
class Document:
    """One JSON value that may be an item, or a list of annotations."""

    name: str
    """The file that holds it."""

    where: str
    """How messages call that file."""

    text: bytes
    """The value."""

    pointer: str | None = None
    """Where in the file it stands, where that is a list of items."""

    line: int | None = None
    """The line that it is, where the file is one of lines."""

    notes: bool = False
    """Whether it is a list of annotations."""


def documents(source: Source, context: ReadContext) -> Iterator[Document]:
    """Yield the documents of a file, a folder or an archive, files in the order of their names.

    A file of a tree that can't be read is one problem among others.
    """
    if source.only is not None:
        yield from _file(source, source.only, context)
        context.progress(1, 1)
        return
    names = json_names(source)
    for done, name in enumerate(names, 1):
        try:
            if name.endswith(".json"):
                text = source.read(name)
                document = Document(name, source.where(name), text)
                if text[:1] == b"{" and (b"\n" not in text or not _is_lines(text)):
                    yield document
                else:
                    yield from _small(document, context)
            else:
                yield from _file(source, name, context)
        except FormatError as error:
            context.problems.add(error)
        if done % STEP == 0 or done == len(names):
            context.progress(done, len(names))


def json_names(source: Source) -> list[str]:
    """Return the names of the JSON files of a tree."""
    return [name for name in source.names() if (name.endswith(".json") or JSON_NAME.search(name)) and name != MANIFEST]


def _file(source: Source, name: str, context: ReadContext) -> Iterator[Document]:
    where = source.where(name)
    if name.lower().endswith(".gz") and source.only is None:
        yield from _packed(source, name, context)
        return
    if LINES_NAME.search(name):
        with source.open(name) as stream:
            yield from _lines(stream, name, where, context)
        return
    size = source.size(name) if source.only is not None else 0
    if size is None or size > SMALL:
        with source.open(name) as file:
            head = file.read(SMALL)
        lines = _is_lines(head.removeprefix(BOM))
        if lines or _first(head) == b"[":
            with source.open(name) as stream:
                yield from (_lines if lines else _records)(stream, name, where, context)
            return
    yield from _small(Document(name, where, source.read(name)), context)


def _first(text: bytes) -> bytes:
    return text.removeprefix(BOM).lstrip()[:1]


def _packed(source: Source, name: str, context: ReadContext) -> Iterator[Document]:
    """Yield the documents of a compressed file in a tree."""
    from annokit.codecs.source import open_source

    with source.open(name) as file, open_source(file, limits=context.limits) as inner:
        own = inner.only
        assert own is not None
        text = inner.read(own)
    kept = name[:-3]
    if LINES_NAME.search(kept):
        yield from _lines(BytesIO(text), name, source.where(name), context)
    else:
        yield from _small(Document(kept, source.where(name), text), context)


def _small(document: Document, context: ReadContext) -> Iterator[Document]:
    text = document.text.removeprefix(BOM)
    first = text[:64].lstrip()[:1]
    if first == b"[":
        yield from _list(document, text, context)
    elif _is_lines(text):
        yield from _lines(BytesIO(text), document.name, document.where, context)
    else:
        yield attrs.evolve(document, text=text)


def _is_lines(text: bytes) -> bool:
    """Tell whether a file is one of lines: the first line is an object, and another one follows."""
    end = text.find(b"\n")
    if end < 0:
        return False
    text = text.lstrip()
    end = text.find(b"\n")
    if text[:1] != b"{" or text[:end].rstrip()[-1:] != b"}" or text[end:].lstrip()[:1] != b"{":
        return False
    import msgspec

    try:
        msgspec.json.decode(text[:end], type=msgspec.Raw)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def _list(document: Document, text: bytes, context: ReadContext) -> Iterator[Document]:
    found = list(_records(BytesIO(text), document.name, document.where, context))
    if found and all(is_note_text(each.text) for each in found):
        yield attrs.evolve(document, text=text, notes=True)
    else:
        yield from found


def is_note_text(text: bytes) -> bool:
    """Tell whether a record of a list is an annotation rather than an item."""
    from annokit.formats.dataloop.parse import dictionary, is_note

    if text[:1] != b"{":
        return False
    try:
        return is_note(dictionary(text))
    except (ValueError, RecursionError):
        return False


def _lines(stream: Any, name: str, where: str, context: ReadContext) -> Iterator[Document]:
    """Yield the lines of a file, each by itself, so that a bad one costs no other."""
    most = context.limits.record_bytes
    for number in count(1):
        text = stream.readline(most)
        if not text:
            return
        if len(text) == most:
            raise FormatError("a line is too long", path=where, line=number, expected=f"less than {most} bytes")
        text = (text.removeprefix(BOM) if number == 1 else text).strip(WHITESPACE)
        if text:
            yield Document(name, where, text, line=number)


def _records(stream: Any, name: str, where: str, context: ReadContext) -> Iterator[Document]:
    how = Reading(label=where, limits=context.limits, repeats=context.repeats, place=name)
    for part in split(stream, {"": raw_records}, how):
        if isinstance(part, Block):
            for place, raw in enumerate(part.records):
                yield Document(name, where, bytes(raw), f"/{part.first + place}")
