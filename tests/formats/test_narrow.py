import numpy as np
import pytest

import annokit
from annokit import Box, DatasetBuilder, Ellipse, Keypoints, Label, Mask, Point, Polygon, Polyline, RotatedBox
from annokit.errors import MissingSizeError
from annokit.formats.holds import Holds
from annokit.formats.narrow import narrow

SQUARE = [[0.25, 0.5], [0.75, 0.5], [0.75, 1.0], [0.25, 1.0]]
BITMAP = np.zeros((40, 80), bool)
BITMAP[10:30, 20:60] = True
BITMAP[15:20, 30:40] = False


def everything(**item):
    """Return one non-square item with a shape of every kind."""
    builder = DatasetBuilder()
    row = builder.add_item("a.png", **{"width": 80, "height": 40, **item})
    shapes = {
        "box": Box(0.25, 0.5, 0.75, 1.0),
        "rotated": RotatedBox(0.5, 0.5, 0.25, 0.5, 90),
        "ellipse": Ellipse(0.5, 0.5, 0.25, 0.25, 0),
        "polygon": Polygon.of(SQUARE),
        "polyline": Polyline(np.array(SQUARE)),
        "point": Point(0.5, 0.25),
        "keypoints": Keypoints(np.array([[0.25, 0.5], [0.5, 0.75], [0.0, 0.0]]), np.array([2, 1, 0])),
        "mask": Mask.encode(BITMAP),
    }
    for name, shape in shapes.items():
        builder.add_annotation(row, name, shape)
    builder.add_annotation(row, "none")
    return builder.build()


def kinds(**fates):
    return {**dict.fromkeys(Holds().kinds, "kept"), **fates}


def narrowed(ds, **facts):
    holds = Holds(**facts)
    result, report = narrow(ds, holds)
    again, second = narrow(result, holds)
    assert str(second) == "nothing to report"
    assert again == result
    assert bool(report) == (result != ds)
    assert narrow(ds, holds, apply=False)[1] == report
    return result, report


def shape_of(ds, label):
    (found,) = [a.shape for a in ds.annotations if a.label.name == label]
    return found


def test_a_target_that_holds_everything_changes_nothing():
    ds = everything()
    result, report = narrow(ds, Holds())
    assert result is ds
    assert not report


@pytest.mark.parametrize(
    ("kind", "box"),
    [
        ("rotated", Box(0.375, 0.25, 0.625, 0.75)),
        ("ellipse", Box(0.25, 0.25, 0.75, 0.75)),
        ("polygon", Box(0.25, 0.5, 0.75, 1.0)),
        ("polyline", Box(0.25, 0.5, 0.75, 1.0)),
        ("keypoints", Box(0.25, 0.5, 0.5, 0.75)),
        ("mask", Box(0.25, 0.25, 0.75, 0.75)),
    ],
)
def test_everything_with_bounds_can_become_a_box(kind, box):
    source = {"rotated": "rotated_box"}.get(kind, kind)
    result, report = narrowed(everything(), kinds=kinds(**{source: "box"}))
    found = shape_of(result, kind)
    assert [found.xmin, found.ymin, found.xmax, found.ymax] == pytest.approx([box.xmin, box.ymin, box.xmax, box.ymax])
    assert [(i.code, i.field, i.count) for i in report] == [("converted", "shape", 1)]


def test_a_stated_box_wins_over_the_bounds():
    builder = DatasetBuilder()
    item = builder.add_item("a.png", width=10, height=10)
    builder.add_annotation(item, "x", Polygon.of(SQUARE), box=Box(0.0, 0.0, 1.0, 1.0))
    result, _ = narrowed(builder.build(), kinds=kinds(polygon="box"))
    assert result.annotations[0].shape == Box(0.0, 0.0, 1.0, 1.0)


@pytest.mark.parametrize("unit", ["unit", "pixel"])
def test_boxes_become_polygons_rotated_boxes_and_masks(unit):
    ds = narrow(everything(), Holds(unit=unit))[0]
    polygon, _ = narrowed(ds, kinds=kinds(box="polygon"))
    assert np.allclose(shape_of(polygon, "box").parts[0][0], SQUARE)
    turned, _ = narrowed(ds, kinds=kinds(box="rotated_box", polygon="rotated_box"))
    assert shape_of(turned, "box") == RotatedBox(0.5, 0.75, 0.5, 0.5, 0)
    assert shape_of(turned, "polygon").bounds(aspect=2).ymax == pytest.approx(1.0)
    mask, _ = narrowed(ds, kinds=kinds(box="mask", polygon="mask", rotated_box="mask", ellipse="mask"))
    assert shape_of(mask, "box").area == shape_of(mask, "polygon").area == 40 * 20
    assert shape_of(mask, "rotated").area == 20 * 20
    assert shape_of(mask, "ellipse").area == pytest.approx(np.pi * 20 * 10, rel=0.02)


