"""A step of narrowing about values that JSON has no word for: numbers that are not finite, and halves of characters."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from annokit.columns import Column, Json, Number, Sparse, Table, Text
from annokit.columns.base import Array
from annokit.formats.places import at_annotations, at_items
from annokit.formats.steps import cleared, public_name

if TYPE_CHECKING:
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset

_SUSPECT = re.compile(rb"NaN|Infinity|\\u[dD][89a-fA-F]|\xed[\xa0-\xbf]")
"""Matches what may be no JSON; most values hold nothing of the kind."""

_HALF = re.compile(rb"\xed[\xa0-\xbf]")
"""Matches a lone surrogate."""


def sayable(ds: Dataset, apply: bool) -> Found:
    """Leave out attributes and scores that JSON can't state: NaN, infinities, text with lone surrogates."""
    issues = []
    for table, what, place in ((ds._annotations, "annotations", at_annotations), (ds._items, "items", at_items)):
        changes: dict[str, Column | None] = {}
        for name, rows in _unsayable(table):
            told = f"{public_name(name)} is nothing that JSON can state"
            issues.append(place(ds, "dropped", public_name(name), told, rows))
            changes[name] = cleared(table.columns[name], rows)
        if changes:
            ds = ds._with(**{what: table.replace(changes)})
    return ds, issues


def _unsayable(table: Table) -> list[tuple[str, Array]]:
    names = [name for name in table.columns if name == "score" or name.startswith("attributes/")]
    found = [(name, _rows(table.sparse(name))) for name in names]
    return [(name, rows) for name, rows in found if len(rows)]


def _rows(column: Sparse | None) -> Array:
    """Return the rows whose value JSON can't state."""
    bad = np.zeros(0, bool) if column is None else _bad(column.values)
    if column is None or not bad.any():
        return np.zeros(0, np.int64)
    return np.asarray(column.present()[bad[column.all_slots()]])


def _bad(values: Column) -> Array:
    if isinstance(values, Number):
        return np.asarray(~np.isfinite(values.values).reshape(len(values), -1).all(axis=1))
    if isinstance(values, Json) and _SUSPECT.search(values.text.data.data) is not None:
        return np.array([_is_odd(raw) for raw in values.text.raw_list()], bool)
    if isinstance(values, Text) and _HALF.search(values.data.data) is not None:
        return np.array([_HALF.search(raw) is not None for raw in values.raw_list()], bool)
    return np.zeros(len(values), bool)


def _is_odd(raw: bytes) -> bool:
    """Tell whether a document is none to strict parsers."""
    if _SUSPECT.search(raw) is None:
        return False
    import msgspec

    try:
        msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return True
    return False
