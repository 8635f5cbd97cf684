"""Steps of narrowing that bring shapes and labels into the form that COCO can state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from annokit.codecs.json_fields import UNNAMEABLE
from annokit.columns import Column, Fixed, Ragged, Sparse
from annokit.columns.base import Array
from annokit.formats.coco import keys
from annokit.formats.coco.absent import lacks_by_mark
from annokit.formats.coco.outdated import column_states
from annokit.formats.conversions import area_mask, converted, emptied
from annokit.formats.places import at_all, at_annotations, at_items
from annokit.formats.steps import public_name, without
from annokit.geometry import ragged
from annokit.model.label import Label, Skeleton
from annokit.model.label_set import LabelSet
from annokit.model.schema import KIND_CODE

if TYPE_CHECKING:
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset

SUPERCATEGORY = "coco/supercategory"


def refuse_lost(ds: Dataset, apply: bool) -> Found:
    """Leave out annotations that belong to no item, unless a file said so."""
    table = ds._annotations
    lost = (table.array("item") < 0) & ~lacks_by_mark(table, "image_id")
    stated = table.sparse(keys.extra("image_id"))
    if stated is not None:
        lost &= ~stated.mask()
    rows = np.flatnonzero(lost)
    if not len(rows):
        return ds, []
    return without(ds, rows), [at_annotations(ds, "refused", "item", "the annotation belongs to no item", rows)]


def as_categories(ds: Dataset, apply: bool) -> Found:
    """State what is above a label as its supercategory, and leave out what other formats said of labels."""
    issues = []
    parents = [label.name for label in ds.labels if label.parent is not None]
    if parents:
        told = "the class above a label is written as its supercategory"
        issues.append(at_all("converted", "label.parent", told, parents))
    foreign = sorted({key for label in ds.labels for key in label.extras if not key.startswith("coco/")})
    for key in foreign:
        field = key.partition("/")[2]
        issues.append(at_all("dropped", f"label.{field}", f"the target has no place for {field}", [key]))
    broken = [label.name for label in ds.labels if _sound_skeleton(label.skeleton) != label.skeleton]
    if broken:
        told = "edges that do not connect two joints are left out"
        issues.append(at_all("dropped", "label.skeleton", told, broken))
    if not issues:
        return ds, []
    return ds._with(labels=LabelSet(map(_category, ds.labels), ds.labels.attributes)), issues


def _category(label: Label) -> Label:
    extras = {key: value for key, value in label.extras.items() if key.startswith("coco/")}
    if label.parent is not None:
        extras.setdefault(SUPERCATEGORY, label.parent.name)
    return attrs.evolve(label, parent=None, extras=extras, skeleton=_sound_skeleton(label.skeleton))


def _sound_skeleton(skeleton: Skeleton | None) -> Skeleton | None:
    if skeleton is None:
        return None
    count = len(skeleton.joints)
    edges = [edge for edge in skeleton.edges if all(0 <= end < count for end in edge)]
    return skeleton if len(edges) == len(skeleton.edges) else attrs.evolve(skeleton, edges=edges)


def holes_as_masks(ds: Dataset, apply: bool) -> Found:
    """Turn polygons with holes into masks: a list of rings can only add areas."""
    column: Any = ds._annotations.sparse("points")
    if column is None or column.values.values.offsets is None:
        return ds, []
    dense = column.dense()
    several = np.diff(dense.values.bounds()) > 1
    per_shape = ragged.reduce(several.astype(np.int64), dense.bounds(), np.add, 0)
    rows = column.present()[per_shape > 0]
    rows = rows[ds._annotations.array("kind")[rows] == KIND_CODE["polygon"]]
    if not len(rows):
        return ds, []
    policy = "the pixels that it covers, since lists of rings can't state holes"
    ds, issue = converted(ds, rows, "polygon", "mask", policy, area_mask)
    return ds, [issue]


def sound_shapes(ds: Dataset, apply: bool) -> Found:
    """Leave out rings without area, and shapes whose numbers are not finite or that have none."""
    ds, issues = _sound_polygons(ds)
    for field, bad in (("keypoints", _bad_joints), ("box", _bad_boxes)):
        rows = np.flatnonzero(bad(ds))
        if len(rows):
            told = f"{field} without numbers, or with numbers that are not finite, are left out"
            issues.append(at_annotations(ds, "dropped", field, told, rows))
            ds = _without(ds, field, rows)
    ds, more = _rekinded(ds)
    return ds, issues + more


def _bad_boxes(ds: Dataset) -> Array:
    kind = ds._annotations.array("kind")
    box: Any = ds._annotations.get("box")
    if box is None:
        return np.asarray(kind == KIND_CODE["box"])
    finite = np.isfinite(box.values).all(axis=1)
    stated = ~np.isnan(box.values).all(axis=1)
    return np.asarray(~finite & (stated | (kind == KIND_CODE["box"])))


def all_finite(values: Array) -> bool:
    """Tell whether all numbers are finite; the sum tells, unless it overflows."""
    with np.errstate(all="ignore"):
        return bool(np.isfinite(values.sum()) or np.isfinite(values).all())


def _rekinded(ds: Dataset) -> Found:
    """Let annotations without shape be what they are read back as: their box, else their joints."""
    kinds = ds._annotations.array("kind").copy()
    none = kinds == KIND_CODE["none"]
    joints = none & column_states("keypoints")(ds._annotations)
    boxed = none & column_states("box")(ds._annotations)
    rows = np.flatnonzero(joints | boxed)
    if not len(rows):
        return ds, []
    kinds[joints], kinds[boxed] = KIND_CODE["keypoints"], KIND_CODE["box"]
    issue = at_annotations(ds, "restated", "shape", "the shape is the box or the joints that are stated", rows)
    return ds._with(annotations=ds._annotations.replace({"kind": Fixed(kinds)})), [issue]


def _without(ds: Dataset, field: str, rows: Array) -> Dataset:
    """Return the dataset in which `rows` have no box or joints, and no shape where it was that."""
    kinds = ds._annotations.array("kind").copy()
    kinds[rows[kinds[rows] == KIND_CODE[field]]] = KIND_CODE["none"]
    changes: dict[str, Column | None] = {"kind": Fixed(kinds)}
    if field in ds._annotations:
        changes[field] = emptied(ds, field, rows)
    return ds._with(annotations=ds._annotations.replace(changes))


def _bad_joints(ds: Dataset) -> Array:
    """Return (n,) bool: the rows whose joints are none, or hold a number that is not finite."""
    marks = np.zeros(len(ds._annotations), bool)
    column: Any = ds._annotations.sparse("keypoints")
    if column is None:
        return marks
    lists = column.dense()
    wrong = ~np.isfinite(lists.values.values).all(axis=1)
    counts = ragged.reduce(wrong.astype(np.int64), lists.bounds(), np.add, 0)
    marks[column.present()[(counts > 0) | (np.diff(lists.bounds()) == 0)]] = True
    return marks


def _sound_polygons(ds: Dataset) -> Found:
    column: Any = ds._annotations.sparse("points")
    if column is None:
        return ds, []
    shapes = column.dense()
    rings = shapes.values.values
    good = np.diff(rings.bounds()) >= 3
    if not all_finite(rings.values.values):
        wrong = ~np.isfinite(rings.values.values).all(axis=1)
        good &= ragged.reduce(wrong.astype(np.int64), rings.bounds(), np.add, 0) == 0
    ring_bounds = shapes.values.bounds()[shapes.bounds()]
    empty = np.diff(ring_bounds) == 0
    if good.all() and not empty.any() and shapes.values.offsets is None:
        return ds, []
    touched = ragged.reduce((~good).astype(np.int64), ring_bounds, np.add, 0) > 0
    kept = ragged.reduce(good.astype(np.int64), ring_bounds, np.add, 0)
    rows = column.present()
    issues = []
    if (touched | empty).any():
        told = "rings of fewer than three points, or with numbers that are not finite, are left out"
        issues.append(at_annotations(ds, "dropped", "shape", told, rows[touched | empty]))
    held = kept > 0
    inner = rings.take(np.flatnonzero(good))
    fresh = Ragged(ragged.offsets_of(kept[held]), Ragged(None, inner))
    points = Sparse(len(ds._annotations), rows[held], None, fresh) if held.any() else None
    ds = ds._with(annotations=ds._annotations.replace({"points": points}))
    return _boxed_or_none(ds, rows[~held]), issues


def _boxed_or_none(ds: Dataset, rows: Array) -> Dataset:
    """Return the dataset in which `rows`, which lost their polygon, are what their box says, or nothing."""
    kinds = ds._annotations.array("kind").copy()
    box: Any = ds._annotations.get("box")
    has = np.zeros(len(rows), bool) if box is None else ~np.isnan(box.values[rows, 0])
    kinds[rows] = np.where(has, KIND_CODE["box"], KIND_CODE["none"])
    return ds._with(annotations=ds._annotations.replace({"kind": Fixed(kinds)}))


def plain_names(ds: Dataset, apply: bool) -> Found:
    """Rename attributes whose names hold quotes, backslashes or control characters, which JSON has to escape."""
    issues = []
    for table, what, place in ((ds._annotations, "annotations", at_annotations), (ds._items, "items", at_items)):
        changes: dict[str, Column | None] = {}
        for name in table.columns:
            if name.startswith(keys.ATTRIBUTE) and UNNAMEABLE.search(name):
                fresh = UNNAMEABLE.sub("_", name)
                while fresh in table.columns or fresh in changes:
                    fresh += "_"
                changes |= {name: None, fresh: table.columns[name]}
                told = f"the attribute is called {fresh.removeprefix(keys.ATTRIBUTE)!r}"
                rows = Sparse.of_column(table.columns[name]).present()
                issues.append(place(ds, "renamed", public_name(name), told, rows))
        if changes:
            ds = ds._with(**{what: table.replace(changes)})
    return ds, issues
