"""Step of narrowing about what a release says beside its samples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.columns import MISSING, Sparse, Text
from annokit.columns.json import same
from annokit.formats.places import at_all, at_items
from annokit.formats.segments.categories import is_definition
from annokit.formats.segments.facts import OWN, TASK_ALIASES
from annokit.formats.segments.layers import ALL, layers_of, listed_layers

if TYPE_CHECKING:
    from annokit.formats.holds import Step
    from annokit.formats.segments.tasks import Task
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset

RESERVED = ("tasks", "samples")
"""Members that only the layouts before 2021 have beside the dataset."""

NAMELESS = "annokit"
"""Name and owner of what has none."""


def with_task(ds: Dataset, name: str) -> Dataset:
    """Return the dataset as one that states its task."""
    inner = ds.info.get("dataset")
    return ds._with(info={**ds.info, "dataset": {**(inner if isinstance(inner, dict) else {}), "task_type": name}})


def members(task: Task) -> Step:
    """State what every release states: names, owner, task, labelsets; and the dataset of every item."""

    def step(ds: Dataset, apply: bool) -> Found:
        names = layers_of(ds)
        listed = [one["name"] for one in listed_layers(ds)]
        info = _info(ds.info, task, names, len(ds.labels) > 0)
        issues = []
        extras = dict(ds._extras)
        if len(names) > 1 and any(name not in listed for name in names):
            extras[ALL] = b"true"
        if not same(info, ds.info) or extras != ds._extras:
            told = "a release states names, owner, task and labelsets, and has no other members of their names"
            issues.append(at_all("derived", "info", told, [*info]))
            ds = ds._with(info=info, extras=extras)
        ds, found = _named(ds)
        return ds, [*issues, *found]

    return step


def _info(info: dict[str, Any], task: Task, layers: list[str], labelled: bool) -> dict[str, Any]:
    kept = {key: value for key, value in info.items() if key not in (*RESERVED, OWN, "dataset")}
    inner = info.get("dataset")
    inner = {key: value for key, value in inner.items() if key not in RESERVED} if isinstance(inner, dict) else {}
    kept.setdefault("name", NAMELESS)
    inner.setdefault("name", NAMELESS)
    inner.setdefault("owner", NAMELESS)
    stated = inner.get("task_type")
    if task.name and not (isinstance(stated, str) and TASK_ALIASES.get(stated, stated) == task.name):
        inner["task_type"] = task.name
    inner["task_attributes"] = _attributes(inner.get("task_attributes"), labelled)
    inner["labelsets"] = _labelsets(inner.get("labelsets"), layers)
    return {**kept, "dataset": inner}


def _attributes(stated: Any, labelled: bool) -> dict[str, Any]:
    """Return attributes of the task without what stands in labels and definitions."""
    if not isinstance(stated, dict):
        return {"format_version": "0.1"}
    kept = dict(stated)
    definitions = kept.get("image_attributes")
    if isinstance(definitions, list) and definitions and all(map(is_definition, definitions)):
        del kept["image_attributes"]
    if "categories" in kept and (labelled or kept["categories"] not in (None, [])):
        del kept["categories"]
    return kept


def _labelsets(stated: Any, layers: list[str]) -> list[Any]:
    listed = list(stated) if isinstance(stated, list) else []
    known = {one.get("name") for one in listed if isinstance(one, dict) and isinstance(one.get("name"), str)}
    return [*listed, *({"name": name, "description": ""} for name in layers if name not in known)]


def _named(ds: Dataset) -> Found:
    """Give every item the name of the one dataset."""
    name: Any = ds.info["dataset"]["name"]
    column = ds._items.get("dataset")
    stated = [MISSING] * len(ds) if column is None else column.values_of(np.arange(len(ds)))
    wanted: Any = name if isinstance(name, str) else MISSING
    differs = np.array([row for row, value in enumerate(stated) if value is not wanted and value != wanted], np.int64)
    if not len(differs):
        return ds, []
    others = [row for row in differs.tolist() if stated[row] is not MISSING]
    code, severity = ("restated", "warning") if others else ("derived", "info")
    issue = at_items(ds, code, "dataset", "a release has one dataset", differs, severity=severity)
    fresh = None if wanted is MISSING else Sparse.constant(len(ds), Text.of([wanted]))
    return ds._with(items=ds._items.replace({"dataset": fresh})), [issue]
