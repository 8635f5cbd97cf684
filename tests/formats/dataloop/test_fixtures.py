"""Real exports, read and written back value by value."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import annokit
from tests.fixtures import fixture

SAMPLES = ("docs_sample_datasets", "docs/hamster.json", "converters_voc/dataloop_json", "converters_yolo/dataloop_json")


def _documents(path: Path) -> dict[str, Any]:
    files = [path] if path.is_file() else sorted(path.rglob("*.json"))
    found = [json.loads(file.read_bytes()) for file in files]
    return {document.get("filename", file.name): document for document, file in zip(found, files, strict=True)}


def _same(a: Any, b: Any) -> bool:
    return json.dumps(a, sort_keys=True) == json.dumps(b, sort_keys=True)


@pytest.mark.parametrize("name", SAMPLES)
def test_real_exports_come_back_value_by_value(name: str, tmp_path: Path) -> None:
    path = fixture(f"dataloop/{name}")
    assert [match.format for match in annokit.detect(path)] == ["dataloop"]
    ds = annokit.read(path)
    assert ds.issues.severity == "info"
    report = annokit.write(ds, tmp_path / "out", "dataloop", on_loss="raise")
    assert not report
    before, after = _documents(path), _documents(tmp_path / "out" / "json")
    assert before.keys() == after.keys()
    for key, document in before.items():
        assert _same(document, after[key]), key
    assert annokit.read(tmp_path / "out") == ds
