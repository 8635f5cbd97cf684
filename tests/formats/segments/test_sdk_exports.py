"""Each kind of export beside the SDK's own: equal where that is right, and right where it is not.

Needs a Python with ``segments-ai``, ``pycocotools``, ``scikit-image``, ``opencv-python`` and Pillow below 12, named by
the environment variable ``ANNOKIT_SEGMENTS_PYTHON``.
"""

import io
import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import annokit
from annokit.media.bitmap import encode_label_bitmap
from tests.formats.segments.documents import masks, release, sample, vectors
from tests.formats.segments.exports import EXPORTS
from tests.formats.segments.serving import served

PYTHON = os.environ.get("ANNOKIT_SEGMENTS_PYTHON")
pytestmark = pytest.mark.skipif(PYTHON is None, reason="needs ANNOKIT_SEGMENTS_PYTHON")

CATEGORIES = [
    {"id": 1, "name": "car", "has_instances": True, "color": [10, 20, 30]},
    {"id": 2, "name": "road", "has_instances": False, "color": [40, 50, 60]},
    {"id": 3, "name": "tree", "has_instances": True, "color": [200, 100, 0, 255]},
]

SIZES = ((64, 48), (33, 71), (40, 40))
IDS = ((1, 2, 3, 9, 10), (5, 300, 44), (65535, 7, 256, 513))
"""Ids by picture; 44 is 300 in eight bits."""

KINDS = [kind for kind in EXPORTS if kind != "yolo"]


