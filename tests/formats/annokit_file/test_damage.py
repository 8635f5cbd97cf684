"""Files that are cut short, altered or made up are told apart from good ones, and nothing else happens."""

import contextlib
import io
import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import annokit
from annokit.formats.annokit import reading
from annokit.formats.io import read
from tests.formats.annokit_file.samples import altered, sample, sealed, stored

DATA = stored(sample())
BEGIN = 8 + int.from_bytes(DATA[:8], "little")


def opened(data: bytes, **options: Any) -> Any:
    return read(io.BytesIO(data), "annokit", **options)


def test_cut_short(tmp_path: Path) -> None:
    path = tmp_path / "cut.annokit"
    for size in [*range(130), *range(130, len(DATA), 97), len(DATA) - 1]:
        path.write_bytes(DATA[:size])
        with pytest.raises(annokit.FormatError, match=r"cut short|can't be mapped") as caught:
            read(path, "annokit")
        assert caught.value.path == str(path)


def test_grown() -> None:
    with pytest.raises(annokit.FormatError, match="goes on after its end"):
        opened(DATA + b"\0")


def test_a_flipped_bit_in_the_header() -> None:
    for place in [*range(200), *range(200, BEGIN, 37)]:
        for bit in (0, 5):
            with pytest.raises(annokit.FormatError):
                opened(flipped(DATA, place, bit), verify=False)


def flipped(data: bytes, place: int, bit: int) -> bytes:
    changed = bytearray(data)
    changed[place] ^= 1 << bit
    return bytes(changed)


def arrays() -> dict[str, Any]:
    header = json.loads(DATA[8:BEGIN])
    del header["__metadata__"]
    return {name: line for name, line in header.items() if not name.startswith("padding/")}


