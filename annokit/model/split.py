"""Splitting and sampling items, reproducibly and to the exact size."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.columns import MISSING, Sparse, Text
from annokit.columns.base import Array
from annokit.errors import UsageError

if TYPE_CHECKING:
    from annokit.model.dataset import Dataset


def split_dataset(ds: Dataset, sizes: Mapping[str, float], seed: int = 0, by: Any = None) -> dict[str, Dataset]:
    """Return named parts of a dataset, with ``item.split`` set.

    Parameters
    ----------
    ds : Dataset
        What to split.
    sizes : mapping of str to float
        Share of each part; they are scaled to sum up to 1. Counts are exact by the method of the largest remainder.
    seed : int
        The same seed gives the same parts.
    by : str or callable, optional
        What stays together: ``"sequence"``, ``"dataset"``, ``"name"`` or the name of an item attribute, or a callable
        on Item that returns a key. Parts are then exact in groups.
    """
    shares = _shares(sizes)
    groups = group_of(ds, by)
    count = int(groups.max()) + 1 if len(groups) else 0
    order = np.random.default_rng(seed).permutation(count)
    ends = np.cumsum(largest_remainder(shares, count))
    part_of_group = np.empty(count, np.int64)
    part_of_group[order] = np.searchsorted(ends, np.arange(count), side="right")
    part = part_of_group[groups]
    found = {}
    for position, name in enumerate(sizes):
        chosen = ds[np.flatnonzero(part == position)]
        split = Sparse.constant(len(chosen), Text.of([name]))
        found[name] = chosen._with(items=chosen._items.replace({"split": split}))
    return found


def _shares(sizes: Mapping[str, float]) -> Array:
    shares = np.array(list(sizes.values()), np.float64)
    if not len(shares) or not np.isfinite(shares).all() or (shares < 0).any() or shares.sum() == 0:
        raise UsageError(f"split sizes are positive shares, got {dict(sizes)!r}")
    return np.asarray(shares / shares.sum())


def largest_remainder(shares: Array, count: int) -> Array:
    """Return (k,) int64 counts that sum up to `count`, as near to ``shares * count`` as whole numbers can be."""
    exact = shares * count
    counts = np.floor(exact + 1e-9).astype(np.int64)
    missing = count - int(counts.sum())
    counts[np.argsort(counts - exact, kind="stable")[:missing]] += 1
    return counts


def group_of(ds: Dataset, by: str | Callable[[Any], Any] | None) -> Array:
    """Return the (n,) int64 group of each item, numbered in the order in which groups appear."""
    if by is None:
        return np.arange(len(ds))
    keys = _keys(ds, by)
    numbers: dict[Any, int] = {}
    return np.fromiter((numbers.setdefault(key, len(numbers)) for key in keys), np.int64, len(ds))


def _keys(ds: Dataset, by: str | Callable[[Any], Any]) -> list[Any]:
    if callable(by):
        return [_hashable(by(item)) for item in ds]
    if by == "sequence":
        rows = ds._items.array("sequence").tolist()
        return [row if row >= 0 else f"item {i}" for i, row in enumerate(rows)]
    column = ds._items.get(by) if by in ("dataset", "name", "split") else ds._groups(ds._items, "attributes").get(by)
    if column is None:
        raise UsageError(f"items have no {by!r}; group by 'sequence', 'dataset', 'name', an attribute or a callable")
    return [None if value is MISSING else _hashable(value) for value in column.to_list()]


def _hashable(key: Any) -> Any:
    try:
        hash(key)
    except TypeError:
        return repr(key)
    return key


def sample(ds: Dataset, count: int, seed: int = 0) -> Dataset:
    """Return `count` items chosen at random without repeating, in their order; all of them where there are fewer."""
    if count < 0:
        raise UsageError(f"a sample has 0 or more items, got {count}")
    chosen = np.random.default_rng(seed).permutation(len(ds))[:count]
    return ds[np.sort(chosen)]
