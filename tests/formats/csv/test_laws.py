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

OPTIONS: list[dict[str, Any]] = [{}, {"header": "columns"}, {"header": "none"}]
LAWFUL = settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=60)
CLASSES = ("a,b", 'say "cat"', " lead ", "", "[x]", "|x|", "640", "猫", "two\nlines", "1", "'")
NUMBERS = (0, 1, -2, 0.5, 12.25, 1e-7, 640, 1e20)
TASKS = ("object_detection", "Object Detection", "Classification", "Semantic Segmentation", "foo", "", 3)


@st.composite
def scenes(draw: st.DrawFn) -> Dataset:
    """Objects with everything that a line states, and a little more."""
    builder = DatasetBuilder(unit="pixel")
    names = st.sampled_from(("a.png", "a,b.png", 'q".png', "", "1", "|p|.png", "d/ä.png", "a.png (2)", " x "))
    for name in draw(st.lists(names, max_size=4)):
        size = draw(st.sampled_from(({}, {"width": 640, "height": 48})))
        item = builder.add_item(name, unit="pixel", **size)
        for _ in range(draw(st.integers(0, 3))):
            keys = {
                "csv/task": st.sampled_from(TASKS),
                "csv/rotation": st.sampled_from((*NUMBERS, "x")),
                "zz/k": st.just(1),
            }
            extras = {key: draw(values) for key, values in keys.items() if draw(st.integers(0, 2)) == 0}
            label = draw(st.sampled_from((None, *CLASSES)))
            builder.add_annotation(item, label, extras=extras, **draw(shapes()))
    if draw(st.booleans()):
        headers = (["a", "w,x", "h", "t", "c"], ["a", "1", "h", "t", "c"], "x", ["a", "b", "c", "d", 'e"', "f", "g"])
        builder.extras["csv/header"] = draw(st.sampled_from([str(h).replace("'", '"').encode() for h in headers[:2]]))
    return builder.build()


@st.composite
def shapes(draw: st.DrawFn) -> dict[str, Any]:
    number = st.sampled_from(NUMBERS)
    kind = draw(st.sampled_from(("none", "box", "two", "four", "polygon", "point", "empty")))

    def ring(count: int) -> list[list[float]]:
        return [[draw(number), draw(number)] for _ in range(count)]

    if kind == "box":
        return {"kind": "box", "box": [draw(number) for _ in range(4)]}
    if kind == "two":
        form = draw(st.sampled_from(("radians", "degrees", "centre")))
        return {"kind": "rotated_box", "rotated": ([1, 2, 30, 40.5], draw(number), form)}
    if kind == "four":
        angle = draw(st.none() | number)
        return {"kind": "rotated_box", "rotated": ([draw(number) for _ in range(8)], angle, "corners")}
    if kind == "polygon":
        return {"kind": "polygon", "points": [[ring(draw(st.integers(0, 5)))] for _ in range(draw(st.integers(1, 3)))]}
    if kind == "point":
        return {"kind": "point", "points": [[ring(1)]]}
    return {"kind": "polygon", "points": []} if kind == "empty" else {"kind": "none"}


@pytest.mark.parametrize("options", OPTIONS)
@LAWFUL
@given(data=st.data())
def test_any_dataset(options: dict[str, Any], data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        check_laws(data.draw(datasets()), "csv", Path(folder), **options)


@pytest.mark.parametrize("options", OPTIONS)
@LAWFUL
@given(data=st.data())
def test_scenes(options: dict[str, Any], data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        check_laws(data.draw(scenes()), "csv", Path(folder), **options)
