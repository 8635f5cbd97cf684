"""Steps of narrowing about how masks are stated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from annokit.columns import Column, Fixed, Struct, Text
from annokit.columns.base import Array
from annokit.formats.conversions import placed, shapeless
from annokit.formats.places import at_annotations
from annokit.model.masks import RLE, VOID, rles
from annokit.model.schema import KIND_CODE, MASK_ENCODINGS

if TYPE_CHECKING:
    from annokit.formats.holds import Holds, Step
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset


def encodings_of(ds: Dataset, rows: Array) -> Array:
    """Return how the masks of annotation `rows` are stated, (k,) codes of ``MASK_ENCODINGS``."""
    column = ds._annotations.sparse("mask")
    assert column is not None
    assert isinstance(column.values, Struct)
    codes = column.values.fields["encoding"]
    assert isinstance(codes, Fixed)
    return codes.values[column.slots_of(rows)]


def settle_masks(holds: Holds) -> Step:
    """State masks as run lengths where the target does not read how they are stated, and drop those without pixels.

    The pixels stay the same, so only what has none is told.
    """
    known = [MASK_ENCODINGS.index(name) for name in holds.mask_encodings]

    def step(ds: Dataset, apply: bool) -> Found:
        rows = np.flatnonzero(ds._annotations.array("kind") == KIND_CODE["mask"])
        if not len(rows):
            return ds, []
        stated, bare = _stated(ds, rows), "void" not in holds.mask_encodings
        ds = _as_runs(ds, rows[(stated != VOID) & ~np.isin(stated, known)])
        empty = rows[_stated(ds, rows) == VOID]
        if not bare or not len(empty):
            return ds, []
        told = "a mask without pixels is an annotation without shape to the target"
        return shapeless(ds, empty), [at_annotations(ds, "restated", "shape", told, empty)]

    return step


def _stated(ds: Dataset, rows: Array) -> Array:
    """Return how the masks of annotation `rows` are stated; void for one that is not stated at all."""
    column = ds._annotations.sparse("mask")
    if column is None:
        return np.full(len(rows), VOID)
    here = column.slots_of(rows) >= 0
    codes = np.full(len(rows), VOID)
    codes[here] = encodings_of(ds, rows[here])
    return codes


def _as_runs(ds: Dataset, rows: Array) -> Dataset:
    """Return the dataset in which the masks of `rows` are compressed run lengths, or void."""
    if not len(rows):
        return ds
    found = rles(ds, rows)
    fields: dict[str, Column] = {
        "size": Fixed(np.array([size for size, _ in found], np.int64)),
        "encoding": Fixed(np.array([VOID if text is None else RLE for _, text in found], np.uint8)),
        "data": Text.of_bytes([text or b"" for _, text in found]),
    }
    column = placed(ds, "mask", rows, Struct(fields))
    return ds._with(annotations=ds._annotations.replace({"mask": column}))
