"""Pixels of items, and masks in every encoding."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from annokit.errors import FormatError, MediaError, MissingSizeError
from annokit.geometry import Box, Ellipse, Mask, Point, Polygon, Polyline, RotatedBox
from annokit.model.builder import DatasetBuilder
from annokit.model.dataset import Dataset

WIDTH, HEIGHT = 6, 4


def one(*shapes: object, unit: str = "unit", size: bool = True) -> Dataset:
    builder = DatasetBuilder(unit=unit)
    item = builder.add_item("a", **({"width": WIDTH, "height": HEIGHT} if size else {}))
    for number, shape in enumerate(shapes):
        builder.add_annotation(item, f"l{number}", shape=shape)
    return builder.build()


def art(text: str) -> np.ndarray:
    return np.array([[mark == "#" for mark in line] for line in text.split()])


def test_a_box_covers_its_pixels() -> None:
    for unit in ("unit", "pixel"):
        mask = one(Box(1 / 6, 0.25, 0.5, 1.0), unit=unit)[0].masks()
        np.testing.assert_array_equal(mask, art("...... .##... .##... .##...")[None])


def test_holes_and_parts_are_kept() -> None:
    outer = [[0, 0], [4 / 6, 0], [4 / 6, 1], [0, 1]]
    hole = [[1 / 6, 0.25], [3 / 6, 0.25], [3 / 6, 0.75], [1 / 6, 0.75]]
    part = [[5 / 6, 0], [1, 0], [1, 0.5], [5 / 6, 0.5]]
    mask = one(Polygon.of([[outer, hole], [part]]))[0].masks()
    np.testing.assert_array_equal(mask[0], art("####.# #..#.# #..#.. ####.."))


def test_what_covers_no_area_has_an_empty_mask() -> None:
    ds = one(Point(0.5, 0.5), None, Polyline.of([[0, 0], [1, 1]]), Box(0, 0, 1, 1))
    masks = ds[0].masks()
    assert masks.shape == (4, HEIGHT, WIDTH)
    assert masks.dtype == bool
    assert masks.sum(axis=(1, 2)).tolist() == [0, 0, 0, 24]


def test_turned_shapes_turn_in_pixel_space() -> None:
    quarter = one(RotatedBox(0.5, 0.5, 4 / 6, 2 / 4, 90))[0].masks()[0]
    np.testing.assert_array_equal(quarter, art("..##.. ..##.. ..##.. ..##.."))
    upright = one(Ellipse(0.5, 0.5, 0.5, 0.5, 0))[0].masks()[0]
    assert upright[:, 2:4].all()
    assert not upright[0, 0]


def test_later_annotations_cover_earlier_ones() -> None:
    ds = one(Box(0, 0, 0.5, 1), None, Box(2 / 6, 0, 1, 0.5))
    ids = ds[0].segmentation_bitmap
    assert ids.dtype == np.uint32
    np.testing.assert_array_equal(ids, [[1, 1, 3, 3, 3, 3]] * 2 + [[1, 1, 1, 0, 0, 0]] * 2)
    classes = ds[0].semantic_bitmap()
    assert classes.dtype == np.uint16
    np.testing.assert_array_equal(classes, ids)
    np.testing.assert_array_equal(ds[0]["segmentation_bitmap"], ids)


def test_the_first_label_paints_one_and_none_paints_nothing() -> None:
    builder = DatasetBuilder()
    item = builder.add_item("a", width=2, height=1)
    builder.add_label("zero")
    builder.add_annotation(item, 0, Box(0, 0, 0.5, 1))
    builder.add_annotation(item, None, Box(0, 0, 1, 1))
    ds = builder.build()
    np.testing.assert_array_equal(ds[0].semantic_bitmap(), [[1, 0]])
    np.testing.assert_array_equal(ds[0].segmentation_bitmap, [[2, 2]])


def test_masks_in_every_encoding() -> None:
    pixels = art("..##.. ...... #..... .....#")
    runs = np.array([2, 1, 5, 1, 3, 1, 10, 1], "<u4")
    builder = DatasetBuilder()
    item = builder.add_item("a", width=WIDTH, height=HEIGHT)
    rle = Mask.encode(pixels).rle
    builder.add_annotation(item, kind="mask", mask=((HEIGHT, WIDTH), "rle", rle))
    builder.add_annotation(item, kind="mask", mask=((HEIGHT, WIDTH), "runs", runs.tobytes()))
    builder.add_annotation(item, kind="mask", mask=((HEIGHT, WIDTH), "void", b""))
    builder.add_annotation(item, kind="mask", mask=((HEIGHT, WIDTH), "bitmap", b"1"))
    ds = builder.build()
    shapes = [a.shape for a in ds[0].annotations]
    assert shapes == [Mask((HEIGHT, WIDTH), rle), Mask((HEIGHT, WIDTH), rle), None, None]
    masks = ds[0].masks()
    np.testing.assert_array_equal(masks[0], pixels)
    np.testing.assert_array_equal(masks[1], pixels)
    assert not masks[2:].any()
    np.testing.assert_array_equal(ds[0].boxes(unit="pixel")[0], [0, 0, 6, 4])
    assert np.isnan(ds[0].boxes()[2:]).all()


def test_a_mask_tells_the_size_that_nobody_states() -> None:
    ds = one(Mask.encode(np.ones((3, 5))), size=False)
    assert ds[0].masks().shape == (1, 3, 5)
    with pytest.raises(MissingSizeError):
        one(Point(0, 0), size=False)[0].masks()
    with pytest.raises(MissingSizeError):
        one(Mask.encode(np.ones((3, 5))), Mask.encode(np.ones((5, 3))), size=False)[0].masks()


def test_a_mask_of_another_size_is_an_error() -> None:
    ds = one(Box(0, 0, 1, 1), Mask.encode(np.ones((6, 4))))
    with pytest.raises(FormatError, match="mask of annotation 1 has another size") as raised:
        ds[0].masks()
    assert (raised.value.item, raised.value.found, raised.value.expected) == ("a", "4x6", "6x4")


def test_the_picture_is_read_upright(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    made = Image.new("RGB", (4, 2))
    exif = made.getexif()
    exif[0x0112] = 6
    made.save(path, exif=exif)
    ds = one().map_media(lambda item: path)
    assert ds[0].image.size == (2, 4)
    assert ds[0]["image"].size == (2, 4)
    with pytest.raises(MediaError, match="item 'a' has no file on this machine"):
        _ = one()[0].image


def test_bitmaps_of_many_items_are_not_all_kept(tmp_path: Path) -> None:
    builder = DatasetBuilder()
    for number in range(7):
        path = tmp_path / f"{number}.png"
        Image.fromarray(np.full((2, 3), number, np.uint8)).save(path)
        item = builder.add_item(path.name, width=3, height=2, bitmap={"name": path.name}, bitmap_path=path)
        builder.add_annotation(item, kind="mask", mask=((2, 3), "bitmap", str(number).encode()))
    ds = builder.build()
    areas = [a.shape.area if a.shape else 0 for item in ds for a in item.annotations]
    assert areas == [0, 6, 6, 6, 6, 6, 6]
    assert len(ds.__dict__["_bitmaps"]) <= 4
    assert ds[3].segmentation_bitmap.tolist() == [[3, 3, 3], [3, 3, 3]]
