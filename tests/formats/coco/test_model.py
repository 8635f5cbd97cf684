"""What a COCO file becomes in the model."""

import json
from io import BytesIO

import numpy as np
import pytest

import annokit
from annokit import Box, Keypoints, Mask, Polygon
from annokit.formats.coco.dialect import DIALECTS
from annokit.formats.io import read, write

DOCUMENT = {
    "info": {"description": "d", "year": 2024},
    "licenses": [{"id": 1, "name": "CC"}],
    "images": [
        {
            "id": 0,
            "file_name": "dir/a.png",
            "width": 8,
            "height": 6,
            "license": 1,
            "attributes": {"light": "low", "n": 3},
        },
        {"id": 3000000000, "coco_url": "http://h/p/b%20c.jpg?x=1", "width": None, "height": 4},
        {"id": 7},
    ],
    "annotations": [
        {"id": 5, "image_id": 3000000000, "category_id": 0, "bbox": [1, 2.0, 3, 4.5], "area": 13.5, "iscrowd": 0},
        {
            "id": 908400000632,
            "image_id": 0,
            "category_id": 90,
            "bbox": [0, 0, 4, 4],
            "segmentation": [[0, 0, 4, 0, 4, 4], [1, 1, 2, 1, 2, 2, 1, 2]],
            "keypoints": [1, 2, 2, 3, 4, 1, 0, 0, 0],
            "num_keypoints": 2,
            "attributes": {"occluded": True, "pose": "left"},
            "track_id": 11,
            "extra": {"a": 1},
        },
        {
            "id": 6,
            "image_id": 0,
            "category_id": 3,
            "segmentation": {"size": [6, 8], "counts": [7, 3, 38]},
            "iscrowd": 1,
        },
        {"id": 8, "image_id": 0, "category_id": 90, "keypoints": [1, 1, 2], "score": 0.5},
        {"id": 9, "image_id": 0, "caption": "ein Bild"},
    ],
    "categories": [
        {"id": 0, "name": "cat", "supercategory": "animal"},
        {"id": 3, "name": "crowd", "isthing": 0, "color": [1, 2, 3]},
        {"id": 90, "name": "man", "keypoints": ["a", "b", "c"], "skeleton": [[1, 2], [3, 1]], "other": [None]},
    ],
}


@pytest.fixture(scope="module")
def ds():
    return read(BytesIO(json.dumps(DOCUMENT).encode()), "coco")


def test_items(ds):
    assert ds.names == ("dir/a.png", "b%20c.jpg", "7")
    assert [item.id for item in ds] == [0, 3000000000, 7]
    assert [(item.width, item.height) for item in ds] == [(8, 6), (None, 4), (None, None)]
    assert ds[1].uri == "http://h/p/b%20c.jpg?x=1"
    assert dict(ds[0].attributes) == {"light": "low", "n": 3}
    assert {item.kind for item in ds} == {"image"}
    assert ds.info == DOCUMENT["info"]


def test_labels(ds):
    cat, crowd, man = ds.labels
    assert (cat.name, cat.source_id, cat.extras) == ("cat", 0, {"coco/supercategory": "animal"})
    assert (crowd.color, crowd.is_thing) == ((1, 2, 3), False)
    assert man.skeleton.joints == ("a", "b", "c")
    assert man.skeleton.edges == ((0, 1), (2, 0))
    assert man.extras == {"coco/other": [None]}


def test_annotations(ds):
    boxed, person, mask, joints, caption = (ds.annotations[row] for row in range(5))
    assert boxed.label.name == "cat"
    assert ds.annotations.id.tolist() == [5, 908400000632, 6, 8, 9]
    assert boxed.attributes == {"iscrowd": 0}
    assert isinstance(person.shape, Polygon)
    assert [len(part) for part in person.shape.parts] == [1, 1]
    assert person.box == Box(0, 0, 0.5, 4 / 6)
    assert isinstance(person.keypoints, Keypoints)
    assert person.keypoints.visibility.tolist() == [2, 1, 0]
    assert person.attributes == {"occluded": True, "pose": "left"}
    assert person.track == 11
    assert person.extras == {"coco/num_keypoints": 2, "coco/extra": {"a": 1}, "coco/#absent": ["iscrowd", "area"]}
    assert isinstance(mask.shape, Mask)
    assert mask.shape.area == 3
    assert mask.attributes == {"iscrowd": 1}
    assert isinstance(joints.shape, Keypoints)
    assert joints.score == 0.5
    assert (caption.shape, caption.label, caption.attributes) == (None, None, {"caption": "ein Bild"})


