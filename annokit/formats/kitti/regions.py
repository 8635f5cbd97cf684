"""``DontCare``: regions that are to be ignored, which are no objects of any class.

In annokit such a region is an annotation without label whose attribute ``iscrowd`` is 1, as crowds of COCO are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.columns import Column, Fixed, Sparse
from annokit.columns.base import Array
from annokit.formats.places import at_annotations
from annokit.formats.steps import without

if TYPE_CHECKING:
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset

WORD = "DontCare"
CROWD = "attributes/iscrowd"


def marks(count: int, rows: Array) -> Sparse | None:
    """Return the attribute of `count` annotations in which `rows` are regions to ignore."""
    if not len(rows):
        return None
    return Sparse(count, None if len(rows) == count else rows, None, Fixed(np.ones(len(rows), np.int64)))


def ignored_regions(ds: Dataset, apply: bool) -> Found:
    """Make regions of crowds and of objects labelled ``DontCare``; leave out other objects without label."""
    ds, issues = _regions(ds)
    rows = np.flatnonzero((ds._annotations.array("label") < 0) & ~_crowds(ds)[0])
    if len(rows):
        told = "the target needs a label, the annotation has none"
        issues.append(at_annotations(ds, "refused", "label", told, rows))
        ds = without(ds, rows)
    return ds, issues


def _regions(ds: Dataset) -> Found:
    crowd, plain = _crowds(ds)
    label = ds._annotations.array("label")
    named = np.isin(label, [place for place, made in enumerate(ds.labels) if made.name == WORD])
    lost = crowd & (label >= 0) & ~named
    issues = []
    for rows, code, told, severity in (
        (lost, "converted", f"a crowd becomes {WORD}, a region to ignore, which has no class", "warning"),
        (named, "restated", f"{WORD} is no class but a region to ignore", "info"),
        (plain, "dropped", "the target has no place for iscrowd", "info"),
    ):
        if rows.any():
            field = "iscrowd" if code == "dropped" else "label"
            issues.append(at_annotations(ds, code, field, told, np.flatnonzero(rows), severity=severity))
    if not issues:
        return ds, []
    regions = crowd | named
    changes: dict[str, Column | None] = {
        "label": Fixed(np.where(regions, -1, label)),
        CROWD: marks(len(label), np.flatnonzero(regions)),
    }
    return ds._with(annotations=ds._annotations.replace(changes)), issues


def _crowds(ds: Dataset) -> tuple[Array, Array]:
    """Tell which annotations are crowds, and which state something else under ``iscrowd``."""
    crowd = np.zeros(len(ds._annotations), bool)
    other = crowd.copy()
    column = ds._annotations.sparse(CROWD)
    if column is not None:
        values: list[Any] = column.dense().to_list()
        is_one = np.array([type(value) is int and value == 1 for value in values], bool)
        crowd[column.present()[is_one]] = True
        other[column.present()[~is_one]] = True
    return crowd, other
