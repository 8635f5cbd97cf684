"""What can't be read: told with its place, all of it in one pass."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

import annokit
from annokit import FormatError
from tests.formats.dataloop.documents import item, note, z

GOOD = item(note("box", coordinates=[z(64, 48), z(128, 96)]))


def tree(tmp_path: Path, **files: bytes) -> Path:
    """Write files into a tree, with a good one among them."""
    folder = tmp_path / "in"
    folder.mkdir()
    for name, data in {"good": json.dumps(GOOD).encode(), **files}.items():
        (folder / f"{name}.json").write_bytes(data)
    return folder


BAD = {
    "cut": b'{"filename": "/x.jpg", "annotations": [{"type": "box"',
    "comma": b'{"filename": "/x.jpg", "annotations": [],}',
    "text": b"hello",
    "nothing": b"",
    "utf16": '{"filename": "/x.jpg", "annotations": []}'.encode("utf-16"),
    "latin": '{"filename": "/\xfc.jpg", "annotations": []}'.encode("latin-1"),
    "two": b'{"filename": "/x.jpg", "annotations": []} {"a": 1}',
    "control": b'{"filename": "/\n.jpg", "annotations": []}',
    "deep": b'{"filename": "/x.jpg", "annotations": ' + b"[" * 100_000,
}


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_is_no_json(tmp_path: Path, name: str) -> None:
    folder = tree(tmp_path, **{name: BAD[name]})
    with pytest.raises(FormatError) as found:
        annokit.read(folder, "dataloop")
    assert str(found.value.path).endswith(f"{name}.json")
    ds = annokit.read(folder, "dataloop", on_bad="collect")
    assert ds.names == ("a.jpg",)
    (issue,) = ds.issues.of("bad-record")
    assert f"{name}.json" in issue.examples[0]


def test_all_of_them_in_one_pass(tmp_path: Path) -> None:
    folder = tree(tmp_path, **BAD, notes=json.dumps(item(5, note("class"), "x")).encode())
    with pytest.raises(FormatError) as found:
        annokit.read(folder, "dataloop")
    assert found.value.count == len(BAD) + 2
    for name in BAD:
        assert f"{name}.json" in str(found.value)
    assert "/annotations/0" in str(found.value)
    assert "/annotations/2" in str(found.value)
    ds = annokit.read(folder, "dataloop", on_bad="collect")
    assert ds.issues.of("bad-record").issues[0].count == len(BAD) + 2
    assert [len(entry.annotations) for entry in ds] == [1, 1]


def test_the_place_in_a_document_is_named(tmp_path: Path) -> None:
    folder = tree(tmp_path, cut=b'{"filename": "/x.jpg", "annotations": [{"type": "box", "label": tru}]}')
    with pytest.raises(FormatError) as found:
        annokit.read(folder, "dataloop")
    assert found.value.pointer == "/annotations/0/label"


def test_a_line_that_is_no_json(tmp_path: Path) -> None:
    good = json.dumps(GOOD).encode()
    path = tmp_path / "a.ndjson"
    path.write_bytes(b"\n".join([good, b'{"filename": "/x.jpg", "annotations": [}', good, b"nonsense", b""]))
    with pytest.raises(FormatError) as found:
        annokit.read(path, "dataloop")
    assert found.value.count == 2
    assert "line 2" in str(found.value)
    assert "line 4" in str(found.value)
    assert len(annokit.read(path, "dataloop", on_bad="collect")) == 2


def test_a_record_of_a_list(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(json.dumps([GOOD, item(7), GOOD, {**GOOD, "annotations": [[]]}]).encode())
    with pytest.raises(FormatError) as found:
        annokit.read(path, "dataloop")
    assert found.value.count == 2
    assert "/1/annotations/0" in str(found.value)
    assert "/3/annotations/0" in str(found.value)


def test_a_list_that_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(json.dumps([GOOD, GOOD]).encode()[:-9])
    with pytest.raises(FormatError, match=r"a\.json"):
        annokit.read(path, "dataloop")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="this user may read everything")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    folder = tree(tmp_path, closed=b"{}")
    (folder / "closed.json").chmod(0)
    with pytest.raises(FormatError, match=r"closed\.json"):
        annokit.read(folder, "dataloop")


def test_a_file_that_can_not_be_opened_is_one_of_the_bad_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tree(tmp_path, closed=json.dumps(GOOD).encode(), cut=BAD["cut"])
    real = os.open

    def refuse(path: Any, *args: Any, **rest: Any) -> int:
        if str(path).endswith("closed.json"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, *args, **rest)

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(FormatError) as found:
        annokit.read(folder, "dataloop")
    assert found.value.count == 2
    assert "closed.json" in str(found.value)
    assert len(annokit.read(folder, "dataloop", on_bad="collect")) == 1


WRONG: list[tuple[str, Any]] = [
    ("filename", 5), ("filename", None), ("filename", ["a"]), ("annotations", {}), ("annotations", "x"),
    ("metadata", []), ("metadata", "x"), ("metadata", {"system": 5}), ("metadata", {"system": {"width": "x"}}),
    ("metadata", {"system": {"exif": []}}), ("metadata", {"system": {"mimetype": 5}}), ("hidden", "no"), ("type", 7),
    ("id", {"$oid": "1"}), ("stream", 5), ("metadata", {"user": 5}), ("metadata", {"fps": "x"}),
]  # fmt: skip


@pytest.mark.parametrize(("key", "value"), WRONG)
def test_fields_of_wrong_types_cost_nothing_but_themselves(tmp_path: Path, key: str, value: Any) -> None:
    document = {**GOOD, key: value}
    path = tmp_path / "a.json"
    path.write_text(json.dumps(document))
    ds = annokit.read(path, "dataloop")
    assert len(ds) == 1
    annokit.write(ds, tmp_path / "out", "dataloop", on_loss="raise")
    (file,) = (tmp_path / "out").rglob("*.json")
    assert json.loads(file.read_bytes()) == document
    assert annokit.read(tmp_path / "out", "dataloop") == ds


def test_duplicate_items_are_two(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps([GOOD, GOOD]))
    ds = annokit.read(path)
    assert ds.names == ("a.jpg", "a.jpg")
    annokit.write(ds, tmp_path / "out", "dataloop", on_loss="raise")
    assert annokit.read(tmp_path / "out") == ds


def test_an_unknown_option(tmp_path: Path) -> None:
    with pytest.raises(annokit.UsageError, match="hidden, masks, notes, ontology, system"):
        annokit.read(tree(tmp_path), "dataloop", deleted=True)
