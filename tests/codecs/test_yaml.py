"""The YAML of dataset files: what is read means what PyYAML reads, what could run code or grow is refused."""

import string
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from annokit.codecs.yaml import Plain, dump_scalar, dump_yaml, parse_yaml, typed
from annokit.errors import FormatError

PLENTY = settings(deadline=None, suppress_health_check=list(HealthCheck))

LISTED = (
    "cat|no|1|a: b|a b|- x|'q'|\"d\"|ünï|#c|x # y|{a}|[b]|é\n f||~|null| lead|trail |日本|on|1e3|>|a,b|?|&x|*y|!t|%z|@w|`v"
    "|tab\tx|\\|a\\nb|\x07|😀|y|0777|1_0|12:30|=|<<|n|Yes|+1|.5|-|--- x|..."
)
WORDS = st.sampled_from([*LISTED.split("|"), "|", "a" * 90 + " " + "b" * 30])
SCALARS = WORDS | st.integers(-5, 99) | st.floats(allow_nan=False, allow_infinity=False) | st.booleans() | st.none()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4), max_leaves=12
)


def told(text: str) -> Any:
    """What PyYAML reads, all scalars as text, nothing as empty text."""
    value = yaml.load(text, yaml.BaseLoader)
    return "" if value is None else value


@PLENTY
@given(
    value=VALUES,
    flow=st.sampled_from([True, False, None]),
    style=st.sampled_from([None, None, '"', "'"]),
    width=st.sampled_from([20, 80, 1000]),
    indent=st.sampled_from([2, 4]),
    start=st.booleans(),
)
def test_what_pyyaml_writes_is_read(value: Any, flow: Any, style: Any, width: int, indent: int, start: bool) -> None:
    text = yaml.safe_dump(
        value, default_flow_style=flow, default_style=style, width=width, indent=indent, explicit_start=start,
        allow_unicode=True, sort_keys=False,
    )  # fmt: skip
    assume("!!" not in text and "? " not in text and "\u2028" not in text)
    assert parse_yaml(text) == told(text)


PIECES = st.sampled_from(
    [
        "",
        "a",
        "b c",
        "1",
        "- ",
        "-",
        ": ",
        ":",
        " ",
        "# x",
        "#",
        "'",
        '"',
        "'q'",
        '"d"',
        "[",
        "]",
        "{",
        "}",
        ", ",
        ",",
        "? ",
    ]
    + [
        "&a",
        "*a",
        "!t",
        "%",
        "@",
        "---",
        "...",
        "\\n",
        "\\",
        "é",
        "key: v",
        "names:",
        "x: ",
        "''",
        "0: ",
        "~",
        "|\n",
        ">-\n",
    ]
    + ["\n" + " " * count for count in range(5)]
    + ["\r\n", "\n- ", "\n  - ", "\nk: ", "\n  k: "]
)


@settings(PLENTY, max_examples=400)
@given(st.lists(PIECES, max_size=14).map("".join))
def test_any_text_is_refused_or_read_as_pyyaml_reads_it(text: str) -> None:
    try:
        found = parse_yaml(text)
    except FormatError:
        return
    assume("|" not in text and ">" not in text)
    assert found == told(text)


@PLENTY
@given(VALUES)
def test_what_is_written_is_read_by_both(value: Any) -> None:
    text = dump_yaml(value)
    assert typed(parse_yaml(text)) == value
    assert yaml.safe_load(text) == value


@PLENTY
@given(st.text(st.characters(codec="utf-8"), max_size=12))
def test_every_text_can_be_a_name(name: str) -> None:
    text = f"names:\n  0: {dump_scalar(name)}\n"
    assert parse_yaml(text) == {"names": {"0": name}}
    assert yaml.safe_load(text) == {"names": {0: name}}


def test_names_stay_as_they_stand() -> None:
    assert parse_yaml("names: [no, 1, 1.50, ~, Yes, '7']")["names"] == ["no", "1", "1.50", "~", "Yes", "7"]
    assert [type(name) for name in parse_yaml("[no, 'no']")] == [Plain, str]


def test_a_download_script_is_text() -> None:
    text = "path: x\ndownload: |\n  from os import system\n\n  system('rm')  # bad\nnames: [a]\n"
    assert parse_yaml(text) == told(text)
    assert parse_yaml(text)["download"].startswith("from os")


def test_lists_need_no_indentation() -> None:
    assert parse_yaml("names:\n- a\n- b: 1\n  c: 2\nnc: 2\n") == {"names": ["a", {"b": "1", "c": "2"}], "nc": "2"}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1\nb: &x 2\n", 2),
        ("a: *x\n", 1),
        ("a: !!python/object:os.system ls\n", 1),
        ("%YAML 1.1\n---\na: 1\n", 1),
        ("? a\n: b\n", 1),
        ("a:\n\tb: 1\n", 2),
        ("a: [1, 2\n", 2),
        ("a: 'x\n", 1),
        ("a: 1\n b: 2\n", 2),
        ("a: b: c\n", 1),
        ("a: 1\na: 2\n", 2),
        ("a: 1\n---\nb: 2\n", 2),
        ('a: "\\q"\n', 1),
        ("[" * 100, 1),
        ("a: \x00\n", 1),
        ("- a\nb: 1\n", 2),
    ],
)
def test_what_is_refused_is_located(text: str, line: int) -> None:
    with pytest.raises(FormatError) as caught:
        parse_yaml(text, path="data.yaml")
    assert (caught.value.path, caught.value.line) == ("data.yaml", line)


def test_a_large_file_is_read_in_time() -> None:
    names = [f"class {number} {string.ascii_letters}" for number in range(5_000)]
    text = "names:\n" + "".join(f"  {number}: {name}\n" for number, name in enumerate(names))
    assert list(parse_yaml(text)["names"].values()) == names


def test_typed_values_are_those_of_yaml() -> None:
    text = "[1, -2, 1.5, 1.0e+3, yes, off, null, ~, '', 'no', x, 007]"
    assert typed(parse_yaml(text)) == [1, -2, 1.5, 1000.0, True, False, None, None, "", "no", "x", "007"]
