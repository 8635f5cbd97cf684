"""Renaming, exchanging and merging labels."""

import pytest

from annokit.errors import UsageError
from annokit.model.builder import DatasetBuilder
from annokit.model.dataset import Dataset
from annokit.model.label import AttributeDefinition, Label
from tests.model.samples import zoo


def labelled(*labels: Label) -> Dataset:
    builder = DatasetBuilder()
    item = builder.add_item("x")
    for label in labels:
        builder.add_annotation(item, builder.add_label(label))
    builder.add_annotation(item)
    return builder.build()


def told(ds: Dataset) -> tuple[list[str], list[int]]:
    return [label.path for label in ds.labels], ds.annotations.label.tolist()


def test_a_new_name_keeps_everything_else() -> None:
    ds = zoo().relabel({"animal": "tier"})
    assert [label.path for label in ds.labels] == ["void", "tier", "tier.猫"]
    assert (ds.labels[1].source_id, ds.labels[1].color) == (7, (1, 2, 3))
    assert ds.labels[2].parent == ds.labels[1]
    assert ds.annotations.label.tolist() == zoo().annotations.label.tolist()
    assert ds.relabel({"tier": "animal"}) == zoo()
    assert zoo().relabel({}) == zoo()


def test_labels_become_one() -> None:
    ds = labelled(Label("cat", 1), Label("dog", 2), Label("animal", 9), Label("car", 4))
    assert told(ds.relabel({"cat": "animal", "dog": "animal"})) == (["animal", "car"], [0, 0, 0, 1, -1])
    assert ds.relabel({"cat": "animal"}).labels.names == ("animal", "dog", "car")
    assert [label.source_id for label in ds.relabel({"cat": "animal"}).labels] == [9, 2, 4]
    assert told(ds.relabel({"cat": "pet", "dog": "pet"})) == (["pet", "animal", "car"], [0, 0, 1, 2, -1])
    assert told(ds.relabel({"cat": "dog", "dog": "cat"})) == (["dog", "cat", "animal", "car"], [0, 1, 2, 3, -1])


def test_a_merged_label_has_all_definitions() -> None:
    age, size = AttributeDefinition(name="age"), AttributeDefinition(name="size", type="integer")
    ds = labelled(
        Label("a", attributes=(age,)), Label("b", attributes=(AttributeDefinition(name="age", type="number"), size))
    )
    assert ds.relabel({"a": "b"}).labels[0].attributes == (AttributeDefinition(name="age", type="number"), size)
    assert ds.relabel({"b": "a"}).labels[0].attributes == (age, size)


def test_a_label_goes_and_its_annotations_stay() -> None:
    parent = Label("animal", 1)
    ds = labelled(parent, Label("cat", 2, parent), Label("kitten", 3, Label("cat", 2, parent)))
    assert told(ds.relabel({"cat": None})) == (["animal", "animal.kitten"], [0, -1, 1, -1])
    assert told(ds.relabel({"animal": None, "cat": None})) == (["kitten"], [-1, -1, 0, -1])


def test_a_label_is_exchanged_altogether() -> None:
    ds = labelled(Label("cat", 1, color=(0, 0, 0)), Label("dog", 2), Label("pup", 3, Label("dog", 2)))
    new = Label("pet", 5, color=(1, 1, 1))
    assert list(ds.relabel({"cat": new}).labels)[:2] == [new, Label("dog", 2)]
    both = ds.relabel({"cat": new, "dog": new})
    assert told(both) == (["pet", "pet.pup"], [0, 0, 1, -1])
    assert list(both.labels) == [new, Label("pup", 3, new)]


def test_labels_that_share_a_name_are_renamed_together_and_others_stay_apart() -> None:
    ds = labelled(Label("x", 1), Label("x", 2), Label("y", 3), Label("y", 4))
    assert told(ds.relabel({"x": "z"})) == (["z", "y", "y"], [0, 0, 1, 2, -1])


def test_no_label_becomes_its_own_parent() -> None:
    top = Label("x")
    middle = Label("y", None, top)
    ds = labelled(top, middle, Label("z", None, middle))
    assert told(ds.relabel({"z": "x"})) == (["x", "x.y"], [0, 1, 0, -1])
    assert told(ds.relabel({"x": "z"}))[1] == [0, 1, 0, -1]
    assert told(ds.relabel({"y": "x"})) == (["x", "x.z"], [0, 0, 1, -1])


def test_a_parent_outside_the_set_is_renamed_too() -> None:
    ds = labelled(Label("cat", 1, Label("animal")), Label("animal", 3))
    assert [label.path for label in ds.relabel({"animal": "tier"}).labels] == ["tier.cat", "tier"]
    assert [label.path for label in ds.relabel({"animal": None}).labels] == ["cat"]


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(UsageError, match="no label is called 'dog'; labels: animal, void, 猫"):
        zoo().relabel({"dog": "cat"})
