"""Categories of a COCO file as labels, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from annokit.formats.coco.keys import MARK
from annokit.model.label import Label, Skeleton

Record = dict[str, Any]

PREFIX = "coco/"

ABSENT = PREFIX + MARK + "absent"
"""Names the keys that a writer would add to a category, but that the file did not state."""

TOP = ("supercategory", "id", "name")
"""Keys that stand first, as in the official files."""


def label_of(record: Mapping[str, Any]) -> Label:
    """Return the label of a category; what the label can't hold is kept in its extras."""
    rest = dict(record)
    facts: Record = {"source_id": _taken(rest, "id", _is_id), "color": _taken(rest, "color", _is_color)}
    name = _taken(rest, "name", lambda value: isinstance(value, str))
    thing = _taken(rest, "isthing", lambda value: type(value) is int and value in (0, 1))
    facts["is_thing"] = None if thing is None else bool(thing)
    facts["skeleton"], absent = _skeleton(rest)
    absent = [key for key in ("id", "name") if key not in record] + absent
    extras = {_extra(key): value for key, value in rest.items()}
    if absent:
        extras[ABSENT] = absent
    if name is None:
        name = str(rest.get("name", rest.get("id", facts["source_id"])))
    return Label(name, extras=extras, **{**facts, "color": None if facts["color"] is None else tuple(facts["color"])})


def _taken(rest: Record, key: str, fits: Callable[[Any], bool]) -> Any:
    """Take the value of `key` out of `rest` where the label can hold it; None otherwise."""
    return rest.pop(key) if key in rest and fits(rest[key]) else None


def _is_id(value: Any) -> bool:
    return type(value) in (int, str)


def _is_color(value: Any) -> bool:
    return isinstance(value, list) and len(value) in (3, 4) and all(type(v) is int and 0 <= v < 256 for v in value)


def _is_joints(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value)


def _skeleton(rest: Record) -> tuple[Skeleton | None, list[str]]:
    """Take joints and edges out of `rest`; edges that do not lie among the joints stay there."""
    joints = _taken(rest, "keypoints", _is_joints)
    if joints is None:
        return None, []
    edges = _taken(rest, "skeleton", lambda value: _is_edges(value, len(joints)))
    absent = ["skeleton"] if edges is None and "skeleton" not in rest else []
    return Skeleton(joints, [(a - 1, b - 1) for a, b in edges or ()]), absent


def _is_edges(value: Any, joints: int) -> bool:
    if not isinstance(value, list):
        return False
    pairs = all(isinstance(edge, list) and len(edge) == 2 for edge in value)
    return pairs and all(type(end) is int and 1 <= end <= joints for edge in value for end in edge)


def _extra(key: str) -> str:
    return PREFIX + (MARK + key if key.startswith(MARK) else key)


def record_of(label: Label) -> Record:
    """Return the category of a label."""
    absent = label.extras.get(ABSENT, ())
    stated: Record = {"id": label.source_id, "name": label.name}
    record = {key: value for key, value in stated.items() if key not in absent and value is not None}
    if label.skeleton is not None:
        record["keypoints"] = list(label.skeleton.joints)
        if "skeleton" not in absent:
            record["skeleton"] = [[a + 1, b + 1] for a, b in label.skeleton.edges]
    if label.color is not None:
        record["color"] = list(label.color)
    if label.is_thing is not None:
        record["isthing"] = int(label.is_thing)
    for name, value in label.extras.items():
        if name.startswith(PREFIX) and name != ABSENT:
            record[name[len(PREFIX) :].removeprefix(MARK)] = value
    return {key: record[key] for key in (*(key for key in TOP if key in record), *(k for k in record if k not in TOP))}
