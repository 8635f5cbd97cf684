"""Bitmaps of ids: lazily read, compared with the annotations, never guessed."""

import io
import json
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

import annokit
from annokit.media.bitmap import encode_label_bitmap, save_label_bitmap
from tests.formats.segments.documents import masks, release, sample, written

SIZE = (40, 30)
"""Width and height."""


def scene(ids=(1, 70000, 5)):
    """Return a bitmap of 30 rows and 40 columns with a square per id."""
    bitmap = np.zeros(SIZE[::-1], np.uint32)
    for place, ident in enumerate(ids):
        bitmap[3 : 8 + place, 2 + 9 * place : 8 + 9 * place] = ident
    return bitmap


def objects(*ids, category=3):
    return [{"id": ident, "category_id": category} for ident in ids]


@pytest.fixture
def tree(tmp_path):
    """Return a function that writes a release of one sample with its picture and bitmap, and reads it."""

    def make(bitmap=None, annotations=None, *, picture=SIZE, **options):
        (tmp_path / "media").mkdir(exist_ok=True)
        if picture is not None:
            Image.new("RGB", picture).save(tmp_path / "media" / "a.png")
        if bitmap is not None:
            if isinstance(bitmap, bytes):
                (tmp_path / "media" / "mask.png").write_bytes(bitmap)
            else:
                save_label_bitmap(bitmap, tmp_path / "media" / "mask.png")
        annotations = objects(1, 70000, 5) if annotations is None else annotations
        document = release(
            [sample("a.png", masks(annotations, "https://host/x/mask.png?signature=2")), sample("b.png")]
        )
        (tmp_path / "release.json").write_text(json.dumps(document))
        return annokit.read(tmp_path / "release.json", images=tmp_path / "media", **options)

    return make


def codes(ds):
    return sorted(issue.code for issue in ds.issues if issue.field != "path")


def test_ids_survive_and_masks_are_those_of_the_bitmap(tree):
    bitmap = scene()
    ds = tree(bitmap)
    np.testing.assert_array_equal(ds[0].segmentation_bitmap, bitmap)
    assert ds[0]["segmentation_bitmap"].dtype == np.uint32
    for mask, ident in zip(ds[0].masks(), (1, 70000, 5), strict=True):
        np.testing.assert_array_equal(mask, bitmap == ident)
    for annotation, ident in zip(ds[0].annotations, (1, 70000, 5), strict=True):
        np.testing.assert_array_equal(annotation.shape.decode(), bitmap == ident)
    assert ds[0].boxes(unit="pixel").tolist() == [[2, 3, 8, 8], [11, 3, 17, 9], [20, 3, 26, 10]]
    assert codes(ds) == []


def test_one_mask_in_two_is_read_lazily(tree, monkeypatch):
    ds = tree(scene(), check=False)
    read = []
    original = annokit.media.image.load_label_bitmap
    monkeypatch.setattr("annokit.media.image.load_label_bitmap", lambda path: read.append(path) or original(path))
    assert [a.label.name for a in ds[0].annotations] == ["flower"] * 3
    assert read == []
    assert [a.shape.area for a in ds[0].annotations] == [30, 36, 42]
    assert len(read) == 1


@pytest.mark.parametrize(("encoding", "ids"), [("gray8", (1, 2, 200)), ("gray16", (1, 300, 65535))])
def test_other_layouts_of_pixels(tree, encoding, ids):
    bitmap = scene(ids)
    ds = tree(encode_label_bitmap(bitmap, encoding), objects(*ids))
    np.testing.assert_array_equal(ds[0].segmentation_bitmap, bitmap)
    assert codes(ds) == []


