"""Where the issues of a read arose, as columns.

===========  =======  =======================================================================
column       type     meaning
===========  =======  =======================================================================
items        Text     names of items, each once
item         Fixed    position in ``items`` of each place, -1 for none
annotation   Fixed    annotation row of each place, -1 for none; missing where none is known
detail       Sparse   text of each place; missing where there is none, or one for all
===========  =======  =======================================================================
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, overload

import numpy as np

from annokit.columns import MISSING, Column, Fixed, Text
from annokit.columns.arrays import shipped
from annokit.columns.base import Array
from annokit.columns.make import sparse_of
from annokit.report import Places, Report


def columns(report: Report) -> dict[int, dict[str, Column]]:
    """Return the places of the issues by their numbers; an issue without places is not there."""
    return {number: _columns(issue.places) for number, issue in enumerate(report) if issue.places is not None}


def _columns(places: Places) -> dict[str, Column]:
    names, positions = _names(places.items, np.asarray(places.item_rows, np.int64))
    found: dict[str, Column] = {"items": Text.of(names), "item": Fixed(positions)}
    if places.annotation_rows is not None:
        found["annotation"] = Fixed(np.asarray(places.annotation_rows, np.int64))
    if places.details is not None and not isinstance(places.details, str):
        found["detail"] = sparse_of(len(places), np.arange(len(places)), list(places.details))
    return found


def _names(items: Sequence[str | None], rows: Array) -> tuple[list[str], Array]:
    """Return the names in use, each once, and the position of each row's name among them, -1 for none."""
    used, inverse = np.unique(rows, return_inverse=True)
    names = [items[row] if row >= 0 else None for row in used.tolist()]
    places = {name: place for place, name in enumerate(dict.fromkeys(name for name in names if name is not None))}
    return list(places), np.array([-1 if name is None else places[name] for name in names], np.int64)[inverse]


def places_of(found: Mapping[str, Column], detail: str | None) -> Places:
    """Return the places of columns; `detail` is the one of all of them. Texts are made when they are asked for."""
    item, annotation = (found[name].parts()["values"] if name in found else None for name in ("item", "annotation"))
    if item is None:
        raise ValueError("places state no items")
    return Stored(Lines(found["items"]), item, annotation, Lines(found["detail"]) if "detail" in found else detail)


class Stored(Places):
    """Places whose arrays may lie in a mapped file, which are pickled as references to it."""

    __slots__ = ()

    def __reduce__(self) -> tuple[Any, ...]:
        return Stored, (self.items, shipped(self.item_rows), shipped(self.annotation_rows), self.details)

    def columns(self) -> dict[str, Column]:
        """Return the columns that they were made of."""
        rows = {"item": self.item_rows, "annotation": self.annotation_rows}
        texts = {"items": self.items, "detail": self.details}
        fixed = {name: Fixed(array) for name, array in rows.items() if array is not None}
        return {**fixed, **{name: lines.column for name, lines in texts.items() if isinstance(lines, Lines)}}


class Lines(Sequence[Any]):
    """The texts of a column as a sequence."""

    def __init__(self, column: Column) -> None:
        self.column = column

    def __len__(self) -> int:
        return len(self.column)

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> list[Any]: ...
    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return self.column.values_of(np.arange(len(self))[index])
        value = self.column.value(range(len(self))[index])
        return None if value is MISSING else value
