"""The lines of KITTI label files: a class and fourteen or fifteen numbers each, whole blocks of text to arrays.

A class may hold spaces, so a line is read from its right end. Fifteen numbers in a row there are the fourteen and a
score, wherever something is left for the class.
"""

from __future__ import annotations

import re
from typing import Any

import attrs
import numpy as np

from annokit.codecs.number_lines import parse_lines
from annokit.columns.base import Array

FIELDS = (
    "truncated", "occluded", "alpha", "left", "top", "right", "bottom", "height", "width", "length", "x", "y", "z",
    "rotation_y", "score",
)  # fmt: skip
"""The numbers after the class."""

FEW, MANY = 14, 15
"""Numbers of a line without and with a score."""

LONG = 64
"""Bytes of a class that the fast way takes."""

_NUMBER = re.compile(rb"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_COMMA = re.compile(rb"[ \t]*,[ \t]*(?=[+-]?\.?[0-9][0-9.eE+-]*[ \t]*(?:,|[\s]|\Z))")
_SPACE, _COMMA_CODE, _POINT, _ZERO, _EXPONENT = b" ,.0e"


@attrs.frozen(eq=False)
class RawRows:
    """The lines of one text that can be read, and those that can't."""

    names: list[bytes]
    """The class of each of n lines."""

    values: Array
    """(n, 15) float64 numbers in the order of :data:`FIELDS`; the score is NaN where there is none."""

    whole: Array
    """(n, 15) bool, True where a number is written as an integer."""

    lines: Array
    """(n,) int64: number of the line in the text, from 0."""

    bad: tuple[tuple[int, str, str], ...]
    """(line, what was found, what was expected) of each other line that is not empty."""


def is_number(token: bytes) -> bool:
    """Tell whether a token is a finite number."""
    return _NUMBER.fullmatch(token) is not None


_CONTROLS = bytes(code for code in range(32) if code not in b"\t\n\r\v\f")

_PLAIN = bytes.maketrans(_CONTROLS + b"\r\v\f", b"?" * len(_CONTROLS) + b"   ")
"""White space as blanks, and control characters as something that no number holds."""


def parse(data: bytes) -> RawRows:
    """Return the lines of a text whose lines end in LF.

    Where its last fourteen tokens are no numbers, commas before numbers count as white space too.
    """
    data = b"\n" + data.translate(_PLAIN) + b"\n"
    if b"," in data:
        data = b"\n".join(_without_commas(line) for line in data.split(b"\n"))
    codes = np.frombuffer(data, np.uint8)
    space = codes <= _SPACE
    edges = np.flatnonzero(space[1:] != space[:-1]) + 1
    starts, ends = edges[::2], edges[1::2]
    first = starts.searchsorted(np.flatnonzero(codes == 10))
    counts = np.diff(first)
    lines = np.flatnonzero(counts)
    counts = counts[lines]
    found = _plain(data, codes, starts, ends, lines) if len(lines) and (counts == MANY).all() else None
    return _rows(data, codes, (starts, ends), lines, first[:-1][lines], counts) if found is None else found


def _plain(data: bytes, codes: Array, starts: Array, ends: Array, lines: Array) -> RawRows | None:
    """Return lines of fifteen words, read as one JSON array in which 0 stands for classes; None if it is none."""
    import simdjson

    text = codes.copy()
    name_start, name_end = starts[::MANY], ends[::MANY]
    longest = int((name_end - name_start).max())
    if longest > LONG:
        return None
    for at in range(1, longest):
        text[np.minimum(name_start + at, name_end - 1)] = _SPACE
    text[name_start] = _ZERO
    text[ends] = _COMMA_CODE
    try:
        document: Any = simdjson.Parser().parse(b"[" + text[starts[0] : ends[-1]].tobytes() + b"]")
        numbers = np.frombuffer(document.as_buffer(of_type="d"), np.float64)
    except (ValueError, TypeError, RuntimeError):
        return None
    if len(numbers) != len(starts):
        return None
    pointed = ((codes == _POINT) | ((codes | 32) == _EXPONENT)).cumsum(dtype=np.int32)
    values = np.full((len(lines), MANY), np.nan)
    whole = np.zeros((len(lines), MANY), bool)
    values[:, :FEW] = numbers.reshape(-1, MANY)[:, 1:]
    whole[:, :FEW] = (pointed[ends - 1] == pointed[starts - 1]).reshape(-1, MANY)[:, 1:]
    names = [data[a:b] for a, b in zip(name_start.tolist(), name_end.tolist(), strict=True)]
    return RawRows(names, values, whole, lines, ())


def _without_commas(line: bytes) -> bytes:
    """Return a line in which numbers are parted by white space."""
    if b"," not in line or all(map(is_number, line.split()[-FEW:])):
        return line
    return _COMMA.sub(b" ", line)


def _rows(data: bytes, codes: Array, tokens: tuple[Array, Array], lines: Array, first: Array, counts: Array) -> RawRows:
    starts, ends = tokens
    long = counts > FEW
    tail = np.full(len(lines), FEW)
    wide = np.flatnonzero(counts > MANY)
    maybe = (first + counts)[wide] - MANY
    spans = zip(starts[maybe].tolist(), ends[maybe].tolist(), strict=True)
    tail[wide] += np.fromiter((is_number(data[a:b]) for a, b in spans), bool, len(wide))
    last_of_name = np.where(long, first + counts - tail, first + counts) - 1
    name_start = starts[first]
    name_end = ends[last_of_name]
    marks = np.zeros(len(codes) + 1, np.int8)
    marks[name_start] += 1
    marks[name_end] -= 1
    text = np.where(marks[:-1].cumsum(dtype=np.int8) > 0, np.uint8(_SPACE), codes).tobytes()
    found = parse_lines(text[1:-1])
    sound = np.ones(len(found.lines), bool)
    bad = [(int(lines[at]), _shown(data, name_start[at], name_end[at]), EXPECTED) for at in np.flatnonzero(~long)]
    for place, token in found.odd:
        if sound[place]:
            bad.append((int(found.lines[place]), repr(token[:40]), EXPECTED))
        sound[place] = False
    own = np.flatnonzero(long)[sound]
    starts, ends = name_start[own].tolist(), name_end[own].tolist()
    names = [data[a:b] for a, b in zip(starts, ends, strict=True)]
    kept = np.flatnonzero(sound)
    values, whole = _matrix(found.values, found.whole, found.offsets[kept], tail[own])
    return RawRows(names, values, whole, lines[own], tuple(sorted(bad)))


EXPECTED = "a class, then 14 numbers, or 15 with a score"


def _shown(data: bytes, start: int, end: int) -> str:
    text = data[start:end].decode("utf-8", "replace")
    return f"{len(text.split())} fields: {text[:50]!r}"


def _matrix(flat: Array, marks: Array, starts: Array, tail: Array) -> tuple[Array, Array]:
    """Return the numbers of lines and their marks, (n, 15), NaN and False where a line has no score."""
    values = np.full((len(starts), MANY), np.nan)
    whole = np.zeros((len(starts), MANY), bool)
    index = starts[:, None] + np.arange(FEW)
    values[:, :FEW], whole[:, :FEW] = flat[index], marks[index]
    scored = np.flatnonzero(tail == MANY)
    values[scored, FEW], whole[scored, FEW] = flat[starts[scored] + FEW], marks[starts[scored] + FEW]
    return values, whole
