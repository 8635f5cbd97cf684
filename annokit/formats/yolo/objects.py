"""Steps of narrowing about single objects: crowds, boxes beside outlines, turned boxes, joints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from annokit.columns import Column, Fixed, Number, Ragged, Sparse, Struct
from annokit.columns.base import Array
from annokit.errors import MissingSizeError
from annokit.formats.places import at_annotations, at_items
from annokit.formats.steps import cleared, without
from annokit.geometry.ragged import lengths, offsets_of
from annokit.model.bounds import in_unit, of_item
from annokit.model.schema import KIND_CODE, ROTATED_FORMS, UNITS

if TYPE_CHECKING:
    from annokit.formats.holds import Step
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset

CROWD = "attributes/iscrowd"
PIXEL = UNITS.index("pixel")


def crowds(policy: str) -> Step:
    """Write crowds as ordinary objects (``keep``) or leave them out (``refuse``), and drop the mark."""

    def step(ds: Dataset, apply: bool) -> Found:
        column = ds._annotations.sparse(CROWD)
        if column is None:
            return ds, []
        dense = column.dense()
        marks = dense.values != 0 if isinstance(dense, Fixed | Number) else [_truth(v) for v in dense.to_list()]
        crowd = np.asarray(marks, bool)
        rows, plain = column.present()[crowd], column.present()[~crowd]
        issues = []
        if len(plain):
            told = "the target has no place for iscrowd"
            issues.append(at_annotations(ds, "dropped", "iscrowd", told, plain, severity="info"))
        if len(rows) and policy == "keep":
            told = "a crowd becomes an ordinary object"
            issues.append(at_annotations(ds, "dropped", "iscrowd", told, rows))
        if len(rows) and policy == "refuse":
            told = "crowds are left out"
            issues.append(at_annotations(ds, "refused", "iscrowd", told, rows))
            ds = without(ds, rows)
        return ds._with(annotations=ds._annotations.without([CROWD])), issues

    return step


def _truth(value: Any) -> bool:
    return value not in (0, False, None, "0", "false", "")


def no_boxes_beside(ds: Dataset, apply: bool) -> Found:
    """Drop the boxes of polygons: a row states one or the other."""
    column = ds._annotations.get("box")
    if not isinstance(column, Number):
        return ds, []
    stated = ~np.isnan(column.values[:, 0]) & (ds._annotations.array("kind") != KIND_CODE["box"])
    rows = np.flatnonzero(stated)
    if not len(rows):
        return ds, []
    issue = at_annotations(ds, "dropped", "box", "a row states an outline or a box, not both", rows)
    return ds._with(annotations=ds._annotations.replace({"box": cleared(column, rows)})), [issue]


def four_corners(ds: Dataset, apply: bool) -> Found:
    """State turned boxes by their corners, clockwise on screen, what was top left first."""
    column = ds._annotations.sparse("rotated")
    if column is None:
        return ds, []
    struct: Any = column.dense()
    form = struct.fields["form"].values
    other = np.flatnonzero(form != ROTATED_FORMS.index("corners"))
    if not len(other):
        return ds, []
    rows = column.present()
    issue = at_annotations(ds, "restated", "shape", "turned boxes are stated by their corners", rows[other])
    unsized = _unsized(ds, rows[other], struct.fields["angle"].values[other])
    if len(unsized):
        if apply:
            raise MissingSizeError.of(str(ds._items.value("name", int(unsized[0]))))
        told = "the corners of a turned box need the item's size, which nobody knows"
        return ds, [issue, at_items(ds, "unknown-size", "size", told, unsized, severity="error")]
    numbers = struct.fields["numbers"]
    values = numbers.values.copy()
    values[other] = _corners(ds, rows[other]).reshape(-1, 8)
    whole = None if numbers.whole is None else numbers.whole.copy()
    if whole is not None:
        whole[other] = False
    fields: dict[str, Column] = {
        "numbers": Number(values, whole),
        "angle": Number(np.full(len(rows), np.nan)),
        "form": Fixed(np.full(len(rows), ROTATED_FORMS.index("corners"), np.uint8)),
    }
    made = Sparse(len(ds._annotations), rows, None, Struct(fields))
    return ds._with(annotations=ds._annotations.replace({"rotated": made})), [issue]


def _unsized(ds: Dataset, rows: Array, angle: Array) -> Array:
    """Return the items whose boxes can't be turned because fractions need a size that nobody knows."""
    item = ds._annotations.array("item")[rows]
    unknown = (ds._items.array("size")[item] <= 0).any(axis=1)
    return np.unique(item[unknown & (of_item(ds, "unit", item) != PIXEL) & (angle != 0)])


