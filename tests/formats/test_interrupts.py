"""Ctrl-C while reading and writing: it gets through, and nothing is left behind."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.formats.coco.samples import many

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")

CHILD = """
import gc, os, signal, sys, warnings
import annokit, annokit.codecs.json_workers as workers_module
from annokit.limits import Limits

warnings.simplefilter("ignore")
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job would ignore it
workers_module.SMALL, workers_module.HEAD = 1 << 16, 0
calls = []


def interrupted(action):
    for moment in (1, 2, 5, 40):
        calls.clear()

        def progress(done, total, moment=moment):
            calls.append(done)
            if len(calls) == moment:
                signal.raise_signal(signal.SIGINT)

        try:
            action(progress)
        except KeyboardInterrupt:
            assert len(calls) >= moment
        else:
            assert len(calls) < moment, moment
        assert gc.isenabled()


def left():
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return sorted(os.listdir())
    return "a process"


ds = annokit.read("big.json", limits=Limits(json_window=1 << 15))
before = left()
for workers in (1, 2):
    how = {"workers": workers, "limits": Limits(json_window=1 << 15)}
    interrupted(lambda progress: annokit.read("big.json", progress=progress, **how))
    assert left() == before, left()
made = set()
for name, form in TARGETS:
    def action(progress):
        annokit.write(ds, name, form, on_loss="allow", progress=progress)
        made.add(name)
        import shutil
        shutil.rmtree(name) if os.path.isdir(name) else os.remove(name)

    interrupted(action)
    assert left() == before, (name, left())
    assert len(calls) > 0, name
annokit.write(ds, "kept.json", "coco")
was = open("kept.json", "rb").read()
interrupted(lambda progress: annokit.write(ds, "kept.json", "coco", overwrite=True, progress=progress))
assert open("kept.json", "rb").read() == was
print("done")
"""

TARGETS = [
    ("a.json", "coco"),
    ("a.zip", "coco"),
    ("a.annokit", "annokit"),
    ("tree", "yolo:darknet"),
    ("tree.zip", "yolo:darknet"),
    ("voc", "voc"),
    ("s.json", "savant"),
]


def test_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "big.json").write_text(json.dumps(many(300, 1500)))
    code = CHILD.replace("TARGETS", repr(TARGETS))
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(root)!r})\n{code}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "done\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["big.json", "kept.json"]
