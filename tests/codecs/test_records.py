import io
import json
import os
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annokit.codecs.records import Block, Reading, Rest, raw_records, split, split_lines
from annokit.errors import FormatError, UsageError
from annokit.limits import Limits

PATHS = ("/annotations", "/images")


def reading(window: int = 64, **facts: Any) -> Reading:
    limits = Limits(json_window=window, json_depth=facts.pop("depth", 100), record_bytes=facts.pop("record", 1 << 20))
    return Reading(label="f.json", limits=limits, **facts)


def parts(data: bytes, paths: tuple[str, ...] = PATHS, how: Reading | None = None) -> list[Block | Rest]:
    return list(split(io.BytesIO(data), dict.fromkeys(paths, raw_records), how or reading()))


def joined(found: list[Block | Rest]) -> tuple[dict[str, list[Any]], dict[str, dict[str, Any]]]:
    """Return the values of all arrays and of all enclosing objects, after checking that indices follow each other."""
    arrays: dict[str, list[Any]] = {}
    rests: dict[str, dict[str, Any]] = {}
    for part in found:
        if isinstance(part, Block):
            array = arrays.setdefault(part.pointer, [])
            assert part.first == len(array)
            array.extend(json.loads(bytes(record)) for record in part.records)
        else:
            rests[part.pointer] = {key: None if text is None else json.loads(text) for key, text in part.members}
    return arrays, rests


def failure(data: bytes, paths: tuple[str, ...] = PATHS, how: Reading | None = None) -> FormatError:
    with pytest.raises(FormatError) as caught:
        parts(data, paths, how)
    assert caught.value.path == "f.json"
    return caught.value


def test_records_and_rest_of_a_small_document() -> None:
    text = b'{"info":{"a":[1,2]},"annotations":[{"a":1},{"a":"},{\\"a\\""}],"images":[],"x/y":"z"}'
    arrays, rests = joined(parts(text))
    assert arrays == {"/annotations": [{"a": 1}, {"a": '},{"a"'}]}
    assert rests == {"": {"info": {"a": [1, 2]}, "annotations": None, "images": None, "x/y": "z"}}


def test_the_rest_is_verbatim_and_in_order() -> None:
    (rest,) = parts(b'{"b": 1.50 , "a":[ 1,\n2], "\\u0063":"\\u00e9"}')
    assert rest == Rest("", (("b", b"1.50"), ("a", b"[ 1,\n2]"), ("c", b'"\\u00e9"')))


def test_a_top_level_list() -> None:
    arrays, rests = joined(parts(b' [ {"a":1} , 2, "x,]", [3,[4]], null ] ', ("",)))
    assert arrays == {"": [{"a": 1}, 2, "x,]", [3, [4]], None]}
    assert rests == {}


def test_a_nested_array_and_both_enclosing_objects() -> None:
    text = b'{"name":"r","dataset":{"task":"t","samples":[{"n":1},{"n":2}],"z":0},"end":[]}'
    arrays, rests = joined(parts(text, ("/dataset/samples", "/samples")))
    assert arrays == {"/dataset/samples": [{"n": 1}, {"n": 2}]}
    assert rests == {"/dataset": {"task": "t", "samples": None, "z": 0}, "": {"name": "r", "dataset": None, "end": []}}


def test_a_root_that_may_be_either() -> None:
    assert joined(parts(b"[1]", ("", "/samples")))[0] == {"": [1]}
    assert joined(parts(b'{"samples":[1]}', ("", "/samples")))[0] == {"/samples": [1]}


def test_null_and_absent_arrays_have_no_blocks() -> None:
    assert joined(parts(b'{"annotations":null}')) == ({}, {"": {"annotations": None}})
    assert parts(b"{}") == [Rest("", ())]


def test_pointers_with_slash_and_tilde() -> None:
    assert joined(parts(b'{"a/b~":[1]}', ("/a~1b~0",)))[0] == {"/a~1b~0": [1]}


