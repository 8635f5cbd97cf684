"""Joined rings enclose what their parts do, and visit every vertex."""

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from annokit.geometry.bridges import chained
from annokit.geometry.ragged import offsets_of
from annokit.geometry.rings import signed_area

POINT = st.tuples(st.integers(-9, 9), st.integers(-9, 9))
RINGS = st.lists(st.tuples(st.lists(POINT, min_size=3, max_size=6), st.booleans()), min_size=1, max_size=4)


@settings(deadline=None)
@given(st.lists(RINGS, min_size=1, max_size=4))
def test_areas_add_up_and_no_vertex_is_lost(shapes: list[Any]) -> None:
    rings = [np.array(ring, float) for shape in shapes for ring, _ in shape]
    holes = np.array([hole and place > 0 for shape in shapes for place, (_, hole) in enumerate(shape)], bool)
    offsets, per_shape = offsets_of([len(ring) for ring in rings]), offsets_of([len(shape) for shape in shapes])
    points = np.concatenate(rings)
    made, ends = chained(points, offsets, per_shape, holes)
    areas = np.abs(signed_area(points, offsets)) * np.where(holes, -1, 1)
    sign = np.where(signed_area(points, offsets)[per_shape[:-1]] > 0, 1, -1)
    found = signed_area(made, ends)
    for place in range(len(shapes)):
        own = slice(int(per_shape[place]), int(per_shape[place + 1]))
        assert found[place] == sign[place] * areas[own].sum()
        vertices = made[ends[place] : ends[place + 1]]
        count = own.stop - own.start
        assert len(vertices) == sum(len(ring) for ring in rings[own]) + 2 * (count - 1)
        assert {tuple(v) for v in vertices.tolist()} == {tuple(v) for ring in rings[own] for v in ring.tolist()}


def test_a_single_ring_stays_as_it_is() -> None:
    ring = np.array([[0.0, 0], [4, 0], [4, 4]])
    made, ends = chained(ring, np.array([0, 3]), np.array([0, 1]), np.zeros(1, bool))
    assert np.array_equal(made, ring)
    assert ends.tolist() == [0, 3]


def test_the_cut_is_made_where_rings_come_near() -> None:
    square = np.array([[0.0, 0], [10, 0], [10, 10], [0, 10]])
    rings = np.concatenate([square, square + np.array([12, 0])])
    made, _ = chained(rings, np.array([0, 4, 8]), np.array([0, 2]), np.zeros(2, bool))
    gaps = np.hypot(*np.diff(made, axis=0).T)
    assert gaps.max() == 10
    assert (gaps == 2).sum() == 2


def test_points_that_are_no_numbers_are_kept() -> None:
    rings = np.array([[0.0, 0], [4, 0], [np.nan, 4], [1, 1], [2, 1], [2, 2], [np.nan] * 2, [np.nan] * 2, [np.nan] * 2])
    made, ends = chained(rings, np.array([0, 3, 6, 9]), np.array([0, 3]), np.array([False, True, True]))
    assert ends.tolist() == [0, 13]
    assert np.isnan(made).any()
