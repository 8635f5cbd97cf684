"""The numbers of many label files, gathered in blocks and checked row by row."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import attrs
import numpy as np

from annokit.codecs.number_lines import Lines, joined, parse_lines
from annokit.columns.base import Array
from annokit.errors import FormatError

if TYPE_CHECKING:
    from annokit.codecs.source import Source
    from annokit.formats.context import ReadContext

BLOCK_BYTES = 1 << 20
"""Bytes of label files parsed at a time."""


@attrs.frozen(eq=False)
class RawRows:
    """The rows of all label files, in the files' order."""

    files: Array
    """(n,) int64: position of each row's file."""

    lines: Array
    """(n,) int64: line in it, from 1."""

    offsets: Array
    """(n + 1,) int64: row i holds the numbers ``offsets[i]`` up to ``offsets[i + 1]``."""

    values: Array
    """(m,) float64 numbers."""

    whole: Array
    """(m,) bool, True where a number is written as an integer."""

    @property
    def lengths(self) -> Array:
        """(n,) int64: how many numbers each row has."""
        return np.diff(self.offsets)

    def take(self, rows: Array) -> RawRows:
        """Return the rows that a bool mask or row numbers choose."""
        from annokit.geometry.ragged import take

        if rows.dtype == bool:
            if rows.all():
                return self
            rows = np.flatnonzero(rows)
        offsets, index = take(self.offsets, rows)
        return RawRows(self.files[rows], self.lines[rows], offsets, self.values[index], self.whole[index])

    def text(self, row: int) -> str:
        """Return a row as it may have been written, for messages."""
        own = slice(int(self.offsets[row]), int(self.offsets[row + 1]))
        pairs = zip(self.values[own].tolist(), self.whole[own].tolist(), strict=True)
        return " ".join(str(int(value)) if whole and abs(value) < 1e15 else repr(value) for value, whole in pairs)[:60]


def gather(
    source: Source, names: Sequence[str | None], context: ReadContext, following: int = 0
) -> tuple[RawRows, Array]:
    """Return the rows of label files, and (f,) bool, which files could not be read.

    Parameters
    ----------
    source : Source
        Holds the files.
    names : sequence of (str or None)
        Their names; None where a picture has no label file.
    context : ReadContext
        Gets a problem for each file that can't be read and each row that holds something else than numbers.
    following : int
        Steps of the progress that come after these files.
    """
    read = reader_of(source)
    blocks: list[RawRows] = []
    unread = np.zeros(len(names), bool)
    texts: list[bytes] = []
    size = first = 0
    for place, name in enumerate(names):
        text = b""
        if name is not None:
            try:
                text = read(name)
            except FormatError as error:
                context.problems.add(error)
                unread[place] = True
        texts.append(text)
        size += len(text)
        if size >= BLOCK_BYTES or place + 1 == len(names):
            blocks.append(_block(texts, first, source, names, context))
            texts, size, first = [], 0, place + 1
            context.progress(place + 1, len(names) + following)
    return _joined(blocks), unread


def reader_of(source: Source) -> Callable[[str], bytes]:
    """Return a function that reads a whole member; of a folder's small files with one system call each."""
    if source.kind != "folder":
        return source.read

    def read(name: str) -> bytes:
        try:
            handle = os.open(f"{source.label}/{name}", os.O_RDONLY | getattr(os, "O_BINARY", 0))
        except OSError:
            return source.read(name)
        try:
            data = os.read(handle, 1 << 16)
            if len(data) == 1 << 16:
                pieces = [data]
                while piece := os.read(handle, 1 << 20):
                    pieces.append(piece)
                data = b"".join(pieces)
        except OSError:
            return source.read(name)
        finally:
            os.close(handle)
        return data

    return read


def _block(
    texts: list[bytes], first: int, source: Source, names: Sequence[str | None], context: ReadContext
) -> RawRows:
    data, _ = joined(texts)
    parsed = parse_lines(data)
    starts = np.cumsum([0, *(_lines_of(text) for text in texts)])
    own = starts.searchsorted(parsed.lines, "right") - 1
    lines = parsed.lines - starts[own] + 1
    rows = RawRows(own + first, lines, parsed.offsets, parsed.values, parsed.whole)
    return _without_odd(rows, parsed, source, names, context) if parsed.odd else rows


def _lines_of(text: bytes) -> int:
    """Return how many lines a file has in the joined text."""
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return text.count(b"\n") + (not text.endswith(b"\n") and text not in (b"", b"\xef\xbb\xbf"))


def _without_odd(
    rows: RawRows, parsed: Lines, source: Source, names: Sequence[str | None], context: ReadContext
) -> RawRows:
    keep = np.ones(len(rows.files), bool)
    for place, token in parsed.odd:
        if keep[place]:
            name = names[int(rows.files[place])]
            error = FormatError(
                "this row can't be read",
                path=source.where(str(name)),
                line=int(rows.lines[place]),
                found=repr(token[:40]),
                expected="finite numbers",
            )
            context.problems.add(error)
        keep[place] = False
    return rows.take(keep)


def _joined(blocks: Sequence[RawRows]) -> RawRows:
    if not blocks:
        none = np.zeros(0, np.int64)
        return RawRows(none, none, np.zeros(1, np.int64), np.zeros(0), np.zeros(0, bool))
    if len(blocks) == 1:
        return blocks[0]
    counts = np.concatenate([block.lengths for block in blocks])
    offsets = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=offsets[1:])
    return RawRows(
        np.concatenate([block.files for block in blocks]),
        np.concatenate([block.lines for block in blocks]),
        offsets,
        np.concatenate([block.values for block in blocks]),
        np.concatenate([block.whole for block in blocks]),
    )
