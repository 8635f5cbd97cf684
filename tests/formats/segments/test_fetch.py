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


SEVERAL = Limits(attempts=4, retry_seconds=5.0, backoff_base=0.01, backoff_cap=0.01)


def _whole(host, signature):
    text = json.dumps(document(host)["dataset"]["samples"][0]).replace("signature=1", f"signature={signature}")
    return io.BytesIO(json.dumps(release([json.loads(text)])).encode())


def test_a_transfer_that_breaks_off_goes_on_where_it_was(tmp_path):
    asked = []
    with served(FILES, asked, broken=FILES) as host:
        ds = annokit.read(_whole(host, 1), "segments")
        result = annokit.fetch(ds, tmp_path, progress=False, limits=SEVERAL)
    assert not result.report.of("fetch-failed").issues
    (item,) = result.dataset
    assert item.path.read_bytes() == FILES["/assets/1.jpg"]
    np.testing.assert_array_equal(item["segmentation_bitmap"], BITMAP)
    resumed = {path: int(wanted.strip("bytes=-")) for path, wanted in asked if wanted}
    assert resumed == {path: len(FILES[path]) // 2 for path in ("/assets/1.jpg", "/assets/b.png")}


def test_a_second_run_asks_only_for_what_is_missing_whatever_the_signature(tmp_path):
    asked = []
    with served(FILES, asked) as host:
        first = annokit.fetch(annokit.read(_whole(host, 1), "segments"), tmp_path, progress=False, limits=QUICK)
        bitmap = next(path for path in tmp_path.rglob("*_bitmap.png"))
        assert bitmap.read_bytes() == FILES["/assets/b.png"]  # stored as received
        asked.clear()
        again = annokit.fetch(annokit.read(_whole(host, 2), "segments"), tmp_path, progress=False, limits=QUICK)
        assert asked == []
        assert again.dataset == annokit.read(_whole(host, 2), "segments", images=tmp_path)
        bitmap.unlink()
        third = annokit.fetch(annokit.read(_whole(host, 3), "segments"), tmp_path, progress=False, limits=QUICK)
        assert [path for path, _ in asked] == ["/assets/b.png"]
    for result in (first, again, third):
        np.testing.assert_array_equal(result.dataset[0]["segmentation_bitmap"], BITMAP)


def test_frames_of_sequences_and_their_bitmaps_are_fetched(host, tmp_path):
    frames = [{"image": {"url": f"{host}/assets/1.jpg?{n}"}} for n in range(2)]
    labels = [masks([{"id": 1, "track_id": 1, "category_id": 3}], f"{host}/assets/b.png?{n}") for n in range(2)]
    attributes = {"format_version": "0.2", "frames": [labels[0], {**labels[1], "segmentation_bitmap": None}]}
    sequence = {**sample("s", attributes), "attributes": {"frames": frames}}
    text = json.dumps(release([sequence], "image-segmentation-sequence")).encode()
    result = annokit.fetch(annokit.read(io.BytesIO(text), "segments"), tmp_path, progress=False, limits=QUICK)
    assert [item.path.read_bytes() == FILES["/assets/1.jpg"] for item in result.dataset] == [True, True]
    np.testing.assert_array_equal(result.dataset[0]["segmentation_bitmap"], BITMAP)
    assert [annotation.shape for annotation in result.dataset[1]["annotations"]] == [None]


def test_a_server_that_is_not_there_is_listed(tmp_path):
    ds = annokit.read(io.BytesIO(json.dumps(document("http://127.0.0.1:9")).encode()), "segments")
    result = annokit.fetch(ds, tmp_path / "media", progress=False, limits=QUICK)
    assert result.report.of("fetch-failed").issues
    assert len(result.dataset) == 4
    assert all(item.path is None for item in result.dataset)
