"""What datasets of other origin become."""

import json
from io import BytesIO

import numpy as np
import pytest

import annokit
from annokit import Box, DatasetBuilder, Ellipse, Keypoints, Label, Mask, Point, Polygon, Polyline, RotatedBox
from annokit.formats.io import plan, read, write


def written(dataset, **options):
    out = BytesIO()
    report = write(dataset, out, "coco", on_loss="allow", **options)
    return json.loads(out.getvalue()), report


def one(shape, label="x", width=80, height=40, **fields):
    builder = DatasetBuilder()
    item = builder.add_item("dir/ä.png", width=width, height=height)
    builder.add_annotation(item, label, shape, **fields)
    return builder.build()


def told(report):
    return {(i.code, i.severity, i.field) for i in report}


def test_a_box_states_all_that_coco_knows():
    made, report = written(one(Box(0.25, 0.5, 0.75, 1.0), attributes={"occluded": True}))
    assert made == {
        "images": [{"file_name": "dir/ä.png", "height": 40, "width": 80, "id": 1}],
        "annotations": [
            {
                "image_id": 1,
                "category_id": 1,
                "bbox": [20.0, 20.0, 40.0, 20.0],
                "attributes": {"occluded": True},
                "id": 1,
                "iscrowd": 0,
                "area": 800.0,
            }
        ],
        "categories": [{"id": 1, "name": "x"}],
    }
    assert told(report) == {
        ("restated", "info", "shape"),
        ("derived", "info", "id"),
        ("derived", "info", "label.source_id"),
        ("derived", "info", "iscrowd"),
        ("derived", "info", "area"),
    }


def test_the_area_of_a_polygon_is_the_sum_of_its_rings():
    square, other = [(0, 0), (0.5, 0), (0.5, 0.5), (0, 0.5)], [(0.75, 0.5), (1, 0.5), (1, 1)]
    made, _ = written(one(Polygon(((np.array(square),), (np.array(other),)))))
    (row,) = made["annotations"]
    assert row["area"] == 40 * 20 + 20 * 20 / 2
    assert row["bbox"] == [0, 0, 80, 40]
    assert row["segmentation"] == [[0, 0, 40, 0, 40, 20, 0, 20], [60, 20, 80, 20, 80, 40]]


def test_a_polygon_with_a_hole_becomes_a_mask():
    outer, hole = [(0, 0), (1, 0), (1, 1), (0, 1)], [(0.25, 0.25), (0.75, 0.25), (0.75, 0.75), (0.25, 0.75)]
    made, report = written(one(Polygon(((np.array(outer), np.array(hole)),))))
    (row,) = made["annotations"]
    assert row["segmentation"]["size"] == [40, 80]
    assert row["area"] == 80 * 40 - 40 * 20
    assert row["bbox"] == [0, 0, 80, 40]
    assert row["iscrowd"] == 0
    assert ("converted", "warning", "shape") in told(report)
    bitmap = np.ones((40, 80), bool)
    bitmap[10:30, 20:60] = False
    assert np.array_equal(read(BytesIO(json.dumps(made).encode()), "coco").annotations[0].shape.decode(), bitmap)


def test_a_mask_states_its_pixels_as_integers():
    bitmap = np.zeros((40, 80), bool)
    bitmap[3:7, 10:12] = True
    made, _ = written(one(Mask.encode(bitmap)))
    text = json.dumps(made["annotations"][0])
    assert '"bbox": [10, 3, 2, 4]' in text
    assert '"area": 8' in text


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        (RotatedBox(0.5, 0.5, 0.5, 0.5, 90), {"segmentation": 1, "bbox": [30, 0, 20, 40], "area": 800}),
        (Ellipse(0.5, 0.5, 0.25, 0.25, 0), {"segmentation": 1, "bbox": [20, 10, 40, 20]}),
        (Polyline(np.array([(0.25, 0.5), (0.75, 1.0)])), {"bbox": [20, 20, 40, 20], "area": 800}),
        (Point(0.5, 0.25), {"keypoints": [40, 10, 2], "num_keypoints": 1, "bbox": [40, 10, 0, 0], "area": 0}),
        (
            Keypoints(np.array([[0.25, 0.5], [0.5, 0.75], [0, 0]]), np.array([2, 1, 0])),
            {"num_keypoints": 2, "bbox": [20, 20, 20, 10], "keypoints": [20, 20, 2, 40, 30, 1, 0, 0, 0]},
        ),
    ],
)
def test_other_shapes_become_what_coco_has(shape, expected):
    made, report = written(one(shape))
    (row,) = made["annotations"]
    for key, value in expected.items():
        if key == "segmentation":
            assert len(row["segmentation"]) == 1
        else:
            assert np.allclose(row[key], value)
    assert report


