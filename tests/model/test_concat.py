"""Several datasets as one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annokit.errors import UsageError
from annokit.model.builder import DatasetBuilder
from annokit.model.concat import concat
from annokit.model.dataset import Dataset
from annokit.model.label import AttributeDefinition, Label, Skeleton
from annokit.report import Issue, Places
from tests.model.samples import zoo
from tests.model.strategies import datasets, facts


@given(st.lists(datasets(), min_size=1, max_size=3))
def test_everything_comes_one_after_another(parts: list[Dataset]) -> None:
    whole = concat(parts)
    assert whole.names == tuple(name for part in parts for name in part.names)
    assert [s.name for s in whole.sequences] == [s.name for part in parts for s in part.sequences]
    row = item = 0
    for part in parts:
        for own in part:
            new = whole[item]
            assert dict(new.attributes) == dict(own.attributes)
            assert (new.sequence and new.sequence.name, new.id) == (own.sequence and own.sequence.name, own.id)
            item += 1
        for place in range(len(part.annotations)):
            told, before = facts(whole, row + place), facts(part, place)
            assert {**told, "label": None} == {**before, "label": None}
            assert (told["label"] and told["label"].path) == (before["label"] and before["label"].path)
            parent = part.annotations[place].parent
            assert whole.annotations[row + place].parent == (None if parent is None else row + parent)
        row += len(part.annotations)
    assert len(whole.annotations) == row


@given(datasets())
def test_one_dataset_is_itself_and_labels_of_one_stay_apart(ds: Dataset) -> None:
    assert concat([ds]) is ds
    assert len(concat([ds, ds]).labels) == len(ds.labels)
    assert concat([ds, ds]).annotations.label.tolist() == ds.annotations.label.tolist() * 2


def _labelled(*labels: Label) -> Dataset:
    builder = DatasetBuilder()
    item = builder.add_item("x")
    for label in labels:
        builder.add_annotation(item, builder.add_label(label))
    return builder.build()


def test_labels_merge_where_names_kind_and_definition_agree() -> None:
    first = _labelled(Label("cat", 1), Label("dog", 2), Label("car", 3, shape="box"))
    second = _labelled(
        Label("dog", 1),
        Label("cat", None, Label("animal")),
        Label("cat", attributes=(AttributeDefinition(name="age"),)),
        Label("cat", skeleton=Skeleton(("a",))),
        Label("car", 3, shape="polygon"),
        Label("cat", 1, color=(1, 2, 3)),
    )
    whole = concat([first, second])
    assert [label.path for label in whole.labels] == ["cat", "dog", "car", "animal.cat", "cat", "cat", "car"]
    assert whole.annotations.label.tolist() == [0, 1, 2, 1, 3, 4, 5, 6, 0]
    assert whole.labels[0].color == (1, 2, 3)
    assert whole.labels[1].source_id == 2
    (issue,) = whole.issues
    assert (issue.code, issue.field, issue.count, issue.examples) == (
        "dropped",
        "label.source_id",
        1,
        ("dog: 2 and 1",),
    )


def test_labels_of_one_name_find_their_like() -> None:
    first = _labelled(Label("x", 1), Label("x", 2))
    second = _labelled(Label("x", 2), Label("x", 7), Label("x", 1))
    whole = concat([first, second])
    assert [label.source_id for label in whole.labels] == [1, 2, 1]
    assert whole.annotations.label.tolist() == [0, 1, 1, 0, 2]


def test_parents_are_the_merged_labels() -> None:
    animal, other = Label("animal", 1), Label("animal", 9, color=(0, 0, 0))
    whole = concat([_labelled(animal, Label("cat", 2, animal)), _labelled(Label("dog", 3, other), other)])
    assert [label.path for label in whole.labels] == ["animal", "animal.cat", "animal.dog"]
    assert [label.parent for label in whole.labels] == [None, whole.labels[0], whole.labels[0]]
    assert whole.labels[0] == Label("animal", 1, color=(0, 0, 0))


def test_sequences_items_and_rows_are_renumbered() -> None:
    whole = concat([zoo(), zoo()])
    assert [item.sequence and item.sequence.row for item in whole] == [0, None, None, 2, None, None]
    assert whole.annotations.item.tolist()[:5] == [1, 0, 0, 0, -1]
    assert whole.annotations.item.tolist()[11:16] == [4, 3, 3, 3, -1]
    assert [a.parent for a in whole.annotations if a.parent is not None] == [1, 12]
    assert whole.info == {"year": 2026}
    assert not whole.issues


def test_what_differs_is_told() -> None:
    first, second = zoo(), zoo()._with(info={"year": 2027, "more": 1}, extras={"coco/licenses": b"[ {} ]", "x/y": b"1"})
    whole = concat([first, second])
    assert whole.info == {"year": 2026, "more": 1}
    assert whole._extras == {"coco/licenses": b"[{}]", "x/y": b"1"}
    assert [(i.code, i.field, i.examples) for i in whole.issues] == [("dropped", "info", ("year",))]
    third = zoo()._with(extras={"coco/licenses": b"[]"})
    assert [(i.field, i.examples) for i in concat([first, third]).issues] == [("extras", ("coco/licenses",))]


def test_issues_point_at_the_rows_of_the_whole() -> None:
    issue = Issue.at("odd-value", "info", "odd", Places.of([("b.jpg", 0, None), ("a", None, None)]))
    part = zoo()
    part = part._with(issues=part.issues + type(part.issues)((issue,)))
    whole = concat([part, part])
    assert [row.annotation for row in whole.issues.rows()] == [0, None, 11, None]


def test_columns_of_different_types_and_boxes_of_some_only() -> None:
    first, second = DatasetBuilder(), DatasetBuilder()
    first.add_annotation(first.add_item("a", id=1), id=1, score=1)
    second.add_annotation(second.add_item("a", id="x"), id="y", kind="box", box=[1, 2, 3, 4.5])
    whole = concat([first.build(), second.build()])
    assert [item.id for item in whole] == [1, "x"]
    assert whole.annotations.id.tolist() == [1, "y"]
    np.testing.assert_array_equal(whole.annotations.box, [[np.nan] * 4, [1, 2, 3, 4.5]])
    assert [a.score for a in whole.annotations] == [1, None]
    assert whole[1] == second.build()[0]


def test_nothing_can_not_be_joined() -> None:
    with pytest.raises(UsageError, match="at least one"):
        concat([])
    empty = DatasetBuilder().build()
    assert concat([empty, empty]) == empty
    assert concat([empty, zoo()])[0] == zoo()[0]
