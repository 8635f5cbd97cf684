"""Datasets from anywhere as releases."""

import io
import json
import zipfile

import numpy as np
import pytest
from PIL import Image

import annokit
from annokit import (
    AttributeDefinition,
    Box,
    Cuboid,
    DatasetBuilder,
    Ellipse,
    Keypoints,
    Label,
    Mask,
    Option,
    Point,
    Polygon,
    Polyline,
)
from tests.formats.segments.documents import SEGMENTATION, parsed, written

SQUARE = [[0.1, 0.1], [0.5, 0.1], [0.5, 0.5], [0.1, 0.5]]
HOLE = [[0.2, 0.2], [0.3, 0.2], [0.3, 0.3]]


def one(*shapes, **item):
    """Return a dataset of one item of 40 x 30 pixels with these shapes, each a cat."""
    builder = DatasetBuilder()
    row = builder.add_item("dir/a.png", width=40, height=30, **item)
    for shape in shapes:
        builder.add_annotation(row, "cat", shape)
    return builder.build()


def block(top, left, bottom, right):
    """Return a mask of 30 x 40 pixels that covers a rectangle."""
    bitmap = np.zeros((30, 40), bool)
    bitmap[top:bottom, left:right] = True
    return Mask.encode(bitmap)


def annotations(document, sample=0):
    return document["dataset"]["samples"][sample]["labels"]["ground-truth"]["attributes"]["annotations"]


@pytest.mark.parametrize(
    ("shapes", "task"),
    [
        ((Box(0, 0, 1, 1),), "bboxes"),
        ((Point(0, 0),), "keypoints"),
        ((Box(0, 0, 1, 1), Point(0, 0)), "vector"),
        ((Polygon.of(SQUARE),), "vector"),
        ((Polyline.of(SQUARE),), "vector"),
        ((), "vector"),
        ((block(0, 0, 3, 3), Box(0, 0, 1, 1)), "segmentation-bitmap"),
    ],
)
def test_the_shapes_choose_the_task(shapes, task, tmp_path):
    report = annokit.write(one(*shapes), tmp_path / "out", "segments", on_loss="allow")
    assert [issue.examples for issue in report if issue.field == "task_type"] == [(task,)]
    document = json.loads((tmp_path / "out" / "release.json").read_bytes())
    assert document["dataset"]["task_type"] == task


def test_frames_make_sequences(tmp_path):
    builder = DatasetBuilder()
    scene = builder.add_sequence("s1", name="drive")
    for frame in (4, 2, 9):
        row = builder.add_item(
            f"{frame}.png", kind="frame", sequence=scene, frame=frame, width=4, height=2, uri="https://h"
        )
        builder.add_annotation(row, "car", Box(0, 0, 0.5, 1), track="t", keyframe=frame == 2)
    document, report = written(builder.build(), on_loss="allow")
    assert document["dataset"]["task_type"] == "image-vector-sequence"
    (sample,) = document["dataset"]["samples"]
    assert (sample["uuid"], sample["name"]) == ("s1", "drive")
    assert [frame["name"] for frame in sample["attributes"]["frames"]] == ["2.png", "4.png", "9.png"]
    frames = sample["labels"]["ground-truth"]["attributes"]["frames"]
    assert [frame["annotations"] for frame in frames] == [
        [
            {
                "id": 1,
                "category_id": 1,
                "type": "bbox",
                "points": [[0.0, 0.0], [2.0, 2.0]],
                "track_id": 1,
                "is_keyframe": key,
            }
        ]
        for key in (True, False, False)
    ]
    assert {"track", "frame", "order"} <= {issue.field for issue in report}


