"""The answer maps of a label row that is written: the source's own, made anew where attributes changed."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

from annokit.columns.json import dumps, same
from annokit.formats.encord.answers import Answers
from annokit.formats.encord.ontology import Ontology
from annokit.formats.encord.ranges import pairs, runs
from annokit.formats.encord.records import classification_record, object_record, snake
from annokit.formats.encord.rows import hashed
from annokit.model.label import AttributeDefinition, Label

Record = dict[str, Any]


class Place(NamedTuple):
    """Where an annotation stands and what it states."""

    frame: int
    """Frame, or place in a group."""

    told: Record
    """Its fields."""

    label: Label
    """Its label as Encord has it."""

    space: str | None
    """Space of a data group; None the row's own medium."""


class Maps:
    """Gathers what the annotations of a row answer.

    Parameters
    ----------
    extras : dict
        What the reader kept of the row.
    ontology : Ontology
        What is known of attributes.
    kind : str
        Kind of the row's items.
    """

    NAMES: ClassVar = ("object_answers", "classification_answers", "object_actions")

    def __init__(self, extras: Record, ontology: Ontology, kind: str) -> None:
        self._extras = extras
        self._kind = kind
        self._answers = Answers(extras, ontology)
        self._silent = set(extras.get("#unanswered", ()))
        self._objects: dict[str, list[Place]] = {}
        self._classifications: dict[str, list[Place]] = {}
        self._ranged: dict[str, list[Place]] = {}

    def object(self, track: Any, place: Place) -> None:
        """Note an object on a frame."""
        if isinstance(track, str):
            self._objects.setdefault(track, []).append(place)

    def classification(self, track: Any, place: Place) -> None:
        """Note a classification on a frame."""
        if isinstance(track, str):
            self._classifications.setdefault(track, []).append(place)

    def ranged(self, track: Any, place: Place) -> None:
        """Note what holds for a range of a medium, or for all of it."""
        self._ranged.setdefault(track, []).append(place)

    def made(self) -> Record:
        """Return the maps."""
        kept = set(self._extras.get("#orphans", ()))
        objects = {key: value for key, value in self._answers.objects.items() if key in kept}
        actions = {key: value for key, value in self._answers.actions.items() if key in kept}
        classified = {key: value for key, value in self._answers.classifications.items() if key in kept}
        for track, places in self._objects.items():
            self._object_answers(track, places, objects, actions)
        for track in dict.fromkeys((*self._classifications, *self._ranged)):
            if self._kind in ("audio", "text") and track not in self._answers.classifications:
                objects[track] = self._ranged_object(track)
            else:
                entry = self._classification_answers(track)
                classified.update({} if entry is None else {track: entry})
        known = (self._answers.objects, self._answers.classifications, self._answers.actions)
        made = (objects, classified, actions)
        found = {name: _in_order(a, b) for name, a, b in zip(self.NAMES, made, known, strict=True)}
        for name in self.NAMES:
            if not isinstance(self._extras.get(name, {}), dict):
                found[name] = self._extras[name]
        return found

    def _object_answers(self, track: str, places: list[Place], objects: Record, actions: Record) -> None:
        if all(self._as_told(track, place) for place in places):
            if track in self._answers.objects:
                objects[track] = self._answers.objects[track]
            elif track not in self._silent:
                objects[track] = {"objectHash": track, "classifications": []}
            if track in self._answers.actions:
                actions[track] = self._answers.actions[track]
            return
        label = places[0].label
        static, dynamic = _divided(places)
        entry = self._answers.objects.get(track)
        own = entry if isinstance(entry, dict) else {"objectHash": track}
        objects[track] = {**own, "classifications": _answers(label, static)}
        if dynamic:
            actions[track] = {"objectHash": track, "actions": _actions(label, dynamic)}

    def _as_told(self, track: str, place: Place) -> bool:
        return _alike(place.told["attributes"], self._answers.on(track, place.frame, place.space))

    def _classification_answers(self, track: str) -> Record | None:
        places, ranged = self._classifications.get(track, []), self._ranged.get(track, [])
        known = self._answers.classifications.get(track)
        stated = self._answers.static("classifications", track)
        same_answers = all(_alike(place.told["attributes"], stated) for place in (*places, *ranged))
        if isinstance(known, dict) and same_answers and self._same_ranges(known, ranged):
            return known
        _, told, label, _ = (*ranged, *places)[0]
        if known is None and track in self._silent and same_answers:
            return None
        base = classification_record(label, track, told)
        answers = _answers(label, told["attributes"])
        names = {"name": base["name"]} if not places else {}
        for key in ("name", "value"):
            del base[key]
        own = [place for place in places if place.space is None]
        mine = [place for place in ranged if place.space is None]
        ranges = _spans(mine, self._kind) if mine else runs([place.frame for place in own])
        old = known if isinstance(known, dict) else {}
        spaces = {**old.get("spaces", {}), **_in_spaces(places, ranged)}
        return {**old, **base, **names, "classifications": answers, "range": ranges, "spaces": spaces}

    def _same_ranges(self, known: Record, ranged: list[Place]) -> bool:
        own = [place for place in ranged if place.space is None]
        if self._kind == "image" or not own:
            return self._same_spaces(known, ranged)
        return sorted(_spans(own, self._kind)) == sorted([a, b] for a, b in pairs(known.get("range")))

    def _same_spaces(self, known: Record, ranged: list[Place]) -> bool:
        """Tell whether the spans in spaces of a data group are those that the source states."""
        spaces = known.get("spaces")
        told = {key: pairs(own.get("range")) for key, own in spaces.items()} if isinstance(spaces, dict) else {}
        return all(
            sorted(map(tuple, own["range"])) == sorted(told.get(key, [])) or _is_still(ranged, key)
            for key, own in _in_spaces([], ranged).items()
        )

    def _ranged_object(self, track: str) -> Record:
        ranged = [*self._ranged.get(track, ()), *self._classifications.get(track, ())]
        known = self._answers.objects.get(track)
        stated = self._answers.static("objects", track)
        _, told, label, _ = ranged[0]
        as_told = isinstance(known, dict) and all(_alike(place.told["attributes"], stated) for place in ranged)
        if isinstance(known, dict) and as_told and (not pairs(known.get("range")) or self._same_ranges(known, ranged)):
            return known
        base = object_record(label, str(label.extras.get("encord/shape") or self._kind), track, told, {})
        old = known if isinstance(known, dict) else {}
        answers = _answers(label, told["attributes"])
        return {**old, **base, "classifications": answers, "range": _spans(ranged, self._kind)}


