from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pycocotools import mask as coco

from annokit.errors import FormatError, UsageError
from annokit.geometry import raster, rle, runs
from annokit.limits import Limits

SIZE = (17, 23)
RINGS = arrays(np.float64, st.tuples(st.integers(3, 9), st.just(2)), elements=st.floats(-30, 50))
SQUARE = np.array([[2, 2], [10, 2], [10, 10], [2, 10]], float)


@given(st.lists(RINGS, min_size=1, max_size=4))
def test_plain_parts_equal_pycocotools(rings: list[np.ndarray]) -> None:
    expected = coco.merge(coco.frPyObjects([ring.reshape(-1).tolist() for ring in rings], *SIZE))
    assert raster.polygon_rle([(ring,) for ring in rings], SIZE) == expected["counts"]


@given(RINGS, RINGS, RINGS)
def test_holes_are_taken_out_of_their_part(outer: np.ndarray, hole: np.ndarray, other: np.ndarray) -> None:
    counts, offsets = raster.polygons([((outer,),), ((hole,),), ((other,),), ((outer, hole), (other,))], SIZE)
    a, b, c, found = runs.decode_stack(counts, offsets, SIZE)
    assert (found == ((a & ~b) | c)).all()


def test_spec_examples() -> None:
    def area(*ring: float, size: tuple[int, int] = (20, 20)) -> int:
        counts, _ = raster.polygons([((np.reshape(ring, (-1, 2)),),)], size)
        return int(counts[1::2].sum())

    assert area(1, 1, 5, 5, 9, 1) == 12
    assert area(0, 0, 30, 0, 30, 30, 0, 30) == 400
    assert area(0, 0, 0, 10, 10, 10, 10, 0) == 100


def test_rings_that_pycocotools_trips_over() -> None:
    two = SQUARE[:2]
    counts, offsets = raster.polygons([((two,),), (), ((),), ((SQUARE,),), ((np.empty((0, 2)),), (SQUARE, two))], SIZE)
    areas = runs.areas(counts, offsets)
    assert areas.tolist() == [0, 0, 0, 64, 64]
    assert raster.polygons([], SIZE)[1].tolist() == [0]


@pytest.mark.parametrize("far", [1e5, 1e9, 1e300])
def test_far_coordinates(far: float) -> None:
    big = np.array([[-far, -far], [far, -far], [far, far], [-far, far]])
    counts, _ = raster.polygons([((big,),)], SIZE)
    assert counts.tolist() == [0, SIZE[0] * SIZE[1]]
    half = np.array([[5, -far], [far, -far], [far, far], [5, far]])
    counts, _ = raster.polygons([((half,),)], SIZE)
    assert (runs.decode(counts, SIZE) == (np.arange(SIZE[1]) >= 5)).all()


def test_not_finite() -> None:
    with pytest.raises(FormatError, match="finite"):
        raster.polygons([((np.array([[0, 0], [1, np.nan], [2, 2]]),),)], SIZE)


@pytest.mark.parametrize("size", [(0, 5), (-1, 5), (100, 100)])
def test_bad_size(size: tuple[int, int]) -> None:
    with pytest.raises(UsageError, match="pixels"):
        raster.polygons([], size, Limits(pixels=9999))


@given(arrays(np.float64, st.tuples(st.integers(1, 5), st.just(4)), elements=st.floats(-5, 30)))
def test_boxes_equal_pycocotools(rows: np.ndarray) -> None:
    rows[:, 2:] = np.maximum(rows[:, 2:], rows[:, :2])
    counts, offsets = raster.boxes(rows, SIZE)
    rings = [[x0, y0, x0, y1, x1, y1, x1, y0] for x0, y0, x1, y1 in rows.tolist()]
    data, data_offsets = rle.dump(counts, offsets)
    texts = [data[a:b].tobytes() for a, b in itertools.pairwise(data_offsets)]
    assert texts == [part["counts"] for part in coco.frPyObjects(rings, *SIZE)]
