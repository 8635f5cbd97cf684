"""Every column behaves like the plain list that it stands for."""

import pickle
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from annokit.columns import MISSING, Json, Sparse, Table, concat
from annokit.columns.base import equal
from annokit.columns.own import owned
from tests.columns.strategies import Pair, columns, rows_of, sparse, twins


def same(a: Any, b: Any) -> bool:
    """Tell whether two plain values are equal in type too."""
    if isinstance(a, list):
        return isinstance(b, list) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return isinstance(b, dict) and a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    return type(a) is type(b) and a == b


@given(columns())
def test_values_are_those_of_the_list(pair: Pair) -> None:
    column, listed = pair
    assert len(column) == len(listed)
    assert same([column.value(row) for row in range(len(column))], listed)
    assert same(column.to_list(), listed)
    assert same(column.compact().to_list(), listed)
    assert same(owned(column).to_list(), listed)


@given(columns(), st.data())
def test_take_is_indexing(pair: Pair, data: st.DataObject) -> None:
    column, listed = pair
    rows = data.draw(rows_of(len(listed)))
    taken = column.take(rows)
    wanted = [listed[row] for row in rows.tolist()]
    assert same(taken.to_list(), wanted)
    assert same(taken.compact().to_list(), wanted)
    assert same(column.values_of(rows), wanted)
    again = data.draw(rows_of(len(rows)))
    assert same(taken.take(again).to_list(), [wanted[row] for row in again.tolist()])


@given(columns(), st.data())
def test_slice_is_slicing(pair: Pair, data: st.DataObject) -> None:
    column, listed = pair
    start, stop = sorted(data.draw(st.tuples(st.integers(0, len(listed)), st.integers(0, len(listed)))))
    assert same(column.slice(start, stop).to_list(), listed[start:stop])
    assert same(column.slice(start, stop).compact().to_list(), listed[start:stop])


@given(twins())
def test_join_is_addition(pairs: list[Pair]) -> None:
    joined = concat([column for column, _ in pairs])
    wanted = [value for _, listed in pairs for value in listed]
    assert same(joined.to_list(), wanted)
    assert same(concat([column.compact() for column, _ in pairs]).to_list(), wanted)
    assert equal(joined, concat([column.compact() for column, _ in pairs]))


@given(columns(), columns())
def test_columns_of_different_kinds_join_and_compare_by_value(a: Pair, b: Pair) -> None:
    assert same(concat([Sparse.of_column(a[0]), Sparse.of_column(b[0])]).to_list(), a[1] + b[1])
    assert equal(a[0], b[0]) == same(a[1], b[1])


@given(columns(), st.data())
def test_equal_values_are_equal_however_they_are_stored(pair: Pair, data: st.DataObject) -> None:
    column, listed = pair
    there = np.arange(len(column))
    for other in (
        column.take(there),
        column.compact(),
        owned(column),
        Json.of_column(column),
        Sparse.of_column(column),
    ):
        assert equal(column, other)
        assert equal(other, column)
    if listed:
        rows = data.draw(rows_of(len(listed)))
        assert equal(column, column.take(rows)) == same(listed, [listed[row] for row in rows.tolist()])


@given(columns(), st.sampled_from([2, 5]))
def test_pickling_gives_an_equal_column(pair: Pair, protocol: int) -> None:
    column, listed = pair
    again = pickle.loads(pickle.dumps(column, protocol=protocol))
    assert type(again) is type(column)
    assert same(again.to_list(), listed)
    assert equal(again, column)


@given(columns())
def test_compact_holds_no_more_and_is_itself_where_nothing_can_go(pair: Pair) -> None:
    compacted = pair[0].compact()
    assert compacted.compact() is compacted or isinstance(compacted, Sparse)
    assert len(pickle.dumps(compacted)) <= len(pickle.dumps(pair[0])) + 64


@given(sparse(), st.data())
def test_a_sparse_column_finds_slots(pair: Pair, data: st.DataObject) -> None:
    column, listed = pair
    assert isinstance(column, Sparse)
    there = [row for row, value in enumerate(listed) if value is not MISSING]
    assert column.present().tolist() == there
    assert np.flatnonzero(column.mask()).tolist() == there
    assert column.count == len(there)
    assert same(column.dense().to_list(), [listed[row] for row in there])
    rows = data.draw(rows_of(len(listed)))
    assert column.slots_of(rows).tolist() == [column.slot(row) for row in rows.tolist()]


@given(st.lists(columns(), max_size=3), st.data())
def test_a_table_takes_and_joins_like_its_columns(pairs: list[Pair], data: st.DataObject) -> None:
    length = min((len(column) for column, _ in pairs), default=4)
    cut = [(column.slice(0, length), listed[:length]) for column, listed in pairs]
    table = Table(length, {f"c/{place}": column for place, (column, _) in enumerate(cut)})
    rows = data.draw(rows_of(length))
    joined = Table.join([table, table.take(rows), Table(2)])
    for place, (_, listed) in enumerate(cut):
        wanted = [*listed, *(listed[row] for row in rows.tolist()), MISSING, MISSING]
        assert same([joined.value(f"c/{place}", row) for row in range(len(joined))], wanted)
    assert Table.join([table]).equals(table)
    assert table.compact().equals(table)
    assert pickle.loads(pickle.dumps(table)).equals(table)
