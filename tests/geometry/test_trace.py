from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import array_shapes, arrays

from annokit.geometry import ragged, raster, rings, rle, runs
from annokit.geometry.trace import trace

BITMAPS = arrays(bool, array_shapes(min_dims=2, max_dims=2, max_side=12))


def regions(bitmap: np.ndarray) -> int:
    """Count 4-connected regions by flooding."""
    left, count = bitmap.copy(), 0
    while left.any():
        count += 1
        stack = [tuple(np.argwhere(left)[0])]
        while stack:
            y, x = stack.pop()
            if 0 <= y < left.shape[0] and 0 <= x < left.shape[1] and left[y, x]:
                left[y, x] = False
                stack += [(y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)]
    return count


@given(BITMAPS)
def test_rasterising_gives_the_bitmap_back(bitmap: np.ndarray) -> None:
    parts = trace(bitmap)
    assert raster.polygon_rle(parts, bitmap.shape) == rle.dumps(runs.encode(bitmap))


@given(BITMAPS)
def test_one_part_per_region(bitmap: np.ndarray) -> None:
    parts = trace(bitmap)
    assert len(parts) == regions(bitmap)
    counts, offsets = raster.polygons([(part,) for part in parts], bitmap.shape)
    each = runs.decode_stack(counts, offsets, bitmap.shape)
    assert (each.sum(axis=0) == bitmap).all()
    assert all(regions(one) == 1 for one in each)


@given(BITMAPS)
def test_outer_rings_run_clockwise(bitmap: np.ndarray) -> None:
    for outer, *holes in trace(bitmap):
        points, offsets = ragged.pack([outer, *holes])
        signs = np.sign(rings.signed_area(points, offsets)).tolist()
        assert signs == [1, *[-1] * len(holes)]


@given(BITMAPS)
def test_area_is_the_number_of_pixels(bitmap: np.ndarray) -> None:
    assert sum(rings.part_area(part) for part in trace(bitmap)) == bitmap.sum()


def test_pixel() -> None:
    bitmap = np.zeros((5, 7), np.uint8)
    bitmap[2, 3] = 9
    ((ring,),) = trace(bitmap)
    assert ring.tolist() == [[3, 2], [4, 2], [4, 3], [3, 3]]


def test_corners_do_not_join() -> None:
    assert len(trace(np.eye(4))) == 4
    ring = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    assert [len(part) for part in trace(ring)] == [1, 1, 1, 1]
    assert [len(part) for part in trace(1 - ring)] == [1, 1, 1, 1, 1]


def test_holes_and_islands() -> None:
    bitmap = np.ones((9, 12), bool)
    bitmap[1:8, 1:6] = bitmap[2, 8] = bitmap[5, 8] = bitmap[4, 9:11] = False
    bitmap[3:5, 2:4] = True
    parts = trace(bitmap)
    assert [len(part) for part in parts] == [4, 1]  # two of the holes touch by a corner and are one


@pytest.mark.parametrize("shape", [(0, 0), (0, 4), (3, 3)])
def test_nothing(shape: tuple[int, int]) -> None:
    assert trace(np.zeros(shape)) == ()
