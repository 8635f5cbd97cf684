"""Choosing items and annotations."""

import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annokit.errors import UsageError
from annokit.model.builder import DatasetBuilder
from annokit.model.dataset import Dataset
from annokit.model.label import Label
from tests.model.samples import zoo
from tests.model.strategies import datasets, facts


@given(datasets(), st.data())
def test_chosen_items_keep_everything_they_said(ds: Dataset, data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.integers(0, len(ds) - 1), max_size=5) if len(ds) else st.just([]))
    chosen = ds[rows]
    assert [item.name for item in chosen] == [ds[row].name for row in rows]
    for item, row in zip(chosen, rows, strict=True):
        old = ds[row]
        assert item.sequence == old.sequence
        assert dict(item.attributes) == dict(old.attributes)
        own, its = item.annotation_rows.tolist(), old.annotation_rows.tolist()
        assert [facts(chosen, new) for new in own] == [facts(ds, before) for before in its]
    assert pickle.loads(pickle.dumps(chosen)) == chosen
    assert chosen.compact() == chosen


@given(datasets(), st.data())
def test_chosen_annotations_keep_everything_they_said(ds: Dataset, data: st.DataObject) -> None:
    mask = np.array(
        data.draw(st.lists(st.booleans(), min_size=len(ds.annotations), max_size=len(ds.annotations))), bool
    )
    chosen = ds.filter(annotations=mask)
    rows = np.flatnonzero(mask).tolist()
    assert len(chosen) == len(ds)
    assert [facts(chosen, new) for new in range(len(rows))] == [facts(ds, row) for row in rows]
    for new, row in enumerate(rows):
        parent = ds.annotations[row].parent
        assert chosen.annotations[new].parent == (rows.index(parent) if parent in rows else None)
    assert pickle.loads(pickle.dumps(chosen)) == chosen


@given(datasets())
def test_choosing_all_items_is_the_dataset(ds: Dataset) -> None:
    assert ds[:] == ds
    assert ds[np.ones(len(ds), bool)] == ds
    assert ds.filter(items=lambda item: True) == ds
    assert ds.filter(annotations=lambda annotation: True) == ds
    assert pickle.loads(pickle.dumps(ds)) == ds
    assert ds.compact() == ds


@pytest.mark.parametrize(
    ("key", "names"),
    [
        (slice(0, 1), ["é/ä.png"]),
        (slice(None, None, -1), ["b.jpg", "b.jpg", "é/ä.png"]),
        ([2, 0], ["b.jpg", "é/ä.png"]),
        ([-1], ["b.jpg"]),
        (np.array([True, False, False]), ["é/ä.png"]),
        ([False, False, True], ["b.jpg"]),
        (["é/ä.png"], ["é/ä.png"]),
        (np.array(["é/ä.png", "é/ä.png"]), ["é/ä.png", "é/ä.png"]),
        ([], []),
        (np.zeros(0, np.int32), []),
    ],
)
def test_items_are_chosen_in_many_ways(key: Any, names: list[str]) -> None:
    assert list(zoo()[key].names) == names


