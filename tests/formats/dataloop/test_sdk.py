"""Dataloop's SDK as a judge of what we read and write.

Needs a Python with ``dtlpy``, named by the environment variable ``ANNOKIT_DATALOOP_PYTHON``.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

import annokit
from annokit.model.dataset import Dataset
from tests.fixtures import fixture

PYTHON = os.environ.get("ANNOKIT_DATALOOP_PYTHON")

pytestmark = pytest.mark.skipif(PYTHON is None, reason="ANNOKIT_DATALOOP_PYTHON is not set")

SAMPLES = ("docs_sample_datasets", "converters_voc/dataloop_json", "converters_yolo/dataloop_json")


def sdk(paths: list[Path]) -> list[list[dict[str, Any]]]:
    """Return what the SDK reads out of documents."""
    script = Path(__file__).with_name("sdk_facts.py")
    done = subprocess.run([str(PYTHON), str(script), *map(str, paths)], capture_output=True, check=True, timeout=120)
    found: list[list[dict[str, Any]]] = json.loads(done.stdout)
    return found


def documents(folder: Path) -> dict[str, Path]:
    """Return the documents of a tree by the names of their items."""
    files = sorted(folder.rglob("*.json"))
    texts = {file: json.loads(file.read_bytes()) for file in files}
    return {text["filename"].removeprefix("/"): file for file, text in texts.items() if "filename" in text}


def check(ds: Dataset, folder: Path) -> None:
    """Compare every annotation that the SDK understands with ours."""
    files = documents(folder)
    for name, theirs in zip(files, sdk(list(files.values())), strict=True):
        item = ds[name]
        if item.kind == "video":
            _check_video(ds, theirs)
            continue
        ours = sorted(
            zip(item.annotations, item.boxes(unit="pixel").tolist(), strict=True), key=lambda pair: _ours(*pair)
        )
        theirs.sort(key=_theirs)
        assert [_ours(*pair) for pair in ours] == [_theirs(fact) for fact in theirs]
        for (annotation, box), fact in zip(ours, theirs, strict=True):
            _check_shape(item, annotation, box, fact)


def _ours(annotation: Any, box: list[float]) -> tuple[Any, ...]:
    """Return what tells annotations apart; the SDK gives them in another order."""
    kind = type(annotation.shape).__name__
    return annotation.label.name, [round(edge, 6) for edge in box] if kind in ("Box", "Polygon") else []


def _theirs(fact: dict[str, Any]) -> tuple[Any, ...]:
    return fact["label"], [round(edge, 6) for edge in fact["edges"]] if fact["type"] in ("box", "segment") else []


def _check_shape(item: Any, annotation: Any, box: list[float], fact: dict[str, Any]) -> None:
    if "points" in fact:
        points = annotation.shape.parts[0][0] if fact["type"] == "segment" else annotation.shape.points
        pairs = [[x * item.width, y * item.height] for x, y in points.tolist()]
        assert pairs == [pytest.approx(pair, abs=1e-9) for pair in fact["points"]]
    if "pixels" in fact:
        mask = annotation.shape.decode()
        assert [list(mask.shape), mask.sum(axis=1).tolist()] == fact["pixels"]
    elif "edges" in fact:
        assert box == pytest.approx(fact["edges"], abs=1e-9)


def _check_video(ds: Dataset, theirs: list[dict[str, Any]]) -> None:
    """Compare the box of every object in every frame."""
    last = max(int(frame) for fact in theirs for frame in fact["frames"])
    seen: dict[tuple[str, int], list[float]] = {}
    for item in ds.frames(0, last):
        for annotation, box in zip(item.annotations, item.boxes(unit="pixel").tolist(), strict=True):
            seen[str(annotation.track), int(item.frame)] = box
    wanted = {(fact["object"], int(frame)): edges for fact in theirs for frame, edges in fact["frames"].items()}
    assert seen.keys() == wanted.keys()
    for key, edges in wanted.items():
        assert seen[key] == pytest.approx(edges, abs=1e-9), key


@pytest.mark.parametrize("name", SAMPLES)
def test_the_sdk_reads_what_we_read(name: str) -> None:
    folder = fixture(f"dataloop/{name}")
    check(annokit.read(folder, "dataloop", system=True), folder)


@pytest.mark.parametrize("name", SAMPLES)
def test_the_sdk_reads_what_we_write(name: str, tmp_path: Path) -> None:
    ds = annokit.read(fixture(f"dataloop/{name}"), "dataloop", system=True)
    annokit.write(ds, tmp_path / "out", "dataloop", on_loss="raise")
    check(ds, tmp_path / "out/json")


def test_the_sdk_reads_what_comes_from_coco(tmp_path: Path) -> None:
    ds = annokit.read(fixture("dataloop/converters_coco/annotations.json"))
    annokit.write(ds, tmp_path / "out", "dataloop", on_loss="allow")
    check(annokit.read(tmp_path / "out"), tmp_path / "out/json")
