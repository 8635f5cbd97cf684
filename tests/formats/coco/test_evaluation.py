"""pycocotools evaluates what was written with the same figures."""

import contextlib
import io
import json

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from annokit.formats.io import read, write
from tests.fixtures import fixture

GROUND = "faster_coco_eval/dataset/cocoapi/instances_val2014_100.json"
CASES = [
    (GROUND, "cocoapi_results/instances_val2014_fakebbox100_results.json", "bbox"),
    (GROUND, "cocoapi_results/instances_val2014_fakesegm100_results.json", "segm"),
    (
        "faster_coco_eval/keypoints_dataset/gt_dataset.json",
        "faster_coco_eval/keypoints_dataset/dt_dataset.json",
        "bbox",
    ),
    (
        "faster_coco_eval/keypoints_dataset/gt_dataset.json",
        "faster_coco_eval/keypoints_dataset/dt_dataset.json",
        "keypoints",
    ),
]


def stats(ground, results, kind):
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(str(ground))
        evaluation = COCOeval(truth, truth.loadRes(str(results)), kind)
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return evaluation.stats


@pytest.mark.parametrize(("ground", "results", "kind"), CASES)
def test_the_same_figures(ground, results, kind, tmp_path):
    names = []
    for number, name in enumerate((ground, results)):
        path = tmp_path / f"{number}.json"
        write(read(fixture(name)), path, "coco")
        names.append(path)
    before = stats(fixture(ground), fixture(results), kind)
    after = stats(*names, kind)
    assert np.array_equal(before, after)
    assert before.max() > 0.3


def test_what_is_derived_is_what_the_official_file_states(tmp_path):
    """area and bbox of polygons, computed anew, are those of the official file."""
    path = fixture(GROUND)
    dataset = read(path)
    table = dataset._annotations
    bare = dataset._with(annotations=table.without(["box", "extras/coco/area", "attributes/iscrowd", "id"]))
    report = write(bare, tmp_path / "out.json", "coco")
    assert {(i.code, i.severity) for i in report} == {("derived", "info")}
    was = json.loads(path.read_bytes())["annotations"]
    now = json.loads((tmp_path / "out.json").read_bytes())["annotations"]
    assert [row["id"] for row in now] == list(range(1, len(was) + 1))
    pairs = [(a, b) for a, b in zip(was, now, strict=True) if isinstance(a["segmentation"], list)]
    assert len(pairs) > 800
    assert np.allclose([a["area"] for a, _ in pairs], [b["area"] for _, b in pairs], rtol=1e-9)
    assert np.allclose([a["bbox"] for a, _ in pairs], [b["bbox"] for _, b in pairs], atol=1e-9)
    assert {row["iscrowd"] for row in now} == {0}
