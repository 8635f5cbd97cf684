"""Which row of the caller's dataset a row was, while steps leave out, repeat and sort rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from annokit.columns import Column, Fixed, Sparse, Table
from annokit.columns.base import Array

if TYPE_CHECKING:
    from annokit.model.dataset import Dataset

ROW = "narrow/row"
"""Column of annotations: the row in the caller's dataset. It exists only while a dataset is narrowed."""

NAME = "narrow/name"
"""Column of items: the name in the caller's dataset. It exists only while a dataset is narrowed."""


def remembered(ds: Dataset) -> Dataset:
    """Return the dataset whose rows know where they come from."""
    rows = Fixed(np.arange(len(ds._annotations), dtype=np.int64))
    return ds._with(
        annotations=ds._annotations.replace({ROW: rows}),
        items=ds._items.replace({NAME: ds._items.columns["name"]}),
    )


def forgotten(ds: Dataset) -> Dataset:
    """Return the dataset without those columns."""
    return ds._with(annotations=ds._annotations.without((ROW,)), items=ds._items.without((NAME,)))


def source_rows(annotations: Table, rows: Array) -> Array:
    """Return the rows that annotation `rows` were in the caller's dataset, -1 for those that a step made."""
    column = annotations.get(ROW)
    if column is None:
        return np.asarray(rows, np.int64)
    if isinstance(column, Sparse):
        found = np.full(len(column), -1, np.int64)
        found[column.present()] = column.dense().to_list()
        return found[rows]
    return annotations.array(ROW)[rows]


def source_names(items: Table) -> Column:
    """Return the names that items had in the caller's dataset, where every one of them was in it."""
    column = items.get(NAME)
    whole = column is not None and len(column) == (column.count if isinstance(column, Sparse) else len(column))
    return column if column is not None and whole else items.columns["name"]
