"""States of annotations of videos as ``snapshots_``."""

from __future__ import annotations

from math import isnan
from typing import Any

from annokit.columns import MISSING, Table
from annokit.columns.json import loads
from annokit.formats.dataloop.groups import END, FIRST, LAST, START, spans_of
from annokit.formats.dataloop.records import Members, Objects, marks

TAKEN = ("id", "_id", "coordinates", "metadata")
"""Keys of a state's document that a snapshot has under another name, or not at all."""


def put_states(
    table: Table, made: Objects, documents: list[Members], absent: list[list[str]], later: list[bool], timed: list[bool]
) -> None:
    """Write frames and times into the documents of annotations, and their later states among their snapshots."""
    spans, whole = spans_of(table)
    numbers = [
        [_plain(n, w) for n, w in zip(*pair, strict=True)] for pair in zip(spans.tolist(), whole.tolist(), strict=True)
    ]
    tracks = table.get("track")
    track = [MISSING] * len(table) if tracks is None else tracks.to_list()
    ids = table.get("id")
    ident = [MISSING] * len(table) if ids is None else ids.to_list()
    keyframes = table.get("keyframe")
    fixed = [MISSING] * len(table) if keyframes is None else keyframes.to_list()
    made_up, layout, apart = marks(table, "track"), marks(table, "snapshots"), marks(table, "own")
    owner = 0
    frames: list[list[Any]] = [[] for _ in timed]
    odd: dict[int, Any] = {}
    for row in [row for row, own in enumerate(timed) if own]:
        system = made.system[row]
        if later[row]:
            previous = made.system[row - 1].get("attributes")
            state = _snapshot(documents[row], system, numbers[row][FIRST], fixed[row], absent[row], previous)
            if "label" not in documents[row] and "label" in documents[row - 1]:
                state["label"] = None
            made.system[owner]["snapshots_"].append({**state, **(apart[row] or {})})
            frames[owner].append(numbers[row][FIRST])
            _close(made.system[owner], numbers[row], absent[owner])
            continue
        owner = row
        odd[row] = system.get("snapshots_")
        system["snapshots_"] = []
        for key, place in (("frame", FIRST), ("startTime", START)):
            if numbers[row][place] is not None and f"metadata.system.{key}" not in absent[row]:
                system[key] = numbers[row][place]
        _close(system, numbers[row], absent[row])
        if track[row] is not MISSING and track[row] != ident[row] and made_up[row] is None:
            system["objectId"] = track[row]
    for row, own in enumerate(timed):
        if own and not later[row]:
            _finish(made, documents[row], row, frames[row], layout[row], absent[row])
            if odd.get(row) is not None:
                made.system[row]["snapshots_"] = odd[row]


def _plain(number: float, whole: bool) -> Any:
    if isnan(number):
        return None
    return int(number) if whole else number


def _close(system: Members, span: list[Any], absent: list[str]) -> None:
    """Set the end of an annotation to that of its last state so far."""
    if span[LAST] is not None and "metadata.system.endFrame" not in absent:
        system["endFrame"] = span[LAST]
    if span[END] is not None:
        system["endTime"] = span[END]


def _snapshot(document: Members, system: Members, frame: Any, fixed: Any, absent: list[str], previous: Any) -> Members:
    """Return a later state."""
    own: Members = {"frame": frame, "fixed": fixed is not False, "objectVisible": True}
    own.update({key: value for key, value in document.items() if key not in TAKEN})
    if "coordinates" in document:
        own["data"] = document["coordinates"]
    named = system.get("attributes")
    if named is None and previous not in (None, b"{}"):
        own["namedAttributes"] = {}
    if named is not None and not ("namedAttributes" in absent and named == previous):
        own["namedAttributes"] = named
    return {key: value for key, value in own.items() if key not in absent}


def _finish(made: Objects, document: Members, row: int, frames: list[Any], layout: Any, absent: list[str]) -> None:
    """Put snapshots where they stood, and those that are no states between them."""
    snapshots = made.system[row]["snapshots_"]
    if layout is not None:
        states = dict(zip(frames, snapshots, strict=True))
        snapshots[:] = [states[each] if type(each) is int else each[0] for each in layout]
    if not snapshots and "metadata.system.snapshots_" in absent:
        del made.system[row]["snapshots_"]
    if made.system[row]:
        document.setdefault("metadata", made.meta[row]).setdefault("system", made.system[row])


__all__ = ["loads", "put_states"]
