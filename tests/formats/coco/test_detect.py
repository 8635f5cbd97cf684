"""Which files are taken for COCO."""

import json

import pytest

from annokit.codecs.json_head import keys_of
from annokit.formats.coco.detection import records_of
from annokit.formats.detect import detect
from tests.fixtures import fixture


def found(tmp_path, text, name="a.json"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else json.dumps(text).encode())
    return [match.format for match in detect(path) if match.format.startswith("coco")]


@pytest.mark.parametrize(
    "document",
    [
        {"images": [], "annotations": [], "categories": []},
        {"annotations": [{"image_id": 1, "id": 2}]},
        {"info": {"images": 1}, "images": [{"id": 1, "file_name": "x"}]},
        {"categories": [{"id": 1, "name": "x"}]},
        [{"image_id": 1, "category_id": 2, "score": 0.5}],
        [{"image_id": 1, "caption": "x"}],
    ],
)
def test_coco(tmp_path, document):
    assert found(tmp_path, document) == ["coco"]
    assert found(tmp_path, b"\xef\xbb\xbf" + json.dumps(document, indent=2).encode()) == ["coco"]


@pytest.mark.parametrize(
    "document",
    [
        {},
        [],
        [{"image_id": 1}],
        [1, 2],
        {"a": {"images": [{"id": 1, "file_name": "x"}]}},
        {"a": '"annotations": [{"image_id": 1}]'},
        {"annotations": [{"id": 1, "points": []}]},
        {"images": {"id": 1}},
    ],
)
def test_something_else(tmp_path, document):
    assert found(tmp_path, document) == []


def test_a_long_beginning_is_enough(tmp_path):
    images = [{"id": i, "file_name": f"{i}.jpg", "width": 1, "height": 1} for i in range(5000)]
    assert found(tmp_path, {"images": images, "annotations": [{"image_id": 1}]}) == ["coco"]


def test_other_exports_are_not_taken():
    assert [m.format for m in detect(fixture("panopticapi/panoptic_coco_categories.json"))] == []
    assert [m.format for m in detect(fixture("encord/native_image_data__labels.json")) if m.format == "coco"] == []


def test_keys_are_found_at_their_depth():
    head = b'{"a": {"x": 1, "b": [1, {"y": "}]"}]}, "images": [{"id": 1, "s": {"t": 2}}, {"u": 1}], "cut'
    assert list(keys_of(head)) == ["a", "images"]
    assert records_of(head) == {"images": frozenset({"id", "s"})}