def test_a_pointer_without_slash_is_refused() -> None:
    with pytest.raises(UsageError, match="begins with a slash"):
        parts(b"{}", ("annotations",))


def test_a_byte_order_mark_is_accepted() -> None:
    assert joined(parts(b"\xef\xbb\xbf[1]", ("",)))[0] == {"": [1]}


def test_arrays_whose_records_begin_alike_follow_each_other() -> None:
    document = {"images": [{"id": i, "n": "x" * i} for i in range(50)], "annotations": [{"id": i} for i in range(90)]}
    for window in (16, 50, 300, 5000):
        assert joined(parts(orjson.dumps(document), how=reading(window)))[0] == {
            "/" + key: value for key, value in document.items()
        }


def test_a_record_of_many_windows() -> None:
    document = [{"a": ["x" * 3000, {"b": list(range(500))}]}, {"a": 1}, "y" * 999, 7]
    assert joined(parts(orjson.dumps(document), ("",), reading(16)))[0] == {"": document}


def test_the_window_shrinks_again_behind_a_large_record() -> None:
    text = orjson.dumps([{"a": "x" * 3000}, *({"a": i} for i in range(5000))])
    blocks = [part for part in parts(text, ("",), reading(64)) if isinstance(part, Block)]
    assert max(len(block.records) for block in blocks[4:]) < 10


