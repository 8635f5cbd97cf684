from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from annokit.display.canvas import SHEET
from annokit.display.colors import BLACK, Palette, contrast, mix
from annokit.display.draw import HALO, contact_sheet, draw_item, draw_shapes, spaced
from annokit.errors import FormatError, UsageError
from annokit.geometry import Box, Cuboid, Keypoints, Mask, Point, Polygon, Polyline, RotatedBox
from annokit.model.annotation import Annotation
from annokit.model.builder import DatasetBuilder
from annokit.model.label import Label, Skeleton
from tests.display.scenes import BLUE, GREEN, HOLED, RED, RING, SHAPES, every_kind, one, pictures

PLAIN = {"labels": False, "width": 2}


def near(color: tuple[int, ...], expected: tuple[int, ...], reach: int = 2) -> bool:
    return all(abs(a - b) <= reach for a, b in zip(color, expected, strict=True))


def test_box_outline_lies_on_its_own_outermost_pixels() -> None:
    image = draw_item(one(Box(0.1, 0.2, 0.5, 0.6))[0], **PLAIN)
    pixels = np.asarray(image)
    assert image.size == (200, 100)
    assert image.mode == "RGB"
    rows, columns = (
        np.flatnonzero((pixels == RED).all(axis=2).any(axis=1)),
        np.flatnonzero((pixels == RED).all(axis=2).any(axis=0)),
    )
    assert (columns[0], columns[-1] + 1, rows[0], rows[-1] + 1) == (20, 100, 20, 60)
    assert tuple(pixels[40, 21]) == RED
    assert tuple(pixels[40, 22]) == SHEET
    assert tuple(pixels[40, 99]) == RED
    assert near(tuple(pixels[40, 19]), mix(SHEET, contrast(RED), HALO))
    assert tuple(pixels[40, 18]) == SHEET


def test_box_without_extent_is_a_dot_and_one_beyond_the_border_is_cut() -> None:
    tiny = np.asarray(draw_item(one(Box(0.5, 0.5, 0.5, 0.5))[0], **PLAIN))
    assert np.argwhere((tiny == RED).all(axis=2)).tolist() == [[50, 100]]
    large = np.asarray(draw_item(one(Box(-1, 0.5, 2, 3))[0], **PLAIN))
    assert (large[50:52] == RED).all()
    assert (large[53:] == SHEET).all()


def test_negative_box_is_drawn_between_its_corners() -> None:
    turned = draw_item(one(Box(0.5, 0.6, 0.1, 0.2))[0], **PLAIN)
    assert turned.tobytes() == draw_item(one(Box(0.1, 0.2, 0.5, 0.6))[0], **PLAIN).tobytes()


def test_polygon_is_filled_but_for_its_holes() -> None:
    image = draw_item(one(HOLED)[0], labels=False, width=2, alpha=0.5)
    assert near(image.getpixel((40, 50)), mix(SHEET, RED, 0.5))
    assert image.getpixel((100, 50)) == SHEET
    assert near(image.getpixel((100, 40)), RED)
    assert image.getpixel((5, 50)) == SHEET
    assert draw_item(one(HOLED)[0], labels=False, alpha=0).getpixel((40, 50)) == SHEET


def test_a_part_inside_the_hole_of_another_is_filled() -> None:
    island = Polygon((*HOLED.parts, (np.array([[0.47, 0.47], [0.53, 0.47], [0.53, 0.53], [0.47, 0.53]]),)))
    for polygon in (island, Polygon(island.parts[::-1])):
        image = draw_item(one(polygon)[0], labels=False, width=1, alpha=0.5)
        assert near(image.getpixel((100, 50)), mix(SHEET, RED, 0.5))
        assert image.getpixel((86, 50)) == SHEET


def test_mask_is_filled_with_a_border_and_its_hole_left_out() -> None:
    image = draw_item(one(SHAPES["mask"], size=(40, 20))[0], labels=False, width=1, alpha=0.5)
    pixels = np.asarray(image)
    assert ((pixels != SHEET).any(axis=2) == RING).all()
    assert image.getpixel((10, 5)) == RED
    assert near(image.getpixel((14, 10)), mix(SHEET, RED, 0.5))


