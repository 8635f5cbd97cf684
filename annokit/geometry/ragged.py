"""Lists of different lengths in one flat array, as Arrow lays them out.

Row i of a ragged array is ``values[offsets[i]:offsets[i + 1]]``; `offsets` has one entry more than there are rows, is
int64 and never falls. It need not begin at 0: a run of rows is ``offsets[a:b + 1]`` over the same values.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np


def lengths(offsets: np.ndarray) -> np.ndarray:
    """Return the (n,) int64 lengths of the rows."""
    return np.diff(offsets)


def offsets_of(lengths: np.ndarray | Sequence[int]) -> np.ndarray:
    """Return the (n + 1,) int64 offsets of rows with these lengths."""
    out = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=out[1:])
    return out


def owners(offsets: np.ndarray) -> np.ndarray:
    """Return the (m,) int64 row of every value, counted from 0."""
    return np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))


def compose(outer: np.ndarray, inner: np.ndarray) -> np.ndarray:
    """Return the offsets of lists of lists without the middle level: points per shape, of rings and shapes."""
    return np.asarray(inner[outer])


def take(offsets: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Select rows.

    Parameters
    ----------
    offsets : (n + 1,) int64 array
        The rows' offsets.
    rows : (k,) integer array
        Rows to take, in any order, repeats allowed.

    Returns
    -------
    new_offsets : (k + 1,) int64 array
        Offsets of the selection, from 0.
    flat_index : (m,) int64 array
        ``values[flat_index]`` are the values of the selection.
    """
    rows = np.asarray(rows, np.int64)
    if (run := _run(rows)) is not None:
        part = offsets[run.start : run.stop + 1]
        return part - part[0], np.arange(part[0], part[-1])
    starts = offsets[rows]
    new = offsets_of(offsets[rows + 1] - starts)
    flat = np.repeat(starts - new[:-1], np.diff(new))
    flat += np.arange(len(flat))
    return new, flat


def gather(values: np.ndarray, offsets: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (values, offsets) of the selected rows; the values are a view where the rows follow each other."""
    rows = np.asarray(rows, np.int64)
    if (run := _run(rows)) is not None:
        part = offsets[run.start : run.stop + 1]
        return values[part[0] : part[-1]], part - part[0]
    new, flat = take(offsets, rows)
    return values[flat], new


def _run(rows: np.ndarray) -> range | None:
    """Return the rows as a range where each is one more than the one before."""
    n = len(rows)
    if not n:
        return range(0)
    first = int(rows[0])
    if first < 0 or int(rows[-1]) - first != n - 1 or (n > 2 and not (np.diff(rows) == 1).all()):
        return None
    return range(first, first + n)


def reduce(values: np.ndarray, offsets: np.ndarray, operation: np.ufunc, empty: float) -> np.ndarray:
    """Reduce every row to one number.

    Parameters
    ----------
    values : (m,) or (m, k) array
        The flat values.
    offsets : (n + 1,) int64 array
        The rows' offsets.
    operation : ufunc
        ``np.add``, ``np.minimum`` or ``np.maximum``.
    empty : float
        The result of an empty row.

    Returns
    -------
    (n,) or (n, k) array
        Of the values' dtype; `empty` must fit it.
    """
    starts = offsets[:-1]
    filled = offsets[1:] > starts
    if filled.all():
        if not len(starts):
            return np.empty((0, *values.shape[1:]), values.dtype)
        return np.asarray(operation.reduceat(values[: offsets[-1]], starts, axis=0))
    out = np.full((len(starts), *values.shape[1:]), empty, values.dtype)
    if filled.any():
        out[filled] = operation.reduceat(values[: offsets[-1]], starts[filled], axis=0)
    return out


def pack(rows: Iterable[np.ndarray], dtype: type | np.dtype = np.float64) -> tuple[np.ndarray, np.ndarray]:
    """Return (values, offsets) of separate arrays; of (n, 2) arrays, where there are none, values of shape (0,)."""
    listed = [np.asarray(row, dtype) for row in rows]
    values = np.concatenate(listed) if listed else np.empty(0, dtype)
    return values, offsets_of([len(row) for row in listed])
