"""Targets that know no rule between key frames get every frame, and say so."""

import json
from io import BytesIO

import pytest

import annokit
from annokit import Box, DatasetBuilder


def moving(rule):
    """Return a track from frame 2 to 6 with key frames at both ends."""
    builder = DatasetBuilder()
    row = builder.add_sequence("s", name="v.mp4", fps=25, width=64, height=48)
    first, last = (
        builder.add_item(f"v.mp4#{f}", kind="frame", frame=f, sequence=row, width=64, height=48) for f in (2, 6)
    )
    builder.add_annotation(first, "car", Box(0, 0, 0.5, 0.5), track="t", keyframe=True, interpolation=rule)
    builder.add_annotation(last, "car", Box(0.5, 0.5, 1, 1), track="t", keyframe=True)
    return builder.build()


@pytest.mark.parametrize("form", ["coco", "yolo", "voc", "kitti", "csv", "masks:instance", "encord"])
def test_the_report_tells_of_the_expansion(form):
    ds = moving("linear")
    (issue,) = [issue for issue in annokit.plan(ds, form) if issue.fate == "expanded"]
    assert (issue.severity, issue.field, issue.count) == ("info", "interpolation", 1)
    assert [(row.item, row.annotation) for row in issue.rows()] == [("v.mp4#2", 0)]


@pytest.mark.parametrize(("rule", "edges"), [("linear", [0, 8, 16, 24, 32]), ("hold", [0, 0, 0, 0, 32])])
def test_coco_gets_every_frame(rule, edges):
    stream = BytesIO()
    report = annokit.write(moving(rule), stream, "coco", on_loss="allow")
    coco = json.loads(stream.getvalue())
    assert [image["file_name"] for image in coco["images"]] == [f"v.mp4#{frame}" for frame in range(2, 7)]
    assert [entry["bbox"][0] for entry in coco["annotations"]] == edges
    assert not [issue for issue in report if issue.field == "interpolation" and issue.fate == "dropped"]


def test_a_rule_that_can_not_be_followed_is_dropped_and_told():
    builder = DatasetBuilder()
    row = builder.add_sequence("s", name="v.mp4")
    for frame, unit in ((2, "unit"), (4, "pixel"), (6, "unit")):
        item = builder.add_item(
            f"v.mp4#{frame}", kind="frame", frame=frame, sequence=row, width=64, height=48, unit=unit
        )
        if unit == "unit":
            builder.add_annotation(item, "car", kind="box", box=[0, 0, 1, 1], track="t", interpolation="linear")
    (issue,) = [issue for issue in annokit.plan(builder.build(), "coco") if issue.field == "interpolation"]
    assert (issue.fate, issue.severity, issue.count) == ("dropped", "warning", 2)
