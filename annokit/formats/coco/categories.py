"""Categories of a COCO file as labels, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from annokit.formats.coco.dialect import PLAIN, Dialect
from annokit.formats.coco.keys import MARK
from annokit.model.label import Label, Skeleton

Record = dict[str, Any]

PREFIX = "coco/"

ABSENT = PREFIX + MARK + "absent"
"""Names the keys that a writer would add to a category, but that the file did not state."""

ABOVE = "supercategory"

TOP = (ABOVE, "id", "name")
"""Keys that stand first, as in the official files."""


def label_of(record: Mapping[str, Any], dialect: Dialect = PLAIN) -> Label:
    """Return the label of a category; what the label can't hold is kept in its extras."""
    rest = dict(record)
    facts: Record = {"source_id": _taken(rest, "id", _is_id), "color": _taken(rest, "color", _is_color)}
    name = _taken(rest, "name", lambda value: isinstance(value, str))
    thing = _taken(rest, "isthing", lambda value: type(value) is int and value in (0, 1))
    facts["is_thing"] = None if thing is None else bool(thing)
    facts["skeleton"], absent = _skeleton(rest, dialect.first_joint)
    absent = [key for key in ("id", "name") if key not in record] + absent
    if dialect.dotted and name:
        name = _full_name(name, rest, absent)
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


def _full_name(name: str, rest: Record, absent: list[str]) -> str:
    """Return a name behind the names above it; one that holds a dot itself stays apart from them."""
    above = rest.get(ABOVE)
    if "." in name:
        absent += [] if ABOVE in rest else [ABOVE]
        return name
    if isinstance(above, str) and above:
        del rest[ABOVE]
        return f"{above}.{name}"
    return name


def _split_name(label: Label, absent: Any) -> Record:
    """Return the name of a label, and what is above it where its dots tell."""
    above, _, last = label.name.rpartition(".")
    stated = ABOVE in absent or "name" in absent or any(PREFIX + key in label.extras for key in (ABOVE, "name"))
    return {"name": last, ABOVE: above} if above and last and not stated else {"name": label.name}


def _skeleton(rest: Record, first: int) -> tuple[Skeleton | None, list[str]]:
    """Take joints and edges out of `rest`; edges that do not lie among the joints stay there."""
    joints = _taken(rest, "keypoints", _is_joints)
    if joints is None:
        return None, []
    edges = _taken(rest, "skeleton", lambda value: _is_edges(value, range(first, first + len(joints))))
    absent = ["skeleton"] if edges is None and "skeleton" not in rest else []
    return Skeleton(joints, [(a - first, b - first) for a, b in edges or ()]), absent


def _is_edges(value: Any, joints: range) -> bool:
    if not isinstance(value, list):
        return False
    pairs = all(isinstance(edge, list) and len(edge) == 2 for edge in value)
    return pairs and all(type(end) is int and end in joints for edge in value for end in edge)


def _extra(key: str) -> str:
    return PREFIX + (MARK + key if key.startswith(MARK) else key)


def record_of(label: Label, dialect: Dialect = PLAIN) -> Record:
    """Return the category of a label."""
    absent = label.extras.get(ABSENT, ())
    named = _split_name(label, absent) if dialect.dotted else {"name": label.name}
    stated: Record = {"id": label.source_id, **named}
    record = {key: value for key, value in stated.items() if key not in absent and value is not None}
    if label.skeleton is not None:
        record["keypoints"] = list(label.skeleton.joints)
        if "skeleton" not in absent:
            first = dialect.first_joint
            record["skeleton"] = [[a + first, b + first] for a, b in label.skeleton.edges]
    if label.color is not None:
        record["color"] = list(label.color)
    if label.is_thing is not None:
        record["isthing"] = int(label.is_thing)
    for name, value in label.extras.items():
        if name.startswith(PREFIX) and name != ABSENT:
            record[name[len(PREFIX) :].removeprefix(MARK)] = value
    return {key: record[key] for key in (*(key for key in TOP if key in record), *(k for k in record if k not in TOP))}
