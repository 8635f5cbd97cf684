"""Masks written as lists of points, for tools that know no run lengths."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.columns.base import Array
from annokit.errors import UsageError
from annokit.formats.conversions import POLICIES, converted
from annokit.formats.flatten import mask_rows
from annokit.geometry import ragged
from annokit.geometry.run_rings import run_parts
from annokit.model.masks import counts

if TYPE_CHECKING:
    from annokit.formats.coco.dialect import Dialect
    from annokit.formats.holds import Step
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset

ROWS = 4096
"""Masks traced together."""

MASKS = ("rle", "outlines")

CROWD = "attributes/iscrowd"


def traced(dialect: Dialect, options: Mapping[str, Any]) -> tuple[Step, ...]:
    """Return the step that traces masks, where the caller wants it.

    Raises
    ------
    UsageError
        The option has another value, or the dialect knows no outlines.
    """
    wanted = options.get("masks", "rle")
    if wanted not in MASKS:
        raise UsageError(f"masks={wanted!r}; expected one of {', '.join(MASKS)}")
    if wanted == "rle":
        return ()
    if dialect.together or not dialect.outlined:
        raise UsageError(f"masks={wanted!r}: {dialect.title} states no outlines")
    return (masks_as_outlines,)


def masks_as_outlines(ds: Dataset, apply: bool) -> Found:
    """State masks as the outlines of their pixels, but those with holes, which rings can't tell, and crowds."""
    rows = mask_rows(ds)
    crowd = ds._annotations.sparse(CROWD)
    if crowd is not None:
        flags = np.array([value not in (0, False) for value in crowd.dense().to_list()], bool)
        rows = np.setdiff1d(rows, crowd.present()[flags])
    rows = rows[_whole(ds, rows)]
    if not len(rows):
        return ds, []
    ds, issue = converted(ds, rows, "mask", "polygon", *POLICIES["mask", "polygon"])
    return ds, [issue]


def _whole(ds: Dataset, rows: Array) -> Array:
    """Return (k,) bool: which masks have pixels, and no holes."""
    found = [np.zeros(0, bool)]
    for start in range(0, len(rows), ROWS):
        flat, offsets, sizes = counts(ds, rows[start : start + ROWS])
        _, _, parts, shapes = run_parts(flat, offsets, sizes[:, 0])
        rings = ragged.reduce(np.diff(parts), shapes, np.maximum, 0)
        found.append(np.asarray(rings == 1))
    return np.concatenate(found)