@pytest.mark.parametrize("unit", ["unit", "pixel"])
def test_masks_become_polygons_that_cover_the_same_pixels(unit):
    ds = narrow(everything(), Holds(unit=unit))[0]
    result, _ = narrowed(ds, kinds=kinds(mask="polygon"))
    polygon = shape_of(result, "mask")
    assert polygon.holes == 1
    assert np.array_equal(polygon.mask(80, 40).decode(), BITMAP)


def test_a_refused_kind_takes_the_annotation_a_dropped_one_leaves_it():
    result, report = narrowed(everything(), kinds=kinds(polyline="refused", point="dropped"))
    labels = [a.label.name for a in result.annotations]
    assert labels == ["box", "rotated", "ellipse", "polygon", "point", "keypoints", "mask", "none"]
    assert shape_of(result, "point") is None
    assert [(i.code, i.severity) for i in report] == [("refused", "error"), ("dropped", "warning")]


def test_an_annotation_that_loses_its_shape_is_refused_where_shapes_are_needed():
    result, report = narrowed(everything(), kinds=kinds(point="dropped", none="refused"))
    assert {"point", "none"}.isdisjoint({a.label.name for a in result.annotations})
    assert [(i.code, i.count) for i in report] == [("dropped", 1), ("refused", 2)]


def test_restating_units_and_forms_keeps_every_shape():
    ds = everything()
    result, report = narrowed(ds, unit="pixel", form="cxcywh")
    assert result[0].boxes(unit="source", form="cxcywh")[0].tolist() == [40, 30, 40, 20]
    assert {(i.code, i.severity) for i in report} == {("restated", "info")}
    back, _ = narrow(result, Holds(unit="unit", form="xyxy"))
    for before, after in zip(ds.annotations, back.annotations, strict=True):
        assert np.allclose(before.box.bounds().xmin if before.box else 0, after.box.xmin if after.box else 0)
    assert [type(a.shape) for a in back.annotations] == [type(a.shape) for a in ds.annotations]
    assert np.allclose(shape_of(back, "polygon").parts[0][0], SQUARE)
    assert shape_of(back, "keypoints").visibility.tolist() == [2, 1, 0]


def test_an_unknown_size_is_told_by_the_plan_and_stops_the_write():
    ds = everything(width=None, height=None).filter(annotations=[3])
    report = narrow(ds, Holds(unit="pixel"), apply=False)[1]
    assert [(i.code, i.severity, i.count) for i in report.of("unknown-size")] == [("unknown-size", "error", 1)]
    with pytest.raises(annokit.MissingSizeError, match=r"'a\.png'"):
        narrow(ds, Holds(unit="pixel"))


def test_an_item_of_unknown_size_without_geometry_is_restated():
    builder = DatasetBuilder()
    builder.add_annotation(builder.add_item("a.png"), "x")
    result, _ = narrowed(builder.build(), unit="pixel")
    assert result._items.array("unit").tolist() == [1]


def test_rounding_names_only_the_rows_that_change():
    builder = DatasetBuilder(unit="pixel")
    item = builder.add_item("a.png", width=100, height=50)
    builder.add_annotation(item, "whole", kind="box", box=(1, 2, 3, 4))
    builder.add_annotation(item, "fine", kind="box", box=(1.25, 2.5, 3.0, 4.0))
    builder.add_annotation(item, "long", kind="box", box=(1.0 / 3, 2.0, 3.0, 4.0))
    builder.add_annotation(item, "ring", kind="polygon", points=[[[(1.005, 2.0), (3.0, 4.0), (5.0, 2.0 / 3)]]])
    result, report = narrowed(builder.build(), decimals=2)
    assert [(i.code, i.count) for i in report] == [("rounded", 2)]
    assert [row.annotation for row in report.rows()] == [2, 3]
    assert result[0].boxes(unit="source")[2].tolist() == [0.33, 2.0, 3.0, 4.0]


def test_times_are_restated_exactly():
    builder = DatasetBuilder(time_unit="s")
    item = builder.add_item("v", kind="video")
    builder.add_annotation(item, "x", span=(1, 2.5, None, None))
    result, report = narrowed(builder.build(), time_unit="ms")
    assert result._annotations.columns["span"].value(0)[:2] == [1000, 2500.0]
    assert result.annotations[0].span == annokit.TimeSpan(1.0, 2.5)
    assert [i.code for i in report] == ["restated"]


