"""Steps of narrowing for targets that state masks as run lengths only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from annokit.columns import Fixed, Struct, Text
from annokit.columns.base import Array
from annokit.formats.conversions import placed, shapeless
from annokit.formats.places import at_annotations
from annokit.model.masks import RLE, RUNS, rles
from annokit.model.schema import KIND_CODE

if TYPE_CHECKING:
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset
    from annokit.report import Issue


def encodings_of(ds: Dataset, rows: Array) -> Array:
    """Return how the masks of annotation `rows` are stated, (k,) codes of ``MASK_ENCODINGS``."""
    column = ds._annotations.sparse("mask")
    assert column is not None
    assert isinstance(column.values, Struct)
    codes = column.values.fields["encoding"]
    assert isinstance(codes, Fixed)
    return codes.values[column.slots_of(rows)]


def masks_as_runs(ds: Dataset, apply: bool) -> Found:
    """State masks that lie in pictures or bitmaps as run lengths, and drop those without pixels."""
    rows = np.flatnonzero(ds._annotations.array("kind") == KIND_CODE["mask"])
    if not len(rows):
        return ds, []
    rows = rows[~np.isin(encodings_of(ds, rows), (RLE, RUNS))]
    if not len(rows):
        return ds, []
    found = rles(ds, rows)
    full = np.array([rle is not None for _, rle in found], bool)
    issues: list[Issue] = []
    if full.any():
        told = "masks are stated as run lengths"
        issues.append(at_annotations(ds, "restated", "shape", told, rows[full]))
        fields = {
            "size": Fixed(np.array([size for size, rle in found if rle is not None], np.int64)),
            "encoding": Fixed(np.full(int(full.sum()), RLE, np.uint8)),
            "data": Text.of_bytes([rle for _, rle in found if rle is not None]),
        }
        column = placed(ds, "mask", rows[full], Struct(fields))
        ds = ds._with(annotations=ds._annotations.replace({"mask": column}))
    if not full.all():
        told = "the mask has no pixels; the rest of the annotation is kept"
        issues.append(at_annotations(ds, "dropped", "shape", told, rows[~full]))
        ds = shapeless(ds, rows[~full])
    return ds, issues
