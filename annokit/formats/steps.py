"""Steps of narrowing that every target shares: columns, labels, order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from annokit.columns import Column, Fixed, Number, Sparse, Table
from annokit.columns.base import Array
from annokit.formats.origin import NAME, ROW
from annokit.formats.places import at_all, at_annotations, at_items
from annokit.model.label_set import LabelSet
from annokit.model.rows import ITEM_DEFAULTS, SEQUENCE_DEFAULTS, SEQUENCE_MAKERS, Rows
from annokit.model.schema import CACHED_EXTRAS, ITEM_KINDS, KINDS
from annokit.model.select import take_annotations

if TYPE_CHECKING:
    from annokit.formats.holds import Holds, Step
    from annokit.model.dataset import Dataset
    from annokit.report import Issue

Found = tuple["Dataset", "list[Issue]"]

STRUCTURAL = frozenset(
    (
        "item",
        "label",
        "kind",
        "points",
        "rotated",
        "ellipse",
        "cuboid",
        "mask",
        "name",
        "path",
        "bitmap_path",
        ROW,
        NAME,
    )
)
"""Columns that are no field of their own."""

FRAME = frozenset(("unit", "form", "time_unit"))
"""How items state numbers; see :mod:`annokit.formats.numbers`."""


def refuse_dangling(holds: Holds) -> Step:
    """Leave out annotations whose item does not exist, where the target can't state them."""

    def step(ds: Dataset, apply: bool) -> Found:
        rows = np.flatnonzero(ds._annotations.array("item") < 0)
        if holds.dangling or not len(rows):
            return ds, []
        issue = at_annotations(ds, "refused", "item", "the annotation's item does not exist", rows)
        return without(ds, rows), [issue]

    return step


def refuse_unlabelled(holds: Holds) -> Step:
    """Leave out annotations without label, where the target needs one."""

    def step(ds: Dataset, apply: bool) -> Found:
        rows = np.flatnonzero(ds._annotations.array("label") < 0)
        if not holds.labelled_only or not len(rows):
            return ds, []
        issue = at_annotations(ds, "refused", "label", "the target needs a label, the annotation has none", rows)
        return without(ds, rows), [issue]

    return step


def without(ds: Dataset, rows: Array) -> Dataset:
    """Return the dataset without annotation `rows`."""
    keep = np.ones(len(ds._annotations), bool)
    keep[rows] = False
    return ds._with(annotations=take_annotations(ds._annotations, np.flatnonzero(keep)))


def drop_annotation_columns(holds: Holds) -> Step:
    """Drop the fields of annotations that the target does not have."""

    def step(ds: Dataset, apply: bool) -> Found:
        gone = _unheld(ds._annotations, holds, holds.annotation_fields, holds.attributes)
        if not holds_keypoints(holds):
            gone = [name for name in gone if name != "keypoints"] + (["keypoints"] if "keypoints" in gone else [])
        issues, changes = [], {}
        for name in gone:
            rows = _stated(ds._annotations.columns[name])
            if name == "box":
                rows = rows[ds._annotations.array("kind")[rows] != KINDS.index("box")]
            if name == "keypoints":
                rows = rows[ds._annotations.array("kind")[rows] != KINDS.index("keypoints")]
            if len(rows):
                issues.append(at_annotations(ds, "dropped", *_words(name), rows, **_severity(name)))
            changes[name] = cleared(ds._annotations.columns[name], rows)
        return (ds._with(annotations=ds._annotations.replace(changes)) if changes else ds), issues

    return step


def holds_keypoints(holds: Holds) -> bool:
    """Tell whether a target has keypoints at all."""
    return holds.kinds.get("keypoints") == "kept"


def cleared(column: Column, rows: Array) -> Column | None:
    """Return the column without the values of `rows`; None where nothing is left."""
    if not isinstance(column, Number):
        stated = Sparse.of_column(column)
        others = stated.mask()
        others[rows] = False
        keep = np.flatnonzero(others)
        return attrs.evolve(stated, rows=keep, slots=stated.slots_of(keep)) if len(keep) else None
    values = column.values.copy()
    values[rows] = np.nan
    if np.isnan(values).all():
        return None
    whole = None if column.whole is None else column.whole.copy()
    if whole is not None:
        whole[rows] = False
    return Number(values, whole)


