"""Panoptic COCO: what is read, what comes back, and what does not fit."""

import io
import json
import shutil
import struct
import zipfile
import zlib

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as pycoco

import annokit
from annokit import Box, DatasetBuilder, Label, Mask, Polygon
from tests.fixtures import fixture
from tests.formats.coco.panoptic import CATEGORIES, SIZE, document, ids_of, quality, rgb, save, scene, segment

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # of pycocotools

IDS = (1, 70000, 515)
SEGMENTS = [segment(scene(), 1), segment(scene(), 70000, 7), segment(scene(), 515, iscrowd=1)]
DOCUMENT = document(("a.jpg", SEGMENTS), ("none.jpg", None), ("void.jpg", []))
BITMAPS = {"a.png": scene(), "void.png": np.zeros(SIZE[::-1], np.uint32)}


def codes(ds):
    return sorted(issue.code for issue in ds.issues if issue.severity != "info")


@pytest.fixture
def tree(tmp_path):
    """Return the path of a document that lies in a folder with its PNGs."""
    return save(tmp_path / "tree", DOCUMENT, BITMAPS)


def test_what_is_read(tree):
    ds = annokit.read(tree)
    assert codes(ds) == []
    assert [(label.name, label.source_id, label.is_thing, label.color) for label in ds.labels] == [
        ("flower", 3, True, (0, 200, 7)),
        ("sky", 7, False, (1, 2, 3)),
    ]
    assert [(a.id, a.label.name, a.attributes["iscrowd"]) for a in ds[0].annotations] == [
        (1, "flower", 0),
        (70000, "sky", 0),
        (515, "flower", 1),
    ]
    np.testing.assert_array_equal(ds[0].segmentation_bitmap, scene())
    np.testing.assert_array_equal(ds[0].masks(), [scene() == ident for ident in IDS])
    assert ds[0].boxes("xywh", "pixel").tolist() == [one["bbox"] for one in SEGMENTS]
    assert [a.box for a in ds[0].annotations] == [a.shape.bounds() for a in ds[0].annotations]
    assert [item.status for item in ds] == [None, "unlabelled", None]
    assert not ds[2].segmentation_bitmap.any()


def test_pixels_are_decoded_when_asked_for(tree, monkeypatch):
    read = []
    original = annokit.media.image.load_label_bitmap
    monkeypatch.setattr("annokit.media.image.load_label_bitmap", lambda path: read.append(path) or original(path))
    ds = annokit.read(tree, check=False)
    assert [a.label.name for a in ds[0].annotations] == ["flower", "sky", "flower"]
    assert read == []
    assert [a.shape.area for a in ds[0].annotations] == [30, 36, 42]
    assert len(read) == 1


def test_it_comes_back_value_by_value(tree, tmp_path):
    ds = annokit.read(tree)
    report = annokit.write(ds, tmp_path / "out", "coco:panoptic", on_loss="raise")
    assert str(report) == "nothing to report"
    assert json.loads((tmp_path / "out/panoptic.json").read_text()) == DOCUMENT
    for name, bitmap in BITMAPS.items():
        np.testing.assert_array_equal(ids_of(tmp_path / "out/panoptic" / name), bitmap)
    assert sorted(path.name for path in (tmp_path / "out/panoptic").iterdir()) == ["a.png", "void.png"]
    assert annokit.read(tmp_path / "out") == ds


def test_the_official_example(tmp_path):
    path = fixture("panopticapi/sample_data/panoptic_examples.json")
    ds = annokit.read(path, images=path.parent / "input_images")
    assert codes(ds) == []
    stated = json.loads(path.read_text())
    for item, record in zip(ds, stated["annotations"], strict=True):
        bitmap = ids_of(path.with_suffix("") / record["file_name"])
        np.testing.assert_array_equal(item.segmentation_bitmap, bitmap)
        assert [a.shape.area for a in item.annotations] == [one["area"] for one in record["segments_info"]]
        assert item.image.size == bitmap.shape[::-1]
    annokit.write(ds, tmp_path / "out", "coco:panoptic", on_loss="raise")
    assert json.loads((tmp_path / "out/panoptic.json").read_text()) == stated
    result = quality(path, tmp_path / "out/panoptic.json")
    assert {score for score, _, _, _ in result.values()} == {1.0}
    segments = [one for record in stated["annotations"] for one in record["segments_info"]]
    assert sum(tp for _, tp, _, _ in result.values()) == sum(not one["iscrowd"] for one in segments) == 47
    annokit.write(ds, tmp_path / "instances.json", "coco", on_loss="allow")
    records = json.loads((tmp_path / "instances.json").read_text())["annotations"]
    assert len(records) == 50
    bitmaps = {
        record["image_id"]: ids_of(path.with_suffix("") / record["file_name"]) for record in stated["annotations"]
    }
    for record, one in zip(records, segments, strict=True):
        expected = pycoco.encode(np.asfortranarray(bitmaps[record["image_id"]] == one["id"], np.uint8))
        assert record["segmentation"]["counts"] == expected["counts"].decode()


