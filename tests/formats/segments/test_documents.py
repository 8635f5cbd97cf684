"""Releases come back as they were, value by value."""

import json

import pytest

import annokit
from tests.fixtures import fixture
from tests.formats.segments.documents import TODAY, parsed, written

FIXTURES = (
    "segmentation-bitmap", "vector", "image-vector-sequence", "pointcloud-cuboid", "pointcloud-cuboid-sequence",
    "text-named-entities", "text-span-categorization",
)  # fmt: skip


@pytest.mark.parametrize("name", TODAY)
def test_a_release_comes_back_the_same(name):
    document, report = written(parsed(TODAY[name]))
    assert document == TODAY[name]
    assert str(report) == "nothing to report"


@pytest.mark.parametrize("name", TODAY)
def test_writing_needs_no_second_look(name):
    document, _ = written(parsed(TODAY[name]))
    assert parsed(document) == parsed(TODAY[name])


@pytest.mark.parametrize("task", FIXTURES)
def test_real_labels_come_back_the_same(task, tmp_path):
    path = fixture(f"segments_assembled_releases/release_{task}.json")
    assert [match.format for match in annokit.detect(path)] == ["segments"]
    report = annokit.write(annokit.read(path), tmp_path / "out.json", "segments")
    assert json.loads((tmp_path / "out.json").read_bytes()) == json.loads(path.read_bytes())
    assert not report
