"""Whatever holds the documents: a folder, an archive, a file of one or many."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

import annokit
from annokit.formats.dataloop import documents as held
from annokit.formats.dataloop import reader
from tests.fixtures import fixture
from tests.formats.dataloop.documents import item, note, returned, save, written, z

BOX = note("box", coordinates=[z(64, 48), z(128, 96)])
NAMES = ("/a/ü 猫.jpg", "/a/b.jpg", "/b.png")
DOCUMENTS = [item(BOX, name=name, id=f"id{place}") for place, name in enumerate(NAMES)]


def _text(value: Any, indent: int | None = None) -> bytes:
    return json.dumps(value, indent=indent, ensure_ascii=False).encode()


def _names(ds: Any) -> list[str]:
    assert [len(entry.annotations) for entry in ds] == [1] * len(ds)
    return sorted(ds.names)


ALL = sorted(name.removeprefix("/") for name in NAMES)


@pytest.mark.parametrize("prefix", ["", "json/", "export 2024/json/"])
@pytest.mark.parametrize("kind", ["folder", "zip", "stream"])
def test_a_tree(tmp_path: Path, prefix: str, kind: str) -> None:
    path: Any = tmp_path / ("in" if kind == "folder" else "in.zip")
    files = {f"{prefix}{document['filename'][1:]}.json": _text(document) for document in DOCUMENTS}
    files[f"{prefix}empty.txt"] = b""
    if kind == "folder":
        for name, data in files.items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_bytes(data)
    else:
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in files.items():
                archive.writestr(name, data)
    given = io.BytesIO(path.read_bytes()) if kind == "stream" else path
    ds = annokit.read(given)
    assert _names(ds) == ALL
    assert [match.format for match in annokit.detect(path)] == ["dataloop"]


def test_old_names_of_files_lose_the_ending_and_the_items_do_not(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/other.json").write_bytes(_text(DOCUMENTS[1]))
    assert annokit.read(tmp_path / "in").names == ("a/b.jpg",)


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf", b" \r\n"])
def test_a_single_item_or_a_list_of_them(tmp_path: Path, indent: int | None, ending: str, start: bytes) -> None:
    one, many = tmp_path / "one.json", tmp_path / "many.json"
    one.write_bytes(start + _text(DOCUMENTS[0], indent).replace(b"\n", ending.encode() or b"\n") + ending.encode())
    many.write_bytes(start + _text(DOCUMENTS, indent).replace(b"\n", ending.encode() or b"\n") + ending.encode())
    assert _names(annokit.read(one)) == [ALL[1]]
    ds = annokit.read(many)
    assert list(ds.names) == [name.removeprefix("/") for name in NAMES]
    assert not [issue for issue in ds.issues if issue.severity != "info"]


@pytest.mark.parametrize("name", ["part.ndjson", "part.jsonl", "part.json", "part.ndjson.gz"])
@pytest.mark.parametrize("tree", [True, False])
@pytest.mark.parametrize("newline", [b"\n", b"\r\n", b"\n\n"])
def test_an_item_per_line(tmp_path: Path, name: str, tree: bool, newline: bytes) -> None:
    text = newline.join(_text(document) for document in DOCUMENTS) + newline
    path = tmp_path / "parts" / name
    path.parent.mkdir()
    path.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    assert _names(annokit.read(path.parent if tree else path)) == ALL


def test_a_manifest_beside_partitions_is_told(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_bytes(_text({"partitions": ["part-0.ndjson.gz"], "version": "V3"}))
    (tmp_path / "part-0.ndjson.gz").write_bytes(gzip.compress(b"\n".join(map(_text, DOCUMENTS))))
    ds = annokit.read(tmp_path)
    assert _names(ds) == ALL
    (issue,) = ds.issues.of("skipped-record")
    assert "manifest.json" in issue.examples[0]


def test_a_list_in_an_archive(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
        archive.writestr("5f1b.json", _text(DOCUMENTS))
    assert _names(annokit.read(tmp_path / "in.zip")) == ALL


def test_a_large_list_is_read_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held, "SMALL", 64)
    path = tmp_path / "many.json"
    path.write_bytes(_text(DOCUMENTS))
    assert _names(annokit.read(path)) == ALL
    path.write_bytes(b"\n".join(map(_text, DOCUMENTS)))
    assert _names(annokit.read(path)) == ALL


def test_only_annotations(tmp_path: Path) -> None:
    """The studio's download of a single file, and what old versions of the SDK uploaded."""
    for name, value in (("x/a.jpg", {"annotations": [BOX]}), ("b.jpg", [BOX, BOX])):
        path = tmp_path / f"json/{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_text(value))
    ds = annokit.read(tmp_path)
    assert ds.names == ("b.jpg", "x/a.jpg")
    assert [len(entry.annotations) for entry in ds] == [2, 1]
    back = written(ds, tmp_path / "back")
    assert back["json/x/a.jpg.json"] == {"annotations": [BOX]}
    assert back["json/b.jpg.json"] == {"annotations": [BOX, BOX]}
    alone = annokit.read(tmp_path / "json/b.jpg.json")
    assert (alone.names, len(alone[0].annotations)) == (("b.jpg",), 2)


