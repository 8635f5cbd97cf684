"""Every kind of export of ``segments.utils``, and that each is the same every time. Nothing here needs the SDK."""

import io
import json

import numpy as np
import pytest
from PIL import Image

import annokit
from annokit.media.bitmap import save_label_bitmap
from tests.formats.segments.documents import masks, release, sample, vectors
from tests.formats.segments.exports import EXPORTS

BITMAP = np.zeros((12, 20), np.uint32)
BITMAP[1:6, 1:8] = 300
BITMAP[2:4, 3:5] = 0
BITMAP[8:11, 2:19] = 70000
BITMAP[1:3, 12:15] = 44

PAIRS = [{"id": 300, "category_id": 3}, {"id": 70000, "category_id": 7}, {"id": 44, "category_id": 3}]
BOXES = [
    {"id": 1, "category_id": 3, "type": "bbox", "points": [[1, 2], [11, 7]]},
    {"id": 2, "category_id": 7, "type": "bbox", "points": [[20, 12], [10, 6]]},
]


@pytest.fixture
def segmentation(tmp_path):
    """Return a dataset of two labelled pictures and one that is not."""
    save_label_bitmap(BITMAP, tmp_path / "b.png")
    Image.new("RGB", (20, 12)).save(tmp_path / "a.jpg")
    document = release([sample("a.jpg", masks(PAIRS, "https://h/b.png")), sample("x/a.jpg"), sample("c.jpg")])
    (tmp_path / "release.json").write_text(json.dumps(document))
    return annokit.read(tmp_path / "release.json", images=tmp_path, sizes={"x/a.jpg": (20, 12), "c.jpg": (20, 12)})


def bytes_of(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("kind", EXPORTS)
@pytest.mark.filterwarnings("ignore::annokit.LossWarning")
def test_every_kind_is_the_same_every_time(segmentation, tmp_path, kind):
    trees = []
    for name in ("1", "2"):
        EXPORTS[kind](segmentation, tmp_path / "made" / kind / name)
        trees.append(bytes_of(tmp_path / "made" / kind / name))
    assert trees[0]
    assert trees[0] == trees[1]


def export(kind, ds, folder):
    EXPORTS[kind](ds, folder)
    return folder


def test_instance(segmentation, tmp_path):
    out = export("instance", segmentation, tmp_path / "out")
    with Image.open(out / "masks/a.png") as image:
        assert image.mode == "RGBA"  # 24 bits, since 70000 needs them
        values = np.asarray(image).astype(np.uint32)
    np.testing.assert_array_equal(values[:, :, 0] + 256 * values[:, :, 1] + 65536 * values[:, :, 2], BITMAP)
    assert json.loads((out / "classes.json").read_text())["pictures"]["masks/a.png"] == {"44": 3, "300": 3, "70000": 7}


def test_semantic(segmentation, tmp_path):
    """A category 0 would be the background, so that all get values from 1, told; another background keeps the ids."""
    report = EXPORTS["semantic"](segmentation, tmp_path / "out")
    assert "label.source_id" in [issue.field for issue in report if issue.code == "derived"]
    annokit.write(segmentation, tmp_path / "own", "masks:semantic", background=255, on_loss="allow")
    for name, values, void in (("out", [1, 2, 3], 0), ("own", [0, 3, 7], 255)):
        with Image.open(tmp_path / name / "masks/a.png") as image:
            assert image.mode == "L"
            expected = np.select([BITMAP == 70000, BITMAP > 0], [values[2], values[1]], void)
            np.testing.assert_array_equal(np.asarray(image), expected)
        classes = json.loads((tmp_path / name / "classes.json").read_text())["classes"]
        assert [one["value"] for one in classes] == values


def test_colours(segmentation, tmp_path):
    """Objects have colours of their own, the same in every picture; classes have theirs, where they state one."""
    instances, classes = (export(kind, segmentation, tmp_path / kind) for kind in ("instance-color", "semantic-color"))
    colors = np.asarray(Image.open(instances / "previews/a.png"))
    assert len({tuple(colors[ident == BITMAP][0]) for ident in (44, 300, 70000)}) == 3
    for ident in (44, 300, 70000):
        assert len(np.unique(colors[ident == BITMAP], axis=0)) == 1
    assert not colors[BITMAP == 0].any()
    colors = np.asarray(Image.open(classes / "previews/a.png"))
    assert {tuple(color) for color in colors[np.isin(BITMAP, (44, 300))].tolist()} == {(4, 5, 6, 255)}
    assert not colors[BITMAP == 0].any()


def test_panoptic(segmentation, tmp_path):
    out = export("coco-panoptic", segmentation, tmp_path / "out")
    document = json.loads((out / "panoptic.json").read_text())
    assert [record["file_name"] for record in document["annotations"]] == ["a.png"]
    assert [(one["id"], one["area"], one["bbox"]) for one in document["annotations"][0]["segments_info"]] == [
        (300, 31, [1, 1, 7, 5]),
        (70000, 51, [2, 8, 17, 3]),
        (44, 6, [12, 1, 3, 2]),
    ]
    assert [category.get("isthing") for category in document["categories"]] == [0, 1, None]


def test_instances_and_polygons(segmentation, tmp_path):
    for kind, types in (("coco-instance", [dict, dict, dict]), ("polygon", [dict, list, list])):
        out = export(kind, segmentation, tmp_path / kind)
        records = json.loads((out / "coco.json").read_text())["annotations"]
        assert [type(record["segmentation"]) for record in records] == types  # what has a hole stays run lengths
        assert [record["area"] for record in records] == [31, 51, 6]
        assert [record["bbox"] for record in records] == [[1, 1, 7, 5], [2, 8, 17, 3], [12, 1, 3, 2]]
    assert records[1]["segmentation"] == [[2, 8, 19, 8, 19, 11, 2, 11]]


def test_yolo(tmp_path):
    """Classes are counted from 0 and named, whatever their ids on the platform."""
    document = release([sample("a.jpg", vectors(BOXES)), sample("b.jpg", vectors([])), sample("c.jpg")], "bboxes")
    text = io.BytesIO(json.dumps(document).encode())
    ds = annokit.read(text, "segments", sizes=dict.fromkeys(("a.jpg", "b.jpg", "c.jpg"), (20, 12)))
    out = export("yolo", ds, tmp_path / "out")
    labels = {path.stem: path.read_text() for path in (out / "labels").rglob("*.txt")}
    assert [[float(number) for number in line.split()] for line in labels["a"].splitlines()] == [
        [1, 0.3, 0.375, 0.5, pytest.approx(5 / 12)],
        [2, 0.75, 0.75, 0.5, 0.5],
    ]
    assert labels["b"] == ""
    assert "flower" in (out / "data.yaml").read_text()
