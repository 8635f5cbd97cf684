"""Constructors of shapes refuse what is no shape, by an error that names the field."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from annokit import AnnokitError, Box, Cuboid, Ellipse, Keypoints, Mask, Point, Polygon, Polyline, RotatedBox, TimeSpan

NAN = float("nan")
RING = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]])


@pytest.mark.parametrize(
    ("kind", "values", "told"),
    [
        (Box, ("a", 0, 1, 1), "xmin of a Box"),
        (Box, (0, 0, 1, NAN), "ymax of a Box"),
        (Box, (0, 0, None, 1), "xmax"),
        (Box, (0, 0, True, 1), "xmax"),
        (Box, (0, 0, 1 << 2000, 1), "xmax"),
        (Box, (0, np.zeros(2), 1, 1), "ymin"),
        (Point, (0, float("inf")), "y of a Point"),
        (RotatedBox, (0, 0, 1, 1, "90"), "angle of a RotatedBox"),
        (Ellipse, (0, 0, 1, NAN, 0), "ry of a Ellipse"),
        (Polyline, (["a", "b"],), "points"),
        (Polyline, (np.zeros((3, 4)),), "points"),
        (Polyline, (np.array([[0, NAN]]),), "finite"),
        (Polygon, (RING,), "Polygon.of"),
        (Polygon, ("abc",), "Polygon.of"),
        (Polygon, (((np.zeros((3, 3)),),),), "points"),
        (Polygon, (((np.array(["a", "b"]),),),), "points"),
        (Keypoints, (RING, [2, 2]), "3 numbers"),
        (Keypoints, (RING, [2, 2, 3]), "0, 1, 2"),
        (Keypoints, (RING, ["a", "b", "c"]), "visibility"),
        (Keypoints, (RING, [[1], [1, 2], 3]), "visibility"),
        (Mask, ((1, 2, 3), b""), "height, width"),
        (Mask, ((1.5, 2), b""), "height, width"),
        (Mask, (5, b""), "height, width"),
        (Mask, ((1, 2), np.ones((1, 2), bool)), "Mask.encode"),
        (Mask, ((1, 2), [1, 1]), "Mask.encode"),
        (TimeSpan, ("a", None), "start of a TimeSpan"),
        (TimeSpan, (0, NAN), "end"),
        (TimeSpan, (0, 1, 1.5, 2), "first_frame"),
        (Cuboid, ((1, 2),), "center"),
        (Cuboid, ("abc",), "center"),
        (Cuboid, (None, None, None, np.zeros((7, 2))), "8 corners"),
    ],
)
def test_what_is_no_shape_is_refused(kind: Any, values: tuple[Any, ...], told: str) -> None:
    with pytest.raises(AnnokitError, match=told):
        kind(*values)


@pytest.mark.parametrize("bitmap", [np.array([["a"]]), np.zeros(4), [[object()]]])
def test_what_is_no_bitmap_is_refused(bitmap: Any) -> None:
    with pytest.raises(AnnokitError, match="mask"):
        Mask.encode(bitmap)


def test_numbers_of_numpy_become_pythons() -> None:
    box = Box(np.float32(0.5), np.int64(0), 1, 1.0)
    assert [type(value) for value in (box.xmin, box.ymin, box.xmax, box.ymax)] == [float, int, int, float]
    assert type(TimeSpan(np.float64(1), 2, np.int32(3)).first_frame) is int
    assert Mask(np.array([2, 3]), "6").size == (2, 3)


def test_lists_become_arrays() -> None:
    assert Polyline([[0, 0], [1, 1]]).points.dtype == np.float64
    assert Polygon([[RING.tolist()]]) == Polygon(((RING,),))
    assert Keypoints([[0, 0]], [2]) == Keypoints.of([[0, 0]])
    assert Cuboid([1, 2, 3]).center == (1.0, 2.0, 3.0)


def test_what_comes_from_columns_is_not_checked() -> None:
    assert str(Box.trusted(NAN, 0, 1, 1)) == "Box(xmin=nan, ymin=0, xmax=1, ymax=1)"
    assert Box(0, 0, 1, 1).to_pixels(NAN, 1) == Box.trusted(NAN, 0, NAN, 1)
