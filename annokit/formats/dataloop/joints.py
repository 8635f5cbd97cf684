"""Joints of poses as keypoints, and the skeletons of labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from annokit.columns import MISSING, Json, Number, Ragged, Sparse
from annokit.columns.json import dumps, loads, same
from annokit.formats.dataloop.facts import EXTRA
from annokit.formats.dataloop.ontology import Ontology
from annokit.formats.dataloop.poses import OWN_CLIENT, Pose, joint_documents, skeletons
from annokit.geometry.ragged import offsets_of
from annokit.model.label import Skeleton
from annokit.model.label_set import LabelSet

if TYPE_CHECKING:
    from annokit.model.dataset import Dataset


def with_joints(ds: Dataset, poses: Sequence[tuple[int, Pose]], ontology: Ontology | None) -> Dataset:
    """Return the dataset with the joints of `poses`, by annotation row, as keypoints in the order of skeletons."""
    if not poses:
        return ds
    labels = [ds.labels[k].name if k >= 0 else None for k in ds._annotations.array("label").tolist()]
    owned = [(labels[row], pose) for row, pose in poses]
    templates = _templates(owned, ontology)
    made = skeletons(owned, templates)
    joints = [_ordered(pose, made[label]) for label, pose in owned]
    rows = np.array([row for row, _ in poses], np.int64)
    column = Ragged(offsets_of([len(own) for own in joints]), Number.of([joint for own in joints for joint in own]))
    changes: dict[str, Any] = {
        "keypoints": Sparse(len(labels), None if len(rows) == len(labels) else rows, None, column),
        f"{EXTRA}#joints": _verbatim(ds, poses, made, joints, labels),
        f"{EXTRA}#pose": _without_usual(ds, poses, labels),
    }
    known = [attrs.evolve(label, skeleton=made[label.name]) if label.name in made else label for label in ds.labels]
    return ds._with(annotations=ds._annotations.replace(changes), labels=LabelSet(known, ds.labels.attributes))


def _templates(owned: Sequence[tuple[str | None, Pose]], ontology: Ontology | None) -> dict[str, Skeleton]:
    """Return the template of each label whose poses have one."""
    found: dict[str, Skeleton] = {}
    for label, pose in owned:
        template = None if ontology is None else ontology.template(pose.template, label)
        if label is not None and label not in found and template is not None:
            found[label] = template.skeleton
    return found


def _ordered(pose: Pose, skeleton: Skeleton) -> list[list[Any]]:
    """Return x, y and visibility of each joint of a skeleton; 0, 0, 0 where the pose lacks it."""
    named = {joint.name: [joint.x, joint.y, joint.visibility] for joint in pose.joints}
    return [named.get(name, [0, 0, 0]) for name in skeleton.joints]


def usual_pose(label: str | None) -> dict[str, Any]:
    """Return the coordinates of a pose whose label is its template."""
    return {} if label is None else {"templateId": label}


def _without_usual(ds: Dataset, poses: Sequence[tuple[int, Pose]], labels: Sequence[str | None]) -> Sparse | None:
    """Return the coordinates of poses that are not those that a writer would give."""
    column = ds._annotations.sparse(f"{EXTRA}#pose")
    if column is None:
        return None
    keep = [row for row, _ in poses if (v := column.value(row)) is not MISSING and v != usual_pose(labels[row])]
    if not keep:
        return None
    rows = np.array(sorted(keep), np.int64)
    return attrs.evolve(column, rows=rows, slots=column.slots_of(rows))


def _verbatim(
    ds: Dataset, poses: Sequence[tuple[int, Pose]], made: Any, joints: Sequence[Any], labels: Sequence[str | None]
) -> Sparse | None:
    """Return the points of poses that say more than a writer would, with where they stand."""
    kept: list[tuple[int, bytes]] = []
    for (row, pose), own in zip(poses, joints, strict=True):
        stated = [loads(joint.document) for joint in pose.joints]
        usual = joint_documents(made[labels[row]].joints, own, _link(ds, row, stated[0]))
        after = range(pose.position + 1, pose.position + 1 + len(usual))
        if [joint.position for joint in pose.joints] == list(after) and same(stated, usual):
            continue
        kept.append(
            (row, dumps([[joint.position, document] for joint, document in zip(pose.joints, stated, strict=True)]))
        )
    kept.sort()
    rows = np.array([row for row, _ in kept], np.int64)
    return Sparse(len(labels), rows, None, Json.of([raw for _, raw in kept])) if kept else None


def usual_joints(ds: Dataset, row: int, stated: Sequence[Any]) -> list[dict[str, Any]]:
    """Return the points that a writer would give the pose at a row; `stated` are its places and points."""
    label = int(ds._annotations.array("label")[row])
    skeleton = ds.labels[label].skeleton if label >= 0 else None
    joints = ds._annotations.value("keypoints", row)
    names = [str(number) for number in range(1, len(joints) + 1)] if skeleton is None else skeleton.joints
    return joint_documents(names, joints, _link(ds, row, stated[0][1]))


def _link(ds: Dataset, row: int, joint: Mapping[str, Any]) -> dict[str, str]:
    """Return how a writer would have the joints of a pose refer to it, of which one is known."""
    ident = ds._annotations.value("id", row)
    if isinstance(ident, str):
        return {"parentId": ident}
    system = joint.get("metadata", {}).get("system", {})
    client = system.get("clientParentId")
    stated = ds._annotations.value(f"{EXTRA}metadata.system.clientId", row)
    own = isinstance(client, str) and (client == stated or client.startswith(OWN_CLIENT))
    return {"clientParentId": client} if own else {}
