"""Single facts about single columns, each with its values."""

import pickle
from typing import Any

import numpy as np
import pytest

from annokit.columns import MISSING, Fixed, Json, Number, Ragged, Sparse, Struct, Table, Text, concat
from annokit.columns.base import equal
from annokit.columns.json import dumps, loads, same
from annokit.columns.make import column_of, sparse_of
from annokit.columns.own import own_array, owned
from annokit.columns.select import Selection, run_of


def test_missing_is_one_false_value_that_survives_pickling() -> None:
    assert pickle.loads(pickle.dumps(MISSING)) is MISSING
    assert not MISSING
    assert repr(MISSING) == "MISSING"


def test_numbers_remember_how_they_were_written() -> None:
    column = Number.of([702, 702.0, -0.0, 1e300])
    assert [repr(value) for value in column.to_list()] == ["702", "702.0", "-0.0", "1e+300"]
    assert not column.equals(Number.of([702.0, 702.0, -0.0, 1e300]))
    assert Number.of([1.5, 2.5]).whole is None
    assert Number(np.array([1.0]), np.array([False])).equals(Number(np.array([1.0])))
    assert Number(np.array([float(1 << 70)]), np.array([True])).value(0) == 1 << 70
    assert Number.of([[1, 2.5], [3.0, 4]]).values_of(np.array([1, 0])) == [[3.0, 4], [1, 2.5]]
    assert [type(n) for n in Number.of([[1, 2.5]]).value(0)] == [int, float]
    assert Number.of([float("nan")]).equals(Number.of([float("nan")]))


def test_joined_numbers_keep_their_marks() -> None:
    joined = Number.join([Number.of([1.0]), Number.of([2])])
    assert repr(joined.to_list()) == "[1.0, 2]"


@pytest.mark.parametrize(
    "text", [b"[ 1,2 ]", b'{"b":1,"a":2}', b"1180591620717411303424", b'{"id":[1180591620717411303424]}', b"0.10"]
)
def test_json_is_kept_verbatim(text: bytes) -> None:
    column = Json.of([text])
    assert column.raw(0) == text
    assert Json.join([column, column]).take(np.array([1])).raw(0) == text


def test_json_numbers_of_any_size_stay_what_they_are() -> None:
    big = 1 << 70
    for value in (big, [big], {"a": [-big]}, 1.5, 10**18, -(1 << 63), 0.12345678901234567):
        assert loads(dumps(value)) == value
        assert type(loads(dumps(value))) is type(value)


def test_json_holds_what_is_no_standard_json() -> None:
    assert dumps([float("nan"), None, float("inf")]) == b"[NaN,null,Infinity]"
    assert dumps(None) == b"null"
    assert same(loads(b"[NaN]"), [float("nan")])
    assert loads(dumps("\ud800")) == "\ud800"
    assert dumps({"n": np.int64(3), "v": np.array([1.5])}) == b'{"n":3,"v":[1.5]}'
    with pytest.raises(ValueError, match="missing value"):
        dumps([MISSING])
    with pytest.raises(TypeError, match="no JSON form"):
        dumps(object())


def test_json_compares_values_but_not_their_layout() -> None:
    assert Json.of([b'{"a":1, "b":[]}']).equals(Json.of([b'{"b":[],"a":1}']))
    assert not Json.of([b"1"]).equals(Json.of([b"1.0"]))
    assert not Json.of([b"1"]).equals(Json.of([b"true"]))
    assert not Json.of([b"null"]).equals(Json.of([b"0"]))


def test_text_is_unicode_of_any_length() -> None:
    texts = ["", "Straße", "日本語", "a" * 300, "\U0001f408", "\udcff"]
    column = Text.of(texts)
    assert column.to_list() == texts
    assert column.take(np.array([4, 4, 2])).to_list() == ["\U0001f408", "\U0001f408", "日本語"]
    assert len(Text.of([])) == 0


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([True, False], Fixed),
        ([1, -5], Fixed),
        ([1 << 63], Json),
        ([1, 2.5], Number),
        ([(1 << 53) + 1, 2.5], Json),
        ([float("nan"), 1.0], Number),
        (["a", "b"], Text),
        ([True, 1], Json),
        ([[1], None, "a"], Json),
        ([], Json),
    ],
)
def test_values_get_the_tightest_column_that_keeps_them(values: list[Any], kind: type) -> None:
    column = column_of(values)
    assert type(column) is kind
    assert repr(column.to_list()) == repr(values)


def test_numpy_scalars_become_plain_values() -> None:
    column = column_of([np.int64(3), np.int8(4)])
    assert column.to_list() == [3, 4]
    assert type(column.value(0)) is int
    assert column_of([np.str_("a"), "b"]).to_list() == ["a", "b"]
    assert type(column_of([np.float32(0.5)]).value(0)) is float


def test_repeated_texts_are_stored_once() -> None:
    column = sparse_of(30, np.arange(0, 30, 2), ["left", "right", "left"] * 5)
    assert isinstance(column.values, Text)
    assert column.values.to_list() == ["left", "right"]
    assert column.slots is not None
    assert column.slots.dtype == np.uint8
    assert column.value(2) == "right"
    assert column.value(3) is MISSING


