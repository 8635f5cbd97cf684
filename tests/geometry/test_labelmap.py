from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from pycocotools import mask as coco

from annokit.errors import UsageError
from annokit.geometry import labelmap, paint, rle
from annokit.limits import Limits

DTYPES: list[Any] = [np.uint8, np.uint16, np.uint32, np.int64]


@st.composite
def maps(draw: st.DrawFn) -> np.ndarray:
    dtype = draw(st.sampled_from(DTYPES))
    ids = draw(st.lists(st.integers(0, np.iinfo(dtype).max), min_size=1, max_size=5))
    shape = draw(array_shapes(min_dims=2, max_dims=2, max_side=12))
    return np.asarray(draw(arrays(dtype, shape, elements=st.sampled_from(ids))), order=draw(st.sampled_from("CF")))


@given(maps(), st.sampled_from([0, None]))
def test_equals_one_by_one(bitmap: np.ndarray, background: int | None) -> None:
    found = labelmap.objects(bitmap, background)
    ids = [i for i in np.unique(bitmap).tolist() if i != background]
    assert found.ids.tolist() == ids
    assert found.ids.dtype == bitmap.dtype
    for row, value in enumerate(ids):
        one = coco.encode(np.asfortranarray(bitmap == value, np.uint8))
        x, y, w, h = coco.toBbox(one).tolist()
        assert found.rle(row) == one["counts"]
        assert found.areas[row] == coco.area(one)
        assert found.boxes[row].tolist() == [x, y, x + w, y + h]


@given(maps())
def test_painting_gives_the_map_back(bitmap: np.ndarray) -> None:
    found = labelmap.objects(bitmap)
    counts, offsets, faults = rle.parse(found.data, found.offsets, np.tile(bitmap.shape, (len(found), 1)))
    assert not faults.any()
    painted = paint.paint(counts, offsets, found.ids, found.size)
    assert (painted == bitmap).all()
    assert painted.dtype == bitmap.dtype
    assert painted.flags.c_contiguous


def test_empty() -> None:
    for shape in [(0, 5), (3, 0), (3, 4)]:
        found = labelmap.objects(np.zeros(shape, np.uint32))
        assert len(found) == 0
        assert found.boxes.shape == (0, 4)
        assert found.offsets.tolist() == [0]


def test_later_covers_earlier() -> None:
    all_of_it, right = np.array([0, 4]), np.array([2, 2])
    offsets, values = np.array([0, 2, 4]), np.array([1, 9], np.uint8)
    assert paint.paint(np.append(all_of_it, right), offsets, values, (2, 2)).tolist() == [[1, 9], [1, 9]]
    assert paint.paint(np.append(right, all_of_it), offsets, values[::-1], (2, 2)).tolist() == [[1, 1], [1, 1]]


def test_background() -> None:
    nothing = np.array([], np.int64)
    out = paint.paint(nothing, np.array([0]), np.array([], np.uint8), (2, 3), background=255)
    assert out.tolist() == [[255] * 3] * 2


def test_limit() -> None:
    with pytest.raises(UsageError, match="limit"):
        paint.paint(np.array([]), np.array([0]), np.array([]), (10, 10), limits=Limits(pixels=99))


def test_memory() -> None:
    bitmap = np.repeat(np.repeat(np.arange(400, dtype=np.uint32).reshape(20, 20), 50, axis=0), 40, axis=1)
    tracemalloc.start()
    labelmap.objects(bitmap)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * bitmap.size
