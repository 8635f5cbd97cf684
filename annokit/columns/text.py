"""A column of text in Arrow's layout."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, Self

import attrs
import numpy as np

from annokit.columns.base import Array, Column
from annokit.columns.select import gather, run_of


@attrs.frozen(eq=False)
class Text(Column):
    """UTF-8 text: all bytes in one array, and where each row begins.

    Parameters
    ----------
    data : (m,) uint8 array
        The bytes of all rows.
    offsets : (n + 1,) int64 array
        Row i is ``data[offsets[i]:offsets[i + 1]]``.
    """

    data: Array
    offsets: Array

    @classmethod
    def of(cls, texts: Iterable[str | bytes]) -> Self:
        """Return the column of `texts`; lone surrogates survive."""
        return cls.of_bytes([t if isinstance(t, bytes) else t.encode("utf-8", "surrogatepass") for t in texts])

    @classmethod
    def of_bytes(cls, texts: Sequence[bytes]) -> Self:
        """Return the column of UTF-8 bytes."""
        offsets = np.zeros(len(texts) + 1, np.int64)
        np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)), out=offsets[1:])
        return cls(np.frombuffer(b"".join(texts), np.uint8), offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def raw(self, row: int) -> bytes:
        """Return the bytes of one row."""
        return self.data[self.offsets[row] : self.offsets[row + 1]].tobytes()

    def raw_list(self) -> list[bytes]:
        """Return the bytes of every row."""
        blob = self._used().tobytes()
        ends = (self.offsets - self.offsets[0]).tolist()
        return [blob[a:b] for a, b in pairwise(ends)]

    def value(self, row: int) -> str:
        """Return the text of one row."""
        return self.raw(row).decode("utf-8", "surrogatepass")

    def values_of(self, rows: Array) -> list[Any]:
        """Return the texts of `rows`."""
        return [raw.decode("utf-8", "surrogatepass") for raw in self.take(rows).raw_list()]

    def take(self, rows: Array) -> Self:
        """Return the texts of `rows`."""
        run = run_of(rows)
        return type(self)(*gather(self.data, self.offsets, rows)) if run is None else self.slice(*run)

    def slice(self, start: int, stop: int) -> Self:
        """Return the texts from `start` up to `stop`, sharing memory."""
        if start == 0 and stop == len(self):
            return self.compact()
        own = self.offsets[start : stop + 1]
        return type(self)(self.data[own[0] : own[-1]], own - own[0])

    def equals(self, other: Column) -> bool:
        """Compare byte by byte."""
        if not isinstance(other, Text) or len(self) != len(other):
            return False
        mine, its = self.offsets - self.offsets[0], other.offsets - other.offsets[0]
        return bool(np.array_equal(mine, its) and np.array_equal(self._used(), other._used()))

    def _used(self) -> Array:
        return self.data[self.offsets[0] : self.offsets[-1]]

    @classmethod
    def join(cls, columns: Sequence[Self]) -> Self:
        """Return the columns one after another."""
        return cls(np.concatenate([column._used() for column in columns]), join_offsets([c.offsets for c in columns]))

    def compact(self) -> Self:
        """Return an equal column without bytes before the first or after the last row."""
        used = self._used()
        return self if len(used) == len(self.data) else type(self)(used, self.offsets - self.offsets[0])

    def parts(self) -> dict[str, Any]:
        """Return the arrays."""
        return {"data": self.data, "offsets": self.offsets}


def join_offsets(parts: Sequence[Array]) -> Array:
    """Return the offsets of ragged columns laid one after another; each may begin anywhere."""
    joined = np.zeros(sum(len(offsets) - 1 for offsets in parts) + 1, np.int64)
    place = end = 0
    for offsets in parts:
        stop = place + len(offsets) - 1
        np.add(offsets[1:], end - offsets[0], out=joined[place + 1 : stop + 1])
        place, end = stop, joined[stop]
    return joined
