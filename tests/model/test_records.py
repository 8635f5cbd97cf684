"""Annotations as plain tables."""

import builtins
import sys
from typing import Any

import pytest
from hypothesis import given

from annokit.errors import MissingExtraError, UsageError
from annokit.geometry import Point
from annokit.model.builder import DatasetBuilder
from annokit.model.dataset import Dataset
from tests.model.samples import zoo
from tests.model.strategies import datasets


def test_every_annotation_is_a_record() -> None:
    records = zoo().to_records()
    assert len(records) == 11
    assert records[0] == {
        "row": 0, "item": "b.jpg", "item_row": 1, "sequence": None, "frame": None, "label": "void", "label_id": 0,
        "label_source_id": 0, "label_color": None, "kind": "box", "xmin": 0.1, "ymin": 0.1, "xmax": 0.5, "ymax": 30.5 / 60, "start": None, "first_frame": None,
        "last_frame": None, "id": 5, "track": None, "keyframe": None, "interpolation": None, "score": None, "parent": None,
        "layer": None, "author": None, "created": None, "updated": None, "review": None,
        "attributes.sleeps": None, "attributes.age": None,
    }  # fmt: skip
    polygon, timed, lost, bare = records[1], records[10], records[4], records[5]
    assert (polygon["sequence"], polygon["frame"], polygon["score"], polygon["attributes.age"]) == ("Straße", 0, 0.5, 3)
    assert (timed["start"], timed["first_frame"], timed["last_frame"], timed["xmin"]) == (1.5, 0, 9, None)
    assert (lost["item"], lost["item_row"], lost["id"], lost["xmin"]) == (None, None, "lost", None)
    assert (bare["item"], bare["xmin"], bare["track"]) == ("b.jpg", None, "t")


def test_boxes_in_the_wanted_unit() -> None:
    ds = zoo()
    assert ds.to_columns(["xmin", "ymax"], unit="pixel")["xmin"][:2] == [3, 20]
    assert ds.to_columns(["xmin"], unit="pixel")["xmin"][4:6] == [1, 8]
    assert ds.to_columns(["xmin"], unit="source")["xmin"][:2] == [3, 0.1]


def test_single_fields_in_their_order() -> None:
    ds = zoo()
    assert list(ds.to_columns(["label", "kind", "attributes"])) == [
        "label",
        "kind",
        "attributes.sleeps",
        "attributes.age",
    ]
    assert ds.to_columns(["shape"])["shape"][7] == Point(0.25, 0.75)
    assert ds.to_records(["id"])[0] == {"id": 5}
    assert ds.to_records([]) == [{}] * 11
    with pytest.raises(UsageError, match="no field is called 'colour'; fields: attribute_ids, attributes, author, box"):
        ds.to_columns(["colour"])


def test_no_annotations_give_no_records() -> None:
    ds = DatasetBuilder().build()
    assert ds.to_records() == []
    assert ds.to_columns() == {name: [] for name in ("row", "item", "label", "kind", "xmin", "ymin", "xmax", "ymax")}


@given(datasets())
def test_records_say_what_annotations_say(ds: Dataset) -> None:
    records = ds.to_records(["row", "label", "id", "track", "score", "parent", "layer", "attributes"])
    for annotation, record in zip(ds.annotations, records, strict=True):
        assert record["row"] == annotation.row
        assert record["label"] == (annotation.label.name if annotation.label else None)
        for name in ("id", "track", "score", "parent", "layer"):
            assert record[name] == getattr(annotation, name)
            assert type(record[name]) is type(getattr(annotation, name))
        for name, value in annotation.attributes.items():
            assert record[f"attributes.{name}"] == value
    assert [r["row"] for r in ds.to_records()] == list(range(len(ds.annotations)))


def test_a_frame_needs_pandas(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def refusing(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "pandas":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.delitem(sys.modules, "pandas", raising=False)
    monkeypatch.setattr(builtins, "__import__", refusing)
    with pytest.raises(MissingExtraError, match=r'pip install "annokit\[pandas\]"'):
        zoo().to_pandas()


def test_a_frame_has_a_row_per_annotation() -> None:
    pytest.importorskip("pandas")
    frame = zoo().to_pandas()
    assert len(frame) == 11
    assert frame["label"].tolist()[:2] == ["void", "猫"]
