"""Steps of narrowing for dialects that state dotted names, ids as text, and outlines as run lengths."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from annokit.formats.coco import keys
from annokit.formats.coco.categories import ABOVE, PREFIX, label_of, record_of
from annokit.formats.coco.implied import absent_lists
from annokit.formats.conversions import area_mask, converted, shapeless
from annokit.formats.places import at_all, at_annotations
from annokit.model.label_set import LabelSet
from annokit.model.schema import KIND_CODE

if TYPE_CHECKING:
    from annokit.formats.coco.dialect import Dialect
    from annokit.formats.holds import Step
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset
    from annokit.model.label import Label


def full_names(ds: Dataset, apply: bool) -> Found:
    """Call labels by all the names above them, which their supercategory then holds."""
    below = [label.name for label in ds.labels if label.parent is not None]
    if not below:
        return ds, []
    told = "a label is called by its full name; what stands above it is its supercategory"
    labels = LabelSet(map(_called_in_full, ds.labels), ds.labels.attributes)
    return ds._with(labels=labels), [at_all("restated", "label.parent", told, below)]


def _called_in_full(label: Label) -> Label:
    if label.parent is None:
        return label
    extras = {key: value for key, value in label.extras.items() if key != PREFIX + ABOVE}
    return attrs.evolve(label, name=label.path, parent=None, extras=extras)


def as_categories(dialect: Dialect) -> Step:
    """State labels as they are read back from their categories."""

    def step(ds: Dataset, apply: bool) -> Found:
        if "categories" in absent_lists(ds):
            return ds, []
        labels = [label_of(record_of(label, dialect), dialect) for label in ds.labels]
        changed = [old.name for old, new in zip(ds.labels, labels, strict=True) if old != new]
        if not changed:
            return ds, []
        told = "a label's name is that of its category, behind its supercategory"
        return ds._with(labels=LabelSet(labels, ds.labels.attributes)), [at_all("restated", "label", told, changed)]

    return step


def run_lengths(ds: Dataset, apply: bool) -> Found:
    """State outlines as run lengths, unless the file that they come from did otherwise."""
    rows = np.flatnonzero(ds._annotations.array("kind") == KIND_CODE["polygon"])
    if keys.OUTLINED in ds._extras:
        return (ds, []) if len(rows) else without_mark(ds, apply)
    if not len(rows):
        return ds, []
    issues = []
    lost = rows[ds._annotations.array("item")[rows] < 0]
    if len(lost):
        told = "an outline that belongs to no item has no pixels; the rest is kept"
        issues.append(at_annotations(ds, "dropped", "shape", told, lost))
        ds = shapeless(ds, lost)
    rows = np.setdiff1d(rows, lost)
    if len(rows):
        ds, issue = converted(ds, rows, "polygon", "mask", "the pixels that it covers, holes left out", area_mask)
        issues.append(issue)
    return ds, issues


def without_mark(ds: Dataset, apply: bool) -> Found:
    """Forget that outlines were lists of points against the habit of a dialect."""
    if keys.OUTLINED not in ds._extras:
        return ds, []
    extras = {key: value for key, value in ds._extras.items() if key != keys.OUTLINED}
    issue = at_all("restated", "document", "outlines are as the target states them, and need no mark", ["outlines"])
    return ds._with(extras=extras), [issue]
