"""What makes two datasets equal."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given

from annokit.columns import Fixed, Number, Text
from annokit.model.builder import DatasetBuilder
from annokit.model.compare import differences
from annokit.model.dataset import Dataset
from annokit.report import Issue, Report
from tests.model.samples import zoo
from tests.model.strategies import datasets


@given(datasets(), datasets())
def test_equal_means_no_difference(a: Dataset, b: Dataset) -> None:
    assert (a == b) == (list(differences(a, b)) == [])
    assert (a == b) == (b == a)
    assert a == a._with()


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda ds: ds.relabel({"void": "empty"}), ["labels"]),
        (lambda ds: ds._with(info={"year": 2026.0}), ["info"]),
        (lambda ds: ds._with(extras={"coco/licenses": b"[{},1]"}), ["extras/coco/licenses"]),
        (lambda ds: ds._with(extras={}), ["extras/coco/licenses"]),
        (lambda ds: ds[::-1], ["items/attributes/night"]),
        (lambda ds: ds.filter(annotations=slice(0, 3)), ["annotations"]),
        (lambda ds: _edited(ds, 1, score=0.25), ["annotations/score"]),
        (lambda ds: _edited(ds, 0, id="5"), ["annotations/id"]),
        (lambda ds: _edited(ds, 1, attributes={"age": 3.0, "sleeps": None}), ["annotations/attributes/age"]),
        (lambda ds: _item(ds, 1, width=31), ["items/size"]),
        (lambda ds: _item(ds, 0, name="x"), ["items/name"]),
        (lambda ds: ds._with(items=ds._items.replace({"form": Fixed(np.zeros(3, np.uint8))})), ["items/form"]),
    ],
)
def test_differences_are_named(change: Any, where: list[str]) -> None:
    assert list(differences(zoo(), change(zoo())))[:1] == where
    assert zoo() != change(zoo())


def _edited(ds: Dataset, row: int, **fields: Any) -> Dataset:
    with ds.edit() as edit:
        edit.replace(row, **fields)
    return edit.dataset


def _item(ds: Dataset, row: int, **fields: Any) -> Dataset:
    with ds.edit() as edit:
        edit.replace_item(row, **fields)
    return edit.dataset


def test_paths_issues_layout_and_caches_do_not_count() -> None:
    ds = zoo()
    ds.annotations.boxes("xyxy", "source")
    assert ds.map_media(lambda item: item.name) == zoo()
    assert ds._with(issues=Report((Issue("lint", "info", "x"),))) == zoo()
    assert ds._with(extras={"coco/licenses": b" [ {} ] "}) == zoo()
    assert ds != 3
    with pytest.raises(TypeError, match="unhashable"):
        hash(ds)


def test_numbers_are_compared_as_they_were_written() -> None:
    def boxed(numbers: list[float]) -> Dataset:
        builder = DatasetBuilder()
        builder.add_annotation(builder.add_item("a"), box=numbers)
        return builder.build()

    assert boxed([1, 2, 3, 4]) == boxed([1, 2, 3, 4])
    assert boxed([1, 2, 3, 4]) != boxed([1.0, 2, 3, 4])
    assert boxed([float("nan"), 2, 3, 4]) == boxed([float("nan"), 2, 3, 4])


def test_a_column_of_nothing_is_no_column() -> None:
    builder = DatasetBuilder()
    builder.add_annotation(builder.add_item("a"), "x")
    ds = builder.build()
    nothing = ds._with(annotations=ds._annotations.replace({"box": Number(np.full((1, 4), np.nan))}))
    assert ds == nothing
    assert ds != ds._with(annotations=ds._annotations.replace({"layer": Text.of(["a"])}))
