"""Every shape class: constructors, equality, bounds, pixels, pickling."""

from __future__ import annotations

import pickle
import subprocess
import sys

import attrs
import numpy as np
import pytest

from annokit.errors import UsageError
from annokit.geometry import (
    Box,
    Cuboid,
    Ellipse,
    Keypoints,
    Mask,
    Point,
    Polygon,
    Polyline,
    RotatedBox,
    Shape,
    TimeSpan,
)

NAN = float("nan")
SQUARE = np.array([[0.1, 0.2], [0.5, 0.2], [0.5, 0.8], [0.1, 0.8]])
HOLE = np.array([[0.2, 0.4], [0.3, 0.4], [0.3, 0.6]])

SHAPES: dict[str, Shape] = {
    "box": Box(0.1, 0.2, 0.5, 0.8),
    "rotated": RotatedBox(0.5, 0.5, 0.4, 0.2, 30.0),
    "ellipse": Ellipse(0.5, 0.5, 0.1, 0.3, 45.0),
    "polygon": Polygon(((SQUARE, HOLE), (HOLE + 0.5,))),
    "polyline": Polyline(SQUARE),
    "point": Point(0.25, 0.75),
    "keypoints": Keypoints(HOLE, np.array([2, 0, 1], np.uint8)),
    "mask": Mask((5, 4), b"01c0"),
    "cuboid": Cuboid(corners=np.concatenate([SQUARE, SQUARE + 0.1])),
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_value(shape: Shape) -> None:
    copy = pickle.loads(pickle.dumps(shape))
    assert copy == shape
    assert copy is not shape
    assert shape != object()
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        shape.anything = 1  # type: ignore[attr-defined]
    with pytest.raises(TypeError):
        hash(shape)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_pixels_and_bounds_agree(shape: Shape) -> None:
    width, height = (4, 5) if isinstance(shape, Mask) else (200, 100)
    inside = shape.bounds(width / height)
    scaled = shape.to_pixels(width, height).bounds(1.0)
    if isinstance(shape, Mask):
        assert scaled == inside == Box(0, 0, 0.25, 0.2)
        return
    expected = (inside.xmin * width, inside.ymin * height, inside.xmax * width, inside.ymax * height)
    assert attrs.astuple(scaled) == pytest.approx(expected)


def test_kinds_differ() -> None:
    assert Point(0, 0) != Box(0, 0, 0, 0)
    assert Polygon(((SQUARE,),)) != Polygon(((SQUARE,), (SQUARE,)))
    assert Polyline(SQUARE) != Polyline(SQUARE[:3])


def test_nan_equals_nan() -> None:
    assert Box.trusted(NAN, 0, 0, 0) == Box.trusted(NAN, 0, 0, 0)
    assert Polyline.trusted(np.array([[NAN, 1.0]])) == Polyline.trusted(np.array([[NAN, 1.0]]))
    assert Box.trusted(NAN, 0, 0, 0) != Box(1.0, 0, 0, 0)
    assert Cuboid() != Cuboid(corners=np.zeros((8, 2)))


def test_box() -> None:
    box = Box(-0.1, 0.2, 0.5, 0.8)
    assert [box.width, box.height] == pytest.approx([0.6, 0.6])
    assert box.area == pytest.approx(0.36)
    assert list(box.center) == pytest.approx([0.2, 0.5])
    assert box.bounds() is box
    assert Box(0.5, 0, 0.1, 1).area == 0
    assert box.to_pixels(10, 20) == Box(-1.0, 4.0, 5.0, 16.0)


class TestRotatedBox:
    def test_turns_in_pixels(self) -> None:
        # 80 x 20 pixels in a 200 x 100 image; a quarter turn makes it 20 x 80
        bounds = RotatedBox(0.5, 0.5, 0.4, 0.2, 90).bounds(aspect=2.0)
        assert attrs.astuple(bounds) == pytest.approx((0.45, 0.1, 0.55, 0.9))

    def test_clockwise_on_screen(self) -> None:
        corners = RotatedBox(0.5, 0.5, 0.4, 0.2, 90).corners(aspect=1.0)
        assert corners[0] == pytest.approx((0.6, 0.3))  # what was top left lies top right

    @pytest.mark.parametrize("angle", [0, 180, -360, 540.0])
    def test_half_turns_need_no_aspect(self, angle: float) -> None:
        assert RotatedBox(0.5, 0.5, 0.5, 0.25, angle).bounds() == Box(0.25, 0.375, 0.75, 0.625)

    def test_other_turns_do(self) -> None:
        with pytest.raises(UsageError, match="RotatedBox turned by 90 degrees needs aspect"):
            RotatedBox(0.5, 0.5, 0.4, 0.2, 90).bounds()
        with pytest.raises(UsageError, match="aspect"):
            Ellipse(0.5, 0.5, 0.4, 0.2, 45).bounds(-1.0)


def test_ellipse() -> None:
    assert attrs.astuple(Ellipse(0.5, 0.5, 0.1, 0.3, 90).bounds(0.5)) == pytest.approx((-0.1, 0.45, 1.1, 0.55))
    ring = Ellipse(0.5, 0.5, 0.1, 0.3, 0).polygon(points=360)
    assert ring.area == pytest.approx(np.pi * 0.03, rel=1e-3)
    assert attrs.astuple(ring.bounds()) == pytest.approx((0.4, 0.2, 0.6, 0.8))


class TestPolygon:
    @pytest.mark.parametrize(
        "value",
        [
            [0.1, 0.2, 0.5, 0.2, 0.5, 0.8],
            [[0.1, 0.2], [0.5, 0.2], [0.5, 0.8]],
            [(0.1, 0.2), (0.5, 0.2), (0.5, 0.8)],
            [[0.1, 0.2, 0.5, 0.2, 0.5, 0.8]],
            [[[0.1, 0.2], [0.5, 0.2], [0.5, 0.8]]],
            [[[0.1, 0.2, 0.5, 0.2, 0.5, 0.8]]],
            [[[[0.1, 0.2], [0.5, 0.2], [0.5, 0.8]]]],
            SQUARE[[0, 1, 2]],
            [SQUARE[[0, 1, 2]]],
            [[SQUARE[[0, 1, 2]]]],
        ],
    )
    def test_of(self, value: object) -> None:
        assert Polygon.of(value) == Polygon(((SQUARE[[0, 1, 2]],),))

    def test_of_parts(self) -> None:
        assert Polygon.of([[SQUARE, HOLE], [HOLE]]) == Polygon(((SQUARE, HOLE), (HOLE,)))
        assert Polygon.of([SQUARE, HOLE]) == Polygon(((SQUARE,), (HOLE,)))
        assert Polygon.of([]) == Polygon(())

    @pytest.mark.parametrize("value", [3, "abc", [1, 2, 3], [["a", "b"]], [[[[[0, 1]]]]]])
    def test_of_rejects(self, value: object) -> None:
        with pytest.raises(UsageError):
            Polygon.of(value)

    def test_area_and_holes(self) -> None:
        shape = SHAPES["polygon"]
        assert isinstance(shape, Polygon)
        assert shape.area == pytest.approx(0.24 - 0.01 + 0.01)
        assert (len(shape), shape.holes, len(shape.rings)) == (2, 1, 3)
        assert Polygon(()).area == 0
        assert Polygon(()).bounds() == Box.trusted(NAN, NAN, NAN, NAN)

    def test_mask(self) -> None:
        bitmap = Polygon(((SQUARE, HOLE),)).mask(20, 10).decode()
        assert bitmap.shape == (10, 20)
        assert bitmap[2:8, 2:10].sum() == bitmap.sum() == 48 - Polygon(((HOLE,),)).mask(20, 10).area


class TestKeypoints:
    def test_visibility(self) -> None:
        points = Keypoints.of([[0.1, 0.2], [0.0, 0.0], [0.5, 0.6]], [2, 0, 1])
        assert points.visible.tolist() == [True, False, False]
        assert points.labelled.tolist() == [True, False, True]
        assert points.bounds() == Box(0.1, 0.2, 0.5, 0.6)
        assert len(points) == 3

    def test_all_visible_without_flags(self) -> None:
        assert Keypoints.of([0.1, 0.2, 0.3, 0.4]).visible.all()

    @pytest.mark.parametrize("flags", [[1], [1, 3]])
    def test_rejects(self, flags: list[int]) -> None:
        with pytest.raises(UsageError, match="visibility"):
            Keypoints.of([0.1, 0.2, 0.3, 0.4], flags)


def test_polyline() -> None:
    line = Polyline.of([[0.0, 0.5], [1.5, -0.5]])
    assert line.bounds() == Box(0.0, -0.5, 1.5, 0.5)
    assert Polyline.of([[0, 1, 2], [3, 4, 5]]).to_pixels(10, 100).points.tolist() == [[0, 100, 2], [30, 400, 5]]
    assert not line.points.flags.writeable
    with pytest.raises(UsageError):
        Polyline.of([[1, 2, 3, 4]])


class TestCuboid:
    def test_bottom_anchor(self) -> None:
        # a KITTI box: y points down, the location is the middle of the bottom
        car = Cuboid.of((1, 2, 10), (4, 1.5, 2), (0, np.pi / 2, 0), anchor=(0, 0.5, 0))
        assert car.middle == pytest.approx((1, 1.25, 10))
        corners = car.world_corners()
        assert corners.min(axis=0) == pytest.approx((0, 0.5, 8))
        assert corners.max(axis=0) == pytest.approx((2, 2, 12))

    def test_quaternion_equals_yaw(self) -> None:
        yaw = 0.7
        a = Cuboid.of((0, 0, 0), (4, 2, 1), (0, 0, yaw))
        b = Cuboid.of((0, 0, 0), (4, 2, 1), (0, 0, np.sin(yaw / 2), np.cos(yaw / 2)))
        assert a.world_corners() == pytest.approx(b.world_corners())

    def test_faces(self) -> None:
        front = [[0.1, 0.5], [0.3, 0.5], [0.3, 0.9], [0.1, 0.9]]
        far = Cuboid.from_vanishing(front, (0.5, 0.3), 0.5)
        assert far.corners is not None
        assert far.corners[4] == pytest.approx((0.3, 0.4))
        assert far.bounds().ymin == pytest.approx(0.4)
        moved = Cuboid.from_offset(front, (0.05, -0.05))
        assert attrs.astuple(moved.bounds()) == pytest.approx((0.1, 0.45, 0.35, 0.9))

    def test_missing(self) -> None:
        with pytest.raises(UsageError, match="corners"):
            Cuboid(center=(0.0, 0.0, 0.0)).bounds()
        with pytest.raises(UsageError, match="world"):
            Cuboid().world_corners()
        assert Cuboid(center=(0.0, 0.0, 0.0), anchor=(0.0, 0.5, 0.0)).middle is None
        with pytest.raises(UsageError, match="rotation of a cuboid is 3 or 4 numbers"):
            Cuboid.of(rotation=(1, 2))
        with pytest.raises(UsageError, match="8 corners"):
            Cuboid.of(corners=[[0, 0]])


def test_time_span() -> None:
    span = TimeSpan(1.0, 2.5, 30, 74)
    assert span.duration == 1.5
    assert span.frames == range(30, 75)
    assert TimeSpan(1.0, None).duration is None
    assert TimeSpan(1.0, None).frames is None
    assert span == TimeSpan(1.0, 2.5, 30, 74) != TimeSpan(1.0, 2.5)


class TestMask:
    def test_encode_any_dtype(self) -> None:
        bitmap = np.zeros((5, 4), np.uint8)
        bitmap[1:3, 1:3] = (7, 255)
        mask = Mask.encode(bitmap)
        assert mask.area == 4
        assert mask == Mask.encode(bitmap > 0)
        assert mask.bounds() == Box(0.25, 0.2, 0.75, 0.6)
        assert (mask.decode() == (bitmap > 0)).all()

    def test_text(self) -> None:
        assert Mask((5, 4), "01c0").rle == b"01c0"
        assert Mask((5, 4), b"d0").area == 0
        assert Mask((5, 4), b"d0").bounds() == Box.trusted(NAN, NAN, NAN, NAN)

    def test_polygon(self) -> None:
        bitmap = np.ones((4, 6), bool)
        bitmap[1:3, 2:4] = False
        outline = Mask.encode(bitmap).polygon()
        assert outline.holes == 1
        assert outline.mask(6, 4) == Mask.encode(bitmap)

    def test_other_size(self) -> None:
        with pytest.raises(UsageError, match="4 x 5"):
            Mask((5, 4), b"d0").to_pixels(10, 10)
        with pytest.raises(UsageError, match="shape"):
            Mask.encode(np.zeros((2, 2, 3)))


def test_import_is_cheap() -> None:
    code = "import annokit.geometry, sys; assert not {'pycocotools', 'PIL', 'requests'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_shapes_with_many_points_are_one_line():
    ring = [(0.1, 0.2), (0.3, 0.2), (0.3, 0.45)]
    assert repr(Polygon.of([[ring, ring], [ring]])) == "<Polygon parts=2 holes=1 points=9 x=0.1..0.3 y=0.2..0.45>"
    assert repr(Polygon(())) == "<Polygon parts=0 holes=0 points=0>"
    assert repr(Polyline.of(ring * 100)) == "<Polyline points=300 x=0.1..0.3 y=0.2..0.45>"
    assert (
        repr(Keypoints.of(ring, [2, 1, 0])) == "<Keypoints joints=3 visible=1 labelled points=2 x=0.1..0.3 y=0.2..0.2>"
    )
    assert repr(Mask.encode(np.eye(3))) == "<Mask size=(3, 3) rle=6 bytes>"
