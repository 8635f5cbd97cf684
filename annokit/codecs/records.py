"""Splitting a JSON document of any size into blocks of records, in little memory and near the speed of the parser.

A label export is a few arrays of very many records (``/annotations``, ``/dataset/samples``, or the document itself) and
a little text around them. `split` yields the records of the named arrays in blocks as it reads, and everything else
verbatim. Nothing but ``readinto`` is asked of the source, so files, ZIP members and pipes are alike.

::

    with open("instances.json", "rb", buffering=0) as file:
        for part in split(file, {"/annotations": raw_records, "/images": raw_records}):
            if isinstance(part, Block):
                print(part.pointer, part.first, len(part.records))
            else:
                print(part.pointer, dict(part.members))

The decoder of an array gets the text ``[record, ...]`` of one block, bytes, and returns its records. Any strict JSON
parser will do; its refusal is what proves a cut wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

import attrs
import msgspec
import orjson

from annokit.codecs.json_blocks import REFUSED, Block, Blocks, Decode, check_value, replaced_constants, value_error
from annokit.codecs.json_faults import escaped, value_fault
from annokit.codecs.json_scan import Scan
from annokit.codecs.json_window import WHITESPACE, Reading, Source, Window
from annokit.errors import UsageError

__all__ = ["Block", "Reading", "Rest", "raw_records", "split", "split_lines"]

BOM = b"\xef\xbb\xbf"
STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
SCALAR = re.compile(rb"[^,\]} \t\n\r]++")
KINDS = {
    -1: "the end of the data",
    **dict.fromkeys(b"-0123456789", "a number"),
    **dict(zip(b'{["tfn', ("an object", "an array", "a string", "true", "false", "null"), strict=True)),
}

raw_records = msgspec.json.Decoder(list[msgspec.Raw]).decode
"""The plainest decoder: each record as the bytes that stand in the source (a ``msgspec.Raw``)."""


@attrs.frozen
class Rest:
    """The members of one enclosing object, yielded when the object ends."""

    pointer: str
    """JSON pointer of the object, ``""`` for the document itself."""
    members: tuple[tuple[str, bytes | None], ...]
    """(key, text of its value) in the order of the source; None for what was split or is an enclosing object itself."""


def split(source: Source, paths: Mapping[str, Decode[Any]], how: Reading | None = None) -> Iterator[Block | Rest]:
    """Yield the records of some arrays of a JSON document in blocks, and the rest of it verbatim.

    Parameters
    ----------
    source : Source
        A binary file, ZIP member or pipe; only ``readinto`` is called. A UTF-8 byte order mark is accepted.
    paths : mapping of str to callable
        For each array to split its JSON pointer (``""``: the document is the array) and its decoder, which turns the
        text of a JSON array, bytes, into its records.
    how : Reading, optional
        Name of the source, limits, progress, and what to do about NaN.

    Yields
    ------
    Block
        Records of one array, in the order of the source. An array that is absent, null or empty yields none.
    Rest
        The other members of each object on the way to an array, when that object ends.

    Raises
    ------
    FormatError
        Where the document is not JSON, a split path holds neither array nor null, a key of an enclosing object occurs
        twice, or a value is beyond a limit. It names the source, the JSON pointer, and what was found and expected.
    """
    window = Window(source, how or Reading())
    return _Document(window, _tree(paths)).parts()


def split_lines(source: Source, decode: Decode[Any], how: Reading | None = None) -> Iterator[Block]:
    """Yield the records of a file with one JSON object per line, in blocks; empty lines are skipped.

    Parameters and errors are those of `split`, with line numbers, from 1, in place of pointers.
    """
    window = Window(source, how or Reading())
    _skip_mark(window)
    line, first = 1, 0
    while True:
        text = _whole_lines(window)
        if not text:
            return
        lines = text.split(b"\n")
        numbers = tuple(line + i for i, row in enumerate(lines) if row.strip(WHITESPACE))
        if numbers:
            records = _line_records(window.how, [lines[number - line] for number in numbers], numbers, decode)
            yield Block("", first, records, window.position, numbers)
            first += len(numbers)
        line += len(lines) - 1


def _whole_lines(window: Window) -> bytes:
    window.fill(window.size)
    done = 0
    while True:
        cut = window.buffer.rfind(b"\n", window.start + done, window.end)
        if cut >= 0:
            return window.take(cut + 1 - window.start)
        done = len(window)
        window.grow()
        if len(window) == done:
            return window.take(done)


def _line_records(how: Reading, lines: list[bytes], numbers: tuple[int, ...], decode: Decode[Any]) -> Any:
    text = b"[" + b",".join(lines) + b"]"
    try:
        if all(line.lstrip().startswith(b"{") for line in lines):
            str(text, "utf-8")
            records = decode(text)
            if len(records) == len(lines):
                return records
    except REFUSED:
        changed = [replaced_constants(line, how.constants) for line in lines]
        if changed != lines:
            return _line_records(how, changed, numbers, decode)
    return _explain_lines(how, lines, numbers, decode)


def _explain_lines(how: Reading, lines: list[bytes], numbers: tuple[int, ...], decode: Decode[Any]) -> NoReturn:
    for line, number in zip(lines, numbers, strict=True):
        fault = value_fault(line, how.limits.json_depth)
        if fault is not None:
            raise how.error(fault.message, fault.pointer, line=number, found=fault.found, expected=fault.expected)
        if not line.lstrip().startswith(b"{"):
            raise how.error("not a record", line=number, found=_kind(line.lstrip()[0]), expected="an object")
        try:
            decode(b"[" + line + b"]")
        except REFUSED as error:
            raise how.error(f"not a record: {error}", line=number) from error
    raise how.error("the lines can't be read as records", line=numbers[0])


def _kind(byte: int) -> str:
    """Return in words what begins with `byte`."""
    known = KINDS.get(byte)
    return known if known is not None else repr(bytes([byte]).decode("latin-1"))


def _skip_mark(window: Window) -> None:
    window.fill(window.size)
    if window.buffer.startswith(BOM, window.start, window.end):
        window.start += len(BOM)


@attrs.define
class _Node:
    """What is looked for at one place of the document and below it."""

    decode: Decode[Any] | None = None
    children: dict[str, _Node] = attrs.field(factory=dict)


def _tree(paths: Mapping[str, Decode[Any]]) -> _Node:
    root = _Node()
    for pointer, decode in paths.items():
        node = root
        for part in _parts(pointer):
            node = node.children.setdefault(part, _Node())
        node.decode = decode
    return root


def _parts(pointer: str) -> list[str]:
    if pointer and not pointer.startswith("/"):
        raise UsageError(f"a JSON pointer is empty or begins with a slash, not {pointer!r}")
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


class _Document:
    """A walk along the paths of a document."""

    def __init__(self, window: Window, root: _Node) -> None:
        self._window = window
        self._root = root

    def parts(self) -> Iterator[Block | Rest]:
        _skip_mark(self._window)
        first = self._window.peek()
        opener = {True: ord("["), False: ord("{")}
        wanted = [opener[kind] for kind, use in ((True, self._root.decode), (False, self._root.children)) if use]
        if first not in wanted:
            self._refuse_root(first, " or ".join(KINDS[byte] for byte in wanted))
        yield from self._value(self._root, "", first)
        if self._window.peek() != -1:
            found = repr(self._window.take(20).decode("utf-8", "backslashreplace"))
            raise self._window.how.error("something follows the document", found=found, expected="the end")

    def _refuse_root(self, first: int, expected: str) -> NoReturn:
        what = "the document is empty" if first == -1 else "the document is of the wrong kind"
        raise self._window.how.error(what, found=_kind(first), expected=expected)

    def _value(self, node: _Node, pointer: str, first: int) -> Iterator[Block | Rest]:
        self._window.start += 1
        if first == ord("["):
            yield from Blocks(self._window, pointer, node.decode)  # type: ignore[arg-type]
        else:
            yield from self._object(node, pointer)

    def _object(self, node: _Node, pointer: str) -> Iterator[Block | Rest]:
        """Walk the members of the object whose opening bracket has been passed."""
        members: dict[str, bytes | None] = {}
        more = self._window.peek(pointer) != ord("}")
        if not more:
            self._window.start += 1
        while more:
            key = self._key(pointer, members)
            here = pointer + escaped(key)
            child = node.children.get(key)
            first = self._window.peek(here)
            if child is not None and self._splits(child, here, first):
                members[key] = None
                yield from self._value(child, here, first)
            else:
                members[key] = self._verbatim(here, first)
            more = self._expect(b",}", pointer) == ord(",")
        yield Rest(pointer, tuple(members.items()))

    def _splits(self, child: _Node, pointer: str, first: int) -> bool:
        """Return whether to go into the value that begins with `first`."""
        if child.decode is not None and first == ord("["):
            return True
        if child.children and first == ord("{"):
            return True
        if child.decode is not None and first in b'{"-0123456789tf':
            raise self._window.how.error("not a list of records", pointer, found=_kind(first), expected="an array")
        return False

    def _expect(self, wanted: bytes, pointer: str) -> int:
        """Pass one of the `wanted` bytes and return it."""
        byte = self._window.peek(pointer)
        if byte == -1 or byte not in wanted:
            what = "the document is cut off" if byte == -1 else "not JSON"
            expected = " or ".join(f"'{chr(each)}'" for each in wanted)
            raise self._window.how.error(what, pointer, found=_kind(byte), expected=expected)
        self._window.start += 1
        return byte

    def _key(self, pointer: str, members: Mapping[str, bytes | None]) -> str:
        """Pass a key and its colon."""
        if self._window.peek(pointer) != ord('"'):
            self._expect(b'"', pointer)
        key: str = orjson.loads(check_value(self._window, self._string(pointer), pointer))
        if key in members:
            raise self._window.how.error("a key occurs twice", pointer + escaped(key), expected="each key once")
        self._expect(b":", pointer + escaped(key))
        return key

    def _verbatim(self, pointer: str, first: int) -> bytes:
        """Pass a value and return its text."""
        if first == ord('"'):
            text = self._string(pointer)
        elif first in (ord("["), ord("{")):
            text = self._container(pointer)
        else:
            text = self._matched(SCALAR, pointer)
        return check_value(self._window, text, pointer)

    def _string(self, pointer: str) -> bytes:
        return self._matched(STRING, pointer)

    def _matched(self, pattern: re.Pattern[bytes], pointer: str) -> bytes:
        """Pass what matches `pattern`, with at least one byte behind it so that it is known to be whole."""
        window = self._window
        while True:
            with memoryview(window.buffer) as view, view[: window.end] as part:
                match = pattern.match(part, window.start)
                stop = match.end() if match else -1
                del match
            if 0 <= stop < window.end or window.finished:
                break
            window.grow(pointer)
        if stop < 0:
            raise value_error(window, window.take(len(window)), pointer)
        return window.take(stop - window.start)

    def _container(self, pointer: str) -> bytes:
        window, scan, done = self._window, Scan(), 1
        while True:
            with memoryview(window.buffer) as view:
                _, end = scan.feed(view[window.start + done : window.end])
            if end >= 0:
                return window.take(done + end + 1)
            done = len(window)
            if scan.deepest < window.how.limits.json_depth:
                window.grow(pointer)
            if len(window) == done:
                raise value_error(window, window.take(done), pointer)
