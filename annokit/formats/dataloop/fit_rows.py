"""Steps of narrowing about the fields of annotations and items: ids, text, attributes, parents, times."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from annokit.columns import Column, Fixed, Sparse, Table, Text
from annokit.columns.base import Array
from annokit.formats.dataloop.facts import EXTRA, MIMETYPE_OF_KIND, STATUS_OF_LABEL
from annokit.formats.places import at_annotations, at_items
from annokit.model.schema import ITEM_KINDS, KIND_CODE, STATUSES

if TYPE_CHECKING:
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset
    from annokit.report import Issue

TEXTS = ("author", "created", "updated", "review")
"""Columns of annotations that are text."""

TIMED = tuple(ITEM_KINDS.index(kind) for kind in ("video", "audio"))
"""Kinds of items that take time."""

HELD = frozenset(ITEM_KINDS.index(kind) for kind in MIMETYPE_OF_KIND)
"""Kinds of items that the platform has."""

IMAGE = ITEM_KINDS.index("image")


def chosen(column: Sparse, keep: Array) -> Sparse | None:
    """Return a column without the values of rows that are not among `keep`; None where none is left."""
    if not len(keep):
        return None
    return attrs.evolve(column, rows=keep, slots=column.slots_of(keep))


def known_kinds(ds: Dataset, apply: bool) -> Found:
    """Make a picture of every item that is of a kind which the platform does not have."""
    kinds = ds._items.array("kind")
    rows = np.flatnonzero(~np.isin(kinds, list(HELD)))
    if not len(rows):
        return ds, []
    changed = kinds.copy()
    changed[rows] = IMAGE
    issue = at_items(ds, "restated", "kind", "to Dataloop, a frame or a volume is an image", rows)
    return ds._with(items=ds._items.replace({"kind": Fixed(changed)})), [issue]


def own_status(ds: Dataset, apply: bool) -> Found:
    """Drop statuses that no annotation of the workflow itself states."""
    stated = ds._items.array("status")
    told = np.zeros(len(ds), np.uint8)
    column = ds._items.sparse(f"{EXTRA}#others")
    if column is not None:
        for row, others in zip(column.present().tolist(), column.values_of(column.present()), strict=True):
            told[row] = STATUSES.index(status_of(others))
    rows = np.flatnonzero(stated != told)
    if not len(rows):
        return ds, []
    message = "the status of an item is what the platform's own annotations say of it"
    issue = at_items(ds, "dropped", "status", message, rows)
    return ds._with(items=ds._items.replace({"status": Fixed(told)})), [issue]


def status_of(others: Any) -> str | None:
    """Return the status that annotations of the workflow itself give an item."""
    found = None
    for _, note in others:
        system = note.get("metadata", {}).get("system") if isinstance(note.get("metadata"), dict) else None
        if isinstance(system, dict) and system.get("system") is True and isinstance(note.get("label"), str):
            found = STATUS_OF_LABEL.get(note["label"], found)
    return found


def own_ids(ds: Dataset, apply: bool) -> Found:
    """Drop ids that are not text, which the platform would not take."""
    issues: list[Issue] = []
    rows, items = _other(ds._items, "id")
    if len(rows):
        issues.append(at_items(ds, "dropped", "id", "Dataloop's ids are text, and its own", rows))
        ds = ds._with(items=ds._items.replace({"id": items}))
    rows, notes = _other(ds._annotations, "id")
    if len(rows):
        issues.append(at_annotations(ds, "dropped", "id", "Dataloop's ids are text, and its own", rows))
        ds = ds._with(annotations=ds._annotations.replace({"id": notes}))
    return ds, issues


def _other(table: Table, name: str) -> tuple[Array, Sparse | None]:
    """Return the rows whose value is not text, and the column without them."""
    column = table.sparse(name)
    if column is None or isinstance(column.values, Text):
        return np.zeros(0, np.int64), column
    present = column.present()
    values = column.values_of(present)
    text = np.array([isinstance(value, str) for value in values], bool)
    kept = Text.of([value for value in values if isinstance(value, str)])
    rest = present[text]
    made = Sparse(len(table), None if len(rest) == len(table) else rest, None, kept) if len(rest) else None
    return present[~text], made


def as_text(ds: Dataset, apply: bool) -> Found:
    """State who and when as text, and paths of pixels."""
    issues: list[Issue] = []
    changes: dict[str, Column | None] = {}
    for name in TEXTS:
        rows, column = _texts(ds._annotations, name)
        if len(rows):
            changes[name] = column
            issues.append(at_annotations(ds, "restated", name, f"{name} is stated as text", rows))
    if changes:
        ds = ds._with(annotations=ds._annotations.replace(changes))
    rows, column = _texts(ds._items, "uri")
    if len(rows):
        issues.append(at_items(ds, "restated", "uri", "uri is stated as text", rows))
        ds = ds._with(items=ds._items.replace({"uri": column}))
    return ds, issues


def _texts(table: Table, name: str) -> tuple[Array, Sparse | None]:
    """Return the rows whose value is not text, and the column with all of them as text."""
    column = table.sparse(name)
    if column is None or isinstance(column.values, Text):
        return np.zeros(0, np.int64), column
    present = column.present()
    values = column.values_of(present)
    other = np.array([not isinstance(value, str) for value in values], bool)
    made = Text.of([value if isinstance(value, str) else str(value) for value in values])
    return present[other], Sparse(len(table), None if len(present) == len(table) else present, None, made)


def named_attributes(ds: Dataset, apply: bool) -> Found:
    """Drop attributes without a name."""
    issues: list[Issue] = []
    column = ds._annotations.sparse("attributes/")
    if column is not None:
        issues.append(at_annotations(ds, "dropped", "attributes.", "an attribute needs a name", column.present()))
        ds = ds._with(annotations=ds._annotations.without(["attributes/"]))
    column = ds._items.sparse("attributes/")
    if column is not None:
        issues.append(at_items(ds, "dropped", "attributes.", "an attribute needs a name", column.present()))
        ds = ds._with(items=ds._items.without(["attributes/"]))
    return ds, issues


def parents_nearby(ds: Dataset, apply: bool) -> Found:
    """Drop parents that belong to another item, or that an earlier annotation of the item has the id of."""
    column = ds._annotations.sparse("parent")
    if column is None:
        return ds, []
    rows = column.present()
    dense: Any = column.dense()
    item = ds._annotations.array("item")
    far = item[rows] != item[dense.values]
    first = _first_of_id(ds)
    far |= first[dense.values] != dense.values
    if not far.any():
        return ds, []
    issue = at_annotations(
        ds, "dropped", "parent", "a parent is an annotation of the same item, known by its id", rows[far]
    )
    kept = chosen(column, rows[~far])
    return ds._with(annotations=ds._annotations.replace({"parent": kept})), [issue]


def _first_of_id(ds: Dataset) -> Array:
    """Return the first annotation row of the same item that states the same id; the row itself where it states none."""
    found = np.arange(len(ds._annotations))
    ids = ds._annotations.sparse("id")
    if ids is None:
        return found
    known: dict[tuple[int, str], int] = {}
    item = ds._annotations.array("item").tolist()
    for row, ident in zip(ids.present().tolist(), ids.values_of(ids.present()), strict=True):
        found[row] = known.setdefault((item[row], ident), row)
    return found


def fresh_marks(ds: Dataset, apply: bool) -> Found:
    """Drop what a file said of annotations that are something else by now."""
    table = ds._annotations
    column = table.sparse(f"{EXTRA}type")
    if column is None:
        return ds, []
    present = column.present()
    stale = present[table.array("kind")[present] != KIND_CODE["none"]]
    if not len(stale):
        return ds, []
    issue = at_annotations(ds, "dropped", "type", "an annotation that got a shape is of that shape's type", stale)
    kept = chosen(column, np.setdiff1d(present, stale))
    return ds._with(annotations=table.replace({f"{EXTRA}type": kept})), [issue]


def spans_in_time(ds: Dataset, apply: bool) -> Found:
    """Drop what only annotations of videos and recordings have."""
    table = ds._annotations
    timed = np.isin(ds._items.array("kind"), TIMED)[table.array("item")]
    issues: list[Issue] = []
    changes: dict[str, Column | None] = {}
    for name in ("span", "track", "keyframe", "interpolation"):
        column = table.sparse(name)
        if column is None:
            continue
        rows = column.present()[~timed[column.present()]]
        if len(rows):
            told = f"to Dataloop, only annotations of videos have a {name}"
            issues.append(at_annotations(ds, "dropped", name, told, rows))
            changes[name] = chosen(column, np.setdiff1d(column.present(), rows))
    return (ds._with(annotations=table.replace(changes)) if changes else ds), issues
