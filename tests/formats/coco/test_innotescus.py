"""COCO + metadata as Innotescus exports it."""

import json

import pytest
from hypothesis import given, settings

import annokit
from annokit.formats.io import read, write
from tests.formats.laws import check_laws
from tests.strategies import datasets

DOCUMENT = {
    "info": {"description": "boats", "date_created": "2022-03-01T10:00:00Z"},
    "images": [
        {"license": 0, "file_name": "a.jpg", "width": 40, "height": 30, "id": 0, "attributes": {"weather": "fog", "n": 3}},
        {"license": 0, "file_name": "b.jpg", "width": 20, "height": 50, "id": 1, "attributes": {"weather": "sun"}},
    ],
    "categories": [{"supercategory": "", "id": 0, "name": "boat"}, {"supercategory": "boat", "id": 7, "name": "sail"}],
    "annotations": [
        {"image_id": 0, "id": 1, "category_id": 0, "segmentation": [[1, 2, 11, 2, 11, 8], [20, 3, 25, 3, 25, 9]], "area": 45,
         "bbox": [1, 2, 24, 7], "iscrowd": 0, "attributes": {"moored": True, "name": "Ünïon"}},
        {"image_id": 1, "id": 2, "category_id": 7, "segmentation": [], "area": 100, "bbox": [2.5, 4, 10, 10], "iscrowd": 1,
         "attributes": {"moored": False}},
    ],
}  # fmt: skip


def test_a_document_comes_back_value_by_value(tmp_path):
    path = tmp_path / "a.json"
    path.write_text(json.dumps(DOCUMENT), encoding="utf-8")
    assert [match.format for match in annokit.detect(path)] == ["coco:innotescus"]
    ds = read(path)
    assert ds[0].attributes == {"weather": "fog", "n": 3}
    assert [a.attributes["moored"] for a in (*ds[0].annotations, *ds[1].annotations)] == [True, False]
    assert len(ds[0].annotations[0].shape.parts) == 2
    report = write(ds, tmp_path / "b.json", "coco:innotescus", on_loss="raise")
    assert not [issue for issue in report if issue.severity != "info"]
    assert json.loads((tmp_path / "b.json").read_text(encoding="utf-8")) == DOCUMENT


@pytest.mark.parametrize("change", [{"year": 2017}, {"date_created": None}])
def test_other_files_with_attributes_are_plain(tmp_path, change):
    info = {**DOCUMENT["info"], **change}
    info = {key: value for key, value in info.items() if value is not None}
    path = tmp_path / "a.json"
    path.write_text(json.dumps({**DOCUMENT, "info": info}), encoding="utf-8")
    assert [match.format for match in annokit.detect(path)] == ["coco"]


def test_what_only_coco_states_is_told(tmp_path):
    builder = annokit.DatasetBuilder()
    item = builder.add_item("a.png", kind="image", width=20, height=10)
    hole = annokit.Polygon(
        (((((0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.1, 0.9)), ((0.3, 0.3), (0.6, 0.3), (0.6, 0.6)))),)
    )
    builder.add_annotation(item, "ring", hole, score=0.5, track=3)
    builder.add_annotation(item, "joint", annokit.Keypoints([(0.5, 0.5), (0.7, 0.9)], [2, 1]))
    builder.add_annotation(item, "area", annokit.Box(0.1, 0.1, 0.45, 0.35))
    report = write(builder.build(), tmp_path / "a.json", "coco:innotescus", on_loss="allow")
    fates = {(row.field, row.fate) for row in report.rows()}
    assert {("score", "dropped"), ("track", "dropped"), ("shape", "converted"), ("keypoints", "dropped")} <= fates
    records = json.loads((tmp_path / "a.json").read_text())["annotations"]
    assert [type(record["area"]) for record in records] == [int, int, int]
    assert "keypoints" not in records[1]
    assert records[1]["bbox"] == pytest.approx([10, 5, 4, 4])
    assert len(records[0]["segmentation"]) == 1


@pytest.mark.filterwarnings("ignore::annokit.LossWarning")
@settings(max_examples=40)
@given(datasets())
def test_laws(tmp_path_factory, dataset):
    check_laws(dataset, "coco:innotescus", tmp_path_factory.mktemp("laws", numbered=True))
