"""Instance ids of videos: they count within a class, tracks within a sequence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.columns import Fixed, Json, Sparse
from annokit.columns.base import Array
from annokit.columns.make import sparse_of

if TYPE_CHECKING:
    from annokit.model.dataset import Dataset

RAW = "extras/innotescus/instance_id"
"""Extra that holds the instance id of a row whose track is called by class and instance."""


def clashing(ds: Dataset) -> Array:
    """Return the annotation rows whose integer track stands for objects of several classes in their sequence."""
    column = ds._annotations.sparse("track")
    if column is None or not isinstance(column.values, Fixed):
        return np.zeros(0, np.int64)
    rows = column.present()
    dense = column.dense()
    assert isinstance(dense, Fixed)
    sequence = np.append(ds._items.array("sequence"), -1)[ds._annotations.array("item")[rows]]
    keys = np.stack([sequence, dense.values], axis=1)
    _, group = np.unique(keys, axis=0, return_inverse=True)
    label = ds._annotations.array("label")[rows]
    low, high = np.full(len(rows), label.max(initial=0)), np.full(len(rows), -1)
    np.minimum.at(low, group.reshape(-1), label)
    np.maximum.at(high, group.reshape(-1), label)
    return np.asarray(rows[(low < high)[group.reshape(-1)]])


def split_tracks(ds: Dataset) -> tuple[Dataset, Array]:
    """Return the dataset in which a track is of one class, and the rows that this changes.

    Where ids clash, a track is called ``<class>/<instance>``, and the instance id is kept as it is.
    """
    rows = clashing(ds)
    if not len(rows):
        return ds, rows
    column = ds._annotations.columns["track"]
    assert isinstance(column, Sparse)
    tracks = dict(zip(column.present().tolist(), column.values_of(column.present()), strict=True))
    raw = ds._annotations.sparse(RAW)
    stated: dict[int, Any] = {}
    if raw is not None:
        stated = dict(zip(raw.present().tolist(), raw.values_of(raw.present()), strict=True))
    labels = ds._annotations.array("label")
    for row in rows.tolist():
        stated[row] = tracks[row]
        place = int(labels[row])
        tracks[row] = f"{ds.labels[place].source_id if place >= 0 else ''}/{tracks[row]}"
    count = len(ds._annotations)
    numbers = sorted(stated)
    extra = Sparse(
        count, None if len(numbers) == count else np.array(numbers), None, Json.of([stated[n] for n in numbers])
    )
    track = sparse_of(count, list(tracks), list(tracks.values()))
    return ds._with(annotations=ds._annotations.replace({"track": track, RAW: extra})), rows