def test_a_classification_keeps_its_label_and_answer():
    made, _ = written(one(None, "weather", attributes={"weather": "rain"}))
    assert made["annotations"] == [
        {"image_id": 1, "category_id": 1, "attributes": {"weather": "rain"}, "id": 1, "iscrowd": 0}
    ]


def test_an_unknown_size_is_an_info_unless_numbers_need_it():
    builder = DatasetBuilder(unit="pixel", form="xywh")
    item = builder.add_item("a.png")
    builder.add_annotation(item, "x", kind="box", box=(1, 2, 3, 4))
    made, report = written(builder.build())
    assert made["images"] == [{"file_name": "a.png", "id": 1}]
    assert made["annotations"][0]["bbox"] == [1, 2, 3, 4]
    assert ("unknown-size", "info", "size") in told(report)
    unit = DatasetBuilder()
    unit.add_annotation(unit.add_item("a.png"), "x", kind="box", box=(0.1, 0.2, 0.3, 0.4))
    with pytest.raises(annokit.MissingSizeError, match=r"a\.png"):
        written(unit.build())
    assert ("unknown-size", "error", "size") in told(plan(unit.build(), "coco"))


def labelled(*ids):
    builder = DatasetBuilder(unit="pixel")
    for number, ident in enumerate(ids):
        builder.add_label(Label(f"n{number}", ident))
    return builder


@pytest.mark.parametrize(
    ("ids", "expected"),
    [((0, 90), [0, 90]), ((None, None), [1, 2]), ((5, None), [5, 6]), ((3, 3), [1, 2]), (("a", 4), [1, 2])],
)
def test_category_ids_are_kept_where_they_are_distinct_integers(ids, expected):
    made, _ = written(labelled(*ids).build())
    assert [row["id"] for row in made["categories"]] == expected


@pytest.mark.parametrize(
    ("ids", "expected"), [((0, 2**40), [0, 2**40]), ((None, None), [1, 2]), (("a", "b"), [1, 2]), ((3, 3), [1, 2])]
)
def test_image_and_annotation_ids_likewise(ids, expected):
    builder = DatasetBuilder(unit="pixel")
    for ident in ids:
        item = builder.add_item(f"{ident}.png", id=ident)
        builder.add_annotation(item, "x", id=ident)
    made, _ = written(builder.build())
    for key, rows in (("id", made["images"]), ("id", made["annotations"]), ("image_id", made["annotations"])):
        assert [row[key] for row in rows] == expected


def test_ids_of_a_coco_file_stay_what_they_were_when_rows_are_added():
    source = {
        "images": [{"id": "a", "file_name": "a.png", "width": 4, "height": 4}],
        "annotations": [{"id": 7, "image_id": "a", "category_id": 5, "bbox": [0, 0, 1, 1]}],
        "categories": [{"id": 5, "name": "x"}],
    }
    ds = read(BytesIO(json.dumps(source).encode()), "coco")
    with ds.edit() as edit:
        item = edit.add_item("b.png", width=4, height=4)
        edit.add(item, label="y", shape=Box(0, 0, 1, 1))
    made, _ = written(edit.dataset)
    assert [row["id"] for row in made["images"]] == ["a", 1]
    assert [row["id"] for row in made["annotations"]] == [7, 8]
    assert made["annotations"][0] == source["annotations"][0]
    assert made["annotations"][1]["image_id"] == 1
    assert made["annotations"][1]["area"] == 16
    assert [row["id"] for row in made["categories"]] == [5, 6]


