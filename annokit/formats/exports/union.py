"""The datasets of a tree as one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from annokit.columns import Fixed
from annokit.model.concat import concat
from annokit.report import Issue, Places, Report

if TYPE_CHECKING:
    from annokit.columns.base import Array
    from annokit.model.dataset import Dataset


def together(parts: Sequence[Dataset]) -> Dataset:
    """Return all parts as one dataset, in which a picture that several tasks label is one item.

    Parameters
    ----------
    parts : sequence of Dataset
        Read from the places of a tree; they state dataset, split and, where there are several tasks, layers.
    """
    joined = concat(parts)
    first = _first(joined, parts)
    own = first == np.arange(len(joined))
    if not own.all():
        item = np.append(first, -1)[joined._annotations.array("item")]
        joined = joined._with(annotations=joined._annotations.replace({"item": Fixed(item)}))[np.flatnonzero(own)]
    told = _namesakes(joined)
    return joined._with(issues=Report((*joined.issues, *told))) if told else joined


def _namesakes(ds: Dataset) -> list[Issue]:
    """Tell of items whose names only their datasets tell apart."""
    datasets = ds._items.columns["dataset"].to_list() if "dataset" in ds._items else [None] * len(ds)
    found: dict[str, set[object]] = {}
    for name, dataset in zip(ds.names, datasets, strict=True):
        found.setdefault(name, set()).add(dataset)
    rows = [row for row, name in enumerate(ds.names) if len(found[name]) > 1]
    if not rows:
        return []
    places = Places(ds.names, np.array(rows, np.int64), details=[f"in dataset {datasets[row]}" for row in rows])
    told = "items of several datasets have one name; use a position, or filter by item.dataset"
    return [Issue.at("duplicate-name", "info", told, places, field="name", fate="kept")]


def _first(ds: Dataset, parts: Sequence[Dataset]) -> Array:
    """Return for every item the row of the first one of the same subset, dataset and name in any part."""
    found = np.arange(len(ds))
    if not any(part._annotations.sparse("layer") for part in parts):
        return found
    columns = [ds._items.columns[name].to_list() for name in ("dataset", "split", "name") if name in ds._items]
    numbers = zip(*(ds._items.array(name).tolist() for name in ("unit", "form", "kind")), strict=True)
    seen: dict[tuple[object, ...], int] = {}
    start = 0
    keys = list(zip(*columns, numbers, strict=True))
    for part in parts:
        often: dict[tuple[object, ...], int] = {}
        for row in range(start, start + len(part)):
            often[keys[row]] = often.get(keys[row], 0) + 1
            found[row] = seen.setdefault((*keys[row], often[keys[row]]), row)
        start += len(part)
    return found
