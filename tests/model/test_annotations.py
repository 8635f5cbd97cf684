"""What items and annotations say of the columns under them."""

import pickle

import attrs
import numpy as np
import pytest

from annokit.errors import MissingSizeError, UsageError
from annokit.geometry import Box, Ellipse, Keypoints, Mask, Point, Polyline, RotatedBox, TimeSpan
from annokit.model.annotation import Annotation
from annokit.model.builder import DatasetBuilder
from tests.model.samples import HOLED, zoo


def test_items_say_what_was_stated() -> None:
    ds = zoo()
    first, second, third = ds
    assert [item.name for item in ds] == ["é/ä.png", "b.jpg", "b.jpg"]
    assert (first.id, second.id, third.id) == (0, 1 << 40, None)
    assert (first.width, first.height, first.size) == (200, 100, (200, 100))
    assert (third.width, third.height) == (None, None)
    assert (first.frame, second.frame, first.status, second.status) == (0, None, "labelled", None)
    assert (second.split, first.split, first.kind, first.uri, first.path) == ("train", None, "image", None, None)
    assert dict(third.attributes) == {"night": True}
    assert not first.attributes
    assert first.sequence is not None
    assert (first.sequence.id, first.sequence.name, first.sequence.fps, second.sequence) == ("s1", "Straße", 25, None)
    assert dict(first.sequence.extras) == {"f/k": [1, 2]}
    with pytest.raises(MissingSizeError, match=r"b\.jpg"):
        _ = third.size


def test_annotations_come_in_the_source_order_of_their_item() -> None:
    ds = zoo()
    assert [a.row for a in ds[0].annotations] == [1, 2, 3, 6, 7, 10]
    assert [a.row for a in ds[1].annotations] == [0, 8, 9]
    assert [a.row for a in ds[2].annotations] == [5]
    assert [a.row for a in ds.annotations] == list(range(11))
    assert ds[0].label_ids.tolist() == [2, 1, -1, 2, 2, 0]
    assert ds.annotations.item.tolist() == [1, 0, 0, 0, -1, 2, 0, 0, 1, 1, 0]
    assert [item.annotations for item in ds][1] == ds[1].annotations


def test_every_shape_is_normalised() -> None:
    ds = zoo()
    shapes = [a.shape for a in ds[0].annotations]
    assert shapes[0] == HOLED
    assert shapes[1] == RotatedBox(0.5, 0.5, 0.25, 0.2, 30.0)
    assert shapes[2] == Ellipse(0.5, 0.5, 0.25, 0.2, 0.0)
    assert shapes[3] == Polyline.of([[0, 0], [0.5, 1]])
    assert shapes[4] == Point(0.25, 0.75)
    assert shapes[5] is None
    box, joints, mask = (a.shape for a in ds[1].annotations)
    assert box == Box(0.1, 0.1, 0.5, 30.5 / 60)
    assert joints == Keypoints.of([[0.5, 0.5], [0, 0]], [2, 0])
    assert isinstance(mask, Mask)
    assert mask.size == (60, 30)
    assert mask.area == 20 * 30


def test_shapes_in_pixels() -> None:
    ds = zoo()
    assert ds[1].annotations[0].to_pixels() == Box(3, 6, 15, 30.5)
    point = ds[0].annotations[4].to_pixels()
    assert point == Point(50, 75)
    with pytest.raises(MissingSizeError):
        ds[2].annotations[0].to_pixels()
    with pytest.raises(MissingSizeError):
        ds.annotations[4].to_pixels()
    with pytest.raises(UsageError, match="knows no size"):
        Annotation(shape=Point(0, 0)).to_pixels()


def test_the_box_is_the_stated_one_or_the_bounds() -> None:
    ds = zoo()
    boxes = [a.box for a in ds[0].annotations]
    assert boxes[0] == Box(0.1, 0.1, 1.0, 1.0)
    assert boxes[2] == Box(0.25, 0.3, 0.75, 0.7)
    assert boxes[3] == Box(0.25, 0.25, 0.5, 0.5)
    assert boxes[5] is None
    turned = boxes[1]
    assert turned is not None
    half = (
        (25 * np.cos(np.pi / 6) + 10 * np.sin(np.pi / 6)) / 200,
        (25 * np.sin(np.pi / 6) + 10 * np.cos(np.pi / 6)) / 100,
    )
    np.testing.assert_allclose([turned.xmin, turned.ymin], [0.5 - half[0], 0.5 - half[1]])
    assert ds[1].annotations[2].box == Box(1 / 3, 0.5, 1.0, 1.0)
    assert ds[1].annotations[1].box == Box(0.5, 0.5, 0.5, 0.5)