def test_vector_shapes_are_pixels():
    document, _ = written(one(Box(0.25, 0.5, 0.75, 1), Polygon.of(SQUARE), Point(0.5, 0.1)), on_loss="allow")
    assert annotations(document) == [
        {"id": 1, "category_id": 1, "type": "bbox", "points": [[10.0, 15.0], [30.0, 30.0]]},
        {"id": 2, "category_id": 1, "type": "polygon", "points": [[4.0, 3.0], [20.0, 3.0], [20.0, 15.0], [4.0, 15.0]]},
        {"id": 3, "category_id": 1, "type": "point", "points": [[20.0, 3.0]]},
    ]
    assert document["dataset"]["labelsets"] == [{"name": "ground-truth", "description": ""}]
    assert document["dataset"]["task_attributes"]["categories"] == [{"id": 1, "name": "cat"}]


def test_joints_become_points():
    pose = Keypoints.of([[0.1, 0.1], [0.5, 0.5], [0.9, 0.9]], [2, 0, 1])
    document, report = written(one(pose), task="keypoints", on_loss="allow")
    assert [a["points"] for a in annotations(document)] == [[[4.0, 3.0]], [[36.0, 27.0]]]
    assert ("shape", "converted", 1) in [(i.field, i.fate, i.count) for i in report]


def test_areas_become_masks(tmp_path):
    ds = one(
        Polygon(((np.array(SQUARE), np.array(HOLE)),)), Box(0.5, 0.5, 1, 1), Ellipse(0.2, 0.8, 0.1, 0.1, 0), Point(0, 0)
    )
    report = annokit.write(ds, tmp_path / "out", "segments", task="segmentation-bitmap", on_loss="allow")
    back = annokit.read(tmp_path / "out")
    np.testing.assert_array_equal(back[0].masks()[:3], ds[0].masks()[:3])
    assert back[0].annotations[3].shape is None
    assert [a.id for a in back[0].annotations] == [1, 2, 3, 4]
    converted = {issue.message.split(":")[0] for issue in report if issue.fate == "converted"}
    assert {"polygon becomes mask", "box becomes mask", "ellipse becomes mask"} <= converted


def test_where_masks_overlap_the_last_one_wins_and_that_is_told(tmp_path):
    ds = one(block(0, 0, 10, 10), block(5, 5, 15, 15), block(20, 20, 22, 22), block(6, 6, 7, 7), block(6, 6, 7, 7))
    report = annokit.write(ds, tmp_path / "out", "segments", on_loss="allow")
    np.testing.assert_array_equal(annokit.read(tmp_path / "out")[0].segmentation_bitmap, ds[0].segmentation_bitmap)
    (told,) = [issue for issue in report if "overlap" in issue.message]
    assert [row.annotation for row in told.rows()] == [0, 1, 3]
    assert annokit.read(tmp_path / "out")[0].annotations[3].shape is None


def test_the_bitmap_is_what_the_platform_writes(tmp_path):
    builder = DatasetBuilder()
    row = builder.add_item("x/ä b.png", width=3, height=2)
    builder.add_annotation(row, "cat", Mask.encode(np.array([[0, 1, 1], [0, 0, 0]])), id=70000)
    annokit.write(builder.build(), tmp_path / "out", "segments", on_loss="allow")
    assert sorted(str(p.relative_to(tmp_path / "out")) for p in (tmp_path / "out").rglob("*.png")) == [
        "bitmaps/x/ä b.png"
    ]
    picture = Image.open(tmp_path / "out" / "bitmaps" / "x" / "ä b.png")
    assert picture.mode == "RGBA"
    assert np.asarray(picture)[0].tolist() == [[0, 0, 0, 255], [112, 17, 1, 255], [112, 17, 1, 255]]


def test_writing_is_the_same_every_time(tmp_path):
    ds = one(block(0, 0, 10, 10), block(5, 5, 15, 15), Polygon.of(SQUARE))
    for name in ("1", "2"):
        annokit.write(ds, tmp_path / name, "segments", on_loss="allow")
    files = [{p.name: p.read_bytes() for p in (tmp_path / n).rglob("*") if p.is_file()} for n in ("1", "2")]
    assert files[0] == files[1]
    assert set(files[0]) == {"release.json", "a.png"}


