from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from annokit.geometry import nesting
from annokit.geometry.raster import polygons


def square(x: float, y: float, side: float) -> np.ndarray:
    return np.array([[x, y], [x + side, y], [x + side, y + side], [x, y + side]], float)


OUTER, HOLE, ISLAND, APART = square(0, 0, 10), square(2, 2, 6), square(4, 4, 2), square(20, 0, 5)


def test_nest() -> None:
    parts = nesting.nest([ISLAND, APART, HOLE, OUTER])
    assert [[len(ring) for ring in part] for part in parts] == [[4], [4], [4, 4]]
    assert parts[0][0] is ISLAND
    assert parts[1][0] is APART
    assert parts[2][0] is OUTER
    assert parts[2][1] is HOLE


def test_dataloop_rule() -> None:
    parts = nesting.nest_in_first([OUTER, HOLE, APART, ISLAND])
    assert [len(part) for part in parts] == [3, 1]
    assert parts[0][2] is ISLAND
    assert parts[1][0] is APART
    assert nesting.nest_in_first([]) == ()


def test_not_inside() -> None:
    assert not nesting.is_inside(OUTER, OUTER)
    assert not nesting.is_inside(square(8, 8, 4), OUTER)
    assert not nesting.is_inside(OUTER[:2], OUTER)
    horseshoe = np.array([[0, 0], [10, 0], [10, 10], [6, 10], [6, 4], [4, 4], [4, 10], [0, 10]], float)
    assert not nesting.is_inside(np.array([[1, 8], [9, 8], [9, 9], [1, 9]], float), horseshoe)


def test_touching_from_within_is_a_hole() -> None:
    diamond = np.array([[5, 0], [10, 5], [5, 10], [0, 5]], float)
    assert nesting.is_inside(diamond, OUTER)
    assert nesting.is_inside(square(0, 0, 3), OUTER)
    assert not nesting.is_inside(square(10, 0, 3), OUTER)


def test_place() -> None:
    assert nesting.place(OUTER, np.array([[5, 5], [0, 5], [10, 10], [11, 5.0]])).tolist() == [1, 0, 0, -1]


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12), st.integers(1, 12)), min_size=1, max_size=6))
def test_every_ring_is_used_once(squares: list[tuple[int, int, int]]) -> None:
    given_rings = [square(*values) for values in squares]
    parts = nesting.nest(given_rings)
    assert sorted(id(ring) for part in parts for ring in part) == sorted(map(id, given_rings))


@given(st.permutations([OUTER, HOLE, ISLAND, APART]))
def test_pixels_follow_the_even_odd_rule(given_rings: list[np.ndarray]) -> None:
    counts, _ = polygons([nesting.nest(given_rings)], (12, 30))
    assert counts[1::2].sum() == 100 - 36 + 4 + 25