def test_boxes_in_all_forms_and_units() -> None:
    item = zoo()[1]
    np.testing.assert_allclose(item.boxes(unit="pixel"), [[3, 6, 15, 30.5], [15, 30, 15, 30], [10, 30, 30, 60]])
    np.testing.assert_allclose(item.boxes("xywh", "pixel")[0], [3, 6, 12, 24.5])
    np.testing.assert_allclose(item.boxes("cxcywh", "pixel")[0], [9, 18.25, 12, 24.5])
    np.testing.assert_allclose(item.boxes()[2], [1 / 3, 0.5, 1, 1])
    np.testing.assert_array_equal(item.boxes(form="xywh", unit="source")[0], [3, 6, 12, 24.5])
    assert np.isnan(zoo()[0].boxes()[5]).all()
    with pytest.raises(UsageError, match="xyxy"):
        item.boxes("yxyx")
    with pytest.raises(UsageError, match="pixel"):
        item.boxes(unit="inch")


def test_source_numbers_need_no_size_and_others_do() -> None:
    item = zoo()[2]
    np.testing.assert_array_equal(item.boxes(unit="source"), [[8, 7, 12, 13]])
    np.testing.assert_array_equal(item.boxes(unit="pixel"), [[8, 7, 12, 13]])
    with pytest.raises(MissingSizeError, match="images="):
        item.boxes()


def test_pixel_bounds_in_the_unit_of_their_item() -> None:
    builder = DatasetBuilder()
    item = builder.add_item("a", width=4, height=2)
    builder.add_annotation(item, shape=Mask.encode([[0, 1, 0, 0], [0, 1, 1, 0]]))
    np.testing.assert_array_equal(builder.build()[0].boxes(unit="source"), [[0.25, 0, 0.75, 1]])


def test_the_other_fields() -> None:
    ds = zoo()
    cat, turned, ellipse = ds[0].annotations[:3]
    assert (cat.id, cat.track, cat.score, cat.author, cat.parent, cat.layer) == (0, 3, 0.5, "Zoë", None, None)
    assert dict(cat.attributes) == {"sleeps": None, "age": 3}
    assert (turned.parent, turned.layer) == (1, "second")
    assert (ellipse.label, ellipse.keyframe, ellipse.interpolation) == (None, True, "linear")
    assert cat.keyframe is None
    timed = ds[0].annotations[5]
    assert timed.span == TimeSpan(1.5, None, 0, 9)
    assert (timed.created, timed.updated, timed.review) == ("2026-01-01", "2026-01-02", "ok")
    assert dict(ds[1].annotations[0].extras) == {"coco/area": 294.0}
    assert ds[1].annotations[2].keypoints == Keypoints.of([[0.5, 0.5], [0, 0]], [2, 0])
    assert ds[1].annotations[1].keypoints == ds[1].annotations[1].shape
    assert (ds.annotations[4].id, ds.annotations[0].id, ds.annotations[2].id) == ("lost", 5, None)
    assert type(cat.id) is int
    assert cat.label is not None
    assert (cat.label.name, cat.label.path, cat.label.source_id) == ("猫", "animal.猫", 3)


def test_an_annotation_cannot_be_changed_but_evolved() -> None:
    cat = zoo()[0].annotations[0]
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        cat.score = 1.0  # type: ignore[misc] # the point
    with pytest.raises(TypeError):
        cat.attributes["age"] = 4  # type: ignore[index] # the point
    with pytest.raises(AttributeError):
        _ = cat.nothing  # type: ignore[attr-defined] # the point
    shape = cat.shape
    assert shape == HOLED
    assert isinstance(shape, type(HOLED))
    with pytest.raises(ValueError, match="read-only"):
        shape.rings[0][0, 0] = 5
    other = attrs.evolve(cat, score=0.75)
    assert (other.score, other.shape, other.row, other.dataset) == (0.75, HOLED, None, None)
    assert other != cat
    assert attrs.evolve(other, score=0.5) == cat


def test_annotations_compare_pickle_and_print() -> None:
    ds, again = zoo(), zoo()
    assert list(ds.annotations) == list(again.annotations)
    assert [pickle.loads(pickle.dumps(a)) for a in ds.annotations] == list(ds.annotations)
    assert ds.annotations[0] != ds.annotations[1]
    assert ds.annotations[0] != 3
    assert repr(ds.annotations[7]) == "Annotation(label='猫', shape=Point(x=0.25, y=0.75))"
    assert repr(ds.annotations[5]) == "Annotation(label='animal', shape=<MissingSizeError>, track='t')"
    assert "'age': 3" in repr(ds.annotations[1])
    assert repr(Annotation()) == "Annotation(label=None)"


def test_one_unreadable_annotation_does_not_hide_its_neighbours() -> None:
    builder = DatasetBuilder()
    item = builder.add_item("a", width=4, height=2)
    builder.add_annotation(item, shape=Box(0, 0, 1, 1))
    builder.add_annotation(item, kind="mask", mask=((2, 4), "rle", b"~~~"))
    good, bad = builder.build()[0].annotations
    assert good.box == Box(0, 0, 1, 1)
    with pytest.raises(Exception, match="run lengths"):
        _ = bad.box


