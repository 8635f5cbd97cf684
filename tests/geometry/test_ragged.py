from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annokit.geometry import ragged

LISTS = st.lists(st.lists(st.integers(-50, 50), max_size=4), max_size=8)


def columns(lists: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    return ragged.pack([np.array(row, np.int64) for row in lists], np.int64)


def rows(values: np.ndarray, offsets: np.ndarray) -> list[list[int]]:
    return [values[a:b].tolist() for a, b in itertools.pairwise(offsets)]


@given(LISTS, st.data())
def test_take(lists: list[list[int]], data: st.DataObject) -> None:
    values, offsets = columns(lists)
    count = st.lists(st.integers(0, len(lists) - 1), max_size=9) if lists else st.just([])
    wanted = np.array(data.draw(count), np.int64)
    new, flat = ragged.take(offsets, wanted)
    assert rows(values[flat], new) == [lists[i] for i in wanted]
    assert flat.dtype == new.dtype == np.int64
    assert rows(*ragged.gather(values, offsets, wanted)) == [lists[i] for i in wanted]


@given(LISTS, st.data())
def test_take_of_a_run(lists: list[list[int]], data: st.DataObject) -> None:
    values, offsets = columns(lists)
    first = data.draw(st.integers(0, len(lists)))
    last = data.draw(st.integers(first, len(lists)))
    new, flat = ragged.take(offsets, np.arange(first, last))
    assert rows(values[flat], new) == lists[first:last]
    part, _ = ragged.gather(values, offsets, np.arange(first, last))
    assert part.base is not None


OPERATIONS = [(np.add, sum, 0), (np.minimum, min, 99), (np.maximum, max, -99)]


@pytest.mark.parametrize(("operation", "python", "empty"), OPERATIONS)
@given(lists=LISTS)
def test_reduce(operation: np.ufunc, python: object, empty: int, lists: list[list[int]]) -> None:
    values, offsets = columns(lists)
    expected = [python(row) if row else empty for row in lists]  # type: ignore[operator]
    assert ragged.reduce(values, offsets, operation, empty).tolist() == expected
    tail = ragged.reduce(np.append(values, 1000), offsets, operation, empty)
    assert tail.tolist() == expected
    assert ragged.reduce(values, offsets[1:], operation, empty).tolist() == expected[1:] if lists else True


def test_reduce_keeps_columns() -> None:
    out = ragged.reduce(np.array([[1.0, 2.0], [3.0, 0.0]]), np.array([0, 2, 2]), np.minimum, np.nan)
    assert out[0].tolist() == [1, 0]
    assert np.isnan(out[1]).all()


def test_small_helpers() -> None:
    offsets = np.array([0, 2, 2, 5])
    assert ragged.lengths(offsets).tolist() == [2, 0, 3]
    assert ragged.offsets_of([2, 0, 3]).tolist() == offsets.tolist()
    assert ragged.owners(offsets).tolist() == [0, 0, 2, 2, 2]
    assert ragged.compose(np.array([0, 1, 3]), offsets).tolist() == [0, 2, 5]
    values, empty = ragged.pack([])
    assert (len(values), empty.tolist()) == (0, [0])
