"""Blocks of records cut from one JSON array of any length, a window at a time.

A cut is guessed at the last place in the window that looks as the places between records did before (``},{"id"``), and
proven by the parse: the text up to a cut inside a string or a nested value does not parse. A guess that fails costs an
exact scan of that window.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sized
from typing import Any, NoReturn, TypeVar

import attrs
import msgspec

from annokit.codecs.json_faults import escaped, members_fault
from annokit.codecs.json_scan import Scan
from annokit.codecs.json_window import WHITESPACE, Window
from annokit.errors import FormatError

R = TypeVar("R", bound=Sized)
Decode = Callable[[bytes], R]

REFUSED = (msgspec.MsgspecError, ValueError, RecursionError)
BEFORE = re.compile(rb"\}[ \t\n\r]*\Z")
AFTER = re.compile(rb'[ \t\n\r]*\{[ \t\n\r]*"[^"\\]*"')
CONSTANT = re.compile(rb'("(?:[^"\\]++|\\.)*+")|-?Infinity|NaN', re.DOTALL)
TRIES = 2
GLANCES = 4


@attrs.frozen
class Block:
    """Consecutive records of one array."""

    pointer: str
    """JSON pointer of the array, ``""`` for the document itself."""
    first: int
    """Index in the array of the first record; in a file of lines, the number of records before it."""
    records: Any
    """What the decoder of the array returned, one element per record."""
    end: int = 0
    """Offset in the source behind the block and its comma."""
    lines: tuple[int, ...] | None = None
    """Line numbers of the records in a file of lines, None elsewhere."""


class Blocks:
    """The blocks of the array of which the window has just passed the opening bracket, or a comma if `resumed`.

    They end with the array, or, `stopped`, where a window that has a `stop` comes to it exactly behind a comma.
    """

    def __init__(self, window: Window, pointer: str, decode: Decode[Any], *, resumed: bool = False) -> None:
        self._window = window
        self._pointer = pointer
        self._decode = decode
        self._index = 0
        self._resumed = resumed
        self.stopped = False
        self._guess = b""
        self._comma = 0
        self._misses = 0
        self._scans = 0
        self._closed = False
        self._last = b""

    def __iter__(self) -> Iterator[Block]:
        if not self._resumed and self._window.peek(self._pointer) == ord("]"):
            self._window.start += 1
            return
        while not self._closed and not self.stopped:
            records = self._by_guess()
            if records is None:
                records = self._by_scan()
            if (found := self._window.how.repeats) is not None:
                found.look(self._last, self._window.how.place + self._pointer, self._index)
            block = Block(self._pointer, self._index, records, self._window.position)
            self._index += len(records)
            yield block
            self.stopped = self._at_stop()

    def _at_stop(self) -> bool:
        window = self._window
        return window.position == window.stop and window.buffer[window.start - 1] == ord(",")

    def _here(self) -> str:
        return self._pointer + escaped(self._index)

    def _text(self, stop: int) -> bytes:
        with memoryview(self._window.buffer) as view:
            return b"".join((b"[", view[self._window.start : stop], b"]"))

    def _by_guess(self) -> Any:
        """Return the records up to the last likely cut; None if there is none or the parse refuses it."""
        window = self._window
        if not self._guess or self._misses > TRIES:
            return None
        window.fill(window.size, self._here())
        found = window.buffer.rfind(self._guess, window.start, window.end)
        if found < 0:
            return None
        cut = found + self._comma
        self._last = self._text(cut)
        try:
            records = _decoded(self._decode, self._last)
        except REFUSED:
            self._misses += 1
            return None
        self._misses = 0
        window.start = cut + 1
        return records

    def _by_scan(self) -> Any:
        """Return the records up to the last cut that an exact scan finds."""
        cut = self._scan()
        text = self._last = self._text(cut)
        try:
            records = self._read(text)
        except REFUSED as error:
            self._explain(text, error)
        if not len(records):
            self._explain(text, None)
        if not self._closed:
            self._learn(cut)
        self._window.start = cut + 1
        return records

    def _scan(self) -> int:
        """Return the offset in the buffer of the last comma between records, or of the closing bracket.

        The first scans look at little: at the start of an array they are to find out what a cut looks like, and at its
        end the bracket is near.
        """
        window, scan = self._window, Scan()
        window.fill(window.size, self._here())
        self._scans += 1
        step = window.size if self._scans > GLANCES else max(window.size >> 3, 64)
        done = 0
        while True:
            stop = min(window.start + done + step, window.end)
            with memoryview(window.buffer) as view:
                comma, end = scan.feed(view[window.start + done : stop])
            if scan.deepest > window.how.limits.json_depth:
                self._explain(self._text(window.end)[:-1], None)
            if end >= 0:
                return self._close(window.start + done + end)
            if comma >= 0:
                return window.start + done + comma
            done = stop - window.start
            step = max(step, done)
            if stop == window.end:
                self._read_on(done)

    def _read_on(self, done: int) -> None:
        """Grow the window, of which no byte is left to be scanned."""
        self._window.grow(self._here())
        if len(self._window) == done:
            self._explain(self._text(self._window.end)[:-1], None)

    def _close(self, end: int) -> int:
        """Return the offset of the bracket that closes the array, once it has been found to be a square one."""
        if self._window.buffer[end] != ord("]"):
            self._explain(self._text(end + 1)[:-1], None)
        self._closed = True
        return end

    def _read(self, text: bytes) -> Any:
        try:
            return _decoded(self._decode, text)
        except REFUSED:
            changed = replaced_constants(text, self._window.how.constants)
            if changed == text:
                raise
            return _decoded(self._decode, changed)

    def _learn(self, cut: int) -> None:
        """Take what stands around the comma at `cut` as the mark of later cuts."""
        window = self._window
        tail = bytes(window.buffer[max(cut - 256, window.start) : cut])
        head = bytes(window.buffer[cut + 1 : min(cut + 513, window.end)])
        before, after = BEFORE.search(tail), AFTER.match(head)
        if before and after:
            self._guess = before.group() + b"," + after.group()
            self._comma = len(before.group())

    def _explain(self, text: bytes, cause: Exception | None) -> NoReturn:
        """Raise the error that says which record is wrong, and what in it."""
        how = self._window.how
        fault = members_fault(text[1:], how.limits.json_depth, first=self._index)
        if fault is not None:
            pointer = self._pointer + fault.pointer
            raise how.error(fault.message, pointer, found=fault.found, expected=fault.expected) from cause
        self._explain_record(text, cause)

    def _explain_record(self, text: bytes, cause: Exception | None) -> NoReturn:
        """Raise the error about the first record of a well-formed block that the decoder refuses."""
        for number, record in enumerate(msgspec.json.decode(text, type=list[msgspec.Raw])):
            try:
                _decoded(self._decode, b"[" + bytes(record) + b"]")
            except REFUSED as error:
                pointer = self._pointer + escaped(self._index + number)
                raise self._window.how.error(f"not a record: {error}", pointer) from error
        raise self._window.how.error(f"the records can't be read: {cause}", self._here()) from cause


def _decoded(decode: Decode[R], text: bytes) -> R:
    """Return the records of `text`; the parser leaves the bytes of raw values unchecked, so they are checked here."""
    if not text.isascii():
        str(text, "utf-8")
    return decode(text)


def replaced_constants(text: bytes, replace: Callable[[bytes], bytes] | None) -> bytes:
    """Return `text` with what `replace` gives for each NaN and Infinity outside strings."""
    if replace is None:
        return text
    return CONSTANT.sub(lambda match: match.group() if match.group(1) else replace(match.group()), text)


def check_value(window: Window, text: bytes, pointer: str) -> bytes:
    """Return `text`, the raw value at `pointer`, once it has been proven to be JSON."""
    how = window.how
    try:
        return _parsed(text)
    except REFUSED as error:
        changed = replaced_constants(text, how.constants)
        if changed != text:
            return check_value(window, changed, pointer)
        raise value_error(window, text, pointer) from error


def _parsed(text: bytes) -> bytes:
    _decoded(msgspec.json.Decoder(list[msgspec.Raw]).decode, b"[" + text + b"]")
    return text


def value_error(window: Window, text: bytes, pointer: str) -> FormatError:
    """Return the error that says what is wrong in the raw value at `pointer`."""
    how = window.how
    fault = members_fault(text.rstrip(WHITESPACE) + b"]", how.limits.json_depth)
    if fault is None:
        return how.error("this value can't be read", pointer)
    inner = fault.pointer.removeprefix("/0")
    return how.error(fault.message, pointer + inner, found=fault.found, expected=fault.expected)