def _corners(ds: Dataset, rows: Array) -> Array:
    """Return the corners of turned boxes, (k, 4, 2) in each item's own unit."""
    from annokit.geometry.rotation import corners
    from annokit.model.rotated import rotated

    stated = rotated(ds, rows, "source")
    item = ds._annotations.array("item")[rows]
    turned = np.flatnonzero((of_item(ds, "unit", item) != PIXEL) & (stated[:, 4] != 0))
    found = corners(stated)
    if len(turned):
        pixels = corners(rotated(ds, rows[turned], "pixel")).reshape(-1, 8)
        found[turned] = in_unit(ds, item[turned], pixels, PIXEL, "unit").reshape(-1, 4, 2)
    return found


def joint_count(ds: Dataset) -> int:
    """Return the joints of the longest list of keypoints, 0 where there is none."""
    column = ds._annotations.sparse("keypoints")
    if column is None:
        return 0
    joints: Any = column.dense()
    return int(lengths(joints.bounds()).max())


def equal_joints(ds: Dataset, apply: bool) -> Found:
    """Give every object as many joints as the one that has the most; added ones are not labelled."""
    most = joint_count(ds)
    if not most:
        return _no_joints(ds), []
    column = ds._annotations.sparse("keypoints")
    assert column is not None
    joints: Any = column.dense()
    rows = column.present()
    count = np.zeros(len(ds._annotations), np.int64)
    count[rows] = lengths(joints.bounds())
    short = np.flatnonzero(count < most)
    if not len(short):
        return ds, []
    told = f"every object has {most} joints; those added are at 0, 0 and not labelled"
    issue = at_annotations(ds, "derived", "keypoints", told, short)
    values = np.zeros((len(count), most, 3))
    whole = np.ones(values.shape, bool)
    owner = rows.repeat(lengths(joints.bounds()))
    place = np.arange(len(owner)) - joints.bounds()[:-1].repeat(lengths(joints.bounds()))
    values[owner, place] = joints.values.values
    whole[owner, place] = False if joints.values.whole is None else joints.values.whole
    made = Ragged(offsets_of(np.full(len(count), most)), Number(values.reshape(-1, 3), whole.reshape(-1, 3)))
    padded = Sparse(len(count), None, None, made)
    return ds._with(annotations=ds._annotations.replace({"keypoints": padded})), [issue]


def _no_joints(ds: Dataset) -> Dataset:
    return ds._with(annotations=ds._annotations.without(["keypoints"])) if "keypoints" in ds._annotations else ds


def sixth_numbers(name: str) -> Step:
    """Drop tracks that are no integers, and scores that are no numbers."""

    def step(ds: Dataset, apply: bool) -> Found:
        column = ds._annotations.sparse(name)
        if column is None:
            return ds, []
        dense = column.dense()
        if name == "track":
            values = dense.to_list()
            fits = np.array([type(value) is int and abs(value) < 1 << 53 for value in values], bool)
        else:
            fits = np.isfinite(dense.values) if isinstance(dense, Fixed | Number) else np.zeros(len(dense), bool)
        if fits.all():
            return ds, []
        told = f"the sixth number is a {name} only where that is a number"
        issue = at_annotations(ds, "dropped", name, told, column.present()[~fits])
        kept = None
        if fits.any():
            held: Any = dense.take(np.flatnonzero(fits))
            numbers = held if isinstance(held, Fixed | Number) else Fixed(np.array(held.to_list(), np.int64))
            kept = attrs.evolve(column, rows=column.present()[fits], slots=None, values=numbers)
        return ds._with(annotations=ds._annotations.replace({name: kept})), [issue]

    return step