@pytest.mark.parametrize(
    ("key", "error", "text"),
    [
        ("c.jpg", KeyError, "c.jpg"),
        ("b.jpg", UsageError, "2 items are called 'b.jpg', at positions"),
        (3, IndexError, "item 3 of 3"),
        (-4, IndexError, "item -4 of 3"),
        ([3], IndexError, "items run from 0 to 2"),
        ([True], UsageError, r"shape \(1,\), expected \(3,\)"),
        ([0.5], UsageError, "slice, a bool mask or integer positions"),
        ([[0]], UsageError, "integer positions"),
        (["c.jpg"], KeyError, "c.jpg"),
        (None, UsageError, "integer positions"),
    ],
)
def test_a_wrong_choice_says_what_is_wrong(key: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        zoo()[key]


def test_positions_and_numpy_integers_give_items() -> None:
    ds = zoo()
    assert ds[-1] == ds[2]
    assert ds[np.int64(1)] == ds[1]
    assert ds["é/ä.png"] == ds[0]


def test_dangling_annotations_go_with_a_choice_and_stay_without() -> None:
    ds = zoo()
    assert (ds[[0, 1]].annotations.item >= 0).all()
    assert len(ds[[0, 1]].annotations) == 9
    assert ds.filter(labels="animal").annotations.item.tolist() == [0, -1, 2, 1]


def test_rows_keep_the_source_order_where_items_do() -> None:
    ds = zoo()
    assert ds[[0, 1]].annotations.item.tolist() == [1, 0, 0, 0, 0, 0, 1, 1, 0]
    assert ds[[1, 0]].annotations.item.tolist() == [0, 0, 0, 1, 1, 1, 1, 1, 1]
    assert ds[[0, 0]].annotations.item.tolist() == [0] * 6 + [1] * 6


def test_parents_move_with_their_children() -> None:
    ds = zoo()
    assert [a.parent for a in ds[[0]].annotations] == [None, 0, None, None, None, None]
    assert ds.filter(annotations=[2]).annotations[0].parent is None
    assert ds[[0, 0]].annotations[7].parent == 0


def test_sequences_that_lose_their_last_item_go() -> None:
    builder = DatasetBuilder()
    for name in "abc":
        builder.add_sequence(name)
    for name, sequence in (("x", 2), ("y", 0), ("z", None)):
        builder.add_item(name, sequence=sequence)
    ds = builder.build()
    chosen = ds[["x", "z"]]
    assert [s.id for s in chosen.sequences] == ["b", "c"]
    assert [i.sequence and i.sequence.id for i in chosen] == ["c", None]
    assert [s.id for s in ds[[]].sequences] == ["b"]
    assert [s.id for s in ds.filter(annotations=[]).sequences] == ["a", "b", "c"]


def test_filter_by_names_callables_and_labels() -> None:
    ds = zoo()
    assert ds.filter(items="b.jpg").names == ("b.jpg", "b.jpg")
    assert ds.filter(items=["é/ä.png"]).names == ("é/ä.png",)
    assert ds.filter(items={"é/ä.png"}).names == ("é/ä.png",)
    assert ds.filter(items=lambda item: item.width == 30).names == ("b.jpg",)
    assert [a.id for a in ds.filter(annotations=lambda a: a.score is not None).annotations] == [0]
    assert [a.id for a in ds.filter(labels=["猫"], annotations=[1, 2]).annotations] == [0]
    assert len(ds.filter(labels=lambda label: label.parent is not None).annotations) == 4
    assert len(ds.filter(labels=[0]).annotations) == 2
    assert len(ds.filter(labels=np.array([True, True, True])).annotations) == 10
    with pytest.raises(UsageError, match="no label is called 'dog'; labels: animal, void, 猫"):
        ds.filter(labels="dog")
    with pytest.raises(UsageError, match="no item is called"):
        ds.filter(items=["dog"])


def test_a_choice_shares_the_large_arrays() -> None:
    ds = zoo()
    chosen = ds[[0]]
    mine, its = (d._annotations.sparse("points") for d in (chosen, ds))
    assert mine is not None
    assert its is not None
    assert mine.values is its.values


def test_a_compact_dataset_shares_nothing_large() -> None:
    builder = DatasetBuilder()
    for name in "ab":
        item = builder.add_item(name)
        builder.add_annotation(item, kind="polygon", points=[[[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]]]])
    ds = builder.build()
    small = ds[1:].compact()
    assert small == ds[1:]
    assert not np.shares_memory(small.annotations.points, ds.annotations.points)


def test_labels_are_a_sequence_that_knows_names() -> None:
    labels = zoo().labels
    assert len(labels) == 3
    assert labels["猫"] is labels[2]
    assert labels[-1].name == "猫"
    assert [label.name for label in labels[:2]] == ["void", "animal"]
    assert "animal" in labels
    assert labels[1] in labels
    assert "dog" not in labels
    assert labels.by_id(0).name == "void"
    assert labels.names == ("void", "animal", "猫")
    assert repr(labels) == "LabelSet(3: 'void', 'animal', '猫')"
    assert len({*labels}) == 3
    with pytest.raises(KeyError):
        labels["dog"]
    with pytest.raises(KeyError):
        labels.by_id("0")
    builder = DatasetBuilder()
    builder.add_label(Label("x", 1))
    builder.add_label(Label("x", 2))
    twice = builder.build().labels
    assert twice.positions("x") == [0, 1]
    assert twice.positions("y") == []
    with pytest.raises(UsageError, match="2 labels are called 'x'"):
        twice["x"]


def test_sequences_are_found_by_row_name_and_id() -> None:
    ds = zoo()
    assert ds.sequences[0] == ds.sequences["s1"] == ds.sequences["Straße"]
    assert ds.sequences[-1].id == "empty"
    assert ds.sequences[-1].name == "empty"
    assert (ds.sequences[0].width, ds.sequences[0].frames, ds.sequences[0].status) == (None, None, None)
    assert len(ds.sequences) == 2
    with pytest.raises(KeyError):
        ds.sequences["s2"]
    with pytest.raises(IndexError):
        ds.sequences[2]
    assert ds.sequences[0] == zoo().sequences[0]
    assert ds.sequences[0] != ds.sequences[1]
