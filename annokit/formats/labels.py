"""Steps of narrowing for targets that know labels only by their use."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING

import numpy as np

from annokit.columns import Fixed
from annokit.formats.places import at_all
from annokit.model.label import Label
from annokit.model.label_set import LabelSet

if TYPE_CHECKING:
    from annokit.formats.holds import Step
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset

Identity = Callable[[Label], Hashable]


def by_name(label: Label) -> Hashable:
    """Return what tells labels apart in a file that knows them by name."""
    return label.name


def in_use(identity: Identity = by_name) -> Step:
    """Keep the labels that annotations use, by first use, and merge those that the file can't tell apart.

    For files without a list of labels: what they are read back with.
    """

    def step(ds: Dataset, apply: bool) -> Found:
        moved, kept = first_uses(ds, identity)
        unused = [label.name for position, label in enumerate(ds.labels) if moved[position] < 0]
        used = [label for position, label in enumerate(ds.labels) if moved[position] >= 0]
        issues = []
        if unused:
            issues.append(at_all("dropped", "label", "the target knows only labels that annotations use", unused))
        if len(used) > len(kept):
            names = sorted({label.name for label in used if used.count(label) or label not in kept})
            issues.append(at_all("converted", "label", "labels that the target can't tell apart become one", names))
        if (
            not issues
            and [ds.labels[position] for position in np.argsort(moved)] == kept
            and (np.diff(moved) > 0).all()
        ):
            return ds, []
        if not issues:
            told = "the target lists labels in the order of their first use"
            issues.append(at_all("restated", "label", told, [label.name for label in kept]))
        label = Fixed(np.append(moved, -1)[ds._annotations.array("label")])
        changed = ds._with(
            labels=LabelSet(kept, ds.labels.attributes), annotations=ds._annotations.replace({"label": label})
        )
        return changed, issues

    return step


def first_uses(ds: Dataset, identity: Identity = by_name) -> tuple[np.ndarray, list[Label]]:
    """Return the new position of each label, -1 where none uses it, and the labels by first use item by item."""
    column = ds._annotations.array("label")
    order = ds._index[1]
    ordered = column if order is None else column[order]
    found, first = np.unique(ordered, return_index=True)
    places: dict[Hashable, int] = {}
    kept: list[Label] = []
    moved = np.full(len(ds.labels), -1, np.int64)
    for position in found[np.argsort(first)].tolist():
        if position < 0:
            continue
        key = identity(ds.labels[position])
        if key not in places:
            places[key] = len(kept)
            kept.append(ds.labels[position])
        moved[position] = places[key]
    return moved, kept
