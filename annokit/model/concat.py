"""Several datasets as one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from annokit.columns import Fixed, Table
from annokit.columns.base import Array
from annokit.columns.json import dumps, loads, same
from annokit.errors import UsageError
from annokit.model.label import Label
from annokit.model.label_set import LabelSet
from annokit.report import Issue, Places, Report

if TYPE_CHECKING:
    from annokit.model.dataset import Dataset

FILLED = ("source_id", "color", "is_thing")
"""What a merged label takes from the later one where the first one does not state it."""


def concat(datasets: Sequence[Dataset]) -> Dataset:
    """Return several datasets as one.

    Parameters
    ----------
    datasets : sequence of Dataset
        At least one.

    Returns
    -------
    Dataset
        Items, annotations and sequences one after another. Labels of different datasets are one where the names from
        the topmost class down, the kind of shape and the definition (attributes, skeleton) agree; labels of one dataset
        stay apart. The first dataset's word counts where two state different things of one label, one key of ``info``
        or one extra of the dataset, and an issue tells so.
    """
    listed = list(datasets)
    if not listed:
        raise UsageError("concat needs at least one dataset")
    wrong = next((type(ds).__name__ for ds in listed if not hasattr(ds, "_annotations")), None)
    if wrong is not None:
        raise UsageError(f"concat takes a sequence of datasets; found {wrong!r} in it")
    if len(listed) == 1:
        return listed[0]
    merged = _Labels()
    moved = [merged.add(ds) for ds in listed]
    info, told = _settled([ds.info for ds in listed], "info")
    extras, more = _settled([{k: loads(v) for k, v in ds._extras.items()} for ds in listed], "extras")
    kept = {key: raw for ds in reversed(listed) for key, raw in ds._extras.items()}
    return listed[0]._with(
        items=_items(listed),
        annotations=_annotations(listed, moved),
        sequences=Table.join([ds._sequences for ds in listed]),
        labels=merged.result(listed),
        info=info,
        extras={key: kept[key] for key in extras},
        issues=Report((*_issues(listed), *merged.issues(), *told, *more)),
    )


def _items(listed: Sequence[Dataset]) -> Table:
    shifts = _starts([len(ds._sequences) for ds in listed])
    tables = [
        ds._items.replace({"sequence": Fixed(_shifted(ds._items.array("sequence"), shift))})
        for ds, shift in zip(listed, shifts, strict=True)
    ]
    return Table.join(tables)


def _annotations(listed: Sequence[Dataset], moved: Sequence[Array]) -> Table:
    item_shifts, row_shifts = (
        _starts(sizes) for sizes in ([len(ds) for ds in listed], [len(ds._annotations) for ds in listed])
    )
    tables = []
    for ds, labels, item_shift, row_shift in zip(listed, moved, item_shifts, row_shifts, strict=True):
        old = ds._annotations
        changes: dict[str, Any] = {
            "item": Fixed(_shifted(old.array("item"), item_shift)),
            "label": Fixed(labels[old.array("label")]),
        }
        parent = old.sparse("parent")
        if parent is not None and row_shift:
            rows = parent.dense()
            assert isinstance(rows, Fixed)
            changes["parent"] = attrs.evolve(parent, slots=None, values=Fixed(rows.values + row_shift))
        tables.append(old.replace(changes))
    return Table.join(tables)


def _starts(sizes: Sequence[int]) -> list[int]:
    starts: list[int] = np.cumsum([0, *sizes[:-1]]).tolist()
    return starts


def _shifted(rows: Array, shift: int) -> Array:
    """Return rows of another table moved on by `shift`; -1 stays."""
    return np.where(rows < 0, rows, rows + shift) if shift else rows


class _Labels:
    """Labels of several datasets, merged."""

    def __init__(self) -> None:
        self._labels: list[Label] = []
        self._by_key: dict[Any, list[int]] = {}
        self._differing: dict[str, list[str]] = {}

    def add(self, ds: Dataset) -> Array:
        """Merge a dataset's labels; return the position of each among all, (n + 1,) int64, the last one -1 for none."""
        used: set[int] = set()
        moved = [self._place(label, used) for label in ds.labels]
        return np.array([*moved, -1], np.int64)

    def _place(self, label: Label, used: set[int]) -> int:
        key = (_names(label), label.shape, _definition(label))
        free = [place for place in self._by_key.setdefault(key, []) if place not in used]
        if free:
            place = next((p for p in free if self._labels[p].source_id == label.source_id), free[0])
            self._labels[place] = self._merged(self._labels[place], label)
        else:
            place = len(self._labels)
            self._labels.append(label)
            self._by_key[key].append(place)
        used.add(place)
        return place

    def _merged(self, first: Label, second: Label) -> Label:
        changes: dict[str, Any] = {}
        for name in FILLED:
            mine, its = getattr(first, name), getattr(second, name)
            if mine is None:
                changes[name] = its
            elif its is not None and (type(mine), mine) != (type(its), its):
                self._differing.setdefault(name, []).append(f"{first.path}: {mine!r} and {its!r}")
        extras, told = _united([first.extras, second.extras])
        if told:
            self._differing.setdefault("extras", []).extend(f"{first.path}: {key}" for key in told)
        return attrs.evolve(first, **changes, extras=extras)

    def result(self, listed: Sequence[Dataset]) -> LabelSet:
        """Return all labels, each with the merged label as its parent."""
        by_names: dict[tuple[str, ...], Label] = {}
        labels = [self._with_parent(label, by_names) for label in self._labels]
        definitions: list[Any] = []
        for ds in listed:
            definitions += [definition for definition in ds.labels.attributes if definition not in definitions]
        return LabelSet(labels, definitions)

    def _with_parent(self, label: Label, done: dict[tuple[str, ...], Label]) -> Label:
        if label.parent is None:
            return label
        names = _names(label.parent)
        if names not in done:
            found = next((own for own in self._labels if _names(own) == names), label.parent)
            done[names] = self._with_parent(found, done)
        return attrs.evolve(label, parent=done[names])

    def issues(self) -> list[Issue]:
        """Return what labels that became one state differently."""
        return [
            _issue(f"label.{name}", "merged labels state different values", told)
            for name, told in self._differing.items()
            if told
        ]


