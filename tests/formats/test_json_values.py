"""Values and names that JSON can't state, or only in an odd way: told, and never written so that nobody can read them."""

from __future__ import annotations

import json
from typing import Any

import pytest

import annokit
from annokit.formats import registry
from annokit.formats.narrow import narrow

TARGETS = ["segments", "coco", "coco:dataloop", "coco:innotescus", "coco:panoptic", "dataloop", "encord", "innotescus"]
NAN, INFINITE = float("nan"), float("inf")


def dataset(**fields: Any) -> annokit.Dataset:
    builder = annokit.DatasetBuilder()
    item = builder.add_item("a.png", width=40, height=30, attributes=fields.get("attributes", {}))
    builder.add_annotation(item, "cat", annokit.Box(0.1, 0.2, 0.5, 0.6), **fields)
    return builder.build()


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    "fields",
    [
        {"attributes": {"a": NAN, "b": 1}},
        {"attributes": {"a": -INFINITE}},
        {"attributes": {"a": {"deep": [1, NAN]}}},
        {"attributes": {"a": "\ud800", "b": "NaN and Infinity"}},
        {"attributes": {"a": ["\ud800"], "b": ["NaN", "\\ud800"]}},
        {"attributes": {'quote"\n': 1, "quote__": 2}},
        {"score": NAN},
    ],
    ids=str,
)
def test_what_json_can_not_state_is_told(fields: dict[str, Any], target: str, tmp_path) -> None:
    ds = dataset(**fields)
    fmt, dialect = registry.resolve(target)
    narrowed, report = narrow(ds, fmt.holds(fmt.dialect(dialect), {}))
    annokit.write(ds, tmp_path / "out", target, on_loss="allow")
    assert annokit.read(tmp_path / "out", target) == narrowed
    assert bool(report) == (narrowed != ds)
    paths = [tmp_path / "out"] if (tmp_path / "out").is_file() else (tmp_path / "out").rglob("*.json")
    for path in paths:
        assert "NaN," not in json.dumps(json.loads(path.read_text("utf-8"), parse_constant=pytest.fail))


def test_the_report_names_the_attribute_and_both_rows() -> None:
    report = annokit.plan(dataset(attributes={"a": NAN, "b": 1}), "coco")
    told = [(row.annotation, row.field, row.fate) for row in report.rows() if row.field == "attributes.a"]
    assert told == [(0, "attributes.a", "dropped"), (None, "attributes.a", "dropped")]
    report = annokit.plan(dataset(attributes={"a\n": 1}), "coco")
    assert [row.fate for row in report.rows() if row.field == "attributes.a\n"] == ["renamed", "renamed"]
