from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from annokit.errors import FetchError
from annokit.remote.download import download
from annokit.remote.fake import FakeAnswer, FakeTransport
from annokit.remote.folder import Folder, PartFile, disk_error
from annokit.remote.job import Job
from annokit.remote.signals import HaltError, StoppedError
from tests.remote.samples import png


def fails(code: int) -> object:
    def act(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    return act


def jobs(count: int = 40) -> tuple[list[Job], FakeTransport]:
    script = {f"https://h/{i}.png": [FakeAnswer(200, png(i))] for i in range(count)}
    return [Job.of_url(url, f"{i}.png") for i, url in enumerate(script)], FakeTransport(script)


def test_a_part_is_renamed_last(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "new" / "folder")
    part = PartFile(folder)
    part.write(b"abc")
    part.write(b"def")
    assert part.length == 6
    assert not (folder.path / "a.bin").exists()
    changed = part.publish(folder.target("a.bin"))
    assert (folder.path / "a.bin").read_bytes() == b"abcdef"
    assert (folder.path / "a.bin").stat().st_mtime_ns == changed
    assert [p.name for p in folder.path.iterdir()] == ["a.bin"]


def test_a_part_can_begin_again(tmp_path: Path) -> None:
    part = PartFile(Folder(tmp_path))
    part.write(b"wrong bytes")
    part.restart()
    part.write(b"right")
    assert part.head == b"right"
    part.publish(str(tmp_path / "a"))
    assert (tmp_path / "a").read_bytes() == b"right"


def test_closing_removes_what_is_unfinished_and_renames_nothing_more(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    part = PartFile(folder)
    part.write(b"x")
    folder.close()
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(StoppedError):
        part.publish(str(tmp_path / "a"))
    with pytest.raises(StoppedError):
        PartFile(folder)
    part.discard()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EIO, errno.EMFILE])
@pytest.mark.parametrize("step", ["open", "fsync"])
def test_a_disk_that_refuses_ends_the_run_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, step: str
) -> None:
    target = "annokit.remote.folder.open" if step == "open" else "annokit.remote.folder.os.fsync"
    monkeypatch.setattr(target, fails(code), raising=False)
    todo, transport = jobs()
    with pytest.raises(FetchError) as caught:
        download(todo, tmp_path, transport=transport, workers=2)
    assert str(tmp_path) in str(caught.value)
    assert str(disk_error(OSError(code, "?"), "x"))[3:] in str(caught.value)
    assert len(transport.requests) <= 4
    monkeypatch.undo()
    assert [p.name for p in tmp_path.iterdir()] == []


def test_a_full_disk_is_named_in_words(tmp_path: Path) -> None:
    assert str(disk_error(OSError(errno.ENOSPC, "?"), tmp_path)) == f"{tmp_path}: the disk is full"


def test_a_folder_that_can_not_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(FetchError, match="file"):
        Folder(tmp_path / "file" / "sub")
    with pytest.raises(FetchError, match="file"):
        Folder(tmp_path / "file")


def test_a_name_that_is_too_long_fails_alone(tmp_path: Path) -> None:
    todo, transport = jobs(2)
    todo[0] = Job.of_url("https://h/0.png", "x" * 300 + ".png")
    results = download(todo, tmp_path, transport=transport)
    assert [r.status for r in results] == ["failed", "done"]
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_leftovers_of_a_dead_process_are_swept_and_others_are_not(tmp_path: Path) -> None:
    code = (
        "import sys, os; from annokit.remote.folder import Folder, PartFile;"
        "PartFile(Folder(sys.argv[1])).write(b'x'); os._exit(9)"
    )
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False, cwd=root)
    assert len(list(tmp_path.iterdir())) == 1
    alive = PartFile(Folder(tmp_path))
    (tmp_path / ".annokit-00000000-1-1.part").write_bytes(b"of another machine")
    Folder(tmp_path)
    names = sorted(p.name for p in tmp_path.iterdir())
    assert names == sorted([Path(alive.path).name, ".annokit-00000000-1-1.part"])
    alive.discard()


def test_halting_keeps_the_cause(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    part = PartFile(Folder(tmp_path))
    monkeypatch.setattr("annokit.remote.folder.os.fsync", fails(errno.ENOSPC))
    with pytest.raises(HaltError) as caught:
        part.publish(str(tmp_path / "a"))
    assert isinstance(caught.value.__cause__, OSError)
