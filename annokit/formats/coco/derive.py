"""Steps of narrowing that compute what COCO states beside a shape: box, area, number of joints, crowd flag."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import attrs
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
from annokit.model.bitmaps import rows_in_bitmaps
from annokit.model.bounds import boxes
from annokit.model.schema import KIND_CODE
from annokit.report import Issue, Places

if TYPE_CHECKING:
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset

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


def _tight_boxes(ds: Dataset, rows: Array) -> Column:
    """Return the bounds of shapes, as whole numbers for masks."""
    mask = ds._annotations.array("kind")[rows] == KIND_CODE["mask"]
    whole = np.repeat(mask[:, None], 4, axis=1)
    return Number(boxes(ds, rows, "xywh", "source"), whole if mask.any() else None)


def _bounded(ds: Dataset, rows: Array) -> Array:
    """Return which rows have bounds: all but joints of which none is labelled, and masks without pixels."""
    kind = ds._annotations.array("kind")[rows]
    found = kind != KIND_CODE["keypoints"]
    masks = np.flatnonzero(kind == KIND_CODE["mask"])
    if len(masks):
        from annokit.model.masks import mask_bounds

        found[masks] = ~np.isnan(mask_bounds(ds, rows[masks])[:, 0])
    return np.asarray(found)


def _areas(ds: Dataset, rows: Array) -> Column:
    """Return areas: pixels of masks, the sum over the rings of polygons, width times height of boxes."""
    kind = ds._annotations.array("kind")[rows]
    values = np.full(len(rows), np.nan)
    for name, area in AREAS.items():
        places = np.flatnonzero(kind == KIND_CODE[name])
        if len(places):
            values[places] = area(ds, rows[places])
    whole = kind == KIND_CODE["mask"]
    return Number(values, whole if whole.any() else None)


def _flat(ds: Dataset, rows: Array) -> Array:
    """Return which rows have an area that is known: no pixels, no area."""
    flat = np.isin(ds._annotations.array("kind")[rows], [KIND_CODE[name] for name in AREAS])
    elsewhere = np.zeros(len(ds._annotations), bool)
    elsewhere[rows_in_bitmaps(ds)] = True
    return np.asarray(flat & ~elsewhere[rows])


def _any(ds: Dataset, rows: Array) -> Array:
    return np.ones(len(rows), bool)


def _box_areas(ds: Dataset, rows: Array) -> Array:
    box: Any = ds._annotations.get("box")
    largest = np.finfo(np.float64).max
    return np.asarray(np.minimum(np.abs(box.values[rows, 2]) * np.abs(box.values[rows, 3]), largest))


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


def _labelled_joints(ds: Dataset, rows: Array) -> Column:
    column: Any = ds._annotations.sparse("keypoints")
    lists = column.values.take(column.slots_of(rows))
    seen = (lists.values.values[:, 2] > 0).astype(np.int64)
    counts = ragged.reduce(seen, lists.bounds(), np.add, 0)
    return Number(counts.astype(np.float64), np.ones(len(rows), bool))


def _no_crowd(ds: Dataset, rows: Array) -> Column:
    return Fixed(np.zeros(len(rows), np.int64))


@attrs.frozen
class _Rule:
    """How a key that a record lacks is computed."""

    column: str
    """Where it goes."""

    known: Callable[[Dataset, Array], Array]
    """Which rows there is something to compute for."""

    make: Callable[[Dataset, Array], Column]
    """The values of those rows."""

    told: str
    """What the record says."""


RULES: dict[str, _Rule] = {
    "iscrowd": _Rule(CROWD, _any, _no_crowd, "iscrowd is written as 0"),
    "bbox": _Rule("box", _bounded, _tight_boxes, "bbox is the tight box around the shape"),
    "area": _Rule(AREA, _flat, _areas, "area is computed from the shape"),
    "num_keypoints": _Rule(JOINTS, _any, _labelled_joints, "num_keypoints counts the labelled joints"),
}

STATES: dict[str, Stated] = {
    **ANNOTATION_STATES,
    "iscrowd": column_states(CROWD),
    "area": column_states(AREA),
    "num_keypoints": column_states(JOINTS),
}


def complete_annotations(ds: Dataset, apply: bool) -> Found:
    """Compute what annotations lack, unless the file that they come from lacked it too."""
    before = marked(ds._annotations, ANNOTATION_WANTED)
    lacking = {key: _lacking(ds._annotations, key) for key in ANNOTATION_WANTED}
    lacking["id"] &= before["id"]
    issues: list[Issue] = []
    made: dict[str, Column | None] = {}
    for key, rule in RULES.items():
        rows = np.flatnonzero(lacking[key] & ~before[key])
        rows = rows[rule.known(ds, rows)] if len(rows) else rows
        if len(rows):
            lacking[key][rows] = False
            issues.append(at_annotations(ds, "derived", _field(key), rule.told, rows))
            if apply:
                values = rule.make(ds, rows)
                is_box = rule.column == "box"
                made[rule.column] = _with_boxes(ds, rows, values) if is_box else placed(ds, rule.column, rows, values)
    for key in ANNOTATION_WANTED:
        rows = np.flatnonzero(before[key] != lacking[key])
        if len(rows):
            told = f"whether {_field(key)} is stated has changed; it can't be computed where it is not"
            issues.append(at_annotations(ds, "restated", _field(key), told, rows))
            made[keys.ABSENT] = marks(lacking)
    return (ds._with(annotations=ds._annotations.replace(made)) if made else ds), issues


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
