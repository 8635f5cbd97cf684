"""What a dataset holds, counted."""

import json

import orjson
from hypothesis import given

from annokit.model.builder import DatasetBuilder
from annokit.model.dataset import Dataset
from annokit.model.label import Label
from annokit.model.summary import _width
from tests.model.samples import zoo
from tests.model.strategies import datasets


def test_counts() -> None:
    summary = zoo().summary()
    assert (summary.items, summary.annotations, summary.empty, summary.dangling, summary.tracks) == (3, 11, 0, 1, 2)
    assert [(row.label, row.annotations, row.items) for row in summary.labels] == [
        ("void", 2, 2), ("animal", 4, 3), ("animal.猫", 4, 2), ("(none)", 1, 1),
    ]  # fmt: skip
    assert summary.shapes == {
        "none": 1, "box": 3, "rotated_box": 1, "ellipse": 1, "polygon": 1, "polyline": 1, "point": 1, "keypoints": 1, "mask": 1,
    }  # fmt: skip
    assert summary.kinds == {"image": 3}
    assert summary.statuses == {"(none)": 2, "labelled": 1}
    assert summary.splits == {"train": 1, "(none)": 2}
    assert summary.sizes == {"30x60": 1, "200x100": 1, "unknown": 1}
    assert [(row.name, row.items, row.annotations) for row in summary.sequences] == [("Straße", 1, 6), ("empty", 0, 0)]


def test_a_label_of_many_items_is_counted_once_per_item() -> None:
    builder = DatasetBuilder()
    for name in "abc":
        builder.add_item(name)
    for item in (2, 0, 2, 2, -1):
        builder.add_annotation(item, "x")
    (row,) = builder.build().summary().labels
    assert (row.annotations, row.items) == (5, 2)
    assert builder.build().summary().empty == 1


def test_it_prints_as_a_table() -> None:
    assert (
        str(zoo().summary())
        == """\
3 items, 11 annotations, 3 labels, 2 sequences, 2 tracks, 1 annotation of no
item

labels
  animal    4 ####################  in 3
  animal.猫 4 ####################  in 2
  void      2 ##########            in 2
  (none)    1 #####                 in 1

shapes
  box         3 ####################
  none        1 #######
  rotated_box 1 #######
  ellipse     1 #######
  polygon     1 #######
  polyline    1 #######
  point       1 #######
  keypoints   1 #######
  mask        1 #######

statuses
  (none)   2 ####################
  labelled 1 ##########

splits
  (none) 2 ####################
  train  1 ##########

sizes
  30x60   1 ####################
  200x100 1 ####################
  unknown 1 ####################

sequences
  Straße 1 ####################  6
  empty  0                       0"""
    )
    assert repr(zoo().summary()) == str(zoo().summary())


def test_nothing_prints_too() -> None:
    assert str(DatasetBuilder().build().summary()) == "0 items, 0 annotations, 0 labels"


@given(datasets())
def test_every_line_fits_a_terminal_and_all_is_json(ds: Dataset) -> None:
    summary = ds.summary()
    assert all(_width(line) <= 80 for line in str(summary).splitlines())
    assert json.loads(json.dumps(summary.to_dict())) == summary.to_dict()
    assert sum(summary.shapes.values()) == sum(row.annotations for row in summary.labels) == len(ds.annotations)
    assert sum(summary.kinds.values()) == sum(summary.splits.values()) == sum(summary.sizes.values()) == len(ds)


def test_long_names_and_many_rows_are_cut() -> None:
    builder = DatasetBuilder()
    for number in range(30):
        builder.add_label(Label(f"a very long name of a class that nobody wants to read to its end, number {number}"))
    lines = str(builder.build().summary()).splitlines()
    assert len(lines) == 3 + 20 + 1
    assert lines[-1] == "  ... and 10 more"
    assert max(map(len, lines)) <= 80
    assert len(builder.build().summary().to_dict()["labels"]) == 30
    assert orjson.loads(orjson.dumps(builder.build().summary().to_dict()))["items"] == 0