def test_ids_are_integers_each_once_in_its_image():
    builder = DatasetBuilder()
    for name in ("a", "b", "c"):
        builder.add_item(name, width=10, height=10)
    for item, ident in ((0, 5), (0, 9), (1, "x"), (1, None), (2, 4), (2, 4)):
        builder.add_annotation(item, "cat", Box(0, 0, 1, 1), id=ident)
    document, report = written(builder.build(), on_loss="allow")
    assert [[a["id"] for a in annotations(document, n)] for n in range(3)] == [[5, 9], [1, 2], [1, 2]]
    assert [issue.count for issue in report if issue.field == "id"] == [4]


def test_category_ids_stay_where_they_can():
    for idents, expected in (((0, 7), [0, 7]), ((None, 7), [1, 2]), (("a", "b"), [1, 2]), ((3, 3), [1, 2])):
        builder = DatasetBuilder()
        row = builder.add_item("a", width=10, height=10)
        for ident in idents:
            builder.add_annotation(row, builder.add_label(Label("cat", ident)), Box(0, 0, 1, 1))
        document, _ = written(builder.build(), on_loss="allow")
        assert [c["id"] for c in document["dataset"]["task_attributes"]["categories"]] == expected
        assert [a["category_id"] for a in annotations(document)] == expected


def test_statuses_come_back():
    builder = DatasetBuilder()
    for status in (None, "unlabelled", "in_progress", "labelled", "reviewed", "rejected", "skipped"):
        builder.add_item(str(status), status=status)
    document, _ = written(builder.build(), on_loss="allow")
    labels = [sample["labels"]["ground-truth"] for sample in document["dataset"]["samples"]]
    assert [label and label["label_status"] for label in labels] == [
        "LABELED", None, "LABELING_IN_PROGRESS", "LABELED", "REVIEWED", "REJECTED", "SKIPPED",
    ]  # fmt: skip
    assert [item.status for item in parsed(document)][1:] == [item.status for item in builder.build()][1:]


def test_an_edited_status_changes_the_word():
    ds = parsed(SEGMENTATION)
    with ds.edit() as edit:
        edit.replace_item(0, status="rejected")
    document, report = written(edit.dataset, on_loss="allow")
    assert document["dataset"]["samples"][0]["labels"]["ground-truth"]["label_status"] == "REJECTED"
    assert [issue.field for issue in report] == ["status"]


def test_split_goes_into_the_metadata():
    document, report = written(one(Box(0, 0, 1, 1), split="val"), on_loss="allow")
    assert document["dataset"]["samples"][0]["metadata"] == {"split": "val"}
    assert "split" not in {issue.field for issue in report}


def test_attributes_are_defined_again():
    builder = DatasetBuilder()
    pose = AttributeDefinition(
        name="pose", type="select", options=(Option(name="up"), Option(name="down")), required=True
    )
    builder.add_label(Label("cat", 1, attributes=(pose,), is_thing=True, color=(1, 2, 3)))
    builder.attributes = [AttributeDefinition(name="age", type="integer", minimum=0, dynamic=True)]
    row = builder.add_item("a", width=4, height=4, attributes={"light": "dim"})
    builder.add_annotation(row, 0, Box(0, 0, 1, 1), attributes={"pose": "up", "age": 3, "tags": ["x"], "none": None})
    document, _ = written(builder.build(), on_loss="allow")
    (category,) = document["dataset"]["task_attributes"]["categories"]
    assert category == {
        "id": 1, "name": "cat", "color": [1, 2, 3], "has_instances": True,
        "attributes": [
            {"name": "pose", "input_type": "select", "values": ["up", "down"], "is_mandatory": True},
            {"name": "age", "input_type": "number", "min": 0},
        ],
    }  # fmt: skip
    label = document["dataset"]["samples"][0]["labels"]["ground-truth"]["attributes"]
    assert label["image_attributes"] == {"light": "dim"}
    assert label["annotations"][0]["attributes"] == {"pose": "up", "age": 3, "tags": ["x"], "none": None}


