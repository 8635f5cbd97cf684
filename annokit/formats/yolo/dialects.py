"""The dialects of YOLO labels, as records of facts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import attrs

from annokit.formats.base import Task

Row = Literal["box", "polygon", "corners", "pose", "class"]
"""What one row states: a box; one ring; four corners of a turned box; a box and joints; nothing but a class."""

Layout = Literal["tree", "darknet", "flat", "keras", "classes"]
"""How the files lie; see :mod:`annokit.formats.yolo.layout`."""


@attrs.frozen(kw_only=True)
class Dialect:
    """The facts of one dialect."""

    title: str
    """What people call it."""

    tasks: frozenset[Task]
    """What people train on it for."""

    layout: Layout
    """How the files lie."""

    rows: tuple[Row, ...]
    """What rows may state; empty where the files have to tell."""

    names_file: str = ""
    """The file with the names of the classes, one a line; empty where a YAML or the folders tell."""

    label_folder: str = ""
    """Folder of the label files, with its slash, where the layout has but one."""

    first_id: int = 0
    """Number of the first class."""

    unit: str = "unit"
    """Fractions of the picture, or pixels."""

    form: str = "cxcywh"
    """How a box is stated."""

    clip: bool = False
    """Whether the loader drops pictures with labels beyond their borders, so that labels are clipped by default."""

    splits: bool = False
    """Whether the files tell which split a picture belongs to."""

    video: bool = False
    """Whether a file may be of a video, each row beginning with a frame and an object."""

    dotted: bool = False
    """Whether classes are called by their full path, ``animal.cat``."""

    sixth: bool = False
    """Whether a box may be followed by a sixth number, a score or a track."""


DETECT: frozenset[Task] = frozenset(("detection",))
SEGMENT: frozenset[Task] = frozenset(("detection", "instance"))

_ULTRALYTICS = Dialect(
    title="YOLO as Ultralytics reads it, the task by what is there",
    tasks=frozenset(("detection", "instance", "keypoints")),
    layout="tree",
    rows=(),
    clip=True,
    splits=True,
    sixth=True,
)

DIALECTS: Mapping[str, Dialect] = {
    "": _ULTRALYTICS,
    "darknet": Dialect(
        title="YOLO Darknet (obj.data, obj.names, labels beside the pictures)",
        tasks=DETECT,
        layout="darknet",
        rows=("box",),
        names_file="obj.names",
        splits=True,
        sixth=True,
    ),
    "ultralytics-detect": attrs.evolve(_ULTRALYTICS, title="Ultralytics YOLO, detection", tasks=DETECT, rows=("box",)),
    "ultralytics-segment": attrs.evolve(
        _ULTRALYTICS, title="Ultralytics YOLO, segmentation", tasks=SEGMENT, rows=("polygon",), sixth=False
    ),
    "ultralytics-pose": attrs.evolve(
        _ULTRALYTICS,
        title="Ultralytics YOLO, pose",
        tasks=frozenset(("detection", "keypoints")),
        rows=("pose",),
        sixth=False,
    ),
    "ultralytics-obb": attrs.evolve(
        _ULTRALYTICS, title="Ultralytics YOLO, oriented boxes", tasks=DETECT, rows=("corners",), sixth=False
    ),
    "ultralytics-classify": attrs.evolve(
        _ULTRALYTICS,
        title="Ultralytics YOLO, classification (a folder per class)",
        tasks=frozenset(("classification",)),
        layout="classes",
        rows=("class",),
        clip=False,
        sixth=False,
    ),
    "dataloop": Dialect(
        title="YOLO as Dataloop exports it, classes from 0",
        tasks=SEGMENT,
        layout="flat",
        rows=("box", "polygon"),
        names_file="labels.txt",
        label_folder="annotations/",
        video=True,
        dotted=True,
    ),
    "dataloop-1": Dialect(
        title="YOLO as Dataloop exports it, classes from 1",
        tasks=SEGMENT,
        layout="flat",
        rows=("box", "polygon"),
        names_file="labels.txt",
        label_folder="annotations/",
        video=True,
        dotted=True,
        first_id=1,
    ),
    "innotescus": Dialect(
        title="YOLO Darknet as Innotescus exports it (corner and size, classes from 1)",
        tasks=DETECT,
        layout="flat",
        rows=("box",),
        names_file="darknet.labels",
        first_id=1,
        form="xywh",
    ),
    "keras": Dialect(
        title="YOLO Keras as Innotescus exports it (one file, pixel corners, classes from 1)",
        tasks=DETECT,
        layout="keras",
        rows=("box",),
        names_file="yolokeras.classes.txt",
        first_id=1,
        unit="pixel",
        form="xyxy",
    ),
    "keras-0": Dialect(
        title="YOLO Keras as keras-yolo3 reads it (one file, pixel corners, classes from 0)",
        tasks=DETECT,
        layout="keras",
        rows=("box",),
        names_file="yolokeras.classes.txt",
        unit="pixel",
        form="xyxy",
    ),
}
"""Record by the name after the colon."""

TASK_ROWS: Mapping[str, tuple[Row, ...]] = {
    "detect": ("box",),
    "segment": ("polygon",),
    "pose": ("pose",),
    "obb": ("corners",),
    "classify": ("class",),
}
"""What rows state for each task that a data.yaml may name."""

ROW_TASK: Mapping[tuple[Row, ...], str] = {rows: task for task, rows in TASK_ROWS.items()}
