from __future__ import annotations

import errno
import io
import os
import sys
import zipfile
from pathlib import Path
from typing import Any, Literal

import pytest

from annokit.codecs.output import Output, open_output
from annokit.codecs.source import open_source
from annokit.errors import AnnokitError, MissingExtraError, UsageError

Kind = Literal["file", "folder", "zip"]
PLACES: list[tuple[Kind, str]] = [("file", "out.json"), ("folder", "out"), ("zip", "out.zip"), ("folder", "out.zip")]
each_kind = pytest.mark.parametrize(("kind", "name"), PLACES)


def files(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def content(path: Path) -> bytes | dict[str, bytes]:
    with open_source(path) as source:
        return {name: source.read(name) for name in source.names()}


@each_kind
def test_it_appears_only_when_done(kind: Kind, name: str, tmp_path: Path) -> None:
    place = tmp_path / name
    with open_output(place, kind=kind) as output:
        output.write("out.json", b"data")
        assert not place.exists()
        assert all(entry.name.startswith(".annokit-") for entry in tmp_path.iterdir())
        assert output.label == str(place)
    assert content(place) == {"out.json": b"data"}
    assert [entry.name for entry in tmp_path.iterdir()] == [name]


@each_kind
@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_a_failure_leaves_nothing(kind: Kind, name: str, error: type[BaseException], tmp_path: Path) -> None:
    def attempt() -> None:
        with open_output(tmp_path / "new" / "deep" / name, kind=kind) as output:
            file = output.open("a")
            file.write(b"half")
            raise error

    with pytest.raises(error):
        attempt()
    assert list(tmp_path.iterdir()) == []


@each_kind
def test_a_failure_leaves_the_old_data(kind: Kind, name: str, tmp_path: Path) -> None:
    place = tmp_path / name
    with open_output(place, kind=kind) as output:
        output.write("a", b"old")
    before = content(place)

    def attempt(overwrite: bool) -> None:
        with open_output(place, kind=kind, overwrite=overwrite) as output:
            output.write("a", b"new")
            raise KeyboardInterrupt

    with pytest.raises(UsageError, match="overwrite=True"):
        attempt(False)
    with pytest.raises(KeyboardInterrupt):
        attempt(True)
    assert content(place) == before
    assert len(list(tmp_path.iterdir())) == 1


@each_kind
def test_overwriting(kind: Kind, name: str, tmp_path: Path) -> None:
    place = tmp_path / name
    for data, member in ((b"old", "a"), (b"new", "b")):
        with open_output(place, kind=kind, overwrite=True) as output:
            output.write(member, data)
    assert list(content(place).values()) == [b"new"]  # type: ignore[union-attr]
    assert len(list(tmp_path.iterdir())) == 1


@each_kind
def test_folders_above_are_made(kind: Kind, name: str, tmp_path: Path) -> None:
    with open_output(str(tmp_path / "x" / "y" / name), kind=kind) as output:
        output.write("a", b"1")
    assert (tmp_path / "x" / "y" / name).exists()


def test_the_wrong_kind_is_there(tmp_path: Path) -> None:
    (tmp_path / "folder.zip").mkdir()
    (tmp_path / "file").touch()
    for name, kind in (("folder.zip", "zip"), ("folder.zip", "file"), ("file", "folder")):
        with (
            pytest.raises(UsageError, match="expected a path for a"),
            open_output(
                tmp_path / name,
                kind=kind,
                overwrite=True,  # type: ignore[arg-type]
            ),
        ):
            pass
    with pytest.raises(AnnokitError, match="can't be written"), open_output(tmp_path / "file" / "x", kind="file"):
        pass


def test_an_empty_folder_is_filled_in_place(tmp_path: Path) -> None:
    place = tmp_path / "out"
    place.mkdir()
    inode = place.stat().st_ino
    with open_output(place, kind="folder") as output:
        output.write("a/b", b"1")
    assert files(place) == {"a/b": b"1"}
    assert place.stat().st_ino == inode
    assert [entry.name for entry in place.iterdir()] == ["a"]


def test_an_empty_folder_stays_after_a_failure(tmp_path: Path) -> None:
    place = tmp_path / "out"
    place.mkdir()
    with pytest.raises(ValueError, match="no"), open_output(place, kind="folder") as output:  # noqa: PT012 - the failure leaves the inner block
        output.write("a/b", b"1")
        raise ValueError("no")
    assert list(place.iterdir()) == []


def test_a_link_to_a_folder_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real/old").touch()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with open_output(tmp_path / "link", kind="folder", overwrite=True) as output:
        output.write("new", b"1")
    assert (tmp_path / "link").is_symlink()
    assert files(tmp_path / "real") == {"new": b"1"}


def test_the_current_and_the_home_folder_are_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "a/b")
    with pytest.raises(UsageError, match="current folder"), open_output(tmp_path / "a", kind="folder", overwrite=True):
        pass
    monkeypatch.chdir("/")
    monkeypatch.setenv("HOME", str(tmp_path / "a"))
    with pytest.raises(UsageError, match="home folder"), open_output(tmp_path, kind="folder", overwrite=True):
        pass


