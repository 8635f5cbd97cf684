from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from annokit.geometry import rotation
from annokit.geometry.hull import convex_hull

ROWS = st.tuples(
    st.floats(-500, 500), st.floats(-500, 500), st.floats(1, 300), st.floats(1, 300), st.floats(0, 359.99)
).map(lambda row: np.array([row]))


def test_corners() -> None:
    found = rotation.corners(np.array([[10, 20, 4, 2, 0], [10, 20, 4, 2, 90.0]]))
    assert found[0].tolist() == [[8, 19], [12, 19], [12, 21], [8, 21]]
    assert found[1].tolist() == [[11, 18], [11, 22], [9, 22], [9, 18]]  # top left has gone to the top right


def test_quarter_turns_are_exact() -> None:
    cosine, sine = rotation.turn(np.arange(-8, 9) * 90.0)
    assert set(np.abs(cosine).tolist()) == {0.0, 1.0}
    assert (cosine**2 + sine**2 == 1).all()
    degrees = np.linspace(-720, 720, 97)
    cosine, sine = rotation.turn(degrees)
    assert cosine == pytest.approx(np.cos(np.deg2rad(degrees)))
    assert sine == pytest.approx(np.sin(np.deg2rad(degrees)))


@given(ROWS)
def test_bounds_are_those_of_the_corners(row: np.ndarray) -> None:
    corners = rotation.corners(row)[0]
    assert rotation.box_bounds(row)[0] == pytest.approx(np.concatenate([corners.min(0), corners.max(0)]), abs=1e-9)


@given(ROWS)
def test_ellipse_touches_its_bounds(row: np.ndarray) -> None:
    points = rotation.ellipse_points(row, 4000)[0]
    assert rotation.ellipse_bounds(row)[0] == pytest.approx(np.concatenate([points.min(0), points.max(0)]), abs=1e-3)


@given(ROWS)
def test_corners_give_the_box_back(row: np.ndarray) -> None:
    found = rotation.from_corners(rotation.corners(row))[0]
    assert found[:4] == pytest.approx(row[0, :4], abs=1e-9)
    assert (found[4] - row[0, 4] + 180) % 360 == pytest.approx(180, abs=1e-6)
    assert 0 <= found[4] < 360


def test_reversed_corners_cover_the_same() -> None:
    corners = rotation.corners(np.array([[10, 20, 4, 2, 30.0]]))
    back = rotation.corners(rotation.from_corners(corners[:, ::-1]))
    assert np.unique(back[0].round(9), axis=0) == pytest.approx(np.unique(corners[0].round(9), axis=0))


def test_no_width() -> None:
    found = rotation.from_corners(np.array([[[5, 5], [5, 5], [5, 9], [5, 9.0]]]))[0]
    assert found.tolist() == [5, 7, 0, 4, 0]


def test_other_quads_get_the_least_rectangle() -> None:
    found = rotation.from_corners(np.array([[[0, 0], [10, 1], [9, 4], [0, 4.0]]]))[0]
    assert found[2] * found[3] <= 40 + 1e-9
    assert 0 <= found[4] < 90


@given(arrays(np.float64, st.tuples(st.integers(1, 9), st.just(2)), elements=st.integers(-30, 30).map(float)))
def test_least_rectangle_holds_all_points(points: np.ndarray) -> None:
    cx, cy, width, height, angle = rotation.least_rectangle(points)
    cosine, sine = rotation.turn(np.array(angle))
    x, y = (points - (cx, cy)).T
    assert np.abs(x * cosine + y * sine).max() <= width / 2 + 1e-6
    assert np.abs(y * cosine - x * sine).max() <= height / 2 + 1e-6
    assert width * height <= np.prod(np.ptp(points, axis=0)) + 1e-6
    assert np.isnan(rotation.least_rectangle(np.empty((0, 2)))).all()


def test_hull() -> None:
    square = np.array([[0, 0], [2, 0], [2, 2], [0, 2], [1, 1], [1, 0], [0, 0]], float)
    assert sorted(convex_hull(square).tolist()) == [[0, 0], [0, 2], [2, 0], [2, 2]]
    assert convex_hull(np.array([[1, 1], [1, 1]])).tolist() == [[1, 1]]
