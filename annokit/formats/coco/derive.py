"""Steps of narrowing that compute what COCO states beside a shape: box, area, number of joints, crowd flag."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.columns import Column, Fixed, Number, Table
from annokit.columns.base import Array
from annokit.formats.coco import keys
from annokit.formats.coco.absent import ANNOTATION_WANTED, IMAGE_WANTED, SHAPED, lacks_by_mark, marked, marks
from annokit.formats.coco.implied import absent_lists
from annokit.formats.coco.outdated import ANNOTATION_STATES, ITEM_STATES, Stated, column_states
from annokit.formats.conversions import placed
from annokit.formats.places import ItemNames, at_annotations, at_items
from annokit.geometry import ragged
from annokit.model.bounds import boxes
from annokit.model.schema import KIND_CODE
from annokit.report import Issue, Places

if TYPE_CHECKING:
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset

Make = Callable[["Dataset", Array], "tuple[Array, Column]"]
"""Returns the rows for which there is something to compute, and their values."""

CROWD = keys.ATTRIBUTE + "iscrowd"
AREA = keys.extra("area")
JOINTS = keys.extra("num_keypoints")


def boxed_keypoints(ds: Dataset, apply: bool) -> Found:
    """Give pure keypoints the box around their labelled joints; with a box they are read back as that."""
    table = ds._annotations
    pure = table.array("kind") == KIND_CODE["keypoints"]
    open_ = _lacking(table, "bbox") & ~lacks_by_mark(table, "bbox")
    rows = np.flatnonzero(pure & (column_states("box")(table) | open_))
    rows = rows[~np.isnan(boxes(ds, rows, "xyxy", "source")[:, 0])] if len(rows) else rows
    if not len(rows):
        return ds, []
    kinds = table.array("kind").copy()
    kinds[rows] = KIND_CODE["box"]
    made = _with_boxes(ds, rows, Number(boxes(ds, rows, "xywh", "source")))
    told = "keypoints are written with their box, else the one around their labelled joints"
    changed = table.replace({"box": made, "kind": Fixed(kinds)})
    return ds._with(annotations=changed), [at_annotations(ds, "derived", "box", told, rows)]


def _with_boxes(ds: Dataset, rows: Array, fresh: Any) -> Number:
    """Return the column of boxes in which `rows` without a box have one."""
    old: Any = ds._annotations.get("box")
    count = len(ds._annotations)
    values = np.full((count, 4), np.nan) if old is None else old.values.copy()
    open_ = np.isnan(values[rows, 0])
    values[rows[open_]] = fresh.values[open_]
    whole = None if old is None or old.whole is None else old.whole.copy()
    if fresh.whole is not None:
        whole = np.zeros((count, 4), bool) if whole is None else whole
        whole[rows[open_]] = fresh.whole[open_]
    return Number(values, whole)


def _tight_boxes(ds: Dataset, rows: Array) -> tuple[Array, Column]:
    """Return the bounds of shapes, as whole numbers for masks."""
    found = boxes(ds, rows, "xywh", "source")
    known = ~np.isnan(found[:, 0])
    mask = ds._annotations.array("kind")[rows] == KIND_CODE["mask"]
    whole = np.repeat(mask[:, None], 4, axis=1)
    return rows[known], Number(found[known], whole[known] if mask.any() else None)


def _areas(ds: Dataset, rows: Array) -> tuple[Array, Column]:
    """Return areas: pixels of masks, the sum over the rings of polygons, width times height of boxes."""
    kind = ds._annotations.array("kind")[rows]
    values = np.full(len(rows), np.nan)
    for name, area in AREAS.items():
        places = np.flatnonzero(kind == KIND_CODE[name])
        if len(places):
            values[places] = area(ds, rows[places])
    known = np.isfinite(values)
    whole = kind == KIND_CODE["mask"]
    return rows[known], Number(values[known], whole[known] if whole.any() else None)


def _box_areas(ds: Dataset, rows: Array) -> Array:
    box: Any = ds._annotations.get("box")
    return np.asarray(np.abs(box.values[rows, 2] * box.values[rows, 3]))


def _polygon_areas(ds: Dataset, rows: Array) -> Array:
    from annokit.geometry.rings import area
    from annokit.model.shapes import rings_of

    points, rings, parts, shapes = rings_of(ds, rows, "source")
    return np.asarray(ragged.reduce(area(points, rings), parts[shapes], np.add, 0.0))


def _mask_areas(ds: Dataset, rows: Array) -> Array:
    from annokit.geometry.runs import areas
    from annokit.model.masks import counts

    flat, offsets, _ = counts(ds, rows)
    return np.asarray(areas(flat, offsets), np.float64)


AREAS: dict[str, Callable[[Dataset, Array], Array]] = {
    "box": _box_areas,
    "polygon": _polygon_areas,
    "mask": _mask_areas,
}


def _labelled_joints(ds: Dataset, rows: Array) -> tuple[Array, Column]:
    column: Any = ds._annotations.sparse("keypoints")
    lists = column.values.take(column.slots_of(rows))
    seen = (lists.values.values[:, 2] > 0).astype(np.int64)
    counts = ragged.reduce(seen, lists.bounds(), np.add, 0)
    return rows, Number(counts.astype(np.float64), np.ones(len(rows), bool))


def _no_crowd(ds: Dataset, rows: Array) -> tuple[Array, Column]:
    return rows, Fixed(np.zeros(len(rows), np.int64))


MAKERS: dict[str, tuple[str, Make, str]] = {
    "iscrowd": (CROWD, _no_crowd, "iscrowd is written as 0"),
    "bbox": ("box", _tight_boxes, "bbox is the tight box around the shape"),
    "area": (AREA, _areas, "area is computed from the shape"),
    "num_keypoints": (JOINTS, _labelled_joints, "num_keypoints counts the labelled joints"),
}
"""Column of each key, how its values are computed, and what the record says."""

STATES: dict[str, Stated] = {
    **ANNOTATION_STATES,
    "iscrowd": column_states(CROWD),
    "area": column_states(AREA),
    "num_keypoints": column_states(JOINTS),
}


def complete_annotations(ds: Dataset, apply: bool) -> Found:
    """Compute what annotations lack, unless the file that they come from lacked it too."""
    before = marked(ds._annotations, ANNOTATION_WANTED)
    issues: list[Issue] = []
    for key, (column, make, told) in MAKERS.items():
        rows = np.flatnonzero(_lacking(ds._annotations, key) & ~before[key])
        if len(rows):
            rows, values = make(ds, rows)
        if len(rows):
            made = _with_boxes(ds, rows, values) if column == "box" else placed(ds, column, rows, values)
            issues.append(at_annotations(ds, "derived", _field(key), told, rows))
            ds = ds._with(annotations=ds._annotations.replace({column: made}))
    ds, more = _remarked(ds, before)
    return ds, issues + more


def _field(key: str) -> str:
    return "box" if key == "bbox" else key


def _lacking(table: Table, key: str) -> Array:
    """Return (n,) bool: the rows that state nothing for a key that a writer would add."""
    lacking = ~_stated(table, key, STATES)
    if key in SHAPED:
        lacking &= table.array("kind") > 0
    if key == "num_keypoints":
        lacking &= column_states("keypoints")(table)
    return lacking


def _stated(table: Table, key: str, states: dict[str, Stated]) -> Array:
    stated = states[key](table).copy()
    verbatim = table.sparse(keys.extra(key))
    if verbatim is not None:
        stated |= verbatim.mask()
    return stated


def _remarked(ds: Dataset, before: dict[str, Array]) -> Found:
    """Return the dataset whose marks say what is lacking now."""
    after = {key: _lacking(ds._annotations, key) for key in ANNOTATION_WANTED}
    after["id"] &= before["id"]
    issues = []
    for key in ANNOTATION_WANTED:
        rows = np.flatnonzero(before[key] != after[key])
        if len(rows):
            told = f"whether {_field(key)} is stated has changed; it can't be computed where it is not"
            issues.append(at_annotations(ds, "restated", _field(key), told, rows))
    if not issues:
        return ds, []
    return ds._with(annotations=ds._annotations.replace({keys.ABSENT: marks(after)})), issues


def complete_items(ds: Dataset, apply: bool) -> Found:
    """Mark items of unknown size, which are written without width and height."""
    if "images" in absent_lists(ds):
        return ds, []
    table = ds._items
    before = marked(table, IMAGE_WANTED)
    after = {key: ~_stated(table, key, ITEM_STATES) for key in ("height", "width")}
    named = {"file_name": before["file_name"] & ~_renamed_by_mark(table, before["file_name"]), "id": before["id"]}
    named["id"] &= ~_stated(table, "id", ITEM_STATES)
    after = {key: {**named, **after}[key] for key in IMAGE_WANTED}
    unsized = np.flatnonzero((after["height"] & ~before["height"]) | (after["width"] & ~before["width"]))
    changed = np.flatnonzero(np.any([before[key] != after[key] for key in IMAGE_WANTED], axis=0))
    others = np.setdiff1d(changed, unsized)
    issues = []
    if len(unsized):
        told = "nobody knows the size of the item; it is written without width and height"
        places = Places(ItemNames(table), unsized)
        issues.append(Issue.at("unknown-size", "info", told, places, field="size", fate="missing"))
    if len(others):
        issues.append(at_items(ds, "restated", "size", "what the file did not state is stated by now", others))
    return (ds._with(items=table.replace({keys.ABSENT: marks(after)})) if issues else ds), issues


def _renamed_by_mark(table: Table, rows: Array) -> Array:
    """Return (n,) bool: the marked rows whose name is no longer the one that the reader would make."""
    from annokit.formats.coco.read import derived_name

    renamed = np.zeros(len(table), bool)
    for row in np.flatnonzero(rows).tolist():
        renamed[row] = table.value("name", row) != derived_name(table, row)
    return renamed
