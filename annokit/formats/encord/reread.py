"""What written rows are read as: where that differs from what was written, hashes, names and labels were made."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.columns import MISSING, Column, Table
from annokit.columns.json import dumps, same
from annokit.errors import MissingSizeError
from annokit.formats.holds import Holds
from annokit.formats.numbers import restate, restate_times
from annokit.formats.origin import NAME, ROW, forgotten
from annokit.formats.places import at_all, at_annotations, at_items
from annokit.formats.steps import public_name
from annokit.model.schema import ITEM_UNCOMPARED

if TYPE_CHECKING:
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset

UNIT, FORM, TIME_UNIT = "unit", "xywh", "s"


def as_read(ds: Dataset, apply: bool, options: Mapping[str, Any]) -> Found:
    """Return the dataset as the written rows are read, and where that differs: hashes, names and labels are made."""
    from annokit.codecs.source import open_source
    from annokit.formats.context import ReadContext
    from annokit.formats.encord.read import read
    from annokit.formats.encord.write import Writer

    if not apply:  # the steps before left the numbers as they were
        try:
            ds = _restated(ds)
        except MissingSizeError:
            return ds, []
    writer = Writer(ds, options.get("keys", "complete"))
    text = b"[" + b",".join(dumps(writer.row(row)) for row in range(len(ds._sequences))) + b"]"
    ontology = writer.structure if options.get("ontology") is not None else None
    with open_source(BytesIO(text)) as source:
        back = read(source, ReadContext(label="annotations.json", layer="all"), ontology=ontology)
    issues = list(_told(ds, back))
    return (_carried(ds, back), issues) if issues else (ds, [])


def _carried(ds: Dataset, back: Dataset) -> Dataset:
    """Return what was read with the columns that no file states."""
    for name, own in (("items", (*ITEM_UNCOMPARED, NAME)), ("annotations", (ROW,))):
        mine, its = (getattr(d, f"_{name}") for d in (ds, back))
        if len(mine) == len(its):
            back = back._with(**{name: its.replace({key: mine.columns[key] for key in own if key in mine})})
    return back


def _restated(ds: Dataset) -> Dataset:
    held = Holds(unit=UNIT, form=FORM, time_unit=TIME_UNIT)
    return restate(held)(restate_times(held)(ds, True)[0], True)[0]


def _told(ds: Dataset, back: Dataset) -> Any:
    """Yield what differs once it is read again."""
    from annokit.model.compare import differences

    for place in differences(forgotten(ds), back):
        table, _, column = place.partition("/")
        if place == "labels":
            yield from _told_labels(ds, back)
        elif table in ("items", "annotations") and column:
            yield from _told_rows(ds, back, table, column)
        elif table == "sequences" and column:
            yield at_all(
                "restated", f"sequence.{public_name(column)}", "rows have what Encord states of them", [column]
            )
        else:
            yield at_all("dropped", table, f"{table} that label rows have no place for", [table])


def _told_labels(ds: Dataset, back: Dataset) -> Any:
    kept = {label.source_id: label for label in back.labels}
    for facet in ("attributes", "skeleton"):
        pairs = [(label, kept.get(label.source_id)) for label in ds.labels if getattr(label, facet)]
        gone = [a.name for a, b in pairs if b is None or getattr(a, facet) != getattr(b, facet)]
        if gone:
            yield at_all("dropped", f"label.{facet}", f"a label's {facet} stand in the ontology", gone)
    if ds.labels.attributes:
        yield at_all(
            "dropped", "labels.attributes", "definitions stand in the ontology", [ds.labels.attributes[0].name]
        )
    names = {label.name for label in back.labels}
    unused = [label.name for label in ds.labels if label.name not in names]
    if unused:
        yield at_all("dropped", "label", "the target knows only labels that annotations use", unused)
    told = "labels are known by hashes and reserved for one kind of shape each"
    yield at_all("restated", "label", told, [label.name for label in back.labels] or ["labels"])


def _told_rows(ds: Dataset, back: Dataset, table: str, column: str) -> Any:
    mine, its = (_column(getattr(d, f"_{table}"), column) for d in (ds, back))
    groups: dict[str, list[int]] = {}
    for row, (a, b) in enumerate(zip(mine, its, strict=True)):
        if a is not b and (a is MISSING or b is MISSING or not same(a, b)):
            fate = "derived" if a is MISSING else "dropped" if b is MISSING else "restated"
            groups.setdefault(fate, []).append(row)
    words = {"derived": "every row has one", "dropped": "label rows have no place for it here"}
    field = public_name(column)
    for fate, rows in (groups or {"restated": [0]}).items():
        place = at_items if table == "items" else at_annotations
        yield place(ds, fate, field, words.get(fate, "it is stated as Encord does"), np.array(rows))


def _column(table: Table, name: str) -> list[Any]:
    column: Column | None = table.get(name)
    values = [MISSING] * len(table) if column is None else column.to_list()
    return [MISSING if value is None or value != value else _plain(value) for value in values]  # noqa: PLR0124


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value.hex() if isinstance(value, bytes) else value
