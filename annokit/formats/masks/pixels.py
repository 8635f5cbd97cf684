"""Steps of narrowing about pixels that only trees of masks need."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from annokit.formats.places import at_annotations
from annokit.formats.steps import without
from annokit.model.schema import KIND_CODE

if TYPE_CHECKING:
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset


def on_sized_items(ds: Dataset, apply: bool) -> Found:
    """Refuse annotations without pixels of items whose size nobody knows: no mask can be made that they belong to."""
    unknown = np.asarray((ds._items.array("size") <= 0).any(axis=1))
    rows = np.flatnonzero(unknown[ds._annotations.array("item")])
    if not len(rows):
        return ds, []
    told = "the picture's mask needs its size, which nobody knows"
    return without(ds, rows), [at_annotations(ds, "refused", "shape", told, rows)]


def without_traces(ds: Dataset, apply: bool) -> Found:
    """Refuse what has no pixels and no place in a picture's own list of classes: frames of a video share a list."""
    framed = ds._items.array("sequence")[ds._annotations.array("item")] >= 0
    bare = framed | (ds._annotations.array("label") < 0)
    rows = np.flatnonzero((ds._annotations.array("kind") == KIND_CODE["none"]) & bare)
    if not len(rows):
        return ds, []
    told = "the target can't hold an annotation without pixels here"
    return without(ds, rows), [at_annotations(ds, "refused", "shape", told, rows)]
