"""What a read tells about numbers that it keeps as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from annokit.columns import Number, Ragged, Sparse, Struct
from annokit.columns.base import Array
from annokit.formats.places import ItemNames
from annokit.report import Issue, Places, Report

if TYPE_CHECKING:
    from annokit.model.dataset import Dataset

SLACK = 0.01
"""How far beyond 0 and 1 Ultralytics' loader lets numbers be."""


def beyond_borders(ds: Dataset) -> Dataset:
    """Return the dataset with an issue about rows whose fractions lie beyond the picture."""
    if not len(ds._annotations) or ds._items.array("unit").any():
        return ds
    far = np.zeros(len(ds._annotations), bool)
    for name in ("box", "points", "rotated", "keypoints"):
        column = ds._annotations.get(name)
        if isinstance(column, Number):
            far |= _outside(column.values).any(axis=1)
        elif isinstance(column, Sparse):
            values, owner = _numbers(column)
            far[column.present()[owner[_outside(values).any(axis=1)]]] = True
    rows = np.flatnonzero(far)
    if not len(rows):
        return ds
    places = Places(ItemNames(ds._items), ds._annotations.array("item")[rows], rows)
    told = "numbers lie beyond the picture; they are kept, Ultralytics would leave out the whole picture"
    issue = Issue.at("odd-value", "warning", told, places, field="shape", fate="kept")
    return ds._with(issues=ds.issues + Report((issue,)))


def _outside(values: Array) -> Array:
    return np.asarray((values < -SLACK) | (values > 1 + SLACK))


def _numbers(column: Sparse) -> tuple[Array, Array]:
    """Return the coordinates of a column, and the position of the row that each belongs to."""
    dense = column.dense()
    if isinstance(dense, Struct):
        return dense.fields["numbers"].values, np.arange(len(dense))  # type: ignore[attr-defined] # a Number
    sizes = np.ones(len(dense), np.int64)
    inner: object = dense
    while isinstance(inner, Ragged):
        if inner.offsets is not None:
            sizes = np.diff(inner.offsets)
        inner = inner.values
    assert isinstance(inner, Number)
    return inner.values[:, :2], np.arange(len(dense)).repeat(sizes)
