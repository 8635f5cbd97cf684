"""Where a large JSON file may be cut into ranges of bytes that are read apart from each other.

The places are guesses from a look at a few windows; each is proven when the range before it, read from a proven place,
comes to it exactly between two records of the array that it was taken for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

import attrs
import msgspec
import orjson

PIECE = 1 << 20
TRIES = 8
HEAD = re.compile(rb'[ \t\n\r]*\{[ \t\n\r]*"[^"\\]*"[ \t\n\r]*:')
START = rb"[ \t\n\r]*:[ \t\n\r]*\["
REFUSED = (msgspec.MsgspecError, RecursionError)

_records = msgspec.json.Decoder(list[msgspec.Raw]).decode


@attrs.frozen
class Range:
    """Bytes `start` to `stop` of a file."""

    start: int
    stop: int | None
    """None: to the end of the file."""
    inside: str | None = None
    """Pointer of the array behind one of whose commas the range begins; None at the start of the file."""
    then: str | None = None
    """Pointer of the array in which the range ends; None at the end of the file."""


def cut_file(path: Path, pointers: Iterable[str], count: int, head: int = 0) -> list[Range]:
    """Return at most `count` ranges that make up a file; one if no place to cut is found.

    They are of about the same size, but for the first one, which is larger by `head` bytes.
    """
    share = (path.stat().st_size - head) // count
    targets = [head + share * part for part in range(1, count)]
    with path.open("rb") as file:
        arrays = _array_starts(file, pointers, max(targets, default=0))
        places = [_place(file, arrays, target) for target in targets]
    found = sorted({place for place in places if place is not None})
    starts: list[tuple[int, str | None]] = [(0, None), *found]
    stops: list[tuple[int | None, str | None]] = [*found, (None, None)]
    return [Range(start, stop, a, b) for (start, a), (stop, b) in zip(starts, stops, strict=True)]


def _array_starts(file: BinaryIO, pointers: Iterable[str], end: int) -> list[tuple[int, str, re.Pattern[bytes]]]:
    """Return (offset, pointer, what a cut looks like) of the likely first occurrence of each array before `end`."""
    starts = []
    for pointer in pointers:
        offset = _array_start(file, pointer, end)
        if offset is not None:
            file.seek(offset)
            head = HEAD.match(file.read(4096))
            if head:
                starts.append((offset, pointer, re.compile(rb"\}[ \t\n\r]*(,)" + re.escape(head.group()))))
    return sorted(starts, key=lambda start: start[0])


def _array_start(file: BinaryIO, pointer: str, end: int) -> int | None:
    """Return the offset behind the opening bracket of an array, found by its key alone."""
    key = pointer.rsplit("/", 1)[-1].replace("~1", "/").replace("~0", "~")
    name = orjson.dumps(key) if pointer else b"["
    pattern = re.compile(re.escape(name) + START) if pointer else re.compile(rb"\[")
    file.seek(0)
    offset, data = 0, b""
    while offset < end:
        piece = file.read(PIECE)
        if not piece:
            return None
        data = data[-256:] + piece
        offset += len(piece)
        match = pattern.search(data) if name in data else None
        if match:
            return offset - len(data) + match.end()
    return None


def _place(file: BinaryIO, arrays: list[tuple[int, str, re.Pattern[bytes]]], target: int) -> tuple[int, str] | None:
    """Return a likely cut behind `target` as (offset behind the comma, pointer of its array)."""
    before = [array for array in arrays if array[0] < target]
    if not before:
        return None
    _, pointer, pattern = before[-1]
    file.seek(target)
    data = file.read(PIECE)
    commas = [match.start(1) for match in pattern.finditer(data)]
    pairs = ((first, last) for last in reversed(commas[-TRIES:]) for first in commas[:TRIES] if first < last)
    for first, last in pairs:
        try:
            _records(b"[" + data[first + 1 : last] + b"]")
        except REFUSED:
            continue
        return target + first + 1, pointer
    return None
