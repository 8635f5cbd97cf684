"""Renaming and merging labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import attrs
import numpy as np

from annokit.columns import Fixed
from annokit.errors import UsageError
from annokit.model.label import Label
from annokit.model.label_set import LabelSet

if TYPE_CHECKING:
    from annokit.model.dataset import Dataset


def relabel(ds: Dataset, names: Mapping[str, str | None]) -> Dataset:
    """Return the dataset with labels renamed.

    Parameters
    ----------
    ds : Dataset
        What to change.
    names : mapping of str to (str or None)
        New name of each old one. A label whose new name another label has already is merged into the first of that
        name; None leaves the annotations of a label without one, and removes it.
    """
    unknown = sorted(set(names) - set(ds.labels.names))
    if unknown:
        raise UsageError(f"no label is called {unknown[0]!r}; labels: {', '.join(sorted(set(ds.labels.names)))}")
    kept: list[Label] = []
    place: dict[tuple[str, bool], int] = {}
    moved = np.full(len(ds.labels) + 1, -1, np.int64)
    merged = set(names.values())
    for position, label in enumerate(ds.labels):
        name = names.get(label.name, label.name)
        if name is None:
            continue
        key = (name, True) if name in merged else (f"{position}", False)
        if key not in place:
            place[key] = len(kept)
            kept.append(label if name == label.name else attrs.evolve(label, name=name))
        moved[position] = place[key]
    column = Fixed(moved[ds._annotations.array("label")])
    labels = LabelSet(_with_parents(kept, names), ds.labels.attributes)
    return ds._with(labels=labels, annotations=ds._annotations.replace({"label": column}))


def _with_parents(labels: list[Label], names: Mapping[str, str | None]) -> list[Label]:
    def renamed(label: Label | None) -> Label | None:
        if label is None:
            return None
        name = names.get(label.name, label.name)
        parent = renamed(label.parent)
        return parent if name is None else attrs.evolve(label, name=name, parent=parent)

    return [attrs.evolve(label, parent=renamed(label.parent)) for label in labels]
