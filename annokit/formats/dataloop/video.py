"""Annotations of videos and recordings: one row per state, held until the next one.

An annotation is its own first state, at ``frame``; ``snapshots_`` lists later ones. Nothing happens between two states:
the platform stores the frames that it interpolates, and repeats the last state everywhere else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

import attrs
import numpy as np
from msgspec import Raw, structs

from annokit.columns import Fixed, Number, Sparse, Text
from annokit.columns.base import Array
from annokit.columns.json import dumps, loads
from annokit.formats.dataloop.batch import Sheet
from annokit.formats.dataloop.parse import NOTE, NOTE_META, NOTE_SYSTEM, Parser, Record
from annokit.formats.dataloop.values import ABSENT

TIMES = ("startTime", "endTime", "frame", "endFrame")

SNAPSHOT_KEYS = ("frame", "fixed", "data", "namedAttributes", "objectVisible", "label", "type", "attributes")
"""Keys of a snapshot that are read; others are kept under their names."""

APART = frozenset(("id", "_id", "coordinates", "creator", "createdAt", "updatedAt", "metadata"))
"""Keys that mean something in an annotation, but nothing in a snapshot."""

HOLD = "hold"


@attrs.frozen
class State:
    """One state of an annotation."""

    record: Record
    """Its record, without what stands here."""

    span: tuple[Any, Any, Any, Any]
    """Start and end in seconds, first and last frame; None where nothing is stated."""

    track: str | None
    """Its object."""

    keyframe: bool
    """Whether a person made it."""

    later: bool
    """Whether it is a snapshot."""

    absent: tuple[str, ...] = ()
    """Keys that a writer adds but that were not there."""

    made_up: bool = False
    """Whether its object has no name in the file."""

    own: bytes | None = None
    """Members of a snapshot under keys that mean something else in an annotation."""

    layout: Layout | None = None
    """What its snapshots were, where they were more than states in the order of their frames."""


def states(parser: Parser, note: Record, rate: float | None, name: str) -> list[State]:
    """Return the states of an annotation in the order of their frames.

    Parameters
    ----------
    parser : Parser
        Made the record.
    note : Record
        The annotation.
    rate : float or None
        Frames per second, for files that state only times.
    name : str
        Track where neither an object nor an id is stated.
    """
    system = None if note.metadata is None else note.metadata.system
    stated = {} if system is None else {key: _value(parser, system, key) for key in (*TIMES, "objectId", "snapshots_")}
    times = {key: stated[key] if _fits(key, stated.get(key)) else None for key in TIMES}
    listed = stated.get("snapshots_")
    snapshots = listed if isinstance(listed, list) else []
    first, last = times["frame"], times["endFrame"]
    if first is None and snapshots:
        first = _frame(None, times["startTime"], rate)
    if first is None:
        times["endFrame"] = last = None
    if last is None and first is not None:
        last = _frame(None, times["endTime"], rate)
    later, layout = ordered(snapshots, first, last, rate)
    if last is None and first is not None:
        last = later[-1][0] if later else first
    taken = [key for key in TIMES if times[key] is not None]
    taken += ["objectId"] if isinstance(stated.get("objectId"), str) else []
    taken += ["snapshots_"] if isinstance(listed, list) else []
    bare = _without(parser, note, taken)
    track = stated.get("objectId") if "objectId" in taken else _text(note, parser, "id")
    made_up = track is None and bool(later)
    track = name if made_up else track
    absent = _absent(times, first, last, isinstance(listed, list))
    ends = [*(frame - 1 for frame, _, _ in later), last]
    made = [State(bare, (times["startTime"], None, first, ends[0]), track, True, False, absent, made_up, None, layout)]
    members = parser.document(NOTE, bare)
    for (frame, snapshot, stamp), end in zip(later, ends[1:], strict=True):
        members, lacking = _inherited(members, snapshot)
        lacking = (*lacking, *(("frame",) if stamp else ()))
        record, own = _snapshot(parser, members, snapshot)
        fixed = snapshot.get("fixed") is True
        made.append(State(record, (None, None, frame, end), track, fixed, True, lacking, False, own))
    final = made[-1]
    made[-1] = attrs.evolve(final, span=(final.span[0], times["endTime"], *final.span[2:]))
    return made


def _value(parser: Parser, system: Record, key: str) -> Any:
    raw = getattr(system, parser.keys[NOTE_SYSTEM][key])
    return None if raw is None or raw is ABSENT else raw if type(raw) is str else loads(bytes(raw))


def _text(note: Record, parser: Parser, key: str) -> str | None:
    value = getattr(note, parser.keys[NOTE][key])
    if type(value) is Raw and len(value):
        value = loads(bytes(value))
    return value if isinstance(value, str) else None


def _fits(key: str, value: Any) -> bool:
    """Tell whether a time is a number, or a frame a whole one."""
    return _is_number(value) and (type(value) is int or "ime" in key)


def _is_number(value: Any) -> bool:
    return type(value) is float or (type(value) is int and abs(value) <= 1 << 53)


def _frame(frame: Any, time: Any, rate: float | None) -> Any:
    """Return a frame number as it is stated, else the one at a time."""
    if frame is not None or time is None or not rate:
        return frame
    return round(time * rate)


Later = tuple[int, Mapping[str, Any], bool]
"""Frame of a snapshot, the snapshot, and whether its time tells the frame."""

Layout = list[int | list[Any]]
"""What was listed under ``snapshots_``: frames of states, and in a list of its own what is none."""


def ordered(snapshots: Sequence[Any], first: Any, last: Any, rate: float | None) -> tuple[list[Later], Layout | None]:
    """Return the snapshots between the first and the last frame, of several of one frame the last; and the layout.

    The layout tells what was listed, place by place: the frame of a state, or ``[snapshot]`` for what is none. It is
    None where only states were listed, one frame after another.
    """
    found: dict[int, tuple[int, Later]] = {}
    for place, snapshot in enumerate(snapshots):
        frame = snapshot.get("frame") if isinstance(snapshot, dict) else None
        stamped = frame is None and isinstance(snapshot, dict)
        if stamped:
            frame = _frame(None, snapshot.get("startTime") if _is_number(snapshot.get("startTime")) else None, rate)
        if first is None or type(frame) is not int or frame <= first or (last is not None and frame > last):
            continue
        found[frame] = place, (frame, snapshot, stamped)
    frames = {place: frame for frame, (place, _) in found.items()}
    if list(frames) == list(range(len(snapshots))) and list(found) == sorted(found):
        return list(map(itemgetter(1), found.values())), None
    layout: Layout = [frames.get(place, [snapshot]) for place, snapshot in enumerate(snapshots)]
    return [state for _, (_, state) in sorted(found.items())], layout


def _without(parser: Parser, note: Record, keys: Sequence[str]) -> Record:
    """Return the record without some keys of its ``metadata.system``."""
    if not keys:
        return note
    names = parser.keys[NOTE_SYSTEM]
    texts = parser.layouts[type(note.metadata.system)].texts
    cleared = {names[key]: None if key in texts else ABSENT for key in keys}
    system = structs.replace(note.metadata.system, **cleared)
    return structs.replace(note, metadata=structs.replace(note.metadata, system=system))


def _absent(times: Mapping[str, Any], first: Any, last: Any, listed: bool) -> tuple[str, ...]:
    absent = []
    if times["frame"] is None and first is not None:
        absent.append("metadata.system.frame")
    if times["endFrame"] is None and last is not None:
        absent.append("metadata.system.endFrame")
    if not listed:
        absent.append("metadata.system.snapshots_")
    return tuple(absent)


def _inherited(before: Mapping[str, Any], snapshot: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return what a snapshot states, and what it takes over from the state before; and which keys it lacks."""
    lacking = [key for key in ("type", "attributes", "fixed") if key not in snapshot]
    if "label" in before and "label" not in snapshot:
        lacking.append("label")
    visible = snapshot.get("objectVisible", ...)
    if visible is ...:
        lacking.append("objectVisible")
    made = {
        key: dumps(snapshot[key]) if key in snapshot else before[key]
        for key in KEPT
        if key in snapshot or key in before
    }
    if snapshot.get("label", ...) is None:
        del made["label"]
    if "data" in snapshot:
        made["coordinates"] = dumps(snapshot["data"])
    elif "coordinates" in before and bytes(made.get("type", b"")) != b'"class"':
        made["coordinates"] = before["coordinates"]
        lacking.append("data")
    if "id" in before:
        made["id"] = before["id"]
    old = _named(before)
    new = dumps(snapshot["namedAttributes"]) if "namedAttributes" in snapshot else old
    if new == b"{}" and old not in (None, b"{}"):
        new = None
    if "namedAttributes" not in snapshot and old not in (None, b"{}"):
        lacking.append("namedAttributes")
    if new is not None:
        made["metadata"] = b'{"system":{"attributes":' + new + b"}}"
    return made, tuple(lacking)