def test_a_picture_without_alpha_and_one_with_a_palette(tree):
    bitmap = scene((1, 2, 3))
    file = io.BytesIO()
    Image.fromarray(bitmap.astype(np.uint8), "L").save(file, "PNG")
    indexed = Image.fromarray(bitmap.astype(np.uint8), "L").convert("P")
    assert tree(file.getvalue(), objects(1, 2, 3))[0].masks().sum(axis=(1, 2)).tolist() == [30, 36, 42]
    file = io.BytesIO()
    indexed.putpalette(bytes(range(256)) * 3)
    indexed.save(file, "PNG")
    np.testing.assert_array_equal(tree(file.getvalue(), objects(1, 2, 3))[0].segmentation_bitmap, np.asarray(indexed))


def test_what_does_not_fit_is_told(tree):
    ds = tree(scene(), objects(1, 5, 9))
    assert codes(ds) == ["annotation-without-mask", "mask-without-annotation"]
    assert [(row.item, row.annotation, row.detail) for row in ds.issues.of("annotation-without-mask").rows()] == [
        ("a.png", 2, "id 9")
    ]
    assert [row.detail for row in ds.issues.of("mask-without-annotation").rows()] == ["id 70000"]
    assert ds[0].annotations[2].shape is None
    assert not ds[0].masks()[2].any()


def test_many_ids_without_annotation_are_told_in_short(tree):
    bitmap = np.arange(SIZE[0] * SIZE[1], dtype=np.uint32).reshape(SIZE[::-1])
    ds = tree(bitmap, objects(1))
    details = [row.detail for row in ds.issues.of("mask-without-annotation").rows()]
    assert details[0] == "id 2"
    assert details[-1] == "and 1178 more ids"


def test_ids_that_no_bitmap_holds_have_no_pixels(tree):
    ds = tree(scene(), [{"id": 0, "category_id": 3}, {"id": "x", "category_id": 3}, {"id": 1 << 24, "category_id": 3}])
    assert [a.shape for a in ds[0].annotations] == [None] * 3
    assert ds.issues.of("annotation-without-mask").issues[0].count == 3


def test_a_bitmap_of_another_size_is_told_and_never_stretched(tree):
    ds = tree(scene().T.copy())
    (issue,) = ds.issues.of("size-mismatch")
    assert issue.field == "bitmap"
    assert issue.examples == ("a.png: the picture has 40x30, the bitmap 30x40",)
    assert (ds[0].width, ds[0].height) == SIZE
    with pytest.raises(annokit.FormatError, match="another size than its image"):
        ds[0].masks()


def test_without_a_picture_the_bitmap_tells_the_size(tree):
    ds = tree(scene(), picture=None)
    assert (ds[0].width, ds[0].height) == SIZE
    assert ds[0].boxes()[0].tolist() == [2 / 40, 3 / 30, 8 / 40, 8 / 30]


def test_a_missing_bitmap_is_told_and_never_shown_as_background(tree):
    ds = tree(None)
    assert [(i.code, i.field) for i in ds.issues if i.field == "bitmap"] == [("missing-media", "bitmap")]
    assert [a.shape for a in ds[0].annotations] == [None] * 3
    for ask in (ds[0].masks, lambda: ds[0].segmentation_bitmap, ds[0].semantic_bitmap):
        with pytest.raises(annokit.MediaError, match=r"'a\.png': the bitmap of its masks is not on this machine"):
            ask()


def png(width, height, color=6, depth=8, data=b""):
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)), (b"IDAT", zlib.compress(data))]
    body = b"".join(
        struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in (*chunks, (b"IEND", b""))
    )
    return b"\x89PNG\r\n\x1a\n" + body


def _jpeg():
    file = io.BytesIO()
    Image.new("RGB", SIZE).save(file, "JPEG")
    return file.getvalue()


