"""What a release can hold: a task's shapes, and what every task has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from annokit.formats.holds import Holds, Step
from annokit.formats.json_values import sayable
from annokit.formats.narrow import narrow
from annokit.formats.outlines import drop_empty
from annokit.formats.places import at_all, at_annotations
from annokit.formats.segments import (
    fit_dataset,
    fit_ids,
    fit_items,
    fit_labels,
    fit_layers,
    fit_masks,
    fit_sequences,
    fit_shapes,
    outdated,
)
from annokit.formats.segments.batch import KEPT
from annokit.formats.segments.facts import ABSENT
from annokit.formats.segments.tasks import ENCODINGS, FRAME_FIELDS, OUTLINES, SEQUENCE_FIELDS, Task, task_of
from annokit.formats.steps import group_annotations, without

if TYPE_CHECKING:
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset


def holds(dialect: Any, options: Mapping[str, Any]) -> Holds:
    """Return what a release can hold; which of the kinds depends on the task, which depends on the dataset."""
    return Holds(
        mask_encodings=ENCODINGS,
        kinds={**OUTLINES, "mask": "kept", "keypoints": "dropped", "cuboid": "kept"},
        annotation_fields=frozenset(("id", "track", "keyframe", "layer")),
        item_fields=FRAME_FIELDS | {"id", "bitmap"},
        sequence_fields=SEQUENCE_FIELDS,
        label_facets=frozenset(("source_id", "color", "attributes", "is_thing", "extras")),
        sequence_attributes=False,
        extras=("segments",),
        unit="pixel",
        form="xyxy",
        time_unit="s",
        steps=(
            sayable,
            in_task(options.get("task")),
        ),
        final_steps=(fit_shapes.upright, fit_masks.known_sizes),
        notes="A release has one task. Segmentation: every shape with an area becomes a mask. Vector: boxes, polygons "
        "of one ring, lines and points. Sizes are known from bitmaps alone.",
    )


def in_task(name: str | None) -> Step:
    """Bring a dataset into the shape that the task of its release can hold."""

    def step(ds: Dataset, apply: bool) -> Found:
        task, assumed = task_of(ds, name)
        issues = []
        if assumed:
            told = f"the release is of the task {task.name}"
            issues.append(at_all("derived", "task_type", told, [task.name]))
            ds = fit_dataset.with_task(ds, task.name)
        narrowed, report = narrow(ds, _of_task(task), apply=apply)
        return narrowed, [*issues, *report]

    return step


def _of_task(task: Task) -> Holds:
    early: tuple[Step, ...] = (refuse_nameless, drop_empty)
    late: tuple[Step, ...] = (drop_empty, group_annotations(Holds()), *fit_shapes.late(task))
    if task.kinds.get("cuboid") == "kept":
        early = (*early, fit_shapes.cuboids)
    if task.joints:
        early = (*early, fit_shapes.joints_to_points)
    if task.sequence:
        early = (*early, fit_sequences.owned)
    if task.bitmaps:
        late = (*late, fit_masks.one_size, fit_layers.masks_in_main_layer, fit_masks.without_overlaps)
    if not task.bare:
        late = (*late, refuse_shapeless)
    if task.sequence:
        late = (*late, fit_sequences.in_sequences)
    late = (*late, fit_labels.labels, fit_layers.layers, fit_layers.in_order)
    if task.bitmaps:
        late = (*late, fit_masks.alike)
    late = (*late, fit_ids.ids(task), fit_ids.tracks)
    if task.bitmaps:
        late = (*late, fit_masks.named)
    late = (*late, fit_items.idents, fit_items.media(task), fit_items.statuses(task), fit_ids.keyframes(task))
    late = (*late, outdated.drop_outdated(task), fit_layers.further_labels(task), fit_dataset.members(task))
    return attrs.evolve(task.holds(), steps=early, late_steps=late)


def refuse_nameless(ds: Dataset, apply: bool) -> Found:
    """Leave out annotations without label, but those that came out of a release so."""
    nameless = ds._annotations.array("label") < 0
    stated = ds._annotations.sparse(KEPT + "category_id")
    if stated is not None:
        nameless[stated.present()] = False
    absent = ds._annotations.sparse(KEPT + ABSENT)
    if absent is not None:
        words = np.array(["category_id" in word for word in absent.values.to_list()], bool)
        nameless[absent.present()[words[absent.all_slots()]]] = False
    rows = np.flatnonzero(nameless)
    if not len(rows):
        return ds, []
    issue = at_annotations(ds, "refused", "label", "the target needs a label, the annotation has none", rows)
    return without(ds, rows), [issue]


def refuse_shapeless(ds: Dataset, apply: bool) -> Found:
    """Leave out annotations without shape, but those whose shape is kept verbatim."""
    shapeless = ds._annotations.array("kind") == 0
    for key in ("type", "points"):
        kept = ds._annotations.sparse(KEPT + key)
        if kept is not None:
            shapeless[kept.present()] = False
    rows = np.flatnonzero(shapeless)
    if not len(rows):
        return ds, []
    issue = at_annotations(ds, "refused", "shape", "the task needs a shape, the annotation has none", rows)
    return without(ds, rows), [issue]
