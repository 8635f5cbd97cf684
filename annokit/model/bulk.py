"""All annotations of a dataset as columns: what array code and training loops read."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.columns import MISSING, Fixed, Number
from annokit.columns.base import Array, frozen
from annokit.model.annotation import Annotation
from annokit.model.bounds import boxes, of_item
from annokit.model.schema import KINDS, SECONDS
from annokit.model.shapes import rings_of

if TYPE_CHECKING:
    from annokit.model.dataset import Dataset


class Annotations:
    """The annotation table of a dataset, in the source's order.

    ===============  ====================  ====================================================================
    attribute        shape, dtype          meaning
    ===============  ====================  ====================================================================
    ``item``         (n,) int64            row of the item, -1 where the source's reference leads nowhere
    ``label``        (n,) int64            position in ``ds.labels``, -1 none
    ``kind``         (n,) uint8            position in ``annotations.kinds``
    ``box``          (n, 4) float64        the source's own numbers, NaN none; see :meth:`boxes` for one unit
    ``score``        (n,) float64          NaN none
    ``span``         (n, 2) float64        start and end in seconds, NaN open or none
    ``id, track``    (n,) int64 or object  int64 where every row has one that is an int, else objects, None none
    ``keyframe``     (n,) bool             False where it is false or unknown
    ``points``       (m, 2) float64        in the source's own unit; Arrow's layout over the three offsets
    ``ring_offsets, part_offsets, shape_offsets``  int64; rings over points, parts over rings, annotations over parts
    ===============  ====================  ====================================================================

    It is also a sequence of :class:`annokit.Annotation` by row.
    """

    kinds = KINDS

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset

    def __len__(self) -> int:
        return len(self._dataset._annotations)

    def __getitem__(self, row: int) -> Annotation:
        place = row + len(self) if row < 0 else row
        if not 0 <= place < len(self):
            raise IndexError(f"annotation {row} of {len(self)}")
        return self._dataset._views.at(np.array([place]))[0]

    def __iter__(self) -> Iterator[Annotation]:
        for start in range(0, len(self), 1024):
            yield from self._dataset._views.at(np.arange(start, min(start + 1024, len(self))))

    @property
    def item(self) -> Array:
        """Row of each annotation's item, -1 none."""
        return frozen(self._dataset._annotations.array("item"))

    @property
    def label(self) -> Array:
        """Position of each annotation's label, -1 none."""
        return frozen(self._dataset._annotations.array("label"))

    @property
    def kind(self) -> Array:
        """Code of each annotation's kind of shape."""
        return frozen(self._dataset._annotations.array("kind"))

    @property
    def box(self) -> Array:
        """The boxes as the source states them."""
        column = self._dataset._annotations.get("box")
        return frozen(column.values if isinstance(column, Number) else np.full((len(self), 4), np.nan))

    def boxes(self, form: str = "xyxy", unit: str = "unit") -> Array:
        """Return all boxes, (n, 4) float64; the arguments are those of :meth:`annokit.Item.boxes`."""
        return boxes(self._dataset, np.arange(len(self)), form, unit)

    @cached_property
    def id(self) -> Array:
        """The source's ids."""
        return frozen(self._idents("id"))

    @cached_property
    def track(self) -> Array:
        """The source's track ids."""
        return frozen(self._idents("track"))

    def _idents(self, name: str) -> Array:
        column = self._dataset._annotations.sparse(name)
        if column is not None and column.rows is None and isinstance(column.values, Fixed):
            return column.values.values if column.slots is None else column.values.values[column.slots]
        values = [] if column is None else column.values_of(np.arange(len(self)))
        found = np.full(len(self), None, object)
        found[: len(values)] = [None if value is MISSING else value for value in values]
        return found

    @cached_property
    def keyframe(self) -> Array:
        """Which rows a person set."""
        return frozen(self._numbers("keyframe", False).astype(bool))

    @cached_property
    def score(self) -> Array:
        """Confidences."""
        return frozen(self._numbers("score", np.nan))

    def _numbers(self, name: str, missing: Any) -> Array:
        found = np.full(len(self), missing)
        column = self._dataset._annotations.sparse(name)
        if column is None:
            return found
        dense = column.dense()
        numbers = dense.values if isinstance(dense, Fixed | Number) else [dense.value(i) for i in range(len(dense))]
        found[column.present()] = numbers
        return found

    @cached_property
    def span(self) -> Array:
        """Starts and ends in seconds."""
        found = np.full((len(self), 2), np.nan)
        column = self._dataset._annotations.sparse("span")
        if column is None:
            return frozen(found)
        spans = column.dense()
        assert isinstance(spans, Number)
        rows = column.present()
        units = of_item(self._dataset, "time_unit", self.item[rows])
        found[rows] = spans.values[:, :2] / np.array(SECONDS)[units][:, None]
        return frozen(found)

    @cached_property
    def _rings(self) -> tuple[Array, Array, Array, Array]:
        return rings_of(self._dataset, np.arange(len(self)), "source")

    @property
    def points(self) -> Array:
        """Points of all polygons, polylines and points."""
        return frozen(self._rings[0])

    @property
    def ring_offsets(self) -> Array:
        """Where each ring begins in `points`."""
        return frozen(self._rings[1])

    @property
    def part_offsets(self) -> Array:
        """Where each part begins among the rings."""
        return frozen(self._rings[2])

    @property
    def shape_offsets(self) -> Array:
        """Where each annotation begins among the parts."""
        return frozen(self._rings[3])

    def __repr__(self) -> str:
        return f"Annotations({len(self):,})"
