"""A walk along a JSON document to the arrays that are to be split, keeping all else verbatim."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

import attrs
import orjson

from annokit.codecs.json_blocks import Block, Blocks, Decode, check_value, value_error
from annokit.codecs.json_faults import escaped, first_character
from annokit.codecs.json_scan import Scan
from annokit.codecs.json_window import Window
from annokit.errors import UsageError

BOM = b"\xef\xbb\xbf"
STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
SCALAR = re.compile(rb"[^,\]} \t\n\r]++")
KINDS = {
    -1: "the end of the data",
    **dict.fromkeys(b"-0123456789", "a number"),
    **dict(zip(b'{["tfn', ("an object", "an array", "a string", "true", "false", "null"), strict=True)),
}


@attrs.frozen
class Rest:
    """The members of one enclosing object, yielded when the object ends."""

    pointer: str
    """JSON pointer of the object, ``""`` for the document itself."""
    members: tuple[tuple[str, bytes | None], ...]
    """(key, text of its value) in the order of the source; None for what was split or is an enclosing object itself."""


def kind(byte: int) -> str:
    """Return in words what begins with `byte`."""
    known = KINDS.get(byte)
    return known if known is not None else repr(bytes([byte]).decode("latin-1"))


def skip_mark(window: Window) -> None:
    """Pass a byte order mark."""
    window.fill(window.size)
    if window.buffer.startswith(BOM, window.start, window.end):
        window.start += len(BOM)


@attrs.define
class Node:
    """What is looked for at one place of the document and below it."""

    decode: Decode[Any] | None = None
    children: dict[str, Node] = attrs.field(factory=dict)


def tree(paths: Mapping[str, Decode[Any]]) -> Node:
    """Return the places to look at, from the root, for JSON pointers and their decoders."""
    root = Node()
    for pointer, decode in paths.items():
        node = root
        for part in _parts(pointer):
            node = node.children.setdefault(part, Node())
        node.decode = decode
    return root


def _parts(pointer: str) -> list[str]:
    if pointer and not pointer.startswith("/"):
        raise UsageError(f"a JSON pointer is empty or begins with a slash, not {pointer!r}")
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


class Document:
    """A walk along the paths of a document."""

    def __init__(self, window: Window, root: Node) -> None:
        self._window = window
        self._root = root
        self.stopped_in: str | None = None
        """The array in which a source with a stop ended; None at the end of the document."""

    def parts(self) -> Iterator[Block | Rest]:
        """Yield the blocks, and each enclosing object's rest."""
        skip_mark(self._window)
        first = self._window.peek()
        opener = {True: ord("["), False: ord("{")}
        wanted = [opener[kind] for kind, use in ((True, self._root.decode), (False, self._root.children)) if use]
        if first not in wanted:
            self._refuse_root(first, " or ".join(KINDS[byte] for byte in wanted))
        yield from self._value(self._root, "", first)
        self._finish()

    def parts_from(self, inside: str) -> Iterator[Block | Rest]:
        """Yield what `parts` would yield from a place on that lies behind a comma of the array `inside`.

        The index of the first record counts as 0.
        """
        yield from self._resume(self._root, "", _parts(inside))
        self._finish()

    def _finish(self) -> None:
        if self.stopped_in is None and self._window.peek() != -1:
            found = repr(self._window.take(20).decode("utf-8", "backslashreplace"))
            raise self._window.how.error("something follows the document", found=found, expected="the end")

    def _resume(self, node: Node, pointer: str, path: list[str]) -> Iterator[Block | Rest]:
        if not path:
            yield from self._array(node, pointer, resumed=True)
            return
        here = pointer + escaped(path[0])
        yield from self._resume(node.children[path[0]], here, path[1:])
        yield from self._object(node, pointer, {path[0]: None})

    def _array(self, node: Node, pointer: str, *, resumed: bool = False) -> Iterator[Block]:
        blocks = Blocks(self._window, pointer, node.decode, resumed=resumed)  # type: ignore[arg-type]
        yield from blocks
        self.stopped_in = pointer if blocks.stopped else None

    def _refuse_root(self, first: int, expected: str) -> NoReturn:
        if self._window.buffer.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE), self._window.start):
            raise self._window.how.error("the document is not UTF-8 text", found="UTF-16 text", expected="UTF-8 text")
        what = "the document is empty" if first == -1 else "the document is of the wrong kind"
        raise self._window.how.error(what, found=self._found(first), expected=expected)

    def _found(self, byte: int) -> str:
        """Return in words what begins with `byte`, the next one."""
        if byte < 0x80:
            return kind(byte)
        character = first_character(self._window.take(4))
        return repr(character.decode("utf-8", "backslashreplace"))

    def _value(self, node: Node, pointer: str, first: int) -> Iterator[Block | Rest]:
        self._window.start += 1
        if first == ord("["):
            yield from self._array(node, pointer)
        else:
            yield from self._object(node, pointer, {})

    def _object(self, node: Node, pointer: str, members: dict[str, bytes | None]) -> Iterator[Block | Rest]:
        """Walk the members of the object whose opening bracket, or whose first `members`, have been passed."""
        more = self._more(pointer, first=not members)
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
            more = self._more(pointer)
        yield Rest(pointer, tuple(members.items()))

    def _more(self, pointer: str, *, first: bool = False) -> bool:
        """Pass a comma or the end of an object, and return whether a member follows."""
        if self.stopped_in is not None:
            return False
        if not first:
            return self._expect(b",}", pointer) == ord(",")
        empty = self._window.peek(pointer) == ord("}")
        self._window.start += empty
        return not empty

    def _splits(self, child: Node, pointer: str, first: int) -> bool:
        """Return whether to go into the value that begins with `first`."""
        if child.decode is not None and first == ord("["):
            return True
        if child.children and first == ord("{"):
            return True
        if child.decode is not None and first >= 0 and first in b'{"-0123456789tf':
            raise self._window.how.error("not a list of records", pointer, found=kind(first), expected="an array")
        return False

    def _expect(self, wanted: bytes, pointer: str) -> int:
        """Pass one of the `wanted` bytes and return it."""
        byte = self._window.peek(pointer)
        if byte == -1 or byte not in wanted:
            what = "the document is cut off" if byte == -1 else "not JSON"
            expected = " or ".join(f"'{chr(each)}'" for each in wanted)
            raise self._window.how.error(what, pointer, found=self._found(byte), expected=expected)
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
        value = check_value(self._window, text, pointer)
        if (found := self._window.how.repeats) is not None and first in b"[{":
            found.look_later(value, self._window.how.place + pointer)
        return value

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
