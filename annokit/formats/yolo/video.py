"""Label files of whole videos, as Dataloop writes them: ``frame object class`` before the numbers of each row."""

from __future__ import annotations

import attrs
import numpy as np

from annokit.columns import Fixed, Sparse
from annokit.columns.base import Array
from annokit.formats.yolo.rows import RawRows
from annokit.formats.yolo.trees import Entry
from annokit.geometry.ragged import offsets_of
from annokit.report import Issue

LEAST = 7
"""Numbers of the shortest row: frame, object, class and a box."""


@attrs.frozen(eq=False)
class Frames:
    """Rows and pictures in which each frame of a video is a picture of its own."""

    rows: RawRows
    """The rows, without frame and object."""

    entries: list[Entry]
    """The pictures; a frame is called ``<video>#<frame>``."""

    unread: Array
    """(e,) bool: which pictures' label files could not be read."""

    tracks: Array
    """(n,) int64: the object of each row, -1 where the file is not of a video."""

    videos: tuple[str, ...] = ()
    """Names of the videos."""

    issues: tuple[Issue, ...] = ()
    """What had to be assumed."""


def split_frames(rows: RawRows, entries: list[Entry], unread: Array) -> Frames:
    """Return the pictures of a tree, with a picture for each labelled frame of the files that are of videos.

    A file is of a video where every row begins with three integers and is long enough for a box behind them.
    """
    lengths = rows.lengths
    fits = lengths >= LEAST
    start = rows.offsets[:-1][fits]
    fits[fits] = rows.whole[start] & rows.whole[start + 1] & rows.whole[start + 2] & (rows.values[start + 1] >= 0)
    count = np.bincount(rows.files, minlength=len(entries))
    video = (np.bincount(rows.files, fits, minlength=len(entries)) == count) & (count > 0)
    if not video.any():
        return Frames(rows, entries, unread, np.full(len(lengths), -1))
    own = video[rows.files]
    first = rows.offsets[:-1][own]
    frames, tracks = np.full(len(lengths), -1), np.full(len(lengths), -1)
    frames[own], tracks[own] = rows.values[first].astype(np.int64), rows.values[first + 1].astype(np.int64)
    keep = np.ones(len(rows.values), bool)
    keep[first] = keep[first + 1] = False
    keys, files = np.unique(np.stack([rows.files, frames], axis=1), axis=0, return_inverse=True)
    told = "rows begin with three integers; they were taken for the frame, the object and the class of a video"
    issue = Issue("assumed", "info", told, int(video.sum()), tuple(entries[v].name for v in np.flatnonzero(video)[:5]))
    made, place, names = _frames(entries, keys, video)
    order = np.argsort(place[files.reshape(-1)], kind="stable")
    plain = RawRows(
        place[files.reshape(-1)],
        rows.lines,
        offsets_of(lengths - 2 * own),
        rows.values[keep],
        rows.whole[keep],
    ).take(order)
    lost = {id(entries[row]) for row in np.flatnonzero(unread)}
    missed = np.array([id(entry) in lost for entry in made], bool)
    return Frames(plain, made, missed, tracks[order], tuple(names), (issue,))


def _frames(entries: list[Entry], keys: Array, video: Array) -> tuple[list[Entry], Array, list[str]]:
    """Return the pictures, where each (file, frame) of `keys` is among them, and the names of the videos."""
    own: dict[int, list[tuple[int, int]]] = {}
    for row, (file, frame) in enumerate(keys.tolist()):
        own.setdefault(file, []).append((row, frame))
    made: list[Entry] = []
    names: list[str] = []
    place = np.zeros(len(keys), np.int64)
    for file, entry in enumerate(entries):
        if not video[file]:
            for row, _ in own.get(file, []):
                place[row] = len(made)
            made.append(entry)
            continue
        for row, frame in own[file]:
            place[row] = len(made)
            made.append(attrs.evolve(entry, name=f"{entry.name}#{frame}", image=None, frame=frame, video=len(names)))
        names.append(entry.name)
    return made, place, names


def tracks_of(tracks: Array) -> Sparse:
    """Return objects as a column, without those of rows that are of no video."""
    rows = np.flatnonzero(tracks >= 0)
    return Sparse(len(tracks), rows, None, Fixed(tracks[rows]))
