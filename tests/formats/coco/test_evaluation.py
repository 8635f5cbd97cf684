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
    ("faster_coco_eval/dataset/gt_dataset.json", "faster_coco_eval/dataset/dt_dataset.json", "bbox"),
    ("faster_coco_eval/dataset/gt_dataset.json", "faster_coco_eval/dataset/dt_dataset.json", "segm"),
]

PUBLISHED = "cocoapi_results/val2014_fake_eval_res.txt"


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


def published(kind):
    """Return the figures that the authors of the evaluation publish for their results on the same hundred images."""
    text = fixture(PUBLISHED).read_text().split(f"type={kind}\n")[1].split("-----")[0]
    return [float(line.rsplit("=", 1)[1]) for line in text.splitlines() if line.startswith(" Average")]


@pytest.mark.parametrize(("ground", "results", "kind"), CASES[:2])
def test_the_published_figures(ground, results, kind, tmp_path):
    """Also where the results went through the own file, and what can be computed is computed anew."""
    truth = read(fixture(ground))
    bare = truth._with(annotations=truth._annotations.without(["box", "extras/coco/area"]))
    write(bare, tmp_path / "truth.json", "coco")
    write(read(fixture(results)), tmp_path / "results.annokit", "annokit")
    write(read(tmp_path / "results.annokit"), tmp_path / "results.json", "coco")
    found = stats(tmp_path / "truth.json", tmp_path / "results.json", kind)
    assert np.allclose(found, published(kind), atol=0.0011 if kind == "bbox" else 0.00051)
    if kind == "segm":
        assert np.array_equal(found, stats(fixture(ground), fixture(results), kind))


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