def scene(number):
    """Return a bitmap of irregular objects, some in several pieces."""
    width, height = SIZES[number]
    ids = np.array([0, *IDS[number]], np.uint32)
    coarse = np.random.default_rng(number).integers(0, len(ids), ((height + 5) // 6, (width + 5) // 6))
    return ids[np.kron(coarse, np.ones((6, 6), np.int64))[:height, :width]]


def photo(width, height):
    file = io.BytesIO()
    Image.new("RGB", (width, height), (9, 99, 200)).save(file, "JPEG")
    return file.getvalue()


def judged(folder, document, files, kinds):
    """Return our dataset of a release, and the folder with what the SDK made of it."""
    assert PYTHON is not None
    with served(files) as host:
        path = folder / "release.json"
        path.write_text(json.dumps(document).replace("https://host", host))
        script = Path(__file__).with_name("sdk_side.py")
        subprocess.run([PYTHON, script, path, folder, *kinds], check=True, capture_output=True, timeout=300)
        ds = annokit.fetch(annokit.read(path), folder / "media", progress=False).dataset
    return ds, folder


@pytest.fixture(scope="module")
def bitmaps(tmp_path_factory):
    """Return our dataset of bitmaps, the SDK's exports, and ours."""
    folder = tmp_path_factory.mktemp("bitmaps")
    files = {f"/{n}.jpg": photo(*SIZES[n]) for n in range(3)} | {
        f"/{n}.png": encode_label_bitmap(scene(n)) for n in range(3)
    }
    samples = [
        {
            **sample(f"im {n}.jpg", masks([{"id": i, "category_id": 1 + p % 3} for p, i in enumerate(IDS[n])], f"https://host/{n}.png")),
            "attributes": {"image": {"url": f"https://host/{n}.jpg"}},
        }
        for n in range(3)
    ]  # fmt: skip
    document = release([*samples, {**sample("none.jpg"), "attributes": {"image": {"url": "https://host/0.jpg"}}}])
    document["dataset"]["task_attributes"]["categories"] = CATEGORIES
    ds, folder = judged(folder, document, files, KINDS)
    for kind in KINDS:
        EXPORTS[kind](ds, folder / f"our {kind}")
    return folder


def pixels(path):
    return np.asarray(Image.open(path)).astype(np.uint32)


def test_the_sdk_exports_all_of_them(bitmaps):
    assert json.loads((bitmaps / "errors.json").read_text()) == {}


@pytest.mark.parametrize("kind", ["instance", "semantic"])
def test_bitmaps_are_equal(bitmaps, kind):
    for number in range(3):
        theirs = pixels(bitmaps / kind / f"im {number}_label_ground-truth_{kind}.png")
        np.testing.assert_array_equal(pixels(bitmaps / f"our {kind}/masks/im {number}.png"), theirs)
    assert not list((bitmaps / kind).glob("none*"))
    assert pixels(bitmaps / f"our {kind}/masks/none.png").max() == 0


def test_colours_of_classes_are_equal(bitmaps):
    for number in range(3):
        theirs = pixels(bitmaps / "semantic-color" / f"im {number}_label_ground-truth_semantic_colored.png")
        ours = pixels(bitmaps / f"our semantic-color/previews/im {number}.png")
        np.testing.assert_array_equal(ours[:, :, :3], theirs)
        np.testing.assert_array_equal(ours[:, :, 3] == 255, scene(number) > 0)


def test_colours_of_objects_tell_them_apart_and_those_of_the_sdk_do_not(bitmaps):
    """The SDK takes ids modulo 256, and so gives 44 and 300 one colour, and 256 that of nothing."""
    for number in range(3):
        bitmap = scene(number)
        theirs = pixels(bitmaps / "instance-color" / f"im {number}_label_ground-truth_instance_colored.png")
        ours = pixels(bitmaps / f"our instance-color/previews/im {number}.png")
        for made, wanted in ((ours, len(IDS[number])), (theirs, (5, 2, 3)[number])):
            colors = {tuple(made[bitmap == ident][0].tolist()) for ident in IDS[number]} - {(0, 0, 0)}
            assert len(colors) == wanted


def _records(path, key):
    document = json.loads(path.read_text())
    names = {image["id"]: image["file_name"] for image in document["images"]}
    return sorted((names[one["image_id"]], one["category_id"], key(one)) for one in document["annotations"])


def test_instances_are_equal(bitmaps):
    (theirs,) = (bitmaps / "coco-instance").glob("*.json")

    def key(one):
        return (one["bbox"], one["area"], one["iscrowd"], one["segmentation"]["size"], one["segmentation"]["counts"])

    ours = _records(bitmaps / "our coco-instance/coco.json", key)
    assert ours == _records(theirs, key)
    assert len(ours) == 12


def test_polygons_cover_what_they_should(bitmaps):
    """The SDK's lie half a pixel inside, hide holes among the outlines, and are those of other ids beyond 255."""
    (theirs,) = (bitmaps / "polygon").glob("*.json")
    found = {}
    for one in json.loads(theirs.read_text())["annotations"]:
        found.setdefault(one["image_id"], []).append(one["polygons"])
    assert [len(polygons) for polygons in found[2]][1] == 0  # id 300
    ours = json.loads((bitmaps / "our polygon/coco.json").read_text())
    for number in range(3):
        bitmap = scene(number)
        records = [one for one in ours["annotations"] if ours["images"][number]["id"] == one["image_id"]]
        for ident, record, polygons in zip(IDS[number], records, found[number + 1], strict=True):
            assert record["area"] == (bitmap == ident).sum()
            if isinstance(record["segmentation"], dict) or not polygons or ident > 255 or ident == 44:
                continue
            points = np.array([point for polygon in polygons for point in polygon])
            corners = np.concatenate([np.reshape(ring, (-1, 2)) for ring in record["segmentation"]])
            np.testing.assert_array_equal(corners.min(axis=0), points.min(axis=0))
            np.testing.assert_array_equal(corners.max(axis=0), points.max(axis=0) + 1)


def test_panoptic_segments_are_equal_apart_from_their_ids(bitmaps):
    """The SDK's ids of things are random, and those of stuff the category's colour, however many segments there are."""
    (theirs,) = (bitmaps / "coco-panoptic").glob("*.json")
    document, its = (json.loads(path.read_text()) for path in (bitmaps / "our coco-panoptic/panoptic.json", theirs))
    assert [(c["id"], c["name"], c["isthing"], c["color"][:3]) for c in document["categories"]] == [
        (c["id"], c["name"], c["isthing"], c["color"]) for c in its["categories"]
    ]
    for number in range(3):
        mine, other = (found["annotations"][number]["segments_info"] for found in (document, its))
        assert [(s["category_id"], s["bbox"], s["area"], s["iscrowd"]) for s in mine] == [
            (s["category_id"], s["bbox"], s["area"], s["iscrowd"]) for s in other
        ]
        ours, drawn = (
            rgb[:, :, 0] + 256 * rgb[:, :, 1] + 65536 * rgb[:, :, 2]
            for rgb in (
                pixels(bitmaps / "our coco-panoptic/panoptic" / document["annotations"][number]["file_name"]),
                pixels(bitmaps / "coco-panoptic" / its["annotations"][number]["file_name"]),
            )
        )
        np.testing.assert_array_equal(ours, scene(number))
        for one, another in zip(mine, other, strict=True):
            assert one["id"] in IDS[number]
            assert (drawn[ours == one["id"]] == another["id"]).all()
    assert len({one["id"] for one in its["annotations"][0]["segments_info"]}) == 4  # of five segments
    assert len({one["id"] for one in document["annotations"][0]["segments_info"]}) == 5


BOXES = [
    {"id": 1, "category_id": 1, "type": "bbox", "points": [[1, 2.25], [11, 30]]},
    {"id": 2, "category_id": 3, "type": "bbox", "points": [[20, 12], [10.5, 6]]},
]


def test_boxes_of_yolo_are_equal_and_classes_are_named(tmp_path):
    """The SDK writes the platform's ids, says nowhere what they mean, and has no file for a picture without objects."""
    files = {"/0.jpg": photo(*SIZES[0])}
    picture = {"attributes": {"image": {"url": "https://host/0.jpg"}}}
    document = release(
        [{**sample("a.jpg", vectors(BOXES)), **picture}, {**sample("b.jpg", vectors([])), **picture}], "bboxes"
    )
    document["dataset"]["task_attributes"]["categories"] = CATEGORIES
    ds, folder = judged(tmp_path, document, files, ["yolo", "coco-instance"])
    EXPORTS["yolo"](ds, folder / "ours")
    theirs = [line.split() for line in (folder / "yolo a.txt").read_text().splitlines()]
    (path,) = (folder / "ours/labels").rglob("a.txt")
    ours = [line.split() for line in path.read_text().splitlines()]
    assert [[f"{float(number):.6f}" for number in row[1:]] for row in ours] == [row[1:] for row in theirs]
    assert [int(row[0]) + 1 for row in ours] == [int(row[0]) for row in theirs]
    assert not list(folder.glob("yolo b.txt"))
    assert (path.parent / "b.txt").read_text() == ""
    (instances,) = (folder / "coco-instance").glob("*.json")
    assert [one["bbox"] for one in json.loads(instances.read_text())["annotations"]] == [
        [1, 2.25, 10, 27.75],
        [20, 12, -9.5, -6],
    ]
    annokit.write(ds, folder / "ours.json", "coco", on_loss="allow")
    boxes = [one["bbox"] for one in json.loads((folder / "ours.json").read_text())["annotations"]]
    assert boxes == [[1, 2.25, 10, 27.75], [10.5, 6, 9.5, 6]]
