"""What every file must show: nothing is lost, nothing is changed, and the bytes depend on the dataset alone."""

import io
import pickle
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

import annokit
from annokit.formats.io import plan, read, write
from annokit.model.dataset import Dataset
from tests import strategies
from tests.formats.annokit_file.datasets import datasets
from tests.formats.laws import check_laws


def stored(ds: Dataset) -> bytes:
    file = io.BytesIO()
    assert not write(ds, file, "annokit")
    return file.getvalue()


def issue_rows(ds: Dataset) -> list[Any]:
    return list(ds.issues.rows())


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=150)
@given(datasets())
def test_reading_gives_back_what_was_written(ds: Dataset) -> None:
    assert not plan(ds, "annokit")
    data = stored(ds)
    back = read(io.BytesIO(data), "annokit", verify=True)
    assert back == ds
    assert back.issues == ds.issues
    assert issue_rows(back) == issue_rows(ds)
    assert [item.path for item in back] == [item.path for item in ds]
    assert back.labels.attributes == ds.labels.attributes
    assert back._extras == ds._extras
    assert [list(item.annotations) for item in back] == [list(item.annotations) for item in ds]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=75)
@given(datasets())
def test_the_same_dataset_gives_the_same_bytes(ds: Dataset) -> None:
    data = stored(ds)
    assert stored(ds) == data
    assert stored(read(io.BytesIO(data), "annokit")) == data
    assert stored(pickle.loads(pickle.dumps(ds))) == data


@settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=60)
@given(strategies.datasets())
def test_the_laws_of_every_format(ds: Dataset) -> None:
    with tempfile.TemporaryDirectory() as folder:
        back = check_laws(ds, "annokit", Path(folder))
        assert back == ds
        assert back == pickle.loads(pickle.dumps(back))


def test_names_of_columns_keep_their_order() -> None:
    builder = annokit.DatasetBuilder()
    builder.add_item("a", attributes={"z": 1, "a": 2, "m": 3})
    assert list(read(io.BytesIO(stored(builder.build())), "annokit")[0].attributes) == ["z", "a", "m"]


def test_info_that_json_cannot_hold_is_refused() -> None:
    builder = annokit.DatasetBuilder()
    builder.info = {"size": (1, 2)}
    with pytest.raises(annokit.UsageError, match="info holds what JSON can't"):
        stored(builder.build())
