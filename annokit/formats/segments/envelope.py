"""What a release says beside its samples: names, task, layers, categories; in the three layouts since 2020.

==========  ==========================  ==========================================  ===============================
layout      tasks                       samples                                     labels of a sample are keyed by
==========  ==========================  ==========================================  ===============================
2020-07     top level ``tasks``         top level ``samples``                       task
2020-08     ``dataset.tasks``           ``dataset.samples``                         task
2021-02     none; ``dataset.task_type`` ``dataset.samples``                         labelset
==========  ==========================  ==========================================  ===============================

The two old ones are told in the words of the third: a task is a labelset with a type and categories of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from annokit.errors import FormatError
from annokit.formats.segments.batch import Notes
from annokit.formats.segments.categories import definition_of, is_definition, label_of
from annokit.formats.segments.facts import ABSENT, MAIN_LAYERS, OWN, WHOLE
from annokit.model.label import AttributeDefinition, Label

Record = dict[str, Any]


@attrs.define
class Envelope:
    """A release without its samples."""

    info: Record
    """Its members, in the words of today's layout, without samples, categories and definitions of attributes."""

    tasks: dict[str, Record]
    """Tasks of an old release by name."""

    layers: list[Record]
    """Labelsets or tasks, in their order."""

    categories: list[Any]
    """Categories, of today's layout."""

    definitions: list[Any]
    """Definitions of attributes of images."""

    def names(self) -> list[str]:
        """Return the names of the layers."""
        return [str(layer["name"]) for layer in self.layers]

    def labels(self, layers: Sequence[str], notes: Notes) -> tuple[list[Label], dict[tuple[str, Any], int]]:
        """Return the labels, and the position of each by layer and category id.

        Parameters
        ----------
        layers : sequence of str
            Layers that are read; each old task brings its own categories.
        notes : Notes
            Gets unknown keys.
        """
        labels: list[Label] = []
        places: dict[tuple[str, Any], int] = {}
        tasks = [layer for layer in layers if layer in self.tasks]
        lists = {layer: _categories(self.tasks[layer]) for layer in tasks} if tasks else {"": self.categories}
        for layer, categories in lists.items():
            known: dict[Any, int] = {}
            for record in categories:
                label = label_of(record)
                notes.keys("category", record.keys() - {"id", "name"})
                for definition in label.attributes:
                    notes.keys("attribute", definition.extras.keys() - {ABSENT})
                known.setdefault((type(label.source_id), label.source_id), len(labels))
                labels.append(label)
            for name in [layer] if tasks else layers:
                places.update({(name, ident): place for ident, place in known.items()})
        return labels, places

    def attributes(self, notes: Notes) -> list[AttributeDefinition]:
        """Return the definitions of attributes of images."""
        found = [definition_of(record, "item") for record in self.definitions]
        for definition in found:
            notes.keys("attribute", definition.extras.keys() - {ABSENT})
        return found

    def main_layer(self, seen: Sequence[str]) -> str:
        """Return the layer that is read by default.

        Parameters
        ----------
        seen : sequence of str
            Layers under which samples have labels; where there are none, those that the release lists.
        """
        names = list(seen) or self.names()
        truths: list[str] = [layer["name"] for layer in self.layers if layer.get("is_groundtruth") is True]
        listed = [name for name in self.names() if name in names]
        for name in (MAIN_LAYERS[0], *truths, MAIN_LAYERS[1], *listed, *names):
            if name in names:
                return name
        return MAIN_LAYERS[0]


def envelope_of(top: Record, dataset: Record | None, where: str) -> Envelope:
    """Return the envelope of a release.

    Parameters
    ----------
    top : dict
        Members of the document but the samples.
    dataset : dict or None
        Members of its ``dataset`` but the samples; None where it is no object.
    where : str
        Name of the file, for errors.
    """
    info = {key: value for key, value in top.items() if key not in ("dataset", "tasks", "samples")}
    if info.get(OWN) == WHOLE:
        del info[OWN]
    inner = {} if dataset is None else {key: value for key, value in dataset.items() if key != "samples"}
    stated = top.get("tasks", inner.pop("tasks", None))
    tasks = _named(stated) if "task_type" not in inner or stated is not None else {}
    if tasks:
        return _of_tasks(info, inner, tasks)
    listed = inner.pop("labelsets", None)
    layers = [dict(one) for one in listed if _is_named(one)] if isinstance(listed, list) else []
    if listed is not None:
        inner["labelsets"] = listed
    attributes = inner.get("task_attributes")
    categories, definitions = [], []
    if isinstance(attributes, dict):
        attributes = inner["task_attributes"] = dict(attributes)
        categories = _taken(attributes, "categories", where)
        definitions = _definitions(attributes)
    return Envelope({**info, **({} if dataset is None else {"dataset": inner})}, {}, layers, categories, definitions)


def _taken(attributes: Record, key: str, where: str) -> list[Any]:
    """Take the categories out of the attributes; what is no list of objects is an error."""
    stated = attributes.get(key)
    if stated is None:
        return []
    if not isinstance(stated, list) or not all(isinstance(one, dict) for one in stated):
        raise FormatError(
            "the categories are no list of objects",
            path=where,
            pointer=f"/dataset/task_attributes/{key}",
            found=f"{stated!r:.60}",
            expected="a list of objects",
        )
    if stated:
        del attributes[key]
    return stated


def _definitions(attributes: Record) -> list[Any]:
    stated = attributes.get("image_attributes")
    if not isinstance(stated, list) or not stated or not all(is_definition(one) for one in stated):
        return []
    del attributes["image_attributes"]
    return stated


def _is_named(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("name"), str)


def _named(stated: Any) -> dict[str, Record]:
    """Return tasks by name, whether they are stated as a list or as an object."""
    if isinstance(stated, dict):
        return {name: {"name": name, **task} for name, task in stated.items() if isinstance(task, dict)}
    return {task["name"]: task for task in stated if _is_named(task)} if isinstance(stated, list) else {}


def _categories(task: Mapping[str, Any]) -> list[Any]:
    attributes = task.get("attributes")
    found = attributes.get("categories") if isinstance(attributes, dict) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _of_tasks(info: Record, inner: Record, tasks: dict[str, Record]) -> Envelope:
    told = ("task_type", "attributes")
    layers = [{key: value for key, value in task.items() if key not in told} for task in tasks.values()]
    return Envelope({**info, "dataset": {**inner, "labelsets": layers}}, tasks, layers, [], [])


def with_task(envelope: Envelope, layer: str) -> None:
    """Say in the words of today's layout what the task of the main layer of an old release says."""
    task = envelope.tasks.get(layer)
    if task is None:
        return
    inner = envelope.info["dataset"]
    if "task_type" in task:
        inner["task_type"] = task["task_type"]
    attributes = task.get("attributes")
    if isinstance(attributes, dict):
        attributes = {key: value for key, value in attributes.items() if key != "categories"}
        envelope.definitions = _definitions(attributes)
        inner["task_attributes"] = attributes
