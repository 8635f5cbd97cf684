"""The JSON documents of an export, whatever holds them: item by item, without understanding them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import attrs

from annokit.codecs.names import MANIFEST
from annokit.codecs.records import Block, Reading, raw_records, split, split_lines

if TYPE_CHECKING:
    from annokit.codecs.source import Source
    from annokit.formats.context import ReadContext

BOM = b"\xef\xbb\xbf"

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
    """Yield the documents of a file, a folder or an archive, files in the order of their names."""
    for document in _documents(source, context):
        yield document
        if document.pointer is None and document.line is None and not document.notes:
            context.repeats.look_later(document.text, document.name if source.only is None else "")


def _documents(source: Source, context: ReadContext) -> Iterator[Document]:
    names = [source.only] if source.only is not None else json_names(source)
    tree = source.only is None
    for done, name in enumerate(names, 1):
        if tree and name.endswith(".json"):
            text = source.read(name)
            document = Document(name, source.where(name), text)
            if text[:1] == b"{" and (b"\n" not in text or not _is_lines(text)):
                yield document
            else:
                yield from _small(document, context)
        else:
            yield from _file(source, name, context)
        if done % STEP == 0 or done == len(names):
            context.progress(done, len(names))


def json_names(source: Source) -> list[str]:
    """Return the names of the JSON files of a tree."""
    return [name for name in source.names() if JSON_NAME.search(name) and name != MANIFEST]


def _file(source: Source, name: str, context: ReadContext) -> Iterator[Document]:
    where = source.where(name)
    if name.lower().endswith(".gz") and source.only is None:
        yield from _packed(source, name, context)
        return
    if LINES_NAME.search(name):
        yield from _streamed(source, name, context, where, lines=True)
        return
    size = source.size(name) if source.only is not None else 0
    if size is None or size > SMALL:
        with source.open(name) as file:
            head = file.read(SMALL)
        lines = _is_lines(head.removeprefix(BOM))
        if lines or _first(head) == b"[":
            yield from _streamed(source, name, context, where, lines=lines)
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
        yield from _lines(name, source.where(name), text, context)
    else:
        yield from _small(Document(kept, source.where(name), text), context)


def _small(document: Document, context: ReadContext) -> Iterator[Document]:
    text = document.text.removeprefix(BOM)
    first = text[:64].lstrip()[:1]
    if first == b"[":
        yield from _list(document, text, context)
    elif _is_lines(text):
        yield from _lines(document.name, document.where, text, context)
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
    from io import BytesIO

    found = list(_records(BytesIO(text), document.name, document.where, context, lines=False))
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


def _lines(name: str, where: str, text: bytes, context: ReadContext) -> Iterator[Document]:
    from io import BytesIO

    yield from _records(BytesIO(text), name, where, context, lines=True)


def _streamed(source: Source, name: str, context: ReadContext, where: str, lines: bool) -> Iterator[Document]:
    with source.open(name) as file:
        yield from _records(file, name, where, context, lines=lines)


def _records(stream: Any, name: str, where: str, context: ReadContext, lines: bool) -> Iterator[Document]:
    how = Reading(label=where, limits=context.limits, repeats=context.repeats, place=name)
    parts = split_lines(stream, raw_records, how) if lines else split(stream, {"": raw_records}, how)
    for part in parts:
        if isinstance(part, Block):
            for place, raw in enumerate(part.records):
                line = part.lines[place] if part.lines is not None else None
                pointer = None if lines else f"/{part.first + place}"
                yield Document(name, where, bytes(raw), pointer, line)
