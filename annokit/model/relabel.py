"""Renaming, exchanging and merging labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from annokit.columns import Fixed
from annokit.errors import UsageError
from annokit.model.label import AttributeDefinition, Label
from annokit.model.label_set import LabelSet

if TYPE_CHECKING:
    from annokit.model.dataset import Dataset

Target = str | Label | None


def relabel(ds: Dataset, names: Mapping[str, Target]) -> Dataset:
    """Return the dataset with labels renamed, exchanged or merged.

    Parameters
    ----------
    ds : Dataset
        What to change.
    names : mapping of str to (str, Label or None)
        What each label of that name becomes: another name, another label altogether, or None, which removes it and
        leaves its annotations without one. Labels that get one name, or the name of a label that is there, become one:
        the one that is there, with the attribute definitions of all.

    Raises
    ------
    UsageError
        No label has one of the names.
    """
    unknown = sorted(set(names) - set(ds.labels.names))
    if unknown:
        raise UsageError(f"no label is called {unknown[0]!r}; labels: {', '.join(sorted(set(ds.labels.names)))}")
    renamed = [_target(label, names) for label in ds.labels]
    kept, place = _merged(ds.labels, renamed, {t if isinstance(t, str) else t.name for t in names.values() if t})
    parents = _Parents(ds.labels, kept, place, names)
    labels = LabelSet([parents.of(position) for position in range(len(kept))], ds.labels.attributes)
    moved = np.array([*place, -1], np.int64)
    return ds._with(
        labels=labels, annotations=ds._annotations.replace({"label": Fixed(moved[ds._annotations.array("label")])})
    )


def _target(label: Label, names: Mapping[str, Target]) -> Label | None:
    target = names.get(label.name, label)
    return attrs.evolve(label, name=target) if isinstance(target, str) else target


def _merged(old: LabelSet, renamed: list[Label | None], wanted: set[str]) -> tuple[list[Label], list[int]]:
    """Return the labels that stay, and the position among them of each old one, -1 gone."""
    groups: dict[str | int, list[int]] = {}
    for position, label in enumerate(renamed):
        if label is not None:
            groups.setdefault(label.name if label.name in wanted else position, []).append(position)
    place = [-1] * len(renamed)
    kept = []
    for number, members in enumerate(groups.values()):
        chosen = min(members, key=lambda p: _rank(renamed[p], old[p]))
        kept.append(_with_definitions(renamed[chosen], [renamed[p] for p in members]))
        for position in members:
            place[position] = number
    return kept, place


def _rank(new: Label | None, old: Label) -> int:
    """Return which label stands for those that become one: 0 a new one, 1 one that was there, 2 a renamed one."""
    if new is old:
        return 1
    return 2 if new is not None and attrs.evolve(new, name=old.name) == old else 0


def _with_definitions(label: Label | None, others: list[Label | None]) -> Label:
    assert label is not None
    found: list[AttributeDefinition] = list(label.attributes)
    names = {definition.name for definition in found}
    for other in others:
        found += [d for d in (other.attributes if other else ()) if d.name not in names]
        names.update(definition.name for definition in found)
    definitions: Any = found
    return label if len(found) == len(label.attributes) else attrs.evolve(label, attributes=definitions)


class _Parents:
    """Gives labels that stay the parents that stay."""

    def __init__(self, old: LabelSet, kept: list[Label], place: list[int], names: Mapping[str, Target]) -> None:
        self._old, self._kept, self._place, self._names = old, kept, place, names

    def of(self, position: int) -> Label:
        """Return the kept label at `position` with its parents changed as they were."""
        return self._with_parent(position, frozenset())

    def _with_parent(self, position: int, below: frozenset[int]) -> Label:
        label = self._kept[position]
        return attrs.evolve(label, parent=self._changed(label.parent, below | {position}))

    def _changed(self, parent: Label | None, below: frozenset[int]) -> Label | None:
        """Return what became of a parent; one that would be its own child is passed over."""
        if parent is None:
            return None
        known = self._old.position_of(parent)
        if known is None:
            target = _target(parent, self._names)
            return None if target is None else attrs.evolve(target, parent=self._changed(target.parent, below))
        position = self._place[known]
        if position < 0 or position in below:
            return self._changed(parent.parent, below)
        return self._with_parent(position, below)
