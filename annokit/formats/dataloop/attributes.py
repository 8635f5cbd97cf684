"""Attributes of annotations: the old list of names, and the new object of values."""

from __future__ import annotations

from typing import Any

import numpy as np
from msgspec import MsgspecError, Raw

from annokit.columns import Fixed, Json, Sparse
from annokit.columns.base import Array
from annokit.columns.json import loads
from annokit.columns.sparse import narrowest
from annokit.formats.dataloop.batch import Sheet
from annokit.formats.dataloop.parse import dictionary
from annokit.formats.dataloop.values import Values

V1, V2 = "attributes", "metadata.system.attributes"

Found = dict[str, list[tuple[Array, Any]]]
"""Rows and their raw value, by name."""


def attributes(sheet: Sheet, old: Values, new: Values) -> None:
    """Read both kinds of attributes into columns ``attributes/<name>``.

    An old one is a flag; ``#v1`` keeps the list, so that it is written as one again. Where a new one has its name, the
    old list stays verbatim.
    """
    found: Found = {}
    rest = read_members(new, found)
    sheet.keep(V2, new, rest)
    sheet.tell_odd(V2, new, rest[[new.raws[row] != b"{}" for row in rest.tolist()]])
    _read_old(sheet, old, found)
    put_attributes(sheet, found)


def put_attributes(sheet: Sheet, found: Found) -> None:
    """Add a column per attribute, of JSON values for now."""
    for name, pieces in found.items():
        rows = np.concatenate([own for own, _ in pieces])
        order = rows.argsort(kind="stable")
        slots = np.arange(len(pieces)).repeat([len(own) for own, _ in pieces])[order]
        values = Json.of([bytes(value) for _, value in pieces])
        where = None if len(rows) == sheet.count else rows[order]
        sheet.put(f"attributes/{name}", Sparse(sheet.count, where, narrowest(slots, len(pieces)), values))


def _grouped(values: Values, rows: Array) -> list[tuple[bytes, Array]]:
    """Return the distinct values of `rows`, and the rows of each."""
    if not len(rows):
        return []
    codes, distinct = values.take(rows).codes()
    order = codes.argsort(kind="stable")
    ends = np.searchsorted(codes[order], np.arange(len(distinct) + 1))
    return [(raw, rows[order[a:b]]) for raw, a, b in zip(distinct, ends[:-1], ends[1:], strict=True)]


def read_members(values: Values, found: Found) -> Array:
    """Gather the members of objects, and return the rows that are none, or that have no members or one without name."""
    verbatim: list[Array] = []
    for raw, rows in _grouped(values, values.rows):
        members = _members(raw)
        if not members or "" in members:
            verbatim.append(rows)
            continue
        for name, value in members.items():
            _add(found, name, rows, value)
    return _joined(verbatim)


def _read_old(sheet: Sheet, values: Values, found: Found) -> None:
    if values.empty or (values.constant and values.raws[0] == b"[]"):
        return
    taken = {name: {row for rows, _ in pieces for row in rows.tolist()} for name, pieces in found.items()}
    verbatim: list[Array] = []
    odd: list[Array] = []
    marked = np.full(sheet.count, -1, np.int64)
    lists: list[bytes] = []
    for raw, every in _grouped(values, values.rows):
        names = loads(raw)
        if names == []:
            continue
        rows = every
        if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
            verbatim.append(rows)
            odd.append(rows)
            continue
        clash = [bool(any(row in taken.get(name, ()) for name in names)) for row in rows.tolist()]
        verbatim.append(rows[clash])
        rows = rows[~np.array(clash, bool)]
        marked[rows] = len(lists)
        lists.append(raw)
        for name in dict.fromkeys(names):
            _add(found, name, rows, Raw(b"true"))
    sheet.keep(V1, values, _joined(verbatim))
    sheet.tell_odd(V1, values, _joined(odd))
    sheet.mark("v1", marked, lists)


def _members(raw: bytes) -> dict[str, Raw] | None:
    try:
        return dictionary(raw)
    except MsgspecError:
        return None


def _add(found: Found, name: str, rows: Array, value: Any) -> None:
    if len(rows):
        found.setdefault(name, []).append((rows, value))


def _joined(rows: list[Array]) -> Array:
    return np.sort(np.concatenate(rows)) if rows else np.zeros(0, np.int64)


__all__ = ["Fixed", "attributes"]
