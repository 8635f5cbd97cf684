"""A dataset that lies in a file is shared with workers, and pickled as a reference to it."""

import copy
import gc
import multiprocessing
import pickle
from pathlib import Path

import numpy as np
import pytest

import annokit
from annokit.formats.io import read, write
from annokit.model.builder import DatasetBuilder
from annokit.model.dataset import Dataset
from tests.formats.annokit_file.samples import sample

ROWS = 5_000
SMALL = 20_000


def large() -> Dataset:
    """Return a dataset of about a megabyte."""
    builder = DatasetBuilder()
    shape = annokit.Polygon(((np.linspace(0, 1, 40).reshape(-1, 2),),))
    for number in range(ROWS // 10):
        item = builder.add_item(f"{number:04}.png", width=64, height=48)
        for turn in range(10):
            builder.add_annotation(item, "cat" if turn else "dog", shape, id=number * 10 + turn)
    return builder.build()


@pytest.fixture
def opened(tmp_path: Path) -> Dataset:
    path = tmp_path / "large.annokit"
    write(large(), path, "annokit")
    return read(path, "annokit")


def walked(ds: Dataset) -> tuple[int, float, list[str]]:
    """Touch everything."""
    shapes = [annotation.shape for item in ds for annotation in item.annotations]
    total = sum(float(ring.sum()) for shape in shapes for part in shape.parts for ring in part)
    return len(shapes), total, [item.name for item in ds][:3]


def test_pickle_holds_no_data(opened: Dataset) -> None:
    data = pickle.dumps(opened)
    assert len(data) < SMALL
    assert pickle.loads(data) == opened == large()


def test_selections_pickle_what_was_chosen(opened: Dataset) -> None:
    for chosen in (opened[100:110], opened[::-50], opened.filter(labels="dog")[:7], opened.relabel({"dog": "cat"})):
        data = pickle.dumps(chosen)
        assert len(data) < SMALL + 20 * len(chosen.annotations)
        assert pickle.loads(data) == chosen


def test_data_of_its_own_are_pickled(opened: Dataset) -> None:
    with opened.edit() as edit:
        edit.replace(3, id=-1)
    assert pickle.loads(pickle.dumps(edit.dataset)) == edit.dataset
    assert pickle.loads(pickle.dumps(edit.dataset)).annotations[3].id == -1


def test_copies(opened: Dataset) -> None:
    assert copy.copy(opened) == opened
    assert copy.deepcopy(opened) == opened
    assert opened[10:20].compact() == opened[10:20]


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_workers(method: str, opened: Dataset) -> None:
    context = multiprocessing.get_context(method)
    with context.Pool(2) as pool:
        found = pool.map(walked, [opened, opened[:40], opened[[3, 1]]])
    assert found == [walked(opened), walked(opened[:40]), walked(opened[[3, 1]])]


def test_a_file_that_was_replaced_is_pickled_whole(opened: Dataset, tmp_path: Path) -> None:
    before = large()
    write(sample(), tmp_path / "large.annokit", "annokit", overwrite=True)
    assert opened == before
    data = pickle.dumps(opened)
    assert len(data) > 1_000_000
    assert pickle.loads(data) == before


def test_writing_over_the_own_file(opened: Dataset, tmp_path: Path) -> None:
    write(opened[:10], tmp_path / "large.annokit", "annokit", overwrite=True)
    assert read(tmp_path / "large.annokit", "annokit") == opened[:10]
    assert opened == large()


def test_a_file_that_is_gone_or_another_one(tmp_path: Path) -> None:
    place = tmp_path / "a.annokit"
    write(large(), place, "annokit")
    data = pickle.dumps(read(place, "annokit"))
    gc.collect()
    write(sample(), place, "annokit", overwrite=True)
    with pytest.raises(annokit.FormatError, match="the file has changed") as caught:
        pickle.loads(data)
    assert caught.value.path == str(place)
    place.unlink()
    with pytest.raises(annokit.FormatError, match="the file is gone"):
        pickle.loads(data)


def test_arrays_are_views_that_cannot_be_written_to(opened: Dataset) -> None:
    with pytest.raises(ValueError, match="read-only"):
        opened._annotations.array("item")[0] = 1


def test_without_mapping_nothing_refers_to_the_file(tmp_path: Path) -> None:
    path = tmp_path / "large.annokit"
    write(large(), path, "annokit")
    ds = read(path, "annokit", mapped=False)
    path.unlink()
    data = pickle.dumps(ds)
    assert len(data) > 1_000_000
    assert pickle.loads(data) == ds == large()