def test_a_swap_that_fails_is_undone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "out"
    place.mkdir()
    (place / "old").write_bytes(b"old")
    rename, calls = Path.rename, []

    def failing(self: Path, target: Path) -> Path:
        calls.append(target)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(KeyboardInterrupt), open_output(place, kind="folder", overwrite=True) as output:
        output.write("new", b"new")
    assert files(tmp_path) == {"out/old": b"old"}
    assert [entry.name for entry in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("name", ["out", "out.zip"])
@pytest.mark.parametrize(
    "member", ["C:x", "../x", "/x", "a/../../x", "..", ".", "", "a/", "C:/x", "a\\b", "a\0b", "a/.."]
)
def test_names_that_leave_the_output(name: str, member: str, tmp_path: Path) -> None:
    def attempt(act: str) -> None:
        with open_output(tmp_path / name, kind="folder") as output:
            output.write("a/first", b"")
            if act == "write":
                output.write(member, b"1")
            else:
                output.open(member)

    for act in ("write", "open"):
        with pytest.raises(UsageError, match="is no name"):
            attempt(act)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", ["out", "out.zip"])
def test_one_name_twice(name: str, tmp_path: Path) -> None:
    (tmp_path / "src").write_bytes(b"3")

    def attempt(act: Any) -> None:
        with open_output(tmp_path / name, kind="folder") as output:
            output.write("a/x", b"1")
            act(output)

    acts = [
        lambda output: output.write("a/x", b"2"),
        lambda output: output.open("a/x"),
        lambda output: output.copy("a/x", tmp_path / "src"),
        lambda output: output.link("a/x", tmp_path / "src"),
    ]
    for act in acts:
        with pytest.raises(UsageError, match="twice"):
            attempt(act)
    assert [entry.name for entry in tmp_path.iterdir()] == ["src"]


@pytest.mark.parametrize("name", ["out", "out.zip"])
def test_every_way_to_write(name: str, tmp_path: Path) -> None:
    (tmp_path / "src.png").write_bytes(b"pixels")
    with open_output(tmp_path / name, kind="folder") as output:
        with output.open("ä/one") as one, output.open("ä/two") as two:
            one.write(b"1")
            two.write(b"2")
            one.write(b"1")
        output.copy("c.png", tmp_path / "src.png")
        output.link("d/l.png", str(tmp_path / "src.png"))
        output.write("e", memoryview(b"view"))
        output.write("f", b"")
        output.open("g").close()
    assert content(tmp_path / name) == {
        "ä/one": b"11",
        "ä/two": b"2",
        "c.png": b"pixels",
        "d/l.png": b"pixels",
        "e": b"view",
        "f": b"",
        "g": b"",
    }
    if name == "out":
        assert (tmp_path / "out/d/l.png").stat().st_ino == (tmp_path / "src.png").stat().st_ino
        assert (tmp_path / "out/c.png").stat().st_ino != (tmp_path / "src.png").stat().st_ino


def test_a_link_falls_back_to_a_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "src").write_bytes(b"1")

    def refuse(*_: object) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    with open_output(tmp_path / "out", kind="folder") as output:
        output.link("x", tmp_path / "src")
    assert files(tmp_path / "out") == {"x": b"1"}


@each_kind
def test_a_missing_source_is_a_missing_file(kind: Kind, name: str, tmp_path: Path) -> None:
    for act in ("copy", "link"):
        with pytest.raises(FileNotFoundError), open_output(tmp_path / name, kind=kind) as output:
            getattr(output, act)("x", tmp_path / "none")
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    def attempt() -> None:
        with open_output(tmp_path / "out", kind="folder") as output:
            monkeypatch.setattr(os, "write", full)
            output.write("a/b", b"1")

    with pytest.raises(AnnokitError, match="a/b: can't be written: No space left"):
        attempt()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_device() -> None:
    with pytest.raises(AnnokitError, match="No space left"), open_output("/dev/full", kind="file") as output:
        output.write("x", b"1" * 100)


def test_a_special_file_is_written_to_and_stays() -> None:
    with open_output(os.devnull, kind="file") as output:
        output.write("x", b"1")
    assert Path(os.devnull).is_char_device()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
