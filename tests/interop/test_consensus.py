"""What two annotators agree on, against cases that were computed by hand."""

import json
from io import BytesIO

import numpy as np
import pytest

import annokit
from annokit import Box, DatasetBuilder, Mask, Point, Polygon
from annokit.interop.consensus import compare_layers
from tests.formats.encord.test_encord import ENTRY, row, thing, video

pytest.importorskip("scipy")


def drawn(*annotations, size=(10, 10), items=("a.png",)):
    """Return a dataset of (layer, label, shape, further fields) on pictures of a size."""
    builder = DatasetBuilder()
    rows = [builder.add_item(name, width=size[0], height=size[1]) for name in items]
    for layer, label, shape, *more in annotations:
        fields = more[0] if more else {}
        builder.add_annotation(rows[fields.pop("on", 0)], label, shape, layer=layer, **fields)
    return builder.build()


def listed(agreement):
    return [
        (d.item, d.label, d.a, d.b, None if d.iou is None else round(d.iou, 9), d.kind) for d in agreement.disagreements
    ]


A, B = Box(0, 0, 0.4, 0.4), Box(0.1, 0, 0.5, 0.4)
"""0.12 in common, 0.16 each: 0.12 / 0.2 = 0.6."""


def test_boxes_match_where_they_overlap_enough():
    ds = drawn(("x", "cat", A), ("y", "cat", B))
    found = compare_layers(ds, "x", "y", iou=0.5)
    assert (found.matches.tolist(), found.iou.round(12).tolist(), found.disagreements) == ([[0, 1]], [0.6], ())
    (cat,) = found.labels
    assert (cat.label, cat.a, cat.b, cat.agreed, cat.f1, round(cat.iou, 12)) == ("cat", 1, 1, 1, 1.0, 0.6)
    found = compare_layers(ds, "x", "y", iou=0.61)
    assert listed(found) == [("a.png", "cat", 0, None, None, "only_a"), ("a.png", "cat", None, 1, None, "only_b")]
    assert found.f1 == 0


def test_labels_and_attributes_differ():
    ds = drawn(
        ("x", "cat", A, {"attributes": {"pose": "sits", "n": 1}}),
        ("x", "dog", Box(0.6, 0.6, 1, 1)),
        ("y", "cat", A, {"attributes": {"pose": "lies", "n": 1}}),
        ("y", "wolf", Box(0.6, 0.6, 1, 1)),
        ("x", "cow", Box(0, 0.9, 0.1, 1)),
    )
    found = compare_layers(ds, "x", "y")
    assert listed(found) == [
        ("a.png", "cat", 0, 2, 1.0, "attributes"),
        ("a.png", "dog", 1, 3, 1.0, "label"),
        ("a.png", "cow", 4, None, None, "only_a"),
    ]
    assert [(label.label, label.a, label.b, label.agreed, label.iou) for label in found.labels] == [
        ("cat", 1, 1, 1, 1.0), ("dog", 1, 0, 0, None), ("wolf", 0, 1, 0, None), ("cow", 1, 0, 0, None)]  # fmt: skip
    assert found.f1 == pytest.approx(2 * 1 / 5)
    assert found.to_records()[1] == {"item": "a.png", "label": "dog", "a": 1, "b": 3, "iou": 1.0, "kind": "label"}
    assert str(found).splitlines()[:2] == [
        "x and y: f1 0.400, 3 disagreements",
        "  cat: f1 1.000, 1 of 1 and 1, mean iou 1.000",
    ]


def test_where_several_compete_the_sum_counts():
    """Of x, the first overlaps both of y; taking its best partner would leave the second without one."""
    first, second = Box(0, 0, 1, 0.1), Box(0, 0, 0.7, 0.1)
    ds = drawn(("x", "c", first), ("x", "c", second), ("y", "c", Box(0, 0, 0.8, 0.1)), ("y", "c", Box(0.05, 0, 1, 0.1)))
    # first: 0.8 and 0.95; second: 0.7 / 0.8 = 0.875 and 0.65 / 1
    found = compare_layers(ds, "x", "y")
    assert found.matches.tolist() == [[0, 3], [1, 2]]
    assert found.iou == pytest.approx([0.95, 0.875])


def test_outlines_are_compared_pixel_by_pixel():
    square = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], float)
    hole = np.array([[0.3, 0.3], [0.7, 0.3], [0.7, 0.7], [0.3, 0.7]])
    ds = drawn(("x", "c", Polygon([[square]])), ("y", "c", Polygon([[square, hole]])))
    assert compare_layers(ds, "x", "y").iou == pytest.approx([0.84])
    left, right = np.zeros((2, 6, 8), bool)
    left[:, :4], right[:3, :5] = True, True  # 24 and 15 pixels, 12 in common
    ds = drawn(("x", "c", Mask.encode(left)), ("y", "c", Mask.encode(right)), size=(8, 6))
    assert compare_layers(ds, "x", "y", iou=0.4).iou == pytest.approx([12 / 27])
    half = Polygon([[np.array([[0, 0], [0.5, 0], [0.5, 1], [0, 1]])]])
    ds = drawn(("x", "c", Mask.encode(left)), ("y", "c", half), size=(8, 6))
    assert compare_layers(ds, "x", "y").iou.tolist() == [1.0]