def test_mask_of_another_size_is_stretched() -> None:
    image = draw_shapes(np.zeros((40, 80), np.uint8), one(Mask.encode(RING), size=(40, 20))[0].annotations, **PLAIN)
    assert ((np.asarray(image) != BLACK).any(axis=2) == RING.repeat(2, 0).repeat(2, 1)).all()


def test_rotated_box_turns_clockwise_in_pixels() -> None:
    image = draw_item(one(RotatedBox(0.5, 0.5, 0.4, 0.2, 90))[0], **PLAIN)
    pixels = (np.asarray(image) == RED).all(axis=2)
    columns, rows = np.flatnonzero(pixels.any(axis=0)), np.flatnonzero(pixels.any(axis=1))
    assert abs(columns[0] - 90) <= 1
    assert abs(columns[-1] - 109) <= 1
    assert abs(rows[0] - 10) <= 1
    assert abs(rows[-1] - 89) <= 1


def test_line_and_point_are_where_they_are() -> None:
    image = draw_item(one(Polyline.of([[0.1, 0.5], [0.9, 0.5]]))[0], **PLAIN)
    assert image.getpixel((100, 49)) == RED
    assert image.getpixel((100, 50)) == RED
    assert image.getpixel((100, 53)) == SHEET
    dot = draw_item(one(Point(0.25, 0.5))[0], **PLAIN)
    assert dot.getpixel((50, 50)) == RED
    assert dot.getpixel((62, 50)) == SHEET


def test_keypoints_have_bones_rings_for_hidden_ones_and_nothing_for_unlabelled_ones() -> None:
    label = Label("pose", color=RED, skeleton=Skeleton(("a", "b", "c", "d"), [(0, 1), (1, 2), (2, 3), (0, 7)]))
    image = draw_item(
        one(Keypoints.of([[0.2, 0.5], [0.5, 0.5], [0.8, 0.5], [0.8, 0.9]], [2, 2, 1, 0]), label)[0],
        labels=False,
        width=4,
    )
    assert image.getpixel((40, 50)) == RED
    assert image.getpixel((70, 50)) == RED
    faint = image.getpixel((130, 50))
    assert faint not in (RED, SHEET)
    assert image.getpixel((160, 50)) != RED
    assert near(image.getpixel((164, 50)), RED, 90)
    assert image.getpixel((160, 90)) == SHEET


def test_keypoints_beside_a_box_are_drawn_too() -> None:
    ds = one(Box(0.1, 0.1, 0.9, 0.9), keypoints=Keypoints.of([[0.5, 0.5]]))
    image = draw_item(ds[0], **PLAIN)
    assert image.getpixel((100, 50)) == RED
    assert image.getpixel((20, 50)) == RED


@pytest.mark.parametrize("name", list(SHAPES))
@pytest.mark.parametrize("size", [(200, 100), (3, 200), (300, 2), (1, 1)])
def test_every_kind_leaves_ink_on_every_size(name: str, size: tuple[int, int]) -> None:
    if name == "mask" and size != (200, 100):
        shape: object = Mask.encode(np.ones(size[::-1], bool))
    else:
        shape = SHAPES[name]
    image = draw_item(one(shape, size=size)[0])
    assert image.size == size
    assert (np.asarray(image) != SHEET).any()


def test_caption_stands_above_its_shape_on_the_colour_of_its_label() -> None:
    image = draw_item(one(Box(0.3, 0.5, 0.9, 0.9))[0])
    above = np.asarray(image)[20:49, 60:130].reshape(-1, 3)
    assert (above == RED).all(axis=1).sum() > 100
    assert (np.asarray(draw_item(one(Box(0.3, 0.5, 0.9, 0.9))[0], labels=False))[20:48] == SHEET).all()


def test_caption_of_a_classification_stands_in_the_corner() -> None:
    assert draw_item(one(None)[0]).getpixel((1, 1)) == RED


