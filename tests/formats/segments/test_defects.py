"""What the platform's own SDK (segments-ai 1.33) gets wrong, and what annokit does there. Nothing here needs the SDK."""

import io
import json

import numpy as np
import pytest
from PIL import Image

import annokit
from annokit.interop.segments import semantic_bitmap
from annokit.limits import Limits
from annokit.media.bitmap import save_label_bitmap
from tests.formats.segments.documents import masks, parsed, release, sample, vectors
from tests.formats.segments.serving import served

BITMAP = np.zeros((12, 20), np.uint32)
BITMAP[1:4, 1:4] = 44
BITMAP[5:9, 2:9] = 300
BITMAP[1:3, 10:15] = 70000
BITMAP[10, 19] = 1
IDS = (44, 300, 70000, 1)


@pytest.fixture
def read(tmp_path):
    """Return a function that reads a release of one bitmap."""

    def make(pairs=None, **options):
        save_label_bitmap(BITMAP, tmp_path / "b.png")
        Image.new("RGB", (20, 12)).save(tmp_path / "a.png")
        pairs = [{"id": ident, "category_id": 3} for ident in IDS] if pairs is None else pairs
        document = release([sample("a.png", masks(pairs, "https://h/b.png")), sample("c.png", None)])
        (tmp_path / "release.json").write_text(json.dumps(document))
        return annokit.read(tmp_path / "release.json", images=tmp_path, **options)

    return make


def test_ids_beyond_16_bits_are_the_same_on_every_access(read):
    """The SDK's cache stores 16-bit grey: the first access is right, all others give 65535."""
    for _ in range(3):
        assert np.unique(read()[0]["segmentation_bitmap"]).tolist() == [0, 1, 44, 300, 70000]


def test_outlines_of_ids_beyond_8_bits(read):
    """The SDK compares the bitmap cast to uint8 with the id: 300 has no polygon, and its pixels are 44's."""
    ds = read()
    for annotation, ident in zip(ds[0].annotations, IDS, strict=True):
        outline = annotation.shape.polygon()
        assert outline.area * 240 == pytest.approx((ident == BITMAP).sum())


def test_an_outline_runs_along_the_edges_of_the_pixels(read):
    """The SDK gives pixel indices, half a pixel inside on every side, and one number pair for a single pixel."""
    box = read()[0].annotations[1].shape.polygon().to_pixels(20, 12).bounds()
    assert (box.xmin, box.ymin, box.xmax, box.ymax) == (2, 5, 9, 9)
    single = read()[0].annotations[3].shape.polygon().to_pixels(20, 12).bounds()
    assert (single.xmin, single.ymin, single.xmax, single.ymax) == (19, 10, 20, 11)


def test_ids_do_not_depend_on_the_filter(read):
    """The SDK's COCO counts images and annotations of what the filter leaves; categories and objects keep their ids here."""
    everything, labelled = read(), read(filter_by="LABELED")
    assert [a.id for a in labelled[0].annotations] == [a.id for a in everything[0].annotations] == list(IDS)
    assert labelled[0].id == everything[0].id == "id of a.png"
    assert labelled.labels == everything.labels


def test_panoptic_ids_are_the_same_every_time_and_each_once(read, tmp_path):
    """The SDK draws segment ids from a random generator, and gives all segments of one kind of stuff one id."""
    pairs = [{"id": ident, "category_id": 0} for ident in IDS]
    trees = []
    for name in ("1", "2"):
        annokit.write(read(pairs), tmp_path / name, "coco:panoptic", on_loss="allow")
        trees.append({path.relative_to(tmp_path / name): path.read_bytes() for path in (tmp_path / name).rglob("*.*")})
    assert trees[0] == trees[1]
    (text,) = [body for path, body in trees[0].items() if path.suffix == ".json"]
    idents = [info["id"] for one in json.loads(text)["annotations"] for info in one["segments_info"]]
    assert len(set(idents)) == len(idents) == 4