@each_kind
def test_a_read_only_folder(kind: Kind, name: str, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(AnnokitError, match="can't be written: Permission"), open_output(tmp_path / name, kind=kind):
        pass


def test_one_file_is_one_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="twice"), open_output(tmp_path / "x", kind="file") as output:  # noqa: PT012 - the failure leaves the inner block
        output.write("", b"1")
        output.write("", b"2")
    with open_output(tmp_path / "x", kind="file") as output:
        (tmp_path / "src").write_bytes(b"abc")
        output.copy("x", tmp_path / "src")
    assert (tmp_path / "x").read_bytes() == b"abc"


def test_a_file_that_appears_meanwhile_is_not_lost(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="overwrite=True"), open_output(tmp_path / "x", kind="file") as output:  # noqa: PT012 - the failure leaves the inner block
        output.write("", b"1")
        (tmp_path / "x").write_bytes(b"other")
    assert files(tmp_path) == {"x": b"other"}


def test_streams() -> None:
    stream = io.BytesIO()
    with open_output(stream, kind="file") as output:
        output.write("x", b"data")
        assert stream.getvalue() == b""
    assert stream.getvalue() == b"data"
    stream = io.BytesIO()
    with open_output(stream, kind="folder") as output:
        assert output.kind == "zip"
        output.write("a/b", b"1")
    assert not stream.closed
    assert zipfile.ZipFile(stream).read("a/b") == b"1"
    with pytest.raises(UsageError, match="StringIO"):
        open_output(io.StringIO(), kind="file")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="NoneType"):
        open_output(None, kind="file")  # type: ignore[arg-type]


def test_a_failure_writes_nothing_to_a_stream() -> None:
    for kind in ("file", "zip"):
        stream = io.BytesIO()
        with pytest.raises(ValueError, match="no"), open_output(stream, kind=kind) as output:  # type: ignore[arg-type]  # noqa: PT012 - the failure leaves the inner block
            output.write("x", b"data")
            raise ValueError("no")
        assert stream.getvalue() == b""


def test_an_archive_is_the_same_every_time(tmp_path: Path) -> None:
    def pack(name: str) -> bytes:
        with open_output(tmp_path / name, kind="folder") as output:
            output.write("a.json", b"{}" * 100)
            output.write("b.PNG", b"\0" * 100)
            with output.open("c.txt") as file:
                file.write(b"x" * 100)
        return (tmp_path / name).read_bytes()

    assert pack("one.zip") == pack("two.zip")
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        infos = {info.filename: info for info in archive.infolist()}
    assert {name: info.compress_type for name, info in infos.items()} == {"a.json": 8, "b.PNG": 0, "c.txt": 8}
    assert {info.date_time for info in infos.values()} == {(1980, 1, 1, 0, 0, 0)}
    assert {info.external_attr >> 16 for info in infos.values()} == {0o644}


def test_encryption(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match=r"ends in \.zip"):
        open_output(tmp_path / "x", kind="folder", password="S3cr3t!")
    with pytest.raises(UsageError, match="empty"):
        open_output(tmp_path / "x.zip", kind="folder", password="")
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "pyzipper", None)
        with pytest.raises(MissingExtraError, match=r"annokit\[zip\]"):
            open_output(tmp_path / "x.zip", kind="folder", password="S3cr3t!")
    pytest.importorskip("pyzipper")
    (tmp_path / "src").write_bytes(b"1" * 1000)
    with open_output(tmp_path / "x.zip", kind="folder", password="S3cr3t!") as output:
        output.write("a.json", b"{}")
        output.copy("c.png", tmp_path / "src")
        with output.open("b/c.txt") as file:
            file.write(b"hello")
    with open_source(tmp_path / "x.zip", password="S3cr3t!") as source:
        assert source.read("a.json") == b"{}"
        assert source.read("b/c.txt") == b"hello"
        assert source.read("c.png") == b"1" * 1000
    with pytest.raises(AnnokitError, match="password"):
        open_source(tmp_path / "x.zip")
    assert b"hello" not in (tmp_path / "x.zip").read_bytes()


def test_many_small_files_are_written_with_one_open_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = {"open": 0, "mkdir": 0}
    os_open, mkdir = os.open, Path.mkdir

    def counted_open(*args: Any, **options: Any) -> int:
        calls["open"] += 1
        return os_open(*args, **options)

    def counted_mkdir(self: Path, *args: Any, **options: Any) -> None:
        calls["mkdir"] += 1
        mkdir(self, *args, **options)

    with open_output(tmp_path / "out", kind="folder") as output:
        monkeypatch.setattr(os, "open", counted_open)
        monkeypatch.setattr(Path, "mkdir", counted_mkdir)
        for index in range(50):
            output.write(f"labels/train/{index}.txt", b"0 0.5 0.5 1 1\n")
        monkeypatch.undo()
    assert calls["open"] == 50
    assert calls["mkdir"] <= 6
    assert len(files(tmp_path / "out")) == 50


def test_an_output_is_abstract() -> None:
    with pytest.raises(TypeError):
        Output()  # type: ignore[abstract]
