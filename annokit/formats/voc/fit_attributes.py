"""Steps of narrowing about attributes: which values an element can state, and what every object states."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.columns import MISSING, Column, Fixed, Json, Sparse, Text
from annokit.columns.base import Array
from annokit.columns.json import dumps, same
from annokit.columns.make import sparse_of
from annokit.formats.places import at_annotations
from annokit.formats.voc.dialects import FLAGS, Dialect
from annokit.formats.voc.gathered import coded
from annokit.formats.voc.values import ILLEGAL, INTEGER, legal, trimmed
from annokit.model.schema import KIND_CODE

if TYPE_CHECKING:
    from annokit.formats.holds import Step
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset
    from annokit.report import Issue

LARGEST = 10**18
"""Integers below it are read as such."""

State = Callable[[str, Any], Any]
"""Returns what a value of an attribute becomes, MISSING where it can't be stated."""


def as_text(name: str, value: Any) -> Any:
    """Return a value as elements state it: an integer, or text that is none."""
    if value is None:
        return MISSING
    if isinstance(value, bool):
        return int(value) if name in FLAGS else ("true" if value else "false")
    if isinstance(value, int):
        return value if abs(value) < LARGEST else str(value)
    text = value if isinstance(value, str) else dumps(value).decode()
    text = trimmed(legal(text)) if name in FLAGS else legal(text)
    return int(text) if INTEGER.fullmatch(text) else text


def as_literal(name: str, value: Any) -> Any:
    """Return a value as a Python literal states it: any but numbers that are not finite."""
    return MISSING if _odd(value) else value


def _odd(value: Any) -> bool:
    if isinstance(value, float):
        return value - value != 0.0
    if isinstance(value, dict):
        return any(map(_odd, value.values()))
    return isinstance(value, list) and any(map(_odd, value))


def stated_values(state: State, told: str) -> Step:
    """Bring the values of attributes into what the target can state."""

    def step(ds: Dataset, apply: bool) -> Found:
        issues: list[Issue] = []
        changes: dict[str, Column | None] = {}
        for name, column in ds._annotations.group("attributes").items():
            fresh, changed, lost = _restated(name, column, state)
            if len(changed):
                issues.append(at_annotations(ds, "restated", f"attributes.{name}", told, changed))
            if len(lost):
                gone = "the target can't state this value"
                issues.append(at_annotations(ds, "dropped", f"attributes.{name}", gone, lost))
            if len(changed) or len(lost):
                changes[f"attributes/{name}"] = fresh
        return (ds._with(annotations=ds._annotations.replace(changes)) if changes else ds), issues

    return step


def _restated(name: str, column: Sparse, state: State) -> tuple[Column | None, Array, Array]:
    """Return a column with what its values become, the rows that this changes, and those that it takes."""
    nothing = np.zeros(0, np.int64)
    rows = column.present()
    inner = column.values
    if isinstance(inner, Fixed) and inner.values.dtype.kind == "i" and (np.abs(inner.values) < LARGEST).all():
        return column, nothing, nothing
    slots = column.all_slots()
    before = inner.to_list()
    after = [state(name, value) for value in before]
    differs = np.array([b is not MISSING and not same(a, b) for a, b in zip(before, after, strict=True)], bool)
    gone = np.array([value is MISSING for value in after], bool)
    if not (differs | gone).any():
        return column, nothing, nothing
    lost = gone[slots]
    kept = rows[~lost]
    values = [after[slot] for slot in slots[~lost].tolist()]
    fresh = sparse_of(len(column), kept, values) if len(kept) else None
    return fresh, rows[differs[slots]], rows[lost]


def named_legally(ds: Dataset, apply: bool) -> Found:
    """Drop attributes whose names XML can't hold."""
    gone = [name for name in ds._annotations.group("attributes") if ILLEGAL.search(name)]
    return _without(ds, gone, "XML can't hold the attribute's name")


