"""Choosing what an export holds: datasets, tasks, dates."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.columns import MISSING
from annokit.columns.base import Array
from annokit.errors import UsageError
from annokit.formats.places import at_all, at_annotations, at_items
from annokit.model.schema import KIND_CODE
from annokit.model.select import take_annotations

if TYPE_CHECKING:
    from annokit.formats.exports.options import ExportOptions
    from annokit.model.dataset import Dataset
    from annokit.report import Issue

Found = tuple["Dataset", "list[Issue]"]

UNNAMED = "dataset"
"""What a dataset without a name is called."""

KINDS_OF: Mapping[str, tuple[str, ...]] = {
    "classification": ("none",),
    "detection": ("box", "rotated_box", "cuboid"),
    "semantic": ("polygon", "mask", "ellipse"),
    "instance": ("polygon", "mask", "ellipse"),
    "keypoints": ("keypoints", "point"),
}
"""Kinds of shape of each kind of task."""

SPELLINGS = {"objectdetection": "detection", "semanticsegmentation": "semantic", "segmentation": "semantic",
             "instancesegmentation": "instance"}  # fmt: skip


def kind_of_task(word: str) -> str | None:
    """Return the kind of task that a word means, whatever its case, blanks and underscores; None for none."""
    plain = re.sub(r"[\s_-]+", "", word).lower()
    found = SPELLINGS.get(plain, plain)
    return found if found in KINDS_OF else None


def datasets_of(ds: Dataset) -> list[str]:
    """Return the name of the dataset of every item: its own, else its sequence's, else ``dataset``."""
    sequences = [_text(ds._sequences.value("dataset", row)) for row in range(len(ds._sequences))] + [""]
    column = ds._items.get("dataset")
    own = [MISSING] * len(ds) if column is None else column.to_list()
    behind = ds._items.array("sequence").tolist()
    return [_text(name) or sequences[row] or UNNAMED for name, row in zip(own, behind, strict=True)]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def item_tasks(ds: Dataset) -> list[str]:
    """Return the task that each item's sequence states, empty for none."""
    tasks = [_text(ds._sequences.value("task", row)) for row in range(len(ds._sequences))] + [""]
    return [tasks[row] for row in ds._items.array("sequence").tolist()]


def annotation_tasks(ds: Dataset) -> list[str]:
    """Return the task of each annotation: its layer, else that of its item's sequence; empty for none."""
    column = ds._annotations.get("layer")
    own = [MISSING] * len(ds._annotations) if column is None else column.to_list()
    behind = [*item_tasks(ds), ""]
    return [_text(name) or behind[row] for name, row in zip(own, ds._annotations.array("item").tolist(), strict=True)]


def of_datasets(ds: Dataset, wanted: tuple[str, ...] | None) -> Found:
    """Return the items of the datasets that are wanted."""
    if wanted is None:
        return ds, []
    names = datasets_of(ds)
    unknown = sorted(set(wanted) - set(names))
    if unknown:
        raise UsageError(f"there is no dataset {unknown[0]!r}; there are: {', '.join(sorted(set(names)))}")
    keep = np.array([name in wanted for name in names], bool)
    return _kept(ds, keep, "dataset", "items of other datasets")


def of_dates(ds: Dataset, since: datetime | None, until: datetime | None) -> Found:
    """Return the annotations of a time, and the items that have any."""
    if since is None and until is None:
        return ds, []
    moments = [_moment(value) for value in _dates(ds)]
    if not any(moments):
        raise UsageError("since and until choose by the dates of annotations, but no annotation states one")
    fits = [m is not None and (since is None or since <= m) and (until is None or m < until) for m in moments]
    chosen, told = _only(ds, np.array(fits, bool), "annotations that were not updated in the time asked for")
    keep = np.zeros(len(ds) + 1, bool)
    keep[chosen._annotations.array("item")] = True
    chosen, more = _kept(chosen, keep[:-1], "updated", "items without such annotations")
    return chosen, [*told, *more]


