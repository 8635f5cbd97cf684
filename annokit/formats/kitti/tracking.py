"""Lines of the tracking benchmark: the number of a frame and of a track stand before the class.

::

    0 2 Car 0 0 -1.79 296.74 161.75 455.22 292.37 2.00 1.82 4.43 -4.55 1.85 13.41 -2.11
    0 -1 DontCare -1 -1 -10 219.31 188.49 245.50 218.56 -1000 -1000 -1000 -10 -1 -1 -1

A file is a video, and every line of it begins so; frames without objects are not stated.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import attrs
import numpy as np

from annokit.columns.base import Array
from annokit.formats.kitti.layout import IMAGES, Entry, place_of, without_extension
from annokit.formats.kitti.rows import RawRows

if TYPE_CHECKING:
    from annokit.codecs.source import Source

_HEAD = re.compile(rb"([0-9]{1,9})[ \t]+(-1|[0-9]{1,9})[ \t]+(\S.*)")


@attrs.frozen(eq=False)
class Tracked:
    """The rows of one or more files of the tracking benchmark."""

    rows: RawRows
    """With the class alone as the name."""

    numbers: Array
    """(n, 2) int64: frame and track of each row; -1 is no track."""


def tracked(rows: RawRows, files: Array) -> Tracked | None:
    """Return rows of the tracking benchmark, None where some file holds another line."""
    if not len(files) or _HEAD.fullmatch(rows.names[0]) is None:
        return None
    found = [_HEAD.fullmatch(name) for name in rows.names]
    heads = [match.groups() for match in found if match is not None]
    if len(heads) < len(found):
        return None
    numbers = np.array([(int(frame), int(track)) for frame, track, _ in heads], np.int64).reshape(-1, 2)
    return Tracked(attrs.evolve(rows, names=[name for _, _, name in heads]), numbers)


def frames_of(files: Array, frames: Array) -> tuple[Array, Array]:
    """Return (k, 2) file and frame of each item, sorted, and the item of each row."""
    pairs, item = np.unique(np.stack([files, frames], axis=1), axis=0, return_inverse=True)
    return pairs, item.reshape(-1)


def without_markers(rows: RawRows, labels: Array) -> RawRows:
    """Return rows whose regions to ignore state nothing of the world: their markers stand in another order here."""
    values = rows.values.copy()
    values[labels < 0, 7:14] = UNKNOWN_WORLD
    return attrs.evolve(rows, values=values)


UNKNOWN_WORLD = np.array([-1, -1, -1, -1000, -1000, -1000, -10], np.float64)


def pictures_of(source: Source, entries: Sequence[Entry]) -> dict[str, str]:
    """Return the paths of pictures by ``<video>/<frame>``, of a folder."""
    if source.kind != "folder":
        return {}
    found = {}
    for entry in entries:
        if entry.image is not None and entry.label is None:
            place, last = place_of(entry.image, IMAGES)
            found[place.below + without_extension(last)] = f"{source.label}/{entry.image}"
    return found