@pytest.mark.parametrize("name", ["犬と猫", "قطة", "éléphant", "\x00\ud800\n", "👍" * 300, "a" * 5000, "", "?"])
def test_no_name_breaks_a_picture(name: str) -> None:
    assert draw_item(one(Box(0.1, 0.5, 0.5, 0.9), Label(name, color=BLUE))[0]).size == (200, 100)


def test_captions_do_not_cover_each_other() -> None:
    builder = DatasetBuilder()
    item = builder.add_item("a", width=200, height=100)
    for color in (RED, GREEN):
        builder.add_annotation(item, builder.add_label(Label("same", color=color)), Box(0.3, 0.4, 0.7, 0.6))
    pixels = np.asarray(draw_item(builder.build()[0]))
    assert (pixels == RED).all(axis=2).sum() > 200
    assert (pixels == GREEN).all(axis=2).sum() > 200


def test_odd_numbers_are_left_out() -> None:
    nan = float("nan")
    for shape in (
        Box.trusted(nan, 0, 1, 1),
        Point.trusted(float("inf"), 0.5),
        Polyline.trusted(np.array([[nan, 0], [0.5, nan]])),
        Polygon(()),
        RotatedBox.trusted(nan, 0, 1, 1, 0),
    ):
        picture = draw_shapes(Image.new("RGB", (50, 50), SHEET), [Annotation(shape=shape)])
        assert (np.asarray(picture) == SHEET).all()
    far = draw_shapes(
        Image.new("RGB", (50, 50), SHEET), [Annotation(shape=Polyline.of([[-1e300, 0.5], [1e300, 0.5]]))], width=2
    )
    assert far.getpixel((25, 25)) != SHEET


def test_an_image_is_never_changed_in_place() -> None:
    picture = Image.new("RGB", (50, 50), SHEET)
    draw_shapes(picture, [Annotation(shape=Box(0, 0, 1, 1))])
    assert (np.asarray(picture) == SHEET).all()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr", "I", "F", "I;16"])
def test_every_mode_can_be_drawn_on(mode: str) -> None:
    picture = draw_shapes(
        Image.new(mode, (50, 50)), [Annotation(label=Label("a", color=GREEN), shape=Box(0, 0, 1, 1))], **PLAIN
    )
    assert picture.mode == "RGB"
    assert picture.getpixel((0, 25)) == GREEN


def test_arrays_can_be_drawn_on() -> None:
    for shape, dtype in (
        ((50, 60), np.uint8),
        ((50, 60, 1), np.uint16),
        ((50, 60, 3), np.float32),
        ((50, 60, 4), np.uint8),
        ((50, 60), bool),
    ):
        assert draw_shapes(np.zeros(shape, dtype), []).size == (60, 50)
    for wrong in (np.zeros((0, 5)), np.zeros((5, 5, 2)), np.zeros(5), np.zeros((5, 5), complex)):
        with pytest.raises(UsageError):
            draw_shapes(wrong, [])


def test_transparent_pixels_are_white_below_the_shapes() -> None:
    assert draw_shapes(Image.new("RGBA", (5, 5), (0, 0, 0, 0)), []).getpixel((2, 2)) == (255, 255, 255)


def test_an_item_of_unknown_size_is_drawn_on_a_sheet_into_which_it_fits() -> None:
    assert draw_item(every_kind(None)[0]).size == (640, 480)
    builder = DatasetBuilder(unit="pixel", form="xywh")
    item = builder.add_item("a.png")
    builder.add_annotation(item, builder.add_label(Label("cat", color=RED)), kind="box", box=[100, 50, 900, 350])
    image = draw_item(builder.build()[0], **PLAIN)
    assert image.size == (1050, 420)
    assert image.getpixel((100, 200)) == RED
    assert image.getpixel((999, 200)) == RED


def test_the_size_of_a_given_picture_stands_in_for_an_unknown_one() -> None:
    builder = DatasetBuilder(unit="pixel")
    item = builder.add_item("a.png")
    builder.add_annotation(item, builder.add_label(Label("cat", color=RED)), kind="box", box=[10, 10, 40, 20])
    image = draw_item(builder.build()[0], image=Image.new("RGB", (50, 30)), **PLAIN)
    assert image.size == (50, 30)
    assert image.getpixel((10, 15)) == RED
    assert image.getpixel((39, 15)) == RED