def test_category_0_is_not_the_background(read):
    """The SDK adds 0 since 1.0, so that category 0 silently becomes background."""
    item = read([{"id": ident, "category_id": 0} for ident in IDS])[0]
    with pytest.raises(annokit.UsageError, match="background"):
        semantic_bitmap(item["segmentation_bitmap"], item["annotations"])
    found = semantic_bitmap(item["segmentation_bitmap"], item["annotations"], id_offset=1)
    np.testing.assert_array_equal(found == 1, BITMAP > 0)
    np.testing.assert_array_equal(item.semantic_bitmap() == 1, BITMAP > 0)


def test_pixels_of_no_annotation_are_background_whatever_their_id(read):
    """The SDK raises IndexError where the id is above those of all annotations, and for no annotations at all."""
    item = read([{"id": 1, "category_id": 3}])[0]
    found = semantic_bitmap(item["segmentation_bitmap"], item["annotations"])
    np.testing.assert_array_equal(found == 3, BITMAP == 1)
    assert not semantic_bitmap(read([])[0]["segmentation_bitmap"], []).any()


def test_categories_above_255_stay(read):
    """The SDK's semantic export scales everything to 0 where one value exceeds 255."""
    assert semantic_bitmap(BITMAP, [{"id": 300, "category_id": 1000}]).max() == 1000


def test_an_annotation_without_pixels_stays_and_is_told(read):
    """The SDK's exports leave it out, with a line in the log."""
    ds = read([{"id": 9, "category_id": 3}])
    assert [a.id for a in ds[0].annotations] == [9]
    assert ds.issues.of("annotation-without-mask").issues[0].count == 1


def test_boxes_with_corners_in_any_order_have_no_negative_sizes(tmp_path):
    """The SDK's COCO keeps negative widths and heights."""
    label = vectors([{"id": 1, "category_id": 3, "type": "bbox", "points": [[9, 8], [2, 1]]}])
    annokit.write(parsed(release([sample("a", label)], "vector")), tmp_path / "c.json", "coco", on_loss="allow")
    (record,) = json.loads((tmp_path / "c.json").read_bytes())["annotations"]
    assert record["bbox"] == [2, 1, 7, 7]


def _turned(orientation):
    picture = Image.new("RGB", (20, 12))
    exif = picture.getexif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    picture.save(file, "JPEG", exif=exif)
    return file.getvalue()


def test_every_orientation_is_applied(tmp_path):
    """The SDK ignores the mirrored ones: 2, 4, 5 and 7."""
    for orientation in range(1, 9):
        (tmp_path / f"{orientation}.jpg").write_bytes(_turned(orientation))
    document = release([sample(f"{n}.jpg", masks([])) for n in range(1, 9)])
    ds = annokit.read(io.BytesIO(json.dumps(document).encode()), images=tmp_path)
    assert [item["image"].size for item in ds] == [(20, 12)] * 4 + [(12, 20)] * 4


def test_files_are_stored_as_they_are_and_samples_of_one_name_apart(tmp_path):
    """The SDK encodes JPEGs again, gives samples of one name one file, and lets names leave its folder."""
    files = {f"/{n}.jpg": _turned(n) for n in (1, 6)}
    names = ("x/a.jpg", "x/a.jpg", "../../a.jpg")
    with served(files) as host:
        samples = [
            {**sample(name), "attributes": {"image": {"url": f"{host}/{n}.jpg"}}}
            for name, n in zip(names, (1, 6, 1), strict=True)
        ]
        ds = annokit.read(io.BytesIO(json.dumps(release(samples)).encode()), "segments")
        got = annokit.fetch(ds, tmp_path / "media", progress=False, limits=Limits(attempts=1)).dataset
    assert [item.path.read_bytes() for item in got] == [files["/1.jpg"], files["/6.jpg"], files["/1.jpg"]]
    assert all((tmp_path / "media") in item.path.resolve().parents for item in got)
