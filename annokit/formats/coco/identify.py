"""Ids that a writer makes: where none are stated, or where those that are stated are not distinct integers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from annokit.columns import Column, Fixed, Sparse, Table, Text
from annokit.columns.base import Array, Missing
from annokit.columns.json import dumps, loads
from annokit.formats.coco import keys
from annokit.formats.coco.absent import lacks_by_mark
from annokit.formats.coco.categories import ABSENT as LABEL_ABSENT
from annokit.formats.coco.resolve import repeated
from annokit.formats.places import at_all, at_annotations, at_items
from annokit.model.label import Label
from annokit.model.label_set import LabelSet

if TYPE_CHECKING:
    from annokit.formats.coco.dialect import Dialect
    from annokit.formats.holds import Step
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset
    from annokit.report import Issue

TOLD = "ids are made, counted from 1, since those stated are not distinct integers"
AS_TEXT = "ids are stated as text of 24 hexadecimal digits"
ADDED = "an id is made where none is stated"


def plain_ids(column: Column | None, *, text: bool = False) -> bool:
    """Tell whether the stated ids are distinct integers, or distinct texts."""
    if column is None:
        return True
    dense = Sparse.of_column(column).values
    if text:
        every = isinstance(dense, Text) or all(isinstance(value, str | Missing) for value in column.to_list())
        return every and not len(repeated(column))
    if isinstance(dense, Text) and len(dense):
        return False
    if not isinstance(dense, Fixed) and not all(type(value) in (int, Missing) for value in column.to_list()):
        return False
    return not len(repeated(column))


def source_ids(labels: Any) -> Column | None:
    """Return the ids of labels as a column, None where none has one."""
    from annokit.columns.make import sparse_of

    rows = [row for row, label in enumerate(labels) if label.source_id is not None]
    return sparse_of(len(labels), rows, [labels[row].source_id for row in rows]) if rows else None


def own_ids(ds: Dataset) -> list[str]:
    """Return the lists whose ids stay although they are not distinct integers."""
    raw = ds._extras.get(keys.OWN_IDS)
    return [] if raw is None else [str(name) for name in loads(raw)]


def make_ids(dialect: Dialect) -> Step:
    """Give ids to what has none, or none that would do."""

    def step(ds: Dataset, apply: bool) -> Found:
        own = own_ids(ds)
        with_ids = with_text_ids if dialect.text_ids else _with_ids
        items, told_items = with_ids(ds, ds._items, "images" in own, at_items)
        kept = dialect.together or "annotations" in own
        annotations, told_annotations = with_ids(ds, ds._annotations, kept, at_annotations)
        labels, told_labels = labels_with_ids(ds.labels, "categories" in own)
        changed = ds._with(items=items, annotations=annotations, labels=labels)
        changed, told_own = _settled_own(changed, own, dialect)
        issues = [*told_items, *told_annotations, *told_labels, *told_own]
        return (changed if issues else ds), issues

    return step


def list_ids(items: Column | None, annotations: Column | None, labels: Any, dialect: Dialect) -> list[str]:
    """Return the lists whose stated ids are not what the dialect wants."""
    text = dialect.text_ids
    plain = {
        "images": plain_ids(items, text=text),
        "annotations": dialect.together or plain_ids(annotations, text=text),
        "categories": plain_ids(source_ids(labels)),
    }
    return [name for name, fits in plain.items() if not fits]


def with_text_ids(ds: Dataset, table: Table, own: bool, place: Any) -> tuple[Table, list[Issue]]:
    """Return a table whose ids are distinct texts: the stated ones, else those that are numbers, else by the row."""
    column = table.sparse("id")
    lacking = np.flatnonzero(~_stated(table, column) & ~lacks_by_mark(table, "id"))
    if own or (not len(lacking) and plain_ids(column, text=True)):
        return table, []
    rows = np.zeros(0, np.int64) if column is None else column.present()
    stated = {} if column is None else dict(zip(rows.tolist(), column.values_of(rows), strict=True))
    numbered = column is not None and plain_ids(column)
    fine = column is not None and plain_ids(column, text=True)
    made = {row: value if fine else text_id(value if numbered else row + 1) for row, value in stated.items()}
    taken, number = set(made.values()), 0
    for row in lacking.tolist():
        number += 1
        while text_id(number) in taken:
            number += 1
        made[row] = text_id(number)
    rows = np.array(sorted(made), np.int64)
    changed = np.array([row for row in rows.tolist() if stated.get(row) != made[row]], np.int64)
    where = None if len(rows) == len(table) else rows
    ids = Sparse(len(table), where, None, Text.of([made[row] for row in rows.tolist()]))
    code, told = ("derived", ADDED) if fine or column is None else ("restated", AS_TEXT)
    return table.replace({"id": ids}), [place(ds, code, "id", told, changed)]


def text_id(number: int) -> str:
    """Return an id of 24 hexadecimal digits, as those of the platform are."""
    return f"{number % (1 << 96):024x}"


def _with_ids(ds: Dataset, table: Table, own: bool, place: Any) -> tuple[Table, list[Issue]]:
    column = table.sparse("id")
    count = len(table)
    if column is not None and not own and not plain_ids(column):
        numbers = np.arange(1, count + 1)
        rows = np.flatnonzero((lacks_by_mark(table, "id") == 0) & ~_verbatim(table))
        made = Sparse(count, None if len(rows) == count else rows, None, Fixed(numbers[rows]))
        return table.replace({"id": made}), [place(ds, "restated", "id", TOLD, rows)]
    missing = np.flatnonzero(~_stated(table, column) & ~lacks_by_mark(table, "id"))
    if not len(missing):
        return table, []
    fresh = missing + 1 if column is None else _next_id(column) + np.arange(len(missing))
    return table.replace({"id": _filled(column, count, missing, fresh)}), [place(ds, "derived", "id", ADDED, missing)]


def _stated(table: Table, column: Sparse | None) -> Array:
    return _verbatim(table) if column is None else column.mask() | _verbatim(table)


def _verbatim(table: Table) -> Array:
    """Return (n,) bool: the rows whose id is kept as it stood, since it is none."""
    column = table.sparse(keys.extra("id"))
    return np.zeros(len(table), bool) if column is None else column.mask()


def _next_id(column: Sparse) -> int:
    """Return an integer above all that are stated."""
    dense = column.dense()
    if isinstance(dense, Fixed):
        return max(int(dense.values.max(initial=0)) + 1, 1)
    return max([value for value in dense.to_list() if type(value) is int] or [0]) + 1


def _filled(column: Sparse | None, count: int, rows: Array, values: Array) -> Column:
    fresh = Sparse(count, None if len(rows) == count else rows, None, Fixed(np.asarray(values, np.int64)))
    if column is None:
        return fresh
    place = np.arange(count)
    place[rows] += count
    return Sparse.join([column, fresh]).take(place)


def labels_with_ids(labels: LabelSet, own: bool) -> tuple[LabelSet, list[Issue]]:
    """Return labels that all have ids: the stated ones where they are distinct integers, else position + 1."""
    ids = [label.source_id for label in labels]
    stated = [ident for ident in ids if ident is not None]
    lacking = [row for row, label in enumerate(labels) if label.source_id is None and not _lacks_id(label)]
    plain = own or (all(type(ident) is int for ident in stated) and len(set(stated)) == len(stated))
    if plain and not lacking:
        return labels, []
    renumber = not plain or not stated
    if renumber:
        fresh: list[Any] = [None if _lacks_id(label) else row + 1 for row, label in enumerate(labels)]
    else:
        above = max([ident for ident in stated if type(ident) is int] or [0])
        fresh = list(ids)
        for number, row in enumerate(lacking, 1):
            fresh[row] = above + number
    changed = [label.name for label, ident in zip(labels, fresh, strict=True) if label.source_id != ident]
    made = [attrs.evolve(label, source_id=ident) for label, ident in zip(labels, fresh, strict=True)]
    code, told = ("restated", TOLD) if not plain else ("derived", ADDED)
    return LabelSet(made, labels.attributes), [at_all(code, "label.source_id", told, changed)]


def _lacks_id(label: Label) -> bool:
    return "id" in label.extras.get(LABEL_ABSENT, ()) or "coco/id" in label.extras


def _settled_own(ds: Dataset, own: list[str], dialect: Dialect) -> Found:
    """Forget that ids are to stay where they are what is wanted by now."""
    wrong = list_ids(ds._items.get("id"), ds._annotations.get("id"), ds.labels, dialect)
    kept = [name for name in own if name in wrong]
    if kept == own:
        return ds, []
    rest = {key: raw for key, raw in ds._extras.items() if key != keys.OWN_IDS}
    told = "ids are what they should be by now, and need no mark"
    issue = at_all("restated", "document", told, [name for name in own if name not in kept])
    return ds._with(extras={**rest, **({keys.OWN_IDS: dumps(kept)} if kept else {})}), [issue]
