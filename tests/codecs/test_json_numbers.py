import json
import math
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from annokit.codecs.json_numbers import floats, ints, numbers, texts


def raws(*values: str) -> list[Raw]:
    return [Raw(value.encode()) for value in values]


def test_flat_arrays() -> None:
    column = numbers(raws("[1.5,2.25]", "[3.0]", "[]", "[ 4.5 , 5.5 ]", "[ ]", "[\n6.5\n]"))
    assert column.values.tolist() == [1.5, 2.25, 3.0, 4.5, 5.5, 6.5]
    assert [level.tolist() for level in column.lengths] == [[2, 1, 0, 2, 0, 1]]
    assert column.whole is None
    assert column.absent.tolist() == column.odd.tolist() == []


def test_rings_and_empty_ones() -> None:
    column = numbers(raws("[[1.5,2.5],[3.5]]", "[]", "[[]]", "[[],[4.5],[]]", "[ [ 5.5 ] , [ ] ]"), 2)
    assert column.values.tolist() == [1.5, 2.5, 3.5, 4.5, 5.5]
    assert [level.tolist() for level in column.lengths] == [[2, 0, 1, 3, 2], [2, 1, 0, 0, 1, 0, 1, 0]]
    assert column.odd.tolist() == []


def test_three_levels() -> None:
    column = numbers(raws("[[[1.5,2.5],[3.5]],[[4.5]]]", "[[]]", "[]", "[[[5.5]]]"), 3)
    assert [level.tolist() for level in column.lengths] == [[2, 1, 0, 1], [2, 1, 0, 1], [2, 1, 1, 1]]


def test_no_rows_at_all() -> None:
    for depth in (1, 2):
        column = numbers([], depth)
        assert len(column.values) == 0
        assert [len(level) for level in column.lengths] == [0] * depth
    assert len(floats([]).values) == len(ints([]).values) == len(texts([]).values) == 0


def test_absent_rows_have_length_zero() -> None:
    column = numbers(raws("", "[1.5]", "", "[2.5,3.5]", ""))
    assert column.lengths[0].tolist() == [0, 1, 0, 2, 0]
    assert column.absent.tolist() == [0, 2, 4]
    assert numbers(raws("", "")).absent.tolist() == [0, 1]


ODD_FLAT = (
    "null",
    "5",
    "1.5",
    '"x"',
    "true",
    "{}",
    '{"counts":[1,2]}',
    '"[1.5]"',
    "[[1.5]]",
    "[1.5,[2.5]]",
    "[null]",
    '["1"]',
    "[{}]",
)
ODD_RINGS = (
    "null",
    "5",
    "[5]",
    "[1.5]",
    "[[1.5],2.5]",
    "[2.5,[1.5]]",
    "[[1.5],[[2.5]]]",
    "[[1.5,null]]",
    '[["1"]]',
    '"[[1]]"',
    "{}",
    "[true]",
)
ODD_NUMBERS = (
    "[9007199254740993]",
    "[1.5,-9007199254740992]",
    "[18446744073709551616]",
    "[1e400]",
    f"[{2**70}]",
    "[" + "9" * 400 + "]",
)


@pytest.mark.parametrize("odd", [*ODD_FLAT, *ODD_NUMBERS])
def test_an_odd_row_costs_itself_alone(odd: str) -> None:
    column = numbers(raws("[1.5]", odd, "", "[2.5,3.5]", odd, "[ ]"))
    assert column.values.tolist() == [1.5, 2.5, 3.5]
    assert column.lengths[0].tolist() == [1, 0, 0, 2, 0, 0]
    assert column.odd.tolist() == [1, 4]
    assert column.absent.tolist() == [2]


@pytest.mark.parametrize("odd", [*ODD_RINGS, *(f"[[1.5],{value}]" for value in ODD_NUMBERS)])
def test_an_odd_row_among_rings(odd: str) -> None:
    column = numbers(raws("[[1.5]]", odd, "[[2.5,3.5],[4.5]]", odd), 2)
    assert column.values.tolist() == [1.5, 2.5, 3.5, 4.5]
    assert [level.tolist() for level in column.lengths] == [[1, 0, 2, 0], [1, 2, 1]]
    assert column.odd.tolist() == [1, 3]


def test_all_rows_odd() -> None:
    assert numbers(raws("null", "5", '"abc"')).odd.tolist() == [0, 1, 2]
    assert numbers(raws(*["{}"] * 100), 2).odd.tolist() == list(range(100))


def test_huge_floats_that_doubles_hold_are_not_odd() -> None:
    column = numbers(raws("[1e300,0.12345678901234567890123]", "[1e400]", "[12345678901234567890.5]"))
    assert column.values.tolist() == [1e300, 0.12345678901234567890123, 12345678901234567890.5]
    assert column.odd.tolist() == [1]


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("[1.5,2.0]", None),
        ("[1,2]", [True, True]),
        ("[1,2.5]", [True, False]),
        ("[1,2.0,3.5]", [True, False, False]),
        ("[1e2,5,1.5e0,2E0]", [False, True, False, False]),
        ("[1e2]", None),
        ("[-0,-0.0]", [True, False]),
    ],
)
def test_which_numbers_were_integers(text: str, whole: list[bool] | None) -> None:
    column = numbers(raws("[]", "null", text))
    assert (None if column.whole is None else column.whole.tolist()) == whole