BROKEN = {
    "empty": b"",
    "no picture": b"<html>404</html>",
    "cut short": encode_label_bitmap(scene())[:-60],
    "cut in its header": encode_label_bitmap(scene())[:20],
    "a bomb": png(60_000, 60_000),
    "grey with alpha": png(1, 1, color=4, data=b"\0\1\2"),
    "sixteen bits of colour": png(1, 1, color=2, depth=16, data=b"\0" * 7),
    "a photograph": _jpeg(),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_bitmap_harms_no_other_item(tree, name):
    ds = tree(BROKEN[name])
    assert "bad-media" in codes(ds)
    assert ds.issues.of("bad-media").issues[0].examples[0].startswith("a.png: ")
    assert [a.label.name for a in ds[0].annotations] == ["flower"] * 3
    with pytest.raises(annokit.MediaError, match=r"mask\.png"):
        _ = ds[0].annotations[0].shape
    assert ds[1].annotations == ()
    report = annokit.plan(ds, "coco")
    assert report is not None


def test_a_check_is_bounded(tree, monkeypatch):
    monkeypatch.setattr("annokit.formats.bitmap_check.CHECKED_PIXELS", 100)
    ds = tree(scene(), objects(9))
    assert codes(ds) == ["skipped-record"]
    assert codes(tree(scene(), objects(9), check=True)) == ["annotation-without-mask", "mask-without-annotation"]
    assert codes(tree(scene(), objects(9), check=False)) == []


def test_the_photograph_is_turned_and_the_bitmap_is_not(tmp_path):
    width, height = SIZE
    photo = Image.new("RGB", (height, width))
    exif = photo.getexif()
    exif[0x0112] = 6
    photo.save(tmp_path / "a.jpg", exif=exif)
    save_label_bitmap(scene(), tmp_path / "mask.png")
    path = tmp_path / "release.json"
    path.write_text(json.dumps(release([sample("a.jpg", masks(objects(1, 70000, 5), "https://h/mask.png"))])))
    item = annokit.read(path, images=tmp_path)[0]
    assert item["image"].size == SIZE == (item.width, item.height)
    assert item["segmentation_bitmap"].shape == (height, width)
    assert item.masks().shape == (3, height, width)


def test_a_sample_is_what_users_know(tree):
    ds = tree(scene())
    labelled, unlabelled = ds
    assert list(labelled.keys()) == ["name", "image", "annotations", "segmentation_bitmap"]
    assert labelled["name"] == labelled.name == "a.png"
    assert labelled["image"].size == SIZE
    assert [a.id for a in labelled["annotations"]] == [1, 70000, 5]
    assert unlabelled["segmentation_bitmap"] is None
    assert unlabelled["annotations"] == ()


def test_to_coco_by_pixels(tree, tmp_path):
    ds = tree(scene())
    annokit.write(ds, tmp_path / "coco.json", "coco", on_loss="allow")
    document = json.loads((tmp_path / "coco.json").read_bytes())
    from pycocotools import mask as coco

    for record, ident in zip(document["annotations"], (1, 70000, 5), strict=True):
        expected = coco.encode(np.asfortranarray(scene() == ident, np.uint8))
        assert record["segmentation"]["counts"] == expected["counts"].decode()
        assert (record["area"], record["iscrowd"]) == (int((scene() == ident).sum()), 0)
    assert document["annotations"][1]["bbox"] == [11, 3, 6, 6]


def test_what_is_not_there_is_lost_to_coco_and_told(tree, tmp_path):
    ds = tree(None)
    report = annokit.plan(ds, "coco")
    (lost,) = [issue for issue in report if issue.severity == "error"]
    assert (lost.field, lost.fate, lost.count) == ("shape", "dropped", 3)
    assert annokit.write(ds, tmp_path / "coco.json", "coco", on_loss="allow") == report


def test_a_reference_is_written_as_it_is(tree):
    ds = tree(scene())
    document, report = written(ds, on_loss="raise")
    assert document["dataset"]["samples"][0]["labels"]["ground-truth"]["attributes"]["segmentation_bitmap"] == {
        "url": "https://host/x/mask.png?signature=2"
    }
    assert {issue.field for issue in report} == {"size"}