def _in_order(made: Record, known: Record) -> Record:
    """Return a map in the source's order, what is new at the end."""
    return {key: made[key] for key in (*known, *made) if key in made}


def _alike(mine: Record, its: Record) -> bool:
    """Tell whether attributes are equal; the one answer of a choice may be stated alone or in a list."""
    if mine.keys() != its.keys():
        return False
    return all(same(mine[k], its[k]) or same([mine[k]], its[k]) or same(mine[k], [its[k]]) for k in mine)


def _divided(places: list[Place]) -> tuple[Record, list[tuple[str, Any, list[int]]]]:
    """Return the attributes that hold on all frames, and (name, value, frames) of those that change, or may change."""
    every = [place.told["attributes"] for place in places]
    moving = {definition.name for definition in places[0].label.attributes if definition.dynamic}
    static = {
        name: value
        for name, value in every[0].items()
        if name not in moving and all(name in other and same(other[name], value) for other in every)
    }
    changing: dict[tuple[str, bytes], tuple[str, Any, list[int]]] = {}
    for place in places:
        for name, value in place.told["attributes"].items():
            if name not in static:
                changing.setdefault((name, dumps(value)), (name, value, []))[2].append(place.frame)
    return static, list(changing.values())


def _answers(label: Label, attributes: Record) -> list[Record]:
    return [_answer(label, name, value) for name, value in attributes.items() if value is not None]


def _answer(label: Label, name: str, value: Any, dynamic: bool = False) -> Record:
    """Return an answer; an attribute that the label does not define is known by its name and what its values are."""
    known = next((d for d in label.attributes if d.name == name and bool(d.dynamic) == dynamic), None)
    if known is not None and known.type in ("select", "multiselect") and isinstance(value, str):
        value = [value]
    choice = isinstance(value, list) and all(isinstance(option, str) for option in value)
    plain = isinstance(value, str) or (isinstance(value, int | float) and not isinstance(value, bool))
    if not choice and not plain:
        value = dumps(value).decode()
    kind = "list" if choice else "text" if isinstance(value, str) else "number"
    made = hashed("attribute", label.source_id, name, kind, dynamic)
    ident = known.source_id if known is not None and known.source_id and _fits(known, kind) else made
    own = {"name": name, "value": snake(name), "featureHash": ident, "manualAnnotation": True}
    if not choice:
        return {**own, "answers": value}
    options = {option.name: option.source_id for option in known.options} if known is not None else {}
    return {**own, "answers": [_option(ident, option, options.get(option)) for option in value]}


def _fits(known: AttributeDefinition, kind: str) -> bool:
    """Tell whether a definition is one of values of a kind."""
    return {"select": "list", "multiselect": "list", "number": "number", "text": "text"}.get(known.type) in (kind, None)


def _option(attribute: Any, name: str, ident: Any) -> Record:
    return {"name": name, "value": snake(name), "featureHash": ident or hashed("option", attribute, name)}


def _actions(label: Label, dynamic: list[tuple[str, Any, list[int]]]) -> list[Record]:
    return [
        {
            **_answer(label, name, value, True),
            "dynamic": True,
            "range": runs(frames),
            "shouldPropagate": False,
            "trackHash": "",
        }
        for name, value, frames in dynamic
        if value is not None
    ]


def _in_spaces(places: list[Place], ranged: list[Place]) -> Record:
    """Return the placements in spaces of a data group."""
    found: Record = {}
    for space in dict.fromkeys(place.space for place in (*places, *ranged) if place.space is not None):
        spans = _spans([place for place in ranged if place.space == space], "frame")
        frames = [place.frame for place in places if place.space == space]
        found[space] = {"range": spans or runs(frames), "type": "frame"}
    return found


def _is_still(ranged: list[Place], space: str) -> bool:
    """Tell whether what holds for a space states no span: it is a picture, or all of it is meant."""
    return not any(place.told.get("span") for place in ranged if place.space == space)


def _spans(ranged: list[Place], kind: str) -> list[list[int]]:
    """Return the inclusive ranges of what holds for a part of a medium; none where it holds for all of it."""
    if kind == "image":
        return runs([place.frame for place in ranged])
    found = []
    for place in ranged:
        start, end, first, last = place.told.get("span") or (None,) * 4
        pair: list[Any] = [start, end] if kind == "audio" else [first, last]
        if all(v is not None and v == v for v in pair):  # noqa: PLR0124 - NaN is no number
            found.append([round(v * 1000) if kind == "audio" else int(v) for v in pair])
    return found
