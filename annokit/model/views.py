"""Annotations made from columns, a batch of items at a time.

Walking a dataset item by item makes one :class:`Batch` of some dozens of items; its fields are read from the columns
with array functions, each when the first annotation of the batch asks for it. Annotations hold their batch, not the
dataset's columns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.columns.base import Array
from annokit.errors import AnnokitError
from annokit.model.annotation import Annotation, snapshot
from annokit.model.fields import READERS

if TYPE_CHECKING:
    from annokit.model.dataset import Dataset

BATCH = 64
"""Items per batch while items are asked for one after another."""


class Views:
    """Makes the annotations of a dataset's items."""

    __slots__ = ("_batch", "_dataset", "_last")

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self._last = -1
        self._batch: Batch | None = None

    def annotations(self, item: int) -> tuple[Annotation, ...]:
        """Return the annotations of an item row."""
        batch = self._batch
        if batch is None or not batch.first <= item < batch.stop:
            size = BATCH if item == self._last + 1 else 1
            batch = Batch(self._dataset, item, min(item + size, len(self._dataset)))
            self._batch = batch
        self._last = item
        return batch.annotations(item)

    def at(self, rows: Array) -> list[Annotation]:
        """Return the annotations of `rows`, in their order."""
        batch = Batch(self._dataset, 0, 0, rows)
        return batch.snapshots(0, len(rows))


class Batch:
    """Rows whose fields are read together."""

    __slots__ = (
        "_fields", "_ids", "_labels", "_offsets", "_places", "_rows", "_run", "_start", "dataset", "first", "stop",
    )  # fmt: skip

    def __init__(self, dataset: Dataset, first: int, stop: int, rows: Array | None = None) -> None:
        self.dataset = dataset
        self.first, self.stop = first, stop
        offsets, order = dataset._index
        own = offsets[first : stop + 1]
        self._offsets = (own - own[0]).tolist()
        if rows is None:
            rows = np.arange(own[0], own[-1]) if order is None else order[own[0] : own[-1]]
        self._rows = rows
        self._fields: dict[str, list[Any]] = {}
        self._places: dict[int, int] | None = None
        self._start = int(rows[0]) if len(rows) else 0
        self._run = len(rows) > 0 and bool((rows[1:] - rows[:-1] == 1).all())
        self._ids = READERS["id"](dataset, rows)
        self._labels = READERS["label"](dataset, rows)

    def annotations(self, item: int) -> tuple[Annotation, ...]:
        """Return the annotations of one item of the batch."""
        place = item - self.first
        return tuple(self.snapshots(self._offsets[place], self._offsets[place + 1]))

    def snapshots(self, start: int, stop: int) -> list[Annotation]:
        """Return the annotations at places `start` up to `stop` of the batch."""
        if start == stop:
            return []
        rows = self._rows[start:stop].tolist()
        ids, labels = self._ids[start:stop], self._labels[start:stop]
        return [snapshot(self, row, i, label) for row, i, label in zip(rows, ids, labels, strict=True)]

    def field(self, row: int, name: str) -> Any:
        """Return one field of an annotation row of the batch."""
        values = self._fields.get(name)
        if values is None:
            try:
                values = READERS[name](self.dataset, self._rows)
            except AnnokitError:  # of another row perhaps
                return READERS[name](self.dataset, np.array([row]))[0]
            self._fields[name] = values
        return values[self._where(row)]

    def _where(self, row: int) -> int:
        place = row - self._start
        if self._run:
            return place
        if self._places is None:
            self._places = {r: i for i, r in enumerate(self._rows.tolist())}
        return self._places[row]
