"""Annotations out of their records."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np

from annokit.columns import Fixed, Json, Number, Sparse
from annokit.columns.base import Array
from annokit.columns.json import dumps, loads
from annokit.formats.dataloop.attributes import V1, V2, attributes
from annokit.formats.dataloop.batch import Batch, Sheet
from annokit.formats.dataloop.facts import KIND_OF_TYPE
from annokit.formats.dataloop.shapes import Shapes, shapes
from annokit.formats.dataloop.values import Values, spread, strings, text_of
from annokit.model.schema import KIND_CODE

SYSTEM = "metadata.system."
USER = "metadata.user"

MAPPED = frozenset((
    "id", "_id", "type", "label", V1, "coordinates", "creator", "createdAt", "updatedAt", USER, V2, f"{SYSTEM}status",
    f"{SYSTEM}parentId",
))  # fmt: skip
"""Paths that become columns."""

PROVENANCE = {"creator": "author", "createdAt": "created", "updatedAt": "updated", f"{SYSTEM}status": "review"}
"""Columns of text by path."""


@attrs.define(eq=False)
class Notes:
    """The annotations of some documents."""

    sheet: Sheet
    """Their columns; ``label`` is a position in `labels`."""

    labels: list[str]
    """Names of labels by first use."""

    dangling: list[tuple[int, bytes]]
    """Rows whose parent does not exist, and what they state."""


def notes_of(batch: Batch, owner: Array, timed: Array) -> Notes:
    """Return annotations.

    Parameters
    ----------
    batch : Batch
        Their records.
    owner : (n,) int64 array
        Item of each, ascending.
    timed : (n,) bool array
        Which belong to items that take time, whose frames and times are read elsewhere.
    """
    sheet = Sheet(batch.count)
    sheet.put("item", Fixed(owner))
    _ids(sheet, batch)
    label, labels = _labels(sheet, batch)
    sheet.put("label", Fixed(label))
    _geometry(sheet, batch)
    attributes(sheet, batch.get(V1), batch.get(V2))
    for path, name in PROVENANCE.items():
        values = batch.get(path)
        column, odd = strings(values)
        sheet.put(name, column)
        sheet.keep_odd(path, values, odd)
    _user(sheet, batch.get(USER))
    dangling = _parents(sheet, batch, owner)
    _rest(sheet, batch, timed)
    absent = {path: ~has for path, has in batch.present.items()}
    sheet.mark_absent({V1: ~batch.get(V1).has, **absent, USER: ~batch.get(USER).has})
    return Notes(sheet, labels, dangling)


def _ids(sheet: Sheet, batch: Batch) -> None:
    """Read ``id``, or ``_id`` where there is no other."""
    values, old = batch.get("id"), batch.get("_id")
    if not old.empty:
        use = old.has & ~values.has
        sheet.keep("_id", old, np.flatnonzero(old.has & ~use))
        sheet.mark("id", np.where(use, 0, -1), ["_id"])
        values = Values.of([b if u else a for a, b, u in zip(values.raws, old.raws, use.tolist(), strict=True)])
    column, odd = strings(values)
    sheet.put("id", column)
    sheet.keep_odd("id", values, odd)


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


def _geometry(sheet: Sheet, batch: Batch) -> None:
    """Read types and coordinates."""
    types, coordinates = batch.get("type"), batch.get("coordinates")
    codes, distinct = types.codes()
    names = [text_of(raw) if raw[:1] == b'"' else "" for raw in distinct]
    found = shapes(codes, names, coordinates)
    for name, column in found.table().items():
        sheet.put(name, column)
    plain = np.array([KIND_OF_TYPE.get(name) == "none" for name in names], bool)[codes]
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


def _parents(sheet: Sheet, batch: Batch, owner: Array) -> list[tuple[int, bytes]]:
    """Resolve the ids of parents within each item, and return those that lead nowhere."""
    path = f"{SYSTEM}parentId"
    values, ids = batch.get(path), batch.get("id" if not batch.get("id").empty else "_id")
    stated = values.rows[~values.take(values.rows).equal(b"null")] if not values.empty else values.rows
    known: dict[tuple[int, bytes], int] = {}
    if len(stated):
        for row in np.flatnonzero(np.isin(owner, owner[stated]) & ids.has).tolist():
            known.setdefault((int(owner[row]), ids.raws[row]), row)
    found = [known.get((int(owner[row]), values.raws[row]), -1) for row in stated.tolist()]
    good = np.array([place >= 0 for place in found], bool)
    if good.any():
        rows = stated[good]
        sheet.put("parent", Sparse(sheet.count, rows, None, Fixed(np.array(found, np.int64)[good])))
    lost = stated[~good]
    sheet.keep(path, values, np.setdiff1d(values.rows, stated[good]))
    return [(int(row), values.raws[row]) for row in lost.tolist()]


def _rest(sheet: Sheet, batch: Batch, timed: Array) -> None:
    """Keep what the model does not map."""
    del timed
    for path, values in batch.values.items():
        if path not in MAPPED:
            sheet.keep(path, values)
            sheet.unread[path] += len(values.rows)


__all__ = ["Json", "Notes", "confidence", "notes_of"]