class Dribble(io.RawIOBase):
    """A source with readinto alone, which gives three bytes at a time."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)

    def readinto(self, buffer: Any, /) -> int:
        piece = self._data.read(min(3, len(buffer)))
        buffer[: len(piece)] = piece
        return len(piece)


def test_a_source_of_short_reads() -> None:
    document = {"annotations": [{"id": i, "b": [i]} for i in range(40)]}
    found = list(split(Dribble(orjson.dumps(document)), {"/annotations": raw_records}, reading()))
    assert joined(found)[0] == {"/annotations": document["annotations"]}


def test_a_pipe() -> None:
    document = [{"id": i, "b": "é" * i} for i in range(400)]
    inlet, outlet = os.pipe()
    writer = threading.Thread(target=_write, args=(outlet, orjson.dumps(document)))
    writer.start()
    with os.fdopen(inlet, "rb", buffering=0) as source:
        assert joined(list(split(source, {"": raw_records}, reading(4096))))[0] == {"": document}
    writer.join()


def _write(descriptor: int, data: bytes) -> None:
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)


def test_a_zip_member(tmp_path: Path) -> None:
    document = {"annotations": [{"id": i} for i in range(1000)]}
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.json", orjson.dumps(document))
    with zipfile.ZipFile(tmp_path / "a.zip") as archive, archive.open("a.json") as member:
        assert joined(list(split(member, {"/annotations": raw_records}, reading())))[0]["/annotations"][-1] == {
            "id": 999
        }


def test_a_damaged_zip_member_is_a_format_error(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.json", orjson.dumps([{"id": i} for i in range(1000)]))
    data = bytearray((tmp_path / "a.zip").read_bytes())
    data[data.index(b"999")] = ord("8")
    with (
        zipfile.ZipFile(io.BytesIO(data)) as archive,
        archive.open("a.json") as member,
        pytest.raises(FormatError, match=r"f\.json.*damaged.*CRC"),
    ):
        list(split(member, {"": raw_records}, reading()))


def test_progress_counts_to_the_size() -> None:
    seen: list[tuple[int, int | None]] = []
    data = orjson.dumps([{"a": i} for i in range(100)])
    how = reading(progress=lambda done, total: seen.append((done, total)), total=len(data))
    parts(data, ("",), how)
    assert seen[-1] == (len(data), len(data))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_a_decoder_of_structs_and_its_refusal() -> None:
    class Row(msgspec.Struct):
        a: int

    decode = msgspec.json.Decoder(list[Row]).decode
    data = orjson.dumps([*({"a": i} for i in range(100)), {"a": "x"}, {"a": 1}])
    with pytest.raises(FormatError, match="not a record: Expected `int`, got `str`") as caught:
        list(split(io.BytesIO(data), {"": decode}, reading()))
    assert caught.value.pointer == "/100"


BAD: dict[str, tuple[bytes, str | None, str]] = {
    "empty": (b"", None, "empty"),
    "blank": (b" \n", None, "empty"),
    "list": (b"[]", None, "wrong kind (found an array; expected an object)"),
    "number": (b"3", None, "wrong kind (found a number"),
    "binary": (b"\x00\x01\x02", None, "wrong kind"),
    "utf16": (b"\xff\xfe{\x00", None, "UTF-16 text"),
    "cut in array": (b'{"annotations":[1,2', "/annotations/1", "cut off"),
    "cut behind array": (b'{"annotations":[1,2]', None, "cut off"),
    "cut in string": (b'{"annotations":[{"a":"abc', "/annotations/0/a", "cut off"),
    "cut in key": (b'{"inf', None, "cut off"),
    "cut in text": (b'{"a":"abc', "/a", "cut off"),
    "cut in number": (b'{"annotations":[1,2.', "/annotations/1", "cut off"),
    "cut in exponent": (b'{"annotations":[1,2.5e-', "/annotations/1", "cut off"),
    "cut behind minus": (b'{"annotations":[1,-', "/annotations/1", "cut off"),
    "cut in word": (b'{"annotations":[1,nul', "/annotations/1", "cut off"),
    "trailing comma": (b'{"annotations":[1,2,]}', "/annotations/2", "found ']'; expected a value"),
    "trailing comma outside": (b'{"a":1,}', None, "found '}'"),
    "lone comma": (b'{"annotations":[,]}', "/annotations/0", "found ','"),
    "missing comma": (b'{"annotations":[1 2]}', "/annotations/0", "found '2'; expected ',' or ']'"),
    "missing colon": (b'{"a" 1}', "/a", "expected ':'"),
    "missing value": (b'{"a":}', "/a", "found '}'"),
    "missing bracket": (b'{"annotations":[{"a":1}}', "/annotations/0", "found '}'"),
    "wrong bracket": (b'{"annotations":[{"a":[1}]}', "/annotations/0/a/0", "found '}'"),
    "not a number": (b'{"annotations":[{"b":1},{"a":NaN}]}', "/annotations/1/a", "found 'NaN'"),
    "infinite": (b'{"annotations":[{"a":[0,-Infinity]}]}', "/annotations/0/a/1", "found '-Infinity'"),
    "infinite outside": (b'{"a":{"b":Infinity}}', "/a/b", "found 'Infinity'"),
    "leading zero": (b'{"annotations":[01]}', "/annotations/0", "found '1'"),
    "nul": (b'{"annotations":[{"a":1\x00}]}', "/annotations/0/a", "\\x00"),
    "nul in string": (b'{"annotations":[{"a":"\x00"}]}', "/annotations/0/a", "a control character"),
    "escape": (b'{"annotations":[{"a":"\\x"}]}', "/annotations/0/a", "an unknown escape"),
    "surrogate": (b'{"annotations":["\\ud800x"]}', "/annotations/0", "not a valid string"),
    "utf8": (b'{"annotations":[{"a":"\xff"}]}', "/annotations/0/a", "UTF-8"),
    "utf8 outside": (b'{"a":"\xff"}', "/a", "UTF-8"),
    "utf8 in key": (b'{"\xff":1}', None, "UTF-8"),
    "curly quotes": ("{“a”:1}".encode(), None, "not JSON"),
    "curly quotes inside": ('{"annotations":[{“a”:1}]}'.encode(), "/annotations/0", "expected a key"),
    "comment": (b'{"annotations":[1, // one\n2]}', "/annotations/1", "found '/'"),
    "twice": (b'{"a":1,"annotations":[],"annotations":[1]}', "/annotations", "occurs twice"),
    "object": (b'{"annotations":{"1":{}}}', "/annotations", "found an object; expected an array"),
    "text": (b'{"annotations":"x"}', "/annotations", "found a string"),
    "garbage": (b'{"annotations":[]} x', None, "found 'x'"),
    "deep": (b'{"annotations":[' + b"[" * 100_000, "/annotations/0/0/0/0/0/0/0/0", "nested too deeply"),
    "deep outside": (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "/a/0/0/0/0/0/0/0", "nested too deeply"),
    "deep objects": (b'{"annotations":[' + b'{"a":' * 100_000, "/annotations/0/a/a/a/a/a/a/a", "nested too deeply"),
}


@pytest.mark.parametrize("window", [16, 1 << 19])
@pytest.mark.parametrize("name", BAD)
def test_bad_documents_are_located(name: str, window: int) -> None:
    data, pointer, words = BAD[name]
    error = failure(data, how=reading(window))
    assert error.pointer == pointer
    assert words in str(error)


def test_the_record_index_counts_through_all_blocks() -> None:
    rows = [orjson.dumps({"id": i, "a": [i]}) for i in range(3000)]
    rows[1234] = b'{"id":1234,"a":[1,,2]}'
    error = failure(b'{"annotations":[' + b",".join(rows) + b"]}", how=reading(1000))
    assert error.pointer == "/annotations/1234/a/1"


def test_nesting_beyond_the_parser_within_one_window() -> None:
    text = b'{"annotations":[{"a":1},{"a":2},' + b"[" * 2000 + b"]" * 2000 + b"]}"
    assert "nested too deeply" in str(failure(text, how=reading(1 << 19)))


def test_a_record_beyond_the_limit() -> None:
    text = b'{"annotations":[1,"' + b"x" * 10_000 + b'"]}'
    error = failure(text, how=reading(64, record=1000))
    assert (error.pointer, "larger than the limit of 1,000 bytes" in str(error)) == ("/annotations/1", True)
    error = failure(b'{"info":"' + b"x" * 10_000 + b'"}', how=reading(64, record=1000))
    assert error.pointer == "/info"


def test_constants_may_be_replaced() -> None:
    text = b'{"annotations":[{"a":NaN,"b":"NaN \\" NaN"},-Infinity],"x":[Infinity]}'
    seen: list[bytes] = []

    def replace(word: bytes) -> bytes:
        seen.append(word)
        return b"null"

    arrays, rests = joined(parts(text, how=reading(1000, constants=replace)))
    assert arrays == {"/annotations": [{"a": None, "b": 'NaN " NaN'}, None]}
    assert rests == {"": {"annotations": None, "x": [None]}}
    assert set(seen) == {b"NaN", b"-Infinity", b"Infinity"}


# --- laws


def texts() -> st.SearchStrategy[str]:
    """Strings made of what could mislead a splitter, and of anything."""
    risky = st.sampled_from([*'[]{},:"\\ \n', '},{"id"', '{"id":', '"', "\\\\", '\\"', "é", "😀", "]}"])
    return st.one_of(st.lists(risky, max_size=8).map("".join), st.text(st.characters(codec="utf-8"), max_size=5))


def values() -> st.SearchStrategy[Any]:
    scalar = st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**70), 2**70),
        st.floats(allow_nan=False, allow_infinity=False),
        texts(),
    )
    return st.recursive(
        scalar,
        lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts(), inner, max_size=4)),
        max_leaves=8,
    )


def records() -> st.SearchStrategy[list[Any]]:
    row = st.builds(
        lambda first, rest: {"id": first, **rest}, st.integers(), st.dictionaries(texts(), values(), max_size=3)
    )
    return st.one_of(
        st.lists(row, max_size=12), st.lists(values(), max_size=6), st.lists(row.flatmap(_shuffled), max_size=8)
    )


def _shuffled(row: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.permutations(list(row.items())).map(dict)


LAYOUTS: tuple[dict[str, Any], ...] = (
    {"separators": (",", ":")},
    {},
    {"indent": 1},
    {"indent": "\t", "separators": (" ,", " : ")},
    {"ensure_ascii": False},
)


@given(
    records(),
    records(),
    st.dictionaries(texts(), values(), max_size=3),
    st.integers(16, 200),
    st.sampled_from(LAYOUTS),
    st.randoms(),
)
def test_what_is_split_equals_the_document(
    first: list[Any], second: list[Any], others: dict[str, Any], window: int, layout: dict[str, Any], random: Any
) -> None:
    members = list({**others, "annotations": first, "images": second}.items())
    random.shuffle(members)
    document = dict(members)
    arrays, rests = joined(parts(json.dumps(document, **layout).encode(), how=reading(window)))
    assert {key: arrays.get("/" + key, []) for key in ("annotations", "images")} == {
        "annotations": first,
        "images": second,
    }
    assert list(rests[""]) == list(document)
    assert {key: value for key, value in rests[""].items() if key in others} == others


@given(records(), st.integers(16, 120), st.data())
def test_a_changed_byte_is_read_as_json_reads_it_or_refused(rows: list[Any], window: int, data: st.DataObject) -> None:
    text = bytearray(json.dumps(rows, separators=(",", ":")).encode())
    place = data.draw(st.integers(0, len(text) - 1))
    text[place] = data.draw(st.sampled_from(list(b'[]{},:"\\x0 \n\xff\x00')))
    expected = _strictly(bytes(text))
    if isinstance(expected, list):
        assert joined(parts(bytes(text), ("",), reading(window)))[0].get("", []) == expected
    else:
        failure(bytes(text), ("",), reading(window))


def _strictly(text: bytes) -> Any:
    """Return the document, None if it is no JSON or has a lone surrogate, which orjson refuses too."""
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return json.loads(text)


@given(records(), st.integers(16, 120), st.data())
def test_every_cut_off_document_is_refused(rows: list[Any], window: int, data: st.DataObject) -> None:
    text = json.dumps(rows, separators=(",", ":")).encode()
    cut = data.draw(st.integers(0, len(text) - 1))
    failure(text[:cut], ("",), reading(window))


# --- lines


def line_blocks(data: bytes, window: int = 64, **facts: Any) -> Iterator[Block]:
    return split_lines(io.BytesIO(data), raw_records, reading(window, **facts))


def test_lines_have_numbers_and_empty_ones_are_skipped() -> None:
    blocks = list(line_blocks(b'\xef\xbb\xbf{"a":1}\r\n\n  \n{"a":"x\\ny"}\n{"a":3}'))
    found = [
        (number, json.loads(bytes(row))) for b in blocks for number, row in zip(b.lines or (), b.records, strict=True)
    ]
    assert found == [(1, {"a": 1}), (4, {"a": "x\ny"}), (5, {"a": 3})]
    assert [block.first for block in blocks] == [0, 2][: len(blocks)]


def test_no_lines_at_all() -> None:
    assert list(line_blocks(b"")) == []
    assert list(line_blocks(b"\n\n")) == []


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (b'{"a":}', "found '}'"),
        (b'{"a":1}{"a":2}', "follows the document"),
        (b'{"a":1},{"a":2}', "follows the document"),
        (b"[1]", "found an array; expected an object"),
        (b'{"a":1', "cut off"),
        (b'{"a":"\xff"}', "UTF-8"),
        (b'{"a":NaN}', "NaN"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_bad_lines_are_located(bad: bytes, words: str) -> None:
    with pytest.raises(FormatError, match=r"f\.json") as caught:
        list(line_blocks(b'{"a":1}\n' * 30 + bad + b'\n{"a":2}\n'))
    assert caught.value.line == 31
    assert words in str(caught.value)


def test_constants_in_lines_may_be_replaced() -> None:
    (block,) = line_blocks(b'{"a":NaN}\n', 64, constants=lambda _: b"null")
    assert bytes(block.records[0]) == b'{"a":null}'


@given(st.lists(st.dictionaries(texts(), values(), max_size=4), max_size=12), st.integers(16, 200))
def test_lines_equal_the_documents(rows: list[Any], window: int) -> None:
    data = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    found = [json.loads(bytes(row)) for block in line_blocks(data, window) for row in block.records]
    assert found == rows
