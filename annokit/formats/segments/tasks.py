"""The kinds of task of a release: what each can hold, as a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from annokit.errors import UsageError
from annokit.formats.holds import Holds
from annokit.formats.segments.facts import TASK_ALIASES
from annokit.model.schema import ITEM_KINDS, KINDS

if TYPE_CHECKING:
    from annokit.model.dataset import Dataset

ITEM_FIELDS = frozenset(("id", "uri", "size", "dataset", "split", "status"))
FRAME_FIELDS = (ITEM_FIELDS - {"id"}) | {"frame", "timestamp", "sequence"}
SEQUENCE_FIELDS = frozenset(("id", "name", "split", "status"))

AREAS: Mapping[str, str] = {
    "none": "kept",
    "mask": "kept",
    "box": "mask",
    "polygon": "mask",
    "rotated_box": "mask",
    "ellipse": "mask",
    "polyline": "dropped",
    "point": "dropped",
    "keypoints": "dropped",
    "cuboid": "dropped",
}

OUTLINES: Mapping[str, str] = {
    "none": "kept",
    "box": "kept",
    "polygon": "kept",
    "polyline": "kept",
    "point": "kept",
    "rotated_box": "polygon",
    "ellipse": "polygon",
    "mask": "polygon",
}

BOXES: Mapping[str, str] = {
    "none": "kept",
    "box": "kept",
    **dict.fromkeys(("polygon", "polyline", "rotated_box", "ellipse", "mask"), "box"),
}

VERBATIM: Mapping[str, str] = {**dict.fromkeys(KINDS, "dropped"), "none": "kept"}


@attrs.frozen(kw_only=True)
class Task:
    """Facts of a task."""

    name: str
    """What the release calls it."""

    kinds: Mapping[str, str]
    """Fate of each kind of shape."""

    item_kind: str | None
    """Kind of its items; None for any."""

    sequence: bool = False
    """Whether a sample is a sequence of frames."""

    bitmaps: bool = False
    """Whether masks lie in a bitmap per item."""

    joints: bool = False
    """Whether labelled joints become points."""

    ids: bool = True
    """Whether annotations have ids."""

    bare: bool = True
    """Whether an annotation needs no shape."""

    numbers: bool = True
    """Whether coordinates are pixels of a picture."""

    def holds(self) -> Holds:
        """Return what the task can hold."""
        items = FRAME_FIELDS if self.sequence else ITEM_FIELDS
        return Holds(
            kinds=self.kinds,
            mask_encodings=ENCODINGS if self.bitmaps else Holds().mask_encodings,
            annotation_fields=frozenset(("id", "track", "keyframe", "layer")),
            item_fields=items | {"bitmap"} if self.bitmaps else items,
            sequence_fields=SEQUENCE_FIELDS if self.sequence else None,
            label_facets=frozenset(("source_id", "color", "attributes", "is_thing", "extras")),
            sequence_attributes=False,
            extras=("segments",),
            item_kind=self.item_kind,
        )


ENCODINGS = frozenset(("bitmap", "rle", "runs", "void"))
"""How masks may be stated where there are bitmaps, in which an annotation may have no pixels."""


def _tasks() -> Mapping[str, Task]:
    areas: dict[str, Any] = {"kinds": AREAS, "bitmaps": True}
    outlines: dict[str, Any] = {"kinds": OUTLINES, "bare": False, "joints": True}
    cuboids: dict[str, Any] = {"kinds": {**VERBATIM, "cuboid": "kept"}, "item_kind": "pointcloud"}
    points: dict[str, Any] = {"kinds": VERBATIM, "item_kind": "pointcloud"}
    text: dict[str, Any] = {"kinds": VERBATIM, "item_kind": "text", "ids": False}
    found = (
        Task(name="segmentation-bitmap", item_kind="image", **areas),
        Task(name="segmentation-bitmap-highres", item_kind="image", **areas),
        Task(name="image-segmentation-sequence", item_kind="frame", sequence=True, **areas),
        Task(name="vector", item_kind="image", **outlines),
        Task(name="image-vector-sequence", item_kind="frame", sequence=True, **outlines),
        Task(name="bboxes", item_kind="image", kinds=BOXES, bare=False),
        Task(name="keypoints", item_kind="image", kinds={"none": "kept", "point": "kept"}, bare=False, joints=True),
        Task(name="pointcloud-cuboid", **cuboids),
        Task(name="pointcloud-cuboid-sequence", sequence=True, **cuboids),
        Task(name="pointcloud-segmentation", **points),
        Task(name="pointcloud-segmentation-sequence", sequence=True, **points),
        Task(name="pointcloud-vector", **cuboids),
        Task(name="pointcloud-vector-sequence", sequence=True, **cuboids),
        Task(name="multisensor-sequence", **points),
        Task(name="text-named-entities", **text),
        Task(name="text-span-categorization", **text),
    )
    return {task.name: task for task in found}


TASKS = _tasks()
"""Every documented task by its name."""


def task_of(ds: Dataset, name: str | None = None) -> tuple[Task, bool]:
    """Return the task to write a dataset as, and whether neither caller nor dataset states it.

    Parameters
    ----------
    ds : Dataset
        What is to be written.
    name : str, optional
        What the caller wants; else the task that the dataset states, where it can hold all shapes; else the one that
        fits the shapes.
    """
    if name is not None:
        known = TASK_ALIASES.get(name, name)
        if known not in TASKS:
            raise UsageError(f"task={name!r}; expected one of {', '.join(sorted(TASKS))}")
        return TASKS[known], False
    stated = TASKS.get(stated_task(ds) or "")
    present = {KINDS[code] for code in np.flatnonzero(np.bincount(ds._annotations.array("kind")))}
    if stated is not None and all(stated.kinds.get(kind) == "kept" for kind in present):
        return stated, False
    return TASKS[_fitting(ds, present - {"none"})], True


def stated_task(ds: Dataset) -> str | None:
    """Return the task that a dataset states, in today's spelling."""
    inner = ds.info.get("dataset")
    stated = inner.get("task_type") if isinstance(inner, dict) else None
    return TASK_ALIASES.get(stated, stated) if isinstance(stated, str) else None


def _fitting(ds: Dataset, present: set[str]) -> str:
    """Return the task for the shapes of a dataset."""
    frames = len(ds) > 0 and bool((ds._items.array("sequence") >= 0).all())
    kinds = {ITEM_KINDS[code] for code in np.flatnonzero(np.bincount(ds._items.array("kind")))}
    if kinds == {"text"}:
        return "text-named-entities"
    if kinds == {"pointcloud"}:
        flat = "pointcloud-cuboid" if "cuboid" in present else "pointcloud-segmentation"
        return f"{flat}-sequence" if frames else flat
    if "mask" in present:
        return "image-segmentation-sequence" if frames else "segmentation-bitmap"
    if frames:
        return "image-vector-sequence"
    if present == {"box"}:
        return "bboxes"
    return "keypoints" if present == {"point"} else "vector"
