"""Sizes of fetched files that contradict what is known: the labels, the sequence, its other frames, or the picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from annokit.columns.base import Array
from annokit.report import Issue, Places

if TYPE_CHECKING:
    from annokit.model.dataset import Dataset


def contradictions(ds: Dataset, pixels: Array, bitmaps: Array) -> list[Issue]:
    """Return the issues of fetched sizes.

    Parameters
    ----------
    ds : Dataset
        What the labels state.
    pixels, bitmaps : (n, 2) int64 array
        Width and height of each item's fetched picture and bitmap, -1 unknown.
    """
    stated = stated_sizes(ds)
    known = np.where((stated > 0).all(axis=1, keepdims=True), stated, pixels)
    usual = usual_sizes(ds._items.array("sequence"), known)
    usual[(stated > 0).all(axis=1)] = -1
    checks = (
        ("path", pixels, stated, "a file has another size than the labels state", "stated"),
        ("path", pixels, usual, "a file has another size than most of its sequence", "its neighbours"),
        ("bitmap", bitmaps, known, "a bitmap has another size than its picture", "the picture"),
    )
    found = (_differing(ds, *check) for check in checks)
    return [issue for issue in found if issue is not None]


def stated_sizes(ds: Dataset) -> Array:
    """Return the size that each item, else its sequence, states, (n, 2) int64; -1 none."""
    sizes = ds._items.array("size").astype(np.int64)
    column = ds._sequences.sparse("size")
    if column is None:
        return sizes
    of_sequence = np.full((len(ds._sequences) + 1, 2), -1, np.int64)  # the last one is for items without a sequence
    of_sequence[column.present()] = np.array(column.dense().to_list(), np.int64).reshape(-1, 2)
    inherited = of_sequence[ds._items.array("sequence")]
    return np.where((sizes > 0).all(axis=1, keepdims=True), sizes, inherited)


def usual_sizes(sequence: Array, sizes: Array) -> Array:
    """Return the most frequent size in each item's sequence; of equally frequent ones that which comes first.

    Parameters
    ----------
    sequence : (n,) int64 array
        Sequence of each item, -1 none.
    sizes : (n, 2) int64 array
        Width and height, -1 unknown.

    Returns
    -------
    (n, 2) int64 array
        -1 for items of no sequence, or of one in which no size is known.
    """
    usual = np.full((len(sequence), 2), -1, np.int64)
    rows = np.flatnonzero((sequence >= 0) & (sizes > 0).all(axis=1))
    if not len(rows):
        return usual
    triples = np.column_stack([sequence[rows], sizes[rows]])
    kinds, first, counts = np.unique(triples, axis=0, return_index=True, return_counts=True)
    order = np.lexsort((first, -counts, kinds[:, 0]))
    _, best = np.unique(kinds[order, 0], return_index=True)
    of_sequence = np.full((int(sequence.max()) + 2, 2), -1, np.int64)
    of_sequence[kinds[order[best], 0]] = kinds[order[best], 1:]
    return of_sequence[sequence]


def _differing(ds: Dataset, field: str, found: Array, expected: Array, message: str, origin: str) -> Issue | None:
    both = (found > 0).all(axis=1) & (expected > 0).all(axis=1)
    rows = np.flatnonzero(both & (found != expected).any(axis=1))
    if not len(rows):
        return None
    pairs = zip(found[rows].tolist(), expected[rows].tolist(), strict=True)
    details = [f"the file has {a}x{b}, {origin} {c}x{d}" for (a, b), (c, d) in pairs]
    places = Places(ds.names, rows, details=details)
    return Issue.at("size-mismatch", "warning", message, places, field=field, fate="kept")
