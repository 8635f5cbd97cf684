"""Columns of raw JSON values as numpy arrays, without a Python object per number.

All values of a block are parsed at once. Rows that are not of the expected shape are found beforehand, in a few passes
over the bytes, and cost themselves alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import msgspec
import numpy as np
from msgspec import Raw

from annokit.codecs.json_joined import Flags, Joined, Layout, Positions, parsed

EXACT = float(2**53)
INTEGER = np.zeros(256, np.bool_)
INTEGER[list(b"-0123456789,[] ")] = True


@attrs.frozen(eq=False)
class Numbers:
    """The numbers of a column of arrays, flat, in the order of the source.

    A row that is absent or odd has no numbers, and length 0.
    """

    values: np.ndarray[Any, np.dtype[np.float64]]
    """(n,) float64, each the double nearest to its text."""
    lengths: tuple[Positions, ...]
    """int64 arrays, one per depth: first (rows,) the length of each row, last the numbers of each innermost array."""
    whole: Flags | None
    """(n,) bool, which numbers were written as integers; None if none was."""
    absent: Positions
    """(k,) int64, ascending: the rows without a value."""
    odd: Positions
    """(k,) int64, ascending: the rows with a value of another shape, or with an integer that no double holds."""


@attrs.frozen(eq=False)
class Scalars:
    """A column of single values."""

    values: Any
    """(rows,) float64 or int64, or a list of str; NaN, 0 or "" in absent and odd rows."""
    whole: Flags | None
    """(rows,) bool, which of float64 values were written as integers; None if none was."""
    absent: Positions
    """(k,) int64, ascending: the rows without a value."""
    odd: Positions
    """(k,) int64, ascending: the rows with another value."""


def numbers(raws: Sequence[Raw], depth: int = 1) -> Numbers:
    """Return the numbers of a column of arrays of numbers.

    Parameters
    ----------
    raws : sequence of msgspec.Raw
        One JSON value per row, empty where the row has none.
    depth : int
        Levels of arrays: 1 for ``[x, y, w, h]``, 2 for lists of rings ``[[x, y, ...], ...]``, 3 for lists of those.

    Returns
    -------
    Numbers
        Empty arrays are rows of length 0, not odd. Integers of 2**53 and beyond, which a double may not hold, are odd.
    """
    joined = Joined(raws, depth)
    joined.blank_words()
    while True:
        layout = Layout(joined)
        values = parsed(joined.text, "d")
        if values is None:
            joined.blank_refused("d")
            continue
        if layout.counts.sum() != len(values):
            joined.blank_misplaced(layout.misplaced())
            continue
        whole = _whole(joined, layout, values)
        beyond = _inexact(values, whole)
        if not len(beyond):
            return Numbers(values, layout.lengths(), whole, joined.absent, joined.odd)
        ends = np.cumsum(layout.counts)
        joined.blank(joined.rows_at(layout.marks[layout.inner[np.searchsorted(ends, beyond, "right")]]))


def floats(raws: Sequence[Raw]) -> Scalars:
    """Return a column of single numbers as float64; integers of 2**53 and beyond are odd."""
    joined = Joined(raws, 0)
    while (values := parsed(joined.text, "d")) is None:
        joined.blank_refused("d")
    whole = _whole(joined, None, values)
    joined.blank(_inexact(values, whole))
    column = np.full(len(raws), np.nan)
    column[joined.present] = np.where(joined.is_odd, np.nan, values)
    if whole is not None:
        flags = np.zeros(len(raws), np.bool_)
        flags[joined.present] = whole & ~joined.is_odd
        whole = flags if flags.any() else None
    return Scalars(column, whole, joined.absent, joined.odd)


def ints(raws: Sequence[Raw]) -> Scalars:
    """Return a column of single integers as int64; any other value is odd, ``1.0`` and ``2**63`` included."""
    joined = Joined(raws, 0)
    values = parsed(joined.text, "i")
    if values is None:
        joined.blank_foreign(INTEGER)
    while values is None and (values := parsed(joined.text, "i")) is None:
        joined.blank_refused("i")
    column = np.zeros(len(raws), np.int64)
    column[joined.present] = values
    return Scalars(column, None, joined.absent, joined.odd)


def texts(raws: Sequence[Raw]) -> Scalars:
    """Return a column of strings as a list; any other value is odd."""
    lengths = np.fromiter(map(len, raws), np.int64, len(raws))
    try:
        values = _strings(b"[" + b",".join(raws) + b"]") if lengths.all() else None
    except msgspec.DecodeError:
        values = None
    if values is not None:
        nothing = np.zeros(0, np.int64)
        return Scalars(values, None, nothing, nothing)
    quoted = np.fromiter((bytes(raw)[:1] == b'"' for raw in raws), np.bool_, len(raws))
    values = _strings(
        b"[" + b",".join([raw if is_text else b'""' for raw, is_text in zip(raws, quoted, strict=True)]) + b"]"
    )
    return Scalars(values, None, np.flatnonzero(lengths == 0), np.flatnonzero(~quoted & (lengths > 0)))


_strings = msgspec.json.Decoder(list[str]).decode


def _whole(joined: Joined, layout: Layout | None, values: Any) -> Flags | None:
    """Return which numbers were written without a point or exponent, None if none was.

    As many points as numbers: all are floats. As many without a point as have an integral value: those are the
    integers. Else the points are counted one by one.
    """
    exponents = b"e" in joined.text or b"E" in joined.text
    points = np.count_nonzero(joined.bytes == ord("."))
    if points == len(values) and not exponents:
        return None
    whole: Flags = values == np.floor(values)
    if exponents or np.count_nonzero(whole) != len(values) - points:
        whole = _without_point(joined, layout, len(values))
    return whole if whole.any() else None


def _without_point(joined: Joined, layout: Layout | None, count: int) -> Flags:
    whole = np.ones(count, np.bool_)
    data = joined.bytes
    points = np.flatnonzero((data == ord(".")) | ((data | 0x20) == ord("e")))
    if layout is None:
        whole[joined.row_at(points)] = False
        return whole
    begins = layout.marks[layout.inner]
    array = np.searchsorted(begins, points) - 1
    before = (np.cumsum(layout.counts) - layout.counts)[array]
    whole[before + layout.commas.before(points) - layout.commas.before(begins[array])] = False
    return whole


def _inexact(values: Any, whole: Flags | None) -> Positions:
    """Return the positions of integers that a double may not hold."""
    if whole is None:
        return np.zeros(0, np.int64)
    return np.flatnonzero(whole & (np.abs(values) >= EXACT))
