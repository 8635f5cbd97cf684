"""Columns taken apart and put together again."""

import copy
import pickle
from pathlib import Path

import numpy as np
from hypothesis import given

from annokit.codecs.mapped import MappedFile
from annokit.columns import Fixed, Sparse, Struct, Table, Text
from annokit.columns.arrays import is_mapped, made, portable
from tests.columns.strategies import Pair, columns


@given(columns())
def test_columns_are_made_of_their_parts(pair: Pair) -> None:
    column, _ = pair
    again = made(type(column), column.parts())
    assert type(again) is type(column)
    assert again.equals(column)
    assert not is_mapped(column)
    assert pickle.loads(pickle.dumps(column)).equals(column)
    assert copy.deepcopy(column).equals(column)


def test_mapped_columns_are_pickled_as_references(tmp_path: Path) -> None:
    (tmp_path / "numbers").write_bytes(np.arange(10_000).tobytes())
    values = np.frombuffer(MappedFile.of(tmp_path / "numbers"), np.int64)
    column = Sparse(2, None, np.array([7, 3]), Struct({"a": Fixed(values)}))
    assert is_mapped(column)
    assert portable(Table(2, {"a": column})).columns["a"] is column
    data = pickle.dumps(column)
    assert len(data) < 1_000
    assert pickle.loads(data).to_list() == [{"a": 7}, {"a": 3}]


def test_what_is_not_mapped_is_compact() -> None:
    inner = Struct({"a": Fixed(np.arange(3)), "b": Text.of("xyz")})
    table = Table(2, {"s": Sparse(2, None, np.array([2, 0]), inner), "void": Sparse.empty(2, inner)})
    found = portable(table)
    assert found.equals(table)
    assert list(found.columns) == ["s"]
    assert len(found.columns["s"].values) == 2  # type: ignore[attr-defined] # a sparse column
