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

from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

import msgspec

from annokit.codecs.json_blocks import REFUSED, Block, Decode, replaced_constants
from annokit.codecs.json_document import Document, Rest, kind, skip_mark, tree
from annokit.codecs.json_faults import value_fault
from annokit.codecs.json_window import WHITESPACE, Reading, Source, Window

__all__ = ["Block", "Reading", "Rest", "raw_records", "split", "split_lines"]

raw_records = msgspec.json.Decoder(list[msgspec.Raw]).decode
"""The plainest decoder: each record as the bytes that stand in the source (a ``msgspec.Raw``)."""


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
    return Document(Window(source, how or Reading()), tree(paths)).parts()


def split_lines(source: Source, decode: Decode[Any], how: Reading | None = None) -> Iterator[Block]:
    """Yield the records of a file with one JSON object per line, in blocks; empty lines are skipped.

    Parameters and errors are those of `split`, with line numbers, from 1, in place of pointers.
    """
    window = Window(source, how or Reading())
    skip_mark(window)
    line, first = 1, 0
    while True:
        text = _whole_lines(window)
        if not text:
            return
        lines = text.split(b"\n")
        numbers = tuple(line + i for i, row in enumerate(lines) if row.strip(WHITESPACE))
        if numbers:
            own = [lines[number - line] for number in numbers]
            records = _line_records(window.how, own, numbers, decode)
            if (found := window.how.repeats) is not None:
                for number, row in zip(numbers, own, strict=True):
                    found.look_later(row, f"{window.how.place} line {number} ".lstrip())
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
            raise how.error("not a record", line=number, found=kind(line.lstrip()[0]), expected="an object")
        try:
            decode(b"[" + line + b"]")
        except REFUSED as error:
            raise how.error(f"not a record: {error}", line=number) from error
    raise how.error("the lines can't be read as records", line=numbers[0])