def test_items_are_samples_too() -> None:
    item = zoo()[0]
    assert item["name"] == "é/ä.png"
    assert item["annotations"] == item.annotations
    assert list(item) == ["name", "image", "annotations", "segmentation_bitmap"]
    assert len(item) == 4
    with pytest.raises(KeyError, match="labels"):
        item["labels"]


def test_items_compare_hash_pickle_and_print() -> None:
    ds, again = zoo(), zoo()
    assert ds[0] == ds[0]
    assert ds[0] != ds[1]
    assert ds[0] == again[0]
    assert ds[1] != ds[2]
    assert ds[0] != "é/ä.png"
    assert len({ds[0], again[0]}) == 1
    copy = pickle.loads(pickle.dumps(ds[1]))
    assert copy == ds[1]
    assert copy.annotations == ds[1].annotations
    assert len(copy._dataset) == 1
    assert repr(ds[0]) == "Item('é/ä.png', 200x100, 6 annotations)"
    assert repr(ds[2]) == "Item('b.jpg', unknown size, 1 annotation)"


def test_bulk_columns() -> None:
    annotations = zoo().annotations
    assert annotations.label.tolist() == [0, 2, 1, -1, 1, 1, 2, 2, 2, 1, 0]
    assert [annotations.kinds[code] for code in annotations.kind] == [
        "box", "polygon", "rotated_box", "ellipse", "box", "box", "polyline", "point", "keypoints", "mask", "none",
    ]  # fmt: skip
    np.testing.assert_array_equal(annotations.box[0], [3, 6, 12, 24.5])
    assert np.isnan(annotations.box[1]).all()
    assert annotations.id.tolist() == [5, 0, None, None, "lost", None, None, None, None, None, None]
    assert annotations.track.tolist() == [None, 3, None, None, None, "t", None, None, None, None, None]
    assert annotations.keyframe.tolist() == [False] * 3 + [True] + [False] * 7
    assert annotations.score[1] == 0.5
    assert np.isnan(annotations.score[0])
    np.testing.assert_array_equal(annotations.span[10], [1.5, np.nan])
    assert annotations.shape_offsets.tolist() == [0, 0, 2, 2, 2, 2, 2, 3, 4, 4, 4, 4]
    assert annotations.part_offsets.tolist() == [0, 2, 3, 4, 5]
    assert annotations.ring_offsets.tolist() == [0, 4, 7, 10, 12, 13]
    assert annotations.points.shape == (13, 2)
    assert annotations[-1].row == 10
    with pytest.raises(IndexError):
        annotations[11]
    assert repr(annotations) == "Annotations(11)"


def test_bulk_columns_cannot_be_written_to() -> None:
    ds = zoo()
    for array in (
        ds.annotations.item,
        ds.annotations.label,
        ds.annotations.box,
        ds.annotations.kind,
        ds.annotations.points,
    ):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    ids = DatasetBuilder()
    item = ids.add_item("a")
    ids.add_annotation(item, id=4)
    with pytest.raises(ValueError, match="read-only"):
        ids.build().annotations.id[0] = 0
    ds[0].boxes()[0] = 0
    ds[0].label_ids[0] = 0


def test_spans_in_the_source_unit() -> None:
    builder = DatasetBuilder(time_unit="ms")
    item = builder.add_item("v", kind="video")
    builder.add_annotation(item, span=(1000, 2500))
    builder.add_annotation(item, span=(None, 2500, 3))
    ds = builder.build()
    assert ds[0].annotations[0].span == TimeSpan(1.0, 2.5)
    assert ds[0].annotations[1].span == TimeSpan(None, 2.5, 3, None)
    np.testing.assert_array_equal(ds.annotations.span, [[1, 2.5], [np.nan, 2.5]])


def test_nothing_at_all() -> None:
    ds = DatasetBuilder().build()
    assert (len(ds), len(ds.annotations), len(ds.labels), len(ds.sequences)) == (0, 0, 0, 0)
    assert list(ds) == []
    assert ds.annotations.boxes().shape == (0, 4)
    assert ds.annotations.points.shape == (0, 2)
    assert ds.annotations.id.shape == (0,)
    assert ds.annotations.shape_offsets.tolist() == [0]
    assert ds.names == ()
    assert pickle.loads(pickle.dumps(ds)) == ds
    assert ds[:] == ds
    assert ds.filter(items=[], annotations=[], labels=[]) == ds
    builder = DatasetBuilder()
    builder.add_item("a", width=3, height=2)
    alone = builder.build()
    assert alone[0].annotations == ()
    assert alone[0].boxes().shape == (0, 4)
    assert alone[0].label_ids.shape == (0,)
    assert alone[0].masks().shape == (0, 2, 3)
