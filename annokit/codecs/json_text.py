"""Arrays as JSON text, many values at a time and without a Python object per number.

A number that is marked as whole is written as an integer. Numbers must be finite.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import orjson

Array = np.ndarray[Any, np.dtype[Any]]

COMMA, CLOSE, NINE = b",]9"
ZERO = ord("0")
LARGE = 1e15
"""Numbers from here on may be printed with an exponent, and are left to Python."""


def dumps(values: Array) -> bytes:
    """Return an array as JSON, however its memory lies."""
    return orjson.dumps(np.ascontiguousarray(values), option=orjson.OPT_SERIALIZE_NUMPY)


def numbers(values: Array, whole: Array | None = None) -> list[bytes]:
    """Return each of (n,) numbers as JSON."""
    return listed(values, whole)[1:-1].split(b",") if len(values) else []


def rows(values: Array, whole: Array | None = None) -> list[bytes]:
    """Return each row of (n, k) numbers, k at least 1, as a JSON array."""
    if not len(values):
        return []
    return [b"[" + row + b"]" for row in listed(values, whole)[2:-2].split(b"],[")]


def listed(values: Array, whole: Array | None = None) -> bytes:
    """Return numbers of any shape as one JSON array; NaN as null."""
    if whole is None or not whole.any():
        return dumps(values)
    if whole.all():
        return _integers(values)
    if (np.abs(values[whole]) >= LARGE).any():
        return _one_by_one(values, whole)
    return _without_fraction(dumps(values), whole.ravel())


def _integers(values: Array) -> bytes:
    if (np.abs(values) < 2.0**63).all():
        return dumps(values.astype(np.int64))
    return _one_by_one(values, np.ones(values.shape, bool))


def _one_by_one(values: Array, whole: Array) -> bytes:
    """Return numbers by way of Python, which prints integers of any size."""
    import json

    mixed = values.astype(object)
    mixed[whole] = [int(value) for value in values[whole].tolist()]
    return json.dumps(mixed.tolist(), separators=(",", ":")).replace("NaN", "null").encode("ascii")


def _without_fraction(text: bytes, whole: Array) -> bytes:
    """Take the two characters ``.0`` from the numbers that are marked."""
    data = np.frombuffer(text, np.uint8)
    ends = np.flatnonzero((data == COMMA) | (data == CLOSE))
    last = data[ends - 1]
    ends = ends[((last >= ZERO) & (last <= NINE)) | (last == ord("l"))][whole]
    kept = np.ones(len(data), bool)
    kept[ends - 1] = kept[ends - 2] = False
    return data[kept].tobytes()


def groups(values: Array, whole: Array | None, sizes: Array, counts: Array) -> list[bytes]:
    """Return lists of lists of numbers as JSON, without the two outermost pairs of brackets.

    Parameters
    ----------
    values : (m,) float64 array
        All numbers.
    whole : (m,) bool array or None
        Which are integers.
    sizes : (r,) int64 array
        Numbers of each inner list, at least 1.
    counts : (n,) int64 array
        Inner lists of each row, at least 1.

    Returns
    -------
    list of bytes
        One text per row, such as ``1.5,2.5],[3.0,4.0``.
    """
    if not len(counts):
        return []
    ends = counts.cumsum() - 1
    gaps = np.ones(len(sizes), np.int64)
    gaps[ends] = 2
    stops = (sizes + gaps).cumsum()
    full = np.ones(int(stops[-1]) - 2, bool)
    full[(stops - gaps)[:-1]] = False
    full[(stops[ends] - 1)[:-1]] = False
    padded = np.full(len(full), np.nan)
    padded[full] = values
    marks = None
    if whole is not None:
        marks = np.zeros(len(full), bool)
        marks[full] = whole
    texts = listed(padded, marks)[1:-1].split(b",null,null,")
    for row in np.flatnonzero(counts > 1).tolist():
        texts[row] = texts[row].replace(b",null,", b"],[")
    return texts
