"""Gathering rows and columns into a dataset."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from annokit.columns import Fixed, Json, Number, Sparse, Table, Text
from annokit.errors import MissingSizeError, UsageError
from annokit.geometry import Box, Cuboid, Ellipse, Keypoints, Point, Polygon, RotatedBox
from annokit.model.builder import DatasetBuilder
from annokit.model.dataset import Dataset
from annokit.model.label import Label
from annokit.report import Issue
from tests.model.strategies import SHAPES, datasets


@pytest.mark.parametrize("unit", ["unit", "pixel"])
@pytest.mark.parametrize("form", ["xyxy", "xywh", "cxcywh", "xyxy1"])
@given(shape=SHAPES)
def test_a_shape_comes_back_whatever_its_item_states(unit: str, form: str, shape: Any) -> None:
    builder = DatasetBuilder(unit=unit, form=form)
    item = builder.add_item("a", width=3, height=2)
    builder.add_annotation(item, shape=shape)
    found = builder.build()[0].annotations[0].shape
    assert type(found) is type(shape)
    if isinstance(shape, Box | RotatedBox | Ellipse | Point):
        names = type(shape).__slots__ if hasattr(type(shape), "__slots__") else ()
        numbers = [getattr(shape, name) for name in names if name != "__weakref__"]
        np.testing.assert_allclose([getattr(found, n) for n in names if n != "__weakref__"], numbers, atol=1e-12)
    elif isinstance(shape, Polygon):
        assert [[len(ring) for ring in part] for part in found.parts] == [
            [len(r) for r in part] for part in shape.parts
        ]
        for mine, its in zip(found.rings, shape.rings, strict=True):
            np.testing.assert_allclose(mine, its, atol=1e-12)
    elif isinstance(shape, Keypoints):
        assert found.visibility.tolist() == shape.visibility.tolist()
        np.testing.assert_allclose(found.points, shape.points, atol=1e-12)
    elif isinstance(shape, Cuboid) or shape is None:
        assert found == shape


def test_raw_numbers_are_kept_as_they_were_written() -> None:
    builder = DatasetBuilder(unit="pixel", form="xywh")
    item = builder.add_item("a", width=640, height=480)
    builder.add_annotation(item, kind="box", box=[1, 2.0, 0.1, 702])
    builder.add_annotation(item, kind="polygon", points=[[[[1, 2.5], [3.0, 4], [5, 6]]]])
    ds = builder.build()
    box, points = ds._annotations.get("box"), ds._annotations.sparse("points")
    assert box is not None
    assert points is not None
    assert repr(box.value(0)) == "[1, 2.0, 0.1, 702]"
    assert repr(points.value(1)) == "[[[[1, 2.5], [3.0, 4], [5, 6]]]]"


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({}, "none"),
        ({"box": Box(0, 0, 1, 1)}, "box"),
        ({"box": [0, 0, 1, 1]}, "box"),
        ({"box": [0, 0, 1, 1], "kind": "none"}, "none"),
        ({"keypoints": Keypoints.of([[0, 0]])}, "keypoints"),
        ({"keypoints": [[0, 0, 2]], "box": [0, 0, 1, 1]}, "box"),
        ({"points": [[[[0, 0], [1, 1], [1, 0]]]]}, "polygon"),
        ({"mask": ((2, 4), "rle", b"08"), "box": [0, 0, 1, 1]}, "mask"),
        ({"kind": 6, "points": [[[[0, 0]]]]}, "point"),
    ],
)
def test_the_most_telling_geometry_is_the_shape(fields: dict[str, Any], kind: str) -> None:
    builder = DatasetBuilder()
    builder.add_annotation(builder.add_item("a", width=4, height=2), **fields)
    annotations = builder.build().annotations
    assert annotations.kinds[annotations.kind[0]] == kind
    assert (annotations[0].shape is None) == (kind == "none")


@pytest.mark.parametrize(
    ("build", "text"),
    [
        (lambda b: DatasetBuilder(unit="inch"), "unit 'inch'; expected one of pixel, unit"),
        (lambda b: DatasetBuilder(form="yxyx"), "expected one of cxcywh, xywh, xyxy, xyxy1"),
        (lambda b: DatasetBuilder(time_unit="h"), "expected one of ms, s"),
        (lambda b: b.add_item("x", kind="photo"), "kind 'photo'; expected one of audio, frame, image"),
        (lambda b: b.add_item("x", status="done"), "status 'done'; expected one of in_progress, labelled"),
        (lambda b: b.add_item("x", colour=1), "item has no field 'colour'; it has attributes, bitmap"),
        (lambda b: b.add_sequence("x", colour=1), "sequence has no field 'colour'"),
        (lambda b: b.add_annotation(0, colour=1), "annotation has no field 'colour'"),
        (lambda b: b.add_annotation(0, kind="blob"), "kind 'blob'; expected one of box, cuboid"),
        (lambda b: b.add_annotation(0, shape="box"), "a shape is one of Box, Cuboid, .* got str"),
        (lambda b: b.add_annotation(3, shape=Point(0, 0)), "item 3 does not exist; there are 1 so far"),
        (lambda b: (b.add_annotation(3), b.build()), "an annotation's item is 3, but there are 1"),
        (lambda b: (b.add_annotation(-2), b.build()), "an annotation's item is -2"),
        (lambda b: (b.add_annotation(0, 5), b.build()), "an annotation's label is 5, but there are 0"),
        (lambda b: (b.add_annotation(0, parent=1), b.build()), "an annotation's parent is 1, but there are 1"),
        (lambda b: (b.add_item("x", width=2**70, height=3), b.build()), "a value of 'size' can't be held"),
        (lambda b: b.add_item("x", width="wide", height=3), "width and height are pixels, got 'wide' and 3"),
        (lambda b: (b.add_item("x", sequence=0), b.build()), "an item's sequence is 0, but there are 0"),
    ],
)
def test_a_mistake_is_named(build: Any, text: str) -> None:
    builder = DatasetBuilder()
    builder.add_item("a", width=4, height=2)
    with pytest.raises(UsageError, match=text):
        build(builder)


def test_geometry_in_pixels_needs_a_size() -> None:
    builder = DatasetBuilder(unit="pixel")
    item = builder.add_item("bare")
    with pytest.raises(MissingSizeError, match="'bare'"):
        builder.add_annotation(item, shape=Box(0, 0, 1, 1))
    with pytest.raises(MissingSizeError, match="none"):
        builder.add_annotation(-1, shape=Box(0, 0, 1, 1))
    builder.add_annotation(item, box=[1, 2, 3, 4])
    assert builder.build()[0].boxes(unit="source").tolist() == [[1, 2, 3, 4]]


def test_labels_by_name_position_and_value() -> None:
    builder = DatasetBuilder()
    item = builder.add_item("a")
    cat = Label("cat", 0)
    assert builder.add_label(cat) == 0
    assert builder.add_label(Label("cat", 1)) == 1
    for label in ("cat", 1, Label("cat", 1), cat, Label("cat", 2), "dog", None):
        builder.add_annotation(item, label)
    assert builder.label("bird") == 4
    builder.set_label(4, Label("bird", 7))
    ds = builder.build()
    assert ds.annotations.label.tolist() == [0, 1, 1, 0, 2, 3, -1]
    assert [(label.name, label.source_id) for label in ds.labels] == [
        ("cat", 0), ("cat", 1), ("cat", 2), ("dog", None), ("bird", 7),
    ]  # fmt: skip


def test_numpy_values_and_paths_become_plain() -> None:
    builder = DatasetBuilder()
    item = builder.add_item("a", id=np.int64(4), path=Path("/m/a.png"), width=np.int32(4), height=np.int64(2))
    builder.add_annotation(np.int64(item), id=np.int32(5), score=np.float32(0.5), attributes={"n": np.bool_(True)})
    ds = builder.build()
    assert (ds[0].id, type(ds[0].id), ds[0].path, ds[0].size) == (4, int, Path("/m/a.png"), (4, 2))
    annotation = ds[0].annotations[0]
    assert [type(v) for v in (annotation.id, annotation.score, annotation.attributes["n"])] == [int, float, bool]


def test_null_is_stated_and_none_is_not() -> None:
    builder = DatasetBuilder()
    item = builder.add_item("a", attributes={"x": None}, extras={"f/x": None, "f/y": b"[1, 2]"}, split=None)
    builder.add_annotation(item, attributes={"x": None, "y": 1}, score=None)
    builder.add_annotation(item, attributes={"y": None})
    builder.add_annotation(item, **{"attributes/y": 3.5, "extras/f/z": b"0.10"})
    ds = builder.build()
    assert (dict(ds[0].attributes), dict(ds[0].extras)) == ({"x": None}, {"f/x": None, "f/y": [1, 2]})
    assert [dict(a.attributes) for a in ds[0].annotations] == [{"x": None, "y": 1}, {"y": None}, {"y": 3.5}]
    column = ds._annotations.sparse("extras/f/z")
    assert column is not None
    assert isinstance(column.values, Json)
    assert column.values.raw(0) == b"0.10"


@given(datasets())
def test_rows_and_tables_may_be_mixed(ds: Dataset) -> None:
    builder = DatasetBuilder()
    for label in ds.labels:
        builder.add_label(label)
    builder.add_sequences(ds._sequences)
    assert builder.add_items(ds._items) == 0
    assert builder.add_annotations(ds._annotations) == 0
    extra = builder.add_item("extra", width=2, height=2)
    row = builder.add_annotation(extra, shape=Point(0.5, 0.5))
    assert (extra, row) == (builder.item_count - 1, builder.annotation_count - 1)
    builder.add_annotations(ds._annotations)
    again = builder.build()
    assert len(again.annotations) == 2 * len(ds.annotations) + 1
    assert again[-1].annotations[0].shape == Point(0.5, 0.5)
    rows = np.arange(len(ds.annotations))
    assert again._annotations.take(rows).equals(ds._annotations)


def test_columns_come_in_loose_forms_and_are_put_in_order() -> None:
    items = Table(2, {"name": Text.of(["a", "b"]), "kind": Fixed(np.zeros(2, np.int32))})
    boxes = Sparse(3, np.array([1]), None, Number.of([[1, 2, 3, 4.5]]))
    annotations = Table(
        3,
        {
            "item": Fixed(np.array([0, 1, 1], np.int32)),
            "label": Sparse(3, np.array([2]), None, Fixed(np.array([0]))),
            "box": boxes,
            "parent": Fixed(np.array([-1, 0, -1])),
        },
    )
    builder = DatasetBuilder()
    builder.add_label("x")
    builder.add_items(items)
    builder.add_annotations(annotations)
    ds = builder.build()
    assert (ds.annotations.item.dtype, ds.annotations.label.tolist()) == (np.int64, [-1, -1, 0])
    np.testing.assert_array_equal(ds.annotations.box, [[np.nan] * 4, [1, 2, 3, 4.5], [np.nan] * 4])
    assert [a.parent for a in ds.annotations] == [None, 0, None]
    assert (ds[0].width, ds[0].kind, ds[0].status, ds[0].sequence) == (None, "image", None, None)


def test_a_built_dataset_keeps_info_extras_and_issues() -> None:
    builder = DatasetBuilder()
    builder.info["a"] = 1
    builder.extras["f/k"] = b"{}"
    builder.report(Issue("assumed", "info", "so it is")).report([Issue("assumed", "info", "and so")])
    ds = builder.build()
    assert (ds.info, dict(ds._extras), len(ds.issues)) == ({"a": 1}, {"f/k": b"{}"}, 2)
    assert repr(ds) == "Dataset(0 items, 0 annotations, 0 labels)"
    with pytest.raises(TypeError, match="unknown arguments: colour"):
        ds._with(colour=1)
