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
    """Return the dataset of the chosen items, in the given order, with their annotations.

    Parameters
    ----------
    ds : Dataset
        What to choose from.
    key : slice, bool mask, positions or list of names
        Which items; positions and names may repeat.

    Returns
    -------
    Dataset
        Annotations without item are left out, and so are sequences that lose their last item. All items in their order
        are the dataset itself.
    """
    rows = _item_rows(ds, key)
    if len(rows) == len(ds) and bool((rows == np.arange(len(rows))).all()):
        return ds
    wanted, owner = annotation_rows(ds, rows)
    return _chosen(ds, rows, wanted, owner)


def remove_items(ds: Dataset, removed: Array) -> Dataset:
    """Return the dataset without the items that the (n,) bool mask `removed` marks; annotations without item stay."""
    moved = np.append(np.where(removed, -2, np.cumsum(~removed) - 1), -1)
    owner = moved[ds._annotations.array("item")]
    wanted = np.flatnonzero(owner > -2)
    return _chosen(ds, np.flatnonzero(~removed), wanted, owner[wanted])


def _chosen(ds: Dataset, rows: Array, wanted: Array, owner: Array) -> Dataset:
    items, sequences = _without_lost(ds._sequences, ds._items, ds._items.take(rows))
    annotations = take_annotations(ds._annotations, wanted).replace({"item": Fixed(owner)})
    return ds._with(items=items, sequences=sequences, annotations=annotations)


def _without_lost(sequences: Table, before: Table, after: Table) -> tuple[Table, Table]:
    """Return the items and the sequences without those that had items before and have none after."""
    had, has = (
        np.bincount(table.array("sequence") + 1, minlength=len(sequences) + 1)[1:] > 0 for table in (before, after)
    )
    lost = had & ~has
    if not lost.any():
        return after, sequences
    moved = np.append(np.cumsum(~lost) - 1, -1)
    items = after.replace({"sequence": Fixed(moved[after.array("sequence")])})
    return items, sequences.take(np.flatnonzero(~lost))


def only_annotation(ds: Dataset, row: int) -> Dataset:
    """Return the dataset of one annotation row and its item, if it has one."""
    item = int(ds._annotations.array("item")[row])
    items = np.array([item] if item >= 0 else [], np.int64)
    return _chosen(ds, items, np.array([row]), np.array([0 if item >= 0 else -1]))


def _item_rows(ds: Dataset, key: Any) -> Array:
    names = _name_list(key)
    if names is None:
        return rows_from(key, len(ds), "items")
    return np.array([ds._named(name) for name in names], np.int64)


def annotation_rows(ds: Dataset, items: Array) -> tuple[Array, Array]:
    """Return the annotation rows of `items`, and the new item row of each.

    They keep their source's order where `items` ascend, else they come item by item.
    """
    from annokit.geometry.ragged import take

    offsets, order = ds._index
    own, index = take(offsets, items)
    owner = np.arange(len(items)).repeat(np.diff(own))
    if order is None:
        return index, owner
    rows = order[index]
    if not (items[1:] > items[:-1]).all():
        return rows, owner
    back = rows.argsort(kind="stable")
    return rows[back], owner[back]


def filter_dataset(ds: Dataset, items: Any = None, annotations: Any = None, labels: Any = None) -> Dataset:
    """Return what fits.

    Parameters
    ----------
    ds : Dataset
        What to choose from.
    items : bool mask, positions, names or callable on Item, optional
        Items to keep, with their annotations.
        A callable sees the annotations that the other two leave.
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
    found = _name_list(list(key) if isinstance(key, Iterable) and not isinstance(key, np.ndarray) else key)
    return None if found is None else set(found)


def _name_list(key: Any) -> list[str] | None:
    """Return `key` as a list of names, None where it is something else."""
    if isinstance(key, np.ndarray) and key.dtype.kind in "UT":
        return [str(name) for name in key.tolist()]
    if isinstance(key, list | tuple) and key and all(isinstance(name, str) for name in key):
        return list(key)
    return None
