"""A release fetched over a real connection to this machine: pictures and bitmaps, byte for byte."""

import io
import json

import numpy as np
import pytest
from PIL import Image

import annokit
from annokit.limits import Limits
from annokit.media.bitmap import encode_label_bitmap
from tests.formats.segments.documents import masks, release, sample
from tests.formats.segments.serving import served

BITMAP = np.zeros((30, 40), np.uint32)
BITMAP[2:9, 3:20] = 70000
BITMAP[10:12, 3:5] = 1


def photo(orientation):
    """Return a JPEG of 30 x 40 stored pixels."""
    picture = Image.new("RGB", (30, 40), (9, 99, 200))
    exif = picture.getexif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    picture.save(file, "JPEG", exif=exif)
    return file.getvalue()


FILES = {
    "/assets/1.jpg": photo(6),
    "/assets/x": photo(8),
    "/assets/b.png": encode_label_bitmap(BITMAP),
    "/odd.png": b"<html>",
}


@pytest.fixture(scope="module")
def host():
    """Return the address of a server that has some files and knows no others."""
    with served(FILES) as address:
        yield address


def document(host):
    def at(name, path):
        return {**sample(name), "attributes": {"image": {"url": host + path}}}

    def labelled(name, path, bitmap):
        label = masks([{"id": 70000, "category_id": 3}, {"id": 1, "category_id": 7}], host + bitmap)
        return {**at(name, path), "labels": {"ground-truth": {"label_status": "LABELED", "attributes": label}}}

    return release(
        [
            labelled("train/a.jpg", "/assets/1.jpg?signature=1", "/assets/b.png?signature=1"),
            labelled("b", "/assets/x?signature=1", "/missing.png"),
            at("../c.jpg", "/missing.jpg"),
            labelled("d.jpg", "/assets/1.jpg?signature=1", "/odd.png"),
        ]
    )


QUICK = Limits(attempts=1, retry_seconds=1.0, backoff_base=0.01, backoff_cap=0.01)


def test_pictures_and_bitmaps_are_fetched_and_found_again(host, tmp_path):
    path = tmp_path / "release.json"
    path.write_text(json.dumps(document(host)))
    result = annokit.fetch(annokit.read(path), tmp_path / "media", progress=False, limits=QUICK)
    ds = result.dataset
    first, second, third, fourth = ds
    np.testing.assert_array_equal(first["segmentation_bitmap"], BITMAP)
    assert first.path.read_bytes() == FILES["/assets/1.jpg"]
    assert first["image"].size == (40, 30)
    assert [int(mask.sum()) for mask in first.masks()] == [119, 4]
    assert second["image"].size == (40, 30)
    with pytest.raises(annokit.MediaError, match="not on this machine"):
        second.masks()
    assert third.path is None
    assert fourth.path.read_bytes() == FILES["/assets/1.jpg"]
    failed = [row.item for row in result.report.of("fetch-failed").rows()]
    assert sorted(failed) == ["../c.jpg", "b", "d.jpg"]
    assert all(
        str(p.resolve()).startswith(str((tmp_path / "media").resolve())) for p in (tmp_path / "media").rglob("*")
    )
    again = annokit.read(path, images=tmp_path / "media")
    assert [item.path for item in again] == [item.path for item in ds]
    np.testing.assert_array_equal(again[0]["segmentation_bitmap"], BITMAP)
    assert sorted(row.item for row in again.issues.of("missing-media").rows()) == ["../c.jpg", "b", "d.jpg"]


def test_a_server_that_is_not_there_is_listed(tmp_path):
    ds = annokit.read(io.BytesIO(json.dumps(document("http://127.0.0.1:9")).encode()), "segments")
    result = annokit.fetch(ds, tmp_path / "media", progress=False, limits=QUICK)
    assert result.report.of("fetch-failed").issues
    assert len(result.dataset) == 4
    assert all(item.path is None for item in result.dataset)
