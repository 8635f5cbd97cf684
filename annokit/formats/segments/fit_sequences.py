"""Step of narrowing for tasks whose samples are sequences: every item is a frame of one, and frames count from 0."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.columns import MISSING, Column, Fixed, Sparse, Table
from annokit.columns.make import sparse_of
from annokit.formats.places import at_all, at_items
from annokit.formats.segments.batch import KEPT
from annokit.model.rows import SEQUENCE_DEFAULTS, SEQUENCE_MAKERS, Rows
from annokit.model.select import select_items

if TYPE_CHECKING:
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset
    from annokit.report import Issue

MARKS = ("#frames", "#label_frames")
"""Extras of a sequence whose lists of frames are shorter than it."""


def in_sequences(ds: Dataset, apply: bool) -> Found:
    """Bring items into sequences, in the order of their frames."""
    issues: list[Issue] = []
    for step in (_owned, _titled, _ordered, _counted, _unmarked):
        ds, found = step(ds)
        issues += found
    return ds, issues


def _owned(ds: Dataset) -> tuple[Dataset, list[Issue]]:
    """Give every loose item a sequence of its own."""
    owner = ds._items.array("sequence").copy()
    loose = np.flatnonzero(owner < 0)
    if not len(loose):
        return ds, []
    rows = Rows(SEQUENCE_MAKERS, SEQUENCE_DEFAULTS)
    for row in loose.tolist():
        rows.append({"name": ds.names[row]})
    owner[loose] = len(ds._sequences) + np.arange(len(loose))
    table = Table.join([ds._sequences, rows.table()]) if len(ds._sequences) else rows.table()
    issue = at_items(ds, "derived", "sequence", "every item belongs to a sequence", loose)
    return ds._with(items=ds._items.replace({"sequence": Fixed(owner)}), sequences=table), [issue]


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
