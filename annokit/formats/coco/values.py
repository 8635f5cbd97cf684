"""Raw JSON values of one key as columns, without a Python object per number."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import chain, compress

import numpy as np
from msgspec import Raw

from annokit.codecs import json_numbers as parse
from annokit.columns import Column, Fixed, Json, Number, Sparse, Text
from annokit.columns.base import Array
from annokit.columns.json import loads
from annokit.columns.sparse import narrowest

QUOTE, BACKSLASH, TRUE, FALSE = b'"\\tf'

FEW = 4
"""Values are stored once where they occur this many times on average."""

Raws = Sequence[Raw]


def lengths_of(raws: Raws) -> Array:
    """Return the (n,) bytes of each value, 0 where a record lacks the key."""
    return np.fromiter(map(len, raws), np.int64, len(raws))


def chosen(raws: Raws, rows: Array) -> Raws:
    """Return the values of ascending `rows`."""
    return raws if len(rows) == len(raws) else [raws[row] for row in rows.tolist()]


def spread(count: int, rows: Array, values: Column) -> Sparse:
    """Return the column of `count` rows in which `rows`, ascending, have `values`."""
    return Sparse(count, None if len(rows) == count else rows, None, values)


def verbatim(raws: Raws, rows: Array | None = None) -> Sparse | None:
    """Return the values of `rows`, by default of all that there are, as they stand in the file."""
    if rows is None:
        rows = np.flatnonzero(lengths_of(raws))
    if not len(rows):
        return None
    own = chosen(raws, rows)
    return _shared(len(raws), rows, own, _documents) or spread(len(raws), rows, _documents(own))


def _documents(raws: Sequence[Raw | bytes]) -> Json:
    lengths = np.fromiter(map(len, raws), np.int64, len(raws))
    return Json(Text(np.frombuffer(b"".join(raws), np.uint8), _ends(lengths)))


def _ends(lengths: Array) -> Array:
    ends = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=ends[1:])
    return ends


class _Codes(dict[bytes, int]):
    def __missing__(self, key: bytes) -> int:
        code = self[key] = len(self)
        return code


def _shared(count: int, rows: Array, raws: Raws, make: Callable[[Sequence[bytes]], Column]) -> Sparse | None:
    """Return a column that stores each distinct value once; None where too few are equal."""
    if len(rows) < FEW:
        return None
    joined = b",".join(raws)
    parts = joined.split(b",")
    if len(parts) != len(raws):
        parts = [bytes(raw) for raw in raws]
    if len(parts) > 4 * FEW and len(set(parts[:64])) * FEW > len(parts[:64]) * (FEW - 1):
        return None
    codes = _Codes()
    slots = np.fromiter(map(codes.__getitem__, parts), np.int64, len(parts))
    if len(codes) * FEW > len(parts):
        return None
    return Sparse(count, None if len(rows) == count else rows, narrowest(slots, len(codes)), make(list(codes)))


def typed(raws: Raws) -> Sparse:
    """Return the values of an attribute, none absent, in the tightest type that holds them all unchanged."""
    count, rows = len(raws), np.arange(len(raws))
    simple = _simple(raws)
    if simple is not None:
        return Sparse(count, None, None, simple)
    shared = _shared(count, rows, raws, _plain)
    if shared is None:
        return Sparse(count, None, None, _tightest(raws))
    return shared if isinstance(shared.values, Text | Json) else Sparse(count, None, None, shared.dense())


def _simple(raws: Raws) -> Column | None:
    """Return values, none absent, that are all integers, all numbers or all flags."""
    first = bytes(raws[0])[:1]
    if first in b"-0123456789":
        return _numbers(raws)
    return _flags(raws) if first in b"tf" else None


def _plain(raws: Sequence[bytes]) -> Column:
    """Return a few values by way of Python."""
    from annokit.columns.make import column_of

    column = column_of([loads(raw) for raw in raws])
    return _documents(raws) if isinstance(column, Json) else column


def _tightest(raws: Raws) -> Column:
    """Return many values, none absent, by type."""
    found = texts(raws) if bytes(raws[0])[:1] == b'"' else None
    return _documents(raws) if found is None else found


def _numbers(raws: Raws) -> Column | None:
    integers = parse.ints(raws)
    if not len(integers.odd):
        return Fixed(integers.values)
    numbers = parse.floats(raws)
    return None if len(numbers.odd) else Number(numbers.values, numbers.whole)


def _flags(raws: Raws) -> Column | None:
    data = np.frombuffer(b"".join(raws), np.uint8)
    first = data[_ends(lengths_of(raws))[:-1]]
    flags = first == TRUE
    return Fixed(flags) if (flags | (first == FALSE)).all() else None


def texts(raws: Raws) -> Text | None:
    """Return strings, none absent; None where a value is none."""
    data = np.frombuffer(b"".join(raws), np.uint8)
    ends = _ends(lengths_of(raws))
    if (data[ends[:-1]] != QUOTE).any():
        return None
    if (data == BACKSLASH).any():
        found = parse.texts(raws)
        return None if len(found.odd) else Text.of(found.values)
    inner = np.ones(len(data), bool)
    inner[ends[:-1]] = inner[ends[1:] - 1] = False
    return Text(data[inner], ends - 2 * np.arange(len(ends)))


def integers_of(columns: Mapping[str, Raws]) -> dict[str, parse.Scalars]:
    """Return the columns that hold nothing but integers, all parsed in one go."""
    likely = {key: raws for key, raws in columns.items() if len(raws) and bytes(raws[0])[:1] != b'"'}
    if not likely:
        return {}
    found = parse.ints(list(chain.from_iterable(likely.values())))
    parsed = {}
    for number, (key, raws) in enumerate(likely.items()):
        start, stop = number * len(raws), (number + 1) * len(raws)
        if not len(_within(found.odd, start, stop)):
            absent = _within(found.absent, start, stop)
            parsed[key] = parse.Scalars(found.values[start:stop], None, absent, found.odd[:0])
    return parsed


def _within(rows: Array, start: int, stop: int) -> Array:
    low, high = rows.searchsorted([start, stop])
    return rows[low:high] - start


def ids(raws: Raws, integers: parse.Scalars | None = None) -> tuple[Column | None, Array, Array]:
    """Return a column of ids (integers of any size, strings), the rows without a value, and those with another one."""
    if integers is not None:
        return dense(integers), integers.absent, integers.odd
    lengths = lengths_of(raws)
    found, odd = _mixed_ids(raws, np.flatnonzero(lengths))
    return found, np.flatnonzero(lengths == 0), odd


def dense(integers: parse.Scalars) -> Column | None:
    """Return the column of integers, none of them odd."""
    count = len(integers.values)
    if not len(integers.absent):
        return Fixed(integers.values)
    rows = np.setdiff1d(np.arange(count), integers.absent)
    return spread(count, rows, Fixed(integers.values[rows])) if len(rows) else None


def _mixed_ids(raws: Raws, rows: Array) -> tuple[Column | None, Array]:
    if not len(rows):
        return None, rows
    own = chosen(raws, rows)
    strings = texts(own)
    if strings is not None:
        return spread(len(raws), rows, strings), rows[:0]
    integers = parse.ints(own)
    good = np.array([is_id(bytes(raw)) for raw in own])
    kept = list(compress(own, good.tolist()))
    column: Column = Fixed(integers.values[good]) if not good[integers.odd].any() else _documents(kept)
    return (spread(len(raws), rows[good], column) if kept else None), rows[~good]


def is_id(raw: bytes) -> bool:
    """Tell whether a JSON value is an integer or a string."""
    return raw[:1] == b'"' or raw.lstrip(b"-").isdigit()
