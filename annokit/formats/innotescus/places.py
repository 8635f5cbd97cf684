"""In what order the entries of each data set's items stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from annokit.columns import MISSING
from annokit.columns.base import Array
from annokit.formats.innotescus.classes import UNLISTED
from annokit.formats.innotescus.facts import is_integer
from annokit.model.schema import ITEM_KINDS

if TYPE_CHECKING:
    from annokit.columns import Table
    from annokit.model.dataset import Dataset

VIDEO, FRAME, IMAGE = (ITEM_KINDS.index(kind) for kind in ("video", "frame", "image"))
LAST = 1 << 62


@attrs.frozen
class Entry:
    """One image or video: an item's row, or a sequence's."""

    ident: int | None
    """Its id, None where it states none that a file can hold."""

    image: int | None
    """Row of the item."""

    sequence: int | None
    """Row of the sequence."""

    first: int = LAST
    """Row of its first item."""

    listed: bool = True
    """Whether the file lists it."""


def texts(table: Table, name: str) -> list[Any]:
    """Return a column's value per row, None where there is none."""
    column = table.get(name)
    values: list[Any] = [None] * len(table) if column is None else column.to_list()
    return [None if value is MISSING else value for value in values]


def entries(ds: Dataset) -> dict[str | None, list[Entry]]:
    """Return the entries of each data set in the order of the file: that of the items, then by ids."""
    found: dict[str | None, list[Entry]] = {}
    datasets, sequences = texts(ds._items, "dataset"), texts(ds._sequences, "dataset")
    for entry in _images(ds):
        found.setdefault(datasets[entry.first], []).append(entry)
    empty: list[Entry] = []
    for entry in _videos(ds):
        if entry.first == LAST:
            empty.append(entry)
        else:
            found.setdefault(datasets[entry.first], []).append(entry)
    for group in found.values():
        group.sort(key=lambda entry: (not entry.listed, entry.first))
    for entry in empty:
        _insert(found.setdefault(sequences[entry.sequence or 0], []), entry)
    return {name: found[name] for name in sorted(found, key=lambda name: name or "")}


def _images(ds: Dataset) -> list[Entry]:
    idents, unlisted = texts(ds._items, "id"), texts(ds._items, f"extras/innotescus/{UNLISTED}")
    rows = np.flatnonzero(ds._items.array("sequence") < 0).tolist()
    return [Entry(_ident(idents[row]), row, None, row, unlisted[row] is None) for row in rows]


def _videos(ds: Dataset) -> list[Entry]:
    idents, unlisted = texts(ds._sequences, "id"), texts(ds._sequences, f"extras/innotescus/{UNLISTED}")
    owner = ds._items.array("sequence")
    first = dict(zip(owner[::-1].tolist(), range(len(owner) - 1, -1, -1), strict=True))
    rows = range(len(ds._sequences))
    return [Entry(_ident(idents[row]), None, row, first.get(row, LAST), unlisted[row] is None) for row in rows]


def _ident(value: Any) -> int | None:
    return value if is_integer(value) else None


def _insert(group: list[Entry], entry: Entry) -> None:
    """Put a video without items behind the one before it, and behind images of lower ids."""
    place = 0
    for number, other in enumerate(group):
        if other.sequence is not None and entry.sequence is not None and other.sequence < entry.sequence:
            place = number + 1
    while place < len(group) and _precedes(group[place], entry):
        place += 1
    group.insert(place, entry)


def _precedes(other: Entry, entry: Entry) -> bool:
    if other.sequence is not None or not other.listed:
        return False
    return other.ident is None or entry.ident is None or other.ident < entry.ident


def item_order(ds: Dataset, listed: dict[str | None, list[Entry]]) -> Array:
    """Return the rows of all items as reading brings them: entry by entry, a whole video before its frames."""
    images, videos = np.zeros(len(ds), np.int64), np.zeros(len(ds._sequences) + 1, np.int64)
    for place, entry in enumerate(entry for group in listed.values() for entry in group):
        if entry.image is not None:
            images[entry.image] = place
        else:
            videos[entry.sequence] = place
    sequence = ds._items.array("sequence")
    places = np.where(sequence < 0, images, videos[sequence])
    return np.lexsort((frames(ds), places))


def sequence_order(listed: dict[str | None, list[Entry]]) -> list[int]:
    """Return the rows of all sequences as reading brings them."""
    return [entry.sequence for group in listed.values() for entry in group if entry.sequence is not None]


def frames(ds: Dataset) -> Array:
    """Return the frame number of each item, (n,) int64, -1 none."""
    found = np.full(len(ds), -1, np.int64)
    column = ds._items.sparse("frame")
    if column is not None:
        found[column.present()] = [v if is_integer(v) else -1 for v in column.values_of(column.present())]
    return found
