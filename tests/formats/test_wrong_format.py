"""A file of one format read by the name of another is an error that says so, not an empty dataset."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import annokit

SAMPLES = {
    "savant": {"sequences": [{"rootId": "r", "featureSet": [{"id": "f", "labels": []}]}]},
    "coco": {"images": [], "annotations": [], "categories": [{"id": 1, "name": "a"}]},
    "segments": {"name": "v1", "dataset": {"name": "d", "task_type": "vector", "samples": []}},
    "dataloop": {"filename": "/a.png", "type": "file", "annotations": [], "metadata": {"system": {}}},
    "encord": {"label_hash": "l", "data_hash": "d", "data_title": "t", "data_type": "image", "data_units": {}},
    "nothing": {"some": [{"other": 1}], "kind": 3},
}
READERS = (
    "savant",
    "coco",
    "segments",
    "dataloop",
    "encord",
    "kitti",
    "voc",
    "annokit",
)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("sample", SAMPLES)
def test_another_format_is_refused(sample: str, reader: str, tmp_path: Path) -> None:
    path = tmp_path / "export.json"
    path.write_text(json.dumps(SAMPLES[sample]))
    if reader == sample:
        annokit.read(path, reader)
        return
    with pytest.raises(annokit.AnnokitError, match=r"export\.json"):
        annokit.read(path, reader)