def test_a_flipped_bit_in_an_array(tmp_path: Path) -> None:
    path = tmp_path / "flipped.annokit"
    for name, line in arrays().items():
        start, stop = line["data_offsets"]
        if start < stop:
            path.write_bytes(flipped(DATA, BEGIN + (start + stop) // 2, 3))
            with pytest.raises(annokit.FormatError, match=f"{name!r} does not fit its checksum"):
                read(path, "annokit")


def test_large_files_are_verified_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "AT_ONCE", 0)
    start, _ = arrays()["annotations/score:values.values"]["data_offsets"]
    changed = flipped(DATA, BEGIN + start, 0)
    assert opened(changed) != sample()
    with pytest.raises(annokit.FormatError, match=r"score:values\.values' does not fit its checksum"):
        opened(changed, verify=True)
    damaged = flipped(DATA, BEGIN + arrays()["labels"]["data_offsets"][0], 0)
    with pytest.raises(annokit.FormatError, match="'labels' does not fit its checksum"):
        opened(damaged)


def test_a_newer_version() -> None:
    newer = altered(DATA, lambda header: header["__metadata__"].update(annokit="2"))
    with pytest.raises(annokit.FormatError, match="newer annokit; update") as caught:
        opened(newer)
    assert caught.value.found == "version 2"


def test_another_file() -> None:
    for data in (b"\x89PNG\r\n\x1a\n" + bytes(100), b"{}" * 40, bytes(64), b"\xff" * 64):
        with pytest.raises(annokit.FormatError):
            opened(data)


def set_line(header: dict[str, Any], name: str, **fields: Any) -> None:
    header[name].update(fields)


LINE = "annotations/box:values"
WRONG_HEADERS = {
    "huge": lambda h: set_line(h, LINE, data_offsets=[0, 1 << 80]),
    "huge shape": lambda h: set_line(h, LINE, shape=[1 << 70, 0]),
    "negative": lambda h: set_line(h, LINE, data_offsets=[-64, 96]),
    "backwards": lambda h: set_line(h, LINE, data_offsets=[640, 576]),
    "overlapping": lambda h: set_line(h, LINE, data_offsets=[0, 160]),
    "fraction": lambda h: set_line(h, LINE, shape=[5.0, 4]),
    "truth": lambda h: set_line(h, LINE, shape=[True, 4]),
    "no list": lambda h: set_line(h, LINE, shape=7),
    "null": lambda h: set_line(h, LINE, data_offsets=None),
    "three": lambda h: set_line(h, LINE, data_offsets=[0, 1, 2]),
    "wrong size": lambda h: set_line(h, LINE, shape=[4, 4]),
    "deep": lambda h: set_line(h, LINE, shape=[1] * 60 + [5, 4]),
    "object": lambda h: set_line(h, LINE, dtype="O"),
    "dtype": lambda h: set_line(h, LINE, dtype=["U8"]),
    "gone": lambda h: h.pop(LINE),
    "line": lambda h: h.update({LINE: []}),
    "no tree": lambda h: h["__metadata__"].pop("tree"),
    "tree": lambda h: h["__metadata__"].update(tree="[]"),
    "tree type": lambda h: h["__metadata__"].update(tree={}),
    "tree text": lambda h: h["__metadata__"].update(tree="{"),
    "deep tree": lambda h: h["__metadata__"].update(tree="[" * 100_000),
    "no checksums": lambda h: h["__metadata__"].update(checksums="{}"),
    "checksum": lambda h: h["__metadata__"].update(checksums='{"labels": "1"}'),
}


@pytest.mark.parametrize("name", WRONG_HEADERS)
def test_a_header_that_lies(name: str) -> None:
    with pytest.raises(annokit.FormatError) as caught:
        opened(altered(DATA, WRONG_HEADERS[name]))
    assert caught.value.path == "<stream>"


@pytest.mark.parametrize("header", [b"", b"[]", b"{}", b'"a"', b"\xff\xfe", b"[" * 100_000, b'{"a":' * 100_000])
def test_a_header_that_is_none(header: bytes) -> None:
    for data in (
        sealed(header, b""),
        sealed(b'{"__metadata__":{"annokit":"1","digest":"' + b"0" * 32 + b'"' + header, b""),
    ):
        with pytest.raises(annokit.FormatError):
            opened(data)


def column(tree: dict[str, Any], table: str, name: str, **changes: Any) -> None:
    ((_, parts),) = tree[table]["columns"][name].items()
    parts.update(changes)


def nested(depth: int) -> dict[str, Any]:
    node: dict[str, Any] = {"Fixed": {"values": "annotations/kind:values"}}
    for _ in range(depth):
        node = {"Ragged": {"offsets": None, "values": node}}
    return node


WRONG_TREES = {
    "no table": lambda t: t.pop("sequences"),
    "no labels": lambda t: t.pop("labels"),
    "labels elsewhere": lambda t: t.update(labels="info"),
    "issues elsewhere": lambda t: t.update(issues="info"),
    "info elsewhere": lambda t: t.update(info="issues"),
    "array": lambda t: t.update(info="nothing"),
    "list": lambda t: t.update(info=["info"]),
    "length": lambda t: t["items"].update(length=4),
    "huge length": lambda t: t["items"].update(length=1 << 60),
    "no length": lambda t: t["items"].update(length=None),
    "no columns": lambda t: t["items"].update(columns=[]),
    "no name": lambda t: t["items"]["columns"].pop("name"),
    "dense": lambda t: t["items"]["columns"].update(kind=t["items"]["columns"]["id"]),
    "box": lambda t: t["annotations"]["columns"].update(box=t["annotations"]["columns"]["kind"]),
    "mask": lambda t: t["annotations"]["columns"].update(mask=t["annotations"]["columns"]["points"]),
    "type": lambda t: t["annotations"]["columns"].update(a={"Object": {}}),
    "two types": lambda t: t["annotations"]["columns"].update(a={"Fixed": {}, "Text": {}}),
    "no type": lambda t: t["annotations"]["columns"].update(a={}),
    "no parts": lambda t: t["annotations"]["columns"].update(a={"Fixed": {}}),
    "empty struct": lambda t: t["annotations"]["columns"].update(a={"Struct": {}}),
    "struct": lambda t: t["annotations"]["columns"].update(
        a={"Struct": {"x": {"Fixed": {"values": "items/kind:values"}}, "y": {"Fixed": {"values": LINE}}}}
    ),
    "deep": lambda t: t["annotations"]["columns"].update(a=nested(400)),
    "rows": lambda t: column(t, "annotations", "score", rows="annotations/kind:values"),
    "row count": lambda t: column(t, "annotations", "score", rows=None),
    "slots": lambda t: column(t, "annotations", "score", slots=LINE),
    "values": lambda t: column(t, "annotations", "score", values="annotations/score:values.values"),
    "whole": lambda t: column(t, "annotations", "box", whole="annotations/keyframe:values.values"),
    "more": lambda t: column(t, "annotations", "box", more=1),
    "extras": lambda t: t.update(extras={"Fixed": {"values": LINE}}),
    "places": lambda t: t.update(places={"0": {"items": {}}, "1": None}),
}


@pytest.mark.parametrize("name", WRONG_TREES)
def test_a_tree_that_lies(name: str) -> None:
    with pytest.raises(annokit.FormatError):
        opened(altered(DATA, WRONG_TREES[name], tree=True), verify=False)


def overwritten(name: str, value: Any) -> bytes:
    """Return the file with all numbers of an array set to `value`, and a checksum that fits."""
    from annokit.formats.annokit.layout import DTYPES

    line = arrays()[name]
    start, stop = (BEGIN + offset for offset in line["data_offsets"])
    dtype = DTYPES[line["dtype"]]
    filled = np.full((stop - start) // dtype.itemsize, value, dtype).tobytes()

    def resum(header: dict[str, Any]) -> None:
        sums = json.loads(header["__metadata__"]["checksums"])
        header["__metadata__"]["checksums"] = json.dumps({**sums, name: zlib.crc32(filled)})

    return altered(DATA[:start] + filled + DATA[stop:], resum)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("annotations/item:values", 3),
        ("annotations/item:values", -2),
        ("annotations/label:values", 2),
        ("annotations/kind:values", 200),
        ("annotations/parent:values.values", 5),
        ("annotations/points:values.offsets", 1 << 60),
        ("annotations/points:values.offsets", -1),
        ("annotations/score:rows", 99),
        ("annotations/mask:values.encoding.values", 9),
        ("annotations/mask:values.data.offsets", 1 << 40),
        ("items/name:values.data", 0xFF),
        ("items/name:values.offsets", 4),
        ("items/sequence:values", 1),
        ("items/status:values", 77),
        ("items/unit:values", 2),
        ("places/0/item:values", 1),
    ],
)
def test_numbers_that_lead_nowhere(name: str, value: int) -> None:
    with pytest.raises(annokit.FormatError, match="make no sense"):
        opened(overwritten(name, value))


@settings(deadline=None, max_examples=300)
@given(st.integers(0, len(DATA) - 1), st.binary(min_size=1, max_size=9), st.booleans())
def test_any_damage_is_an_error_or_makes_no_difference(place: int, junk: bytes, insert: bool) -> None:
    changed = DATA[:place] + junk + DATA[place + (0 if insert else len(junk)) :]
    found = sample()
    with contextlib.suppress(annokit.FormatError):
        found = opened(changed, verify=True)
    assert found == sample()
