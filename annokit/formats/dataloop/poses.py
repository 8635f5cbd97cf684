"""Poses: an annotation without geometry, and one point for each of its joints."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from annokit.columns.json import loads
from annokit.formats.dataloop.parse import NOTE, Parser, Record
from annokit.model.label import Skeleton

VISIBLE, HIDDEN = 2, 1

HIDDEN_WORDS = frozenset(("not-visible", "not_visible"))
"""Attributes of a joint that is not seen."""

OWN_CLIENT = "616e6e6f-6b69-"
"""Beginning of the client ids that are made up where an annotation has none by which others could refer to it."""


@attrs.frozen
class Joint:
    """A point that belongs to a pose."""

    position: int
    """Where it stands among the annotations of its item."""

    name: str
    """Its label."""

    x: Any
    """Pixels."""

    y: Any
    """Pixels."""

    visibility: int
    """2 seen, 1 hidden."""

    document: bytes
    """The whole point."""


@attrs.define
class Pose:
    """A pose and its joints."""

    position: int
    """Where it stands among the annotations of its item."""

    template: Any
    """Id of its template, None where it states none."""

    joints: list[Joint] = attrs.field(factory=list)


def client_id(item: str, number: int) -> str:
    """Return a client id for the annotation with a number among those of an item that need one."""
    digest = hashlib.sha256(f"{item}\0{number}".encode("utf-8", "surrogatepass")).hexdigest()
    return f"{OWN_CLIENT}5{digest[:3]}-8{digest[3:6]}-{digest[6:18]}"


def gather(parser: Parser, notes: Sequence[Record], words: Sequence[str | None]) -> dict[int, Pose]:
    """Return the poses among the annotations of an item that have joints, by their position."""
    poses: dict[int, Pose] = {}
    by_id: dict[str, int] = {}
    for position, (note, word) in enumerate(zip(notes, words, strict=True)):
        if word != "pose":
            continue
        members = value_of(parser, note)
        coordinates = members.get("coordinates")
        template = coordinates.get("templateId") if isinstance(coordinates, dict) else None
        poses[position] = Pose(position, template)
        for ident in (members.get("id", members.get("_id")), _system(members).get("clientId")):
            if isinstance(ident, str):
                by_id.setdefault(ident, position)
    taken: set[tuple[int, str]] = set()
    for position, (note, word) in enumerate(zip(notes, words, strict=True)):
        joint = _joint(parser, position, note, by_id) if word == "point" else None
        if joint is not None and (joint[0], joint[1].name) not in taken:
            taken.add((joint[0], joint[1].name))
            poses[joint[0]].joints.append(joint[1])
    return {position: pose for position, pose in poses.items() if pose.joints}


def value_of(parser: Parser, note: Record) -> dict[str, Any]:
    """Return an annotation's document."""
    found: dict[str, Any] = loads(parser.note(note))
    return found


def _system(members: Mapping[str, Any]) -> Mapping[str, Any]:
    metadata = members.get("metadata")
    system = metadata.get("system") if isinstance(metadata, dict) else None
    return system if isinstance(system, dict) else {}


def _joint(parser: Parser, position: int, note: Record, poses: Mapping[str, int]) -> tuple[int, Joint] | None:
    """Return the pose that a point belongs to, and the point; None where it is one by itself."""
    members = value_of(parser, note)
    system = _system(members)
    stated = [system.get("parentId"), system.get("clientParentId")]
    owner = next((poses[ident] for ident in stated if isinstance(ident, str) and ident in poses), None)
    point, name = members.get("coordinates"), members.get("label")
    if owner is None or not isinstance(name, str) or not isinstance(point, dict):
        return None
    x, y = point.get("x"), point.get("y")
    if type(x) not in (int, float) or type(y) not in (int, float):
        return None
    return owner, Joint(position, name, x, y, _visibility(members, system), parser.note(note))


def _visibility(members: Mapping[str, Any], system: Mapping[str, Any]) -> int:
    listed, named = members.get("attributes"), system.get("attributes")
    words = listed if isinstance(listed, list) else []
    if isinstance(named, dict):
        words = [*words, *named.values()]
    texts = {word.lower() for word in words if isinstance(word, str)}
    return HIDDEN if texts & HIDDEN_WORDS and "visible" not in texts else VISIBLE


def joint_documents(
    names: Sequence[str], joints: Sequence[Sequence[Any]], link: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return the points of a pose.

    Parameters
    ----------
    names : sequence of str
        Name of each joint.
    joints : sequence of [x, y, visibility]
        In pixels; those of visibility 0 are not there.
    link : mapping
        How a point refers to its pose: ``parentId`` or ``clientParentId``.
    """
    return [
        {
            "type": "point",
            "label": name,
            "attributes": ["not-visible"] if seen == HIDDEN else [],
            "coordinates": {"x": x, "y": y, "z": 0},
            "metadata": {"system": dict(link), "user": {}},
        }
        for name, (x, y, seen) in zip(names, joints, strict=True)
        if seen
    ]


def skeletons(found: Sequence[tuple[str | None, Pose]], known: Mapping[str, Skeleton]) -> dict[str | None, Skeleton]:
    """Return the joints of the poses of each label: those of its template, then others by first use.

    Joints that are called by numbers stand in their order, gaps included.
    """
    names: dict[str | None, dict[str, None]] = {}
    for label, pose in found:
        template = known.get(label) if label is not None else None
        own = names.setdefault(label, dict.fromkeys(template.joints if template is not None else ()))
        own.update(dict.fromkeys(joint.name for joint in pose.joints))
    return {label: _skeleton(own, known.get(label) if label is not None else None) for label, own in names.items()}


def _skeleton(names: Mapping[str, None], known: Skeleton | None) -> Skeleton:
    if known is None and all(name.isdecimal() and 0 < int(name) < 1000 and name == str(int(name)) for name in names):
        return Skeleton([str(number) for number in range(1, max(map(int, names)) + 1)])
    return Skeleton(list(names), () if known is None else known.edges)


__all__ = ["NOTE", "Joint", "Pose", "client_id", "gather", "joint_documents", "skeletons"]
