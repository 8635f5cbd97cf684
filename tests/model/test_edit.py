"""Changing a dataset by making another."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annokit.errors import MissingSizeError, UsageError
from annokit.geometry import Box, Keypoints, Point, Polygon
from annokit.model.annotation import Annotation
from annokit.model.builder import DatasetBuilder
from annokit.model.dataset import Dataset
from annokit.model.label import Label
from tests.model.samples import zoo
from tests.model.strategies import ANNOTATION, ITEM, NAMES, datasets, facts


@given(datasets(), st.data())
def test_an_edit_changes_what_it_names_and_nothing_else(ds: Dataset, data: st.DataObject) -> None:
    before = [facts(ds, row) for row in range(len(ds.annotations))]
    owners = ds.annotations.item.tolist()
    parents = [a.parent for a in ds.annotations]
    rows = [row for row, item in enumerate(owners) if item >= 0]
    changed = data.draw(st.dictionaries(st.sampled_from(rows), ANNOTATION, max_size=2)) if rows else {}
    added = data.draw(st.lists(ANNOTATION, max_size=2)) if len(ds) else []
    removed = data.draw(st.sets(st.integers(0, len(before) - 1), max_size=2)) if before else set()
    gone = data.draw(st.sets(st.integers(0, len(ds) - 1), max_size=1)) if len(ds) else set()
    with ds.edit() as edit:
        for row, fields in changed.items():
            edit.replace(row, **fields)
        news = [edit.add(0, **fields) for fields in added]
        edit.remove(sorted(removed)).remove_items(sorted(gone))
    after = edit.dataset
    assert news == list(range(len(before), len(before) + len(added)))
    every = [*enumerate(owners), *((row, 0) for row in news)]
    left = [row for row, item in every if row not in removed and item not in gone]
    assert len(after.annotations) == len(left)
    for new, row in enumerate(left):
        if row < len(before):
            stated = facts(after, new)
            untouched = set(before[row]) - set(changed.get(row, {}))
            if {"shape", "box", "keypoints"} & set(changed.get(row, {})):
                untouched -= {"shape", "box", "keypoints", "extras"}
            assert {name: stated[name] for name in untouched} == {name: before[row][name] for name in untouched}
            parent = parents[row]
            assert after.annotations[new].parent == (left.index(parent) if parent in left else None)
        _says(after.annotations[new], changed.get(row, {}) if row < len(before) else added[row - len(before)])
    assert [item.name for item in after] == [name for row, name in enumerate(ds.names) if row not in gone]
    assert [facts(ds, row) for row in range(len(before))] == before


def _says(annotation: Annotation, fields: dict[str, Any]) -> None:
    """Check the fields that no arithmetic touches."""
    for name in ("id", "track", "keyframe", "interpolation", "score", "layer", "author"):
        if name in fields:
            assert getattr(annotation, name) == fields[name]
            assert type(getattr(annotation, name)) is type(fields[name])
    if "attributes" in fields:
        assert dict(annotation.attributes) == fields["attributes"]
    if "shape" in fields and fields["shape"] is None and not {"box", "keypoints"} & set(fields):
        assert annotation.shape is None or type(annotation.shape) is Keypoints
    if fields.get("shape") is not None:
        assert type(annotation.shape) is type(fields["shape"])


@given(datasets(), ITEM, NAMES, st.data())
def test_items_are_changed_and_added(ds: Dataset, fields: dict[str, Any], name: str, data: st.DataObject) -> None:
    stated = {key: value for key, value in fields.items() if key not in ("unit", "form", "time_unit")}
    with ds.edit() as edit:
        row = edit.add_item(name, width=5, height=4, **fields)
        edit.add(row, shape=Point(0.5, 0.25))
        if len(ds):
            edit.replace_item(0, **stated)
    after = edit.dataset
    new = after[row]
    assert (new.name, new.size, new.annotations[0].shape) == (name, (5, 4), Point(0.5, 0.25))
    for item in [new, *([after[0]] if len(ds) else [])]:
        for key, value in stated.items():
            told = getattr(item, key)
            assert (dict(told) if key == "attributes" else told) == value
    assert list(after.names[:-1]) == list(ds.names)
    for row in range(1, len(ds)):
        assert after[row].annotations == ds[row].annotations
        assert dict(after[row].attributes) == dict(ds[row].attributes)


def test_an_edit_that_says_nothing_is_the_dataset() -> None:
    ds = zoo()
    with ds.edit() as edit:
        pass
    assert edit.dataset == ds
    assert edit.dataset.labels is ds.labels


def test_an_error_in_the_block_discards_the_edit() -> None:
    ds = zoo()
    edit = ds.edit()
    edit.remove(0)
    with pytest.raises(ZeroDivisionError), edit:
        _ = 1 // 0
    with pytest.raises(UsageError, match="has not ended"):
        _ = edit.dataset


def test_a_new_shape_brings_its_box_and_takes_stale_extras_away() -> None:
    ds = zoo()
    with ds.edit() as edit:
        edit.replace(0, shape=Polygon.of([[0, 0], [1, 0], [1, 1]]))
        edit.replace(6, shape=Point(0.5, 0.5))
        edit.replace(9, score=0.25)
    polygon, point, mask = (edit.dataset.annotations[row] for row in (0, 6, 9))
    assert polygon.box == Box(0, 0, 1, 1)
    assert dict(polygon.extras) == {}
    assert polygon.id == 5
    assert point.box == Box(0.5, 0.5, 0.5, 0.5)
    assert (mask.score, dict(mask.attributes)) == (0.25, {"age": 2.5})
    assert dict(zoo().annotations[0].extras) == {"coco/area": 294.0}
    with ds.edit() as edit:
        edit.replace(0, shape=Point(0, 0), extras={"coco/area": 7, "f/x": None})
    assert dict(edit.dataset.annotations[0].extras) == {"coco/area": 7, "f/x": None}


def test_new_geometry_is_stated_in_the_unit_of_its_item() -> None:
    ds = zoo()
    with ds.edit() as edit:
        edit.replace(0, shape=Box(0.5, 0.5, 1, 1))
        edit.add(1, shape=Point(0.1, 0.5))
    np.testing.assert_array_equal(edit.dataset.annotations.box[0], [15, 30, 15, 30])
    assert edit.dataset[1].boxes(unit="source")[-1].tolist() == [3, 30, 3, 30]
    with pytest.raises(MissingSizeError), ds.edit() as edit:
        edit.add(2, shape=Point(0.5, 0.5))
    with ds.edit() as edit:
        edit.add(2, box=[4, 4, 2.5, 2])
    assert edit.dataset[2].boxes("cxcywh", "source").tolist() == [[10, 10, 4, 6], [4, 4, 2.5, 2]]


@pytest.mark.parametrize(
    ("row", "fields", "kind"),
    [
        (10, {"box": Box(0, 0, 1, 1)}, "box"),
        (10, {"keypoints": Keypoints.of([[0, 0]])}, "keypoints"),
        (0, {"box": None}, "none"),
        (8, {"keypoints": None}, "none"),
        (8, {"box": Box(0, 0, 1, 1)}, "keypoints"),
        (8, {"box": Box(0, 0, 1, 1), "keypoints": None}, "box"),
        (0, {"keypoints": Keypoints.of([[0, 0]])}, "box"),
        (0, {"keypoints": Keypoints.of([[0, 0]]), "box": None}, "keypoints"),
        (9, {"keypoints": None}, "mask"),
        (1, {"box": Box(0, 0, 1, 1)}, "polygon"),
        (1, {"shape": None}, "none"),
        (0, {"shape": Keypoints.of([[0, 0]])}, "keypoints"),
    ],
)
def test_the_kind_follows_box_and_keypoints(row: int, fields: dict[str, Any], kind: str) -> None:
    ds = zoo()
    with ds.edit() as edit:
        edit.replace(row, **fields)
    after = edit.dataset.annotations
    assert after.kinds[after.kind[row]] == kind
    shape = after[row].shape
    assert (shape is None) == (kind == "none")


def test_labels_are_exchanged_taken_away_and_made() -> None:
    ds = zoo()
    with ds.edit() as edit:
        edit.replace(0, label="dog").replace(1, label=None).replace(2, label=0)
        edit.add(0, label=Label("猫", 9))
        edit.add(0, label=ds.labels[2])
        edit.add(0)
    after = edit.dataset
    assert after.labels.names == ("void", "animal", "猫", "dog", "猫")
    assert after.annotations.label.tolist() == [3, -1, 0, -1, 1, 1, 2, 2, 2, 1, 0, 4, 2, -1]
    with pytest.raises(UsageError, match="label is 7, but there are 3"), ds.edit() as edit:
        edit.replace(0, label=7)


def test_attributes_are_exchanged_as_a_whole() -> None:
    ds = zoo()
    with ds.edit() as edit:
        edit.replace(1, attributes={"colour": "red"}).replace(9, attributes={}).replace(0, attributes={"age": None})
    after = edit.dataset.annotations
    assert [dict(after[row].attributes) for row in (0, 1, 9)] == [{"age": None}, {"colour": "red"}, {}]


def test_parents_are_rows_as_before_the_edit_and_new_rows_count_on() -> None:
    ds = zoo()
    with ds.edit() as edit:
        new = edit.add(0, label="animal", parent=1)
        child = edit.add(0, label="animal", parent=new)
        edit.replace(3, parent=child).remove([0, 7])
        edit.replace(new, score=0.125)
    after = edit.dataset.annotations
    assert (new, child) == (11, 12)
    assert [(a.row, a.parent) for a in after if a.parent is not None] == [(1, 0), (2, 10), (9, 0), (10, 9)]
    assert after[9].score == 0.125
    with pytest.raises(UsageError, match="parent is 12, but there are 11"), ds.edit() as edit:
        edit.replace(0, parent=12)


def test_a_whole_annotation_can_be_taken_over() -> None:
    ds, other = zoo(), DatasetBuilder(unit="pixel")
    item = other.add_item("o", width=200, height=100)
    target = other.build()
    with target.edit() as edit:
        for annotation in ds[0].annotations:
            edit.add(item, annotation)
        edit.add(item, Annotation(label=Label("hand"), shape=Point(0, 0)), score=1)
    after = edit.dataset
    for mine, its in zip(ds[0].annotations, after[0].annotations, strict=False):
        assert (mine.label, mine.attributes, mine.id, mine.span) == (its.label, its.attributes, its.id, its.span)
        assert type(mine.shape) is type(its.shape)
    assert after[0].annotations[3].box == Box(0.25, 0.25, 0.5, 0.5)
    assert [a.parent for a in after[0].annotations] == [None] * 7
    assert after[0].annotations[6].score == 1
    with ds.edit() as edit:
        edit.add(0, ds.annotations[2])
    assert edit.dataset.annotations[11].parent == 1


def test_items_keep_half_of_a_size_and_their_names() -> None:
    ds = zoo()
    with ds.edit() as edit:
        edit.replace_item(0, width=400).replace_item(1, name="c.jpg", split=None, sequence=1, status="rejected")
        edit.replace_item(2, width=10, height=20, path="/x/y.png")
        edit.add_item("new", sequence=0)
    one, two, three, four = edit.dataset
    assert (one.size, one.name, one.sequence) == ((400, 100), "é/ä.png", ds.sequences[0])
    assert (two.name, two.split, two.status, two.size, two.id) == ("c.jpg", None, "rejected", (30, 60), 1 << 40)
    assert two.sequence is not None
    assert two.sequence.id == "empty"
    assert (three.size, str(three.path), three.annotations[0].box) == ((10, 20), "/x/y.png", Box(0.8, 0.35, 1.2, 0.65))
    assert four.sequence == ds.sequences[0]
    with pytest.raises(UsageError, match="sequence is 2, but there are 2"), ds.edit() as edit:
        edit.replace_item(0, sequence=2)


def test_removing_items_keeps_annotations_of_no_item() -> None:
    ds = zoo()
    with ds.edit() as edit:
        edit.remove_items(0)
    after = edit.dataset
    assert after.annotations.item.tolist() == [0, -1, 1, 0, 0]
    assert [s.id for s in after.sequences] == ["empty"]
    with ds.edit() as edit:
        edit.remove_items(np.array([True, False, True])).remove(slice(0, 1))
    assert edit.dataset.annotations.item.tolist() == [-1, 0, 0]


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda edit: edit.replace(11, score=1), "row 11 does not exist; there are 11"),
        (lambda edit: edit.replace(-1, score=1), "row -1 does not exist"),
        (lambda edit: edit.replace(0, scoer=1), "no field 'scoer'"),
        (lambda edit: edit.add(3), "row 3 does not exist"),
        (lambda edit: edit.replace(0, item=1), "no field 'item'"),
        (lambda edit: edit.replace_item(0, unit="pixel"), "unit says how"),
        (lambda edit: edit.replace_item(0, colour="red"), "no field 'colour'"),
        (lambda edit: edit.add_item("x", colour="red"), "no field 'colour'"),
    ],
)
def test_a_wrong_edit_says_what_is_wrong(change: Any, text: str) -> None:
    with pytest.raises(UsageError, match=text), zoo().edit() as edit:
        change(edit)


def test_an_edit_shares_what_it_does_not_change() -> None:
    ds = zoo()
    with ds.edit() as edit:
        edit.replace(0, score=0.5).remove(2)
        edit.add(0, label="animal", shape=Box(0, 0, 1, 1))
    for name in ("points", "keypoints", "mask"):
        mine, its = (d._annotations.sparse(name) for d in (ds, edit.dataset))
        assert mine is not None
        assert its is not None
        assert mine.values is its.values
