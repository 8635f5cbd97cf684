from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annokit.codecs import json_repeats
from annokit.codecs.json_repeats import Repeats, may_repeat, repeats
from annokit.codecs.records import Reading, raw_records, split, split_lines

KEYS = [
    "",
    "a",
    "b",
    ":",
    "{",
    "}",
    "y",
    "abcdefgh1",
    "abcdefgh2",
    "12345678x12345678",
    "12345678y12345678",
    'é"',
    "\\",
]
SCALARS = st.sampled_from(["1", "-2.5", "null", '"a:b"', '"{"', '"}"', r'"q\""', r'"\\"', '""', "NaN"])


@st.composite
def objects(draw: st.DrawFn, inner: st.SearchStrategy[str]) -> str:
    """Return the text of an object, its keys drawn from few."""
    members = draw(st.lists(st.tuples(st.sampled_from(KEYS), inner), max_size=4))
    colon = draw(st.sampled_from([":", ": ", " :", "\n: "]))
    return "{" + ",".join(json.dumps(key) + colon + value for key, value in members) + "}"


def arrays(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(inner, max_size=3).map(lambda values: "[" + ", ".join(values) + "]")


TEXTS = arrays(st.recursive(SCALARS, lambda inner: objects(inner) | arrays(inner), max_leaves=25))


@settings(max_examples=300)
@given(TEXTS)
def test_no_is_certain(text: str) -> None:
    assert may_repeat(text.encode()) or not list(repeats(text.encode()))


@given(st.binary(max_size=60) | st.text('{}[]":,\\ a', max_size=60).map(str.encode))
def test_what_is_no_json_does_no_harm(data: bytes) -> None:
    may_repeat(data)
    list(repeats(data))


@pytest.mark.parametrize(
    ("text", "places"),
    [
        (b'[{"a":1,"b":2},{"a":1,"a":2,"a":3}]', ["/1/a", "/1/a"]),
        (b'[{"a":{"b":[{"c":1,"c":2}]}},{"a":{"b":1},"a":2}]', ["/0/a/b/0/c", "/1/a"]),
        (rb'[{"a":1,"\u0061":2}]', ["/0/a"]),
        (b'[{"a/b":{"~":1,"~":1}}]', ["/0/a~1b/~0"]),
        (b'[{"a":"a","b":"a"},{"a":{"a":{"a":1}}}]', []),
        (b"[]", []),
    ],
)
def test_places_are_pointers(text: bytes, places: list[str]) -> None:
    assert list(repeats(text)) == places
    assert may_repeat(text) or not places


def test_objects_of_one_kind_are_told_apart_from_those_that_repeat() -> None:
    records = [{"id": i, "name": "a:b", "inner": {"id": i, "name": "x"}} for i in range(500)]
    text = json.dumps(records).encode()
    assert not may_repeat(text)
    assert may_repeat(text.replace(b'"inner": {"id": 250', b'"inner": {"id": 1, "id": 250'))


def found(data: bytes, **facts: Any) -> Repeats:
    kept = Repeats()
    for _ in split(io.BytesIO(data), {"/rows": raw_records}, Reading(repeats=kept, **facts)):
        pass
    kept.issues()
    return kept


def test_the_splitter_tells_of_records_and_of_what_stands_beside_them() -> None:
    rows = b",".join(b'{"id":%d,"x":1%s}' % (i, b',"x":2' if i % 100 == 7 else b"") for i in range(300))
    kept = found(b'{"meta":{"a":{"k":1,"k":1}},"rows":[' + rows + b"]}", place="a.json")
    assert kept.count == 4
    assert sorted(kept.places) == ["a.json/meta/a/k", "a.json/rows/107/x", "a.json/rows/207/x", "a.json/rows/7/x"]
    (issue,) = kept.issues()
    assert (issue.code, issue.severity, issue.count, issue.fate) == ("duplicate-key", "warning", 4, "dropped")


def test_lines_are_named_by_number() -> None:
    kept = Repeats()
    list(split_lines(io.BytesIO(b'{"a":1}\n\n{"b":1,"b":2}\n'), raw_records, Reading(repeats=kept, place="x.ndjson")))
    assert kept.issues()[0].examples == ("x.ndjson line 3 /b",)


def test_of_a_very_large_source_a_part_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_repeats, "WHOLE", 30)
    kept = Repeats()
    for _ in range(42):
        kept.look(b'[{"a":1,"a":2}]')
    assert kept.count == 2 + 40 // json_repeats.SPARSE


def test_nothing_found_is_no_issue() -> None:
    assert Repeats().issues() == []
