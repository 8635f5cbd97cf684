"""Writing: one pass over the columns for the header, one for the bytes."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from annokit.columns.base import Array
from annokit.errors import UsageError
from annokit.formats.annokit import schema
from annokit.formats.annokit.layout import DTYPES, Entry, aligned, packed
from annokit.formats.annokit.tree import TABLES, planted

if TYPE_CHECKING:
    from annokit.codecs.output import Output
    from annokit.formats.context import Progress, WriteContext
    from annokit.model.dataset import Dataset

PIECE = 4 << 20
"""Bytes written at a time."""


def write(dataset: Dataset, output: Output, context: WriteContext) -> None:
    """Write a dataset; nothing of it is copied but, one column at a time, columns that hold more than is in use."""
    try:
        schema.check({name: getattr(dataset, f"_{name}") for name in TABLES})
    except ValueError as error:
        raise UsageError(f"this dataset can't be stored: {error}") from error
    plan = Plan()
    tree = planted(dataset, plan.add)
    with output.open(f"{context.stem}.annokit") as file:
        file.write(packed(plan.entries, plan.checksums, tree))
        planted(dataset, Pour(file, plan, context.progress).add)


class Plan:
    """Where each array goes, and its checksum."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.checksums: dict[str, int] = {}

    @property
    def size(self) -> int:
        """Bytes of all arrays with the padding between them."""
        return self.entries[-1].stop if self.entries else 0

    def add(self, name: str, array: Array) -> str:
        """Take the next array and return its name in the file, which no other has."""
        name = name.encode("utf-8", "backslashreplace").decode()
        while name in self.checksums:
            name += "'"
        dtype = array.dtype.newbyteorder("<")
        if dtype not in DTYPES.values():
            raise UsageError(f"the column {name!r} holds {array.dtype}; a file holds numbers of at most 64 bits")
        start = aligned(self.size)
        self.entries.append(Entry(name, dtype, array.shape, start, start + array.nbytes))
        checksum = 0
        for piece in pieces(array):
            checksum = zlib.crc32(piece, checksum)
        self.checksums[name] = checksum
        return name


class Pour:
    """Writes the arrays of a plan in their order."""

    def __init__(self, file: BinaryIO, plan: Plan, progress: Progress) -> None:
        self._file = file
        self._entries = iter(plan.entries)
        self._size = plan.size
        self._progress = progress
        self._end = 0

    def add(self, name: str, array: Array) -> str:
        """Write the next array."""
        entry = next(self._entries)
        self._file.write(bytes(entry.start - self._end))
        self._end = entry.start
        for piece in pieces(array):
            self._file.write(piece)
            self._end += len(piece)
            self._progress(self._end, self._size)
        return entry.name


def pieces(array: Array) -> Iterator[Any]:
    """Yield the bytes of an array, little-endian and in C order, some megabytes at a time."""
    rows = max(1, PIECE * len(array) // max(array.nbytes, 1))
    for start in range(0, len(array) if array.nbytes else 0, rows):
        block = np.ascontiguousarray(array[start : start + rows])
        flat = block.astype(block.dtype.newbyteorder("<"), copy=False).reshape(-1)
        yield flat.view(np.uint8).data
