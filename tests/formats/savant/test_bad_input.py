"""Damaged and wrong files: an error that names file and place, or an issue; never silence."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

import annokit
from annokit.errors import FormatError

SHAPE = {"type": "rectangle", "points": [{"x": 0.1, "y": 0.2}, {"x": 0.3, "y": 0.4}]}
FRAME = {"id": "f1", "framePath": "s3://b/1.png", "labels": [{"code": "cat", "shapes": [SHAPE]}]}
TIME = {"timestampStart": 1, "timestampEnd": 2, "label": {"code": "cut", "displayName": "Cut"}}
SEQUENCE = {"rootId": "r", "name": "one", "featureSet": [FRAME], "videoAnnotations": [TIME]}
GOOD = json.dumps({"sequences": [SEQUENCE]}).encode()
DEEP = b"[" * 100_000 + b"]" * 100_000


@pytest.mark.parametrize(
    ("data", "place", "words"),
    [
        (b"", "", "empty"),
        (bytes(range(256)), "", "wrong kind"),
        (b"[]", "", "wrong kind"),
        (b"{}", "", "no SAVANT batch"),
        (GOOD[:-1], "", "cut off"),
        (GOOD[: GOOD.index(b"rectangle")], "/sequences/0/featureSet/0/labels/0/shapes/0/type", "cut off"),
        (GOOD.replace(b"0.1", b"NaN"), "/sequences/0/featureSet/0/labels/0/shapes/0/points/0/x", "found 'NaN'"),
        (GOOD.replace(b"0.1", b"-Infinity"), "/sequences/0/featureSet/0/labels/0/shapes/0/points/0/x", "-Infinity"),
        (GOOD.replace(b'"r"', DEEP), "/sequences/0/rootId/0/0", "nested too deeply"),
        (GOOD.replace(b'"cat"', "“cat”".encode()), "/sequences/0/featureSet/0/labels/0/code", "found '“'"),
        (GOOD.replace(b'"', "“".encode()), "", "found '“'"),
        (GOOD.replace(b'"cat"', rb'"\ud83d"'), "/sequences/0/featureSet/0/labels/0/code", "surrogate"),
        (GOOD.replace(b'"cat"', b'"c\xe4t"'), "/sequences/0/featureSet/0/labels/0/code", "UTF-8"),
        (GOOD.decode().encode("utf-16"), "", "UTF-16"),
        (GOOD.replace(b'"code": "cat"', b'"code": null'), "/sequences/0/featureSet/0/labels/0", "code"),
        (GOOD.replace(b'"code": "cut"', b'"code": []'), "/sequences/0/videoAnnotations/0", "code"),
        (GOOD.replace(b"0.1", b"1" * 5000), "", "an integer is too long"),
        (b'{"sequences": {}}', "/sequences", "not a list of records"),
        (b'{"sequences": [7]}', "/sequences/0", "an object"),
    ],
)
def test_what_is_no_batch_is_an_error_with_its_place(tmp_path: Path, data: bytes, place: str, words: str) -> None:
    path = tmp_path / "broken.json"
    path.write_bytes(data)
    with pytest.raises(FormatError) as caught:
        annokit.read(path, "savant")
    assert f"broken.json{', at ' if place else ''}{place}" in str(caught.value)
    assert words in str(caught.value)


def changed(key: str, value: Any, where: dict[str, Any]) -> bytes:
    """Return the good document with one key of one of its parts changed."""
    text = json.dumps({**where, key: value}).encode()
    return GOOD.replace(json.dumps(where).encode(), text, 1)


@pytest.mark.parametrize(
    ("key", "value", "where", "place"),
    [
        ("rootId", [1], SEQUENCE, "/sequences/0/rootId"),
        ("name", 5, SEQUENCE, "/sequences/0/name"),
        ("featureSet", 5, SEQUENCE, "/sequences/0/featureSet"),
        ("videoAnnotations", {}, SEQUENCE, "/sequences/0/videoAnnotations"),
        ("id", {}, FRAME, "/sequences/0/featureSet/0/id"),
        ("framePath", 7, FRAME, "/sequences/0/featureSet/0/framePath"),
        ("labels", "x", FRAME, "/sequences/0/featureSet/0/labels"),
        ("shapes", 0, FRAME["labels"][0], "/sequences/0/featureSet/0/labels/0/shapes"),
        ("points", [{"x": 1}], SHAPE, "/sequences/0/featureSet/0/labels/0/shapes/0"),
        ("points", [{"x": 1, "y": "2"}], SHAPE, "/sequences/0/featureSet/0/labels/0/shapes/0"),
        ("type", 5, SHAPE, "/sequences/0/featureSet/0/labels/0/shapes/0"),
        ("timestampStart", "1", TIME, "/sequences/0/videoAnnotations/0/timestampStart"),
        ("timestampEnd", True, TIME, "/sequences/0/videoAnnotations/0/timestampEnd"),
    ],
)
def test_a_wrong_type_is_told_and_comes_back(
    tmp_path: Path, key: str, value: Any, where: dict[str, Any], place: str
) -> None:
    data = changed(key, value, where)
    ds = annokit.read(BytesIO(data), "savant")
    (issue,) = [issue for issue in ds.issues if issue.severity != "info"]
    assert (issue.code, issue.severity, issue.count) == ("odd-value", "warning", 1)
    assert place in issue.examples[0]
    annokit.write(ds, tmp_path / "out.json", "savant")
    assert json.loads((tmp_path / "out.json").read_bytes()) == json.loads(data)


def test_ids_that_stand_twice_are_told() -> None:
    document = {"sequences": [{**SEQUENCE, "featureSet": [FRAME, FRAME]}, SEQUENCE]}
    ds = annokit.read(BytesIO(json.dumps(document).encode()), "savant")
    (issue,) = ds.issues
    assert (issue.code, issue.severity, issue.count) == ("duplicate-id", "warning", 2)
    assert [row.detail for row in issue.rows()] == ["/sequences/0/featureSet/1/id: 'f1'", "/sequences/1/rootId: 'r'"]
