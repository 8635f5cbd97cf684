"""The three laws, for the options that change what is held."""

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annokit.model.builder import DatasetBuilder
from annokit.model.dataset import Dataset
from tests.formats.laws import check_laws
from tests.strategies import datasets

OPTIONS: list[dict[str, Any]] = [{}, {"spaces": "keep"}, {"decimals": 2}, {"decimals": 0, "spaces": "keep"}]
LAWFUL = settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=30)
NUMBERS = st.sampled_from((-1, -10, -1000, 0, 1, -1.0, 0.0, 0.5, 1.57, 2, float("nan"), 1e300, True, "x"))
FLOATS = st.sampled_from((-1.0, -10.0, -1000.0, 0.0, 1.5, 12.25, 3, 0.1))
CLASSES = (
    "Car",
    "DontCare",
    "traffic light 3",
    "7",
    "bicycle with space",
    "a\tb",
    "x, y",
    "",
    "3 4",
    "1e5",
    "ein Hund 猫",
)


@st.composite
def scenes(draw: st.DrawFn) -> Dataset:
    """Objects with everything that a line states, and a little more."""
    builder = DatasetBuilder(unit="pixel")
    for name in draw(st.lists(st.sampled_from(("0001.png", "b.txt", "d/x y.jpg", "0001.jpg", "label_2/0001.png")))):
        split = draw(st.sampled_from((None, "train", "testing", "val", "fold 1")))
        extras = draw(st.dictionaries(st.sampled_from(("kitti/calib", "zz/k")), st.just("calib/1.txt")))
        item = builder.add_item(name, width=1242, height=375, split=split, extras=extras, unit="pixel")
        for _ in range(draw(st.integers(0, 3))):
            _add_object(draw, builder, item)
    return builder.build()


def _add_object(draw: st.DrawFn, builder: DatasetBuilder, item: int) -> None:
    stated: dict[str, Any] = {"box": [1.5, 2, 30.25, 40]} if draw(st.integers(0, 4)) else {}
    if draw(st.booleans()):
        stated["cuboid"] = draw(cuboids())
        stated["kind"] = "cuboid"
    if draw(st.booleans()):
        stated["score"] = draw(st.sampled_from((1, 0.5, -3.25)))
    if draw(st.integers(0, 5)) == 0:
        stated["extras"] = {"kitti/#zeros": draw(st.booleans()), "kitti/other": 1}
    names = st.sampled_from(("truncated", "occluded", "alpha", "pose", "iscrowd"))
    stated["attributes"] = draw(st.dictionaries(names, NUMBERS, max_size=4))
    builder.add_annotation(item, draw(st.sampled_from((None, *CLASSES))), **stated)


@st.composite
def cuboids(draw: st.DrawFn) -> dict[str, Any]:
    parts: dict[str, Any] = {
        "center": [draw(FLOATS) for _ in range(3)],
        "size": [draw(FLOATS) for _ in range(3)],
        "rotation": [draw(st.sampled_from((0.0, 0.5))) * draw(st.integers(0, 1)), draw(FLOATS), 0.0],
        "corners": [[float(x), float(y)] for x in (1, 2) for y in (3, 4, 5, 6)],
        "anchor": draw(st.sampled_from(([0.0, 0.5, 0.0], [0.0, 0.0, 0.0], [0.5, 0.0, 0.0]))),
    }
    return {name: value for name, value in parts.items() if draw(st.integers(0, 3))}


@pytest.mark.parametrize("options", OPTIONS)
@LAWFUL
@given(data=st.data())
def test_any_dataset(options: dict[str, Any], data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        check_laws(data.draw(datasets()), "kitti", Path(folder), **options)


@pytest.mark.parametrize("options", OPTIONS)
@LAWFUL
@given(data=st.data())
def test_scenes(options: dict[str, Any], data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        check_laws(data.draw(scenes()), "kitti", Path(folder), **options)
