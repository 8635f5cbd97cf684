"""Tables with some rows exchanged and others added, which share the columns that no change touches."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from annokit.columns.base import Array, Column, concat
from annokit.columns.fixed import Fixed
from annokit.columns.number import Number
from annokit.columns.sparse import Sparse
from annokit.columns.table import Table


def patched(old: Table, rows: Array, taken: Sequence[set[str]], new: Table) -> Table:
    """Return a table with some values exchanged and rows added.

    Parameters
    ----------
    old : Table
        The table before.
    rows : (k,) int64 array
        Rows to change, ascending, none twice.
    taken : sequence of set of str
        For each of them the columns whose values come from `new`; the others keep theirs. A name without a path stands
        for the columns below it too, ``attributes`` for ``attributes/occluded``.
    new : Table
        First one row for each of `rows`, then the rows to add at the end. A column that it lacks has no values there.
    """
    columns = {}
    for name in dict.fromkeys((*old.columns, *new.columns)):
        head = name.partition("/")[0]
        takes = np.fromiter((name in own or head in own for own in taken), bool, len(rows))
        source = np.concatenate([np.flatnonzero(takes), np.arange(len(rows), len(new))])
        columns[name] = _column(old.get(name), len(old), rows[takes], new.get(name), source)
    return Table(len(old) + len(new) - len(rows), columns)


def exchanged(column: Column, rows: Array, values: Column) -> Column:
    """Return the column with `values` in `rows`, (k,) ascending, none twice; MISSING in `values` takes a value away."""
    return _column(column, len(column), rows, values, np.arange(len(rows)))


def _column(old: Column | None, length: int, rows: Array, new: Column | None, source: Array) -> Column:
    """Return `old` with the values of `new` at `source`, at first in `rows`, then at the end."""
    added = len(source) - len(rows)
    if isinstance(old, Fixed | Number) and type(new) is type(old):
        return _dense(old, rows, new.take(source)) if len(source) else old
    base = Sparse(length, np.zeros(0, np.int64), None, _empty(new)) if old is None else Sparse.of_column(old)
    fresh = None if new is None else Sparse.of_column(new).take(source)
    return _sparse(base, rows, length + added, fresh)


def _empty(column: Column | None) -> Column:
    assert column is not None
    inner = column.values if isinstance(column, Sparse) else column
    return inner.take(np.zeros(0, np.int64))


def _dense(old: Fixed | Number, rows: Array, new: Fixed | Number) -> Column:
    joined = concat([old, new])
    order = np.arange(len(old) + len(new) - len(rows))
    order[len(old) :] += len(rows)
    order[rows] = len(old) + np.arange(len(rows))
    return joined.take(order)


def _sparse(old: Sparse, rows: Array, length: int, new: Sparse | None) -> Sparse:
    """Return `old` without the values of `rows`, and with those of `new` in `rows` and at the end."""
    keep = np.flatnonzero(~np.isin(old.present(), rows))
    kept = len(keep) == old.count
    there = old.present() if kept else old.present()[keep]
    slots = old.slots if kept else old.all_slots()[keep]
    if new is None or not new.count:
        return Sparse(length, there if len(there) < length else None, slots, old.values)
    fresh = new.compact()
    target = np.concatenate([rows, np.arange(old.length, length)])[fresh.present()]
    values = concat([old.values, fresh.values])
    at = old.all_slots()[keep].astype(np.int64), fresh.all_slots().astype(np.int64) + len(old.values)
    every = np.concatenate([there, target])
    order = every.argsort(kind="stable")
    return Sparse(length, every[order] if len(every) < length else None, np.concatenate(at)[order], values)
