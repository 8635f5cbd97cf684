"""Objects tied across the frames of a sequence."""

from __future__ import annotations

from collections.abc import Sequence as Sequential
from functools import cached_property
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from annokit.columns import Fixed, Sparse
from annokit.columns.base import Array
from annokit.geometry.ragged import offsets_of
from annokit.model.schema import ITEM_KINDS
from annokit.wording import counted

if TYPE_CHECKING:
    from annokit.model.annotation import Annotation
    from annokit.model.dataset import Dataset
    from annokit.model.label import Label
    from annokit.model.sequence import Sequence

NO_FRAME = np.iinfo(np.int64).min
"""Frame of a row that lies at none."""


class Track:
    """The rows of one object, in the order of their frames."""

    __slots__ = ("_dataset", "rows")

    def __init__(self, dataset: Dataset, rows: Array) -> None:
        self._dataset = dataset
        self.rows = rows

    @property
    def id(self) -> int | str:
        """The source's track id."""
        found: int | str = self._dataset._annotations.value("track", int(self.rows[0]))
        return found

    @property
    def sequence(self) -> Sequence | None:
        """The sequence in which the id is meant; None where the items belong to none."""
        item = int(self._dataset._annotations.array("item")[self.rows[0]])
        return None if item < 0 else self._dataset[item].sequence

    @property
    def label(self) -> Label | None:
        """The label of its first row."""
        position = int(self._dataset._annotations.array("label")[self.rows[0]])
        return None if position < 0 else self._dataset.labels[position]

    @property
    def frames(self) -> tuple[int | None, ...]:
        """The frame of each row, None where it states none."""
        return tuple(None if f == NO_FRAME else f for f in frame_numbers(self._dataset, self.rows).tolist())

    @property
    def annotations(self) -> tuple[Annotation, ...]:
        """Its annotations as the source states them; see :func:`annokit.model.expand.expand` for frames in between."""
        return tuple(self._dataset._views.at(self.rows))

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        return f"Track({self.id!r}, {counted(len(self), 'row')})"


class Tracks(Sequential[Track]):
    """All tracks of a dataset, in the order of their first rows.

    Rows belong to one track where their track ids and layers agree and their items belong to one sequence.
    """

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset

    @cached_property
    def codes(self) -> Array:
        """The number of each annotation row's track, (n,) int64, -1 none."""
        return track_codes(self._dataset)

    @cached_property
    def _sorted(self) -> tuple[Array, Array]:
        rows = np.flatnonzero(self.codes >= 0)
        frames = frame_numbers(self._dataset, rows)
        order = np.lexsort((rows, frames, self.codes[rows]))
        return rows[order], offsets_of(np.bincount(self.codes[rows]))

    def __len__(self) -> int:
        return len(self._sorted[1]) - 1

    @overload
    def __getitem__(self, key: int) -> Track: ...
    @overload
    def __getitem__(self, key: slice) -> tuple[Track, ...]: ...
    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            return tuple(self[place] for place in range(len(self))[key])
        place = range(len(self))[key]
        rows, offsets = self._sorted
        return Track(self._dataset, rows[offsets[place] : offsets[place + 1]])

    def __repr__(self) -> str:
        return f"Tracks({len(self):,})"


def track_codes(ds: Dataset) -> Array:
    """Return the number of each annotation row's track, (n,) int64, -1 none; counted in the order of first rows."""
    codes = np.full(len(ds._annotations), -1, np.int64)
    column = ds._annotations.sparse("track")
    if column is None:
        return codes
    rows = column.present()
    idents = _distinct(column)
    known = np.flatnonzero(idents >= 0)
    rows, idents = rows[known], idents[known]
    scope = scopes(ds, ds._annotations.array("item")[rows])
    layers = _layers(ds, rows)
    if layers is not None:
        scope = scope * (int(layers.max(initial=0)) + 1) + layers
    both = scope * (int(idents.max(initial=0)) + 1) + idents
    _, first, inverse = np.unique(both, return_index=True, return_inverse=True)
    codes[rows] = first.argsort(kind="stable").argsort(kind="stable")[inverse]
    return codes


def _layers(ds: Dataset, rows: Array) -> Array | None:
    """Return a number per layer of annotation `rows`, None where there is but one."""
    column = ds._annotations.sparse("layer")
    if column is None or len(set(column.values.to_list())) < 2:
        return None
    found = np.full(len(ds._annotations), -1, np.int64)
    found[column.present()] = _distinct(column)
    return found[rows] + 1


def _distinct(column: Sparse) -> Array:
    """Return a number per row that has a value, equal where the values are, -1 for null."""
    if isinstance(column.values, Fixed):
        dense = column.dense()
        assert isinstance(dense, Fixed)
        return np.unique(dense.values, return_inverse=True)[1].astype(np.int64)
    numbers: dict[Any, int] = {}
    values = column.values.to_list()
    codes = [
        -1 if v is None else numbers.setdefault((type(v), v if v.__hash__ else repr(v)), len(numbers)) for v in values
    ]
    return np.array(codes, np.int64)[column.all_slots()]


def scopes(ds: Dataset, items: Array) -> Array:
    """Return within what the track ids and frame numbers of `items` are meant, (k,) int64.

    It is the row of their sequence; -1 for all items without one, but for a video that belongs to none, which is on its
    own.
    """
    sequence = np.append(ds._items.array("sequence"), -1)[items]
    video = np.append(ds._items.array("kind"), 0)[items] == ITEM_KINDS.index("video")
    return np.where((sequence < 0) & video, -2 - items, sequence)


def frame_numbers(ds: Dataset, rows: Array) -> Array:
    """Return the frame of each annotation row: its item's, else the first one of its span; :data:`NO_FRAME` none."""
    item = ds._annotations.array("item")[rows]
    frames = np.append(item_frames(ds), NO_FRAME)[item]
    first = span_frames(ds, rows)[:, 0]
    use = (frames == NO_FRAME) & ~np.isnan(first)
    frames[use] = first[use].astype(np.int64)
    return frames


def item_frames(ds: Dataset) -> Array:
    """Return the frame number of each item, (n,) int64, :data:`NO_FRAME` none."""
    frames = np.full(len(ds), NO_FRAME, np.int64)
    column = ds._items.sparse("frame")
    if column is not None:
        dense = column.dense()
        values = dense.values if isinstance(dense, Fixed) else np.array(dense.to_list(), np.int64)
        frames[column.present()] = values
    return frames


def span_frames(ds: Dataset, rows: Array) -> Array:
    """Return the first and last frames that annotation `rows` state, (k, 2) float64, NaN none."""
    found = np.full((len(rows), 2), np.nan)
    column = ds._annotations.sparse("span")
    if column is None:
        return found
    slots = column.slots_of(rows)
    has = slots >= 0
    values: Any = column.values.take(slots[has])
    found[has] = values.values[:, 2:4]
    return found


__all__ = ["NO_FRAME", "Track", "Tracks", "frame_numbers", "item_frames", "scopes", "span_frames"]
