"""A step of narrowing about keys that a file lacked: what the dataset states by now is written after all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.columns import MISSING, Json, Sparse, Table
from annokit.columns.base import Array
from annokit.columns.json import dumps, same
from annokit.columns.sparse import narrowest
from annokit.formats.dataloop.attributes import V1
from annokit.formats.dataloop.facts import EXTRA
from annokit.formats.dataloop.fit_rows import TIMED
from annokit.formats.dataloop.geometry import types_of
from annokit.formats.dataloop.groups import continuing
from annokit.formats.dataloop.records import marks
from annokit.formats.places import at_annotations
from annokit.model.schema import KIND_CODE

if TYPE_CHECKING:
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset

ABSENT, V1_MARK = f"{EXTRA}#absent", f"{EXTRA}#v1"

SYSTEM, USER = "metadata.system", "metadata.user"

SHAPES = ("kind", "box", "points", "rotated", "ellipse", "cuboid", "mask", "keypoints")
"""Columns of geometry."""


def stated_by_now(ds: Dataset, apply: bool) -> Found:
    """Forget that keys were not there where there is something to write under them."""
    table = ds._annotations
    column = table.sparse(ABSENT)
    if column is None or not len(table):
        return ds, []
    later = continuing(table, np.isin(ds._items.array("kind"), TIMED)[table.array("item")])
    stale = {**_of_objects(table, later), **_of_states(ds, column, later)}
    rows, known = column.present(), column.values_of(column.present())
    kept = [[path for path in paths if path not in stale or not stale[path][row]] for row, paths in _pairs(rows, known)]
    changed = [row for (row, old), new in zip(_pairs(rows, known), kept, strict=True) if len(old) != len(new)]
    if not changed:
        return ds, []
    told = "a key that the file lacked is written, since something is stated under it by now"
    issue = at_annotations(ds, "restated", "metadata", told, np.array(changed))
    made = _column(column.length, rows, kept)
    return ds._with(annotations=table.replace({ABSENT: made})), [issue]


def _pairs(rows: Array, values: list[Any]) -> list[tuple[int, Any]]:
    return list(zip(rows.tolist(), values, strict=True))


def _column(count: int, rows: Array, lists: list[list[str]]) -> Sparse | None:
    """Return the marks, each distinct list stored once."""
    texts = [dumps(each) for each in lists]
    has = [place for place, each in enumerate(lists) if each]
    if not has:
        return None
    known = {text: k for k, text in enumerate(dict.fromkeys(texts[place] for place in has))}
    slots = np.array([known[texts[place]] for place in has], np.int64)
    where = rows[has]
    return Sparse(count, None if len(where) == count else where, narrowest(slots, len(known)), Json.of(list(known)))


def _of_objects(table: Table, later: Array) -> dict[str, Array]:
    """Return which first states have something to write under ``metadata``, its parts, and among snapshots."""
    user = _any(table, ["score"], USER)
    system = _any(table, ["review", "parent"], SYSTEM) | _named(table)
    followed = np.append(later[1:], False)
    first = ~later
    return {
        USER: first & user,
        SYSTEM: first & (system | followed),
        "metadata": first & (user | system | followed),
        f"{SYSTEM}.snapshots_": first & followed,
        "coordinates": first & (table.array("kind") != KIND_CODE["keypoints"]),
    }


def _any(table: Table, names: list[str], prefix: str) -> Array:
    """Return which rows have a value in one of some columns, or in an extra under a path."""
    found = np.zeros(len(table), bool)
    for name in table.columns:
        path = name.removeprefix(EXTRA)
        if name in names or (path != name and path.startswith(prefix)):
            found |= Sparse.of_column(table.columns[name]).mask()
    return found


def _named(table: Table) -> Array:
    """Return which rows have attributes that are no flags of the old list."""
    found = np.zeros(len(table), bool)
    listed = marks(table, "v1")
    for name, column in table.group("attributes").items():
        for row in Sparse.of_column(column).present().tolist():
            found[row] = found[row] or listed[row] is None or name not in listed[row]
    return found


def _of_states(ds: Dataset, column: Sparse, later: Array) -> dict[str, Array]:
    """Return which later states say something else than the state before, by the key of a snapshot."""
    table = ds._annotations
    rows = np.flatnonzero(later & column.mask())
    if not len(rows):
        return {}
    found = {key: np.zeros(len(table), bool) for key in ("label", "type", "data", V1, "namedAttributes")}
    columns = {"label": ("label",), "data": SHAPES}
    words = _types(table)
    for key, names in columns.items():
        own = [table.columns[name] for name in names if name in table.columns]
        for row in rows.tolist():
            found[key][row] = any(not _same(each, row) for each in own)
    flags, named = _attributes(table, np.union1d(rows, rows - 1))
    for row in rows.tolist():
        found["type"][row] = words[row] != words[row - 1]
        found[V1][row] = flags[row] != flags[row - 1]
        found["namedAttributes"][row] = not same(named[row], named[row - 1])
    keyframes = table.sparse("keyframe")
    made = np.zeros(len(table), bool)
    if keyframes is not None:
        made[keyframes.present()] = np.array(keyframes.values_of(keyframes.present()), bool)
    return {**found, "fixed": made & later}


def _types(table: Table) -> list[Any]:
    """Return the type of each row: what the file said where no shape tells it."""
    words: list[Any] = list(types_of(table))
    column = table.sparse(f"{EXTRA}type")
    if column is not None:
        for row, value in zip(column.present().tolist(), column.values_of(column.present()), strict=True):
            words[row] = value
    return words


def _attributes(table: Table, rows: Array) -> tuple[dict[int, set[str]], dict[int, dict[str, Any]]]:
    """Return what is in the old list of attributes of some rows, and their other attributes."""
    listed = marks(table, "v1")
    flags: dict[int, set[str]] = {row: set() for row in rows.tolist()}
    named: dict[int, dict[str, Any]] = {row: {} for row in rows.tolist()}
    for name, column in table.group("attributes").items():
        for row, value in zip(rows.tolist(), column.values_of(rows), strict=True):
            if value is MISSING:
                continue
            if name in (listed[row] or ()) and isinstance(value, bool):
                flags[row] |= {name} if value else set()
            else:
                named[row][name] = _plain(value)
    return flags, named


def _same(column: Any, row: int) -> bool:
    """Tell whether a column states the same in a row and in the one before."""
    return same(_plain(column.value(row)), _plain(column.value(row - 1)))


def _plain(value: Any) -> Any:
    """Return a value in which no number is NaN, which equals nothing."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return "nan" if isinstance(value, float) and value != value else value  # noqa: PLR0124 - NaN


def flags_that_are_on(ds: Dataset, apply: bool) -> Found:
    """Take names out of the old lists of attributes whose attribute is true no more."""
    table = ds._annotations
    column = table.sparse(V1_MARK)
    if column is None:
        return ds, []
    rows = column.present()
    flags, _ = _attributes(table, rows)
    known = column.values_of(rows)
    kept = [[name for name in names if name in flags[row]] for row, names in _pairs(rows, known)]
    changed = [row for (row, old), new in zip(_pairs(rows, known), kept, strict=True) if len(old) != len(new)]
    if not changed:
        return ds, []
    told = "an attribute that is true no more is no name in the old list of attributes"
    issue = at_annotations(ds, "restated", "attributes", told, np.array(changed))
    return ds._with(annotations=table.replace({V1_MARK: _column(column.length, rows, kept)})), [issue]
