from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from annokit.errors import UsageError
from annokit.geometry import boxes

NUMBERS = arrays(np.float64, st.tuples(st.integers(0, 6), st.just(4)), elements=st.floats(-2000, 2000))
ONE = np.array([[10.0, 20.0, 30.0, 60.0]])
SAME: dict[str, Any] = {
    "xyxy": ONE,
    "xywh": [[10, 20, 20, 40]],
    "cxcywh": [[20, 40, 20, 40]],
    "xyxy1": [[11, 21, 30, 60]],
}


@pytest.mark.parametrize("source", boxes.FORMS)
@pytest.mark.parametrize("target", boxes.FORMS)
def test_convert(source: str, target: str) -> None:
    assert boxes.convert(np.asarray(SAME[source], float), source, target).tolist() == np.asarray(SAME[target]).tolist()


@given(NUMBERS, st.sampled_from(boxes.FORMS), st.sampled_from(boxes.FORMS))
def test_there_and_back(rows: np.ndarray, source: str, target: str) -> None:
    assert boxes.convert(boxes.convert(rows, source, target), target, source) == pytest.approx(rows, abs=1e-9)


@given(NUMBERS)
def test_same_form_is_the_same_array(rows: np.ndarray) -> None:
    assert boxes.convert(rows, "xywh", "xywh") is rows
    assert boxes.convert(rows, np.full(len(rows), 1, np.uint8), "xywh") is rows


def test_sizes_are_not_computed_anew() -> None:
    rows = np.array([[1e6, 0.1, 0.3, 0.7]])
    assert boxes.convert(rows, "xywh", "cxcywh")[0, 2:].tolist() == [0.3, 0.7]
    assert boxes.convert(rows, "cxcywh", "xywh")[0, 2:].tolist() == [0.3, 0.7]


def test_codes_row_by_row() -> None:
    rows = np.array([SAME[form][0] for form in boxes.FORMS], float)
    codes = np.arange(4, dtype=np.uint8)
    assert (boxes.convert(rows, codes, "xyxy") == ONE).all()
    assert (boxes.convert(np.repeat(ONE, 4, axis=0), "xyxy", codes) == rows).all()
    assert boxes.convert(rows[::-1], codes[::-1], codes[::-1]).tolist() == rows[::-1].tolist()
    assert boxes.convert(np.empty((0, 4)), np.empty(0, np.uint8), "xyxy").shape == (0, 4)


def test_unknown_form() -> None:
    with pytest.raises(UsageError, match="cxcywh, xywh, xyxy, xyxy1"):
        boxes.convert(ONE, "yxyx", "xyxy")
    with pytest.raises(UsageError, match="codes"):
        boxes.convert(ONE, np.array([7]), "xyxy")


def test_scale() -> None:
    assert boxes.scale(ONE, 0.1, 0.5).tolist() == [[1, 10, 3, 30]]
    assert boxes.scale(np.repeat(ONE, 2, axis=0), np.array([1, 2]), 1).tolist() == [[10, 20, 30, 60], [20, 20, 60, 60]]


def test_area_and_clip() -> None:
    assert boxes.area(np.array([[0, 0, 2, 3], [2, 0, 0, 3]])).tolist() == [6, 0]
    assert boxes.clip(np.array([[-1.0, 0.5, 2.0, 9.0]])).tolist() == [[0, 0.5, 1, 1]]
    assert boxes.clip(np.array([[-5.0, 5.0, 300.0, 50.0]]), 200, 40).tolist() == [[0, 5, 200, 40]]


def test_iou() -> None:
    a = np.array([[0, 0, 2, 2], [0, 0, 0, 0], [1, 1, 3, 3]], float)
    assert boxes.iou(a, a).tolist() == pytest.approx(np.array([[1, 0, 1 / 7], [0, 0, 0], [1 / 7, 0, 1]]))
    assert boxes.pairwise_iou(a, a[::-1]).tolist() == pytest.approx([1 / 7, 0, 1 / 7])
    assert boxes.iou(a, np.empty((0, 4))).shape == (3, 0)


@given(NUMBERS, NUMBERS)
def test_iou_equals_pycocotools(a: np.ndarray, b: np.ndarray) -> None:
    from pycocotools import mask as coco

    a[:, 2:], b[:, 2:] = np.abs(a[:, 2:]) + 1, np.abs(b[:, 2:]) + 1
    if not len(a) or not len(b):
        return
    expected = coco.iou(a, b, [0] * len(b))
    found = boxes.iou(boxes.convert(a, "xywh", "xyxy"), boxes.convert(b, "xywh", "xyxy"))
    assert found == pytest.approx(expected, abs=1e-9)
