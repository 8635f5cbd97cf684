"""In what order the entries of each data set's items stand, and in which folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from annokit.columns import MISSING
from annokit.columns.base import Array
from annokit.formats.innotescus.facts import is_integer
from annokit.model.schema import ITEM_KINDS

if TYPE_CHECKING:
    from annokit.columns import Table
    from annokit.model.dataset import Dataset

VIDEO, FRAME, IMAGE = (ITEM_KINDS.index(kind) for kind in ("video", "frame", "image"))


@attrs.frozen
class Entry:
    """One image or video: an item's row, or a sequence's."""

    ident: Any
    """Its id, None where it states none that a file can hold."""

    image: int | None
    """Row of the item."""

    sequence: int | None
    """Row of the sequence."""


def texts(table: Table, name: str) -> list[Any]:
    """Return a column's value per row, None where there is none."""
    column = table.get(name)
    values: list[Any] = [None] * len(table) if column is None else column.to_list()
    return [None if value is MISSING else value for value in values]


def entries(ds: Dataset) -> dict[str | None, list[Entry]]:
    """Return the entries of each data set in the order of the file.

    Images keep their order, and so do videos; where both have ids, the lower one comes first.
    """
    images: dict[str | None, list[Entry]] = {}
    videos: dict[str | None, list[Entry]] = {}
    datasets, idents = texts(ds._items, "dataset"), texts(ds._items, "id")
    for row in np.flatnonzero(ds._items.array("sequence") < 0).tolist():
        images.setdefault(datasets[row], []).append(Entry(_ident(idents[row]), row, None))
    datasets, idents = texts(ds._sequences, "dataset"), texts(ds._sequences, "id")
    for row in range(len(ds._sequences)):
        videos.setdefault(datasets[row], []).append(Entry(_ident(idents[row]), None, row))
    names = sorted({*images, *videos}, key=lambda name: name or "")
    return {name: _merged(images.get(name, []), videos.get(name, [])) for name in names}


def _ident(value: Any) -> int | None:
    return value if is_integer(value) else None


def _merged(images: list[Entry], videos: list[Entry]) -> list[Entry]:
    if not images or not videos or any(entry.ident is None for entry in (*images, *videos)):
        return images + videos
    found, place = [], 0
    for image in images:
        while place < len(videos) and videos[place].ident < image.ident:
            found.append(videos[place])
            place += 1
        found.append(image)
    return found + videos[place:]


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


def frames(ds: Dataset) -> Array:
    """Return the frame number of each item, (n,) int64, -1 none."""
    found = np.full(len(ds), -1, np.int64)
    column = ds._items.sparse("frame")
    if column is not None:
        found[column.present()] = [v if is_integer(v) else -1 for v in column.values_of(column.present())]
    return found
