import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annokit.codecs.json_fields import ABSENT, FieldDecoder, Fields


def decoded(fields: Fields) -> list[Any]:
    """Return the records again, from columns, further members and odd records."""
    rows: list[Any] = []
    for number in range(len(fields)):
        if number in fields.odd:
            assert all(column[number] is ABSENT for column in fields.columns.values())
            rows.append(json.loads(fields.odd[number]))
            continue
        row = {key: json.loads(bytes(column[number])) for key, column in fields.columns.items() if len(column[number])}
        row.update({key: json.loads(bytes(raw)) for key, raw in fields.further.get(number, {}).items()})
        rows.append(row)
    return rows


def test_columns_in_the_order_of_first_appearance() -> None:
    fields = FieldDecoder()(b'[{"b":1,"a":[1, 2]},{"c":"x","a":null}]')
    assert list(fields.columns) == ["b", "a", "c"]
    assert {key: [bytes(raw) for raw in column] for key, column in fields.columns.items()} == {
        "b": [b"1", b""],
        "a": [b"[1, 2]", b"null"],
        "c": [b"", b'"x"'],
    }


def test_a_key_that_no_record_has() -> None:
    assert [len(raw) for raw in FieldDecoder()(b'[{"a":1},{"a":2}]').column("z")] == [0, 0]


def test_new_keys_are_learnt_and_old_ones_stay() -> None:
    decode = FieldDecoder()
    blocks: list[list[Any]] = [[{"a": 1}], [{"a": 2}], [{"b": 3}, {"a": 4, "é x": 5}], [{"b": 6, "": 7}], [{}], []]
    for block in blocks:
        assert decoded(decode(json.dumps(block).encode())) == block
    assert decode.keys == ["a", "b", "é x", ""]


def test_keys_that_the_typed_parser_refuses_go_to_further() -> None:
    decode = FieldDecoder()
    block = [{"a": 1, 'q"': 2}, {"b\\": {"c": 3}}, {"a": 4, "\n": 5}, {"a": 6}]
    for _ in range(2):
        fields = decode(json.dumps(block).encode())
        assert sorted(fields.further) == [0, 1, 2]
        assert decoded(fields) == block


def test_keys_beyond_the_cap_go_to_further() -> None:
    decode = FieldDecoder(columns=3)
    block = [{f"k{i}": i, "id": i} for i in range(10)]
    for _ in range(2):
        fields = decode(json.dumps(block).encode())
        assert list(fields.columns) == ["k0", "id", "k1"]
        assert decoded(fields) == block


def test_records_that_are_no_objects_are_odd() -> None:
    decode = FieldDecoder()
    fields = decode(b'[{"a":1},null,[{"a":2}],"x",{"a":3}]')
    assert fields.odd == {1: b"null", 2: b'[{"a":2}]', 3: b'"x"'}
    assert decoded(fields) == [{"a": 1}, None, [{"a": 2}], "x", {"a": 3}]


@pytest.mark.parametrize("text", [b"[1,", b"[{}", b"[{]", b'[{"a":1}}', b"[{'a':1}]"])
def test_what_is_not_json_is_refused_before_and_after_learning(text: bytes) -> None:
    decode = FieldDecoder()
    for _ in range(2):
        with pytest.raises(msgspec.DecodeError):
            decode(text)
        decode(b'[{"a":1}]')


def keys() -> st.SearchStrategy[str]:
    return st.one_of(
        st.sampled_from(["id", "bbox", "id ", 'a"', "a\\b", "\x00", "f0", "__class__", "é"]), st.text(max_size=3)
    )


@given(
    st.lists(
        st.lists(st.one_of(st.dictionaries(keys(), st.integers(), max_size=5), st.integers(), st.none()), max_size=6),
        max_size=6,
    ),
    st.integers(0, 6),
)
def test_no_member_is_lost(blocks: list[list[Any]], cap: int) -> None:
    decode = FieldDecoder(columns=cap)
    for block in blocks:
        assert decoded(decode(json.dumps(block).encode())) == block
    assert len(decode.keys) <= cap
