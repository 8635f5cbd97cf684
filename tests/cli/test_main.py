"""Every verb in this process: what it says, and its exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import annokit
from annokit.cli import commands
from annokit.cli.main import VERBS, main
from annokit.media.fetched import MANIFEST
from annokit.remote.standin import StandIn
from tests.cli.samples import NAME, batch, coco
from tests.remote.samples import png

Out = pytest.CaptureFixture[str]


def failed(capsys: Out) -> str:
    """Return the one line of an error."""
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("annokit: ")
    assert err.endswith("\n")
    assert err.count("\n") == 1
    return err


def test_info(tmp_path: Path, capsys: Out) -> None:
    assert main(["info", str(batch(tmp_path))]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("1 item, 2 annotations, 1 label")
    assert "tööl" in out
    assert err == ""


def test_info_ends_with_1_where_the_data_have_issues(tmp_path: Path, capsys: Out) -> None:
    frame = {"id": "f", "labels": [{"code": "c", "shapes": [{"type": "star", "points": []}]}]}
    assert main(["info", str(batch(tmp_path, featureSet=[frame]))]) == 1
    assert "warning" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "keys"),
    [
        (["info", "batch.json", "--json"], {"summary", "report"}),
        (["plan", "batch.json", "coco", "--json"], {"counts", "issues"}),
        (["convert", "batch.json", "out.json", "coco", "--json", "-o", "lenient=true"], {"counts", "issues"}),
    ],
)
def test_json_is_json(
    tmp_path: Path, capsys: Out, monkeypatch: pytest.MonkeyPatch, arguments: list[str], keys: set[str]
) -> None:
    (tmp_path / "frames").mkdir()
    (tmp_path / "frames" / NAME).write_bytes(png())
    batch(tmp_path)
    monkeypatch.chdir(tmp_path)
    main([*arguments, "--images", "frames"])
    assert set(json.loads(capsys.readouterr().out)) == keys


def test_plan(tmp_path: Path, capsys: Out) -> None:
    path = str(batch(tmp_path))
    assert main(["plan", path, "savant"]) == 0
    assert capsys.readouterr().out == "nothing to report\n"
    assert main(["plan", path, "coco"]) == 1
    assert "error" in capsys.readouterr().out


def test_plan_lists_every_place(tmp_path: Path, capsys: Out) -> None:
    assert main(["plan", str(batch(tmp_path, name="a\tb.png")), "coco", "--rows"]) == 1
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert {len(row) for row in rows} == {5}
    assert "a\\tb.png" in {row[0] for row in rows}


def test_convert(tmp_path: Path, capsys: Out) -> None:
    path, target = coco(tmp_path), tmp_path / "out.json"
    assert main(["convert", str(path), str(target), "coco"]) == 0
    assert capsys.readouterr().out == f"nothing to report\nwritten: {target}\n"
    assert annokit.read(target) == annokit.read(path)


def test_convert_writes_nothing_over_and_nothing_lossy_unless_told(tmp_path: Path, capsys: Out) -> None:
    path, target = str(coco(tmp_path, 2)), tmp_path / "out.json"
    target.write_text("mine")
    assert main(["convert", path, str(target), "coco"]) == 2
    assert "out.json" in failed(capsys)
    assert main(["convert", path, str(target), "savant", "--overwrite", "--strict"]) == 2
    assert "loses" in failed(capsys)
    assert target.read_text() == "mine"
    assert main(["convert", path, str(target), "savant", "--overwrite"]) == 1
    assert json.loads(target.read_text())["sequences"]


def test_formats(capsys: Out) -> None:
    assert main(["formats"]) == 0
    out = capsys.readouterr().out
    assert {"savant", "coco", "annokit"} <= {line.split()[0] for line in out.splitlines()}
    assert main(["formats", "--task", "time"]) == 0
    assert "savant" in capsys.readouterr().out


def test_fetch_by_url(tmp_path: Path, capsys: Out, monkeypatch: pytest.MonkeyPatch) -> None:
    from annokit.remote import download
    from annokit.remote.fake import FakeAnswer, FakeTransport

    fake = FakeTransport({"https://h/0.png": [FakeAnswer(200, png())]})
    monkeypatch.setattr(download, "default_transport", lambda limits: fake)
    path, folder = str(coco(tmp_path, 1, "https://h")), tmp_path / "files"
    assert main(["fetch", path, str(folder), "--quiet"]) == 0
    assert (folder / "0.png").read_bytes() == png()
    assert "fetched: downloaded" in capsys.readouterr().out
    assert main(["fetch", str(coco(tmp_path, 2, "https://h")), str(folder), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["counts"] == {"error": 1, "warning": 0, "info": 1}


def test_fetch_from_savant(tmp_path: Path, capsys: Out, monkeypatch: pytest.MonkeyPatch) -> None:
    path, folder = str(batch(tmp_path)), tmp_path / "frames"
    with StandIn({("s1", "f1"): png()}) as server:
        monkeypatch.setenv("SAVANT_USERNAME", server.username)
        monkeypatch.setenv("SAVANT_PASSWORD", server.password)
        assert main(["fetch", path, str(folder), "--savant", server.domain]) == 0
        monkeypatch.setenv("SAVANT_DOMAIN", server.domain)
        assert main(["fetch", path, str(folder), "--savant"]) == 0
        assert "fetch-skipped: complete already" in capsys.readouterr().out
        assert {file.name for file in folder.iterdir()} == {NAME, MANIFEST}
        monkeypatch.setenv("SAVANT_PASSWORD", "wrong-secret")
        assert main(["fetch", path, str(tmp_path / "new"), "--savant"]) == 2
        assert "wrong-secret" not in failed(capsys)


def test_frames_of_savant_need_its_client(tmp_path: Path, capsys: Out, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(batch(tmp_path))
    assert main(["fetch", path, str(tmp_path / "frames")]) == 2
    assert "--savant" in failed(capsys)
    for name in ("SAVANT_DOMAIN", "SAVANT_USERNAME", "SAVANT_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    assert main(["fetch", path, str(tmp_path / "frames"), "--savant"]) == 2
    assert "SAVANT_DOMAIN" in failed(capsys)
    assert main(["fetch", path, str(tmp_path / "frames"), "--savant", "https://h"]) == 2
    assert "SAVANT_PASSWORD" in failed(capsys)
    assert main(["fetch", path, str(tmp_path / "frames"), "--savant", "http://h"]) == 2
    assert "https" in failed(capsys)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["info", "nowhere.json"], "nowhere.json: there is no such file or folder"),
        (["info", "empty.json"], "empty.json"),
        (["info", "empty-folder"], "empty-folder"),
        (["info", "text.txt"], "text.txt"),
        (["info", "batch.json", "--from", "nonsense"], "nonsense"),
        (["info", "batch.json", "--from", "annokit"], "batch.json"),
        (["info", "batch.json", "--images", "nowhere"], "nowhere"),
        (["info", "batch.json", "-o", "nonsense"], "NAME=VALUE"),
        (["info", "batch.json", "-o", "nonsense=1"], "nonsense"),
        (["info", "batch.json", "-o", "format=coco"], "--help"),
        (["info", "batch.json", "-o", "images=5"], "a folder"),
        (["info", "batch.json", "-o", "sizes=5"], "sizes"),
        (["info", "batch.json", "-o", "workers=0"], "--workers 0"),
        (["formats", "--task", "nonsense"], "detection"),
        (["convert", "batch.json", "text.txt", "savant"], "give --overwrite"),
        (["convert", "batch.json", "out.json", "savant", "--media", "copy"], "--media copy"),
        (["info", "batch.json", "--password-file", "nowhere"], "nowhere"),
        (["info", "batch.json", "--password-file", "empty.json"], "password"),
        (["info", "batch.json", "--password-file", "latin.txt"], "password"),
        (["plan", "batch.json", "nonsense"], "nonsense"),
        (["convert", "batch.json", "out.json", "nonsense"], "nonsense"),
        (["convert", "batch.json", "out.json", "coco", "-O", "nonsense=1"], "nonsense"),
        (["convert", "nowhere.json", "out.json", "coco"], "nowhere.json"),
        (["fetch", "batch.json", "text.txt", "--savant", "https://h"], "text.txt"),
        (["demo", "text.txt"], "text.txt: this is a file"),
        (["demo", "folder"], "holds something already"),
    ],
)
def test_wrong_use_is_one_line_and_2(
    tmp_path: Path, capsys: Out, monkeypatch: pytest.MonkeyPatch, arguments: list[str], told: str
) -> None:
    batch(tmp_path)
    (tmp_path / "empty.json").touch()
    (tmp_path / "text.txt").write_text("hello")
    (tmp_path / "latin.txt").write_bytes(b"pa\xdfwort")
    (tmp_path / "empty-folder").mkdir()
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "mine.txt").touch()
    before = sorted(tmp_path.rglob("*"))
    monkeypatch.setenv("SAVANT_USERNAME", "u")
    monkeypatch.setenv("SAVANT_PASSWORD", "p")
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    assert told in failed(capsys)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nonsense"],
        ["info"],
        ["info", "a", "--nonsense"],
        ["fetch", "a", "b", "--workers", "many"],
        ["info", "a", "b"],
    ],
)
def test_what_the_command_line_does_not_know_is_one_line_and_2(capsys: Out, arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "--help" in failed(capsys)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(capsys: Out, verb: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main([verb, "--help"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: annokit {verb}")


def test_a_bug_is_one_line_too(capsys: Out, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(text: object = "") -> None:
        raise ValueError("odd\nthing")

    monkeypatch.setattr(commands, "say", broken)
    assert main(["formats"]) == 2
    assert "a bug in annokit, ValueError: odd thing" in failed(capsys)
    monkeypatch.setenv("ANNOKIT_DEBUG", "1")
    with pytest.raises(ValueError, match="odd"):
        main(["formats"])


@pytest.mark.parametrize(
    ("error", "told", "code"),
    [
        (KeyboardInterrupt(), "interrupted", 130),
        (PermissionError(13, "Permission denied", "x.json"), "x.json: Permission denied", 2),
        (OSError("odd"), "odd", 2),
        (MemoryError(), "not enough memory", 2),
    ],
)
def test_errors_of_the_system(
    capsys: Out, monkeypatch: pytest.MonkeyPatch, error: BaseException, told: str, code: int
) -> None:
    def broken(text: object = "") -> None:
        raise error

    monkeypatch.setattr(commands, "say", broken)
    assert main(["formats"]) == code
    assert told in failed(capsys)


def test_names_that_steer_a_terminal_are_escaped(tmp_path: Path, capsys: Out) -> None:
    main(["plan", str(batch(tmp_path, name="a\x1b[2J.png")), "coco"])
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\\x1b[2J" in out
