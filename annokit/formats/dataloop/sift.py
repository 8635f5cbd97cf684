"""Annotations that do not become a row as they are: those left out, states of videos, poses and their joints."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

import attrs

from annokit.columns.json import loads
from annokit.formats.dataloop.facts import NOTE as NOTE_TYPE
from annokit.formats.dataloop.facts import STATUS_OF_LABEL, kind_of
from annokit.formats.dataloop.items import fraction, is_rate
from annokit.formats.dataloop.parse import ITEM_META, ITEM_SYSTEM, NOTE, NOTE_SYSTEM, Parser, Record
from annokit.formats.dataloop.poses import Pose, gather
from annokit.formats.dataloop.values import ABSENT
from annokit.formats.dataloop.video import State, states

STILL = frozenset(("image", "text", "pointcloud"))
"""Kinds of items that take no time."""

SPECIAL = frozenset(("note", "pose"))
"""Types that are more than a row."""


@attrs.frozen
class Wanted:
    """Which annotations and items are read though they are left out by default."""

    system: bool = False
    """Annotations that the workflow itself made."""

    hidden: bool = False
    """Items that are hidden, such as thumbnails."""

    notes: bool = False
    """Remarks of reviewers."""


@attrs.define
class Sifted:
    """The annotations of one item."""

    notes: list[Record]
    """Those that become rows."""

    places: Sequence[int]
    """Where each of them stands in the file."""

    others: list[tuple[int, bytes]] = attrs.field(factory=list)
    """Those that do not: where they stand, and what they are."""

    states: dict[int, State] = attrs.field(factory=dict)
    """States by position in `notes`."""

    poses: dict[int, Pose] = attrs.field(factory=dict)
    """Poses by position in `notes`."""

    skipped: list[tuple[str, str]] = attrs.field(factory=list)
    """Why each of those was left out, and its label."""

    status: str | None = None
    """Status that the workflow gave the item."""


class Sieve:
    """Sifts the annotations of items.

    Parameters
    ----------
    parser : Parser
        Makes the records.
    wanted : Wanted
        What is read besides.
    """

    def __init__(self, parser: Parser, wanted: Wanted) -> None:
        self._parser = parser
        self._wanted = wanted
        self._type = parser.keys[NOTE]["type"]
        self._system = parser.keys[NOTE_SYSTEM]["system"]
        self._mimetype = parser.keys[ITEM_SYSTEM]["mimetype"]
        self._count = 0

    def is_plain(self, items: Sequence[Record], notes: Sequence[Record]) -> bool:
        """Tell by a quick look whether nothing needs sifting: no videos, no poses, nothing to be left out."""
        if bytes in set(map(type, notes)):
            return False
        try:
            words = set(map(attrgetter(self._type), notes))
            flags = set(map(len, map(attrgetter(f"metadata.system.{self._system}"), notes)))
            kinds = set(map(attrgetter(f"metadata.system.{self._mimetype}"), items))
        except (AttributeError, TypeError):  # some lack metadata, or state a type that is no text
            return False
        if None in words or not SPECIAL.isdisjoint(words) or len(b"true") in flags:
            return False
        return all(type(kind) is str and kind_of(kind) in STILL for kind in kinds)

    def sift(self, item: Record, notes: list[Record]) -> Sifted:
        """Return the annotations of an item, sifted."""
        timed = self.timed(item)
        if not timed and not any(map(self._is_special, notes)):
            return Sifted(notes, range(len(notes)))
        found = self._without_others(notes)
        if timed:
            return self._with_states(found, item)
        return self._with_poses(found)

    def _is_special(self, note: Record) -> bool:
        word = getattr(note, self._type)
        if type(word) is not str or word in SPECIAL:
            return True
        system = None if note.metadata is None else note.metadata.system
        return system is not None and len(getattr(system, self._system)) == len(b"true")

    def _without_others(self, notes: list[Record]) -> Sifted:
        found = Sifted([], [])
        kept: list[tuple[int, Record]] = []
        for place, note in enumerate(notes):
            reason = self._reason(note)
            if reason is None:
                kept.append((place, note))
                continue
            found.skipped.append((reason, self._text(note, "label") or ""))
            found.others.append((place, self._parser.note(note)))
            if reason == "system":
                found.status = STATUS_OF_LABEL.get(self._text(note, "label") or "", found.status)
        found.notes, found.places = [note for _, note in kept], [place for place, _ in kept]
        return found

    def _reason(self, note: Record) -> str | None:
        """Return why an annotation is left out, None where it is not."""
        if self._text(note, "type") == NOTE_TYPE and not self._wanted.notes:
            return "note"
        system = None if note.metadata is None else note.metadata.system
        flag = ABSENT if system is None else getattr(system, self._system)
        return "system" if bytes(flag) == b"true" and not self._wanted.system else None

    def _text(self, note: Record, key: str) -> str | None:
        value = getattr(note, self._parser.keys[NOTE][key])
        if value is None or type(value) is str:
            return value
        value = loads(bytes(value)) if len(value) else None
        return value if isinstance(value, str) else None

    def _with_states(self, found: Sifted, item: Record) -> Sifted:
        rate = self.rate(item)
        made = attrs.evolve(found, notes=[], places=[])
        places = []
        for place, note in zip(found.places, found.notes, strict=True):
            self._count += 1
            for state in states(self._parser, note, rate, f"#{self._count}"):
                made.states[len(made.notes)] = state
                made.notes.append(state.record)
                places.append(place)
        made.places = places
        return made

    def _with_poses(self, found: Sifted) -> Sifted:
        words = [self._text(note, "type") for note in found.notes]
        poses = gather(self._parser, found.notes, words) if "pose" in words else {}
        if not poses:
            return found
        joints = {joint.position for pose in poses.values() for joint in pose.joints}
        kept = [position for position in range(len(found.notes)) if position not in joints]
        notes, places = [found.notes[k] for k in kept], [found.places[k] for k in kept]
        made = attrs.evolve(found, notes=notes, places=places)
        for place, position in enumerate(kept):
            if position in poses:
                pose = poses[position]
                pose.position = found.places[position]
                pose.joints = [attrs.evolve(joint, position=found.places[joint.position]) for joint in pose.joints]
                made.poses[place] = pose
        return made

    def timed(self, item: Record) -> bool:
        """Tell whether an item takes time."""
        mimetype = self._value(item, ITEM_SYSTEM, "mimetype")
        kind = kind_of(mimetype) if isinstance(mimetype, str) else None
        if kind is None:
            return self.rate(item) is not None or any(map(self._moves, item.annotations or ()))
        return kind in ("video", "audio")

    def _moves(self, note: Record) -> bool:
        system = None if type(note) is bytes or note.metadata is None else note.metadata.system
        raw = ABSENT if system is None else getattr(system, self._parser.keys[NOTE_SYSTEM]["snapshots_"])
        return len(raw) > 0 and bytes(raw).translate(None, b" \t\r\n") not in (b"[]", b"null")

    def rate(self, item: Record) -> float | None:
        """Return the frames per second that an item states."""
        for level, key in ((ITEM_META, "fps"), (ITEM_SYSTEM, "fps"), (ITEM_SYSTEM, "ffmpeg")):
            value = self._value(item, level, key)
            rate: Any = fraction(value) if isinstance(value, dict) else value
            if is_rate(rate):
                return float(rate)
        return None

    def _value(self, item: Record, level: str, key: str) -> Any:
        name = self._parser.keys[level].get(key)
        meta = item.itemMetadata if item.metadata is None else item.metadata
        owner = meta if level == ITEM_META or meta is None else meta.system
        raw = None if owner is None or name is None else getattr(owner, name, None)
        if raw is None or type(raw) is str:
            return raw
        return loads(bytes(raw)) if len(raw) else None
