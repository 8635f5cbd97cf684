"""Annotations out of their records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np

from annokit.columns import Fixed, Json, Number, Sparse, Table
from annokit.columns.base import Array
from annokit.columns.json import dumps, loads
from annokit.formats.dataloop.attributes import V1, V2, attributes
from annokit.formats.dataloop.batch import Batch, Sheet, read_ids
from annokit.formats.dataloop.facts import KIND_OF_TYPE
from annokit.formats.dataloop.groups import continuing
from annokit.formats.dataloop.poses import OWN_CLIENT, Pose
from annokit.formats.dataloop.shapes import Shapes, shapes
from annokit.formats.dataloop.values import Values, spread, strings, text_of
from annokit.formats.dataloop.video import State, timing
from annokit.model.schema import KIND_CODE

SYSTEM = "metadata.system."
USER = "metadata.user"

MAPPED = frozenset((
    "id", "_id", "type", "label", V1, "coordinates", "creator", "createdAt", "updatedAt", USER, V2, f"{SYSTEM}status",
    f"{SYSTEM}parentId", f"{SYSTEM}clientId", f"{SYSTEM}clientParentId",
))  # fmt: skip
"""Paths that become columns."""

PROVENANCE = {"creator": "author", "createdAt": "created", "updatedAt": "updated", f"{SYSTEM}status": "review"}
"""Columns of text by path."""


@attrs.define(eq=False)
class Specials:
    """What was found out about annotations before they became columns."""

    states: dict[int, State] = attrs.field(factory=dict)
    """States by row."""

    poses: dict[int, Pose] = attrs.field(factory=dict)
    """Poses by row."""


@attrs.define(eq=False)
class Notes:
    """The annotations of some documents."""

    sheet: Sheet
    """Their columns; ``label`` is a position in `labels`."""

    labels: list[str]
    """Names of labels by first use."""

    dangling: list[tuple[int, bytes]]
    """Rows whose parent does not exist, and what they state."""


def notes_of(batch: Batch, owner: Array, found: Specials) -> Notes:
    """Return annotations.

    Parameters
    ----------
    batch : Batch
        Their records.
    owner : (n,) int64 array
        Item of each, ascending.
    found : Specials
        States of videos, and poses, by row.
    """
    sheet = Sheet(batch.count)
    sheet.put("item", Fixed(owner))
    read_ids(sheet, batch)
    label, labels = _labels(sheet, batch)
    sheet.put("label", Fixed(label))
    _geometry(sheet, batch, np.array(sorted(found.poses), np.int64))
    timing(sheet, found.states)
    attributes(sheet, batch.get(V1), batch.get(V2))
    for path, name in PROVENANCE.items():
        values = batch.get(path)
        column, odd = strings(values)
        sheet.put(name, column)
        sheet.keep_odd(path, values, odd)
    _user(sheet, batch.get(USER))
    dangling = _parents(sheet, batch, owner, found)
    _rest(sheet, batch)
    absent = {path: ~has for path, has in batch.present.items()}
    bare = np.zeros(sheet.count, bool)
    bare[list(found.poses)] = ~batch.get("coordinates").has[list(found.poses)]
    absent = {V1: ~batch.get(V1).has, **absent, USER: ~batch.get(USER).has, "coordinates": bare}
    _absent(sheet, absent, found.states)
    _mark_starts(sheet, found.states)
    return Notes(sheet, labels, dangling)


def _mark_starts(sheet: Sheet, states: Mapping[int, State]) -> None:
    """Note the annotations that begin just where another one of their object ends, so that they stay two."""
    if not states:
        return
    timed = np.zeros(sheet.count, bool)
    timed[list(states)] = True
    follows = continuing(Table(sheet.count, sheet.columns), timed)
    starts = [row for row, state in states.items() if not state.later]
    codes = np.full(sheet.count, -1, np.int64)
    codes[starts] = np.where(follows[starts], 0, -1)
    sheet.mark("first", codes, [True])


def _absent(sheet: Sheet, absent: dict[str, Array], states: Mapping[int, State]) -> None:
    """Note what a writer adds that was not there; of a snapshot, what it took over from the state before."""
    later = [row for row, state in states.items() if state.later]
    for has in absent.values():
        has[later] = False
    for row, state in states.items():
        for path in state.absent:
            absent.setdefault(path, np.zeros(sheet.count, bool))[row] = True
    sheet.mark_absent(absent)


def _labels(sheet: Sheet, batch: Batch) -> tuple[Array, list[str]]:
    values = batch.get("label")
    codes, distinct = values.codes()
    good = [raw[:1] == b'"' for raw in distinct]
    names = list(dict.fromkeys(text_of(raw) for raw, fits in zip(distinct, good, strict=True) if fits))
    place = {name: position for position, name in enumerate(names)}
    positions = [place[text_of(raw)] if fits else -1 for raw, fits in zip(distinct, good, strict=True)]
    found = np.array(positions, np.int64)[codes]
    sheet.keep_odd("label", values, np.flatnonzero((found < 0) & values.has))
    return found, names


def _geometry(sheet: Sheet, batch: Batch, poses: Array) -> None:
    """Read types and coordinates; those of `poses` come from their joints."""
    types, coordinates = batch.get("type"), batch.get("coordinates")
    codes, distinct = types.codes()
    names = [text_of(raw) if raw[:1] == b'"' else "" for raw in distinct]
    found = shapes(codes, names, coordinates)
    for name, column in found.table().items():
        sheet.put(name, column)
    plain = np.array([KIND_OF_TYPE.get(name) == "none" for name in names], bool)[codes]
    found.kind[poses] = KIND_CODE["keypoints"]
    sheet.put("kind", Fixed(found.kind))
    sheet.keep("#pose", coordinates, poses[coordinates.has[poses]])
    bare = found.kind == KIND_CODE["none"]
    sheet.keep("type", types, np.flatnonzero(bare & ~plain & types.has))
    sheet.mark("type", np.where(~types.has, 0, -1), ["absent"])
    sheet.keep("coordinates", coordinates, np.flatnonzero((bare & coordinates.has) | found.verbatim))
    sheet.tell_odd("coordinates", coordinates, np.flatnonzero(found.odd))
    _mark_points(sheet, found)
    _mark_boxes(sheet, found)


def _mark_points(sheet: Sheet, found: Shapes) -> None:
    """Note points that are written in another way than is usual for their type."""
    codes = np.full(sheet.count, -1, np.int64)
    for code, pieces in enumerate(found.depth.values()):
        codes[np.concatenate([np.zeros(0, np.int64), *pieces])] = code
    sheet.mark("z", codes, [False, True])
    sheet.mark("loose", np.where(found.loose & (found.kind > 0), 0, -1), [True])


def _mark_boxes(sheet: Sheet, found: Shapes) -> None:
    sheet.mark("corners", found.corners.astype(np.int64) - 1, [1, 2, 3])


def _user(sheet: Sheet, values: Values) -> None:
    """Read the confidence of a model's prediction; keep everything else that users state."""
    codes, distinct = values.codes()
    rest: list[bytes] = []
    scores: list[Any] = []
    for raw in distinct:
        score, left = confidence(raw)
        scores.append(score)
        rest.append(left)
    scored = np.array([score is not None for score in scores], bool)[codes]
    rows = np.flatnonzero(scored)
    if len(rows):
        sheet.put("score", spread(sheet.count, rows, Number.of([scores[code] for code in codes[rows].tolist()])))
    kept = np.array([left not in (b"", b"{}") for left in rest], bool)
    places = np.cumsum(kept) - 1
    sheet.mark_as(USER, np.where(kept, places, -1)[codes], [left for left in rest if left not in (b"", b"{}")])


