"""Ids that records point at, as row numbers."""

from __future__ import annotations

from itertools import repeat
from typing import Any

import attrs
import numpy as np

from annokit.columns import MISSING, Column, Fixed, Sparse, Text
from annokit.columns.base import Array

NOWHERE = -1


@attrs.frozen(eq=False)
class Resolved:
    """Where references lead."""

    rows: Array
    """(n,) int64 row of the target, -1 where the record states none or it does not exist."""

    dangling: Array
    """(k,) rows that state an id which does not exist."""


def resolve(references: Column | None, count: int, ids: Column | None) -> Resolved:
    """Return where a column of ids leads.

    Parameters
    ----------
    references : Column or None
        The ids as the records state them.
    count : int
        Number of records.
    ids : Column or None
        The ids of the targets; of several equal ones, the first counts.
    """
    rows = np.full(count, NOWHERE, np.int64)
    if references is None:
        return Resolved(rows, rows[:0])
    column = Sparse.of_column(references)
    present = column.present()
    found = _places(column.dense(), ids)
    rows[present] = found
    return Resolved(rows, present[found < 0])


def _places(references: Column, ids: Column | None) -> Array:
    if ids is None:
        return np.full(len(references), NOWHERE, np.int64)
    targets = Sparse.of_column(ids)
    owners, known = targets.present(), targets.dense()
    if isinstance(references, Fixed) and isinstance(known, Fixed):
        found = _sorted_places(references.values, known.values)
    else:
        found = _dictionary_places(references, known)
    return np.append(owners, NOWHERE)[found]


def _sorted_places(references: Array, known: Array) -> Array:
    if not len(known):
        return np.full(len(references), NOWHERE, np.int64)
    if len(known) > 1 and not (known[1:] > known[:-1]).all():
        order = known.argsort(kind="stable")
        return _looked_up(references, known[order], order)
    return _looked_up(references, known, np.arange(len(known)))


def _looked_up(references: Array, ascending: Array, order: Array) -> Array:
    low, high = int(ascending[0]), int(ascending[-1])
    if high - low < 8 * (len(ascending) + len(references)):
        table = np.full(high - low + 1, NOWHERE, np.int64)
        table[(ascending - low)[::-1]] = order[::-1]
        inside = (references >= low) & (references <= high)
        return np.where(inside, table[np.where(inside, references - low, 0)], NOWHERE)
    place = np.minimum(ascending.searchsorted(references), len(ascending) - 1)
    return np.where(ascending[place] == references, order[place], NOWHERE)


def _dictionary_places(references: Column, known: Column) -> Array:
    wanted, stated = comparable(references), comparable(known)
    count = len(stated)
    places = dict(zip(reversed(stated), range(count - 1, -1, -1), strict=True))
    return np.fromiter(map(places.get, wanted, repeat(NOWHERE)), np.int64, len(wanted))


def comparable(ids: Column) -> list[Any]:
    """Return ids as values that are equal exactly if the ids are; a string never equals an integer."""
    if isinstance(ids, Text):
        return ids.raw_list()
    return [value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value for value in ids.to_list()]


def repeated(ids: Column | None) -> Array:
    """Return the rows whose id an earlier row states already."""
    if ids is None:
        return np.zeros(0, np.int64)
    column = Sparse.of_column(ids)
    owners, dense = column.present(), column.dense()
    if isinstance(dense, Fixed):
        values = dense.values
        if (values[1:] > values[:-1]).all():
            return owners[:0]
        order = values.argsort(kind="stable")
        again = values[order][1:] == values[order][:-1]
        return np.sort(owners[order[1:][again]])
    stated = comparable(dense)
    if len(set(stated)) == len(stated):
        return owners[:0]
    firsts = dict(zip(reversed(stated), range(len(stated) - 1, -1, -1), strict=True))
    return owners[[firsts[value] != place for place, value in enumerate(stated)]]


def with_values(column: Sparse | None, count: int, rows: Array, source: Column) -> Column:
    """Return `column`, or an empty one, in which `rows`, ascending, have the values of `source`; they had none."""
    from annokit.columns import Json

    values = Json.of([value for value in source.values_of(rows) if value is not MISSING])
    fresh = Sparse(count, rows, None, values)
    if column is None:
        return fresh
    joined = Sparse.join([column, fresh])
    place = np.arange(count)
    place[rows] = count + rows
    return joined.take(place)