def test_marks_that_stand_behind_a_long_list_of_images(tmp_path):
    doc = document(("a.jpg", SEGMENTS))
    more = [{"id": 1000 + n, "file_name": f"{n}.jpg", "width": 9, "height": 9, "note": "x" * 500} for n in range(5000)]
    doc["images"] += more
    path = save(tmp_path, doc, {"a.png": scene()})
    assert [match.format for match in annokit.detect(path)] == ["coco:panoptic"]
    ds = annokit.read(path, "coco")
    assert len(ds[0].annotations) == 3
    assert ds == annokit.read(path)


@pytest.mark.parametrize(
    "change", [{"annotations": [{"id": 1, "image_id": 10, "segments_info": []}]}, {"annotations": []}]
)
def test_what_is_not_panoptic(tmp_path, change):
    path = tmp_path / "a.json"
    path.write_text(json.dumps({**DOCUMENT, **change}))
    assert [match.format for match in annokit.detect(path)] == ["coco"]


def test_annotations_that_are_no_records_are_refused(tmp_path):
    doc = {**DOCUMENT, "annotations": [{"id": 1, "image_id": 10, "category_id": 3, "bbox": [1, 2, 3, 4]}]}
    path = tmp_path / "a.json"
    path.write_text(json.dumps(doc))
    with pytest.raises(annokit.FormatError, match="not a list of segments") as caught:
        annokit.read(path, "coco:panoptic")
    assert caught.value.pointer == "/annotations/0/segments_info"


def test_an_archive(tree, tmp_path):
    ds = annokit.read(tree)
    annokit.write(ds, tmp_path / "out.zip", "coco:panoptic")
    assert sorted(zipfile.ZipFile(tmp_path / "out.zip").namelist()) == [
        "panoptic.json",
        "panoptic/a.png",
        "panoptic/void.png",
    ]
    back = annokit.read(tmp_path / "out.zip")
    assert back == ds
    np.testing.assert_array_equal(back[0].masks(), ds[0].masks())
    assert codes(back) == []


def test_written_twice_it_is_the_same_bytes(tree, tmp_path):
    ds = annokit.read(tree)
    for name in ("one", "two"):
        annokit.write(ds, tmp_path / name, "coco:panoptic")
    for path in sorted((tmp_path / "one").rglob("*.*")):
        assert path.read_bytes() == (tmp_path / "two" / path.relative_to(tmp_path / "one")).read_bytes()


# PNGs elsewhere --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("folder", ["", "panoptic", "../panoptic", "../elsewhere"])
def test_where_pngs_are_found(tmp_path, folder):
    save(tmp_path / "made", DOCUMENT, BITMAPS)
    home = tmp_path / "top" / "annotations"
    home.mkdir(parents=True)
    shutil.copytree(tmp_path / "made/panoptic", home / folder, dirs_exist_ok=True)
    shutil.copy(tmp_path / "made/panoptic.json", home)
    images = {"images": tmp_path / "top/elsewhere"} if "elsewhere" in folder else {}
    ds = annokit.read(home / "panoptic.json", **images)
    assert [a.shape.area for a in ds[0].annotations] == [30, 36, 42]


def test_photographs_called_like_the_pngs_are_not_taken_for_them(tmp_path):
    path = save(tmp_path / "tree", document(("a.png", SEGMENTS)), {"a.png": scene()})
    (tmp_path / "photos").mkdir()
    Image.new("RGB", SIZE, (9, 9, 9)).save(tmp_path / "photos/a.png")
    for images in (tmp_path / "photos", [tmp_path / "photos", tmp_path / "tree/panoptic"]):
        item = annokit.read(path, images=images)[0]
        np.testing.assert_array_equal(item.segmentation_bitmap, scene())
    shutil.rmtree(tmp_path / "tree/panoptic")
    ds = annokit.read(path, images=tmp_path / "photos")
    assert ds[0].image.getpixel((0, 0)) == (9, 9, 9)
    assert codes(ds) == ["missing-media"]


