"""Choosing items and annotations; only small columns are touched."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.columns import Fixed, Selection, Sparse, Table
from annokit.columns.base import Array
from annokit.errors import UsageError

if TYPE_CHECKING:
    from annokit.model.dataset import Dataset


def rows_from(key: Any, length: int, what: str) -> Array:
    """Return (k,) int64 rows from a slice, a bool mask or positions, checked against `length`."""
    if isinstance(key, slice):
        return np.arange(length)[key]
    rows = np.asarray(key)
    if rows.dtype == bool:
        if rows.shape != (length,):
            raise UsageError(f"a mask over {what} has shape {rows.shape}, expected ({length},)")
        return np.flatnonzero(rows)
    if rows.size == 0:
        return np.zeros(0, np.int64)
    if rows.ndim != 1 or rows.dtype.kind not in "iu":
        raise UsageError(f"{what} are chosen by a slice, a bool mask or integer positions, got {key!r:.80}")
    if rows.min() < -length or rows.max() >= length:
        raise IndexError(f"{what} run from 0 to {length - 1}, got {rows.min()} to {rows.max()}")
    return np.where(rows < 0, rows + length, rows).astype(np.int64)


def take_annotations(table: Table, rows: Array) -> Table:
    """Return annotation `rows`; a parent that is left out is lost to its children."""
    chosen = table.take(rows)
    parents = chosen.sparse("parent")
    if parents is None:
        return chosen
    return chosen.replace({"parent": _moved_parents(parents, Selection(rows, len(table)))})


def _moved_parents(parents: Sparse, selection: Selection) -> Sparse:
    dense = parents.dense()
    assert isinstance(dense, Fixed)
    inverse = np.full(selection.length, -1, np.int64)
    inverse[selection.rows[::-1]] = np.arange(len(selection))[::-1]
    moved = inverse[dense.values]
    kept = moved >= 0
    return Sparse(parents.length, parents.present()[kept], None, Fixed(moved[kept]))


def select_items(ds: Dataset, key: Any) -> Dataset:
    """Return the dataset of the chosen items, in the given order, with their annotations and all sequences in use."""
    rows = rows_from(key, len(ds), "items")
    items = ds._items.take(rows)
    wanted, owner = annotation_rows(ds, rows)
    annotations = take_annotations(ds._annotations, wanted).replace({"item": Fixed(owner)})
    return ds._with(items=items, annotations=annotations)


def annotation_rows(ds: Dataset, items: Array) -> tuple[Array, Array]:
    """Return the annotation rows of `items`, in their source's order where `items` ascend, and each one's new item row."""
    if (items[1:] > items[:-1]).all():
        inverse = np.full(len(ds) + 1, -1, np.int64)
        inverse[items] = np.arange(len(items))
        owner = inverse[ds._annotations.array("item")]
        rows = np.flatnonzero(owner >= 0)
        return rows, owner[rows]
    from annokit.geometry.ragged import take

    offsets, order = ds._index
    own, index = take(offsets, items)
    rows = index if order is None else order[index]
    return rows, np.arange(len(items)).repeat(np.diff(own))


def filter_dataset(ds: Dataset, items: Any = None, annotations: Any = None, labels: Any = None) -> Dataset:
    """Return what fits.

    Parameters
    ----------
    ds : Dataset
        What to choose from.
    items : bool mask, positions, names or callable on Item, optional
        Items to keep, with their annotations.
    annotations : bool mask, positions or callable on Annotation, optional
        Annotations to keep; items stay.
    labels : bool mask, positions, names or callable on Label, optional
        Keep only annotations with such a label; items and the label set stay.

    Returns
    -------
    Dataset
        A view of the columns; nothing large is copied.
    """
    keep: Array | None = None
    if annotations is not None:
        keep = _annotation_mask(ds, annotations)
    if labels is not None:
        chosen = np.append(_label_mask(ds, labels), False)
        fits = chosen[ds._annotations.array("label")]
        keep = fits if keep is None else keep & fits
    if keep is not None:
        ds = ds._with(annotations=take_annotations(ds._annotations, np.flatnonzero(keep)))
    return ds if items is None else select_items(ds, _item_key(ds, items))


def _annotation_mask(ds: Dataset, key: Any) -> Array:
    if callable(key):
        return np.fromiter((bool(key(a)) for a in ds.annotations), bool, len(ds.annotations))
    rows = rows_from(key, len(ds.annotations), "annotations")
    mask = np.zeros(len(ds.annotations), bool)
    mask[rows] = True
    return mask


def _label_mask(ds: Dataset, key: Any) -> Array:
    if callable(key):
        return np.array([bool(key(label)) for label in ds.labels], bool)
    names = _names(key)
    if names is None:
        mask = np.zeros(len(ds.labels), bool)
        mask[rows_from(key, len(ds.labels), "labels")] = True
        return mask
    unknown = sorted(set(names) - set(ds.labels.names))
    if unknown:
        raise UsageError(f"no label is called {unknown[0]!r}; labels: {', '.join(sorted(set(ds.labels.names)))}")
    return np.array([label.name in names for label in ds.labels], bool)


def _item_key(ds: Dataset, key: Any) -> Any:
    if callable(key):
        test: Callable[[Any], Any] = key
        return np.array([bool(test(item)) for item in ds], bool)
    names = _names(key)
    if names is None:
        return key
    unknown = sorted(names - set(ds.names))
    if unknown:
        raise UsageError(f"no item is called {unknown[0]!r}")
    return np.array([name in names for name in ds.names], bool)


def _names(key: Any) -> set[str] | None:
    """Return `key` as a set of names, None where it is something else."""
    if isinstance(key, str):
        return {key}
    if isinstance(key, Iterable) and not isinstance(key, np.ndarray):
        listed = list(key)
        if listed and all(isinstance(name, str) for name in listed):
            return set(listed)
    return None