def test_selecting_shares_values_and_compacting_sheds_them() -> None:
    column = Sparse.of_column(Text.of(["a", "b", "c"]))
    chosen = column.take(np.array([2, 0]))
    assert chosen.values is column.values
    assert isinstance(chosen.compact().values, Text)
    assert chosen.compact().to_list() == ["c", "a"]
    assert len(chosen.compact().values) == 2


def test_a_compact_column_is_not_copied() -> None:
    points = Ragged(np.array([0, 2, 3]), Ragged(None, Number.of([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])))
    for column in (points, Sparse.of_column(points), Struct({"a": points}), Text.of(["a"]), Json.of([1])):
        assert column.compact() is column


def test_a_run_of_lists_shares_memory_until_it_is_owned() -> None:
    numbers = np.arange(8.0).reshape(4, 2)
    column = Ragged(np.array([0, 1, 3, 4]), Number(numbers))
    run = column.take(np.array([1, 2]))
    assert isinstance(run.values, Number)
    assert np.shares_memory(run.values.values, numbers)
    own = owned(run)
    assert not np.shares_memory(own.values.values, numbers)
    assert own.to_list() == [[[2.0, 3.0], [4.0, 5.0]], [[6.0, 7.0]]]
    assert own_array(numbers) is numbers or numbers.base is not None


def test_a_sparse_column_has_as_many_values_as_rows() -> None:
    with pytest.raises(ValueError, match="3 rows have a value, but there are 2"):
        Sparse(3, None, None, Text.of(["a", "b"]))
    with pytest.raises(ValueError, match="1 rows have a value, but there are 2"):
        Sparse(3, np.array([1]), np.array([0, 0]), Text.of(["a", "b"]))


def test_equal_columns_may_be_stored_in_different_types() -> None:
    assert equal(Fixed(np.array([1, 2])), Number.of([1, 2]))
    assert equal(Fixed(np.array([1, 2])), Json.of([1, 2]))
    assert equal(Fixed(np.array([1], np.uint8)), Fixed(np.array([1], np.int64)))
    assert not equal(Fixed(np.array([1])), Number.of([1.0]))
    assert not equal(Fixed(np.array([1])), Fixed(np.array([True])))
    assert not equal(Fixed(np.array([1])), Fixed(np.array([1, 1])))
    assert equal(Fixed(np.zeros((0, 2))), Text.of([]))


def test_columns_of_different_types_join_as_json() -> None:
    joined = concat([Fixed(np.array([1, 2])), Text.of(["x"])])
    assert isinstance(joined, Json)
    assert joined.to_list() == [1, 2, "x"]
    assert concat([Fixed(np.zeros(0, bool)), Text.of(["x"])]).to_list() == ["x"]


@pytest.mark.parametrize(
    ("rows", "run"),
    [
        ([], None),
        ([3], (3, 4)),
        ([3, 4, 5], (3, 6)),
        ([3, 5, 4, 6], None),
        ([5, 4], None),
        ([-1, 0], None),
        ([2, 2], None),
    ],
)
def test_a_run_of_rows_is_recognised(rows: list[int], run: tuple[int, int] | None) -> None:
    assert run_of(np.array(rows, np.int64)) == run


def test_a_selection_knows_its_inverse() -> None:
    assert np.array_equal(Selection(np.array([2, 0]), 4).inverse, [1, -1, 0, -1])  # type: ignore[arg-type] # not None
    assert Selection(np.array([2, 2]), 4).inverse is None
    assert not Selection(np.array([2, 2]), 4).ascending


def test_a_table_refuses_columns_of_another_length() -> None:
    with pytest.raises(ValueError, match="column 'a' has 1 rows, the table has 2"):
        Table(2, {"a": Text.of(["x"])})


def test_a_column_without_values_equals_no_column() -> None:
    bare = Table(2, {"n": Fixed(np.array([1, 2]))})
    empty = bare.replace({"t": Sparse.empty(2, Text.of([])), "box": Number(np.full((2, 4), np.nan))})
    assert bare.equals(empty)
    assert empty.equals(bare)
    assert "t" not in empty.compact()
    assert empty.sparse("t") is None
    assert list(bare.differences(bare.replace({"u": Text.of(["", ""])}))) == ["u"]


def test_a_table_is_changed_by_making_another() -> None:
    table = Table(2, {"a": Fixed(np.array([1, 2])), "attributes/x": Text.of(["p", "q"])})
    assert table.without(["a"]).columns.keys() == {"attributes/x"}
    assert table.value("a", 1) == 2
    assert table.value("nothing", 1) is MISSING
    assert table.get("nothing") is None
    assert "a" in table
    assert {name: column.value(0) for name, column in table.group("attributes").items()} == {"x": "p"}


def test_joined_tables_have_the_columns_of_all() -> None:
    joined = Table.join([Table(1, {"a": Fixed(np.array([1]))}), Table(2, {"b": Text.of(["x", "y"])}), Table(0)])
    assert [joined.value("a", row) for row in range(3)] == [1, MISSING, MISSING]
    assert [joined.value("b", row) for row in range(3)] == [MISSING, "x", "y"]
