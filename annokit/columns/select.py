"""Which rows of a table are wanted, worked out once for all of its columns."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from annokit.columns.base import Array


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
