"""Steps of narrowing about shapes: empty ones, joints, rings, corners."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.columns import Fixed, Json, Number, Ragged, Sparse
from annokit.columns.json import same
from annokit.formats.conversions import placed, shapeless
from annokit.formats.outlines import single_rings
from annokit.formats.places import at_annotations
from annokit.formats.segments.values import is_number
from annokit.formats.steps import cleared
from annokit.geometry import Cuboid
from annokit.geometry.euler import quaternion
from annokit.model.bounds import boxes
from annokit.model.schema import KIND_CODE
from annokit.model.select import take_annotations

if TYPE_CHECKING:
    from annokit.formats.holds import Step
    from annokit.formats.segments.tasks import Task
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset


def joints_to_points(ds: Dataset, apply: bool) -> Found:
    """Make a point of each labelled joint; all of them keep everything else."""
    rows = np.flatnonzero(ds._annotations.array("kind") == KIND_CODE["keypoints"])
    column = ds._annotations.sparse("keypoints")
    if not len(rows) or column is None:
        return ds, []
    joints: Any = column.values.take(column.slots_of(rows))
    seen = joints.values.values[:, 2] > 0
    owner = np.arange(len(rows)).repeat(np.diff(joints.bounds()))
    counts = np.ones(len(ds._annotations), np.int64)
    counts[rows] = np.bincount(owner[seen], minlength=len(rows))
    told = "keypoints become point: each labelled joint becomes an annotation"
    issue = at_annotations(ds, "converted", "shape", told, rows)
    table = take_annotations(ds._annotations, np.arange(len(counts)).repeat(counts))
    marks = np.zeros(len(counts), bool)
    marks[rows] = True
    places = np.flatnonzero(marks.repeat(counts))
    made = ds._with(annotations=table)
    numbers = joints.values.take(np.flatnonzero(seen))
    points = Number(numbers.values[:, :2], None if numbers.whole is None else numbers.whole[:, :2])
    kinds = table.array("kind").copy()
    kinds[places] = KIND_CODE["point"]
    changes: dict[str, Any] = {
        "kind": Fixed(kinds),
        "points": placed(made, "points", places, Ragged(None, Ragged(None, Ragged(None, points)))),
    }
    for name in ("keypoints", "box"):
        stated = table.get(name)
        if stated is not None:
            present = places if name == "box" else np.intersect1d(places, table.sparse(name).present())  # type: ignore[union-attr]
            changes[name] = cleared(stated, present)
    return made._with(annotations=table.replace(changes)), [issue]


def cuboids(ds: Dataset, apply: bool) -> Found:
    """State cuboids by their middle, size, and yaw or quaternion; one that has no place in the world has no shape."""
    column = ds._annotations.sparse("cuboid")
    if column is None:
        return ds, []
    rows = column.present()
    stated = column.dense().to_list()
    made = [_cuboid(value) for value in stated]
    issues = []
    flat = rows[np.array([value is None for value in made], bool)]
    if len(flat):
        told = "a cuboid of a release has a place and a size in the world"
        issues.append(at_annotations(ds, "dropped", "shape", told, flat))
    moved = [value is not None and not same(value, old) for value, old in zip(made, stated, strict=True)]
    if any(moved):
        told = "cuboids are stated by their middle, size, and yaw or quaternion"
        severity = "info" if all(old.get("corners") is None for old in stated) else "warning"
        issues.append(at_annotations(ds, "restated", "shape", told, rows[np.array(moved)], severity=severity))
    if not issues:
        return ds, []
    column = Sparse(len(column), rows, None, Json.of([{} if value is None else value for value in made]))
    changed = ds._with(annotations=ds._annotations.replace({"cuboid": column}))
    return (shapeless(changed, flat) if len(flat) else changed), issues


def _cuboid(value: dict[str, Any]) -> dict[str, Any] | None:
    """Return the fields of a cuboid as a release has them, None where it has no place or size."""
    center, size, turn = value.get("center"), value.get("size"), value.get("rotation")
    if center is None or size is None or not all(map(is_number, (*center, *size, *(turn or ())))):
        return None
    if any(value.get("anchor") or ()):
        middle = Cuboid.of(center, size, turn or (0, 0, 0), anchor=value["anchor"]).middle
        center = None if middle is None else list(middle)
    found = {"center": center, "size": size}
    if turn is None:
        return found
    if len(turn) == 4:
        return {**found, "rotation": turn}
    return {**found, "rotation": [0, 0, turn[2]] if not any(turn[:2]) else quaternion(turn)}


def late(task: Task) -> tuple[Step, ...]:
    """Return the steps after which every polygon is one ring, where the task has polygons."""
    return single_rings() if task.kinds.get("polygon") == "kept" else ()


def upright(ds: Dataset, apply: bool) -> Found:
    """State boxes from their upper left to their lower right corner."""
    rows = np.flatnonzero(ds._annotations.array("kind") == KIND_CODE["box"])
    corners = boxes(ds, rows, "xyxy", "source")
    turned = (corners[:, 2:] < corners[:, :2]).any(axis=1)
    if not turned.any():
        return ds, []
    told = "boxes are stated from their smaller to their larger corner"
    issue = at_annotations(ds, "restated", "box", told, rows[turned])
    if not apply:
        return ds, [issue]
    column: Any = ds._annotations.get("box")
    values = column.values.copy()
    whole = None if column.whole is None else column.whole.copy()
    for low, high in ((0, 2), (1, 3)):
        swap = rows[corners[:, high] < corners[:, low]]
        values[swap[:, None], [low, high]] = values[swap[:, None], [high, low]]
        if whole is not None:
            whole[swap[:, None], [low, high]] = whole[swap[:, None], [high, low]]
    return ds._with(annotations=ds._annotations.replace({"box": Number(values, whole)})), [issue]
