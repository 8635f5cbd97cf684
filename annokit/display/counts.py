"""How often things occur in a dataset, counted over its columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from annokit.model.schema import KINDS, STATUSES

if TYPE_CHECKING:
    from annokit.model.dataset import Dataset

Counts = list[tuple[str, int]]


def labels(ds: Dataset) -> list[tuple[int, int]]:
    """Return (position, annotations) of each label, most frequent first; position -1 for those without one."""
    counts = np.bincount(ds.annotations.label + 1, minlength=len(ds.labels) + 1)
    order = np.argsort(-counts[1:], kind="stable").tolist()
    found = [(place, int(counts[place + 1])) for place in order]
    return found + ([(-1, int(counts[0]))] if counts[0] else [])


def shapes(ds: Dataset) -> Counts:
    """Return (kind of shape, annotations), the most frequent first."""
    return _sorted(zip(KINDS, np.bincount(ds.annotations.kind, minlength=len(KINDS)).tolist(), strict=True))


def statuses(ds: Dataset) -> Counts:
    """Return (status, items), the most frequent first."""
    counts = np.bincount(ds._items.array("status"), minlength=len(STATUSES)).tolist()
    return _sorted((status or "unknown", count) for status, count in zip(STATUSES, counts, strict=True))


def splits(ds: Dataset) -> Counts:
    """Return (split, items), the most frequent first; items without one are not counted."""
    column = ds._items.sparse("split")
    if column is None:
        return []
    slots = np.bincount(column.all_slots(), minlength=len(column.values))
    used = np.flatnonzero(slots)
    found: Counter[str] = Counter()
    for name, count in zip(column.values.values_of(used), slots[used].tolist(), strict=True):
        found[str(name)] += count
    return _sorted(found.items())


def sizes(ds: Dataset) -> Counts:
    """Return (size, items), the most frequent first."""
    size = ds._items.array("size")
    known = (size > 0).all(axis=1)
    keys, counts = np.unique(size[known, 0] << 32 | size[known, 1], return_counts=True)
    told = [(f"{key >> 32}x{key & 0xFFFFFFFF}", n) for key, n in zip(keys.tolist(), counts.tolist(), strict=True)]
    unknown = int(len(size) - known.sum())
    return _sorted([*told, ("unknown", unknown)])


def _sorted(pairs: Iterable[tuple[str, int]]) -> Counts:
    return sorted((pair for pair in pairs if pair[1]), key=lambda pair: -pair[1])
