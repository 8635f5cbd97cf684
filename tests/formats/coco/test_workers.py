"""Several processes, and several blocks, give what one gives."""

import json

import pytest

from annokit.codecs import json_ranges, json_workers
from annokit.formats.io import read, write
from annokit.limits import Limits
from annokit.model.compare import differences
from benchmarks.generate import VARIANTS, coco_file


@pytest.mark.parametrize("variant", sorted(VARIANTS))
def test_blocks_and_processes_make_no_difference(variant, tmp_path, monkeypatch):
    monkeypatch.setattr(json_workers, "SMALL", 1)
    monkeypatch.setattr(json_workers, "HEAD", 0)
    monkeypatch.setattr(json_ranges, "PIECE", 4096)
    path = coco_file(60, variant, tmp_path)
    dataset = read(path, "coco")
    for other in (read(path, "coco", workers=2), read(path, "coco", limits=Limits(json_window=3000))):
        assert list(differences(other, dataset)) == []
        assert [(i.code, i.field, i.count) for i in other.issues] == [
            (i.code, i.field, i.count) for i in dataset.issues
        ]
    assert not write(dataset, tmp_path / "out.json", "coco")
    assert json.loads((tmp_path / "out.json").read_bytes()) == json.loads(path.read_bytes())
    if variant != "pretty":
        assert (tmp_path / "out.json").read_bytes() == path.read_bytes()


def test_a_key_may_change_its_type_from_block_to_block(tmp_path):
    values = [1, 2.5, None, "x", 2**70, True, 3, [1], 7.0, 10**400 // 10**380]
    rows = []
    for number in range(3000):
        value = values[number // 300]
        rows.append(
            {"id": number, "image_id": 1, "area": value, "track_id": value, "attributes": {"a": value}, "z": value}
        )
        if number % 7 == 0:
            del rows[-1]["area"]
    document = {"images": [{"id": 1, "file_name": "a"}], "annotations": rows, "categories": []}
    path = tmp_path / "in.json"
    path.write_text(json.dumps(document))
    dataset = read(path, "coco", limits=Limits(json_window=4000))
    assert dataset == read(path, "coco")
    write(dataset, tmp_path / "out.json", "coco")
    text = (tmp_path / "out.json").read_text()
    assert json.loads(text) == document
    assert [type(row["z"]) for row in json.loads(text)["annotations"]] == [type(row["z"]) for row in rows]