def only_flags(dialect: Dialect) -> Step:
    """Drop attributes but for those that the target states of every object, and what says nothing there."""

    def step(ds: Dataset, apply: bool) -> Found:
        names = ds._annotations.group("attributes")
        ds, issues = _without(
            ds, [name for name in names if name not in dialect.fixed_flags], "the target has no place for it"
        )
        for name, value in dialect.fixed_flags.items():
            column = ds._annotations.sparse(f"attributes/{name}")
            rows = np.zeros(0, np.int64) if column is None else _equal_to(column, value)
            if column is not None and len(rows):
                told = f"{value!r} is what the target states of every object, and says nothing"
                issues.append(at_annotations(ds, "restated", f"attributes.{name}", told, rows))
                ds = ds._with(annotations=ds._annotations.replace({f"attributes/{name}": _cleared(column, rows)}))
        return ds, issues

    return step


def _without(ds: Dataset, names: list[str], told: str) -> Found:
    issues: list[Issue] = []
    for name in names:
        column = ds._annotations.sparse(f"attributes/{name}")
        if column is not None:
            issues.append(at_annotations(ds, "dropped", f"attributes.{name}", told, column.present()))
    changes = {f"attributes/{name}": None for name in names}
    return (ds._with(annotations=ds._annotations.replace(changes)) if issues else ds), issues


def _equal_to(column: Sparse, value: Any) -> Array:
    fits = np.array([same(held, value) for held in column.values.to_list()], bool)
    chosen: Array = column.present()[fits[column.all_slots()]]
    return chosen


def _cleared(column: Sparse, rows: Array) -> Sparse | None:
    kept = np.setdiff1d(column.present(), rows)
    return Sparse(len(column), kept, column.slots_of(kept), column.values) if len(kept) else None


EXTRAS = "extras/voc/"
ABSENT = "extras/voc/#absent"


def no_stale_elements(dialect: Dialect) -> Step:
    """Drop elements that were kept as they were where an attribute says the same."""

    def step(ds: Dataset, apply: bool) -> Found:
        issues: list[Issue] = []
        changes: dict[str, Column | None] = {}
        for tag, names in _said_by(ds, dialect).items():
            kept = ds._annotations.sparse(EXTRAS + tag)
            stated = np.zeros(len(ds._annotations), bool)
            for name in names:
                stated |= _mask(ds, f"attributes/{name}")
            rows = np.zeros(0, np.int64) if kept is None else kept.present()[stated[kept.present()]]
            if kept is not None and len(rows):
                told = "the annotation says it by an attribute"
                issues.append(at_annotations(ds, "dropped", tag, told, rows))
                changes[EXTRAS + tag] = _cleared(kept, rows)
        return (ds._with(annotations=ds._annotations.replace(changes)) if changes else ds), issues

    return step


def _said_by(ds: Dataset, dialect: Dialect) -> dict[str, list[str]]:
    """Return the attributes that each element of attributes is written from."""
    names = list(ds._annotations.group("attributes"))
    if dialect.attributes == "python":
        return {"attributes": names}
    others = [name for name in names if name not in FLAGS]
    return {**{tag: [tag] for tag in FLAGS}, "attributes": others}


def usual_elements(dialect: Dialect) -> Step:
    """State what the official files state of every object, but where a file is known not to."""

    def step(ds: Dataset, apply: bool) -> Found:
        marked = _marks(ds, dialect)
        issues: list[Issue] = []
        changes: dict[str, Column | None] = {}
        for name, value in dialect.stated.items():
            column = ds._annotations.sparse(f"attributes/{name}")
            bare = ~(_mask(ds, f"attributes/{name}") | _mask(ds, EXTRAS + name))
            bare[[row for row, absent in marked.items() if name in absent]] = False
            rows = np.flatnonzero(bare)
            if len(rows):
                told = f"the target states it of every object: {value!r}"
                issues.append(at_annotations(ds, "derived", f"attributes.{name}", told, rows))
                changes[f"attributes/{name}"] = _filled(column, rows, value, len(bare))
        fresh, changed = _marked(ds, marked)
        if len(changed):
            told = "which usual elements an object lacks is stated anew"
            issues.append(at_annotations(ds, "restated", "#absent", told, changed))
            changes[ABSENT] = fresh
        return (ds._with(annotations=ds._annotations.replace(changes)) if changes else ds), issues

    return step


