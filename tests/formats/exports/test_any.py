"""Exports of generated datasets: whatever is in them, the tree comes back with all that its format holds."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import annokit
from tests.strategies import datasets

pytestmark = pytest.mark.filterwarnings("ignore::annokit.LossWarning")


@settings(max_examples=30)
@given(datasets(), st.booleans(), st.booleans())
def test_items_and_annotations_come_back(tmp_path_factory, ds, split, zipped):
    path = tmp_path_factory.mktemp("any", numbered=True) / ("out.zip" if zipped else "out")
    subsets = {"split": {"a": 1, "b": 2}, "by": "video"} if split else {}
    report = annokit.export(ds, path, "annokit", contents="annotations", on_loss="allow", **subsets)
    back = annokit.read(path)
    assert sorted(back.names) == sorted(ds.names)
    assert len(back.annotations) == int((ds.annotations.item >= 0).sum())
    for row in report.rows():
        assert row.annotation is None or 0 <= row.annotation < len(ds.annotations)
        assert row.item is None or row.item in ds.names