def _unheld(table: Table, holds: Holds, fields: frozenset[str], attributes: bool) -> list[str]:
    gone = []
    for name in table.columns:
        head, _, rest = name.partition("/")
        if head == "attributes":
            held = attributes
        elif head == "extras":
            held = holds.extras is None or rest.partition("/")[0] in holds.extras
        else:
            held = name in fields or name in STRUCTURAL or name in FRAME
        if not held:
            gone.append(name)
    return gone


def _stated(column: Column) -> Array:
    """Return the rows that state a value."""
    if isinstance(column, Sparse):
        return column.present()
    values = column.values  # type: ignore[attr-defined] # a dense column is Fixed or Number
    return (
        np.flatnonzero(~np.isnan(values.reshape(len(values), -1)).all(axis=1)) if len(values) else np.zeros(0, np.int64)
    )


def _words(name: str) -> tuple[str, str]:
    """Return the public name of a column and the message that it is dropped."""
    field = public_name(name)
    return field, f"the target has no place for {field}"


def public_name(column: str) -> str:
    """Return the name of a column as reports state it: ``attributes.<name>``, or the source's own key."""
    head, _, rest = column.partition("/")
    if head == "extras":
        return rest.partition("/")[2]
    return f"{head}.{rest}" if rest else column


MARKERS = frozenset(("#absent", "#list", "#ids", "#outlines", "#panoptic"))
"""Extras that hold no value of the source, but say how its file said something."""


def _severity(name: str) -> dict[str, str]:
    last = name.rsplit("/", 1)[-1]
    derivable = last in CACHED_EXTRAS or last in MARKERS or name in ("size", "bitmap")
    return {"severity": "info"} if derivable else {}


def drop_item_columns(holds: Holds) -> Step:
    """Drop the fields of items that the target does not have."""

    def step(ds: Dataset, apply: bool) -> Found:
        issues: list[Issue] = []
        changes: dict[str, Column | None] = {}
        for name in _unheld(ds._items, holds, holds.item_fields, holds.item_attributes):
            if name in ("kind", "size"):
                continue
            default = ITEM_DEFAULTS.get(name)
            rows = _stating(ds._items, name, default)
            if len(rows):
                issues.append(at_items(ds, "dropped", *_words(name), rows, **_severity(name)))
            changes[name] = None if default is None else _filled(len(ds), default)
        return (ds._with(items=ds._items.replace(changes)) if changes else ds), issues

    return step


def drop_sizes(holds: Holds) -> Step:
    """Drop the sizes of items, once no number needs them any more."""

    def step(ds: Dataset, apply: bool) -> Found:
        if "size" in holds.item_fields:
            return ds, []
        rows = _stating(ds._items, "size", ITEM_DEFAULTS["size"])
        if not len(rows):
            return ds, []
        issue = at_items(ds, "dropped", *_words("size"), rows, **_severity("size"))
        return ds._with(items=ds._items.replace({"size": _filled(len(ds), ITEM_DEFAULTS["size"])})), [issue]

    return step


def _stating(table: Table, name: str, default: Any) -> Array:
    """Return the rows that state a value: one that is there, or one that differs from the default."""
    if default is None:
        return _stated(table.columns[name])
    differs = table.array(name) != default
    return np.flatnonzero(differs.reshape(len(differs), -1).any(axis=1)) if len(differs) else np.zeros(0, np.int64)


def _filled(length: int, value: Any) -> Fixed:
    return Fixed(np.full((length, *np.shape(value)), value, np.asarray(value).dtype))


def drop_sequences(holds: Holds) -> Step:
    """Drop the sequence table, or the fields of it, that the target does not have."""

    def step(ds: Dataset, apply: bool) -> Found:
        table = ds._sequences
        if holds.sequence_fields is None:
            return _no_sequences(ds)
        issues: list[Issue] = []
        changes: dict[str, Column | None] = {}
        for name in _unheld(table, holds, holds.sequence_fields, holds.sequence_attributes):
            default = SEQUENCE_DEFAULTS.get(name)
            rows = _stating(table, name, default)
            if len(rows):
                field = f"sequence.{public_name(name)}"
                examples = [str(ds.sequences[int(row)].id) for row in rows[:5]]
                issues.append(
                    attrs.evolve(
                        at_all("dropped", field, f"the target has no place for {field}", examples), count=len(rows)
                    )
                )
            changes[name] = None if default is None else _filled(len(table), default)
        return (ds._with(sequences=table.replace(changes)) if changes else ds), issues

    return step