def _dates(ds: Dataset) -> list[Any]:
    """Return when each annotation was updated or else created, as it states it."""
    found: list[Any] = [MISSING] * len(ds._annotations)
    for name in ("created", "updated"):
        column = ds._annotations.sparse(name)
        if column is not None:
            for row, value in zip(column.present().tolist(), column.dense().to_list(), strict=True):
                found[row] = value
    return found


_MILLISECONDS = 1e11
"""Numbers above are milliseconds since 1970, not seconds."""


def _moment(value: Any) -> datetime | None:
    try:
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value / 1000 if value > _MILLISECONDS else value, UTC)
        if not isinstance(value, str):
            return None
        found = datetime.fromisoformat(value.strip())
    except (ValueError, OverflowError, OSError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def by_tasks(ds: Dataset, options: ExportOptions) -> list[tuple[str | None, Dataset, list[Issue]]]:
    """Return what goes into the tree of each task; one without a name where there is but one tree."""
    if options.task is not None:
        single = len(options.task) == 1
        return [(None if single else task, *of_task(ds, task)) for task in options.task]
    stated = item_tasks(ds)
    names = sorted(set(stated))
    if len(names) < 2:
        return [(None, ds, [])]
    return [(name, ds[np.array([own == name for own in stated], bool)], []) for name in names]


def richest_kind(ds: Dataset) -> str:
    """Return the kind of task that the richest shape asks for."""
    present = set(np.unique(ds._annotations.array("kind")).tolist())
    for kind in ("instance", "keypoints", "detection"):
        if present & {KIND_CODE[name] for name in KINDS_OF[kind]}:
            return kind
    return "classification"


def of_task(ds: Dataset, task: str) -> Found:
    """Return what belongs to a task that is stated, or to a kind of task."""
    stated = {*item_tasks(ds), *annotation_tasks(ds)} - {""}
    if task in stated:
        return _of_stated(ds, task)
    kind = kind_of_task(task)
    if kind is None and not stated:
        told = "the dataset states no task; all of it is exported as this one"
        return ds, [at_all("assumed", "task", told, [task], severity="info")]
    if kind is None:
        raise UsageError(f"there is no task {task!r}; there are: {', '.join(sorted({*stated, *KINDS_OF}))}")
    codes = [KIND_CODE[name] for name in KINDS_OF[kind]]
    fits = np.isin(ds._annotations.array("kind"), codes)
    return _only(ds, fits, f"annotations whose shapes are none of {kind}")


def _of_stated(ds: Dataset, task: str) -> Found:
    chosen, told = _only(
        ds, np.array([own == task for own in annotation_tasks(ds)], bool), "annotations of other tasks"
    )
    chosen = chosen._with(annotations=chosen._annotations.without(("layer",)))
    keep = np.array([own in ("", task) for own in item_tasks(ds)], bool)
    chosen, more = _kept(chosen, keep, "task", "items of other tasks")
    return chosen, [*told, *more]


def _only(ds: Dataset, keep: Array, message: str) -> Found:
    """Return the dataset with the annotations of a mask."""
    gone = np.flatnonzero(~keep)
    if not len(gone):
        return ds, []
    issue = at_annotations(ds, "left-out", "annotation", message, gone)
    return ds._with(annotations=take_annotations(ds._annotations, np.flatnonzero(keep))), [issue]


def _kept(ds: Dataset, keep: Array, field: str, message: str) -> Found:
    """Return the items of a mask."""
    gone = np.flatnonzero(~keep)
    if not len(gone):
        return ds, []
    issue = at_items(ds, "left-out", field, message, gone)
    return ds[np.flatnonzero(keep)], [issue]


def distinct(names: Iterable[str]) -> list[str]:
    """Return different names in the order of their first."""
    return list(dict.fromkeys(names))
