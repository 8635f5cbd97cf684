"""Numbers of annotations that pixels hold: those that are stated, and those that have to be made."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np

from annokit.columns import Column, Fixed, Sparse
from annokit.columns.base import Array
from annokit.formats.places import at_annotations

if TYPE_CHECKING:
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset

NONE = -1
"""No number."""

MOST = 10**15
"""Largest number in a file name."""


def stated_ids(ds: Dataset) -> Array:
    """Return (n,) int64 ids, :data:`NONE` where an annotation has none or one that is no small number."""
    ids = np.full(len(ds._annotations), NONE, np.int64)
    column = ds._annotations.sparse("id")
    if column is None:
        return ids
    rows, dense = column.present(), column.dense()
    if isinstance(dense, Fixed) and dense.values.dtype.kind == "i":
        ids[rows] = dense.values
    else:
        values = dense.to_list()
        ids[rows] = [v if type(v) is int and abs(v) <= MOST else NONE for v in values]
    ids[(ids < 0) | (ids > MOST)] = NONE
    return ids


def with_ids(ds: Dataset, ids: Array, told: str) -> Found:
    """Return the dataset in which annotations have these ids, none where NONE, and what that changes.

    An id that is made is an info; one that takes the place of another loses that.
    """
    old = stated_ids(ds)
    column = ds._annotations.sparse("id")
    stated = np.zeros(len(ids), bool)
    if column is not None:
        stated[column.present()] = True
    changed = (old != ids) | (stated & (old == NONE))
    if not changed.any():
        return ds, []
    rows = np.flatnonzero(ids != NONE)
    fresh: Column | None = None
    if len(rows):
        fresh = Sparse(len(ids), None if len(rows) == len(ids) else rows, None, Fixed(ids[rows]))
    kinds = (("derived", told, changed & ~stated), ("dropped", f"the stated id is lost: {told}", changed & stated))
    issues = [at_annotations(ds, code, "id", text, np.flatnonzero(own)) for code, text, own in kinds if own.any()]
    return ds._with(annotations=ds._annotations.replace({"id": fresh})), issues


def filled(group: Array, numbers: Array, reserved: Collection[int] = ()) -> Array:
    """Give what has no number the smallest free one of its group, from 1, in the order of rows.

    Parameters
    ----------
    group : (n,) int64 array
        Group of each row.
    numbers : (n,) int64 array
        Its number, NONE where it needs one.
    reserved : collection of int
        Numbers that none may get.
    """
    out = numbers.copy()
    wanting = np.flatnonzero(numbers == NONE)
    taken: dict[int, set[int]] = {}
    concerned = np.isin(group, group[wanting]) & (numbers != NONE)
    for owner, number in zip(group[concerned].tolist(), numbers[concerned].tolist(), strict=True):
        taken.setdefault(owner, set(reserved)).add(number)
    following: dict[int, int] = {}
    for row, owner in zip(wanting.tolist(), group[wanting].tolist(), strict=True):
        used = taken.get(owner, reserved)
        number = following.get(owner, 1)
        while number in used:
            number += 1
        out[row] = number
        following[owner] = number + 1
    return out


def without_repeats(group: Array, numbers: Array) -> Array:
    """Return numbers with NONE where an earlier row of the group has the same one."""
    out = numbers.copy()
    rows = np.flatnonzero(numbers != NONE)
    order = rows[np.lexsort((rows, numbers[rows], group[rows]))]
    again = (np.diff(group[order]) == 0) & (np.diff(numbers[order]) == 0)
    out[order[1:][again]] = NONE
    return out
