"""A column of raw JSON values as one text, in which rows can be found and blanked out.

A few passes over the bytes find the brackets, count the commas between them, and tell which rows are not numbers in
arrays of the expected depth.
"""

from __future__ import annotations

import itertools
import re
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
from msgspec import Raw

from annokit.errors import FormatError

Flags = np.ndarray[Any, np.dtype[np.bool_]]
Positions = np.ndarray[Any, np.dtype[np.int64]]

OPEN, CLOSE, COMMA, SPACE, QUOTE, ZERO = b'[], "0'
LARGEST = ord("e")
"""The largest byte that numbers, and arrays of them, are written with."""
ALLOWED = np.zeros(256, np.bool_)
ALLOWED[list(b"0123456789+-.eE,[] \t\n\r")] = True
STARTS = np.zeros(256, np.bool_)
STARTS[list(b"-0123456789")] = True
HUGE = re.compile(rb"(?<![\d.eE+])\d{19,}(?![\d.eE])|[eE]\+?\d{3,}")
"""What may be beyond the parser: integers near 2**63 and exponents of three digits."""
DIGIT = re.compile(rb"\d")
LARGE = 32 << 20
NEAR = 4
"""Bytes between two brackets that are looked at one by one."""
DTYPES = {"d": np.float64, "i": np.int64}

_thread = threading.local()


def parsed(text: bytearray | bytes, kind: str) -> np.ndarray[Any, Any] | None:
    """Return all numbers of the array `text` as float64 (`kind` "d") or int64 ("i"); None if the parser refuses one."""
    try:
        return np.frombuffer(_parser(len(text)).parse(text).as_buffer(of_type=kind), DTYPES[kind])
    except (ValueError, TypeError, RuntimeError):  # out of range, of another type, an integer beyond 64 bit
        return None


def _parser(length: int) -> Any:
    """Return this thread's parser; a new one for a large text, whose memory is to be given back."""
    import simdjson

    if length > LARGE:
        return simdjson.Parser()
    if not hasattr(_thread, "parser"):
        _thread.parser = simdjson.Parser()
    return _thread.parser


