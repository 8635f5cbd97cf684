"""The part of a byte source that lies in memory while a JSON document is read, refilled through ``readinto`` alone."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

import attrs

from annokit.errors import FormatError
from annokit.limits import DEFAULT_LIMITS, Limits

if TYPE_CHECKING:
    from annokit.codecs.json_repeats import Repeats

DAMAGED = (zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, EOFError)
WHITESPACE = b" \t\n\r"


class Source(Protocol):
    """What a document is read from: a file, a ZIP member, a pipe."""

    def readinto(self, buffer: Any, /) -> int | None:
        """Fill the start of `buffer`, return the number of bytes, 0 at the end."""


@attrs.frozen(kw_only=True)
class Reading:
    """How a JSON source is read, apart from what is looked for in it."""

    label: str = "<stream>"
    """The source's name in errors, as the user wrote it."""

    limits: Limits = DEFAULT_LIMITS
    """`json_window` is the size of a window, `record_bytes` the largest value, `json_depth` the deepest nesting."""

    total: int | None = None
    """Size of the source in bytes where it is known, handed on to `progress`."""

    progress: Callable[[int, int | None], None] | None = None
    """Called with (bytes read, total) after each window."""

    constants: Callable[[bytes], bytes] | None = None
    """What to read in place of ``NaN``, ``Infinity`` or ``-Infinity``, which are not JSON; None: a FormatError."""

    repeats: Repeats | None = None
    """Where keys that stand twice in one object are noted; None: nobody looks for them."""

    place: str = ""
    """What stands before the pointers in `repeats`: the file, where there are several."""

    def error(self, message: str, pointer: str = "", **facts: Any) -> FormatError:
        """Return the error about the value at `pointer`."""
        return FormatError(message, path=self.label, pointer=pointer or None, **facts)


class Window:
    """A stretch ``buffer[start:end]`` of a source, moved on by raising `start` and calling `fill`.

    `stop` is the length of a source that ends in the middle of an array, behind a comma.
    """

    def __init__(self, source: Source, how: Reading, stop: int | None = None) -> None:
        self._source = source
        self.stop = stop
        self.how = how
        self.size = max(how.limits.json_window, 16)
        self.buffer = bytearray()
        self.start = 0
        self.end = 0
        self.read = 0
        self.finished = False

    def __len__(self) -> int:
        return self.end - self.start

    @property
    def position(self) -> int:
        """Offset in the source of ``buffer[start]``."""
        return self.read - len(self)

    def take(self, count: int) -> bytes:
        """Return a copy of the next `count` bytes, or of what is left in the window, and move on behind them."""
        stop = min(self.start + count, self.end)
        with memoryview(self.buffer) as view:
            data = bytes(view[self.start : stop])
        self.start = stop
        return data

    def fill(self, target: int, pointer: str = "") -> None:
        """Read until `target` bytes lie in the window or the source ends.

        Raises
        ------
        FormatError
            If `target` is beyond the limit of one value, named by `pointer`, or if the source is damaged.
        """
        if len(self) >= target or self.finished:
            return
        if target > self.how.limits.record_bytes + 2 * self.size:
            message = f"a single value is larger than the limit of {self.how.limits.record_bytes:,} bytes"
            raise self.how.error(message, pointer)
        self._make_room(target)
        with memoryview(self.buffer) as view:
            while len(self) < target and not self.finished:
                self._read_into(view[self.end :], pointer)
        if self.how.progress is not None:
            self.how.progress(self.read, self.how.total)

    def grow(self, pointer: str = "") -> None:
        """Read on until the window holds twice as much as now, at least one window."""
        self.fill(max(2 * len(self), self.size), pointer)

    def _make_room(self, target: int) -> None:
        """Put the unread bytes at the front of a buffer of `target` bytes."""
        rest = self.buffer[self.start : self.end]
        if len(self.buffer) != target:
            self.buffer = bytearray(target)
        self.buffer[: len(rest)] = rest
        self.start, self.end = 0, len(rest)

    def _read_into(self, view: memoryview, pointer: str) -> None:
        try:
            count = self._source.readinto(view) or 0
        except DAMAGED as error:
            raise self.how.error(f"the source is damaged: {error}", pointer) from error
        self.end += count
        self.read += count
        self.finished = count == 0

    def peek(self, pointer: str = "") -> int:
        """Move on to the next byte that is not white space and return it, -1 at the end of the source."""
        while True:
            if self.start == self.end:
                self.fill(self.size, pointer)
                if self.start == self.end:
                    return -1
            skipped = _leading_space(self.buffer, self.start, self.end)
            self.start += skipped
            if self.start < self.end:
                return self.buffer[self.start]


def _leading_space(buffer: bytearray, start: int, end: int) -> int:
    """Return how many bytes of ``buffer[start:end]`` are white space before the first that is not."""
    if buffer[start] not in WHITESPACE:
        return 0
    with memoryview(buffer) as view:
        text = bytes(view[start:end])
    return len(text) - len(text.lstrip(WHITESPACE))