def test_points_reach_beyond_themselves():
    ds = drawn(("x", "p", Point(0.5, 0.5)), ("y", "p", Point(0.51, 0.5)), size=(100, 50))
    # squares of 0.04, moved by 0.01: 0.03 in common, 0.05 together
    assert compare_layers(ds, "x", "y").iou == pytest.approx([0.6])
    assert len(compare_layers(ds, "x", "y", reach=0.005).disagreements) == 2


def test_classifications_match_by_their_question():
    ds = drawn(
        ("x", "weather", None, {"attributes": {"weather": "rain"}}),
        ("y", "weather", None, {"attributes": {"weather": "sun"}}),
        ("x", "indoor", None),
        ("y", "indoor", None),
        ("y", "weather", None, {"on": 1}),
        items=("a.png", "b.png"),
    )
    found = compare_layers(ds, "x", "y")
    assert listed(found) == [
        ("a.png", "weather", 0, 1, None, "attributes"),
        ("b.png", "weather", None, 4, None, "only_b"),
    ]
    assert sorted(found.matches.tolist()) == [[0, 1], [2, 3]]


def test_every_frame_of_a_track_counts():
    """One annotator states all frames, the other holds a key frame over them; ids of tracks may be the same."""
    builder = DatasetBuilder()
    sequence = builder.add_sequence("s", name="v.mp4")
    items = [
        builder.add_item(f"v.mp4#{f}", kind="frame", frame=f, sequence=sequence, width=9, height=9) for f in range(4)
    ]
    for frame, item in enumerate(items):
        builder.add_annotation(item, "c", Box(0, 0, 0.1 + 0.3 * frame, 1), layer="x", track="t")
    builder.add_annotation(items[0], "c", Box(0, 0, 0.4, 1), layer="y", track="t", interpolation="hold", keyframe=True)
    builder.add_annotation(items[3], "c", Box(0, 0, 1, 1), layer="y", track="t", keyframe=True)
    found = compare_layers(builder.build(), "x", "y")
    assert found.iou == pytest.approx([1.0, 4 / 7, 1.0])
    assert [(d.item, d.kind) for d in found.disagreements] == [("v.mp4#0", "only_a"), ("v.mp4#0", "only_b")]
    assert len(found.dataset.annotations) == 8


CAR = {"x": 0, "y": 0, "w": 0.5, "h": 0.5}


def labels(*boxes, **more):
    things = [
        thing("bounding_box", "boundingBox", box, objectHash=f"{place}-{box['x']}") for place, box in enumerate(boxes)
    ]
    return {"objects": things, "classifications": [], **more}


def test_branches_of_one_picture_or_video_are_compared():
    rows = [
        row(labels(), label_hash="0"),
        row(labels(CAR), label_hash="1", branch_name="encord-a"),
        row(labels({**CAR, "w": 0.4}), label_hash="2", branch_name="encord-b"),
        video({"7": labels(CAR), "9": labels(CAR)}, label_hash="3", branch_name="encord-a"),
        video({"7": labels(CAR)}, label_hash="4", branch_name="encord-b"),
        row(
            labels(CAR, classifications=[ENTRY]),
            label_hash="5",
            data_hash="alone",
            data_title="alone.png",
            branch_name="encord-a",
        ),
    ]
    ds = annokit.read(BytesIO(json.dumps(rows).encode()), "encord", layer="all")
    found = compare_layers(ds, "encord-a", "encord-b")
    assert found.iou == pytest.approx([0.8, 1.0])
    assert [(d.item, d.kind) for d in found.disagreements] == [("v.mp4#9", "only_a")]
    assert found.left_out == ("alone.png",)
    assert "not compared, since only one of both has worked on them: alone.png" in str(found)
    nobody = compare_layers(ds, "main", "encord-a")
    assert [(d.item, d.kind) for d in nobody.disagreements] == [("ä.png", "only_b")]


def test_wrong_use_is_told():
    ds = drawn(("x", "cat", A), ("y", "cat", B))
    with pytest.raises(annokit.UsageError, match="there is no layer 'z'; layers: x, y"):
        compare_layers(ds, "x", "z")
    with pytest.raises(annokit.UsageError, match="iou=0"):
        compare_layers(ds, "x", "y", iou=0)
    with pytest.raises(annokit.UsageError, match="there is no layer 'x'; layers: none"):
        compare_layers(drawn((None, "cat", A)), "x", "y")


def test_outlines_need_a_size():
    square = Polygon([[np.array([[0, 0], [1, 0], [1, 1]], float)]])
    ds = drawn(("x", "c", square), ("y", "c", square), size=(None, None))
    with pytest.raises(annokit.MissingSizeError, match=r"a\.png"):
        compare_layers(ds, "x", "y")
    ds = drawn(("x", "c", A), ("y", "c", A), size=(None, None))
    assert compare_layers(ds, "x", "y").f1 == 1
