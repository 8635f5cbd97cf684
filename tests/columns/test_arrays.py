"""Columns taken apart and put together again."""

from typing import Any

import numpy as np
from hypothesis import given

from annokit.columns import Fixed, Sparse, Struct, Table, Text
from annokit.columns.arrays import portable, with_arrays
from tests.columns.strategies import Pair, columns


@given(columns())
def test_arrays_are_exchanged_everywhere(pair: Pair) -> None:
    column, listed = pair
    seen: list[Any] = []

    def copied(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        seen.append(array)
        return array.copy()

    changed = with_arrays(column, copied)
    assert changed.to_list() == listed or column.equals(changed)
    assert type(changed) is type(column)
    assert seen
    assert with_arrays(column, lambda array: array) is column


def test_what_is_not_mapped_is_compact() -> None:
    inner = Struct({"a": Fixed(np.arange(3)), "b": Text.of("xyz")})
    table = Table(2, {"s": Sparse(2, None, np.array([2, 0]), inner), "void": Sparse.empty(2, inner)})
    found = portable(table)
    assert found.equals(table)
    assert list(found.columns) == ["s"]
    assert len(found.columns["s"].values) == 2  # type: ignore[attr-defined] # a sparse column
