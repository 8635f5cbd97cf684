"""Python's literals: what repr writes comes back, and nothing else is read."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annokit.codecs.literal import parse_literal
from annokit.errors import FormatError

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
VALUES = st.recursive(
    SCALARS, lambda v: st.lists(v, max_size=4) | st.dictionaries(st.text(), v, max_size=4), max_leaves=12
)


def same(a: Any, b: Any) -> bool:
    """Whether values are equal, their types and signs of zero too."""
    return repr(a) == repr(b)


@settings(max_examples=200, deadline=None)
@given(value=VALUES)
def test_what_repr_writes_comes_back(value: Any) -> None:
    assert same(parse_literal(repr(value)), value)
    assert same(parse_literal(f" \n{value!r}\t"), value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("[1,2,]", [1, 2]),
        ("{'a':1 , }", {"a": 1}),
        ("{\n'a'\n:\n[ ]\n}", {"a": []}),
        ('"it\'s"', "it's"),
        (r"'\'\"\\\n\t\x41\u00e9\U0001F600'", "'\"\\\n\tAé😀"),
        (r"'\q'", r"\q"),
        ("'\ud800'", "\ud800"),
        ("-0.0", -0.0),
        ("+7", 7),
        (".5", 0.5),
        ("1e5", 1e5),
        ("9" * 100, int("9" * 100)),
    ],
)
def test_other_ways_to_write_a_literal(text: str, value: Any) -> None:
    assert same(parse_literal(text), value)


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "[", "]", "[1", "[1 2]", "[,]", "{", "{'a'}", "{'a':}", "{'a' 1}", "{1: 2}", "{'a': 1 'b': 2}", "('a',)", "{'a', 'b'}",
        "'a", "'a\\'", "b'a'", "r'a'", "f'{1}'", "u'a'", "'a' 'b'", "1 + 1", "1j", "0x1", "0b1", "1_0", "1.2.3", "1e", "nan", "inf", "-inf", "1e999",
        "true", "null", "Truely", "None1", "x", "print()", "__import__('os').system('true')", "[x for x in ()]", "lambda: 0", "set()", "...",
        "1 #", "'a'\0", "[1]]", "{}{}",
    ],
)  # fmt: skip
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(FormatError, match="no literal"):
        parse_literal(text)


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, "{'a':" * 100_000, "[" * 40 + "]" * 40, "'" * 3, "1" * (1 << 21), "9" * 5_000, "0." + "1" * 5_000],
)
def test_what_would_cost_much_is_refused(text: str) -> None:
    began = time.perf_counter()
    with pytest.raises(FormatError):
        parse_literal(text)
    assert time.perf_counter() - began < 2


def test_long_texts_take_time_that_grows_with_them() -> None:
    value = {f"key {place}": ["\\" * 50, "'\"" * 50, place / 7] for place in range(2_000)}
    assert parse_literal(repr(value)) == value
