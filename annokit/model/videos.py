"""What the files of videos say of the frames that lie in them: how large they are, and how many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.columns.base import Array
from annokit.errors import MediaError, MissingExtraError
from annokit.media.video import frame_count, video_size
from annokit.model.schema import ITEM_KINDS
from annokit.model.tracks import NO_FRAME, item_frames
from annokit.report import Issue, Places

if TYPE_CHECKING:
    from pathlib import Path

    from annokit.media.find import Ambiguous, MediaIndex
    from annokit.model.dataset import Dataset

ENDINGS = (
    ".mp4", ".mov", ".m4v", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".ts", ".mts", ".m2ts", ".wmv", ".flv", ".ogv",
    ".3gp", ".mxf",
)  # fmt: skip
"""Endings of files that hold videos."""

FILMED = tuple(ITEM_KINDS.index(kind) for kind in ("frame", "video"))


class Films:
    """Finds videos, each once."""

    def __init__(self, index: MediaIndex) -> None:
        self._index = index
        self._known: dict[str, Path | Ambiguous | None] = {}

    def of(self, name: str) -> Path | Ambiguous | None:
        """Return the video of a frame called ``<video>#<number>``."""
        video, mark, number = name.rpartition("#")
        return self.film(video) if mark and number.isdigit() else None

    def film(self, name: str) -> Path | Ambiguous | None:
        """Return the file called so, or so with the ending of a video."""
        if name not in self._known:
            hits = (self._index.find(f"{name}{ending}") for ending in ("", *ENDINGS))
            self._known[name] = next((hit for hit in hits if hit is not None), None)
        return self._known[name]


def filmed(ds: Dataset, rows: Array, paths: Sequence[str | None]) -> tuple[Array, list[Issue]]:
    """Return the sizes that videos state, and what is wrong with them.

    Parameters
    ----------
    ds : Dataset
        Its items may be frames.
    rows : (k,) int64 array
        Items whose file was found.
    paths : sequence of str or None
        The file of every item.

    Returns
    -------
    sizes : (n, 2) int64 array
        Width and height of every item, -1 where no video states it, as it is without the extra ``video``.
    issues : list of Issue
        ``bad-media`` for videos that can't be read, ``missing-media`` for frames beyond the end.
    """
    sizes = np.full((len(ds), 2), -1, np.int64)
    files: dict[str, list[int]] = {}
    for row in rows[np.isin(ds._items.array("kind")[rows], FILMED)].tolist():
        path = paths[row]
        if path is not None and path.lower().endswith(ENDINGS):
            files.setdefault(path, []).append(row)
    frames = item_frames(ds)
    unknown: Array = np.any(ds._items.array("size") <= 0, axis=1)
    bad: list[tuple[str | None, int | None, str]] = []
    beyond: list[tuple[str | None, int | None, str]] = []
    for path, mine in files.items():
        try:
            count, size = frame_count(path), video_size(path) if unknown[mine].any() else (-1, -1)
        except MissingExtraError:
            break
        except MediaError as error:
            bad += [(ds.names[row], None, str(error)) for row in mine]
            continue
        sizes[mine] = size
        outside = [row for row in mine if count is not None and _outside(int(frames[row]), count)]
        beyond += [(ds.names[row], None, f"{path}: frames run from 0 to {(count or 0) - 1}") for row in outside]
    return sizes, [*_issue("bad-media", "a video can't be read", bad, "invalid"),
                   *_issue("missing-media", "a frame lies beyond the end of its video", beyond, "missing")]  # fmt: skip


def _outside(frame: int, count: int) -> bool:
    return frame != NO_FRAME and not 0 <= frame < count


def _issue(code: str, message: str, places: list[Any], fate: str) -> list[Issue]:
    return [Issue.at(code, "warning", message, Places.of(places), field="path", fate=fate)] if places else []