def test_cuboids_of_the_world():
    builder = DatasetBuilder()
    row = builder.add_item("a.pcd", kind="pointcloud", uri="https://h/a.pcd")
    builder.add_annotation(row, "car", Cuboid.of((1, 2, 3), (4, 2, 2), (0, 0, 1.5)))
    builder.add_annotation(row, "car", Cuboid.of((1, 2, 3), (4, 2, 2), (0.5, 0, 0), anchor=(0, 0, 0.5)))
    builder.add_annotation(row, "car", Cuboid.of(corners=np.zeros((8, 2))))
    document, report = written(builder.build(), on_loss="allow")
    assert document["dataset"]["task_type"] == "pointcloud-cuboid"
    first, second, third = annotations(document)
    assert (first["position"], first["yaw"]) == ({"x": 1.0, "y": 2.0, "z": 3.0}, 1.5)
    assert set(second["rotation"]) == {"qx", "qy", "qz", "qw"}
    assert second["position"]["z"] == pytest.approx(3 - np.cos(0.5))
    assert "position" not in third
    assert ("shape", "dropped", 1) in [(i.field, i.fate, i.count) for i in report]


def test_what_a_task_can_not_hold_is_refused_and_told():
    ds = one(Box(0, 0, 1, 1), Polyline.of(SQUARE), None)
    document, report = written(ds, task="keypoints", on_loss="allow")
    assert annotations(document) == []
    assert sum(issue.count for issue in report if issue.fate == "refused") == 3
    with pytest.raises(annokit.LossError):
        written(ds, task="keypoints", on_loss="raise")


def test_an_unknown_task_is_refused():
    with pytest.raises(annokit.UsageError, match="task='boxes'; expected one of bboxes"):
        written(one(), task="boxes")
    assert written(one(), task="bbox", on_loss="allow")[0]["dataset"]["task_type"] == "bboxes"


def test_masks_need_a_folder_and_nothing_else_does(tmp_path):
    with pytest.raises(annokit.UsageError, match=r"needs a folder or a \.zip"):
        annokit.write(one(block(0, 0, 1, 1)), tmp_path / "out.json", "segments", on_loss="allow")
    assert list(tmp_path.iterdir()) == []
    annokit.write(one(Box(0, 0, 1, 1)), tmp_path / "out.json", "segments", on_loss="allow")
    annokit.write(one(Box(0, 0, 1, 1)), tmp_path / "folder", "segments", on_loss="allow")
    assert (tmp_path / "out.json").read_bytes() == (tmp_path / "folder" / "release.json").read_bytes()


def test_archives_hold_bitmaps_too(tmp_path):
    ds = one(block(0, 0, 10, 10), block(5, 5, 15, 15))
    for target in (tmp_path / "out.zip", io.BytesIO()):
        annokit.write(ds, target, "segments", on_loss="allow")
        if isinstance(target, io.BytesIO):
            target.seek(0)
        with zipfile.ZipFile(target) as archive:
            assert sorted(archive.namelist()) == ["bitmaps/dir/a.png", "release.json"]
        if isinstance(target, io.BytesIO):
            target.seek(0)
        back = annokit.read(target)
        assert (back[0].width, back[0].height) == (40, 30)
        np.testing.assert_array_equal(back[0].segmentation_bitmap, ds[0].segmentation_bitmap)


def test_a_damaged_bitmap_in_an_archive_is_listed(tmp_path):
    annokit.write(one(block(0, 0, 10, 10)), tmp_path / "out", "segments", on_loss="allow")
    with zipfile.ZipFile(tmp_path / "out.zip", "w") as archive:
        archive.write(tmp_path / "out" / "release.json", "release.json")
        archive.writestr("bitmaps/dir/a.png", b"broken")
    ds = annokit.read(tmp_path / "out.zip")
    assert ds.issues.of("bad-media").issues[0].examples[0].startswith("dir/a.png: ")
    assert ds[0].annotations[0].shape is None