def test_pixels_come_from_the_file(tmp_path: Path) -> None:
    ds = pictures(tmp_path)
    assert ds[2].draw(labels=False).getpixel((60, 2)) == (90, 90, 90)
    assert ds[2].draw(labels=False).getpixel((0, 24)) == RED
    (tmp_path / "2.png").write_bytes(b"not a picture")
    assert ds[2].draw(labels=False).getpixel((60, 2)) == SHEET


def test_wrong_styles_are_told() -> None:
    for wrong in ({"width": 0}, {"width": 5000}, {"alpha": 2.0}, {"alpha": float("nan")}):
        with pytest.raises(UsageError):
            draw_shapes(np.zeros((5, 5), np.uint8), [], **wrong)
    with pytest.raises(UsageError, match="a shape is one of"):
        draw_shapes(np.zeros((5, 5), np.uint8), [Annotation(shape="box")])  # type: ignore[arg-type]


def test_annotations_made_by_hand_keep_their_colours_with_a_palette() -> None:
    palette = Palette([Label("a"), Label("b")])
    second = Annotation(label=Label("b"), shape=Box(0, 0, 1, 1))
    alone = draw_shapes(np.zeros((50, 50), np.uint8), [second], **PLAIN)
    given = draw_shapes(np.zeros((50, 50), np.uint8), [second], palette=palette, **PLAIN)
    assert alone.getpixel((0, 25)) == Palette().color(Label("x"))
    assert given.getpixel((0, 25)) == palette.color(Label("b")) != alone.getpixel((0, 25))


def test_contact_sheet_is_the_same_every_time_and_shows_all(tmp_path: Path) -> None:
    ds = pictures(tmp_path, 5)
    sheet = contact_sheet(ds, 4, size=64, labels=False)
    assert sheet.size == (2 * 66 + 2, 2 * 50 + 2)
    assert sheet.tobytes() == ds.grid(4, size=64, labels=False).tobytes()
    assert sheet.getpixel((3, 4)) == (90, 90, 90)
    assert (np.asarray(sheet)[52:] == RED).all(axis=2).any()
    assert contact_sheet(ds, 5, columns=5, size=64, labels=False).size == (5 * 66 + 2, 52)
    assert contact_sheet(ds[:0]).size[0] > 0
    assert contact_sheet(ds, 2).size == (2 * 264 + 8, 200 + 8 + 20)
    for wrong in ({"count": -1}, {"size": 1}, {"columns": 0}, {"count": 5, "size": 9000}):
        with pytest.raises(UsageError):
            contact_sheet(ds, **wrong)


def test_a_broken_mask_is_told_and_spoils_only_its_own_cell(tmp_path: Path) -> None:
    broken = one(Mask((100, 200), b"\xff"))
    with pytest.raises(FormatError):
        draw_item(broken[0])
    assert contact_sheet(broken, size=64).getpixel((10, 10)) == SHEET


def test_shapes_outside_the_picture_leave_no_trace() -> None:
    outside = [
        Box(2, 2, 3, 3),
        Point(5, 5),
        Polyline.of([[2, 2], [3, 3]]),
        Polygon.of([[2, 2], [3, 2], [3, 3]]),
        Cuboid.of((1, 2, 3), (1, 1, 1), (0, 0, 0)),
        Cuboid.of(corners=[[float("nan"), 0]] * 8),
        Mask.encode(np.zeros((100, 200), bool)),
    ]
    for shape in outside:
        image = draw_item(one(shape)[0], labels=False)
        assert (np.asarray(image) == SHEET).all()


def test_a_picture_too_small_for_letters_has_none() -> None:
    image = np.asarray(draw_item(one(Box(0.4, 0.4, 0.6, 0.6), size=(20, 8))[0], width=1))
    assert (image[0] == SHEET).all()


def test_spaced_rows_begin_with_the_first_and_are_spread_evenly() -> None:
    assert spaced(3, 5) == [0, 1, 2]
    assert spaced(100, 4) == [0, 25, 50, 75]
    assert spaced(0, 4) == spaced(4, 0) == []