def test_scalars() -> None:
    column = floats(raws("1.5", "", "null", "2", "9007199254740993", '"1"', "[1]", "1e400", "-3e1"))
    assert np.array_equal(column.values, [1.5, math.nan, math.nan, 2, *[math.nan] * 4, -30.0], equal_nan=True)
    assert column.whole is not None
    assert np.flatnonzero(column.whole).tolist() == [3]
    assert column.absent.tolist() == [1]
    assert column.odd.tolist() == [2, 4, 5, 6, 7]
    assert floats(raws("1.5", "null")).whole is None


def test_integers() -> None:
    top = 2**63
    values = raws(
        "1", str(top - 1), str(-top), str(top), "1.0", "1e3", "null", "", '"5"', str(2**70), "-0", "[1]", "true"
    )
    column = ints(values)
    assert column.values.tolist() == [1, top - 1, -top, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    assert column.odd.tolist() == [3, 4, 5, 6, 8, 9, 11, 12]
    assert column.absent.tolist() == [7]
    assert ints(raws("4", "7")).values.tolist() == [4, 7]


def test_strings() -> None:
    column = texts(raws('"a"', '"\\u00e9,\\"b"', "", "null", "5"))
    assert column.values == ["a", 'é,"b', "", "", ""]
    assert (column.absent.tolist(), column.odd.tolist()) == ([2], [3, 4])
    assert texts(raws('"a"', '""')).values == ["a", ""]


def test_the_double_is_the_one_that_python_reads() -> None:
    random = np.random.default_rng(0)
    words = [repr(float(x)) for x in random.random(2000) * 10.0 ** random.integers(-320, 300, 2000)]
    words += [f"{x:.25f}" for x in random.random(500).tolist()] + [
        "5e-324",
        "2.2250738585072011e-308",
        "1.7976931348623157e308",
    ]
    assert numbers(raws("[" + ",".join(words) + "]")).values.tolist() == [float(word) for word in words]


# --- law: what the slow and simple way says


def _elements() -> st.SearchStrategy[str]:
    number = st.one_of(
        st.integers(-(10**6), 10**6).map(str),
        st.floats(-1e6, 1e6).map(repr),
        st.sampled_from(["1.0", "702", "1e5", "-0.0", "9007199254740991", "9007199254740992", str(2**64), "1e999"]),
    )
    odd = st.sampled_from(["null", '"a,[1"', "{}", '{"a":[1.5]}', "true", "false", '"]"'])
    space = st.sampled_from(["", "", "", " ", "\n  "])

    def array(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        spaced = st.tuples(space, inner, space).map("".join)
        return st.tuples(space, st.lists(spaced, max_size=4)).map(
            lambda parts: "[" + parts[0] + ",".join(parts[1]) + "]"
        )

    flat, mixed = array(number), array(st.one_of(number, number, number, odd))
    return st.one_of(
        number,
        odd,
        flat,
        mixed,
        array(flat),
        array(flat),
        array(st.one_of(flat, mixed, number)),
        array(array(flat)),
        st.just(""),
    )


def _fits(value: Any, depth: int) -> bool:
    if depth == 0:
        exact = not isinstance(value, int) or abs(value) < 2**53
        return type(value) in (int, float) and exact and math.isfinite(value)
    return isinstance(value, list) and all(_fits(part, depth - 1) for part in value)


def _flat(value: Any, depth: int) -> list[Any]:
    return [value] if depth == 0 else [leaf for part in value for leaf in _flat(part, depth - 1)]


@given(st.lists(_elements(), max_size=12), st.integers(1, 3))
def test_numbers_agree_with_json(rows: list[str], depth: int) -> None:
    column = numbers(raws(*rows), depth)
    values = [json.loads(row) if row else None for row in rows]
    good = [bool(row) and _fits(value, depth) for row, value in zip(rows, values, strict=True)]
    leaves = [leaf for value, fits in zip(values, good, strict=True) if fits for leaf in _flat(value, depth)]
    assert column.values.tolist() == leaves
    whole = np.zeros(len(leaves), np.bool_) if column.whole is None else column.whole
    assert whole.tolist() == [isinstance(leaf, int) for leaf in leaves]
    assert column.odd.tolist() == [i for i, row in enumerate(rows) if row and not good[i]]
    assert column.absent.tolist() == [i for i, row in enumerate(rows) if not row]
    level: list[Any] = [value if fits else [] for value, fits in zip(values, good, strict=True)]
    for lengths in column.lengths:
        assert lengths.tolist() == [len(array) for array in level]
        level = [part for array in level for part in array]


@given(st.lists(_elements(), max_size=12))
def test_scalars_agree_with_json(rows: list[str]) -> None:
    values = [json.loads(row) if row else None for row in rows]
    column = floats(raws(*rows))
    odd = [i for i, row in enumerate(rows) if row and not _fits(values[i], 0)]
    assert column.odd.tolist() == odd
    assert [i for i, x in enumerate(column.values) if not math.isnan(x)] == [
        i for i, v in enumerate(values) if _fits(v, 0)
    ]
    assert all(x == v for x, v in zip(column.values, values, strict=True) if not math.isnan(x))
    integers = ints(raws(*rows))
    assert integers.odd.tolist() == [
        i for i, row in enumerate(rows) if row and not (type(values[i]) is int and abs(values[i]) < 2**63)
    ]
    words = texts(raws(*rows))
    assert [words.values[i] for i, value in enumerate(values) if isinstance(value, str)] == [
        v for v in values if isinstance(v, str)
    ]


def test_raw_values_of_a_decoder_are_taken_as_they_are() -> None:
    rows = msgspec.json.decode(b"[ [1.5, 2.5] , null , [3.5] ]", type=list[Raw])
    assert numbers(rows).values.tolist() == [1.5, 2.5, 3.5]
