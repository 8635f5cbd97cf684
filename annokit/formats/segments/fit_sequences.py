"""Step of narrowing for tasks whose samples are sequences: every item is a frame of one, and frames count from 0."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.columns import MISSING, Column, Fixed, Sparse, Table
from annokit.columns.make import sparse_of
from annokit.formats.places import at_all, at_items
from annokit.formats.segments.batch import KEPT
from annokit.formats.segments.facts import ABSENT
from annokit.formats.segments.fit_items import json_from
from annokit.formats.steps import cleared
from annokit.model.rows import SEQUENCE_DEFAULTS, SEQUENCE_MAKERS, Rows
from annokit.model.select import select_items

if TYPE_CHECKING:
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset
    from annokit.report import Issue

MARKS = ("#frames", "#label_frames")
"""Extras of a sequence whose lists of frames are shorter than it."""


OF_FRAMES = ("attributes", "label_attributes")
"""Extras that belong to frames, not to samples."""

OF_MEDIA = ("url", "attributes")
"""What may be absent of a frame."""


def in_sequences(ds: Dataset, apply: bool) -> Found:
    """Bring items in the order of their frames; every one of them belongs to a sequence."""
    issues: list[Issue] = []
    for step in (_titled, _ordered, _counted, _unmarked, _only_of_frames):
        ds, found = step(ds)
        issues += found
    return ds, issues


def owned(ds: Dataset, apply: bool) -> Found:
    """Give every loose item a sequence of its own, which takes over what the item says as a sample."""
    owner = ds._items.array("sequence").copy()
    loose = np.flatnonzero(owner < 0)
    if not len(loose):
        return ds, []
    rows = Rows(SEQUENCE_MAKERS, SEQUENCE_DEFAULTS)
    moved = _of_samples(ds)
    for row in loose.tolist():
        told = {name: value for name, column in moved.items() if (value := column.value(row)) is not MISSING}
        rows.append({"name": ds.names[row], **told, "status": int(ds._items.array("status")[row])})
    owner[loose] = len(ds._sequences) + np.arange(len(loose))
    table = Table.join([ds._sequences, rows.table()]) if len(ds._sequences) else rows.table()
    issue = at_items(ds, "derived", "sequence", "every item belongs to a sequence", loose)
    changes = {name: cleared(column, np.intersect1d(column.present(), loose)) for name, column in moved.items()}
    marks = table.get(KEPT + ABSENT)
    if marks is not None:
        fresh = [_without(words, OF_MEDIA) for words in marks.to_list()]
        table = table.replace({KEPT + ABSENT: json_from(fresh)})
    items = ds._items.replace({**changes, "sequence": Fixed(owner)})
    absent = ds._items.get(KEPT + ABSENT)
    if absent is not None:
        kept = [_only(words, OF_MEDIA) if owner[row] >= 0 else words for row, words in enumerate(absent.to_list())]
        items = items.replace({KEPT + ABSENT: json_from(kept)})
    return ds._with(items=items, sequences=table), [issue]


def _of_samples(ds: Dataset) -> dict[str, Sparse]:
    """Return the columns of items that a sample has and a frame has not."""
    frames = {KEPT + key for key in OF_FRAMES}
    names = [name for name in ds._items.columns if name.startswith(KEPT) and name not in frames]
    found = {name: ds._items.sparse(name) for name in ("id", "split", *names)}
    return {name: column for name, column in found.items() if column is not None}


def _without(words: Any, gone: tuple[str, ...]) -> Any:
    return MISSING if words is MISSING else [word for word in words if word not in gone] or MISSING


def _only(words: Any, kept: tuple[str, ...]) -> Any:
    return MISSING if words is MISSING else [word for word in words if word in kept] or MISSING


def _only_of_frames(ds: Dataset) -> tuple[Dataset, list[Issue]]:
    """Drop what items say as samples."""
    gone = [name for name in _of_samples(ds) if name not in ("id", "split", KEPT + ABSENT)]
    absent = ds._items.get(KEPT + ABSENT)
    stated = [] if absent is None else absent.to_list()
    kept = [_only(words, OF_MEDIA) for words in stated]
    if not gone and kept == stated:
        return ds, []
    rows = np.arange(len(ds))
    told = "a frame has no label of its own"
    issue = at_items(ds, "dropped", "extras", told, rows)
    changes: dict[str, Column | None] = dict.fromkeys(gone)
    if absent is not None:
        changes[KEPT + ABSENT] = json_from(kept)
    return ds._with(items=ds._items.replace(changes)), [issue]


def _titled(ds: Dataset) -> tuple[Dataset, list[Issue]]:
    """Give every sequence a name: its own, else its id, else its number."""
    stated = [ds._sequences.value("name", row) for row in range(len(ds._sequences))]
    absent = ds._sequences.sparse(KEPT + "#absent")
    odd = ds._sequences.sparse(KEPT + "name")
    kept = set() if odd is None else set(odd.present().tolist())
    if absent is not None:
        kept |= {row for row in absent.present().tolist() if "name" in absent.value(row)}
    idents = [ds._sequences.value("id", row) for row in range(len(ds._sequences))]
    names = [_title(name, idents[row], row, row in kept) for row, name in enumerate(stated)]
    changed = [row for row, name in enumerate(names) if name != stated[row]]
    if not changed:
        return ds, []
    issue = at_all("derived", "sequence.name", "a sample has a name", [names[row] for row in changed])
    table = ds._sequences.replace({"name": sparse_of(len(names), range(len(names)), names)})
    return ds._with(sequences=table), [issue]


def _title(name: Any, ident: Any, row: int, kept: bool) -> str:
    if kept:
        return "" if ident is MISSING else str(ident)
    if isinstance(name, str):
        return name
    return f"sequence {row + 1}" if ident is MISSING else str(ident)


def _ordered(ds: Dataset) -> tuple[Dataset, list[Issue]]:
    owner = ds._items.array("sequence")
    order = np.lexsort((np.arange(len(ds)), _frames(ds), owner))
    moved = np.flatnonzero(order != np.arange(len(order)))
    if not len(moved):
        return ds, []
    issue = at_items(ds, "restated", "order", "items are listed sequence by sequence and frame by frame", moved)
    return select_items(ds, order), [issue]


def _frames(ds: Dataset) -> np.ndarray:
    """Return the frame of each item; one without comes last."""
    found = np.full(len(ds), np.iinfo(np.int64).max, np.int64)
    column = ds._items.sparse("frame")
    if column is not None:
        dense: Any = column.dense()
        found[column.present()] = dense.to_list()
    return found


def _counted(ds: Dataset) -> tuple[Dataset, list[Issue]]:
    """Count the frames of each sequence from 0."""
    owner = ds._items.array("sequence")
    first = np.flatnonzero(np.diff(owner, prepend=-1))
    number = np.arange(len(owner)) - np.repeat(first, np.diff(np.append(first, len(owner))))
    changed = np.flatnonzero(_frames(ds) != number)
    if not len(changed):
        return ds, []
    issue = at_items(ds, "restated", "frame", "frames are counted from 0 in their sequence", changed)
    column: Column = Sparse(len(owner), None, None, Fixed(number))
    return ds._with(items=ds._items.replace({"frame": column})), [issue]


def _unmarked(ds: Dataset) -> tuple[Dataset, list[Issue]]:
    """Drop marks of lists of frames that are not shorter than their sequence any more."""
    counts = np.bincount(ds._items.array("sequence"), minlength=len(ds._sequences))
    changes: dict[str, Column | None] = {}
    for mark in MARKS:
        column = ds._sequences.sparse(KEPT + mark)
        if column is None:
            continue
        rows = column.present()
        keep = np.array(
            [type(n) is int and 0 <= n < m for n, m in zip(column.dense().to_list(), counts[rows], strict=True)], bool
        )
        if not keep.all():
            left = rows[keep]
            changes[KEPT + mark] = (
                Sparse(len(column), left, column.slots_of(left), column.values) if len(left) else None
            )
    if not changes:
        return ds, []
    issue = at_all("dropped", "frames", "a sequence has other frames than its release", list(changes), severity="info")
    return ds._with(sequences=ds._sequences.replace(changes)), [issue]