def _names(label: Label) -> tuple[str, ...]:
    return (*(() if label.parent is None else _names(label.parent)), label.name)


def _definition(label: Label) -> bytes:
    """Return what may be said of a label's objects, as comparable text."""
    skeleton = None if label.skeleton is None else attrs.asdict(label.skeleton)
    return dumps([[attrs.asdict(definition) for definition in label.attributes], skeleton])


def _united(mappings: Sequence[Any]) -> tuple[dict[str, Any], list[str]]:
    """Return all keys with the first value of each, and the keys of which there are different values."""
    united: dict[str, Any] = {}
    differing: dict[str, None] = {}
    for mapping in mappings:
        for key, value in mapping.items():
            if key not in united:
                united[key] = value
            elif not same(united[key], value):
                differing[key] = None
    return united, list(differing)


def _settled(mappings: Sequence[Any], field: str) -> tuple[dict[str, Any], list[Issue]]:
    united, differing = _united(mappings)
    message = "the datasets state different values; the first one was kept"
    return united, [_issue(field, message, differing)] if differing else []


def _issue(field: str, message: str, examples: Sequence[str]) -> Issue:
    return Issue("dropped", "warning", message, len(examples), tuple(examples[:5]), field=field, fate="dropped")


def _issues(listed: Sequence[Dataset]) -> list[Issue]:
    """Return the issues of all datasets, their annotation rows counted as those of the whole."""
    shifts = _starts([len(ds._annotations) for ds in listed])
    return [_moved(issue, shift) for ds, shift in zip(listed, shifts, strict=True) for issue in ds.issues]


def _moved(issue: Issue, shift: int) -> Issue:
    places = issue.places
    if places is None or places.annotation_rows is None or not shift:
        return issue
    rows: Places = attrs.evolve(places, annotation_rows=_shifted(places.annotation_rows, shift))
    return attrs.evolve(issue, places=rows)
