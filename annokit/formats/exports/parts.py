"""Cutting a dataset into the parts of an export: subsets, tasks and datasets."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from annokit.columns import Fixed
from annokit.columns.base import Array
from annokit.errors import UsageError
from annokit.formats.exports.choose import UNNAMED, by_tasks, datasets_of
from annokit.formats.origin import ROW, forgotten, remembered
from annokit.formats.places import at_all, at_annotations
from annokit.formats.steps import without
from annokit.report import Issue, Places

if TYPE_CHECKING:
    from annokit.formats.exports.options import ExportOptions
    from annokit.model.dataset import Dataset
    from annokit.report import Report

ITEM = "export/item"
"""Column of items: the row in the dataset that is exported. It exists only while that is cut."""

Key = tuple[str | None, str | None, str]


@attrs.frozen(eq=False)
class Part:
    """One dataset of one task and subset."""

    key: Key
    """Names of the subset and the task, None for none, and of the dataset."""

    dataset: Dataset
    """What it holds."""

    items: Array
    """(n,) int64: row of each item in the dataset that is exported."""

    rows: Array
    """(m,) int64: row of each annotation there."""

    def told(self, report: Report) -> list[Issue]:
        """Return a report about this part as one about the dataset that is exported."""
        return [_moved(issue, self.rows) for issue in report]


def _moved(issue: Issue, rows: Array) -> Issue:
    places = issue.places
    if places is None or places.annotation_rows is None:
        return issue
    there = np.append(rows, -1)[places.annotation_rows]
    moved: Places = attrs.evolve(places, annotation_rows=there)
    return attrs.evolve(issue, places=moved)


def marked(ds: Dataset) -> Dataset:
    """Return the dataset whose rows know where they come from."""
    known = remembered(ds)
    return known._with(items=known._items.replace({ITEM: Fixed(np.arange(len(ds), dtype=np.int64))}))


def without_loose(ds: Dataset) -> tuple[Dataset, list[Issue]]:
    """Leave out annotations whose item does not exist: no folder is theirs."""
    rows = np.flatnonzero(ds._annotations.array("item") < 0)
    if not len(rows):
        return ds, []
    return without(ds, rows), [at_annotations(ds, "refused", "item", "the annotation's item does not exist", rows)]


@attrs.frozen(kw_only=True)
class Cut:
    """How a dataset is cut."""

    options: ExportOptions
    """Names the tasks."""

    split: Mapping[str, float] | None = None
    """Share of each subset."""

    seed: int = 0
    """Of the split."""

    by: str | Callable[[Any], Any] | None = None
    """What stays together."""

    def parts(self, ds: Dataset) -> tuple[list[Part], list[Issue]]:
        """Return the parts of a marked dataset, and what was left out or comes in another order."""
        subsets, subset_of = self._subsets(ds)
        names = datasets_of(ds)
        known = list(dict.fromkeys(names)) or [UNNAMED]
        number = {name: place for place, name in enumerate(known)}
        dataset_of = np.fromiter((number[name] for name in names), np.int64, len(ds))
        place_of = np.full(int(ds._items.array(ITEM).max(initial=-1)) + 1, -1, np.int64)
        place_of[ds._items.array(ITEM)] = np.arange(len(ds))
        parts: list[Part] = []
        issues: list[Issue] = []
        tasks = by_tasks(ds, self.options)
        for subset, subset_name in enumerate(subsets):
            for task, chosen, _ in tasks:
                here = place_of[chosen._items.array(ITEM)]
                for dataset, dataset_name in enumerate(known):
                    rows = np.flatnonzero((subset_of[here] == subset) & (dataset_of[here] == dataset))
                    if len(rows) or not len(ds):
                        own = _own_sequences(chosen, known, dataset_name, first=subset == 0)
                        parts.append(_part((subset_name, task, dataset_name), own, rows))
        for _, _, told in tasks:
            issues += told
        return parts, issues + _reordered(parts)

    def _subsets(self, ds: Dataset) -> tuple[Sequence[str | None], Array]:
        """Return the names of the subsets, and the subset of each item."""
        if self.split is None:
            if self.by is not None:
                raise UsageError("by= says what stays together in a split; give split=, too")
            return [None], np.zeros(len(ds), np.int64)
        place = np.full(len(ds), -1, np.int64)
        rows = ds._with(items=ds._items.replace({ITEM: Fixed(np.arange(len(ds), dtype=np.int64))}))
        by = _video if self.by == "video" else self.by
        for number, part in enumerate(rows.split(self.split, self.seed, by).values()):
            place[part._items.array(ITEM)] = number
        return list(self.split), place


def _video(item: Any) -> Any:
    """Return what tells an item's video: its sequence, else its name up to the number of the frame."""
    if item.sequence is not None:
        return ("sequence", item.sequence.row)
    video, mark, number = item.name.rpartition("#")
    return video if mark and number.isdigit() else item.name


