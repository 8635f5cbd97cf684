"""The function that users of the Segments.ai SDK know."""

import json

import numpy as np
import pytest
from PIL import Image

import annokit
from annokit import Box, DatasetBuilder, Label, Mask
from annokit.interop.segments import semantic_bitmap
from annokit.media.bitmap import save_label_bitmap
from tests.formats.segments.documents import masks, release, sample

IDS = np.array([[0, 1, 70000], [5, 5, 1]], np.uint32)
PAIRS = [{"id": 1, "category_id": 3}, {"id": 70000, "category_id": 300}, {"id": 9, "category_id": 7}]


def test_each_pixel_gets_the_category_of_its_id():
    found = semantic_bitmap(IDS, PAIRS)
    assert found.tolist() == [[0, 3, 300], [0, 0, 3]]
    assert found.dtype == np.uint16


def test_the_smallest_type_that_holds_all():
    assert semantic_bitmap(IDS, [{"id": 1, "category_id": 3}]).dtype == np.uint8
    assert semantic_bitmap(IDS, [{"id": 1, "category_id": 3}], background=-1).dtype == np.int16
    assert semantic_bitmap(IDS, [{"id": 1, "category_id": 70000}], background=255).dtype == np.uint32


def test_an_offset_keeps_category_0_apart_from_the_background():
    pairs = [{"id": 1, "category_id": 0}]
    with pytest.raises(annokit.UsageError, match="category 0 would become 0, which is the background"):
        semantic_bitmap(IDS, pairs)
    assert semantic_bitmap(IDS, pairs, id_offset=1).tolist() == [[0, 1, 0], [0, 0, 1]]
    assert semantic_bitmap(IDS, pairs, background=255).tolist() == [[255, 0, 255], [255, 255, 0]]


def test_nothing_of_nothing():
    assert semantic_bitmap(None, PAIRS) is None
    assert semantic_bitmap(IDS, None) is None
    assert semantic_bitmap(IDS, []).tolist() == [[0] * 3] * 2
    assert semantic_bitmap(np.zeros((0, 3), np.uint8), PAIRS).shape == (0, 3)


def test_pictures_and_large_ids():
    assert semantic_bitmap(Image.fromarray(IDS.astype(np.uint8)), [{"id": 5, "category_id": 2}]).tolist() == [
        [0] * 3,
        [2, 2, 0],
    ]
    large = np.array([[1 << 31, 7]], np.uint32)
    assert semantic_bitmap(large, [{"id": 1 << 31, "category_id": 4}]).tolist() == [[4, 0]]
    assert semantic_bitmap(IDS == 1, [{"id": 1, "category_id": 4}]).tolist() == [[0, 4, 0], [0, 0, 4]]


@pytest.mark.parametrize("annotations", [[3], [{"id": 1}], [{"id": "x", "category_id": 1}], ["ab"]])
def test_what_are_no_annotations(annotations):
    with pytest.raises(annokit.UsageError, match='objects with "id" and "category_id"'):
        semantic_bitmap(IDS, annotations)
    with pytest.raises(annokit.UsageError, match=r"\(H, W\) array of integers"):
        semantic_bitmap(np.zeros((2, 2, 3)), annotations)


def test_a_sample_of_a_release(tmp_path):
    save_label_bitmap(IDS, tmp_path / "b.png")
    objects = [{"id": 1, "category_id": 3}, {"id": 70000, "category_id": 7}, {"id": 5, "category_id": 3}]
    document = release([sample("a.jpg", masks(objects)), sample("c.jpg")])
    (tmp_path / "release.json").write_text(json.dumps(document))
    labelled, unlabelled = annokit.read(tmp_path / "release.json", images=tmp_path)
    found = semantic_bitmap(labelled["segmentation_bitmap"], labelled["annotations"])
    assert found.tolist() == [[0, 3, 7], [3, 3, 3]]
    assert semantic_bitmap(unlabelled["segmentation_bitmap"], unlabelled["annotations"]) is None
    thinned = annokit.read(tmp_path / "release.json", images=tmp_path).filter(labels=["flower"])[0]
    assert semantic_bitmap(thinned["segmentation_bitmap"], thinned["annotations"]).tolist() == [[0, 3, 0], [3, 3, 3]]


def test_datasets_of_other_origin():
    builder = DatasetBuilder()
    row = builder.add_item("a", width=3, height=2)
    builder.add_annotation(row, "x", Box(0, 0, 1, 0.5), id=9)
    builder.add_annotation(row, None, Mask.encode(IDS == 99))
    builder.add_annotation(row, "y", Mask.encode(IDS == 5))
    item = builder.build()[0]
    assert semantic_bitmap(item.segmentation_bitmap, item.annotations).tolist() == [[1, 1, 1], [2, 2, 0]]
    np.testing.assert_array_equal(semantic_bitmap(item.segmentation_bitmap, item.annotations), item.semantic_bitmap())


def test_annotations_made_by_hand():
    flower = annokit.Annotation(label=Label("flower", 4))
    assert semantic_bitmap(IDS, [flower]).tolist() == [[0, 4, 0], [0, 0, 4]]
    with pytest.raises(annokit.UsageError, match="no integer id"):
        semantic_bitmap(IDS, [annokit.Annotation(label=Label("flower"))])