def test_without_pngs_the_document_stays_whole(tree, tmp_path):
    ds = annokit.read(io.BytesIO(tree.read_bytes()))
    (issue,) = ds.issues.of("missing-media")
    assert (issue.field, issue.count, issue.examples) == ("bitmap", 1, ("a.jpg",))
    assert len(ds[0].annotations) == 3
    assert [a.shape for a in ds[0].annotations] == [None] * 3
    with pytest.raises(annokit.MediaError, match="not on this machine"):
        ds[0].masks()
    assert str(annokit.write(ds, tmp_path / "out.json", "coco:panoptic", on_loss="raise")) == "nothing to report"
    assert json.loads((tmp_path / "out.json").read_text()) == DOCUMENT
    report = annokit.plan(ds, "coco")
    assert [(issue.field, issue.count) for issue in report if issue.severity == "error"] == [("shape", 3)]


def test_marks_of_the_file_are_no_loss_to_other_formats(tree, tmp_path):
    ds = annokit.read(tree).filter(items=[0])
    report = annokit.plan(ds, "segments")
    assert {issue.severity for issue in report if issue.field.startswith("#")} == {"info"}
    annokit.write(ds, tmp_path / "release", "segments", on_loss="allow")
    np.testing.assert_array_equal(annokit.read(tmp_path / "release")[0]["segmentation_bitmap"], scene())


def test_pngs_need_a_folder(tree, tmp_path):
    with pytest.raises(annokit.UsageError, match=r"needs a folder or a \.zip"):
        annokit.write(annokit.read(tree), tmp_path / "out.json", "coco:panoptic")
    assert not (tmp_path / "out.json").exists()


# what does not fit -----------------------------------------------------------------------------------------------------


def test_ids_on_one_side_only(tmp_path):
    path = save(tmp_path, document(("a.jpg", [*SEGMENTS[:2], {**SEGMENTS[2], "id": 9}])), {"a.png": scene()})
    ds = annokit.read(path)
    assert codes(ds) == ["annotation-without-mask", "mask-without-annotation"]
    assert [row.detail for row in ds.issues.rows() if row.field == "shape"] == ["id 515", "id 9"]
    assert ds[0].annotations[2].shape is None
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
        archive.write(path, "x/panoptic.json")
        archive.write(tmp_path / "panoptic/a.png", "x/panoptic/a.png")
    zipped = annokit.read(tmp_path / "in.zip")
    assert [(r.item, r.annotation, r.detail) for r in zipped.issues.rows() if r.field == "shape"] == [
        (r.item, r.annotation, r.detail) for r in ds.issues.rows() if r.field == "shape"
    ][::-1]
    report = annokit.write(ds, tmp_path / "out", "coco:panoptic", on_loss="allow")
    assert [(i.fate, i.field, i.count) for i in report if i.severity != "info"] == [
        ("dropped", "bitmap", 1),
        ("refused", "shape", 1),
    ]
    assert quality(tmp_path / "out/panoptic.json", tmp_path / "out/panoptic.json")[3][1] == 1


def test_a_png_of_another_size_is_told_and_never_stretched(tmp_path):
    path = save(tmp_path, document(("a.jpg", SEGMENTS)), {"a.png": scene().T.copy()})
    ds = annokit.read(path)
    (issue,) = ds.issues.of("size-mismatch")
    assert issue.examples == ("a.jpg: the picture has 40x30, the bitmap 30x40",)
    with pytest.raises(annokit.FormatError, match="another size than its image"):
        ds[0].masks()
    report = annokit.plan(ds, "coco:panoptic")
    assert [(issue.fate, issue.count) for issue in report if issue.severity == "error"] == [("refused", 3)]


def _png(width, height, color=2, depth=8, data=b""):
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)), (b"IDAT", zlib.compress(data))]
    body = b"".join(
        struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in (*chunks, (b"IEND", b""))
    )
    return b"\x89PNG\r\n\x1a\n" + body


def _encoded(image, kind="PNG"):
    file = io.BytesIO()
    image.save(file, kind)
    return file.getvalue()


