"""Steps of narrowing for trees in which frames of videos have folders of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from annokit.codecs.class_map import one_line
from annokit.columns import Column, Fixed, Sparse, Text
from annokit.columns.base import Array
from annokit.formats.frames import FRAME, framed, title_of, told_apart
from annokit.formats.places import at_all, at_items
from annokit.model.rows import SEQUENCE_DEFAULTS, SEQUENCE_MAKERS, Rows
from annokit.model.schema import ITEM_KINDS

if TYPE_CHECKING:
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset
    from annokit.report import Issue

IMAGE = ITEM_KINDS.index("image")


def pictures_and_frames(ds: Dataset, apply: bool) -> Found:
    """Make every item a frame of a video, with its number, or else a picture of its own."""
    numbered = framed(ds)
    issues: list[Issue] = []
    changes: dict[str, Column | None] = {}
    kinds = np.where(numbered, FRAME, IMAGE).astype(np.uint8)
    other = np.flatnonzero(kinds != ds._items.array("kind"))
    if len(other):
        told = "what is no numbered frame of a video is a picture"
        issues.append(at_items(ds, "restated", "kind", told, other))
        changes["kind"] = Fixed(kinds)
    loose = np.flatnonzero(~numbered & (ds._items.array("sequence") >= 0))
    if len(loose):
        issues.append(at_items(ds, "dropped", "sequence", "a picture belongs to no sequence", loose))
        changes["sequence"] = Fixed(np.where(numbered, ds._items.array("sequence"), -1))
    numbers = ds._items.sparse("frame")
    if numbers is not None and not numbered[numbers.present()].all():
        rows = numbers.present()
        told = "a picture has no frame number"
        issues.append(at_items(ds, "dropped", "frame", told, rows[~numbered[rows]]))
        kept = rows[numbered[rows]]
        changes["frame"] = Sparse(len(ds), kept, numbers.slots_of(kept), numbers.values) if len(kept) else None
    return (ds._with(items=ds._items.replace(changes)) if issues else ds), issues


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
        issues.append(at_all("dropped", "sequence", told, [title_of(ds, row) for row in unused.tolist()]))
    changed = [title_of(ds, row) for row, a, b in zip(kept.tolist(), names, _stated(ds, kept), strict=True) if a != b]
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


def _stated(ds: Dataset, rows: Array) -> list[str]:
    return [name if isinstance(name := ds._sequences.value("name", row), str) else "" for row in rows.tolist()]


def _names(ds: Dataset, rows: Array) -> list[str]:
    return told_apart([one_line(title_of(ds, row)) for row in rows.tolist()])


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
