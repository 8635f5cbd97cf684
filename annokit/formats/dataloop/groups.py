"""Which rows are states of one annotation of a video or recording."""

from __future__ import annotations

from typing import Any

import numpy as np

from annokit.columns import MISSING, Table
from annokit.columns.base import Array
from annokit.formats.dataloop.facts import EXTRA

START, END, FIRST, LAST = range(4)

STARTS = f"{EXTRA}#first"
"""Marks annotations that begin where another one of their object ends."""


def spans_of(table: Table) -> tuple[Array, Array]:
    """Return the spans of all rows, (n, 4) float64 with NaN where nothing is stated, and which numbers are integers."""
    values, whole = np.full((len(table), 4), np.nan), np.zeros((len(table), 4), bool)
    column = table.sparse("span")
    if column is not None:
        stated: Any = column.dense()
        rows = column.present()
        values[rows] = stated.values
        if stated.whole is not None:
            whole[rows] = stated.whole
    return values, whole


def objects_of(table: Table) -> list[Any]:
    """Return what ties the rows of an item together: track and id; None for a row that is one by itself."""
    tracks, ids = (_values(table, name) for name in ("track", "id"))
    return [
        None if track is MISSING else (track, None if ident is MISSING else ident)
        for track, ident in zip(tracks, ids, strict=True)
    ]


def _values(table: Table, name: str) -> list[Any]:
    column = table.get(name)
    return [MISSING] * len(table) if column is None else column.to_list()


def continuing(table: Table, timed: Array) -> Array:
    """Return which rows are later states of the annotation that the row before states.

    Parameters
    ----------
    table : Table
        Annotations, item by item.
    timed : (n,) bool array
        Which belong to items that take time.

    Returns
    -------
    (n,) bool array
        A row goes on where its item, track and id are those of the row before, its first frame follows that one's
        last, and no mark says that it is another annotation.
    """
    found = following(table, timed)
    column = table.sparse(STARTS)
    if column is not None:
        found[column.present()] = False
    return found


def following(table: Table, timed: Array) -> Array:
    """Return which rows would be later states of the annotation before, marks apart."""
    found = np.zeros(len(table), bool)
    rows = np.flatnonzero(timed)
    if len(rows) < 2:
        return found
    spans, _ = spans_of(table)
    item = table.array("item")
    follows = np.zeros(len(table), bool)
    follows[1:] = (spans[1:, FIRST] == spans[:-1, LAST] + 1) & (item[1:] == item[:-1]) & timed[1:]
    objects = objects_of(table)
    for row in np.flatnonzero(follows).tolist():
        found[row] = objects[row] is not None and objects[row] == objects[row - 1]
    return found
