"""Columns out of Python values, in the tightest type that holds them all unchanged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from annokit.columns.base import Array, Column
from annokit.columns.fixed import Fixed
from annokit.columns.json import Json
from annokit.columns.number import Number
from annokit.columns.sparse import Sparse, narrowest
from annokit.columns.text import Text

EXACT = 1 << 53
"""Largest integer up to which every integer is a double."""


def column_of(values: Sequence[Any]) -> Column:
    """Return the column of `values`: bool, int64, numbers, text, or JSON for all else; numpy scalars are unpacked."""
    kinds = set(map(type, values))
    if any(issubclass(kind, np.generic) for kind in kinds):
        return column_of([v.item() if isinstance(v, np.generic) else v for v in values])
    if kinds == {bool}:
        return Fixed(np.array(values, bool))
    if kinds == {int} and all(-(1 << 63) <= v < 1 << 63 for v in values):
        return Fixed(np.array(values, np.int64))
    if kinds in ({float}, {int, float}) and all(type(v) is float or -EXACT <= v <= EXACT for v in values):
        return Number.of(values)
    if kinds == {str}:
        return Text.of(values)
    return Json.of(values)


def sparse_of(length: int, rows: Sequence[int] | Array, values: Sequence[Any]) -> Sparse:
    """Return the column of `length` rows in which `rows`, ascending, have `values`; equal texts are stored once."""
    present = np.asarray(rows, np.int64)
    where = None if len(present) == length else present
    if len(values) > 8 and all(type(value) is str for value in values):
        return _dictionary(length, where, values)
    return Sparse(length, where, None, column_of(values))


def _dictionary(length: int, rows: Array | None, values: Sequence[str]) -> Sparse:
    codes: dict[str, int] = {}
    slots = np.fromiter((codes.setdefault(value, len(codes)) for value in values), np.int64, len(values))
    if len(codes) > len(values) // 2:
        return Sparse(length, rows, None, Text.of(values))
    return Sparse(length, rows, narrowest(slots, len(codes)), Text.of(codes))
