"""Annotations between two rows of a track: geometry that moves evenly from one to the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.columns import Column, Fixed, Number, Ragged, Sparse, Struct, Table
from annokit.columns.base import Array
from annokit.columns.patch import exchanged
from annokit.geometry.ragged import owners
from annokit.model.schema import CACHED_EXTRAS, ROTATED_FORMS

if TYPE_CHECKING:
    from annokit.model.dataset import Dataset

Mixed = tuple[Array, Column]
"""Which rows can be mixed, as positions among those that were asked for, and what they become."""


def between(ds: Dataset, source: Array, following: Array, share: Array) -> Table:
    """Return copies of annotation rows, moved towards other rows.

    Parameters
    ----------
    ds : Dataset
        Where the rows stand.
    source : (k,) int64 array
        Rows to copy.
    following : (k,) int64 array
        Row towards which each one moves, -1 where it stays as it is.
    share : (k,) float64 array
        How far it moves: 0 stays, 1 arrives.

    Returns
    -------
    Table
        A row stays as it is, too, where the two differ in kind, in the number of their points, or in unit or form.
    """
    table = ds._annotations
    rows = table.take(source)
    moving = np.flatnonzero((following >= 0) & _alike(ds, source, following))
    if not len(moving):
        return rows
    changes: dict[str, Column | None] = {}
    for name, mix in _MIXERS.items():
        column = table.get(name)
        if column is not None and (not isinstance(column, Sparse) or column.count):
            places, mixed = mix(column, source[moving], following[moving], share[moving])
            changes[name] = exchanged(rows.columns[name], moving[places], mixed)
    stale = {n: None for n in rows.columns if n.startswith("extras/") and n.rsplit("/", 1)[-1] in CACHED_EXTRAS}
    return rows.replace({**changes, **stale})


def _alike(ds: Dataset, a: Array, b: Array) -> Array:
    """Tell which pairs of rows agree in kind, and their items in unit and form."""
    kind, item = ds._annotations.array("kind"), ds._annotations.array("item")
    same = kind[a] == kind[b]
    for name in ("unit", "form"):
        codes = np.append(ds._items.array(name), 0)
        same &= codes[item[a]] == codes[item[b]]
    return np.asarray(same)


def _mix(a: Array, b: Array, share: Array) -> Array:
    return np.asarray(a + (b - a) * share.reshape(-1, *(1,) * (a.ndim - 1)))


def _turn(a: Array, b: Array, share: Array, full: Array | float) -> Array:
    """Return angles on the shorter way from `a` to `b`; `full` is one turn."""
    return np.asarray(a + ((b - a + full / 2) % full - full / 2) * share)


def _box(column: Any, a: Array, b: Array, share: Array) -> Mixed:
    numbers = column.values
    both = np.flatnonzero(~np.isnan(numbers[a, 0]) & ~np.isnan(numbers[b, 0]))
    return both, Number(_mix(numbers[a[both]], numbers[b[both]], share[both]))


def _pairs(column: Any, a: Array, b: Array) -> tuple[Array, Array, Array]:
    """Return the places where both rows have a value, and the slots of both."""
    first, second = column.slots_of(a), column.slots_of(b)
    both = np.flatnonzero((first >= 0) & (second >= 0))
    return both, first[both], second[both]


def _points(column: Any, a: Array, b: Array, share: Array) -> Mixed:
    both, first, second = _pairs(column, a, b)
    same = _same_lists(column.values, first, second)
    both, mine, its = both[same], column.values.take(first[same]), column.values.take(second[same])
    rings = mine.values.values
    ends = rings.bounds()[mine.values.bounds()[mine.bounds()]]
    mixed = _mix(rings.values.values, its.values.values.values.values, share[both].repeat(np.diff(ends)))
    return both, Ragged(mine.offsets, Ragged(mine.values.offsets, Ragged(rings.offsets, Number(mixed))))


def _same_lists(values: Ragged, first: Array, second: Array) -> Array:
    """Return the places at which two rows have lists of the same lengths, at every depth."""
    places = np.arange(len(first))
    depth = 0
    while _level(values, depth) is not None:
        mine, its = _lengths(values, first[places], depth), _lengths(values, second[places], depth)
        total = np.diff(mine[0]) == np.diff(its[0])
        if not total.all():
            places = places[total]
            continue
        differs = np.zeros(len(places), bool)
        differs[owners(mine[0])[mine[1] != its[1]]] = True
        places = places[~differs]
        depth += 1
    return places


def _level(values: Column, depth: int) -> Ragged | None:
    for _ in range(depth):
        values = values.values if isinstance(values, Ragged) else values
    return values if isinstance(values, Ragged) else None


def _lengths(values: Ragged, rows: Array, depth: int) -> tuple[Array, Array]:
    """Return the lengths of the lists of `rows` at a depth, and where each row's begin among them."""
    column: Any = values.take(rows)
    ends = np.arange(len(rows) + 1)
    for _ in range(depth):
        ends = column.bounds()[ends]
        column = column.values
    return ends, np.diff(column.bounds())


def _keypoints(column: Any, a: Array, b: Array, share: Array) -> Mixed:
    both, first, second = _pairs(column, a, b)
    same = _same_lists(column.values, first, second)
    both, mine, its = both[same], column.values.take(first[same]), column.values.take(second[same])
    numbers = mine.values.values.copy()
    amount = share[both].repeat(np.diff(mine.bounds()))
    numbers[:, :2] = _mix(numbers[:, :2], its.values.values[:, :2], amount)
    whole = np.zeros(numbers.shape, bool)
    whole[:, 2] = True
    return both, Ragged(mine.offsets, Number(numbers, whole))


def _rotated(column: Any, a: Array, b: Array, share: Array) -> Mixed:
    both, first, second = _pairs(column, a, b)
    same = column.values.fields["form"].values
    agree = same[first] == same[second]
    both, mine, its = both[agree], column.values.take(first[agree]).fields, column.values.take(second[agree]).fields
    form = mine["form"].values
    full = np.where(form == ROTATED_FORMS.index("radians"), 2 * np.pi, 360.0)
    return both, Struct({
        "numbers": Number(_mix(mine["numbers"].values, its["numbers"].values, share[both])),
        "angle": Number(_turn(mine["angle"].values, its["angle"].values, share[both], full)),
        "form": Fixed(form),
    })  # fmt: skip


def _ellipses(column: Any, a: Array, b: Array, share: Array) -> Mixed:
    both, first, second = _pairs(column, a, b)
    form = column.values.fields["form"].values
    agree = form[first] == form[second]
    both, mine, its = both[agree], column.values.take(first[agree]).fields, column.values.take(second[agree]).fields
    numbers = _mix(mine["numbers"].values, its["numbers"].values, share[both])
    numbers[:, 4] = _turn(mine["numbers"].values[:, 4], its["numbers"].values[:, 4], share[both], 360.0)
    return both, Struct({"numbers": Number(numbers), "form": Fixed(mine["form"].values)})


_MIXERS: dict[str, Callable[[Any, Array, Array, Array], Mixed]] = {
    "box": _box,
    "points": _points,
    "keypoints": _keypoints,
    "rotated": _rotated,
    "ellipse": _ellipses,
}
