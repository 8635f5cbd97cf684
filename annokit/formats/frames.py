"""Steps of narrowing that formats of video share: key frames, numbers of frames, names of videos."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from annokit.columns import MISSING, Fixed, Text
from annokit.columns.base import Array
from annokit.errors import UsageError
from annokit.formats.places import at_all, at_annotations
from annokit.model.schema import ITEM_KINDS

if TYPE_CHECKING:
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset

FRAME = ITEM_KINDS.index("frame")


def expanded_tracks(ds: Dataset, apply: bool) -> Found:
    """State every frame of a track, for targets that know no rule between key frames."""
    from annokit.model.expand import expand

    column = ds._annotations.sparse("interpolation")
    if column is None or not column.count:
        return ds, []
    rows = column.present()
    try:
        full = expand(ds)
    except UsageError:  # frames that do not go together: the rule is dropped, which is told
        return ds, []
    if full is ds or len(full._annotations) == len(ds._annotations):
        return ds, []
    full = full._with(annotations=full._annotations.without(["interpolation"]))
    return full, [at_annotations(ds, "expanded", "interpolation", "frames between key frames are stated", rows)]


def frame_numbers(ds: Dataset) -> Array:
    """Return the (n,) int64 number of every item's frame, -1 where it has none."""
    numbers = np.full(len(ds), -1, np.int64)
    column = ds._items.sparse("frame")
    if column is not None and isinstance(column.values, Fixed):
        numbers[column.present()] = column.dense().values  # type: ignore[attr-defined] # Fixed, as its values are
    return numbers


def framed(ds: Dataset) -> Array:
    """Return which items are frames of a sequence, with a number from 0 that no other frame of it has."""
    numbers = frame_numbers(ds)
    sequence = ds._items.array("sequence")
    rows = np.flatnonzero((ds._items.array("kind") == FRAME) & (sequence >= 0) & (numbers >= 0))
    found = np.zeros(len(ds), bool)
    if len(rows):
        _, first = np.unique(np.stack([sequence[rows], numbers[rows]]), axis=1, return_index=True)
        found[rows[first]] = True
    return found


def titled_sequences(ds: Dataset, apply: bool) -> Found:
    """Give sequences without a name their id as one."""
    names = [ds._sequences.value("name", row) for row in range(len(ds._sequences))]
    wanting = [row for row, name in enumerate(names) if name is MISSING or not str(name)]
    if not wanting:
        return ds, []
    for row in wanting:
        names[row] = title_of(ds, row)
    told = "a sequence without name is called by its id"
    issue = at_all("derived", "sequence.name", told, [names[row] for row in wanting])
    return ds._with(sequences=ds._sequences.replace({"name": Text.of(map(str, names))})), [issue]


def title_of(ds: Dataset, row: int) -> str:
    """Return the name of a sequence, else its id."""
    for field in ("name", "id"):
        value = ds._sequences.value(field, row)
        if value is not MISSING and str(value):
            return str(value)
    return "video"


def told_apart(names: Sequence[str]) -> list[str]:
    """Return names that are all different: later ones get a number."""
    found: dict[str, None] = {}
    for title in names:
        name, number = title, 2
        while name in found:
            name, number = f"{title}_{number}", number + 1
        found[name] = None
    return list(found)
