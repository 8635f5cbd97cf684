"""Steps of narrowing for targets whose shapes are pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from annokit.errors import MissingSizeError
from annokit.formats.places import at_annotations
from annokit.formats.steps import without
from annokit.model.schema import KIND_CODE

if TYPE_CHECKING:
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset

AREAS = ("box", "rotated_box", "ellipse", "polygon")
"""Kinds of shape that become masks."""


def sized_shapes(ds: Dataset, apply: bool) -> Found:
    """Refuse shapes that can't become masks, since nobody knows the size of the picture."""
    kind = ds._annotations.array("kind")
    item = ds._annotations.array("item")
    unknown = np.asarray((ds._items.array("size") <= 0).any(axis=1))
    rows = np.flatnonzero(np.isin(kind, [KIND_CODE[name] for name in AREAS]) & unknown[item])
    if not len(rows):
        return ds, []
    if apply:
        raise MissingSizeError.of(str(ds._items.value("name", int(item[rows[0]]))))
    told = "its pixels need the item's size, which nobody knows"
    return without(ds, rows), [at_annotations(ds, "unknown-size", "size", told, rows, severity="error")]


def without_shapeless(ds: Dataset, apply: bool) -> Found:
    """Refuse what has no pixels."""
    rows = np.flatnonzero(ds._annotations.array("kind") == KIND_CODE["none"])
    if not len(rows):
        return ds, []
    issue = at_annotations(ds, "refused", "shape", "the target can't hold an annotation without pixels", rows)
    return without(ds, rows), [issue]
