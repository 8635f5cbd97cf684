"""What the vendor's converters lose on the way to other formats, and what they do not find here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import annokit
from annokit.model.dataset import Dataset
from tests.fixtures import fixture
from tests.formats.dataloop.documents import item, load, note, p, z

SYSTEM = {"width": 32, "height": 12}
OUTER, HOLE, OTHER = (
    [p(2, 2), p(12, 2), p(12, 10), p(2, 10)],
    [p(4, 4), p(8, 4), p(8, 6), p(4, 6)],
    [p(20, 2), p(24, 2), p(24, 6), p(20, 6)],
)


def _boxes(*labels: str, name: str = "/a.jpg", **rest: Any) -> dict[str, Any]:
    return item(*(note("box", label, [z(0, 0), z(4, 4)]) for label in labels), name=name, system=SYSTEM, **rest)


def _labels(ds: Dataset) -> dict[str, list[str]]:
    return {entry.name: [annotation.label.name for annotation in entry.annotations] for entry in ds}


@pytest.mark.parametrize("dialect", ["dataloop", "dataloop-1", "darknet", "ultralytics-detect"])
def test_no_class_is_shifted(tmp_path: Path, dialect: str) -> None:
    ds = load(tmp_path, _boxes("pottedplant", "aeroplane", "zebra"), _boxes("cat.small", name="/b.jpg"))
    annokit.write(ds, tmp_path / "yolo", f"yolo:{dialect}", on_loss="allow")
    back = annokit.read(tmp_path / "yolo", f"yolo:{dialect}", sizes=dict.fromkeys(("a.jpg", "b.jpg"), (32, 12)))
    assert sorted(map(tuple, _labels(back).values())) == [("cat.small",), ("pottedplant", "aeroplane", "zebra")]


def test_their_own_files_say_the_same_as_the_documents() -> None:
    documents = annokit.read(fixture("dataloop/converters_yolo/dataloop_json"), "dataloop")
    theirs = annokit.read(fixture("dataloop/converters_yolo/yolo"), "yolo:dataloop")
    by_stem = {Path(entry.name).stem: entry for entry in documents}
    compared = 0
    for entry in theirs:
        ours = by_stem.get(Path(entry.name).stem)
        kinds = set() if ours is None else {type(annotation.shape).__name__ for annotation in ours.annotations}
        if ours is not None and kinds == {"Box"} and ours.kind == "image":
            compared += 1
            assert sorted(a.label.name for a in entry.annotations) == sorted(a.label.name for a in ours.annotations)
    assert compared >= 8


def test_holes_and_parts_are_in_the_pixels(tmp_path: Path) -> None:
    ds = load(tmp_path, item(note("segment", "a", [OUTER, HOLE, OTHER]), system=SYSTEM))
    annokit.write(ds, tmp_path / "coco.json", "coco", on_loss="allow")
    (coco,) = annokit.read(tmp_path / "coco.json")[0].annotations
    annokit.write(ds, tmp_path / "masks", "masks:semantic", on_loss="allow")
    masks = annokit.read(tmp_path / "masks")[0].masks()
    wanted = np.zeros((12, 32), bool)
    wanted[2:10, 2:12] = wanted[2:6, 20:24] = True
    wanted[4:6, 4:8] = False
    assert (ds[0].masks()[0] == wanted).all()
    assert (coco.shape.decode() == wanted).all()
    assert (masks[0] == wanted).all()
    made = json.loads((tmp_path / "coco.json").read_bytes())["annotations"][0]
    assert (made["iscrowd"], made["area"], made["bbox"]) == (0, 88, [2, 2, 22, 8])


def test_masks_are_no_crowds_and_their_boxes_are_whole(tmp_path: Path) -> None:
    folder = fixture("dataloop/converters_voc/dataloop_json")
    ds = annokit.read(folder, "dataloop")
    annokit.write(ds, tmp_path / "coco.json", "coco", on_loss="allow")
    document = json.loads((tmp_path / "coco.json").read_bytes())
    assert {entry["iscrowd"] for entry in document["annotations"]} == {0}
    back = annokit.read(tmp_path / "coco.json")
    for ours, theirs in zip(ds, back, strict=True):
        assert ours.boxes(unit="pixel") == pytest.approx(theirs.boxes(unit="pixel"))


@pytest.mark.parametrize(
    "target", ["yolo:dataloop", "yolo:dataloop-1", "yolo:ultralytics-detect", "voc", "voc:dataloop"]
)
def test_items_of_one_stem_stay_apart(tmp_path: Path, target: str) -> None:
    names = ["a.jpg", "a.png", "x/a.jpg", "y/a.jpg"]
    documents = [_boxes(f"label{place}", name=f"/{name}") for place, name in enumerate(names)]
    documents[0]["name"] = "other.jpg"
    ds = load(tmp_path, *documents)
    annokit.write(ds, tmp_path / "out", target, on_loss="allow")
    back = annokit.read(tmp_path / "out", target, sizes=dict.fromkeys(names, (32, 12)))
    assert _labels(back) == {name: [f"label{place}"] for place, name in enumerate(names)}


def test_labels_that_would_break_their_xml(tmp_path: Path) -> None:
    labels = ["a<b", "c&d", "e.f", 'g"h']
    ds = load(tmp_path, _boxes(*labels))
    annokit.write(ds, tmp_path / "voc", "voc:dataloop", on_loss="allow")
    assert _labels(annokit.read(tmp_path / "voc", "voc:dataloop")) == {"a.jpg": labels}


def test_turned_photographs_have_the_size_that_their_labels_mean(tmp_path: Path) -> None:
    document = item(note("box", "a", [z(0, 0), z(6, 16)]), system={**SYSTEM, "exif": {"Orientation": 6}})
    ds = load(tmp_path, document)
    annokit.write(ds, tmp_path / "coco.json", "coco", on_loss="allow")
    (image,) = json.loads((tmp_path / "coco.json").read_bytes())["images"]
    assert (image["width"], image["height"]) == (12, 32)


def test_joints_without_a_word_about_them_are_seen(tmp_path: Path) -> None:
    pose = note("pose", "person", {"templateId": "t"}, id="1")
    joints = [note("point", name, z(4, 4), system={"parentId": "1"}) for name in ("nose", "eye")]
    ds = load(tmp_path, item(pose, *joints, system=SYSTEM))
    annokit.write(ds, tmp_path / "coco.json", "coco", on_loss="allow")
    made = json.loads((tmp_path / "coco.json").read_bytes())
    assert made["annotations"][0]["keypoints"] == [4, 4, 2, 4, 4, 2]
    assert made["annotations"][0]["num_keypoints"] == 2
