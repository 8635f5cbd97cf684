"""Trees that train as they are: judged by the loader's own rules."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annokit.formats.io import read, write
from annokit.model.concat import concat
from annokit.model.dataset import Dataset
from tests.formats.yolo.datasets import datasets
from tests.formats.yolo.loader import data_of, label_of, load, rows_of
from tests.formats.yolo.scenes import LABELS, NAMES, scene
from tests.formats.yolo.test_laws import LAWFUL

TASKS = ("detect", "segment", "pose", "obb")


@pytest.mark.parametrize("media", ["copy", "link"])
@pytest.mark.parametrize("task", TASKS)
def test_every_picture_is_found_with_its_labels(tmp_path: Path, task: str, media: str) -> None:
    ds = scene(tmp_path / "media")
    write(ds, tmp_path / "tree", f"yolo:ultralytics-{task}", media=media, on_loss="allow")
    found = load(tmp_path / "tree")
    assert found.keys() == {"train", "val"}
    assert len(found["train"]) == len(NAMES)
    assert sorted(len(rows) for rows in found["train"].values()) == [0, 1, 1, 2, 2]
    assert data_of(tmp_path / "tree")["names"] == dict(enumerate(name for name, _ in LABELS))


@pytest.mark.parametrize("task", TASKS)
def test_splits_are_the_loaders(tmp_path: Path, task: str) -> None:
    parts = scene(tmp_path / "media").split({"train": 0.4, "val": 0.4, "test": 0.2}, seed=1)
    joined = concat(list(parts.values()))
    write(joined, tmp_path / "tree", f"yolo:ultralytics-{task}", media="copy", on_loss="allow")
    found = load(tmp_path / "tree")
    assert {split: len(images) for split, images in found.items()} == {"train": 2, "val": 2, "test": 1}
    back = read(tmp_path / "tree", f"yolo:ultralytics-{task}")
    assert {item.name: item.split for item in back} == {item.name: item.split for item in joined}


def test_boxes_are_those_of_the_dataset(tmp_path: Path) -> None:
    ds = scene(tmp_path / "media")
    write(ds, tmp_path / "tree", "yolo:ultralytics-detect", media="copy", on_loss="allow")
    back = read(tmp_path / "tree")
    for item in back:
        wanted = np.clip(ds[item.name].boxes("xyxy", "unit"), 0, 1)
        np.testing.assert_allclose(item.boxes("xyxy", "unit"), wanted, atol=1e-12)
        own = rows_of(label_of(str(item.path)), len(LABELS), None)
        np.testing.assert_allclose(own[:, 1:], item.boxes("cxcywh", "unit").reshape(-1, 4), atol=1e-6)
        assert own[:, 0].tolist() == item.label_ids.tolist()


@pytest.mark.parametrize("task", TASKS)
@LAWFUL
@given(data=st.data())
def test_no_label_file_is_rejected(task: str, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    ds: Dataset = data.draw(datasets())
    tree = tmp_path_factory.mktemp("trees") / "tree"
    options: dict[str, Any] = data.draw(st.sampled_from([{}, {"decimals": 4}]))
    write(ds, tree, f"yolo:ultralytics-{task}", on_loss="allow", **options)
    told = data_of(tree)
    joints = tuple(told["kpt_shape"]) if "kpt_shape" in told else None
    labels = sorted(tree.rglob("*.txt"))
    assert len(labels) == len(ds)
    for path in labels:
        rows_of(path, len(told["names"]), joints)