class Counter:
    """How often a byte occurs before any position of a text, in constant time per question."""

    def __init__(self, flags: Flags) -> None:
        bits = np.packbits(flags, bitorder="little")
        words = np.zeros(len(bits) // 8 + 1, np.uint64)
        words.view(np.uint8)[: len(bits)] = bits
        self._words = words
        self._before = np.zeros(len(words) + 1, np.int64)
        np.cumsum(np.bitwise_count(words), out=self._before[1:])

    @classmethod
    def of(cls, positions: Positions, length: int) -> Counter:
        """Return the counter of some positions of a text of `length` bytes."""
        flags = np.zeros(length, np.bool_)
        flags[positions] = True
        return cls(flags)

    def before(self, positions: Positions) -> Positions:
        """Return the number of flags at offsets below each position."""
        word = positions >> 6
        mask = (np.uint64(1) << (positions & 63).astype(np.uint64)) - np.uint64(1)
        counts: Positions = self._before[word] + np.bitwise_count(self._words[word] & mask)
        return counts


class Joined:
    """The values of a column between commas inside one pair of brackets.

    Parameters
    ----------
    raws : sequence of msgspec.Raw
        JSON values; empty ones are absent.
    depth : int
        Arrays around each number: 0 for numbers, 1 for ``[1, 2]``, 2 for ``[[1, 2], [3]]``.
    """

    def __init__(self, raws: Sequence[Raw], depth: int) -> None:
        self.depth = depth
        lengths = np.fromiter(map(len, raws), np.int64, len(raws))
        self.rows = len(raws)
        self.present = np.flatnonzero(lengths)
        self.absent = np.flatnonzero(lengths == 0)
        if len(self.absent):
            raws, lengths = list(itertools.compress(raws, lengths)), lengths[self.present]
        self.is_odd = np.zeros(len(raws), np.bool_)
        if depth and len(lengths) and lengths.min() == 1:
            raws, lengths = self._widened(raws, lengths)
        self.text = bytearray(b",").join([b"[", *raws, b"]"])
        self.bytes = np.frombuffer(self.text, np.uint8)
        self.bytes[[1, -2]] = SPACE
        self.stops = np.cumsum(lengths + 1) + 1
        self.starts = self.stops - lengths
        first = self.bytes[self.starts]
        self.blank(np.flatnonzero(~STARTS[first] if depth == 0 else first != OPEN))

    def _widened(self, raws: Sequence[Raw], lengths: Positions) -> tuple[list[Any], Positions]:
        """Blank out the values of a single byte now, since they leave no room for a pair of brackets."""
        self.is_odd |= lengths == 1
        return [b"[]" if len(raw) == 1 else raw for raw in raws], np.maximum(lengths, 2)

    def blank(self, rows: Positions) -> None:
        """Make `rows` odd: an empty array, or the number 0, stands in their place."""
        self.is_odd[rows] = True
        starts, stops = self.starts[rows], self.stops[rows]
        _fill(self.bytes, starts, stops, SPACE)
        if self.depth:
            self.bytes[starts], self.bytes[starts + 1] = OPEN, CLOSE
        else:
            self.bytes[starts] = ZERO

    def blank_foreign(self, allowed: Flags = ALLOWED) -> None:
        """Blank out the rows with a byte that is not `allowed`."""
        self.blank(self.rows_at(np.flatnonzero(~allowed[self.bytes])))

    def blank_words(self) -> None:
        """Blank out the rows with strings, objects, null, true or false in them."""
        if self.bytes.max() > LARGEST or QUOTE in self.text:
            self.blank(self.rows_at(np.flatnonzero((self.bytes > LARGEST) | (self.bytes == QUOTE))))

    def blank_refused(self, kind: str) -> None:
        """Blank out the rows that the parser refuses; first looks at likely ones only."""
        likely = self.rows_at(np.fromiter((match.start() for match in HUGE.finditer(self.text)), np.int64))
        refused = self._refused(likely, kind)
        if not len(refused):
            refused = self._refused(np.arange(len(self.starts)), kind)
        if not len(refused):
            raise FormatError("a column of numbers can't be parsed", found=f"{len(self.text):,} bytes")
        self.blank(refused)

    def blank_misplaced(self, rows: Positions) -> None:
        """Blank out the rows whose numbers lie less deep than they should; there are some."""
        if not len(rows):
            raise FormatError("a column of numbers can't be told apart", found=f"{len(self.text):,} bytes")
        self.blank(rows)

    def _refused(self, rows: Positions, kind: str) -> Positions:
        spans = zip(rows.tolist(), self.starts[rows].tolist(), self.stops[rows].tolist(), strict=True)
        texts = ((row, b"[" + bytes(self.text[start:stop]) + b"]") for row, start, stop in spans)
        return np.array([row for row, text in texts if parsed(text, kind) is None], np.int64)

    def rows_at(self, positions: Positions) -> Positions:
        """Return the rows in which the bytes at `positions` lie, each once."""
        return np.unique(self.row_at(positions))

    def row_at(self, positions: Positions) -> Positions:
        """Return for each of `positions` the row in which it lies."""
        return np.searchsorted(self.starts, positions, "right") - 1

    @property
    def odd(self) -> Positions:
        """(k,) the rows of the column that are odd."""
        return self.present[self.is_odd]

    def spread(self, per_present: Positions) -> Positions:
        """Return (rows,) with the given counts in the present rows and 0 in the absent ones."""
        if not len(self.absent):
            return per_present
        counts = np.zeros(self.rows, np.int64)
        counts[self.present] = per_present
        return counts


def _fill(data: np.ndarray[Any, np.dtype[np.uint8]], starts: Positions, stops: Positions, byte: int) -> None:
    """Set the bytes of all spans ``data[start:stop]``."""
    lengths = stops - starts
    if lengths.sum() > 500 * len(lengths):
        for start, stop in zip(starts.tolist(), stops.tolist(), strict=True):
            data[start:stop] = byte
        return
    first = np.repeat(starts - (np.cumsum(lengths) - lengths), lengths)
    data[first + np.arange(len(first))] = byte


class Layout:
    """Where the arrays of a `Joined` column begin and end; rows with deeper arrays are blanked out first.

    Numbers that lie less deep than they should are not counted; where there are more numbers than `counts` say, ask
    `misplaced` for their rows.
    """

    def __init__(self, joined: Joined) -> None:
        self._joined = joined
        self._scan()
        while len(deeper := self.marks[self.depths > joined.depth + 1]):
            joined.blank(joined.rows_at(deeper))
            self._scan()
        self.commas = Counter(joined.bytes == COMMA)
        self.inner = np.flatnonzero(self._leaf)
        """Index of the opening bracket of each innermost array."""
        self.counts = self._inner_lengths()
        """Numbers of each innermost array of the present rows."""

    def _scan(self) -> None:
        data = self._joined.bytes
        self.marks = np.flatnonzero((data | 0x06) == 0x5F)  # of the bytes that occur in numbers, [ and ] alone
        self.opens = data[self.marks] == OPEN
        self.depths = np.cumsum(self.opens.astype(np.int64) * 2 - 1)
        self._leaf = self.opens & (self.depths == self._joined.depth + 1)

    def misplaced(self) -> Positions:
        """Return rows with numbers that lie less deep."""
        joined = self._joined
        apart = np.diff(self.marks) > 2  # a comma may lie between two brackets, but no digit fits beside
        apart |= (np.diff(self.marks) > 1) & self.opens[:-1] & ~self.opens[1:]  # in "[]" not even that
        between = np.flatnonzero(apart & ~self._leaf[:-1])
        return joined.rows_at(self.marks[between[self._with_digits(between)]])

    def _with_digits(self, between: Positions) -> Flags:
        """Return behind which of the marks a digit stands before the next mark."""
        data = self._joined.bytes
        starts, stops = self.marks[between] + 1, self.marks[between + 1]
        if len(between) and (stops - starts).max() > NEAR:
            digits = Counter(data - ord("0") < 10)
            return digits.before(stops) > digits.before(starts)
        found = np.zeros(len(between), np.bool_)
        for step in range(NEAR):
            place = starts + step
            found |= (place < stops) & (data[np.minimum(place, stops)] - ord("0") < 10)
        return found

    def lengths(self) -> tuple[Positions, ...]:
        """Return the lengths of the arrays of each depth: first of the rows, last the numbers of the innermost."""
        levels = [self._children(level) for level in range(2, self._joined.depth + 1)]
        levels.append(self.counts)
        levels[0] = self._joined.spread(levels[0])
        return tuple(levels)

    def _children(self, level: int) -> Positions:
        parents = np.cumsum(self.opens & (self.depths == level))
        children = self.opens & (self.depths == level + 1)
        return np.bincount(parents[children] - 1, minlength=int(parents[-1]))

    def _inner_lengths(self) -> Positions:
        begin, end = self.marks[self.inner], self.marks[self.inner + 1]
        counts = self.commas.before(end) - self.commas.before(begin) + 1
        for array in np.flatnonzero((counts == 1) & ~STARTS[self._joined.bytes[begin + 1]]).tolist():
            counts[array] = bool(DIGIT.search(self._joined.text, int(begin[array]), int(end[array])))
        return counts
