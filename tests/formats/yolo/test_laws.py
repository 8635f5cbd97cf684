"""The three laws, for every dialect and for the options that change what is held."""

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annokit.formats.io import plan, read, write
from annokit.formats.narrow import narrow
from annokit.formats.yolo import FORMAT
from annokit.model.dataset import Dataset
from tests.formats.yolo.datasets import datasets

DIALECTS = [name for name in FORMAT.dialects if name]
OPTIONS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    *((name, {}, {}) for name in DIALECTS),
    ("ultralytics-detect", {"sixth": "score"}, {"sixth": "score"}),
    ("darknet", {"sixth": "track"}, {"sixth": "track"}),
    ("ultralytics-segment", {"parts": "split", "clip": False}, {}),
    ("ultralytics-segment", {"parts": "largest", "decimals": 3}, {}),
    ("ultralytics-obb", {"decimals": 6}, {}),
    ("ultralytics-pose", {"decimals": 2, "crowds": "refuse"}, {}),
    ("dataloop", {"clip": True}, {}),
    ("keras", {"decimals": 0}, {}),
]
LAWFUL = settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=25)


def narrowed(ds: Dataset, dialect: str, options: dict[str, Any]) -> Any:
    return narrow(ds, FORMAT.holds(FORMAT.dialect(dialect), options))


def differences(a: Dataset, b: Dataset) -> list[Any]:
    """What two datasets differ in, for the message of a test."""
    tables = [(a._items, b._items), (a._annotations, b._annotations)]
    told: list[Any] = [list(x.differences(y, ("path",))) if len(x) == len(y) else (len(x), len(y)) for x, y in tables]
    return [*told, list(a.labels), list(b.labels), a.names, b.names, a._extras, b._extras]


@pytest.mark.parametrize(("dialect", "options", "reading"), OPTIONS)
@LAWFUL
@given(data=st.data())
def test_the_three_laws(dialect: str, options: dict[str, Any], reading: dict[str, Any], data: st.DataObject) -> None:
    ds = data.draw(datasets(tidy=data.draw(st.booleans())))
    held, report = narrowed(ds, dialect, options)
    again, second = narrowed(held, dialect, options)
    assert not second, str(second)
    assert again == held
    assert bool(report) == (held != ds), str(report)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tree"
        write(ds, path, f"yolo:{dialect}", on_loss="allow", **options)
        back = read(path, f"yolo:{dialect}", **reading)
    assert back == held, differences(back, held)


@pytest.mark.parametrize(("dialect", "options", "reading"), OPTIONS)
@LAWFUL
@given(data=st.data())
def test_a_plan_is_the_report_of_the_write(
    dialect: str, options: dict[str, Any], reading: dict[str, Any], data: st.DataObject
) -> None:
    ds = data.draw(datasets())
    assert list(plan(ds, f"yolo:{dialect}", **options).rows()) == list(narrowed(ds, dialect, options)[1].rows())
