"""The command as a process of its own: exit codes, locales, closed pipes and Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from annokit.remote.standin import StandIn
from tests.cli.samples import NAME, annokit, batch, coco, environment, started
from tests.remote.samples import png

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="signals and pipes of POSIX")


def test_exit_codes(tmp_path: Path) -> None:
    batch(tmp_path)
    coco(tmp_path)
    assert annokit("info", "batch.json", cwd=tmp_path).returncode == 0
    assert annokit("plan", "batch.json", "coco", cwd=tmp_path).returncode == 1
    for arguments in (["info", "nowhere"], ["nonsense"], ["info", "coco.json", "--from", "savant"]):
        done = annokit(*arguments, cwd=tmp_path)
        assert done.returncode == 2
        assert done.stdout == b""
        assert done.stderr.startswith(b"annokit: ")
        assert done.stderr.count(b"\n") == 1


def test_version_and_formats(tmp_path: Path) -> None:
    assert annokit("--version", cwd=tmp_path).stdout.startswith(b"annokit ")
    assert b"savant" in annokit("formats", cwd=tmp_path).stdout


@pytest.mark.parametrize(
    "locale",
    [
        {"LC_ALL": "C", "PYTHONIOENCODING": "ascii"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"PYTHONIOENCODING": "latin-1"},
        {"PYTHONIOENCODING": "utf-8"},
    ],
    ids=["ascii", "C", "latin-1", "utf-8"],
)
def test_any_locale_will_do(tmp_path: Path, locale: dict[str, str]) -> None:
    batch(tmp_path)
    for arguments in (["info", "batch.json"], ["plan", "batch.json", "coco"]):
        done = annokit(*arguments, cwd=tmp_path, **locale)
        assert done.returncode in (0, 1)
        assert done.stderr == b""
        assert b"1" in done.stdout
    told = annokit("info", "batch.json", "--json", cwd=tmp_path, **locale)
    text = told.stdout.decode(locale.get("PYTHONIOENCODING", "ascii"))
    assert "tööl" in json.dumps(json.loads(text), ensure_ascii=False)
    missing = annokit("info", "fehlt-☃.json", cwd=tmp_path, **locale)
    assert missing.returncode == 2
    assert missing.stderr.count(b"\n") == 1


@posix_only
def test_a_reader_that_leaves_early_does_no_harm(tmp_path: Path) -> None:
    batch(tmp_path, featureSet=[{"id": f"f{i}", "labels": [{"code": "c", "shapes": []}]} for i in range(5000)])
    for verb in (["plan", "batch.json", "coco", "--rows"], ["formats"], ["info", "batch.json", "--json"]):
        child = started(*verb, cwd=tmp_path)
        assert child.stdout is not None
        child.stdout.close()
        _, err = child.communicate(timeout=60)
        assert err == b""
        assert child.returncode in (0, 1)


@posix_only
def test_standard_output_may_be_full_or_closed(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    command = [sys.executable, "-m", "annokit", "formats"]
    with open("/dev/full", "wb") as full:  # noqa: PTH123
        done = subprocess.run(
            command, cwd=tmp_path, env=environment(), stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
    assert b"No space left" in done.stderr


def interrupted(child: subprocess.Popen[bytes]) -> bytes:
    """Press Ctrl-C and return what the command said."""
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=60)
    assert child.returncode == 130, err.decode()
    return err


@posix_only
def test_ctrl_c_in_a_download_leaves_no_half_file(tmp_path: Path) -> None:
    frames = [{"id": f"f{i}", "labels": []} for i in range(200)]
    batch(tmp_path, featureSet=frames)
    with StandIn({("s1", f"f{i}"): png(i) for i in range(200)}, delay=0.05) as server:
        login = {"SAVANT_DOMAIN": server.domain, "SAVANT_USERNAME": server.username, "SAVANT_PASSWORD": server.password}
        child = started("fetch", "batch.json", "frames", "--savant", "--workers", "4", cwd=tmp_path, **login)
        while server.count("storage") < 10 and child.poll() is None:
            time.sleep(0.01)
        assert interrupted(child) == b"annokit: interrupted\n"
        files = [path for path in (tmp_path / "frames").iterdir() if path.suffix == ".png"]
        assert 0 < len(files) < 200
        assert not [path for path in (tmp_path / "frames").iterdir() if ".part" in path.name]
        for path in files:
            assert path.read_bytes() == png(int(path.stem[1:]))
        asked = server.count("storage")
        done = annokit("fetch", "batch.json", "frames", "--savant", cwd=tmp_path, **login)
        assert done.returncode == 0
        assert server.count("storage") - asked == 200 - len(files)


@posix_only
@pytest.mark.parametrize("moment", [0.0, 0.2, 0.4, 0.8])
def test_ctrl_c_in_a_conversion_leaves_nothing(tmp_path: Path, moment: float) -> None:
    coco(tmp_path, 60_000)
    child = started("convert", "coco.json", "out.json", "coco", cwd=tmp_path)
    began = time.monotonic()
    while time.monotonic() - began < 0.5 + moment and child.poll() is None:
        time.sleep(0.01)
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=60)
    left = {path.name for path in tmp_path.iterdir()}
    if child.returncode == 0:
        assert left == {"coco.json", "out.json"}
    else:
        assert child.returncode == 130, err.decode()
        assert err == b"annokit: interrupted\n"
        assert left == {"coco.json"}


@posix_only
def test_a_bar_is_for_terminals(tmp_path: Path) -> None:
    import fcntl
    import pty
    import struct
    import termios

    batch(tmp_path)
    with StandIn({("s1", "f1"): png()}) as server:
        login = {"SAVANT_DOMAIN": server.domain, "SAVANT_USERNAME": server.username, "SAVANT_PASSWORD": server.password}
        quiet = annokit("fetch", "batch.json", "a", "--savant", cwd=tmp_path, **login)
        assert quiet.stderr == b""
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        command = [sys.executable, "-m", "annokit", "fetch", "batch.json", "b", "--savant"]
        subprocess.run(
            command, cwd=tmp_path, env=environment(**login), stdout=subprocess.DEVNULL, stderr=slave, check=True
        )
        shown = os.read(master, 100_000)
        os.close(slave)
        os.close(master)
    assert b"1/1" in shown
    assert (tmp_path / "b" / NAME).exists()
