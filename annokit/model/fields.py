"""The fields of annotations, read for many rows at once: (dataset, rows) -> one Python value per row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import isnan
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.columns import MISSING, Sparse
from annokit.columns.base import Array
from annokit.geometry import Box, TimeSpan
from annokit.model.annotation import NOTHING
from annokit.model.bounds import boxes, of_item
from annokit.model.schema import SECONDS
from annokit.model.shapes import keypoints, shapes

if TYPE_CHECKING:
    from annokit.model.dataset import Dataset

Reader = Callable[["Dataset", Array], list[Any]]


def _labels(ds: Dataset, rows: Array) -> list[Any]:
    labels: list[Any] = [*ds.labels, None]
    return [labels[position] for position in ds._annotations.array("label")[rows].tolist()]


def _boxes(ds: Dataset, rows: Array) -> list[Any]:
    found = boxes(ds, rows).tolist()
    return [Box.trusted(*box) if box[0] == box[0] else None for box in found]


def _spans(ds: Dataset, rows: Array) -> list[Any]:
    column = ds._annotations.sparse("span")
    if column is None:
        return [None] * len(rows)
    units = of_item(ds, "time_unit", ds._annotations.array("item")[rows])
    return [
        None if span is MISSING else _span(span, SECONDS[unit])
        for span, unit in zip(column.values_of(rows), units.tolist(), strict=True)
    ]


def _span(numbers: list[float], second: float) -> TimeSpan:
    start, end, first, last = (None if isnan(n) else n for n in numbers)
    return TimeSpan.trusted(
        None if start is None else start / second,
        None if end is None else end / second,
        None if first is None else int(first),
        None if last is None else int(last),
    )


def _groups(prefix: str) -> Reader:
    def read(ds: Dataset, rows: Array) -> list[Any]:
        columns = ds._groups(ds._annotations, prefix)
        if not columns:
            return [NOTHING] * len(rows)
        found: list[dict[str, Any]] = [{} for _ in range(len(rows))]
        for name, column in columns.items():
            _spread(found, name, column, rows)
        return [MappingProxyType(values) if values else NOTHING for values in found]

    return read


def _spread(found: list[dict[str, Any]], name: str, column: Sparse, rows: Array) -> None:
    slots = column.slots_of(rows)
    places = np.flatnonzero(slots >= 0)
    if len(places):
        for place, value in zip(places.tolist(), column.values.values_of(slots[places]), strict=True):
            found[place][name] = value


def _plain(name: str) -> Reader:
    def read(ds: Dataset, rows: Array) -> list[Any]:
        column = ds._annotations.sparse(name)
        if column is None:
            return [None] * len(rows)
        return [None if value is MISSING else value for value in column.values_of(rows)]

    return read


READERS: Mapping[str, Reader] = {
    "label": _labels,
    "shape": shapes,
    "box": _boxes,
    "keypoints": keypoints,
    "span": _spans,
    "attributes": _groups("attributes"),
    "extras": _groups("extras"),
    **{
        name: _plain(name)
        for name in (
            "id", "track", "keyframe", "interpolation", "score", "parent",
            "layer", "author", "created", "updated", "review",
        )
    },
}  # fmt: skip