WHOLE = _encoded(Image.fromarray(rgb(scene())))
BROKEN = {
    "empty": b"",
    "no picture": b"<html>404</html>",
    "cut short": WHOLE[:-40],
    "cut in its header": WHOLE[:20],
    "a bomb": _png(60_000, 60_000),
    "grey with alpha": _encoded(Image.new("LA", SIZE)),
    "sixteen bits of colour": _png(*SIZE, depth=16, data=b"\0" * (30 * 241)),
    "a photograph": _encoded(Image.new("RGB", SIZE), "JPEG"),
}


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("zipped", [False, True])
def test_a_broken_png_harms_no_other_image(tmp_path, name, zipped):
    doc = document(("a.jpg", SEGMENTS), ("b.jpg", SEGMENTS))
    path = save(tmp_path / "tree", doc, {"a.png": BROKEN[name], "b.png": scene()})
    if zipped:
        path = shutil.make_archive(str(tmp_path / "tree"), "zip", tmp_path / "tree")
    ds = annokit.read(path)
    assert codes(ds) == ["bad-media"]
    assert ds.issues.of("bad-media").issues[0].examples[0].startswith("a.jpg: ")
    assert [a.shape.area for a in ds[1].annotations] == [30, 36, 42]
    report = annokit.write(ds, tmp_path / "out", "coco:panoptic", on_loss="allow")
    assert {issue.count for issue in report if issue.severity == "error"} == {3}
    assert quality(tmp_path / "out/panoptic.json", tmp_path / "out/panoptic.json")[3][1] == 1


def test_colours_of_a_palette_count_and_alpha_does_not(tmp_path):
    bitmap = scene()
    indexed = Image.fromarray(np.searchsorted([0, 1, 515, 70000], bitmap).astype(np.uint8), "L").convert("P")
    indexed.putpalette(rgb(np.array([[0, 1, 515, 70000]])).tobytes())
    alpha = Image.fromarray(np.dstack([rgb(bitmap), np.full(SIZE[::-1], 7, np.uint8)]))
    for number, image in enumerate((indexed, alpha)):
        path = save(tmp_path / str(number), document(("a.jpg", SEGMENTS)), {"a.png": _encoded(image)})
        ds = annokit.read(path)
        assert codes(ds) == []
        np.testing.assert_array_equal(ds[0].segmentation_bitmap, bitmap)
        np.testing.assert_array_equal(ds[0].masks(), [bitmap == ident for ident in IDS])
        annokit.write(ds, tmp_path / f"out{number}", "coco:panoptic", on_loss="raise")
        np.testing.assert_array_equal(ids_of(tmp_path / f"out{number}/panoptic/a.png"), bitmap)