def test_columns_that_the_target_lacks_are_dropped_by_name():
    builder = DatasetBuilder()
    item = builder.add_item(
        "a.png", width=4, height=2, split="train", attributes={"light": 1}, extras={"coco/license": 3}
    )
    builder.add_label(Label("x", 7, color=(1, 2, 3)))
    builder.add_annotation(
        item, "x", Box(0, 0, 1, 1), score=0.5, attributes={"a": True}, extras={"coco/area": 3, "coco/k": 1}
    )
    builder.info["description"] = "d"
    builder.extras["coco/licenses"] = b"[]"
    result, report = narrowed(
        builder.build(),
        annotation_fields=frozenset(("box",)),
        item_fields=frozenset(("size",)),
        label_facets=frozenset(),
        attributes=False,
        item_attributes=False,
        extras=(),
        info=False,
    )
    assert {(i.field, i.severity) for i in report} == {
        ("score", "warning"),
        ("attributes.a", "warning"),
        ("area", "info"),
        ("k", "warning"),
        ("split", "warning"),
        ("attributes.light", "warning"),
        ("license", "warning"),
        ("label.source_id", "info"),
        ("label.color", "warning"),
        ("info", "warning"),
        ("licenses", "warning"),
    }
    assert result.annotations[0].score is None
    assert dict(result[0].attributes) == {}
    assert result.labels[0] == Label("x")
    assert result.info == {}


def test_annotations_without_label_or_item_are_refused_where_needed():
    ds = everything()
    holds = Holds(labelled_only=True)
    assert narrow(ds, holds)[0] is ds
    builder = DatasetBuilder()
    item = builder.add_item("a.png")
    builder.add_annotation(item, None, Box(0, 0, 1, 1))
    builder.add_annotation(-1, "x", kind="box", box=(0, 0, 1, 1))
    result, report = narrowed(builder.build(), labelled_only=True)
    assert len(result.annotations) == 0
    assert [(i.field, i.code) for i in report] == [("item", "refused"), ("label", "refused")]


def test_items_are_sorted_with_their_annotations():
    builder = DatasetBuilder()
    for name in ("b", "c", "a"):
        builder.add_annotation(builder.add_item(name), name, Point(0, 0))
    result, report = narrowed(builder.build(), sorted_items=True)
    assert [item.name for item in result] == ["a", "b", "c"]
    assert [item.annotations[0].label.name for item in result] == ["a", "b", "c"]
    assert {i.field for i in report} == {"order"}


def test_annotations_are_grouped_by_item():
    builder = DatasetBuilder()
    items = [builder.add_item(name) for name in "ab"]
    for turn in range(2):
        for item in items:
            builder.add_annotation(item, f"{turn}", Point(0, 0), parent=0 if turn else None)
    result, report = narrowed(builder.build())
    assert result.annotations.item.tolist() == [0, 0, 1, 1]
    assert [a.parent for a in result.annotations] == [None, 0, None, 0]
    assert [(i.field, i.count) for i in report] == [("order", 2)]


UNSIZED = {
    "rotated_box": RotatedBox(0.5, 0.5, 0.25, 0.5, 30),
    "ellipse": Ellipse(0.5, 0.5, 0.25, 0.25, 30),
    "polygon": Polygon.of(SQUARE),
    "box": Box(0.25, 0.5, 0.75, 1.0),
}


NEED_SIZES = {
    *((kind, "mask") for kind in UNSIZED),
    *((kind, fate) for kind in ("rotated_box", "ellipse") for fate in ("box", "polygon")),
}


@pytest.mark.parametrize("kind", UNSIZED)
@pytest.mark.parametrize("fate", ["box", "polygon", "mask"])
def test_a_plan_tells_the_items_whose_unknown_sizes_stop_a_write(kind, fate):
    builder = DatasetBuilder()
    for name in ("a.png", "b.png"):
        builder.add_annotation(builder.add_item(name, width=8, height=4), "cat", UNSIZED[kind])
        builder.add_annotation(builder.add_item(f"unsized {name}"), "cat", UNSIZED[kind])
    ds, holds = builder.build(), Holds(kinds=kinds(**({} if kind == fate else {kind: fate})))
    if (kind, fate) not in NEED_SIZES:
        narrow(ds, holds)
        assert not narrow(ds, holds, apply=False)[1].of("unknown-size")
        return
    with pytest.raises(MissingSizeError, match=r"'unsized a\.png'"):
        narrow(ds, holds)
    (issue,) = narrow(ds, holds, apply=False)[1].of("unknown-size")
    assert issue.severity == "error"
    assert [row.item for row in issue.rows()] == ["unsized a.png", "unsized b.png"]


def test_a_plan_tells_where_a_step_of_the_target_needs_a_size():
    def step(ds, apply):
        raise MissingSizeError.of("b.png")

    builder = DatasetBuilder()
    for name in ("a.png", "b.png"):
        builder.add_item(name)
    with pytest.raises(MissingSizeError):
        narrow(builder.build(), Holds(steps=(step,)))
    (issue,) = narrow(builder.build(), Holds(steps=(step,)), apply=False)[1]
    assert [(row.item, row.fate) for row in issue.rows()] == [("b.png", "refused")]
