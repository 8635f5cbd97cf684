"""The README's Python runs as it stands, on files of the demo."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from annokit.cli.demo import WORKSPACE, make_export, run
from annokit.remote.standin import StandIn

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")


def blocks(heading: str) -> list[str]:
    """Return the Python below a heading."""
    section = re.search(rf"^## {heading}$(.*?)(?=^## |\Z)", README, re.MULTILINE | re.DOTALL)
    assert section is not None
    return re.findall(r"^```python\n(.*?)^```", section[1], re.MULTILINE | re.DOTALL)


@pytest.mark.filterwarnings("ignore::annokit.formats.io.LossWarning")
def test_five_minutes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    run(tmp_path / "demo", lambda line: None)
    monkeypatch.chdir(tmp_path / "demo")
    Path("export.json").rename("savant.json")
    Path("coco.json").unlink()
    known: dict[str, Any] = {}
    exec(
        "import annokit\nds = annokit.read('savant.json', images='frames')\n"
        "ds = ds.filter(items=lambda item: item.kind == 'frame').relabel({'grasper': 'car'})\n"
        "annokit.write(ds, 'export.json', 'coco', on_loss='allow')",
        known,
    )
    found = blocks("Five minutes")
    assert len(found) >= 4
    for block in found:
        if "annokit[zip]" in block:
            pytest.importorskip("pyzipper")
        exec(block, known)
    told = capsys.readouterr().out
    assert "gallbladder" in told
    assert {item.split for item in known["ds"]} == {"train", "val"}


def test_frames_from_savant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frames = make_export(tmp_path / "batch.json")
    monkeypatch.chdir(tmp_path)
    (block,) = blocks("Frames from SAVANT")
    with StandIn(frames, workspace=WORKSPACE) as server:
        monkeypatch.setenv("SAVANT_USERNAME", server.username)
        monkeypatch.setenv("SAVANT_PASSWORD", server.password)
        known: dict[str, Any] = {}
        exec("import annokit\n" + block.replace("https://...", server.domain), known)
    assert known["result"].dataset[0].image.size == known["ds"][0].image.size == (640, 360)