def test_a_tree_is_written_again_with_its_bitmaps(tmp_path):
    ds = one(block(0, 0, 10, 10), block(5, 5, 15, 15))
    annokit.write(ds, tmp_path / "1", "segments", on_loss="allow")
    report = annokit.write(annokit.read(tmp_path / "1"), tmp_path / "2", "segments", on_loss="raise")
    assert not report
    assert annokit.read(tmp_path / "2") == annokit.read(tmp_path / "1")
    assert (tmp_path / "2/bitmaps/dir/a.png").read_bytes() == (tmp_path / "1/bitmaps/dir/a.png").read_bytes()


def test_a_mask_beside_those_of_a_bitmap_makes_a_new_one(tmp_path):
    annokit.write(one(block(0, 0, 10, 10), block(20, 20, 25, 25)), tmp_path / "1", "segments", on_loss="allow")
    with annokit.read(tmp_path / "1").edit() as edit:
        edit.add(0, label="cat", shape=block(5, 5, 15, 15))
    annokit.write(edit.dataset, tmp_path / "2", "segments", on_loss="allow")
    back = annokit.read(tmp_path / "2")
    assert [int(mask.sum()) for mask in back[0].masks()] == [75, 25, 100]


def test_a_mask_that_was_taken_away_stays_away(tmp_path):
    annokit.write(one(block(0, 0, 10, 10), block(20, 20, 25, 25)), tmp_path / "1", "segments", on_loss="allow")
    with annokit.read(tmp_path / "1").edit() as edit:
        edit.replace(1, shape=None)
    annokit.write(edit.dataset, tmp_path / "2", "segments", on_loss="allow")
    assert [int(mask.sum()) for mask in annokit.read(tmp_path / "2")[0].masks()] == [100, 0]


def test_masks_of_another_size_than_their_image_are_told(tmp_path):
    ds = one(block(0, 0, 10, 10), Mask.encode(np.ones((3, 3))))
    report = annokit.write(ds, tmp_path / "out", "segments", on_loss="allow")
    assert ("shape", "dropped", "error", 1) in [(i.field, i.fate, i.severity, i.count) for i in report]


def test_pictures_go_along(tmp_path):
    Image.new("RGB", (40, 30)).save(tmp_path / "a.png")
    ds = one(block(0, 0, 10, 10)).map_media(lambda item: tmp_path / "a.png")
    annokit.write(ds, tmp_path / "out", "segments", media="copy", on_loss="allow")
    assert (tmp_path / "out/images/dir/a.png").read_bytes() == (tmp_path / "a.png").read_bytes()
    back = annokit.read(tmp_path / "out", images=tmp_path / "out" / "images")
    assert back[0].image.size == (40, 30)
    with pytest.raises(annokit.MediaError, match="every picture"):
        annokit.write(one(Box(0, 0, 1, 1)), tmp_path / "no", "segments", media="copy", on_loss="allow")


def test_several_layers_come_back_by_themselves(tmp_path):
    builder = DatasetBuilder()
    row = builder.add_item("a", width=10, height=10)
    for layer in ("b", None, "c", "b"):
        builder.add_annotation(row, "cat", Box(0, 0, 1, 1), layer=layer)
    document, _ = written(builder.build(), on_loss="allow")
    assert [a.layer for a in parsed(document).annotations] == ["ground-truth", "b", "b", "c"]
    assert [a.layer for a in parsed(document, layer="b").annotations] == ["b", "b"]
    assert document["annokit"] == {"layer": "all"}


def test_members_that_would_be_taken_for_others_are_not_written():
    ds = one(Box(0, 0, 1, 1))
    ds.info.update({"tasks": [1], "samples": 2, "dataset": 3, "description": "kept", "name": "mine"})
    document, report = written(ds, on_loss="allow")
    assert (document["name"], document["description"]) == ("mine", "kept")
    assert len(document["dataset"]["samples"]) == 1
    assert "info" in {issue.field for issue in report}
