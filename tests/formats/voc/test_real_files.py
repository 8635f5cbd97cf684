"""Real files, read and written back value by value, judged by the standard library's parser alone."""

import json
import shutil
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

import annokit
from annokit.formats.voc.label_map import OFFICIAL
from tests.fixtures import fixture

CORNERS = ("xmin", "ymin", "xmax", "ymax")
TREES = ("labelformat/object_detection/PascalVOC", "dataloop/converters_voc/voc/annotations")


def tree_of(element):
    """An element as nested lists: tag, text, children; white space between elements does not count."""
    text = (element.text or "").strip() if len(element) else element.text or ""
    return [element.tag, text, [tree_of(child) for child in element]]


def unordered(element):
    """The same, without the order in which an annotation and its objects list their elements."""
    tag, text, children = element
    made = [unordered(child) for child in children]
    return [
        tag,
        text,
        sorted(made, key=lambda one: (one[0] != "object", one[0])) if tag in ("annotation", "object") else made,
    ]


@pytest.mark.parametrize("name", TREES)
@pytest.mark.parametrize("dialect", ["voc", "voc:standard"])
def test_every_value_is_read(name, dialect):
    root = fixture(name)
    ds = annokit.read(root, dialect)
    paths = sorted(root.rglob("*.xml"))
    assert len(ds) == len(paths) > 0
    shift = np.array([-1, -1, 0, 0]) if dialect == "voc:standard" else 0
    for path in paths:
        told = ElementTree.parse(path).getroot()
        item = ds[told.findtext("filename")]
        assert (item.width, item.height) == (int(told.findtext("size/width")), int(told.findtext("size/height")))
        objects = told.findall("object")
        assert [str(a.label) for a in item.annotations] == [one.findtext("name") for one in objects]
        boxes = [[float(one.findtext(f"bndbox/{corner}")) for corner in CORNERS] for one in objects]
        assert item.boxes(unit="pixel").tolist() == (np.array(boxes).reshape(-1, 4) + shift).tolist()
        for annotation, one in zip(item.annotations, objects, strict=True):
            flags = {
                tag: one.findtext(tag)
                for tag in ("pose", "truncated", "occluded", "difficult")
                if one.find(tag) is not None
            }
            assert {key: str(value) for key, value in annotation.attributes.items()} == flags


@pytest.mark.parametrize("name", TREES)
@pytest.mark.parametrize("dialect", ["voc", "voc:standard"])
def test_every_element_is_written_back(name, dialect, tmp_path):
    root = fixture(name)
    ds = annokit.read(root, dialect)
    assert not annokit.write(ds, tmp_path / "out", dialect, on_loss="raise")
    for path in sorted(root.rglob("*.xml")):
        back = tmp_path / "out/Annotations" / path.name
        pair = [unordered(tree_of(ElementTree.parse(one).getroot())) for one in (path, back)]
        assert pair[0] == pair[1]
    assert annokit.read(tmp_path / "out") == ds


@pytest.mark.parametrize("dialect", ["voc:dataloop", "voc:innotescus", "coco", "yolo:ultralytics-detect"])
def test_the_plan_names_what_a_target_changes(dialect, tmp_path):
    ds = annokit.read(fixture(TREES[1]), "voc:standard")
    planned = annokit.plan(ds, dialect)
    assert annokit.write(ds, tmp_path / "out", dialect, on_loss="allow") == planned
    back = annokit.read(tmp_path / "out", dialect, sizes={item.name: (item.width, item.height) for item in ds})
    assert len(back.annotations) == len(ds.annotations)
    changed = {issue.field for issue in planned}
    kept = {tag for tag in ("pose", "truncated") if f"attributes.{tag}" not in changed}
    for item in ds:
        own = back[item.name]
        np.testing.assert_allclose(own.boxes(unit="pixel"), item.boxes(unit="pixel"), atol=1e-9)
        for before, after in zip(item.annotations, own.annotations, strict=True):
            assert str(before.label) == str(after.label)
            for tag in kept & set(before.attributes):
                assert after.attributes[tag] == before.attributes[tag]


def test_dataloops_own_json_says_the_same():
    """The items that these files were made of: corners are plain there, and equal."""
    ds = annokit.read(fixture(TREES[1]), "voc")
    for path in sorted(fixture("dataloop/converters_voc/dataloop_json").glob("*.json")):
        told = [one for one in json.loads(path.read_text())["annotations"] if one["type"] == "box"]
        item = next(item for item in ds if item.name.startswith(path.stem))
        boxes = sorted([one["coordinates"][k][axis] for k in (0, 1) for axis in "xy"] for one in told)
        assert sorted(item.boxes(unit="pixel").tolist()) == boxes
        assert sorted(one["label"] for one in told) == sorted(str(a.label) for a in item.annotations)


def test_class_pngs_are_read_and_written_back_pixel_by_pixel(tmp_path):
    root = fixture("labelformat/semantic_segmentation/pascalvoc")
    names = json.loads((root / "class_id_to_name.json").read_text())
    assert tuple(names[str(value)] for value in range(1, 21)) == OFFICIAL
    ds = annokit.read(root, "voc", classes="voc")
    pngs = sorted((root / "SegmentationClass").rglob("*.png"))
    assert len(ds) == len(pngs) == 2
    for path in pngs:
        stem = str(path.relative_to(root / "SegmentationClass")).removesuffix(".png")
        values = np.asarray(Image.open(path))
        item = ds[f"{stem}.jpg"]
        assert Path(item.path) == root / "JPEGImages" / f"{stem}.jpg"
        assert (item.height, item.width) == values.shape
        for annotation in item.annotations:
            value = OFFICIAL.index(str(annotation.label)) + 1
            np.testing.assert_array_equal(annotation.shape.decode(), values == value)
        assert {str(a.label) for a in item.annotations} == {
            names[str(v)] for v in np.unique(values) if v not in (0, 255)
        }
    annokit.write(ds, tmp_path / "out", "voc", masks=True, on_loss="allow")
    back = annokit.read(tmp_path / "out")
    listed = [line.partition(":")[0] for line in (tmp_path / "out/labelmap.txt").read_text().splitlines()[1:]]
    for path in pngs:
        values, written = np.asarray(Image.open(path)), Image.open(tmp_path / "out" / path.relative_to(root))
        assert written.mode == "P"
        own = np.asarray(written)
        for value in np.unique(values).tolist():
            expected = value if value in (0, 255) else listed.index(names[str(value)])
            assert set(own[values == value].tolist()) == {expected}
    assert {item.name for item in back} == {item.name for item in ds}


def test_annotations_and_class_pngs_of_one_picture_are_joined(tmp_path):
    for folder, name in (
        ("Annotations", "annotations/2007_000032.xml"),
        ("SegmentationClass", "segmentation_class/2007_000032.png"),
    ):
        (tmp_path / folder).mkdir()
        shutil.copy(fixture("dataloop/converters_voc/voc") / name, tmp_path / folder)
    ds = annokit.read(tmp_path, "voc:standard")
    found = [(str(a.label), type(a.shape).__name__) for a in ds.annotations]
    assert found == [("aeroplane", "Box")] * 2 + [("person", "Box")] * 2 + [("aeroplane", "Mask"), ("person", "Mask")]
    values = np.asarray(Image.open(next(tmp_path.rglob("*.png"))))
    assert [int(a.shape.decode().sum()) for a in ds[0].annotations[4:]] == [(values == 1).sum(), (values == 15).sum()]
    assert ds.issues.of("assumed").issues[0].field == "label"
