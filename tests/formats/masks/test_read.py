"""Trees that other tools wrote, and broken ones."""

import io
import json
import zipfile

import numpy as np
import pytest
from PIL import Image

import annokit
from annokit.limits import Limits
from annokit.media.bitmap import encode_label_bitmap
from tests.fixtures import fixture

BITMAP = np.array([[0, 0, 1, 1, 1], [0, 7, 7, 1, 1], [200, 7, 0, 0, 1]], np.uint8)


def save(path, pixels, mode=None, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(pixels) if mode is None else Image.fromarray(pixels, mode)
    image.save(path, **options)
    return path


def codes(ds):
    return [issue.code for issue in ds.issues]


def covered(ds, value):
    """The pixels of the annotation whose label or id is `value`."""
    found = [a for a in ds[0].annotations if value in (a.id, a.label and a.label.source_id)]
    return found[0].shape.decode()


def as_palette(bitmap):
    image = Image.fromarray(bitmap)
    image.putpalette(bytes(range(256)) * 3)
    return image


LAYOUTS = {
    "grey": Image.fromarray,
    "palette": as_palette,
    "three equal channels": lambda b: Image.fromarray(np.stack([b] * 3, axis=2)),
    "16 bits": lambda b: Image.fromarray(b.astype(np.uint16)),
    "RGBA ids": lambda b: Image.open(io.BytesIO(encode_label_bitmap(b, "rgba24"))),
    "RGB ids": lambda b: Image.open(io.BytesIO(encode_label_bitmap(b, "rgba24"))).convert("RGB"),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_of_pixels_gives_the_values(tmp_path, layout):
    bitmap = BITMAP.copy()
    LAYOUTS[layout](bitmap).save(tmp_path / "a.png")
    ds = annokit.read(tmp_path, "masks:semantic", classes={1: "road", 7: "car", 200: "sky"})
    assert [(label.name, label.source_id) for label in ds.labels] == [("road", 1), ("car", 7), ("sky", 200)]
    assert [a.label.name for a in ds[0].annotations] == ["road", "car", "sky"]
    assert (ds[0].width, ds[0].height) == (5, 3)
    for value in (1, 7, 200):
        assert (covered(ds, value) == (value == BITMAP)).all()
    assert not ds.issues


def test_few_bits_are_values_not_shades(tmp_path):
    bits = np.array([[0, 1], [1, 0]], np.uint8)
    Image.fromarray(bits * 255).convert("1").save(tmp_path / "a.png")
    ds = annokit.read(tmp_path, "masks:semantic", classes=["on"])
    assert (covered(ds, 1) == bits).all()


def test_ids_beyond_16_bits_survive(tmp_path):
    ids = np.array([[0, 65536, 70000], [300, 300, 16777215]], np.uint32)
    (tmp_path / "a.png").write_bytes(encode_label_bitmap(ids))
    ds = annokit.read(tmp_path, "masks:instance")
    assert [a.id for a in ds[0].annotations] == [300, 65536, 70000, 16777215]
    assert codes(ds) == ["mask-without-annotation"]
    annokit.write(ds, tmp_path / "out", "masks:instance")
    assert annokit.read(tmp_path / "out") == ds


def test_a_class_is_never_split(tmp_path):
    bitmap = np.array([[1, 0, 1], [0, 0, 0], [1, 0, 1]], np.uint8)
    save(tmp_path / "a.png", bitmap)
    assert len(annokit.read(tmp_path, "masks:semantic", classes=["dot"]).annotations) == 1


def test_classes_nobody_names_are_called_by_their_values(tmp_path):
    save(tmp_path / "masks" / "a.png", BITMAP)
    ds = annokit.read(tmp_path, "masks:semantic")
    assert [(label.name, label.source_id) for label in ds.labels] == [("1", 1), ("7", 7), ("200", 200)]
    assert codes(ds) == ["assumed"]


def test_values_that_a_class_map_lacks_are_told_and_kept(tmp_path):
    save(tmp_path / "a.png", BITMAP)
    ds = annokit.read(tmp_path, "masks:semantic", classes={7: "car"})
    assert [(a.id, a.label and a.label.name) for a in ds[0].annotations] == [(1, None), (None, "car"), (200, None)]
    (issue,) = ds.issues
    assert (issue.code, issue.count) == ("mask-without-annotation", 2)
    assert [row.detail for row in issue.rows()] == ["value 1", "value 200"]
    annokit.write(ds, tmp_path / "out", "masks:semantic")
    assert (np.asarray(Image.open(tmp_path / "out/masks/a.png")) == BITMAP).all()
    assert annokit.read(tmp_path / "out") == ds


def test_void_and_background_are_what_the_caller_says(tmp_path):
    save(tmp_path / "a.png", BITMAP)
    ds = annokit.read(tmp_path, "masks:semantic", classes={0: "ground", 7: "car"}, background=1, void=200)
    assert [a.label.name for a in ds[0].annotations] == ["ground", "car"]
    assert codes(ds) == ["skipped-record"]


def test_colours_are_classes_where_the_caller_says_so(tmp_path):
    pixels = np.zeros((2, 3, 3), np.uint8)
    pixels[0, 1], pixels[1, 2], pixels[1, 0] = (128, 0, 0), (128, 0, 0), (0, 128, 0)
    save(tmp_path / "a.png", pixels)
    ds = annokit.read(tmp_path, "masks:semantic", classes={(128, 0, 0): "plane", (1, 2, 3): "bike"})
    assert [a.label and a.label.name for a in ds[0].annotations] == ["plane", None]
    assert ds[0].annotations[0].shape.area == 2
    assert ds.labels["bike"].color == (1, 2, 3)


BROKEN = {
    "cut short": lambda good: good[:-30],
    "no image": lambda good: b"hello",
    "empty": lambda good: b"",
    "grey with alpha": lambda good: _saved(Image.fromarray(BITMAP).convert("LA"), "png"),
    "a JPEG": lambda good: _saved(Image.fromarray(BITMAP), "jpeg"),
}


def _saved(image, kind):
    file = io.BytesIO()
    image.save(file, kind)
    return file.getvalue()


@pytest.mark.parametrize("fault", BROKEN)
@pytest.mark.parametrize("dialect", ["instance", "innotescus-individual"])
def test_a_bad_mask_is_told_and_the_rest_is_read(tmp_path, fault, dialect):
    good = encode_label_bitmap(BITMAP, "gray8")
    (tmp_path / "a_car.png").write_bytes(BROKEN[fault](good))
    (tmp_path / "b_car.png").write_bytes(good)
    ds = annokit.read(tmp_path, f"masks:{dialect}")
    assert len(ds) == 2
    assert len(ds[0].annotations) == 0
    assert len(ds[1].annotations) > 0
    issue = next(issue for issue in ds.issues if issue.code == "bad-media")
    assert issue.count == 1
    assert "a_car.png" in next(issue.rows()).detail


def test_a_bomb_is_not_unpacked(tmp_path):
    big = np.zeros((2000, 2000), np.uint8)
    (tmp_path / "a.png").write_bytes(encode_label_bitmap(big, "gray8"))
    ds = annokit.read(tmp_path, "masks:semantic", limits=Limits(pixels=1_000_000))
    assert codes(ds) == ["bad-media"]
    assert ds[0].width is None


def test_names_and_sizes_come_from_the_pictures(tmp_path):
    save(tmp_path / "masks/sub/a.png", BITMAP)
    save(tmp_path / "masks/b.png", BITMAP)
    save(tmp_path / "images/sub/a.jpg", np.zeros((3, 5), np.uint8))
    save(tmp_path / "images/b.bmp", np.zeros((4, 5), np.uint8))
    ds = annokit.read(tmp_path / "masks", "masks:semantic", images=tmp_path / "images")
    assert ds.names == ("b.bmp", "sub/a.jpg")
    assert (ds[1].path, ds[1].width) == (tmp_path / "images/sub/a.jpg", 5)
    assert [(i.code, i.count) for i in ds.issues if i.code == "size-mismatch"] == [("size-mismatch", 1)]
    whole = annokit.read(tmp_path, "masks:semantic")
    assert whole.names == ("b.bmp", "sub/a.jpg")
    assert whole[1].path == tmp_path / "images/sub/a.jpg"


def test_a_mask_that_fits_two_pictures_is_given_to_none(tmp_path):
    save(tmp_path / "masks/a.png", BITMAP)
    for name in ("a.jpg", "a.bmp"):
        save(tmp_path / "images" / name, np.zeros((3, 5), np.uint8))
    ds = annokit.read(tmp_path, "masks:semantic")
    assert ds.names == ("a.png",)
    (issue,) = [issue for issue in ds.issues if issue.code == "ambiguous-media"]
    assert issue.examples == ("a.png: a.bmp, a.jpg",)


def test_one_file_and_a_zip(tmp_path):
    save(tmp_path / "a.png", BITMAP)
    assert annokit.read(tmp_path / "a.png", "masks:semantic").names == ("a.png",)
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.write(tmp_path / "a.png", "masks/ü/a.png")
    assert annokit.read(tmp_path / "x.zip", "masks:semantic").names == ("ü/a.png",)


def test_a_tree_without_masks_is_an_error(tmp_path):
    (tmp_path / "a.txt").write_text("")
    with pytest.raises(annokit.FormatError, match="no masks"):
        annokit.read(tmp_path, "masks:semantic")


@pytest.mark.parametrize("classes", ["abc", {"1": "x"}, {1: 2}, 5])
def test_classes_that_make_no_sense(tmp_path, classes):
    save(tmp_path / "a.png", BITMAP)
    with pytest.raises(annokit.UsageError, match="classes="):
        annokit.read(tmp_path, "masks:semantic", classes=classes)


def test_damaged_files_beside_the_masks(tmp_path):
    save(tmp_path / "a.png", BITMAP)
    for name, text, told in [
        ("classes.json", "{", "no JSON"),
        ("classes.json", '{"classes": 5}', "list under"),
        ("classes.json", '{"classes": [{"name": 5}]}', "at /classes/0"),
        ("classes.json", '{"classes": [], "background": "x"}', "background"),
        ("classes.json", '{"classes": [{"name": "a", "value": 1, "color": [1, 2, 999]}]}', "colour"),
        ("classes.json", '{"classes": [], "pictures": {"a.png": {"x": 1}}}', "no map"),
        ("annokit-masks.json", "[]", "no items"),
        ("annokit-masks.json", '{"items": [{"name": 5, "masks": []}]}', "at /items/0"),
        ("annokit-masks.json", "\x00", "no JSON"),
    ]:
        (tmp_path / name).write_text(text)
        with pytest.raises(annokit.FormatError, match=told):
            annokit.read(tmp_path, "masks:semantic")
        (tmp_path / name).unlink()


def test_masks_that_the_manifest_names_but_are_gone(tmp_path):
    save(tmp_path / "in/a.png", BITMAP)
    save(tmp_path / "in/b.png", BITMAP)
    annokit.write(annokit.read(tmp_path / "in", "masks:instance"), tmp_path / "out", "masks:instance", on_loss="allow")
    (tmp_path / "out/masks/a.png").unlink()
    save(tmp_path / "out/masks/c.png", BITMAP)
    ds = annokit.read(tmp_path / "out")
    assert ds.names == ("a.png", "b.png")
    assert (ds[0].width, len(ds[0].annotations), len(ds[1].annotations)) == (5, 0, 3)
    assert codes(ds) == ["missing-media", "skipped-record"]


def test_real_palette_masks():
    path = fixture("labelformat/semantic_segmentation/pascalvoc")
    ds = annokit.read(path / "SegmentationClass", "masks:semantic", images=path / "JPEGImages", void=255)
    assert ds.names == ("2007_000032.jpg", "subdir/2007_000033.jpg")
    assert ds["2007_000032.jpg"].width == 500
    stored = np.asarray(Image.open(path / "SegmentationClass/2007_000032.png"))
    for annotation in ds[0].annotations:
        assert (annotation.shape.decode() == (stored == annotation.label.source_id)).all()
    assert {label.name for label in ds.labels} == {str(v) for v in np.unique(stored) if v not in (0, 255)}


@pytest.mark.parametrize("size", [[8, 2**70], [8.5, 6], ["8", 6], [8], 8])
def test_a_size_in_the_manifest_that_is_none_is_located(tmp_path, size):
    manifest = {
        "annokit": "masks",
        "version": 1,
        "dialect": "semantic",
        "items": [{"name": "a", "size": size, "masks": []}],
    }
    (tmp_path / "annokit-masks.json").write_text(json.dumps(manifest))
    with pytest.raises(annokit.FormatError, match=r"annokit-masks\.json.*/items/0"):
        annokit.read(tmp_path, "masks:semantic")
