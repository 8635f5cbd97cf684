from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from annokit.geometry import ragged, rings

SQUARE = np.array([[0, 0], [4, 0], [4, 4], [0, 4]], float)
RINGS = st.lists(arrays(np.float64, st.tuples(st.integers(0, 7), st.just(2)), elements=st.floats(-9, 9)), max_size=5)


def shoelace(ring: np.ndarray) -> float:
    after = np.roll(ring, -1, axis=0)
    return float((ring[:, 0] * after[:, 1] - after[:, 0] * ring[:, 1]).sum() / 2)


@given(RINGS)
def test_signed_area(given_rings: list[np.ndarray]) -> None:
    points, offsets = ragged.pack(given_rings) if given_rings else (np.empty((0, 2)), np.array([0]))
    assert rings.signed_area(points, offsets) == pytest.approx([shoelace(ring) for ring in given_rings], abs=1e-9)
    if given_rings:
        rest = [shoelace(ring) for ring in given_rings[1:]]
        assert rings.signed_area(points, offsets[1:]) == pytest.approx(rest, abs=1e-9)


def test_sign_is_clockwise_on_screen() -> None:
    points, offsets = ragged.pack([SQUARE, SQUARE[::-1]])
    assert rings.signed_area(points, offsets).tolist() == [16, -16]
    assert rings.area(points, offsets).tolist() == [16, 16]


def test_area_far_from_the_origin() -> None:
    points, offsets = ragged.pack([SQUARE / 4 + 1e9])
    assert rings.area(points, offsets).tolist() == [1]


def test_parts() -> None:
    points, offsets = ragged.pack([SQUARE, SQUARE[::-1] / 2 + 1, SQUARE])
    assert rings.part_areas(points, offsets, np.array([0, 2, 2, 3])).tolist() == [12, 0, 16]
    assert rings.part_area((SQUARE, SQUARE / 2)) == 12
    assert rings.part_area(()) == 0


def test_bounds() -> None:
    points, offsets = ragged.pack([SQUARE, np.empty((0, 2)), SQUARE + 3])
    found = rings.bounds(points, offsets)
    assert found[[0, 2]].tolist() == [[0, 0, 4, 4], [3, 3, 7, 7]]
    assert np.isnan(found[1]).all()
    shapes = ragged.compose(np.array([0, 3]), offsets)
    assert rings.bounds(points, shapes).tolist() == [[0, 0, 7, 7]]


def test_contains() -> None:
    star = np.array([[0, 0], [4, 4], [4, 0], [0, 4]], float)  # a bow tie
    assert rings.contains(star, np.array([[3.5, 2], [2, 3.5], [0.5, 2], [9, 2]])).tolist() == [True, False, True, False]
    assert rings.contains(SQUARE[:2], np.array([[1.0, 0.0]])).tolist() == [False]
