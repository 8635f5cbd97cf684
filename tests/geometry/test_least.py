"""Rectangles around many sets of points: the same as around each alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annokit.geometry import least
from annokit.geometry.least import least_rectangles
from annokit.geometry.ragged import offsets_of
from annokit.geometry.rotation import least_rectangle

NUMBERS = st.integers(0, 6).map(float) | st.floats(-100, 100, allow_nan=False)
SETS = st.lists(st.lists(st.tuples(NUMBERS, NUMBERS), max_size=9), max_size=8)


def both(sets: list[list[tuple[float, float]]]) -> tuple[np.ndarray, np.ndarray]:
    points = np.array([point for own in sets for point in own], float).reshape(-1, 2)
    together = least_rectangles(points, offsets_of([len(own) for own in sets]))
    alone = np.array([least_rectangle(np.array(own, float).reshape(-1, 2)) for own in sets]).reshape(-1, 5)
    return together, alone


@settings(max_examples=150, deadline=None)
@given(sets=SETS)
def test_all_together_are_as_each_alone(sets: list[list[tuple[float, float]]]) -> None:
    together, alone = both(sets)
    np.testing.assert_array_equal(together, alone)


@pytest.mark.parametrize(("block", "numbers"), [(1, 1 << 20), (2, 1 << 20), (4096, 100), (4096, 1)])
def test_blocks_make_no_difference(monkeypatch: pytest.MonkeyPatch, block: int, numbers: int) -> None:
    monkeypatch.setattr(least, "TOGETHER", block)
    monkeypatch.setattr(least, "NUMBERS", numbers)
    random = np.random.default_rng(3)
    together, alone = both([list(map(tuple, random.random((n, 2)) * 50)) for n in (3, 40, 0, 7, 1, 2, 300, 5)])
    np.testing.assert_array_equal(together, alone)


def test_known_rectangles() -> None:
    square = [(0.0, 0.0), (4.0, 0.0), (4.0, 2.0), (0.0, 2.0), (2.0, 1.0)]
    diamond = [(0.0, 1.0), (1.0, 0.0), (2.0, 1.0), (1.0, 2.0)]
    found, _ = both([square, diamond, [(3.0, 4.0)], []])
    np.testing.assert_allclose(found[0], [2, 1, 4, 2, 0])
    np.testing.assert_allclose(found[1], [1, 1, 2**0.5, 2**0.5, 45])
    np.testing.assert_allclose(found[2], [3, 4, 0, 0, 0])
    assert np.isnan(found[3]).all()
    assert least_rectangles(np.zeros((0, 2)), np.zeros(1, np.int64)).shape == (0, 5)