def test_raw_numbers_are_those_of_the_file(ds):
    assert ds[1].boxes(unit="source", form="xywh").tolist() == [[1, 2, 3, 4.5]]
    assert ds[0].boxes(unit="pixel")[0].tolist() == [0, 0, 4, 4]


def test_the_issues_name_what_was_not_mapped(ds):
    told = {(i.code, i.field, i.count) for i in ds.issues}
    assert told == {
        ("unread-key", "license", 1),
        ("unread-key", "extra", 1),
        ("unread-key", "other", 1),
        ("unread-key", "licenses", 1),
    }
    assert ds.issues.severity == "info"


def test_attributes_can_be_filtered(ds):
    kept = ds.filter(annotations=lambda a: a.attributes.get("iscrowd") == 1)
    assert [a.id for a in kept.annotations] == [6]


def test_the_order_of_keys_survives(ds):
    out = BytesIO()
    write(ds, out, "coco")
    made = json.loads(out.getvalue())
    assert list(made) == ["info", "licenses", "images", "annotations", "categories"]
    order = [
        "id",
        "image_id",
        "category_id",
        "bbox",
        "segmentation",
        "keypoints",
        "num_keypoints",
        "attributes",
        "track_id",
        "extra",
    ]
    assert list(made["annotations"][1]) == order


def test_a_results_list_has_items_and_labels_of_its_own():
    rows = [
        {"image_id": 9, "category_id": 2, "bbox": [0, 0, 1, 1], "score": 0.25},
        {"image_id": 4, "category_id": 1, "bbox": [0, 0, 1, 1], "score": 1},
        {"image_id": 9, "category_id": 1, "bbox": [0, 0, 2, 1], "score": 0.75},
    ]
    ds = read(BytesIO(json.dumps(rows).encode()), "coco")
    assert ds.names == ("9", "4")
    assert [(label.name, label.source_id) for label in ds.labels] == [("2", 2), ("1", 1)]
    assert [a.score for a in ds.annotations] == [0.25, 1, 0.75]
    assert not ds.issues
    with ds.edit() as edit:
        edit.replace_item(0, width=4, height=4)
    out = BytesIO()
    report = write(edit.dataset, out, "coco")
    assert [(i.code, i.field) for i in report] == [("restated", "document"), ("unknown-size", "size")]
    made = json.loads(out.getvalue())
    assert made["images"] == [{"file_name": "9", "id": 9, "height": 4, "width": 4}, {"file_name": "4", "id": 4}]
    assert made["annotations"] == rows
    assert (
        read(BytesIO(out.getvalue()), "coco")
        == annokit.formats.narrow.narrow(edit.dataset, annokit.formats.registry.get("coco").holds(DIALECTS[""], {}))[0]
    )


def test_more_keys_than_columns_are_kept_together():
    rows = [{"id": 1, "image_id": 1, **{f"k{i}": i for i in range(9)}}, {"id": 2, "image_id": 1, "k20": {"a": [1.0]}}]
    document = {"images": [{"id": 1, "file_name": "a"}], "annotations": rows, "categories": []}
    ds = read(BytesIO(json.dumps(document).encode()), "coco", limits=annokit.Limits(extras_columns=5))
    assert ds.annotations[1].extras["coco/#further"] == {"k20": {"a": [1.0]}}
    assert ("unread-key", "...", 2) in {(i.code, i.field, i.count) for i in ds.issues}
    out = BytesIO()
    assert not write(ds, out, "coco")
    assert json.loads(out.getvalue()) == document


def test_half_of_a_dataset_is_written_like_the_file(ds):
    out = BytesIO()
    assert not write(ds[[0, 2]], out, "coco")
    made = json.loads(out.getvalue())
    assert made["images"] == [DOCUMENT["images"][0], DOCUMENT["images"][2]]
    assert made["annotations"] == DOCUMENT["annotations"][1:]


def test_numbers_that_are_whole_stay_whole():
    text = b'{"images":[{"id":1}],"annotations":[{"id":1,"image_id":1,"segmentation":[[1,2.0,3.5,4,5e0,6]],"bbox":[1,2.0,3,4],"area":7.0},{"id":2,"image_id":1,"area":7}],"categories":[]}'
    out = BytesIO()
    write(read(BytesIO(text), "coco"), out, "coco")
    assert out.getvalue() == text.replace(b"5e0", b"5.0")


def test_pixels_of_a_run_length(ds):
    bitmap = ds.annotations[2].shape.decode()
    assert bitmap.shape == (6, 8)
    assert np.argwhere(bitmap).tolist() == [[1, 1], [2, 1], [3, 1]]
