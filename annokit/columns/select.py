"""Which rows of a table are wanted, worked out once for all of its columns; and gathering the lists of rows."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from annokit.columns.base import Array

BLOCK = 1 << 17
"""Values gathered at a time, so that their index stays in the processor's cache."""


class Selection:
    """Rows of a table of `length` rows, in the wanted order.

    Parameters
    ----------
    rows : (k,) int64 array
        Row numbers, each in [0, length); they may repeat.
    length : int
        Rows of the table.
    """

    def __init__(self, rows: Array, length: int) -> None:
        self.rows = np.asarray(rows, np.int64)
        self.length = length

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def inverse(self) -> Array | None:
        """New row of each old row, (length,) int64, -1 where it goes; None where a row is taken twice."""
        inverse = np.full(self.length, -1, np.int64)
        inverse[self.rows] = np.arange(len(self.rows))
        unique = self.ascending or np.array_equal(inverse[self.rows], np.arange(len(self.rows)))
        return inverse if unique else None

    @cached_property
    def ascending(self) -> bool:
        """Whether the rows ascend strictly, so that order is kept and none repeats."""
        return bool((self.rows[1:] > self.rows[:-1]).all())


def run_of(rows: Array) -> tuple[int, int] | None:
    """Return (start, stop) where `rows`, at least one, are start, start + 1, ..., stop - 1; else None."""
    count = len(rows)
    if not count:
        return None
    start = int(rows[0])
    if start < 0 or int(rows[-1]) - start != count - 1 or (count > 2 and not (rows[1:] - rows[:-1] == 1).all()):
        return None
    return start, start + count


def gather(values: Array, offsets: Array, rows: Array) -> tuple[Array, Array]:
    """Return the values of ragged `rows`, one after another, and their offsets.

    Parameters
    ----------
    values : (m, ...) array
        The values of all rows.
    offsets : (n + 1,) int64 array
        Row i is ``values[offsets[i]:offsets[i + 1]]``.
    rows : (k,) integer array
        Rows to take, in any order, repeats allowed.
    """
    starts = offsets[rows]
    sizes = offsets[np.asarray(rows, np.int64) + 1] - starts
    ends = np.zeros(len(rows) + 1, np.int64)
    np.cumsum(sizes, out=ends[1:])
    found = np.empty((int(ends[-1]), *values.shape[1:]), values.dtype)
    shift = starts - ends[:-1]
    step = max(1, BLOCK * len(rows) // max(len(found), 1))
    for first in range(0, len(rows) if len(found) else 0, step):
        block = slice(first, first + step)
        low, high = int(ends[first]), int(ends[min(first + step, len(rows))])
        index = shift[block].repeat(sizes[block])
        index += np.arange(low, high)
        values.take(index, axis=0, out=found[low:high], mode="clip")  # "raise" would buffer; the index is in range
    return found, ends