BAD = {
    "no object": ([7], "/annotations/0", "not a record"),
    "no list": ([{"image_id": 10, "file_name": "a.png", "segments_info": 3}], "/annotations/0/segments_info", "not a list"),
    "no such image": ([{"image_id": 99, "file_name": "a.png", "segments_info": []}], "/annotations/0/image_id", "names no image"),
    "no image": ([{"file_name": "a.png", "segments_info": []}], "/annotations/0/image_id", "found nothing"),
    "no segment": ([{"image_id": 10, "file_name": "a.png", "segments_info": [SEGMENTS[0], 5]}], "/annotations/0/segments_info/1", "not a record"),
    "two records": ([{"image_id": 10, "file_name": "a.png", "segments_info": []}] * 2, "/annotations/1", "two records"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_wrong_record_is_told_with_its_place(tmp_path, name):
    records, pointer, message = BAD[name]
    path = save(tmp_path, {**document(("a.jpg", None)), "annotations": records}, {"a.png": scene()})
    with pytest.raises(annokit.FormatError, match=message) as caught:
        annokit.read(path, "coco:panoptic")
    assert caught.value.pointer == pointer
    ds = annokit.read(path, "coco:panoptic", on_bad="collect")
    assert codes(ds)[0] == "bad-record"


def test_odd_values_stay_and_are_told(tmp_path):
    segments = [
        {**SEGMENTS[0], "note": {"x": 1}, "area": None, "score": 0.5},
        {**SEGMENTS[1], "id": 1},
        {"id": "x", "category_id": 99},
        {"id": 1 << 24, "category_id": 7, "bbox": "no"},
        {"category_id": 7},
    ]
    doc = document(("a.jpg", segments))
    doc["annotations"][0] |= {"id": 5, "#odd": [None]}
    doc |= {"info": {"year": 2018}, "licenses": [], "more": 1}
    path = save(tmp_path, doc, {"a.png": scene()})
    ds = annokit.read(path, check=False)
    assert codes(ds) == ["dangling-reference", "duplicate-id", "odd-value", "odd-value"]
    told = {row.detail for row in ds.issues.rows() if row.field == "id"}
    assert "/annotations/0/segments_info/1/id: 1" in told
    assert '/annotations/0/segments_info/2/id: "x"' in told
    assert ds[0].annotations[0].score == 0.5
    assert [a.shape is None for a in ds[0].annotations] == [False, False, True, True, True]
    shutil.rmtree(tmp_path / "panoptic")
    unseen = annokit.read(path)
    assert unseen == ds
    good = {**doc, "annotations": [{**doc["annotations"][0], "segments_info": segments[:1]}]}
    annokit.write(ds[0:1].filter(annotations=[0]), tmp_path / "out.json", "coco:panoptic", on_loss="raise")
    assert json.loads((tmp_path / "out.json").read_text()) == {**good, "categories": CATEGORIES}


# from elsewhere --------------------------------------------------------------------------------------------------------


def _made():
    builder = DatasetBuilder(unit="pixel")
    builder.add_label(Label("flower", 3, is_thing=True))
    builder.add_label(Label("sky", 7, is_thing=False))
    row = builder.add_item("x/a.jpg", width=SIZE[0], height=SIZE[1])
    builder.add_annotation(row, "sky", Box(0, 0, 1, 0.5), id=4)
    builder.add_annotation(row, "flower", Polygon([[np.array([(0.1, 0.1), (0.9, 0.2), (0.3, 0.8)])]]), id=4)
    builder.add_annotation(row, "flower", Mask.encode(scene() == 515), id="text")
    builder.add_annotation(row, "flower", Box(0.51, 0.1, 0.52, 0.11))
    builder.add_annotation(row, None, Box(0.9, 0.9, 1, 1))
    builder.add_item("empty.jpg", width=5, height=4)
    builder.add_item("b/a.png", width=5, height=4)
    builder.add_item("unknown.jpg")
    return builder.build()


def test_shapes_become_segments_the_last_on_top(tmp_path):
    ds = _made()
    report = annokit.write(ds, tmp_path / "out", "coco:panoptic", on_loss="allow")
    assert report == annokit.plan(ds, "coco:panoptic")
    doc = json.loads((tmp_path / "out/panoptic.json").read_text())
    assert [record["file_name"] for record in doc["annotations"]] == ["x/a.png", "empty.png", "b/a.png"]
    assert [(one["id"], one["category_id"]) for one in doc["annotations"][0]["segments_info"]] == [
        (4, 7),
        (1, 3),
        (2, 3),
    ]
    masks = ds[0].masks()
    expected = np.zeros(SIZE[::-1], np.uint32)
    for ident, mask in zip((4, 1, 2), masks[:3], strict=True):
        expected[mask] = ident
    np.testing.assert_array_equal(ids_of(tmp_path / "out/panoptic/x/a.png"), expected)
    quality(tmp_path / "out/panoptic.json", tmp_path / "out/panoptic.json")
    refused = [row.annotation for row in report.rows() if row.fate == "refused"]
    assert sorted(refused) == [3, 4]
    assert [item.status for item in annokit.read(tmp_path / "out")] == [None, None, None, "unlabelled"]


def test_stated_areas_and_boxes_of_outlines_give_way_to_those_of_pixels(tmp_path):
    ring = [2.5, 2.5, 30.25, 4.0, 10.0, 25.5]
    doc = {
        "images": [{"id": 1, "file_name": "a.jpg", "width": SIZE[0], "height": SIZE[1]}],
        "annotations": [{"id": 8, "image_id": 1, "category_id": 3, "segmentation": [ring], "area": 291.375, "bbox": [2.5, 2.5, 27.75, 23], "iscrowd": 0}],
        "categories": CATEGORIES,
    }  # fmt: skip
    (tmp_path / "in.json").write_text(json.dumps(doc))
    annokit.convert(tmp_path / "in.json", tmp_path / "out", "coco:panoptic", write_options={"on_loss": "allow"})
    (record,) = json.loads((tmp_path / "out/panoptic.json").read_text())["annotations"]
    expected = pycoco.decode(pycoco.frPyObjects([ring], SIZE[1], SIZE[0])[0])
    np.testing.assert_array_equal(ids_of(tmp_path / "out/panoptic/a.png"), expected * 8)
    assert record["segments_info"] == [segment(expected * 8, 8)]


def test_quality_of_a_prediction(tree, tmp_path):
    moved = scene()
    moved[3:8, 2:8] = 0
    moved[3:8, 3:9] = 1
    segments = [segment(moved, 1), segment(moved, 70000, 3), segment(moved, 515)]
    prediction = save(tmp_path / "p", document(("a.jpg", segments), ("void.jpg", [])), {**BITMAPS, "a.png": moved})
    doc = json.loads(prediction.read_text())
    doc["annotations"][1]["image_id"] = 12
    prediction.write_text(json.dumps(doc))
    doc["images"][1]["id"] = 12
    prediction.write_text(json.dumps(doc))
    annokit.convert(prediction, tmp_path / "ours", "coco:panoptic")
    found = quality(tree, tmp_path / "ours/panoptic.json")
    assert found == {3: (25 / 30 / 1.5, 1, 1, 0), 7: (0.0, 0, 0, 1)}
    assert found == quality(tree, prediction)
