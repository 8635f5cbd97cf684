"""Pixel for pixel what the platform's own SDK gives, where it is right.

Needs a Python with ``segments-ai``, ``pycocotools``, ``scikit-image`` and Pillow below 12, named by the environment
variable ``ANNOKIT_SEGMENTS_PYTHON``.
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
from annokit.interop.segments import semantic_bitmap
from annokit.media.bitmap import encode_label_bitmap
from tests.formats.segments.documents import masks, release, sample
from tests.formats.segments.serving import served

PYTHON = os.environ.get("ANNOKIT_SEGMENTS_PYTHON")
pytestmark = pytest.mark.skipif(PYTHON is None, reason="needs ANNOKIT_SEGMENTS_PYTHON")

SIZES = ((64, 48), (33, 71), (1, 5), (48, 64))


def photo(width, height, orientation):
    """Return a JPEG that is displayed at a size."""
    stored = (height, width) if orientation in (6, 8) else (width, height)
    picture = Image.new("RGB", stored, (9, 99, 200))
    exif = picture.getexif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    picture.save(file, "JPEG", exif=exif)
    return file.getvalue()


def scene(width, height, largest):
    """Return a bitmap of irregular objects, some in several pieces and with holes, with ids up to `largest`."""
    rng = np.random.default_rng(width)
    ids = np.array([0, 1, 2, 300, largest], np.uint32)
    coarse = rng.integers(0, len(ids), ((height + 4) // 5, (width + 4) // 5))
    return ids[np.kron(coarse, np.ones((5, 5), np.int64))[:height, :width]]


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """Return our dataset and what the SDK made of the same release, over a connection to this machine."""
    folder = tmp_path_factory.mktemp("judge")
    files, samples = {}, []
    for number, (width, height) in enumerate(SIZES):
        bitmap = scene(width, height, 65535 if number else 70000)
        files[f"/{number}.jpg"] = photo(width, height, (1, 6, 3, 8)[number])
        files[f"/{number}.png"] = encode_label_bitmap(bitmap)
        present = np.unique(bitmap[bitmap > 0]).tolist()
        pairs = [{"id": ident, "category_id": (3, 7)[place % 2]} for place, ident in enumerate([*present, 9])]
        samples.append((f"im {number}.jpg", f"/{number}", pairs))
    with served(files) as host:
        listed = [
            {
                **sample(name, masks(pairs, f"{host}{path}.png")),
                "attributes": {"image": {"url": f"{host}{path}.jpg"}},
            }
            for name, path, pairs in samples
        ]
        listed.append({**sample("none.jpg"), "attributes": {"image": {"url": f"{host}/0.jpg"}}})
        path = folder / "release.json"
        path.write_text(json.dumps(release(listed)))
        assert PYTHON is not None
        script = Path(__file__).with_name("sdk_side.py")
        subprocess.run(
            [PYTHON, script, path, folder, "coco-instance", "coco-panoptic"],
            check=True,
            capture_output=True,
            timeout=300,
        )
        ds = annokit.fetch(annokit.read(path), folder / "media", progress=False).dataset
    return ds, folder


def test_samples_are_those_of_the_sdk(judged):
    ds, folder = judged
    for item, theirs in zip(ds, json.loads((folder / "names.json").read_text()), strict=True):
        assert item["name"] == theirs["name"]
        assert list(item["image"].size) == theirs["size"]
        stated = theirs["annotations"]
        assert [(a.id, a.label.source_id) for a in item["annotations"]] == [
            (one["id"], one["category_id"]) for one in stated or []
        ]
        assert (item["segmentation_bitmap"] is None) == (stated is None)


def test_bitmaps_are_those_of_the_sdk(judged):
    ds, folder = judged
    arrays = np.load(folder / "bitmaps.npz")
    for number, item in enumerate(ds[:-1]):
        np.testing.assert_array_equal(item["segmentation_bitmap"], arrays[f"instance {number}"])
        found = semantic_bitmap(item["segmentation_bitmap"], item["annotations"])
        np.testing.assert_array_equal(found, arrays[f"semantic {number}"])


def test_masks_boxes_and_areas_are_those_of_the_sdk_s_coco(judged, tmp_path):
    ds, folder = judged
    annokit.write(ds, tmp_path / "ours.json", "coco", on_loss="allow")
    ours, theirs = (
        _objects(path) for path in (tmp_path / "ours.json", next((folder / "coco-instance").glob("*.json")))
    )
    assert ours == theirs
    assert len(ours) == 13


def _objects(path):
    document = json.loads(path.read_text())
    names = {image["id"]: Path(image["file_name"]).stem for image in document["images"]}
    return sorted(
        (
            names[one["image_id"]],
            one["category_id"],
            one["segmentation"]["counts"],
            one["segmentation"]["size"],
            one["bbox"],
            one["area"],
            one["iscrowd"],
        )
        for one in document["annotations"]
        if "segmentation" in one
    )


def test_where_the_sdk_fails_categories_that_may_have_instances_or_not(judged, tmp_path):
    """The SDK makes no panoptic export where a category leaves open whether it has instances."""
    ds, folder = judged
    assert "TypeError" in json.loads((folder / "errors.json").read_text())["coco-panoptic"]
    annokit.write(ds, tmp_path / "ours", "coco:panoptic", on_loss="allow")
    document = json.loads((tmp_path / "ours/panoptic.json").read_text())
    assert [category.get("isthing") for category in document["categories"]] == [0, 1, None]
    assert [len(record["segments_info"]) for record in document["annotations"]] == [4, 4, 1, 4]
    assert document["annotations"][0]["segments_info"][-1]["id"] == 70000


def test_where_the_sdk_is_wrong_ids_beyond_16_bits_are_clipped_by_its_cache(judged):
    ds, folder = judged
    cached = np.load(folder / "cached.npz")["cached 0"]
    assert int(cached.max()) == 65535
    assert int(ds[0]["segmentation_bitmap"].max()) == 70000
    np.testing.assert_array_equal(np.minimum(ds[0]["segmentation_bitmap"], 65535), cached)
