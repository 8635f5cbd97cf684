"""Steps of narrowing about keypoints: a joint is a point with a name, and one that is not there is no point."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from annokit.columns import Number, Ragged, Sparse
from annokit.columns.json import same
from annokit.formats.conversions import shapeless
from annokit.formats.dataloop.ontology import relinked
from annokit.formats.places import at_all, at_annotations
from annokit.geometry.ragged import offsets_of
from annokit.model.label import Skeleton
from annokit.model.label_set import LabelSet
from annokit.model.schema import KIND_CODE

if TYPE_CHECKING:
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset
    from annokit.report import Issue


def seen_joints(ds: Dataset, apply: bool) -> Found:
    """Take away keypoints none of which is labelled, and the places of joints that are not."""
    rows = np.flatnonzero(ds._annotations.array("kind") == KIND_CODE["keypoints"])
    if not len(rows):
        return ds, []
    column = ds._annotations.sparse("keypoints")
    assert column is not None
    joints = dict(zip(rows.tolist(), column.values_of(rows), strict=True))
    gone = [row for row, own in joints.items() if not any(joint[2] in (1, 2) for joint in own)]
    issues: list[Issue] = []
    if gone:
        told = "keypoints without a labelled joint have no place; the rest is kept"
        issues.append(at_annotations(ds, "dropped", "shape", told, np.array(gone)))
        ds = shapeless(ds, np.array(gone))
        joints = {row: own for row, own in joints.items() if row not in gone}
    made = {row: [[*j[:2], int(j[2])] if j[2] in (1, 2) else [0, 0, 0] for j in own] for row, own in joints.items()}
    changed = [row for row, own in made.items() if not same(own, joints[row])]
    if changed:
        told = "a joint that is not labelled has no place, and one that is labelled is seen or hidden"
        issues.append(at_annotations(ds, "restated", "keypoints", told, np.array(changed)))
        ds = _with_joints(ds, made)
    return ds, issues


def _same(a: Any, b: Any) -> bool:
    return bool(a == b) and all(
        type(x) is type(y) for p, q in zip(a, b, strict=True) for x, y in zip(p, q, strict=True)
    )


def _with_joints(ds: Dataset, joints: dict[int, Any]) -> Dataset:
    rows = np.array(sorted(joints), np.int64)
    listed = [joints[row] for row in rows.tolist()]
    column = Ragged(offsets_of([len(own) for own in listed]), Number.of([joint for own in listed for joint in own]))
    count = len(ds._annotations)
    sparse = Sparse(count, None if len(rows) == count else rows, None, column)
    return ds._with(annotations=ds._annotations.replace({"keypoints": sparse}))


def whole_skeletons(ds: Dataset, apply: bool) -> Found:
    """Give every label of keypoints a skeleton, and all its keypoints as many joints as that has."""
    rows = np.flatnonzero(ds._annotations.array("kind") == KIND_CODE["keypoints"])
    if not len(rows):
        return ds, []
    column = ds._annotations.sparse("keypoints")
    assert column is not None
    joints = dict(zip(rows.tolist(), column.values_of(rows), strict=True))
    label = ds._annotations.array("label")
    labels = list(ds.labels)
    most = {-1: max([_last(own) for row, own in joints.items() if label[row] < 0], default=0)}
    named = []
    for place in sorted({int(label[row]) for row in joints} - {-1}):
        own = max(len(joints[row]) for row in joints if label[row] == place)
        skeleton = labels[place].skeleton or Skeleton(())
        most[place] = max(own, len(skeleton.joints))
        if len(skeleton.joints) < own:
            names = [*skeleton.joints, *_numbers(skeleton.joints, own)]
            labels[place] = attrs.evolve(labels[place], skeleton=attrs.evolve(skeleton, joints=names))
            named.append(labels[place].name)
    issues: list[Issue] = []
    if named:
        issues.append(at_all("derived", "label.skeleton", "joints without a name are called by their numbers", named))
        ds = ds._with(labels=LabelSet(relinked(labels), ds.labels.attributes))
    filled = {row: _filled(own, most[int(label[row])]) for row, own in joints.items()}
    changed = [row for row, own in filled.items() if len(own) != len(joints[row])]
    if changed:
        told = "keypoints have as many joints as the skeleton of their label"
        issues.append(at_annotations(ds, "restated", "keypoints", told, np.array(changed)))
        ds = _with_joints(ds, filled)
    return ds, issues


def _last(joints: list[Any]) -> int:
    """Return how many joints there are up to the last labelled one."""
    return max(place for place, joint in enumerate(joints, 1) if joint[2])


def _numbers(taken: Any, count: int) -> list[str]:
    names: list[str] = []
    number = len(taken)
    while len(taken) + len(names) < count:
        number += 1
        if str(number) not in taken:
            names.append(str(number))
    return names


def _filled(joints: list[Any], count: int) -> list[Any]:
    return [*joints[:count], *([[0, 0, 0]] * (count - len(joints)))]


__all__ = ["seen_joints", "whole_skeletons"]
