"""Verbatim values that a change of the dataset has outdated: the model states something in their place."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from annokit.columns import Column, Number, Table
from annokit.columns.base import Array
from annokit.formats.coco import keys
from annokit.formats.coco.categories import ABOVE, ABSENT
from annokit.formats.places import at_all, at_annotations, at_items
from annokit.model.label import Label
from annokit.model.label_set import LabelSet

if TYPE_CHECKING:
    from annokit.formats.coco.dialect import Dialect
    from annokit.formats.holds import Step
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset

Stated = Callable[[Table], Array]
"""Returns (n,) bool: the rows in which the model states a key."""


def column_states(name: str) -> Stated:
    """Return what tells the rows that have a value in a column."""

    def states(table: Table) -> Array:
        column = table.sparse(name)
        if column is None:
            return np.zeros(len(table), bool)
        if isinstance(column.values, Number) and column.values.values.ndim == 2:
            rows = column.present()[~np.isnan(column.values.values[:, 0])] if column.slots is None else column.present()
            marks = np.zeros(len(table), bool)
            marks[rows] = True
            return marks
        return column.mask()

    return states


def any_states(*names: str) -> Stated:
    """Return what tells the rows that have a value in any of some columns."""
    tests = [column_states(name) for name in names]
    return lambda table: np.any([states(table) for states in tests], axis=0)


def refers(name: str) -> Stated:
    """Return what tells the rows that point at something."""
    return lambda table: table.array(name) >= 0


def _side(axis: int) -> Stated:
    return lambda table: table.array("size")[:, axis] >= 0


def _has_attributes(reserved: tuple[str, ...]) -> Stated:
    def states(table: Table) -> Array:
        names = [keys.ATTRIBUTE + name for name in table.group("attributes") if name not in reserved]
        return any_states(*names)(table) if names else np.zeros(len(table), bool)

    return states


def _renamed(table: Table) -> Array:
    """Return the rows whose name is not the one that the reader makes of an address or id."""
    from annokit.formats.coco.read import derived_name

    column = table.sparse(keys.extra("file_name"))
    renamed = np.zeros(len(table), bool)
    for row in () if column is None else column.present().tolist():
        renamed[row] = table.value("name", row) != derived_name(table, row)
    return renamed


ITEM_STATES: dict[str, Stated] = {
    "file_name": _renamed,
    "id": column_states("id"),
    "coco_url": column_states("uri"),
    "width": _side(0),
    "height": _side(1),
    "attributes": _has_attributes(()),
}

ANNOTATION_STATES: dict[str, Stated] = {
    "id": column_states("id"),
    "image_id": refers("item"),
    "category_id": refers("label"),
    "bbox": column_states("box"),
    "segmentation": any_states("points", "mask"),
    "keypoints": column_states("keypoints"),
    "score": column_states("score"),
    "track_id": column_states("track"),
    "attributes": _has_attributes(keys.TOP_ATTRIBUTES),
}
"""Which rows state a key otherwise than verbatim."""


def drop_outdated(dialect: Dialect) -> Step:
    """Drop verbatim values where the model states something by now."""
    return lambda ds, apply: _without_outdated(ds, dialect)


def _without_outdated(ds: Dataset, dialect: Dialect) -> Found:
    issues = []
    changes: dict[str, Table] = {}
    for what, states, place in (("items", ITEM_STATES, at_items), ("annotations", ANNOTATION_STATES, at_annotations)):
        table: Table = getattr(ds, f"_{what}")
        dropped: dict[str, Column | None] = {}
        for key, stated in states.items():
            column = table.sparse(keys.extra(key))
            rows = np.zeros(0, np.int64) if column is None else column.present()[stated(table)[column.present()]]
            if column is not None and len(rows):
                kept = np.setdiff1d(column.present(), rows)
                dropped[keys.extra(key)] = attrs.evolve(column, rows=kept, slots=column.slots_of(kept))
                told = f"the value of {key} that the file had is outdated by a change"
                issues.append(place(ds, "dropped", key, told, rows, severity="info"))
        if dropped:
            changes[what] = table.replace(dropped)
    ds = ds._with(**changes) if changes else ds
    ds, more = _outdated_lists(ds)
    ds, labels = _outdated_labels(ds, dialect)
    return ds, [*issues, *more, *labels]


def _outdated_lists(ds: Dataset) -> Found:
    """Drop what stood in place of a list that has records by now, and of an info."""
    filled = {
        "images": len(ds),
        "annotations": len(ds._annotations),
        "categories": len(ds.labels),
        "info": len(ds.info),
    }
    gone = [name for name, count in filled.items() if count and f"coco/{name}" in ds._extras]
    if not gone:
        return ds, []
    told = "what the file had in place of a list is outdated by a change"
    extras = {key: raw for key, raw in ds._extras.items() if key.removeprefix("coco/") not in gone}
    return ds._with(extras=extras), [at_all("dropped", "document", told, gone, severity="info")]


def _outdated_labels(ds: Dataset, dialect: Dialect) -> Found:
    labels = [_settled(label, dialect) for label in ds.labels]
    changed = [new.name for old, new in zip(ds.labels, labels, strict=True) if old != new]
    if not changed:
        return ds, []
    told = "values of the category that the file had are outdated by a change"
    issue = at_all("dropped", "label.extras", told, changed, severity="info")
    return ds._with(labels=LabelSet(labels, ds.labels.attributes)), [issue]


def _settled(label: Label, dialect: Dialect) -> Label:
    """Return a label whose extras say nothing that the label itself says."""
    stated: dict[str, Any] = {
        "id": label.source_id,
        "color": label.color,
        "isthing": label.is_thing,
        "keypoints": label.skeleton,
        "skeleton": label.skeleton.edges if label.skeleton is not None and label.skeleton.edges else None,
    }
    gone = {f"coco/{key}" for key, value in stated.items() if value is not None}
    if str(label.extras.get("coco/name", label.name)) != label.name:
        gone.add("coco/name")
    kept = {key: value for key, value in label.extras.items() if key not in gone}
    told = kept.pop(ABSENT, [])
    still = [key for key in told if _lacks(label, key, dialect)]
    kept = {**kept, ABSENT: still} if still else kept
    return label if kept == label.extras else attrs.evolve(label, extras=kept)


def _lacks(label: Label, key: str, dialect: Dialect) -> bool:
    """Tell whether a label says nothing that the file did not."""
    if key == ABOVE:
        return dialect.dotted
    if key == "id":
        return label.source_id is None
    if key == "name":
        return label.name == str(label.extras.get("coco/id", label.source_id))
    return label.skeleton is not None and not label.skeleton.edges