def test_an_empty_tree_and_an_empty_list(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    assert len(annokit.read(tmp_path / "in", "dataloop")) == 0
    (tmp_path / "a.json").write_text("[]")
    assert len(annokit.read(tmp_path / "a.json", "dataloop")) == 0


def test_items_without_annotations_are_items(tmp_path: Path) -> None:
    ds, back = returned(tmp_path, item(), {**item(name="/b.jpg"), "annotations": []})
    assert len(back) == len(ds) == 2


def test_other_files_of_a_tree_are_told(tmp_path: Path) -> None:
    folder = save(tmp_path, DOCUMENTS[1])
    (folder / "summary.json").write_bytes(_text({"count": 1}))
    (folder / "numbers.json").write_bytes(_text([1, 2]))
    ds = annokit.read(folder)
    assert ds.names == ("a/b.jpg",)
    (issue,) = ds.issues.of("skipped-record")
    assert issue.severity == "info"
    assert sorted(line.rpartition("/")[2] for line in issue.examples) == [
        "numbers.json",
        "numbers.json",
        "summary.json",
    ]


@pytest.mark.parametrize("naming", ["V1", "V2"])
def test_names_of_documents_never_meet(tmp_path: Path, naming: str) -> None:
    names = ["a.jpg", "a.png", "A.jpg", "b/a.jpg", "b", "../x.jpg", "c:d.jpg", "con.jpg", "ü.jpg", "e/", "f.tar.gz"]
    documents = [item(BOX, name=f"/{name}", id=str(place)) for place, name in enumerate(names)]
    path = tmp_path / "in.json"
    path.write_bytes(_text(documents))
    ds = annokit.read(path)
    for target in ("out", "out.zip"):
        annokit.write(ds, tmp_path / target, "dataloop", naming=naming, on_loss="raise")
        back = annokit.read(tmp_path / target)
        assert sorted(back.names) == sorted(names)
        assert {entry.name: entry.id for entry in back} == {name: str(place) for place, name in enumerate(names)}
    files = {file.relative_to(tmp_path / "out").as_posix() for file in (tmp_path / "out").rglob("*.json")}
    assert len(files) == len(names)
    assert ("json/b/a.jpg.json" if naming == "V2" else "json/b/a.json") in files
    assert all(".." not in file for file in files)


def test_naming_is_one_of_two(tmp_path: Path) -> None:
    with pytest.raises(annokit.UsageError, match="naming='V3'; expected one of V1, V2"):
        annokit.write(annokit.read(save(tmp_path, item())), tmp_path / "out", "dataloop", naming="V3")


def test_the_name_of_an_item_is_its_filename() -> None:
    ds = annokit.read(fixture("dataloop/converters_yolo/dataloop_json"))
    assert ds["cat.jpg"].name == "cat.jpg"
    assert "sub/000000000049.jpg" in ds.names


def test_progress_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(120):
        (folder / f"{number:03d}.json").write_bytes(_text(item(BOX, name=f"/{number:03d}.jpg")))
    seen: list[tuple[int, int | None]] = []
    ds = annokit.read(folder, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(50, 120), (100, 120), (120, 120)]
    seen.clear()
    annokit.write(ds, tmp_path / "out", "dataloop", progress=lambda done, total: seen.append((done, total)))
    assert seen == [(120, 120)]


def test_keys_that_stand_twice_are_told(tmp_path: Path) -> None:
    text = b'{"filename": "/a.jpg", "annotations": [{"type": "class", "label": "x", "label": "y"}]}'
    (tmp_path / "a.json").write_bytes(text)
    (tmp_path / "b.ndjson").write_bytes(text + b"\n" + text)
    for path, count in ((tmp_path / "a.json", 1), (tmp_path / "b.ndjson", 2), (tmp_path, 3)):
        ds = annokit.read(path, "dataloop")
        assert [entry.annotations[0].label.name for entry in ds] == ["y"] * count
        (issue,) = ds.issues.of("duplicate-key")
        assert issue.count == count
        assert "annotations/0/label" in issue.examples[0]


@pytest.mark.parametrize(
    "name", ["converters_yolo/dataloop_json", "converters_voc/dataloop_json", "docs_sample_datasets"]
)
def test_pieces_of_any_size_give_the_same(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = annokit.read(fixture(f"dataloop/{name}"), "dataloop", system=True)
    for chunk, block in ((1, 1), (1, 1 << 20), (20_000, 40_000)):
        monkeypatch.setattr(reader, "CHUNK_BYTES", chunk)
        monkeypatch.setattr(reader, "BLOCK_BYTES", block)
        pieces = annokit.read(fixture(f"dataloop/{name}"), "dataloop", system=True)
        assert pieces == whole
        assert {str(issue) for issue in pieces.issues} == {str(issue) for issue in whole.issues}


def test_pieces_that_differ_in_their_keys_give_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values = [1, "x", None, 2.5, {"a": 1}, [True], "y", 7]
    documents = [
        item(
            note("class", system={"attributes": {"n": value}}, **({"more": value} if place % 2 else {})),
            note("box", coordinates=[z(place, 0), z(5.5, 6)]),
            name=f"/{place}.jpg",
            **({"extra": value} if place % 3 else {}),
        )
        for place, value in enumerate(values)
    ]
    whole, back = returned(tmp_path, *documents)
    assert back == documents
    monkeypatch.setattr(reader, "CHUNK_BYTES", 1)
    monkeypatch.setattr(reader, "BLOCK_BYTES", 1)
    assert annokit.read(tmp_path / "in") == whole
    assert returned(tmp_path / "again", *documents)[1] == documents
