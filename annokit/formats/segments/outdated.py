"""Step of narrowing that forgets what a release said of annotations that say otherwise now."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from annokit.columns import Column, Json, Sparse
from annokit.columns.base import Array
from annokit.formats.places import at_annotations
from annokit.formats.segments.batch import KEPT
from annokit.formats.segments.facts import ABSENT, CUBOIDS
from annokit.formats.segments.shapes import CORNERS, KEYS
from annokit.model.schema import KIND_CODE

if TYPE_CHECKING:
    from annokit.formats.holds import Step
    from annokit.formats.segments.tasks import Task
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset

BOX, CUBOID, MASK = (KIND_CODE[name] for name in ("box", "cuboid", "mask"))


def drop_outdated(task: Task) -> Step:
    """Drop extras of annotations that contradict their columns."""

    def step(ds: Dataset, apply: bool) -> Found:
        changes: dict[str, Column | None] = {}
        touched = np.zeros(len(ds._annotations), bool)
        for key, stated in RULES.items():
            column = ds._annotations.sparse(KEPT + key)
            if column is None:
                continue
            gone = stated(ds)[column.present()]
            if key == "type":
                gone &= ~_cuboid_type(ds, column)
            if gone.any():
                touched[column.present()[gone]] = True
                changes[KEPT + key] = _left(column, ~gone)
        marks = ds._annotations.sparse(KEPT + ABSENT)
        if marks is not None:
            fresh, moved = _absent(ds, marks, task.sequence)
            if len(moved):
                touched[moved] = True
                changes[KEPT + ABSENT] = fresh
        if not changes:
            return ds, []
        told = "what the release said of an annotation that says otherwise now is left out"
        issue = at_annotations(ds, "dropped", "extras", told, np.flatnonzero(touched), severity="info")
        return ds._with(annotations=ds._annotations.replace(changes)), [issue]

    return step


def _left(column: Sparse, keep: Array) -> Sparse | None:
    rows = column.present()[keep]
    return attrs.evolve(column, rows=rows, slots=column.slots_of(rows)) if len(rows) else None


def _has(name: str) -> Callable[[Dataset], Array]:
    def stated(ds: Dataset) -> Array:
        column = ds._annotations.sparse(name)
        return np.zeros(len(ds._annotations), bool) if column is None else column.mask()

    return stated


def _has_attributes(ds: Dataset) -> Array:
    found = np.zeros(len(ds._annotations), bool)
    for name, column in ds._annotations.columns.items():
        if name.startswith("attributes/"):
            found |= Sparse.of_column(column).mask()
    return found


def _kind_in(*kinds: int, other: bool = False) -> Callable[[Dataset], Array]:
    def stated(ds: Dataset) -> Array:
        return np.asarray(np.isin(ds._annotations.array("kind"), kinds) != other)

    return stated


def _cuboid_type(ds: Dataset, column: Sparse) -> Array:
    """Return which of the stated types are those of cuboids that are read as one."""
    words = np.array([word in CUBOIDS[1:] for word in column.dense().to_list()], bool)
    cuboid = ds._annotations.array("kind")[column.present()] == CUBOID
    return np.asarray(words & cuboid)


def _absent(ds: Dataset, marks: Sparse, sequence: bool) -> tuple[Column | None, Array]:
    """Return the marks of absent keys that still hold, and the rows of the others."""
    rows = marks.present()
    nameless = (ds._annotations.array("label")[rows] < 0) & ~_has(KEPT + "category_id")(ds)[rows]
    keyframe: Any = ds._annotations.sparse("keyframe")
    silent = np.zeros(len(ds._annotations), bool)
    if keyframe is not None and sequence:
        silent[keyframe.present()] = ~keyframe.dense().values
    holds = {"category_id": nameless, "is_keyframe": silent[rows]}
    fresh, changed = [], []
    for place, words in enumerate(marks.dense().to_list()):
        left = [word for word in words if word in holds and holds[word][place]]
        fresh.append(left)
        if left != words:
            changed.append(place)
    kept = [place for place, words in enumerate(fresh) if words]
    values = Json.of([fresh[place] for place in kept])
    column = Sparse(len(marks), rows[np.array(kept, np.int64)], None, values) if kept else None
    return column, rows[np.array(changed, np.int64)]


RULES: dict[str, Callable[[Dataset], Array]] = {
    "id": _has("id"),
    "track_id": _has("track"),
    "is_keyframe": _has("keyframe"),
    "category_id": lambda ds: ds._annotations.array("label") >= 0,
    "attributes": _has_attributes,
    CORNERS: _kind_in(BOX, other=True),
    "type": _kind_in(0, other=True),
    "points": _kind_in(0, MASK, CUBOID, other=True),
    **{key: _kind_in(CUBOID) for key in KEYS[2:] if key != "yaw"},
}
"""By extra, the rows whose columns say otherwise."""
