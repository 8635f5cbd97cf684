"""An immutable collection of items and annotations over columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from os import PathLike
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from annokit.columns import MISSING, Sparse, Table
from annokit.columns.base import Array
from annokit.columns.own import owned
from annokit.errors import MissingSizeError, UsageError
from annokit.model.annotation import NOTHING
from annokit.model.item import Item
from annokit.model.label_set import LabelSet
from annokit.model.schema import ITEM_UNCOMPARED
from annokit.model.sequence import SequenceList
from annokit.model.tidy import annotation_table, item_table, sequence_table
from annokit.report import Report
from annokit.wording import counted

if TYPE_CHECKING:
    from annokit.model.bulk import Annotations
    from annokit.model.edit import Edit
    from annokit.model.label import Label
    from annokit.model.summary import Summary
    from annokit.model.tracks import Tracks
    from annokit.model.views import Views


class Dataset:
    """Items with their annotations, labels and sequences.

    It behaves like a sequence of :class:`Item`: ``len``, iteration, a position, a name, a slice, a mask, positions or a
    list of names. Nothing in it changes; methods return new datasets that share the columns they do not touch. Readers
    and :class:`annokit.DatasetBuilder` make it; the columns are documented in :mod:`annokit.model.schema`.

    Choosing items takes their annotations along. Annotations of no item (their reference leads nowhere) and sequences
    that lose their last item stay behind; a sequence that never had an item stays.
    """

    def __init__(
        self,
        items: Table,
        annotations: Table,
        sequences: Table,
        labels: LabelSet,
        **rest: Any,
    ) -> None:
        self._items: Table = item_table(items)
        self._annotations: Table = annotation_table(annotations)
        self._sequences: Table = sequence_table(sequences)
        self.labels = labels
        self.info: dict[str, Any] = rest.pop("info", {})
        self.issues: Report = rest.pop("issues", Report())
        self._extras: Mapping[str, bytes] = rest.pop("extras", {})
        if rest:
            raise TypeError(f"unknown arguments: {', '.join(sorted(rest))}")

    def _with(self, **changes: Any) -> Dataset:
        """Return a dataset in which the named parts are exchanged."""
        parts = {
            **self._tables(),
            "labels": self.labels,
            "info": self.info,
            "issues": self.issues,
            "extras": self._extras,
        }
        return Dataset(**{**parts, **changes})

    # the items ------------------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[Item]:
        return (Item(self, row) for row in range(len(self._items)))

    @overload
    def __getitem__(self, key: int | str) -> Item: ...
    @overload
    def __getitem__(self, key: slice | Array | list[int] | list[bool] | list[str]) -> Dataset: ...
    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            return Item(self, self._named(key))
        if isinstance(key, int | np.integer):
            row = int(key) + len(self) if key < 0 else int(key)
            if not 0 <= row < len(self):
                raise IndexError(f"item {key} of {len(self)}")
            return Item(self, row)
        from annokit.model.select import select_items

        return select_items(self, key)

    def _named(self, name: str) -> int:
        rows = self._rows_by_name.get(name)
        if rows is None:
            raise KeyError(name)
        if len(rows) > 1:
            raise UsageError(f"{len(rows)} items are called {name!r}, at positions {rows[:10]}; use a position")
        return rows[0]

    @cached_property
    def _rows_by_name(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for row, name in enumerate(self.names):
            found.setdefault(name, []).append(row)
        return found

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of all items."""
        return tuple(self._items.columns["name"].values_of(np.arange(len(self))))

    @property
    def sequences(self) -> SequenceList:
        """The videos, series, label rows or samples that items belong to."""
        return SequenceList(self)

    @cached_property
    def annotations(self) -> Annotations:
        """All annotations as columns."""
        from annokit.model.bulk import Annotations

        return Annotations(self)

    @cached_property
    def _views(self) -> Views:
        from annokit.model.views import Views

        return Views(self)

    @cached_property
    def _index(self) -> tuple[Array, Array | None]:
        """Where each item's annotations lie: (n + 1,) offsets, and the order of rows that don't lie item by item."""
        item = self._annotations.array("item")
        ordered = bool((item[1:] >= item[:-1]).all())
        order = None if ordered else item.argsort(kind="stable")
        counts = np.bincount(item + 1, minlength=len(self) + 1)
        return counts.cumsum(), order

    def _place(self, row: int) -> slice | Array:
        """Return what chooses the annotations of an item out of a column."""
        offsets, order = self._index
        place = slice(int(offsets[row]), int(offsets[row + 1]))
        return place if order is None else order[place]

    def _rows_of_item(self, row: int) -> Array:
        place = self._place(row)
        return np.arange(place.start, place.stop) if isinstance(place, slice) else place

    def _size_of_item(self, row: int) -> tuple[int, int]:
        width, height = self._items.array("size")[row].tolist()
        if width <= 0 or height <= 0:
            raise MissingSizeError.of(str(self._items.value("name", row)))
        return width, height

    def _size_of_annotation(self, row: int) -> tuple[int, int]:
        item = int(self._annotations.array("item")[row])
        if item < 0:
            raise MissingSizeError.of("(none)")
        return self._size_of_item(item)

    def _group(self, table: Table, prefix: str, row: int) -> Mapping[str, Any]:
        found = {name: column.value(row) for name, column in self._groups(table, prefix).items()}
        present = {name: value for name, value in found.items() if value is not MISSING}
        return MappingProxyType(present) if present else NOTHING

    def _groups(self, table: Table, prefix: str) -> dict[str, Sparse]:
        cache = self.__dict__.setdefault("_group_cache", {})
        key = (id(table), prefix)
        if key not in cache:
            cache[key] = table.group(prefix)
        found: dict[str, Sparse] = cache[key]
        return found

    # new datasets from this one ---------------------------------------------------------------------------------------

    def filter(self, items: Any = None, annotations: Any = None, labels: Any = None) -> Dataset:
        """Return what fits; see :func:`annokit.model.select.filter_dataset`.

        Parameters
        ----------
        items, annotations, labels : optional
            Each a bool mask, positions, names (items, labels) or a callable on :class:`Item`, :class:`Annotation` or
            :class:`Label`. `items` chooses items; the other two choose annotations and leave all items.
        """
        from annokit.model.select import filter_dataset

        return filter_dataset(self, items, annotations, labels)

    def split(self, sizes: Mapping[str, float], seed: int = 0, by: Any = None) -> dict[str, Dataset]:
        """Return named parts of exact size, with ``item.split`` set; see :func:`annokit.model.split.split_dataset`."""
        from annokit.model.split import split_dataset

        return split_dataset(self, sizes, seed, by)

    def relabel(self, names: Mapping[str, str | Label | None]) -> Dataset:
        """Return the dataset with labels renamed, exchanged or, where two become one, merged; None removes a label.

        See :func:`annokit.model.relabel.relabel`.
        """
        from annokit.model.relabel import relabel

        return relabel(self, names)

    def sample(self, count: int, seed: int = 0) -> Dataset:
        """Return `count` items chosen at random, in their order."""
        from annokit.model.split import sample

        return sample(self, count, seed)

    def edit(self) -> Edit:
        """Return a context manager that gathers changes; its ``dataset`` is the result."""
        from annokit.model.edit import Edit

        return Edit(self)

    def tracks(self) -> Tracks:
        """Return the objects that are tied across frames, each with its rows."""
        from annokit.model.tracks import Tracks

        return Tracks(self)

    def expand(self) -> Dataset:
        """Return the dataset with the frames between key frames made; see :func:`annokit.model.expand.expand`."""
        from annokit.model.expand import expand

        return expand(self)

    def frames(self, first: int | Iterable[int], last: int | None = None, title: str | None = None) -> Dataset:
        """Return the frames from `first` to `last`, both included, or those listed, as far as they have labels.

        Parameters
        ----------
        first : int or iterable of int
            First frame, or all wanted frames, in the platform's own numbers.
        last : int, optional
            Last frame; by default only `first`.
        title : str, optional
            Name or id of the sequence; by default all sequences.
        """
        from annokit.model.expand import frames

        return frames(self, first, last, title)

    def compact(self) -> Dataset:
        """Return an equal dataset that shares no memory with a larger one that it was chosen from."""
        tables = {name: table.compact() for name, table in self._tables().items()}
        return self._with(**{name: table.map(owned) for name, table in tables.items()})

    def _tables(self) -> dict[str, Table]:
        return {"items": self._items, "annotations": self._annotations, "sequences": self._sequences}

    # looking at it ----------------------------------------------------------------------------------------------------

    def summary(self) -> Summary:
        """Return counts per label, shape, status and split; it prints as a table."""
        from annokit.model.summary import summarise

        return summarise(self)

    def to_records(self, fields: Iterable[str] | None = None, *, unit: str = "unit") -> list[dict[str, Any]]:
        """Return a dictionary of plain values per annotation; see :func:`annokit.model.records.to_columns`."""
        from annokit.model.records import to_records

        return to_records(self, fields, unit=unit)

    def to_columns(self, fields: Iterable[str] | None = None, *, unit: str = "unit") -> dict[str, list[Any]]:
        """Return a list of plain values per field; see :func:`annokit.model.records.to_columns`."""
        from annokit.model.records import to_columns

        return to_columns(self, fields, unit=unit)

    def to_pandas(self, fields: Iterable[str] | None = None, *, unit: str = "unit") -> Any:
        """Return a ``pandas.DataFrame`` with a row per annotation; needs the extra ``pandas``."""
        from annokit.model.records import to_pandas

        return to_pandas(self, fields, unit=unit)

    def equals(self, other: Dataset) -> bool:
        """Tell whether both hold the same data: all but paths, issues and caches."""
        from annokit.model.compare import equal

        return equal(self, other)

    def __eq__(self, other: object) -> bool:
        return self.equals(other) if isinstance(other, Dataset) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __copy__(self) -> Dataset:
        return self._with()

    def __getstate__(self) -> dict[str, Any]:
        from annokit.columns.arrays import portable

        return {
            **{name: portable(table) for name, table in self._tables().items()},
            "labels": self.labels,
            "info": self.info,
            "issues": self.issues,
            "extras": self._extras,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        Dataset.__init__(self, **state)

    def __repr__(self) -> str:
        count = len(self._annotations)
        told = counted(len(self), "item"), counted(count, "annotation"), counted(len(self.labels), "label")
        return f"Dataset({', '.join(told)})"

    def _repr_html_(self) -> str:
        from annokit.display.dataset import dataset_html

        return dataset_html(self)

    def grid(self, count: int = 16, **options: Any) -> Any:
        """Return a contact sheet of `count` items as a PIL image; see :func:`annokit.display.draw.contact_sheet`."""
        from annokit.display.draw import contact_sheet

        return contact_sheet(self, count, **options)

    def to_html(self, path: str | PathLike[str], **options: Any) -> None:
        """Write one self-contained page that browses the dataset; see :func:`annokit.display.page.to_html`."""
        from annokit.display.page import to_html

        to_html(self, path, **options)

    def plot_labels(self, ax: Any = None) -> Any:
        """Draw the counts of labels into matplotlib axes and return them; needs the extra ``plot``."""
        from annokit.display.plot import plot_labels

        return plot_labels(self, ax)

    def map_media(self, find: Callable[[Item], str | None]) -> Dataset:
        """Return the dataset with ``item.path`` set to what `find` returns for each item."""
        from annokit.model.media import with_paths

        return with_paths(self, [find(item) for item in self])


COMPARED_APART = ITEM_UNCOMPARED
