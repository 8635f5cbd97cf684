from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annokit.codecs.lenient import strict_json
from annokit.errors import FormatError

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("// c\n1", 1),
        ("# c\n[1]# end", [1]),
        ("/* a\n * b **/[1,/*x*/2]", [1, 2]),
        ("[1, 2,]", [1, 2]),
        ('{"a": 1,\n}', {"a": 1}),
        ('{"a": [1,], "b": {"c": 2,},}', {"a": [1], "b": {"c": 2}}),
        ("[1, // one\n]", [1]),
        ("{...}", {}),
        ("[...]", []),
        ("[1, 2, ...]", [1, 2]),
        ("[1, 2 ...]", [1, 2]),
        ("[1, ..., 2]", [1, 2]),
        ("[1 ..., 2]", [1, 2]),
        ("[..., 2]", [2]),
        ("[1, …]", [1]),
        ('{"a": 1, ...}', {"a": 1}),
        ('{"a": 1, ... "b": 2}', {"a": 1, "b": 2}),
        ('{"a": ..., "b": 2}', {"a": None, "b": 2}),
        ("[{...}, {...},]", [{}, {}]),
        ("{“a”: “b”}", {"a": "b"}),
        ('{“a": “b”}'.replace('"', "”"), {"a": "b"}),
        ('{„a“: ”x "y" \\"z\\" \\u0041”}', {"a": 'x "y" "z" A'}),
        (
            '["// no", "# no", "/* no */", ",]", "...", "“x”", "a\\"b"]',
            ["// no", "# no", "/* no */", ",]", "...", "“x”", 'a"b'],
        ),
        ("\ufeff[1]", [1]),
        ("[1,\u00a02]", [1, 2]),
        ("[-1.5e+3, true, null, 0.088]", [-1500.0, True, None, 0.088]),
        ('"\\\\"', "\\"),
        ("", None),
    ],
)
def test_hand_written_json(text: str, value: Any) -> None:
    strict = strict_json(text)
    assert strict.count("\n") == text.count("\n")
    assert (json.loads(strict) if text else None) == value
    assert strict_json(text.encode()) == strict.encode()


def test_the_sample_of_a_help_page() -> None:
    text = """{
  “sequences”: [  # a list of annotation jobs
    {
      "rootId": "x1",
      "featureSet": [{"points": [{"x": 0.1, "y": 0.088,}, ...], ...}],
      ...
    },
  ]
}"""
    assert json.loads(strict_json(text)) == {
        "sequences": [{"rootId": "x1", "featureSet": [{"points": [{"x": 0.1, "y": 0.088}]}]}]
    }


@given(VALUES, st.sampled_from([None, 1]), st.booleans())
def test_strict_json_stays_as_it_is(value: Any, indent: int | None, ascii_only: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    assert strict_json(text) == text


@given(st.text(alphabet='{}[],:".\\/*#\n “”…a1 ', max_size=40))
def test_any_text_gives_text_or_a_located_error(text: str) -> None:
    try:
        strict = strict_json(text)
    except FormatError as error:
        assert error.line is not None  # noqa: PT017 - either outcome is right
        return
    assert strict.count("\n") >= text.count("\n") - 1
    assert strict_json(strict) == strict or "..." in text or "…" in text or "," in text


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [('[\n"abc', 2, "string"), ("[\n\n/* abc", 3, "comment"), ("{“abc\n}", 1, "string"), ('"\\', 1, "string")],
)
def test_what_has_no_end_is_located(text: str, line: int, what: str) -> None:
    with pytest.raises(FormatError, match=f"a {what} has no end") as caught:
        strict_json(text, label="x.json")
    assert (caught.value.line, caught.value.path) == (line, "x.json")


@pytest.mark.parametrize("text", ["[1,,2]", "[,1]", "[1 2]", "{,}", "[/]", "['a']", "[NaN,, ]"])
def test_other_mistakes_stay_mistakes(text: str) -> None:
    with pytest.raises(json.JSONDecodeError):
        json.loads(strict_json(text))


def test_bytes_must_be_utf8() -> None:
    with pytest.raises(FormatError) as caught:
        strict_json(b"[\n\xff]", label="x.json")
    assert caught.value.line == 2


@pytest.mark.parametrize("piece", ["/", '"a"', "/*x*/", "...", "“a”", "[", ",", "\\", ".", "*", "#\n", "/* * "])
def test_long_input_takes_linear_time(piece: str) -> None:
    try:
        strict_json(piece * 50_000)
    except FormatError:
        return
