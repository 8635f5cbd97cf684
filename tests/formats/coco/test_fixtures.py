"""Real files, read and written back."""

import json

import pytest

from annokit.formats.detect import detect
from annokit.formats.io import read, write
from tests.fixtures import fixture

FILES = [
    "cocoapi_results/captions_val2014_fakecap_results.json",
    "cocoapi_results/instances_val2014_fakebbox100_results.json",
    "cocoapi_results/instances_val2014_fakesegm100_results.json",
    "cocoapi_results/person_keypoints_val2014_fakekeypoints100_results.json",
    "dataloop/converters_coco/annotations.json",
    "encord/coco_exporter__COCO_EXPORTER_EXPECTED_RES.json",
    "encord/data_test_datastructure__DATA_TEST_DATASTRUCTURE_COCO.json",
    "faster_coco_eval/dataset/cocoapi/instances_val2014_100.json",
    "faster_coco_eval/dataset/dt_dataset.json",
    "faster_coco_eval/dataset/dt_ignore_test.json",
    "faster_coco_eval/dataset/example_crowdpose_preds.json",
    "faster_coco_eval/dataset/example_crowdpose_val.json",
    "faster_coco_eval/dataset/gt_dataset.json",
    "faster_coco_eval/dataset/gt_ignore_test.json",
    "faster_coco_eval/keypoints_dataset/dt_dataset.json",
    "faster_coco_eval/keypoints_dataset/gt_dataset.json",
    "faster_coco_eval/lvis_dataset/lvis_val_100.json",
    "labelformat/instance_segmentation/COCO/instances.json",
    "labelformat/instance_segmentation/COCO/instances_with_binary_mask.json",
    "labelformat/object_detection/COCO/train.json",
    "panopticapi/sample_data/images_info_examples.json",
    "panopticapi/sample_data/panoptic_coco_detection_format.json",
]


@pytest.mark.parametrize("name", FILES)
def test_comes_back_equal(name, tmp_path):
    path = fixture(name)
    assert [match.format for match in detect(path)] == ["coco"]
    dataset = read(path)
    assert not write(dataset, tmp_path / "out.json", "coco")
    assert json.loads((tmp_path / "out.json").read_bytes()) == json.loads(path.read_bytes())
    assert read(tmp_path / "out.json") == dataset
