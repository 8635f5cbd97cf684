"""Lines of numbers: what Python would parse line by line, and back again."""

import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annokit.codecs.number_lines import dump_lines, joined, parse_lines
from annokit.geometry.ragged import offsets_of

TOKENS = st.sampled_from(
    [
        "0",
        "1",
        "-3",
        "0.5",
        "1.0",
        "1e-5",
        "2E3",
        ".5",
        "1.",
        "+2",
        "007",
        "1e16",
        "nan",
        "x",
        "1_0",
        "inf",
        "1e999",
        "é",
    ]
) | st.floats(allow_nan=False, allow_infinity=False).map(repr)
SPACES = st.sampled_from([" ", "  ", "\t", " \t "])
LINES = st.lists(st.tuples(st.lists(TOKENS, max_size=5), SPACES), max_size=6)
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def number(token: str) -> float:
    value = float(token) if NUMBER.fullmatch(token) else np.nan
    return value if np.isfinite(value) else np.nan


@settings(deadline=None)
@given(LINES, st.booleans())
def test_parsing_is_that_of_python_line_by_line(rows: list[tuple[list[str], str]], ended: bool) -> None:
    text = "\n".join(space.join(tokens) for tokens, space in rows) + "\n" * ended
    found = parse_lines(text.encode())
    filled = [(place, tokens) for place, (tokens, _) in enumerate(rows) if tokens]
    flat = [token for _, tokens in filled for token in tokens]
    assert found.lines.tolist() == [place for place, _ in filled]
    assert found.offsets.tolist() == offsets_of([len(tokens) for _, tokens in filled]).tolist()
    np.testing.assert_array_equal(found.values, [number(token) for token in flat])
    good = [place for place, token in enumerate(flat) if not np.isnan(number(token))]
    assert found.whole[good].tolist() == [not set(flat[place]) & set(".eE") for place in good]
    odd = [(row, token) for row, (_, tokens) in enumerate(filled) for token in tokens if np.isnan(number(token))]
    assert list(found.odd) == odd


@settings(deadline=None)
@given(
    st.lists(
        st.lists(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-999, 999), min_size=1, max_size=6),
        max_size=6,
    )
)
def test_numbers_come_back_with_their_kind(rows: list[list[float]]) -> None:
    flat = [value for row in rows for value in row]
    values, whole = np.array(flat, float), np.array([type(value) is int for value in flat], bool)
    offsets = offsets_of([len(row) for row in rows])
    text, ends = dump_lines(values, whole, offsets)
    back = parse_lines(text)
    assert np.array_equal(back.values, values)
    assert np.array_equal(back.whole, whole)
    assert np.array_equal(back.offsets, offsets)
    assert [text[a:b].count(b"\n") for a, b in pairwise(ends.tolist())] == [1] * len(rows)
    assert int(ends[-1]) == len(text)


def test_numbers_are_as_short_as_they_can_be() -> None:
    values = np.array([2, 0.1, 1 / 3, 1, 1, -0.0, 1e22])
    text, _ = dump_lines(values, values == 2, np.array([0, 4, 7]), between=ord(","), after=ord(";"))
    assert text == b"2,0.1,0.3333333333333333,1.0;1.0,-0.0,1e+22;"


def test_nul_bytes_are_no_white_space() -> None:
    assert parse_lines(b"0 1\x00\x00\n\x00").odd == ((0, "1??"), (1, "?"))


def test_files_are_joined_at_line_ends() -> None:
    text, starts = joined([b"\xef\xbb\xbf1 2", b"", b"\xef\xbb\xbf", b"3\r\n\r4", b"5\n"])
    assert (text, starts.tolist()) == (b"1 2\n3\n\n4\n5\n", [0, 4, 4, 4, 9, 11])


def test_a_row_of_a_million_numbers() -> None:
    values = np.arange(1_000_000) / 7
    text, _ = dump_lines(values, np.zeros(len(values), bool), np.array([0, len(values)]))
    assert np.array_equal(parse_lines(text).values, values)


@pytest.mark.parametrize("code", [code for code in range(32) if code not in b"\t\n\v\f\r"])
def test_a_control_character_makes_its_line_odd_and_no_other(code):
    parsed = parse_lines(b"1 0.5" + bytes([code]) + b"5 0.1\n2 0.1 x\n3 0.25\n")
    assert [place for place, _ in parsed.odd] == [0, 1]
    assert len(parsed.values) == len(parsed.whole) == parsed.offsets[-1] == 8
    assert parsed.values[-2:].tolist() == [3, 0.25]
