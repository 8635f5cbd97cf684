"""Every key that the vendor's SDK looks for, added to rows that lack it, since exports of other ages do."""

from __future__ import annotations

from typing import Any

from annokit.formats.encord.facts import ITEM_KIND, MAIN
from annokit.formats.encord.geometry import OddError, fields_of
from annokit.formats.encord.ontology import listed
from annokit.formats.encord.plain import int_or_none
from annokit.formats.encord.ranges import runs
from annokit.formats.encord.records import geometry_of
from annokit.model.label import Label

Record = dict[str, Any]

NO_LABEL = Label("")

ROW: Record = {
    "label_hash": None,
    "branch_name": MAIN,
    "created_at": None,
    "last_edited_at": None,
    "data_hash": None,
    "dataset_hash": None,
    "dataset_title": "",
    "data_title": "",
    "annotation_task_status": None,
    "is_shadow_data": False,
    "object_answers": {},
    "classification_answers": {},
    "object_actions": {},
    "spaces": {},
}
"""Keys of a row, and what stands there where nothing is known."""

STATED = ("createdBy", "createdAt", "lastEditedBy", "lastEditedAt", "confidence", "manualAnnotation")
"""What a classification says on a frame and, in newer rows, in its answers."""


def completed(row: Record) -> Record:
    """Return a row with the keys that are missing; what is stated stays."""
    found = {**ROW, **row}
    found["branch_name"] = found["branch_name"] or MAIN
    if found["data_hash"] is None and len(found["data_units"]) == 1:
        found["data_hash"] = next(iter(found["data_units"]))
    seen: dict[str, Record] = {}
    placed: dict[str, dict[str | None, tuple[Record, list[int]]]] = {}
    for space, frame, lists in _lists(found):
        for entry in listed(lists, "objects"):
            seen.setdefault(str(entry.get("objectHash")), entry)
            _in_order(entry)
            if entry.get("shape") == "polygon":
                _both_polygons(entry)
        for entry in listed(lists, "classifications"):
            places = placed.setdefault(str(entry.get("classificationHash")), {})
            places.setdefault(space, (entry, []))[1].append(frame)
    if isinstance(found["object_answers"], dict):
        missing = {key: {"objectHash": key, "classifications": []} for key in seen}
        found["object_answers"] = {**missing, **found["object_answers"]}
    if isinstance(found["classification_answers"], dict):
        found["classification_answers"] = _answers(found["classification_answers"], placed)
    if isinstance(found["object_actions"], dict):
        found["object_actions"] = {key: _actions(entry) for key, entry in found["object_actions"].items()}
    return found


def _lists(row: Record) -> list[tuple[str | None, int, Record]]:
    """Return (space, frame, lists) of all pictures and frames."""
    found: list[tuple[str | None, int, Record]] = []
    single = ITEM_KIND.get(str(row.get("data_type")).lower()) == "frame"
    for unit in row["data_units"].values():
        labels = unit.get("labels")
        if isinstance(labels, dict) and ({"objects", "classifications"} & labels.keys() or not single):
            found.append((None, int_or_none(unit.get("data_sequence")) or 0, labels))
        else:
            found += [(None, frame, lists) for frame, lists in _frames(labels)]
    spaces = row["spaces"]
    for key, space in spaces.items() if isinstance(spaces, dict) else ():
        labels = space.get("labels") if isinstance(space, dict) else None
        found += [(key, frame, lists) for frame, lists in _frames(labels)]
    return found


def _frames(labels: Any) -> list[tuple[int, Record]]:
    found = labels.items() if isinstance(labels, dict) else ()
    return [(int(key), lists) for key, lists in found if key.isdecimal() and isinstance(lists, dict)]


def _in_order(entry: Record) -> None:
    """Put joints and points into the order of their keys, since the SDK takes them as they come."""
    for name in ("skeleton", "polygon", "polyline"):
        value = entry.get(name)
        if isinstance(value, dict) and all(key.isdecimal() for key in value):
            entry[name] = {key: value[key] for key in sorted(value, key=int)}


def _both_polygons(entry: Record) -> None:
    """State a polygon in both ways; an odd one stays as it is."""
    try:
        fields = fields_of(entry)
    except OddError:
        return
    base = geometry_of(fields, NO_LABEL)[1]
    entry.update({key: value for key, value in base.items() if not entry.get(key)})


def _answers(answers: Record, placed: dict[str, dict[str | None, tuple[Record, list[int]]]]) -> Record:
    """Return the answers of classifications with the frames on which they hold."""
    found = dict(answers)
    for key, places in placed.items():
        entry = found.get(key, {"classificationHash": key, "classifications": []})
        if not isinstance(entry, dict):
            continue
        example = next(iter(places.values()))[0]
        told = {name: example[name] for name in ("featureHash", *STATED) if name in example}
        own = places.get(None)
        spaces = {
            space: {"range": runs(frames), "type": "frame"}
            for space, (_, frames) in places.items()
            if space is not None
        }
        found[key] = {**told, "range": runs(own[1]) if own else [], "spaces": spaces, **entry}
    return found


def _actions(entry: Any) -> Any:
    """Return dynamic answers with the key that SDKs before 0.1.200 insist on."""
    if not isinstance(entry, dict) or not isinstance(entry.get("actions"), list):
        return entry
    return {
        **entry,
        "actions": [{"trackHash": "", **a} if isinstance(a, dict) else a for a in entry["actions"]],
    }
