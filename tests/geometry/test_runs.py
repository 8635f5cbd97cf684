from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from pycocotools import mask as coco

from annokit.geometry import ragged, rle, runs, scan

SHAPES = array_shapes(min_dims=2, max_dims=2, max_side=12)
BITMAPS = arrays(bool, SHAPES)


@st.composite
def stacks(draw: st.DrawFn, least: int = 1) -> np.ndarray:
    height, width = draw(SHAPES)
    return draw(arrays(bool, (draw(st.integers(least, 5)), height, width)))


def packed(stack: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return ragged.pack([runs.encode(bitmap) for bitmap in stack], np.int64)


def naive_box(bitmap: np.ndarray) -> list[float]:
    y, x = np.nonzero(bitmap)
    return [x.min(), y.min(), x.max() + 1, y.max() + 1] if len(x) else [-1] * 4


@given(stacks(least=0))
def test_columns(stack: np.ndarray) -> None:
    counts, offsets = packed(stack)
    size = stack.shape[1:]
    assert runs.areas(counts, offsets).tolist() == stack.sum(axis=(1, 2)).tolist()
    found = np.nan_to_num(runs.boxes(counts, offsets, np.full(len(stack), size[0])), nan=-1)
    assert found.tolist() == [naive_box(bitmap) for bitmap in stack]
    assert (runs.decode_stack(counts, offsets, size) == stack).all()


@given(BITMAPS, st.sampled_from("CF"))
def test_changes(bitmap: np.ndarray, order: str) -> None:
    flat = bitmap.reshape(-1, order="F")
    expected = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    assert scan.changes(np.asarray(bitmap, order=order)).tolist() == expected.tolist()  # type: ignore[call-overload]


def test_sparse_changes() -> None:
    bitmap = np.zeros((50, 40), np.uint32)
    bitmap[10:30, 5:9] = 3
    assert scan.changes(bitmap).tolist() == [c * 50 + r for c in range(5, 9) for r in (10, 30)]


@given(stacks())
def test_set_operations(stack: np.ndarray) -> None:
    masks = [runs.encode(bitmap) for bitmap in stack]
    assert runs.union(masks).tolist() == runs.encode(np.any(stack, axis=0)).tolist()
    assert runs.intersection(masks).tolist() == runs.encode(np.all(stack, axis=0)).tolist()
    rest = stack[0] & ~stack[1:].any(axis=0)
    assert runs.difference(masks[0], masks[1:]).tolist() == runs.encode(rest).tolist()


@given(stacks())
def test_union_equals_pycocotools(stack: np.ndarray) -> None:
    size = list(stack.shape[1:])
    texts = [{"size": size, "counts": rle.dumps(runs.encode(bitmap))} for bitmap in stack]
    assert rle.dumps(runs.union([runs.encode(bitmap) for bitmap in stack])) == coco.merge(texts)["counts"]


@given(BITMAPS)
def test_rows_and_columns(bitmap: np.ndarray) -> None:
    down, along = runs.encode(bitmap), runs.encode(bitmap.T)
    assert runs.by_rows(down, bitmap.shape).tolist() == along.tolist()
    assert runs.by_columns(along, bitmap.shape).tolist() == down.tolist()


@given(stacks())
def test_iou(stack: np.ndarray) -> None:
    texts = [rle.dumps(runs.encode(bitmap)) for bitmap in stack]
    a, b = stack[:, None], stack[None]
    union = (a | b).sum(axis=(2, 3))
    expected = (a & b).sum(axis=(2, 3)) / np.maximum(union, 1)
    assert runs.iou(texts, texts, stack.shape[1:]) == pytest.approx(expected)
    assert runs.iou([], texts, stack.shape[1:]).shape == (0, len(texts))


@given(st.lists(st.integers(0, 60), min_size=2, max_size=12, unique=True))
def test_fill_long_and_short(edges: list[int]) -> None:
    edges = sorted(edges)[: len(edges) // 2 * 2]
    starts, stops = np.array(edges[0::2]), np.array(edges[1::2])
    for factor in (1, 1000):
        flat = np.zeros(61 * factor, np.uint16)
        expected = flat.copy()
        for start, stop in zip(starts * factor, stops * factor, strict=True):
            expected[start:stop] = 7
        runs.fill(flat, starts * factor, stops * factor, 7)
        assert (flat == expected).all()


def test_empty() -> None:
    assert runs.encode(np.zeros((0, 5))).tolist() == []
    assert runs.encode(np.zeros((2, 2))).tolist() == [4]
    assert np.isnan(runs.box(np.array([4]), (2, 2))).all()


def test_zero_runs_inside() -> None:
    counts = np.array([1, 0, 2, 3, 0, 2, 4])
    assert runs.decode(counts, (3, 4)).sum() == 5
    assert runs.box(counts, (3, 4)) == (1.0, 0.0, 3.0, 3.0)
    assert runs.union([counts]).tolist() == [3, 5, 4]
