"""Attributes out of the answer maps of a label row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from annokit.columns.base import Array
from annokit.formats.encord.ontology import Ontology, listed
from annokit.formats.encord.ranges import in_ranges, pairs

Record = dict[str, Any]


class Answers:
    """The answers of one row: static ones by object or classification, dynamic ones by object and frame.

    Parameters
    ----------
    row : dict
        The label row.
    ontology : Ontology
        Tells what the attributes are; empty where none was given.
    """

    def __init__(self, row: Record, ontology: Ontology) -> None:
        self._ontology = ontology
        self.objects = _map(row, "object_answers")
        self.classifications = _map(row, "classification_answers")
        self.actions = _map(row, "object_actions")
        self._static: dict[str, Record] = {}

    def static(self, kind: str, key: str) -> Record:
        """Return the attributes of an object (``objects``) or a classification (``classifications``) by name."""
        if (kind + key) not in self._static:
            self._static[kind + key] = self._named(listed(getattr(self, kind).get(key), "classifications"))
        return self._static[kind + key]

    def _named(self, answers: Iterable[Record]) -> Record:
        found: Record = {}
        for answer in answers:
            name = str(answer.get("name"))
            if name in found:
                name = f"{name} ({answer.get('featureHash')})"
            found[name] = self.value(answer)
        return found

    def value(self, answer: Record) -> Any:
        """Return what an answer says: text, number, the option of a choice, or the list of a checklist's options."""
        given = answer.get("answers")
        if not isinstance(given, list):
            return given
        names = [self._ontology.option_name(option) if isinstance(option, dict) else option for option in given]
        single = self._ontology.is_radio(answer.get("featureHash")) and len(names) == 1
        return names[0] if single else names

    def dynamic(self, key: str, frame: int, space: str | None = None) -> Record:
        """Return the attributes that an object has on a frame only; ticked options of a checklist are gathered.

        An action that states a space of a data group holds there alone.
        """
        found: Record = {}
        for action in listed(self.actions.get(key), "actions"):
            if not in_ranges(frame, action.get("range")):
                continue
            if action.get("spaceId") not in (None, space):
                continue
            name, value = str(action.get("name")), self.value(action)
            before = found.get(name)
            found[name] = before + value if isinstance(before, list) and isinstance(value, list) else value
        return found

    def on(self, key: str, frame: int, space: str | None = None) -> Record:
        """Return all attributes of an object on a frame."""
        return {**self.static("objects", key), **self.dynamic(key, frame, space)}

    def options(self, key: str) -> Iterator[tuple[str, str, str]]:
        """Yield (attribute, option, hash) of the choices of an object or classification that no ontology defines."""
        static = [*listed(self.objects.get(key), "classifications")]
        static += [*listed(self.classifications.get(key), "classifications")]
        for answer in (*static, *listed(self.actions.get(key), "actions")):
            for option in listed(answer, "answers"):
                feature = option.get("featureHash")
                if isinstance(feature, str) and not self._ontology.knows(feature):
                    yield str(answer.get("name")), str(self._ontology.option_name(option)), feature

    def phases(self, key: str | None) -> Array:
        """Return the ascending frames at which an object's dynamic attributes may change."""
        entry = self.actions.get(key) if key is not None else None
        spans = [pair for action in listed(entry, "actions") for pair in pairs(action.get("range"))]
        return np.unique(np.array([edge for a, b in spans for edge in (a, b + 1)], np.int64))

    def odd(self) -> Iterator[tuple[str, Any]]:
        """Yield (pointer in the row, value) of what is no list of answers."""
        maps = (
            ("object_answers", self.objects, "classifications"),
            ("classification_answers", self.classifications, "classifications"),
            ("object_actions", self.actions, "actions"),
        )
        for name, entries, key in maps:
            for ident, entry in entries.items():
                if not isinstance(entry, dict):
                    yield f"{name}/{ident}", entry
                elif entry.get(key) is not None and listed(entry, key) != entry[key]:
                    yield f"{name}/{ident}/{key}", entry[key]

    def orphans(self, seen: set[str]) -> list[str]:
        """Return the hashes of objects that have answers and appear nowhere."""
        return sorted(key for key, entry in self.objects.items() if key not in seen and not _ranged(entry))

    def unused(self, objects: set[str], classifications: set[str]) -> list[str]:
        """Return the hashes of all answers whose object or classification is no annotation."""
        gone = {*self.objects, *self.actions} - objects
        return sorted(gone | (self.classifications.keys() - classifications))


def _ranged(entry: Any) -> bool:
    return isinstance(entry, dict) and bool(entry.get("range") or entry.get("range_html") or entry.get("spaces"))


def _map(row: Record, key: str) -> Record:
    value = row.get(key)
    return value if isinstance(value, dict) else {}
