"""Masks written as outlines."""

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from pycocotools import mask as pycoco

import annokit
from annokit import DatasetBuilder, Mask
from tests.formats.laws import check_laws
from tests.strategies import datasets

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # of pycocotools

RELAXED = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def pixels(*boxes, size=(20, 31)):
    """Return a mask of boxes that are set and cleared in turn."""
    found = np.zeros(size, bool)
    for value, (x0, y0, x1, y1) in boxes:
        found[y0:y1, x0:x1] = value
    return found


SINGLE = pixels((True, (3, 2, 9, 17)), (True, (5, 4, 20, 6)))
SEVERAL = pixels((True, (0, 0, 1, 1)), (True, (30, 19, 31, 20)), (True, (29, 18, 30, 19)))
HOLE = pixels((True, (3, 2, 20, 17)), (False, (5, 4, 8, 9)))
EMPTY = pixels()


def test_outlines_have_the_pixels_of_the_masks(tmp_path):
    builder = DatasetBuilder()
    row = builder.add_item("a.png", width=31, height=20)
    for mask in (SINGLE, SEVERAL, HOLE, EMPTY):
        builder.add_annotation(row, "x", Mask.encode(mask))
    builder.add_annotation(row, "x", Mask.encode(SINGLE), attributes={"iscrowd": 1})
    ds = builder.build()
    report = annokit.write(ds, tmp_path / "a.json", "coco", masks="outlines", on_loss="allow")
    records = json.loads((tmp_path / "a.json").read_text())["annotations"]
    assert [type(record.get("segmentation")).__name__ for record in records] == ["list", "list", "dict", "dict", "dict"]
    for record, mask in zip(records[:2], (SINGLE, SEVERAL), strict=True):
        drawn = pycoco.decode(pycoco.merge(pycoco.frPyObjects(record["segmentation"], 20, 31)))
        np.testing.assert_array_equal(drawn, mask)
        assert record["area"] == mask.sum()
    assert records[1]["segmentation"] == [[0, 0, 1, 0, 1, 1, 0, 1], [29, 18, 30, 18, 30, 19, 29, 19], [30, 19, 31, 19, 31, 20, 30, 20]]  # fmt: skip
    assert [row.annotation for row in report.rows() if row.fate == "converted"] == [0, 1]


@RELAXED
@given(dataset=datasets(kinds=("mask", "none", "box", "polygon"), unsized=False, sequences=False))
@pytest.mark.filterwarnings("ignore::annokit.LossWarning")
def test_laws(tmp_path, dataset):
    check_laws(dataset, "coco", tmp_path, masks="outlines")


@pytest.mark.parametrize(("format", "masks"), [("coco", "points"), ("coco:panoptic", "outlines")])
def test_what_makes_no_sense(tmp_path, format, masks):
    with pytest.raises(annokit.UsageError, match=f"masks='{masks}'"):
        annokit.plan(DatasetBuilder().build(), format, masks=masks)
