"""Steps of narrowing for trees in which frames of videos have folders of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from annokit.codecs.class_map import one_line
from annokit.columns import MISSING, Column, Fixed, Sparse, Text
from annokit.columns.base import Array
from annokit.formats.places import at_all, at_items
from annokit.model.rows import SEQUENCE_DEFAULTS, SEQUENCE_MAKERS, Rows
from annokit.model.schema import ITEM_KINDS

if TYPE_CHECKING:
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset
    from annokit.report import Issue

FRAME, IMAGE = ITEM_KINDS.index("frame"), ITEM_KINDS.index("image")


def pictures_and_frames(ds: Dataset, apply: bool) -> Found:
    """Make every item a frame of a video, with its number, or else a picture of its own."""
    framed = _framed(ds)
    issues: list[Issue] = []
    changes: dict[str, Column | None] = {}
    kinds = np.where(framed, FRAME, IMAGE).astype(np.uint8)
    other = np.flatnonzero(kinds != ds._items.array("kind"))
    if len(other):
        told = "what is no numbered frame of a video is a picture"
        issues.append(at_items(ds, "restated", "kind", told, other))
        changes["kind"] = Fixed(kinds)
    loose = np.flatnonzero(~framed & (ds._items.array("sequence") >= 0))
    if len(loose):
        issues.append(at_items(ds, "dropped", "sequence", "a picture belongs to no sequence", loose))
        changes["sequence"] = Fixed(np.where(framed, ds._items.array("sequence"), -1))
    numbers = ds._items.sparse("frame")
    if numbers is not None and not framed[numbers.present()].all():
        rows = numbers.present()
        told = "a picture has no frame number"
        issues.append(at_items(ds, "dropped", "frame", told, rows[~framed[rows]]))
        kept = rows[framed[rows]]
        changes["frame"] = Sparse(len(ds), kept, numbers.slots_of(kept), numbers.values) if len(kept) else None
    return (ds._with(items=ds._items.replace(changes)) if issues else ds), issues


def _framed(ds: Dataset) -> Array:
    """Return which items are frames of a sequence, with a number from 0 that no other frame of it has."""
    numbers = np.full(len(ds), -1, np.int64)
    column = ds._items.sparse("frame")
    if column is not None and isinstance(column.values, Fixed):
        numbers[column.present()] = column.dense().values  # type: ignore[attr-defined] # Fixed, as its values are
    sequence = ds._items.array("sequence")
    rows = np.flatnonzero((ds._items.array("kind") == FRAME) & (sequence >= 0) & (numbers >= 0))
    framed = np.zeros(len(ds), bool)
    if len(rows):
        _, first = np.unique(np.stack([sequence[rows], numbers[rows]]), axis=1, return_index=True)
        framed[rows[first]] = True
    return framed


def titled_sequences(ds: Dataset, apply: bool) -> Found:
    """Give sequences without a name their id as one."""
    names = [ds._sequences.value("name", row) for row in range(len(ds._sequences))]
    wanting = [row for row, name in enumerate(names) if name is MISSING or not str(name)]
    if not wanting:
        return ds, []
    for row in wanting:
        names[row] = _title(ds, row)
    issue = at_all(
        "derived", "sequence.name", "a sequence without name is called by its id", [names[r] for r in wanting]
    )
    return ds._with(sequences=ds._sequences.replace({"name": Text.of(map(str, names))})), [issue]


def used_sequences(ds: Dataset, apply: bool) -> Found:
    """Keep the sequences that have frames, in the order of their first, each with a name of its own."""
    owner = ds._items.array("sequence")
    found, first = np.unique(owner[owner >= 0], return_index=True)
    kept = found[np.argsort(first)]
    names = _names(ds, kept)
    if len(kept) == len(ds._sequences) and (kept == np.arange(len(kept))).all() and names == _stated(ds, kept):
        return ds, []
    unused = np.setdiff1d(np.arange(len(ds._sequences)), kept)
    issues: list[Issue] = []
    if len(unused):
        told = "the target knows only sequences that have frames"
        issues.append(at_all("dropped", "sequence", told, [_title(ds, row) for row in unused.tolist()]))
    changed = [_title(ds, row) for row, a, b in zip(kept.tolist(), names, _stated(ds, kept), strict=True) if a != b]
    if changed:
        told = "a sequence has a name of its own, in one line"
        issues.append(at_all("renamed", "sequence.name", told, changed))
    if not issues:
        issues.append(at_all("restated", "sequence", "sequences are listed in the order of their frames", names))
    moved = np.full(len(ds._sequences) + 1, -1, np.int64)
    moved[kept] = np.arange(len(kept))
    rows = Rows(SEQUENCE_MAKERS, SEQUENCE_DEFAULTS)
    for name in names:
        rows.append({"name": name})
    return ds._with(items=ds._items.replace({"sequence": Fixed(moved[owner])}), sequences=rows.table()), issues


def _title(ds: Dataset, row: int) -> str:
    for field in ("name", "id"):
        value = ds._sequences.value(field, row)
        if value is not MISSING and str(value):
            return str(value)
    return "video"


def _stated(ds: Dataset, rows: Array) -> list[str]:
    return [name if isinstance(name := ds._sequences.value("name", row), str) else "" for row in rows.tolist()]


def _names(ds: Dataset, rows: Array) -> list[str]:
    found: list[str] = []
    for row in rows.tolist():
        title = name = one_line(_title(ds, row))
        number = 2
        while name in found:
            name, number = f"{title}_{number}", number + 1
        found.append(name)
    return found


def named_frames(ds: Dataset, apply: bool) -> Found:
    """Call frames ``<video>#<number>``."""
    rows = np.flatnonzero(ds._items.array("sequence") >= 0)
    if not len(rows):
        return ds, []
    videos = _stated(ds, np.arange(len(ds._sequences)))
    owner = ds._items.array("sequence")[rows].tolist()
    numbers = ds._items.columns["frame"].values_of(rows)
    wanted = [f"{videos[video]}#{number}" for video, number in zip(owner, numbers, strict=True)]
    changed = [place for place, row in enumerate(rows.tolist()) if ds.names[row] != wanted[place]]
    if not changed:
        return ds, []
    names = list(ds.names)
    for place in changed:
        names[int(rows[place])] = wanted[place]
    issue = at_items(ds, "renamed", "name", "a frame is called <video>#<number>", rows[changed])
    return ds._with(items=ds._items.replace({"name": Text.of(names)})), [issue]
