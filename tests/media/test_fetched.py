from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from annokit.media.fetched import MANIFEST, FetchedFiles, Owner, address
from annokit.media.find import Ambiguous, MediaIndex


def folder(root: Path, *lines: dict[str, Any]) -> FetchedFiles:
    """Make the files that the lines of a manifest name, and the manifest."""
    root.mkdir(parents=True, exist_ok=True)
    for line in lines:
        path = root / line["path"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    (root / MANIFEST).write_text("".join(json.dumps({"key": str(i), **line}) + "\n" for i, line in enumerate(lines)))
    return FetchedFiles(MediaIndex(root))


A = {"name": "f.png", "uri": "s3://b/1/f.png", "id": "f1", "sequence": "s1"}
B = {"name": "f.png", "uri": "s3://b/2/f.png", "id": "f1", "sequence": "s2"}


@pytest.mark.parametrize(
    ("owner", "path"),
    [
        (Owner(**A), "a.png"),
        (Owner(**B), "b.png"),
        (Owner("renamed.png", id="f1", sequence="s2"), "b.png"),
        (Owner("renamed.png", uri="s3://b/2/f.png"), "b.png"),
        (Owner("f.png", uri="s3://moved/f.png", id="f1", sequence="s1"), "a.png"),
        (Owner("f.png", uri="s3://b/1/f.png", id=7, sequence=9), "a.png"),
        (Owner("f.png", id="f1", sequence="s3"), None),
        (Owner("f.png", uri="s3://b/3/f.png"), None),
        (Owner("other.png", id="f1"), None),
        (Owner(**A, role="bitmap_path"), None),
    ],
)
def test_an_item_is_known_by_its_ids_then_its_address_then_its_name(
    tmp_path: Path, owner: Owner, path: str | None
) -> None:
    files = folder(tmp_path, {"path": "a.png", "owners": [A]}, {"path": "b.png", "owners": [B]})
    assert files.find(owner) == (None if path is None else tmp_path / path)


def test_a_name_alone_decides_where_nothing_contradicts_it(tmp_path: Path) -> None:
    files = folder(tmp_path, {"path": "safe_name.png", "owners": [{**A, "name": "a:b"}]})
    assert files.find(Owner("a:b")) == tmp_path / "safe_name.png"
    assert files.find(Owner("a:b", id=3)) == tmp_path / "safe_name.png"
    assert files.find(Owner("A:B")) is None


def test_a_name_of_two_files_is_ambiguous(tmp_path: Path) -> None:
    files = folder(tmp_path, {"path": "a.png", "owners": [A]}, {"path": "b.png", "owners": [B]})
    assert files.find(Owner("f.png")) == Ambiguous("f.png", (tmp_path / "a.png", tmp_path / "b.png"))


def test_a_file_of_others_is_foreign(tmp_path: Path) -> None:
    files = folder(tmp_path, {"path": "f.png", "owners": [A]}, {"path": "free.png", "owners": []})
    assert files.is_foreign(tmp_path / "f.png", Owner(**B))
    assert files.is_foreign(tmp_path / "f.png", Owner(**A, role="bitmap_path"))
    assert not files.is_foreign(tmp_path / "f.png", Owner(**A))
    assert not files.is_foreign(tmp_path / "f.png", Owner("f.png"))
    assert not files.is_foreign(tmp_path / "free.png", Owner(**B))
    assert not files.is_foreign(tmp_path / "unknown.png", Owner(**B))


def test_only_files_that_are_there_count_and_the_last_line_of_a_key(tmp_path: Path) -> None:
    folder(tmp_path, {"path": "old.png", "owners": [A], "key": "k"}, {"path": "new.png", "owners": [A], "key": "k"})
    assert FetchedFiles(MediaIndex(tmp_path)).find(Owner(**A)) == tmp_path / "new.png"
    (tmp_path / "new.png").unlink()
    assert FetchedFiles(MediaIndex(tmp_path)).find(Owner(**A)) is None


def test_manifests_lie_anywhere_below_and_lines_that_make_no_sense_are_skipped(tmp_path: Path) -> None:
    folder(tmp_path / "deep" / "er", {"path": "x/a.png", "owners": [A]})
    manifest = tmp_path / "deep" / "er" / MANIFEST
    manifest.write_bytes(b'\xff\n{"key": 1}\n[]\n\n' + manifest.read_bytes() + b'{"key": "torn", "pa')
    assert FetchedFiles(MediaIndex(tmp_path)).find(Owner(**A)) == tmp_path / "deep" / "er" / "x" / "a.png"


def test_a_manifest_leads_to_listed_files_only(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(b"x")
    inside = tmp_path / "in"
    folder(inside, {"path": "a.png", "owners": [B]})
    (inside / MANIFEST).write_text(json.dumps({"key": "k", "path": "../secret.png", "owners": [A]}))
    assert FetchedFiles(MediaIndex(inside)).find(Owner(**A)) is None


def test_the_current_folder_is_a_folder_like_any_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder(tmp_path, {"path": "a.png", "owners": [A]})
    monkeypatch.chdir(tmp_path)
    for spelling in (".", "./", tmp_path.name + "/..", "../" + tmp_path.name):
        if not Path(spelling).is_dir():
            continue
        files = FetchedFiles(MediaIndex(spelling))
        assert files.find(Owner(**A)) is not None
        assert files.is_foreign(Path(spelling) / "a.png", Owner(**B))


@pytest.mark.parametrize(
    ("uri", "found"),
    [
        (None, None),
        ("images/a.png", None),
        ("https://u:p@host/a.png?X-Amz-Signature=1&X-Amz-Date=2", "https://host/a.png"),
        ("http://host:notaport/a", None),
    ],
)
def test_addresses_are_urls_without_what_changes(uri: str | None, found: str | None) -> None:
    assert address(uri) == found
    assert address("https://h/i?id=1") != address("https://h/i?id=2")