def test_a_change_wins_over_what_the_file_had_verbatim():
    rows = [
        {"id": 1, "image_id": 1, "category_id": 1, "segmentation": [], "bbox": [1, 2], "area": 3},
        {"id": 2, "image_id": 1, "category_id": 9, "segmentation": [[1, 2]], "bbox": [0, 0, 1, 1]},
    ]
    source = {
        "images": [{"id": 1, "width": 10, "height": 20}],
        "annotations": rows,
        "categories": [{"id": 1, "name": "x"}],
    }
    ds = read(BytesIO(json.dumps(source).encode()), "coco")
    with ds.edit() as edit:
        edit.replace(0, shape=Polygon.of([(0, 0), (0.5, 0), (0.5, 0.5)]))
        edit.replace(1, label="x")
    made, report = written(edit.dataset)
    assert made["annotations"][0]["segmentation"] == [[0, 0, 5, 0, 5, 10]]
    assert made["annotations"][0]["bbox"] == [1, 2]
    assert made["annotations"][0]["area"] == 25
    assert made["annotations"][1] == {**rows[1], "category_id": 1}
    assert {("dropped", "info", "segmentation"), ("dropped", "info", "category_id")} <= told(report)


def test_what_is_above_a_label_becomes_the_supercategory():
    builder = DatasetBuilder()
    builder.add_label(Label("dog", parent=Label("animal"), extras={"zz/a": 1}))
    made, report = written(builder.build())
    assert made["categories"] == [{"supercategory": "animal", "id": 1, "name": "dog"}]
    assert {("converted", "warning", "label.parent"), ("dropped", "warning", "label.a")} <= told(report)


def test_fields_without_a_place_are_told():
    ds = one(Box(0, 0, 1, 1), layer="gt", author="me", keyframe=True, track=4, extras={"zz/k": 1})
    made, report = written(ds)
    assert made["annotations"][0]["track_id"] == 4
    lost = {i.field for i in report if i.severity != "info"}
    assert lost == {"layer", "author", "keyframe", "k"}


def test_numbers_that_json_can_not_state_are_told():
    builder = DatasetBuilder(unit="pixel", form="xywh")
    item = builder.add_item("a.png", width=4, height=4)
    builder.add_annotation(item, "x", kind="box", box=(float("inf"), 0, 1, 1), attributes={"n": float("nan")})
    builder.add_annotation(item, "x", kind="polygon", points=[[[(0, 0), (float("nan"), 1), (1, 1)]]])
    made, report = written(builder.build())
    assert [sorted(row) for row in made["annotations"]] == [["category_id", "id", "image_id", "iscrowd"]] * 2
    assert {i.field for i in report if i.severity == "warning"} == {"box", "shape", "attributes.n"}


def test_the_plan_is_the_report():
    ds = one(Polyline(np.array([(0.25, 0.5), (0.75, 1.0)])), track="t", layer="l")
    assert plan(ds, "coco") == written(ds)[1]


def test_pictures_go_along_and_come_back(tmp_path):
    from PIL import Image

    folder = tmp_path / "pictures"
    (folder / "dir").mkdir(parents=True)
    Image.new("RGB", (8, 6)).save(folder / "dir" / "ä.png")
    ds = one(Box(0, 0, 0.5, 0.5), width=8, height=6)
    path = tmp_path / "in.json"
    write(ds, path, "coco")
    found = read(path, images=folder)
    write(found, tmp_path / "out", "coco", media="copy")
    back = read(tmp_path / "out", images=tmp_path / "out")
    assert back == found
    assert back[0].image.size == (8, 6)
    write(found, tmp_path / "out.zip", "coco", media="copy")
    assert read(tmp_path / "out.zip") == found


def test_a_gzip_file_a_stream_and_an_archive_are_read_alike(tmp_path):
    import gzip
    import zipfile

    ds = one(Box(0, 0, 0.5, 0.5))
    write(ds, tmp_path / "a.json", "coco")
    data = (tmp_path / "a.json").read_bytes()
    (tmp_path / "a.json.gz").write_bytes(gzip.compress(data))
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("deep/er/instances.json", data)
    expected = read(tmp_path / "a.json")
    for other in (tmp_path / "a.json.gz", tmp_path / "a.zip", BytesIO(data), BytesIO(b"\xef\xbb\xbf" + data)):
        assert read(other) == expected


def test_several_files_are_named(tmp_path):
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_text('{"images": [], "annotations": []}')
    with pytest.raises(annokit.AnnokitError, match=r"a\.json, b\.json"):
        read(tmp_path, "coco")