def _own_sequences(ds: Dataset, known: Sequence[str], name: str, *, first: bool) -> Dataset:
    """Return the dataset without sequences that have no items and belong elsewhere: they go along once."""
    used = np.bincount(ds._items.array("sequence") + 1, minlength=len(ds._sequences) + 1)[1:] > 0
    empty = np.flatnonzero(~used)
    if not len(empty):
        return ds
    stated = [ds._sequences.value("dataset", row) for row in empty.tolist()]
    here = [first and (dataset if dataset in known else known[0]) == name for dataset in stated]
    keep = used.copy()
    keep[empty] = here
    moved = np.append(np.cumsum(keep) - 1, -1)
    items = ds._items.replace({"sequence": Fixed(moved[ds._items.array("sequence")])})
    return ds._with(items=items, sequences=ds._sequences.take(np.flatnonzero(keep)))


def _part(key: Key, ds: Dataset, rows: Array) -> Part:
    chosen = ds[rows]
    found = forgotten(chosen)
    bare = found._with(
        items=found._items.without((ITEM, "dataset", "split")), sequences=found._sequences.without(("dataset",))
    )
    return Part(
        key=key,
        dataset=bare,
        items=chosen._items.array(ITEM),
        rows=chosen._annotations.array(ROW),
    )


def _reordered(parts: Sequence[Part]) -> list[Issue]:
    """Tell that the items lie in another order where they do."""
    rows = np.concatenate([part.items for part in parts]) if parts else np.zeros(0, np.int64)
    if not (np.diff(rows) < 0).any():
        return []
    told = "items lie by subset, task and dataset"
    return [at_all("restated", "items", told, [part.key[2] for part in parts])]


def joined(issues: Sequence[Issue]) -> list[Issue]:
    """Return the issues of all parts, those that say the same as one."""
    groups: dict[tuple[Any, ...], list[Issue]] = {}
    for issue in issues:
        groups.setdefault((issue.code, issue.severity, issue.message, issue.field, issue.fate), []).append(issue)
    return [group[0] if len(group) == 1 else _union(group) for group in groups.values()]


def _union(group: Sequence[Issue]) -> Issue:
    examples = tuple(dict.fromkeys(text for issue in group for text in issue.examples))[:5]
    count = sum(issue.count for issue in group)
    if any(issue.places is None for issue in group):
        return attrs.evolve(group[0], count=count, examples=examples, places=None)
    return attrs.evolve(group[0], count=count, examples=examples, places=_places([i.places for i in group if i.places]))


def _places(found: Sequence[Places]) -> Places:
    """Return all places, as arrays: there may be a million."""
    names = _Joined([places.items for places in found])
    starts = [names.starts[part] for part in range(len(found))]
    pairs = list(zip(found, starts, strict=True))
    item_rows = [np.where(places.item_rows < 0, -1, places.item_rows + start) for places, start in pairs]
    rows = [
        np.full(len(places), -1, np.int64) if places.annotation_rows is None else places.annotation_rows
        for places in found
    ]
    return Places(names, np.concatenate(item_rows), np.concatenate(rows), _details(found))


def _details(found: Sequence[Places]) -> Sequence[str] | str | None:
    first = found[0].details
    if (first is None or isinstance(first, str)) and all(places.details == first for places in found):
        return first
    return [places.row(row)[2] or "" for places in found for row in range(len(places))]


class _Joined(Sequence[Any]):
    """Several sequences of names, one after another."""

    def __init__(self, parts: Sequence[Sequence[Any]]) -> None:
        self._parts = parts
        self.starts = [0, *accumulate(map(len, parts))]

    def __len__(self) -> int:
        return self.starts[-1]

    def __getitem__(self, index: Any) -> Any:
        part = bisect_right(self.starts, index) - 1
        return self._parts[part][index - self.starts[part]]