def _no_sequences(ds: Dataset) -> Found:
    if not len(ds._sequences):
        return ds, []
    names = [str(ds.sequences[row].id) for row in range(min(5, len(ds._sequences)))]
    issue = attrs.evolve(
        at_all("dropped", "sequence", "the target knows no sequences", names), count=len(ds._sequences)
    )
    items = ds._items.replace({"sequence": _filled(len(ds), np.int64(-1))})
    return ds._with(items=items, sequences=Rows(SEQUENCE_MAKERS, SEQUENCE_DEFAULTS).table()), [issue]


def drop_label_facets(holds: Holds) -> Step:
    """Drop what the target can't say of a label."""

    def step(ds: Dataset, apply: bool) -> Found:
        issues: list[Issue] = []
        labels = list(ds.labels)
        for facet, empty in LABEL_EMPTY.items():
            if facet in holds.label_facets:
                continue
            told = [label.name for label in labels if getattr(label, facet) != empty]
            if told:
                severity = "info" if facet in ("source_id", "shape") else "warning"
                issues.append(
                    at_all(
                        "dropped",
                        f"label.{facet}",
                        f"the target has no place for a label's {facet}",
                        told,
                        severity=severity,
                    )
                )
                labels = [attrs.evolve(label, **{facet: empty}) for label in labels]
        definitions = ds.labels.attributes
        if "attributes" not in holds.label_facets and definitions:
            issues.append(
                at_all(
                    "dropped",
                    "labels.attributes",
                    "the target has no place for attribute definitions",
                    [d.name for d in definitions],
                )
            )
            definitions = ()
        return (ds._with(labels=LabelSet(labels, definitions)) if issues else ds), issues

    return step


LABEL_EMPTY: dict[str, Any] = {
    "source_id": None,
    "parent": None,
    "color": None,
    "attributes": (),
    "skeleton": None,
    "shape": None,
    "is_thing": None,
    "extras": {},
}


def drop_dataset_parts(holds: Holds) -> Step:
    """Drop the dataset's info and the keys of other formats that the target does not have."""

    def step(ds: Dataset, apply: bool) -> Found:
        issues: list[Issue] = []
        changes: dict[str, Any] = {}
        if ds.info and not holds.info:
            issues.append(
                at_all("dropped", "info", "the target has no place for the dataset's info", sorted(map(str, ds.info)))
            )
            changes["info"] = {}
        gone = [key for key in ds._extras if holds.extras is not None and key.partition("/")[0] not in holds.extras]
        for key in gone:
            field = key.partition("/")[2]
            told = f"the target has no place for the dataset's {field}"
            issues.append(at_all("dropped", field, told, [field], **_severity(key)))
        if gone:
            changes["extras"] = {key: raw for key, raw in ds._extras.items() if key not in gone}
        return (ds._with(**changes) if changes else ds), issues

    return step


def item_kinds(holds: Holds) -> Step:
    """Give every item the one kind that the target knows."""

    def step(ds: Dataset, apply: bool) -> Found:
        if holds.item_kind is None:
            return ds, []
        code = ITEM_KINDS.index(holds.item_kind)
        rows = np.flatnonzero(ds._items.array("kind") != code)
        if not len(rows):
            return ds, []
        issue = at_items(ds, "restated", "kind", f"to the target, every item is of kind {holds.item_kind}", rows)
        return ds._with(items=ds._items.replace({"kind": _filled(len(ds), np.uint8(code))})), [issue]

    return step


def sort_items(holds: Holds) -> Step:
    """Bring items in the order of their names."""

    def step(ds: Dataset, apply: bool) -> Found:
        if not holds.sorted_items:
            return ds, []
        order = np.array(sorted(range(len(ds)), key=ds.names.__getitem__), np.int64)
        moved = np.flatnonzero(order != np.arange(len(ds)))
        if not len(moved):
            return ds, []
        issue = at_items(ds, "restated", "order", "the target lists items by name", moved)
        return ds[order], [issue]

    return step


def group_annotations(holds: Holds) -> Step:
    """Bring annotations in the order of their items."""

    def step(ds: Dataset, apply: bool) -> Found:
        order = ds._index[1]
        if not holds.grouped or order is None:
            return ds, []
        moved = np.flatnonzero(order != np.arange(len(order)))
        issue = at_annotations(ds, "restated", "order", "the target stores annotations item by item", moved)
        return ds._with(annotations=take_annotations(ds._annotations, order)), [issue]

    return step
