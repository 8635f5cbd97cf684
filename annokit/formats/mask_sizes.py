"""Masks whose size is not that of their item."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.model.schema import KIND_CODE
from annokit.report import Issue, Places

if TYPE_CHECKING:
    from annokit.model.dataset import Dataset


def odd_masks(ds: Dataset) -> list[Issue]:
    """Return the issue about masks of another size than their items."""
    masked = ds._annotations.array("kind") == KIND_CODE["mask"]
    rows = np.flatnonzero(masked & (ds._annotations.array("item") >= 0))
    column = ds._annotations.sparse("mask")
    if column is None or not len(rows):
        return []
    stored: Any = column.values
    own = stored.fields["size"].values[column.slots_of(rows)][:, ::-1]
    item = ds._annotations.array("item")[rows]
    stated = ds._items.array("size")[item]
    wrong = np.flatnonzero((own != stated).any(axis=1) & (stated > 0).all(axis=1))
    if not len(wrong):
        return []
    pairs = zip(own[wrong].tolist(), stated[wrong].tolist(), strict=True)
    details = [f"the mask has {a}x{b}, the item {c}x{d}" for (a, b), (c, d) in pairs]
    places = Places(ds.names, item[wrong], rows[wrong], details)
    told = "a mask is of another size than its item; it was kept"
    return [Issue.at("size-mismatch", "warning", told, places, field="shape", fate="kept")]
