"""A key that stands twice in one object of a JSON file: the last value counts, and the user is told."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest

import annokit
from annokit.limits import Limits
from tests.fixtures import fixture

COCO: dict[str, Any] = {
    "images": [{"id": 1, "file_name": "a:b.png", "coco_url": "http://x/a:b.png", "width": 9, "height": 8, "a:b": 1}],
    "annotations": [
        {"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "area": 12, "iscrowd": 0, "x": {"y": "z:"}},
        {"id": 2, "image_id": 1, "category_id": 1, "segmentation": {"size": [8, 9], "counts": ":::::"}, "iscrowd": 1},
        {"id": 3, "image_id": 1, "category_id": 1, "segmentation": [[1, 1, 5, 1, 5, 5]], "attributes": {"k": "a:b"}},
        {"id": 4, "image_id": 1, "category_id": 1, "segmentation": [], "bbox": None, "note": "12:30"},
    ],
    "categories": [{"id": 1, "name": "cat"}],
}


def twice(text: str, key: str, nth: int = 0) -> bytes:
    """Return a text in which one occurrence of a key has another one, with the value null, before it."""
    place = list(re.finditer(json.dumps(key) + r"\s*:", text))[nth].start()
    return (text[:place] + json.dumps(key) + ": null, " + text[place:]).encode()


def told(ds: annokit.Dataset) -> list[str]:
    return [place for issue in ds.issues if issue.code == "duplicate-key" for place in issue.examples]


@pytest.mark.parametrize(
    ("key", "nth", "place"),
    [
        ("id", 0, "/images/0/id"),
        ("coco_url", 0, "/images/0/coco_url"),
        ("a:b", 0, "/images/0/a:b"),
        ("bbox", 0, "/annotations/0/bbox"),
        ("area", 0, "/annotations/0/area"),
        ("y", 0, "/annotations/0/x/y"),
        ("counts", 0, "/annotations/1/segmentation/counts"),
        ("segmentation", 1, "/annotations/2/segmentation"),
        ("k", 0, "/annotations/2/attributes/k"),
        ("note", 0, "/annotations/3/note"),
        ("name", 0, "/categories/0/name"),
    ],
)
def test_coco_tells_where(key: str, nth: int, place: str) -> None:
    text = json.dumps(COCO)
    ds = annokit.read(io.BytesIO(twice(text, key, nth)), "coco")
    assert told(ds) == [place]
    plain = annokit.read(io.BytesIO(text.encode()), "coco")
    assert told(plain) == []
    if "/x/" not in place:
        assert ds == plain


@pytest.mark.parametrize(
    ("key", "nth", "place"),
    [
        ("id", 0, "/images/0/id"),
        ("image_id", 0, "/annotations/0/image_id"),
        ("area", 0, "/annotations/0/segments_info/0/area"),
        ("isthing", 0, "/categories/0/isthing"),
    ],
)
def test_panoptic_coco_tells_where(key: str, nth: int, place: str) -> None:
    segment = {"id": 1, "category_id": 1, "area": 5, "bbox": [0, 0, 1, 1], "iscrowd": 0}
    document = {
        "images": [{"id": 1, "file_name": "a.jpg", "width": 3, "height": 4}],
        "annotations": [{"image_id": 1, "file_name": "a.png", "segments_info": [segment]}],
        "categories": [{"id": 1, "name": "x", "isthing": 1}],
    }
    ds = annokit.read(io.BytesIO(twice(json.dumps(document), key, nth)), "coco:panoptic")
    assert told(ds) == [place]


def test_coco_counts_in_every_block_and_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [f'{{"id": {i}, "image_id": 1, "bbox": [1, 2, 3, 4], "k{i % 7}": ":"}}' for i in range(20_000)]
    rows[5] = rows[5].replace('"id"', '"id": 0, "id"')
    rows[19_990] = rows[19_990].replace('"bbox"', '"bbox": [], "bbox"')
    path = tmp_path / "a.json"
    path.write_text(f'{{"images": [], "annotations": [{", ".join(rows)}], "categories": []}}')
    monkeypatch.setattr("annokit.codecs.json_workers.SMALL", 1 << 16)
    monkeypatch.setattr("annokit.codecs.json_workers.HEAD", 0)
    for workers in (1, 2):
        ds = annokit.read(path, "coco", workers=workers, limits=Limits(json_window=1 << 15))
        assert told(ds) == ["/annotations/5/id", "/annotations/19990/bbox"]


@pytest.mark.parametrize(
    ("name", "key", "nth"),
    [
        ("savant/frame_batch.json", "code", 1),
        ("savant/video_batch.json", "rootId", 0),
        ("encord/video_with_classifications__labels.json", "featureHash", 0),
        ("segments_assembled_releases/release_vector.json", "category_id", 1),
        ("faster_coco_eval/dataset/gt_dataset.json", "bbox", 2),
        ("dataloop/docs_sample_datasets", "coordinates", 0),
    ],
)
def test_every_reader_tells(name: str, key: str, nth: int, tmp_path: Path) -> None:
    path = fixture(name)
    if path.is_dir():
        path = next(file for file in sorted(path.rglob("*.json")) if f'"{key}"' in file.read_text())
    form = name.partition("/")[0].partition("_")[0].replace("faster", "coco")
    copy = tmp_path / "a.json"
    copy.write_bytes(path.read_bytes())
    plain = annokit.read(copy, form, on_bad="collect")
    assert told(plain) == []
    copy.write_bytes(twice(path.read_text(), key, nth))
    ds = annokit.read(copy, form, on_bad="collect")
    (place,) = told(ds)
    assert place.endswith("/" + key)
    assert ds == plain


def test_files_of_a_tree_are_named(tmp_path: Path) -> None:
    items = [{"filename": f"/{i}.png", "type": "file", "annotations": [], "metadata": {}} for i in range(3)]
    for i, item in enumerate(items):
        text = json.dumps(item)
        (tmp_path / f"{i}.json").write_bytes(twice(text, "type") if i == 1 else text.encode())
    assert told(annokit.read(tmp_path, "dataloop")) == ["1.json/type"]
