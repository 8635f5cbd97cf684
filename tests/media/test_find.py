from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pytest

from annokit.errors import MediaError
from annokit.media.find import Ambiguous, MediaIndex


def tree(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return root


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("a.png", "a.png"),
        ("./a.png", "a.png"),
        ("train/b.png", "train/b.png"),
        ("train\\b.png", "train/b.png"),
        ("/train/b.png", "train/b.png"),
        ("b.png", "train/b.png"),
        ("elsewhere/b.png", "train/b.png"),
        ("https://host.example/bucket/train/b.png?X-Amz-Expires=1&x=/c.png#part", "train/b.png"),
        ("s3://bucket/deep/b.png", "train/b.png"),
        ("https://host.example/with%20space.png", "with space.png"),
        ("https://host.example/o/train%2Fb.png?alt=media", "train/b.png"),
        ("https://host.example/50%25.png", "50%25.png"),
        ("A.PNG", "a.png"),
        ("TRAIN/B.png", "train/b.png"),
        ("c.png", None),
        ("train", None),
        ("", None),
        ("https://host.example/", None),
        ("http://[bad/b.png", None),
    ],
)
def test_names_and_urls(name: str, found: str | None, tmp_path: Path) -> None:
    index = MediaIndex(tree(tmp_path, "a.png", "train/b.png", "with space.png", "50%25.png"))
    assert index.find(name) == (None if found is None else tmp_path / found)
    assert len(index) == 4


def test_two_files_of_one_name_are_ambiguous(tmp_path: Path) -> None:
    index = MediaIndex(tree(tmp_path, "train/a.png", "val/a.png", "deep/val/b.png", "b.png"))
    assert index.find("a.png") == Ambiguous("a.png", (tmp_path / "train/a.png", tmp_path / "val/a.png"))
    assert isinstance(index.find("test/a.png"), Ambiguous)
    assert isinstance(index.find("test/b.png"), Ambiguous)
    assert index.find("val/a.png") == tmp_path / "val/a.png"
    assert index.find("images/val/a.png") == tmp_path / "val/a.png"
    assert index.find("b.png") == tmp_path / "b.png"


def test_several_folders(tmp_path: Path) -> None:
    tree(tmp_path, "one/a.png", "one/c.png", "two/b.png", "two/c.png")
    index = MediaIndex([tmp_path / "one", str(tmp_path / "two")])
    assert index.find("a.png") == tmp_path / "one/a.png"
    assert index.find("b.png") == tmp_path / "two/b.png"
    assert isinstance(index.find("c.png"), Ambiguous)


def test_one_file_seen_twice_is_one_file(tmp_path: Path) -> None:
    tree(tmp_path, "images/a.png")
    index = MediaIndex([tmp_path, tmp_path / "images"])
    assert index.find("a.png") == tmp_path / "images/a.png"
    assert index.find("other/a.png") == tmp_path / "images/a.png"


def test_case_decides_before_it_is_ignored(tmp_path: Path) -> None:
    tree(tmp_path, "x/A.png", "y/a.png")
    index = MediaIndex(tmp_path)
    assert index.find("A.png") == tmp_path / "x/A.png"
    assert index.find("a.png") == tmp_path / "y/a.png"
    assert isinstance(index.find("A.PNG"), Ambiguous)


@pytest.mark.parametrize(("disk", "record"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_unicode_composition_does_not_matter(disk: str, record: str, tmp_path: Path) -> None:
    name = "Übergröße/Straße é.png"
    on_disk = unicodedata.normalize(disk, name)
    tree(tmp_path, on_disk)
    index = MediaIndex(tmp_path)
    assert index.find(unicodedata.normalize(record, name)) == tmp_path / on_disk
    assert index.find(unicodedata.normalize(record, name).upper()) == tmp_path / on_disk


def test_loops_of_links_end(tmp_path: Path) -> None:
    tree(tmp_path, "a/x.png", "b/y.png")
    (tmp_path / "a/loop").symlink_to(tmp_path)
    (tmp_path / "a/b").symlink_to(tmp_path / "b")
    (tmp_path / "b/a").symlink_to(tmp_path / "a")
    (tmp_path / "gone.png").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe.png")
    index = MediaIndex(tmp_path)
    assert index.find("x.png") is not None
    assert not isinstance(index.find("x.png"), Ambiguous)
    assert index.find("b/y.png") == tmp_path / "b/y.png"
    assert index.find("gone.png") is None
    assert index.find("pipe.png") is None


def test_what_is_not_ours_is_not_listed(tmp_path: Path) -> None:
    assert len(MediaIndex(tree(tmp_path, "__MACOSX/a.png", "._a.png", ".annokit-1/a.png", "a.png"))) == 1


def test_wrong_folders(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        MediaIndex(tmp_path / "none")
    with pytest.raises(MediaError, match="this is a file"):
        MediaIndex(tree(tmp_path, "a.png") / "a.png")


def test_an_empty_folder_and_no_folder(tmp_path: Path) -> None:
    assert MediaIndex(tmp_path).find("a.png") is None
    assert MediaIndex([]).find("a.png") is None


def test_the_folders_are_listed_once_and_late(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[object] = []
    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: (calls.append(path), scandir(path))[1])
    index = MediaIndex(tree(tmp_path, "a/x.png"))
    assert not calls
    for _ in range(3):
        index.find("x.png")
        index.find("X.PNG")
    assert len(calls) == 2


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_can_not_be_listed(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0)
    with pytest.raises(MediaError, match="closed"):
        MediaIndex(tmp_path).find("a.png")