def _marks(ds: Dataset, dialect: Dialect) -> dict[int, list[str]]:
    """Return the usual elements that marked objects lack indeed, by row."""
    column = ds._annotations.sparse(ABSENT)
    if column is None:
        return {}
    present = {name: _mask(ds, f"attributes/{name}") | _mask(ds, EXTRAS + name) for name in dialect.stated}
    present["bndbox"] = (ds._annotations.array("kind") != KIND_CODE["none"]) | _mask(ds, EXTRAS + "bndbox")
    found = {}
    for row, told in zip(column.present().tolist(), column.dense().to_list(), strict=True):
        listed = told if isinstance(told, list) else []
        found[row] = [name for name in (*dialect.stated, "bndbox") if name in listed and not present[name][row]]
    return found


def _mask(ds: Dataset, name: str) -> Array:
    column = ds._annotations.sparse(name)
    return np.zeros(len(ds._annotations), bool) if column is None else column.mask()


def _marked(ds: Dataset, marked: dict[int, list[str]]) -> tuple[Column | None, Array]:
    """Return the column of marks, and the rows where it changes."""
    column = ds._annotations.sparse(ABSENT)
    if column is None:
        return None, np.zeros(0, np.int64)
    before = dict(zip(column.present().tolist(), column.dense().to_list(), strict=True))
    changed = np.array([row for row, told in before.items() if told != marked[row]], np.int64)
    rows = [row for row, absent in marked.items() if absent]
    return (coded(len(column), rows, [dumps(marked[row]) for row in rows]) if rows else None), changed


def _filled(column: Sparse | None, rows: Array, value: Any, length: int) -> Column:
    """Return a column in which `rows`, which have no value yet, have this one."""
    fresh = Sparse(length, rows, np.zeros(len(rows), np.uint8), _one(value))
    if column is None:
        return fresh
    pair: list[Any] = [column, fresh]
    if type(column.values) is not type(fresh.values):
        pair = [Json.of_column(each) for each in pair]
    joined = Sparse.join(pair)
    return joined.take(np.where(column.mask(), np.arange(length), np.arange(length) + length))


def _one(value: Any) -> Column:
    return Fixed(np.array([value], np.int64)) if isinstance(value, int) else Text.of([value])


V1 = "extras/voc/#v1"


def old_lists(ds: Dataset, apply: bool) -> Found:
    """Keep the mark of lists of names only where the attributes are that list."""
    column = ds._annotations.sparse(V1)
    if column is None:
        return ds, []
    rows = column.present()
    told: dict[int, dict[str, Any]] = {row: {} for row in rows.tolist()}
    for name, values in ds._annotations.group("attributes").items():
        mask = values.mask()
        chosen = rows[mask[rows]]
        for row, value in zip(chosen.tolist(), values.values_of(chosen), strict=True):
            told[row][name] = value
    listed = column.dense().to_list()
    stale = [row for row, names in zip(rows.tolist(), listed, strict=True) if not _is_list_of(names, told[row])]
    if not stale:
        return ds, []
    issue = at_annotations(ds, "restated", "#v1", "the attributes are no list of names any more", np.array(stale))
    return ds._with(annotations=ds._annotations.replace({V1: _cleared(column, np.array(stale))})), [issue]


def _is_list_of(names: Any, told: dict[str, Any]) -> bool:
    """Tell whether attributes are the flags that a list names."""
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        return False
    return same(told, dict.fromkeys(names, True))


def no_old_lists(ds: Dataset, apply: bool) -> Found:
    """Drop the mark of lists of names, for targets that state attributes one by one."""
    column = ds._annotations.sparse(V1)
    if column is None:
        return ds, []
    told = "attributes are stated one by one, not as a list of names"
    issue = at_annotations(ds, "restated", "#v1", told, column.present())
    return ds._with(annotations=ds._annotations.without([V1])), [issue]
