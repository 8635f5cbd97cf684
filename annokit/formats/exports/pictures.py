"""The pictures of an export: which go along, what they are called, which are not there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from annokit.codecs.names import safe_names
from annokit.columns import MISSING
from annokit.formats.exports.layout import Place
from annokit.formats.frames import framed
from annokit.report import Issue, Places

if TYPE_CHECKING:
    from annokit.formats.exports.parts import Part
    from annokit.model.dataset import Dataset


@attrs.frozen
class Picture:
    """A file that goes along."""

    file: str
    """Its name in the tree."""

    path: str
    """Where it lies on this machine."""


def pictures_of(
    ds: Dataset, parts: Sequence[Part], places: Sequence[Place]
) -> tuple[list[Picture], list[Place], list[Issue]]:
    """Return the pictures of all parts, the places that know what they are called, and what is not there.

    Parameters
    ----------
    ds : Dataset
        What is exported.
    parts : sequence of Part
        What it was cut into.
    places : sequence of Place
        One per part.
    """
    column = ds._items.get("path")
    paths: list[Any] = [MISSING] * len(ds) if column is None else column.to_list()
    folders: dict[str, list[int]] = {}
    for part, place in zip(parts, places, strict=True):
        if place.pictures:
            folders.setdefault(place.pictures, []).extend(part.items.tolist())
    rows = {folder: sorted(set(found)) for folder, found in folders.items()}
    lost = [row for found in rows.values() for row in found if paths[row] is MISSING]
    pictures: list[Picture] = []
    files: dict[str, dict[str, str]] = {}
    for folder, found in rows.items():
        own = [row for row in found if paths[row] is not MISSING]
        named = _named([ds.names[row] for row in own], [paths[row] for row in own])
        pictures += [Picture(f"{folder}/{file}", path) for file, path in named]
        files[folder] = _told([ds.names[row] for row in own], [paths[row] for row in own], dict(_flipped(named)))
    told = [attrs.evolve(place, files=files.get(place.pictures, {})) for place in places]
    return pictures, told, _missing(ds, lost)


def with_frames(parts: Sequence[Part], places: Sequence[Place]) -> list[Place]:
    """Return the places, those without a folder of pictures whose format puts frames of videos beside their labels.

    These are the parts in which every item is a numbered frame of a video with a picture of its own.
    """
    return [
        attrs.evolve(place, pictures="") if _all_frames(part.dataset) else place
        for part, place in zip(parts, places, strict=True)
    ]


def _all_frames(ds: Dataset) -> bool:
    column = ds._items.sparse("path")
    paths = [] if column is None else column.dense().to_list()
    return len(set(paths)) == len(ds) > 0 and bool(framed(ds).all())


def _named(names: Sequence[str], paths: Sequence[str]) -> list[tuple[str, str]]:
    """Return the file name and the path of each picture; one that items share, as frames do their video, once."""
    first = {path: row for row, path in reversed(list(enumerate(paths)))}
    shared = {path for row, path in enumerate(paths) if first[path] != row}
    rows = sorted(first.values())
    wanted = [_last(paths[row]) if paths[row] in shared else _whole(names[row], paths[row]) for row in rows]
    return list(zip(safe_names(wanted), [paths[row] for row in rows], strict=True))


def _whole(name: str, path: str) -> str:
    """Return an item's name with the ending of its file."""
    ending = "." + _last(path).rpartition(".")[2] if "." in _last(path) else ""
    return name if name.lower().endswith(ending.lower()) else name + ending


def _flipped(named: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    return ((path, file) for file, path in named)


def _told(names: Sequence[str], paths: Sequence[str], file_of: dict[str, str]) -> dict[str, str]:
    """Return the file by item name, where the name does not tell; an empty one where several items have the name."""
    found: dict[str, str] = {}
    seen: dict[str, str] = {}
    for name, path in zip(names, paths, strict=True):
        file = file_of[path]
        if seen.setdefault(name, path) != path:
            found[name] = ""
        elif file not in (name, name.rpartition("#")[0]):
            found[name] = file
    return found


def _missing(ds: Dataset, rows: Sequence[int]) -> list[Issue]:
    if not rows:
        return []
    places = Places(ds.names, np.array(rows, np.int64))
    told = "the picture does not lie on this machine and does not go along"
    return [Issue.at("missing-media", "warning", told, places, field="path", fate="missing")]


def _last(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[2]