KEPT = ("label", "type", "attributes")
"""Keys that hold on until a snapshot states them."""


def _named(members: Mapping[str, Any]) -> bytes | None:
    if "metadata" not in members:
        return None
    value = loads(bytes(members["metadata"]))
    named = value.get("system", {}).get("attributes") if isinstance(value.get("system"), dict) else None
    return None if named is None else dumps(named)


def _snapshot(parser: Parser, members: Mapping[str, Any], snapshot: Mapping[str, Any]) -> tuple[Record, bytes | None]:
    """Return the record of a snapshot, and its members that such a record would misunderstand."""
    rest = {key: value for key, value in snapshot.items() if key not in SNAPSHOT_KEYS}
    apart = {key: rest.pop(key) for key in list(rest) if key in APART}
    own = {key: dumps(value) for key, value in rest.items()}
    if snapshot.get("objectVisible", True) is not True:
        own["objectVisible"] = dumps(snapshot["objectVisible"])
    if "fixed" in snapshot and type(snapshot["fixed"]) is not bool:
        own["fixed"] = dumps(snapshot["fixed"])
    return parser.note_of({**members, **own}), dumps(apart) if apart else None


def timing(sheet: Sheet, found: Mapping[int, State]) -> None:
    """Add the columns of time of the rows that have a state."""
    if not found:
        return
    rows = np.array(sorted(found), np.int64)
    every = [found[row] for row in rows.tolist()]
    spanned = np.array([any(value is not None for value in state.span) for state in every], bool)
    if spanned.any():
        spans = [[np.nan if n is None else n for n in state.span] for state in every]
        sheet.put(
            "span",
            _sparse(sheet.count, rows[spanned], Number.of([s for s, has in zip(spans, spanned, strict=True) if has])),
        )
    named = np.array([state.track is not None for state in every], bool)
    if named.any():
        tracks = Text.of([state.track for state in every if state.track is not None])
        sheet.put("track", _sparse(sheet.count, rows[named], tracks))
    framed = np.array([state.span[2] is not None for state in every], bool)
    if framed.any():
        own = rows[framed]
        keys = [state.keyframe for state in every if state.span[2] is not None]
        sheet.put("keyframe", _sparse(sheet.count, own, Fixed(np.array(keys, bool))))
        slots = np.zeros(len(own), np.uint8)
        where = None if len(own) == sheet.count else own
        sheet.put("interpolation", Sparse(sheet.count, where, slots, Text.of([HOLD])))
    codes = np.full(sheet.count, -1, np.int64)
    rest = [(row, state.layout) for row, state in found.items() if state.layout is not None]
    codes[[row for row, _ in rest]] = np.arange(len(rest))
    own = np.full(sheet.count, -1, np.int64)
    own[[row for row, state in found.items() if state.made_up]] = 0
    sheet.mark("track", own, [True])
    apart = [(row, state.own) for row, state in found.items() if state.own is not None]
    own = np.full(sheet.count, -1, np.int64)
    own[[row for row, _ in apart]] = np.arange(len(apart))
    sheet.mark("own", own, [value for _, value in apart])
    sheet.mark("snapshots", codes, [dumps(layout) for _, layout in rest])


def _sparse(count: int, rows: Array, values: Any) -> Sparse:
    return Sparse(count, None if len(rows) == count else rows, None, values)


__all__ = ["NOTE_META", "State", "ordered", "states", "timing"]
