"""The platform's table of formats and tasks, in the reading of its prose: every cell written as an export and read back."""

import numpy as np
import pytest

import annokit
from annokit.model.builder import DatasetBuilder

pytestmark = pytest.mark.filterwarnings("ignore::annokit.LossWarning")

TASKS = ("classification", "detection", "semantic", "instance")

TABLE = {
    "coco": ("detection", "semantic", "instance"),
    "coco:innotescus": ("detection", "semantic", "instance"),
    "csv": TASKS,
    "innotescus": TASKS,
    "masks:innotescus-semantic": ("semantic", "instance"),
    "masks:innotescus-individual": ("semantic", "instance"),
    "masks:innotescus-instance": ("instance",),
    "voc:innotescus": ("detection",),
    "yolo:innotescus": ("detection",),
    "yolo:keras": ("detection",),
    "kitti": ("detection", "semantic", "instance"),
}
"""Which tasks a format is there for."""

VIDEO = (
    "coco:innotescus-video",
    "innotescus",
    "masks:innotescus-semantic",
    "masks:innotescus-individual",
    "masks:innotescus-instance",
)
"""Formats that are there for video, too."""

PICTURES = ("csv", "kitti", "voc:innotescus", "yolo:innotescus", "yolo:keras", "coco:innotescus", "coco")
"""Formats that are there for pictures alone."""

BOXES_ONLY = ("voc:innotescus", "yolo:innotescus", "yolo:keras", "kitti")

LOST = {
    "masks:innotescus-semantic": {"shape"},
    "masks:innotescus-individual": {"shape"},
    "masks:innotescus-instance": {"shape"},
    "kitti": {"shape"},
}
"""What a format can't hold of outlines; of everything else in this test each holds all."""

OUTLINES = {"boat": ((4, 4), (12, 4), (12, 10), (4, 10)), "sail": ((20, 2), (30, 2), (30, 20), (20, 20))}

WIDTH, HEIGHT = 40, 30


def cells():
    return [(format, task) for format, tasks in TABLE.items() for task in tasks]


def shape_of(task, points):
    unit = [(x / WIDTH, y / HEIGHT) for x, y in points]
    if task == "classification":
        return None
    if task == "detection":
        return annokit.Box(*unit[0], *unit[2])
    return annokit.Polygon(((unit,),))


def sample(task, *, video=False):
    """Two pictures or frames, the second with both classes; what is there is whole pixels."""
    builder = DatasetBuilder()
    clip = builder.add_sequence(name="clip.mp4") if video else None
    for number in range(2):
        name = f"clip.mp4#{number}" if video else f"im{number}.png"
        further = {"kind": "frame", "sequence": clip, "frame": number} if video else {"kind": "image"}
        item = builder.add_item(name, width=WIDTH, height=HEIGHT, dataset="harbour", **further)
        for label, points in list(OUTLINES.items())[: number + 1]:
            builder.add_annotation(item, label, shape_of(task, points))
    return builder.build()


def said(ds):
    """Return label and pixels of every annotation by item; every shape of the sample is a rectangle."""
    return {
        item.name: sorted(
            (a.label.name, () if a.box is None else tuple(np.rint(row).astype(int).tolist()))
            for a, row in zip(item.annotations, item.boxes(unit="pixel"), strict=True)
        )
        for item in ds
    }


@pytest.mark.parametrize(("format", "task"), cells())
def test_a_cell(tmp_path, format, task):
    ds = sample(task)
    report = annokit.export(
        ds, tmp_path / "out", format, options=annokit.ExportOptions(task=task), contents="annotations"
    )
    lost = {issue.field for issue in report if issue.severity != "info"}
    assert lost == (LOST.get(format, set()) if task in ("semantic", "instance") else set())
    assert [match.format.partition(":")[0] for match in annokit.detect(tmp_path / "out")] == [format.partition(":")[0]]
    sizes = dict.fromkeys(ds.names, (WIDTH, HEIGHT))
    back = annokit.read(tmp_path / "out", sizes=sizes)
    assert said(back) == said(ds)
    if task == "instance" and format not in BOXES_ONLY:
        assert {type(a.shape).__name__ for item in back for a in item.annotations} <= {"Polygon", "Mask"}


@pytest.mark.parametrize("task", TASKS)
def test_formats_can_be_asked_by_task(task):
    listed = {row.name for row in annokit.formats(task)}
    assert {format for format in TABLE if format in listed} == {f for f, tasks in TABLE.items() if task in tasks}
    assert [row.name for row in annokit.formats(task=task)] == [
        row.name for row in annokit.formats() if task in row.tasks
    ]


def test_the_words_of_the_platform_are_understood():
    for word, task in (
        ("Object Detection", "detection"),
        ("SEGMENTATION", "semantic"),
        ("instance_segmentation", "instance"),
    ):
        assert [row.name for row in annokit.formats(word)] == [row.name for row in annokit.formats(task)]


def test_an_unknown_task_is_told():
    with pytest.raises(annokit.UsageError, match="no task 'depth'; there are: classification, detection"):
        annokit.formats(task="depth")


@pytest.mark.parametrize("format", VIDEO)
@pytest.mark.parametrize("task", ["detection", "semantic", "instance"])
def test_a_cell_of_video(tmp_path, format, task):
    ds = sample("instance" if task == "detection" and format.startswith("masks") else task, video=True)
    report = annokit.export(ds, tmp_path / "out", format, contents="annotations")
    assert {issue.field for issue in report if issue.severity != "info"} <= LOST.get(format, set())
    back = annokit.read(tmp_path / "out")
    assert said(back) == said(ds)
    assert [(item.kind, item.frame, item.sequence.name) for item in back] == [
        ("frame", number, "clip.mp4") for number in range(2)
    ]


@pytest.mark.parametrize("format", PICTURES)
def test_video_in_formats_for_pictures_is_told(tmp_path, format):
    ds = sample("detection", video=True)
    report = annokit.export(ds, tmp_path / "out", format, contents="annotations", on_loss="allow")
    assert "sequence" in {issue.field for issue in report if issue.severity != "info"}