def confidence(raw: bytes) -> tuple[Any, bytes]:
    """Return the confidence that ``metadata.user`` states, None where there is none, and the rest of it."""
    if b'"confidence"' not in raw:
        return None, raw
    value = loads(raw)
    model = value.get("model") if isinstance(value, dict) else None
    if not isinstance(model, dict):
        return None, raw
    score = model.get("confidence")
    if type(score) not in (int, float) or (type(score) is int and abs(score) > 1 << 53):
        return None, raw
    model = {key: each for key, each in model.items() if key != "confidence"}
    rest = {**value, "model": model} if model else {key: each for key, each in value.items() if key != "model"}
    return score, dumps(rest)


CLIENT, PARENT, CLIENT_PARENT = f"{SYSTEM}clientId", f"{SYSTEM}parentId", f"{SYSTEM}clientParentId"


def _parents(sheet: Sheet, batch: Batch, owner: Array, found: Specials) -> list[tuple[int, bytes]]:
    """Resolve the parents within each item by their ids, else by client ids, and return ids that lead nowhere."""
    by_id, by_client = batch.get(PARENT), batch.get(CLIENT_PARENT)
    parent = np.full(sheet.count, -1, np.int64)
    later = [row for row, state in found.states.items() if state.later]
    ids = [a or b for a, b in zip(batch.get("id").raws, batch.get("_id").raws, strict=True)] if not by_id.empty else []
    lost = _resolve(parent, by_id, ids, owner, later)
    unnamed = parent < 0
    clients = batch.get(CLIENT)
    _resolve(parent, by_client, [] if by_client.empty else clients.raws, owner, later)
    rows = np.flatnonzero(parent >= 0)
    if len(rows):
        sheet.put("parent", Sparse(sheet.count, None if len(rows) == sheet.count else rows, None, Fixed(parent[rows])))
    sheet.keep(PARENT, by_id, by_id.rows[unnamed[by_id.rows]])
    for path, values in ((CLIENT, clients), (CLIENT_PARENT, by_client)):
        if values.empty:
            continue
        kept = values.rows
        if OWN_CLIENT.encode() in values.blob:
            made_up = [raw.startswith(b'"' + OWN_CLIENT.encode()) for raw in values.raws]
            kept = np.flatnonzero(values.has & ~np.array(made_up, bool))
        sheet.keep(path, values, kept)
        sheet.unread[path] += len(kept)
    nameless = rows[unnamed[rows]]
    if len(nameless):
        has_id = batch.get("id").has | batch.get("_id").has
        told = np.full(sheet.count, -1, np.int64)
        told[nameless[has_id[parent[nameless]]]] = 0
        sheet.mark("noparent", told, [True])
    return [(row, by_id.raws[row]) for row in lost if parent[row] < 0]


def _resolve(parent: Array, stated: Values, known: list[bytes], owner: Array, later: list[int]) -> list[int]:
    """Set parents that are known by an id within their item, where none is set; return rows whose id leads nowhere."""
    if stated.empty:
        return []
    rows = [row for row in stated.rows.tolist() if stated.raws[row] != b"null" and parent[row] < 0]
    if not rows:
        return []
    items = set(owner[rows].tolist())
    skipped = set(later)
    places: dict[tuple[int, bytes], int] = {}
    for row in np.flatnonzero(np.isin(owner, list(items))).tolist():
        if known[row] and row not in skipped:
            places.setdefault((int(owner[row]), known[row]), row)
    lost = []
    for row in rows:
        place = places.get((int(owner[row]), stated.raws[row]), -1)
        parent[row] = place
        if place < 0:
            lost.append(row)
    return lost


def _rest(sheet: Sheet, batch: Batch) -> None:
    """Keep what the model does not map."""
    for path, values in batch.values.items():
        if path not in MAPPED:
            sheet.keep(path, values)
            sheet.unread[path] += len(values.rows)


__all__ = ["Json", "Notes", "confidence", "notes_of"]
