"""Which PNG belongs to which picture, told by the names of the files alone.

A PNG belongs to the picture whose name without extension it has, or begins with where it holds a single object. Known
pictures are those of the tree itself, those that a class map names, and those in the folders that the caller gives. A
name that fits two pictures fits none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from os.path import realpath
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from annokit.codecs.class_map import ClassBlock
from annokit.codecs.source import natural_key
from annokit.formats.masks.classes import Classes
from annokit.formats.masks.dialects import PREVIEWS, Dialect
from annokit.formats.masks.tree import MaskFile, Picture
from annokit.media.find import scan
from annokit.model.media import STILL

if TYPE_CHECKING:
    from annokit.codecs.source import Source

_BESIDE = re.compile(rf"(?:^|/)(?:{PREVIEWS}|frames/|images/|JPEGImages/)|^datasets/", re.IGNORECASE)
"""Folders whose PNGs are no masks."""

_TOPS = re.compile(r"^.*?(?:^|/)(?:images/|JPEGImages/|datasets/[^/]+/)", re.IGNORECASE)
"""What is no part of a picture's name."""

_ANNOTATIONS = re.compile(r"^annotations/", re.IGNORECASE)
_MASKS = re.compile(r"(?:^|(?<=/))masks/", re.IGNORECASE)
_FRAME = re.compile(r"(?:(?P<video>.+)/)?masks/(?P<frame>0|[1-9][0-9]{0,9})(?P<rest>[_-].+)?\.png", re.IGNORECASE)
_FRAME_OF = re.compile(r"masks/([0-9]+)(?:[_-].+)?\.png\Z", re.IGNORECASE)
_NUMBER = re.compile(r"(?P<name>.+?)(?:[_-](?P<number>[0-9]{1,15}))?", re.DOTALL)


def stem_of(name: str) -> str:
    """Return a path without the extension of its last part."""
    folder, slash, part = name.rpartition("/")
    stem, dot, _ = part.rpartition(".")
    return folder + slash + (stem if dot and stem else part)


@attrs.define
class Inference:
    """The pictures of a tree, and what could not be told."""

    pictures: list[Picture] = attrs.field(factory=list)
    ambiguous: list[tuple[str, str]] = attrs.field(factory=list)
    """(name of the picture, names that fit) of masks that fit several pictures."""

    unnamed: list[str] = attrs.field(factory=list)
    """Files whose name tells no picture or no class."""

    guessed: list[str] = attrs.field(factory=list)
    """Files whose class was taken from the name without knowing the pictures."""


class Known:
    """The pictures that are known, by their names without extension.

    Parameters
    ----------
    names : iterable of (str, path or None)
        Relative names, and where they lie on disk.
    """

    def __init__(self, names: Iterable[tuple[str, Path | None]]) -> None:
        self.paths: dict[str, Path | None] = {}
        for name, path in names:
            self.paths[name] = self.paths.get(name) or path

    @cached_property
    def _whole(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name in self.paths:
            found.setdefault(stem_of(name), []).append(name)
        return found

    @cached_property
    def _last(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name in self.paths:
            found.setdefault(stem_of(name).rpartition("/")[2], []).append(name)
        return found

    def find(self, stem: str) -> list[str]:
        """Return the names that fit a path without extension: whole paths, else last parts."""
        return self._whole.get(stem) or self._last.get(stem.rpartition("/")[2]) or []

    def beginning(self, stem: str) -> tuple[str, str] | None:
        """Return the longest known stem that a name begins with before ``_`` or ``-``, and the rest of the name."""
        folder, slash, part = stem.rpartition("/")
        for place in range(len(part) - 1, 0, -1):
            if part[place] in "_-" and self.find(folder + slash + part[:place]):
                return folder + slash + part[:place], part[place + 1 :]
        return None


def known_pictures(
    source: Source, folders: Sequence[Path], classes: Classes, masks: Iterable[str], colors: str
) -> Known:
    """Return the pictures that the tree, the caller's folders and the class maps name.

    Parameters
    ----------
    source : Source
        The tree.
    folders : sequence of Path
        The caller's folders.
    classes : Classes
        The class maps.
    masks : iterable of str
        Files that are masks, so no pictures.
    colors : str
        Folder of masks in colours, empty where there is none.
    """
    taken = set(masks)
    own = {realpath(path) for name in taken if (path := source.path(name)) is not None} if folders else set()
    names: list[tuple[str, Path | None]] = []
    for folder in folders:
        found = sorted((name, Path(path)) for name, path in scan(str(folder)) if name.lower().endswith(STILL))
        names += [(name, path) for name, path in found if realpath(path) not in own]
    for name in source.names():
        beside = name.lower().endswith(STILL) and name not in taken and not _is_mask_side(name, colors)
        if beside:
            names.append((_TOPS.sub("", name), source.path(name)))
    for above_map, blocks in classes.blocks.items():
        above = _above(above_map, classes.blocks)
        names += [(above + block.name, None) for block in blocks if block.name]
    return Known(names)


def _is_mask_side(name: str, colors: str) -> bool:
    if f"/{PREVIEWS}" in f"/{name}" or "/frames/" in f"/{name}" or _MASKS.search(name) is not None:
        return True
    return bool(colors) and f"/{colors}" in f"/{name}"


def mask_files(source: Source, dialect: Dialect) -> list[str]:
    """Return the PNGs that are masks in natural order: those of the dialect's folder, of folders ``masks``, or all."""
    if source.only is not None:
        return [source.only]
    names = [name for name in source.names() if name.lower().endswith(".png") and not _BESIDE.search(name)]
    if dialect.colors:
        names = [name for name in names if not name.startswith(dialect.colors)]
    for wanted in (dialect.folder, "" if dialect.frames else "masks/"):
        inside = [name for name in names if f"/{wanted}" in f"/{name}"] if wanted else []
        if inside:
            names = inside
            break
    return sorted(names, key=natural_key)


def infer(source: Source, folders: Sequence[Path], classes: Classes, dialect: Dialect) -> Inference:
    """Return the pictures of a tree without manifest."""
    files = mask_files(source, dialect)
    known = known_pictures(source, folders, classes, files, dialect.colors)
    found = Inference()
    by_name: dict[tuple[str | None, int | None, str], list[MaskFile]] = {}
    videos = _videos(source, classes) if dialect.frames else {}
    for file in files:
        placed = _frame_of(file, videos, dialect) or _picture_of(file, known, classes, dialect, found)
        if placed is not None:
            key, mask = placed
            by_name.setdefault(key, []).append(mask)
    frames = _frames(source) if videos else {}
    for (video, frame, name), masks in by_name.items():
        path = known.paths.get(name) if frame is None else frames.get(_FRAME_OF.sub(r"frames/\1", masks[0].file))
        found.pictures.append(Picture(name=name, masks=tuple(masks), video=video, frame=frame, path=path))
    if dialect.colors and not files:
        found.pictures += _colored(source, known, dialect, found)
    return found


def _frames(source: Source) -> dict[str, Path | None]:
    """Return the pictures of frames by their names without extension."""
    inside = [name for name in source.names() if "/frames/" in f"/{name}" and name.lower().endswith(STILL)]
    return {stem_of(name): source.path(name) for name in inside}


Key = tuple[str | None, int | None, str]


def _videos(source: Source, classes: Classes) -> dict[str, str]:
    """Return the names of videos by their folders: those with a folder of frames, or a block in a class map."""
    found = {
        name.rpartition("/frames/")[0]: name.rpartition("/frames/")[0] for name in source.names() if "/frames/" in name
    }
    for folder, blocks in classes.blocks.items():
        for block in blocks:
            if block.name:
                found[folder + block.name] = found[folder + stem_of(block.name)] = block.name
    return {folder: name.rpartition("/")[2] or name for folder, name in found.items()}


def _frame_of(file: str, videos: Mapping[str, str], dialect: Dialect) -> tuple[Key, MaskFile] | None:
    match = _FRAME.fullmatch(file)
    video = None if match is None else videos.get(match["video"] or "")
    if match is None or video is None or (match["rest"] is not None) != (dialect.content == "object"):
        return None
    number = int(match["frame"])
    mask = MaskFile(file)
    if match["rest"] is not None:
        mask = _numbered(file, match["rest"][1:], ())
    return (video, number, f"{video}#{number}"), mask


def _relative(file: str, dialect: Dialect) -> str:
    """Return the name of a mask as seen from the folder of masks."""
    if dialect.folder and file.startswith(dialect.folder):
        return file[len(dialect.folder) :]
    return _ANNOTATIONS.sub("", _MASKS.sub("", file, count=1))


def _picture_of(
    file: str, known: Known, classes: Classes, dialect: Dialect, found: Inference
) -> tuple[Key, MaskFile] | None:
    stem = stem_of(_relative(file, dialect))
    if dialect.content == "picture":
        return (None, None, _named(stem, known, found)), MaskFile(file)
    if dialect.content == "label" and "/" in stem:
        picture, _, label = stem.rpartition("/")
        return (None, None, _named(picture, known, found)), MaskFile(file, label)
    names = [label.name for label in classes.labels]
    begun = known.beginning(stem)
    if begun is not None:
        return (None, None, _named(begun[0], known, found)), _numbered(file, begun[1], names)
    split = _guessed(stem, names)
    if split is None:
        found.unnamed.append(file)
        return None
    found.guessed.append(file)
    return (None, None, _named(split[0], known, found)), _numbered(file, split[1], names)


def _named(stem: str, known: Known, found: Inference) -> str:
    names = known.find(stem)
    if len(names) == 1:
        return names[0]
    if names:
        found.ambiguous.append((f"{stem}.png", ", ".join(sorted(names))))
    return f"{stem}.png"


def _numbered(file: str, text: str, names: Sequence[str]) -> MaskFile:
    """Return the class and the number that the rest of a name tells; a class of that whole name comes first."""
    if text in names:
        return MaskFile(file, text)
    match = _NUMBER.fullmatch(text)
    if match is None or match["number"] is None or len(str(int(match["number"]))) != len(match["number"]):
        return MaskFile(file, text)
    return MaskFile(file, match["name"], int(match["number"]))


def _guessed(stem: str, names: Sequence[str]) -> tuple[str, str] | None:
    """Split a name whose picture is not known: before a known class, else before the last word that is no number."""
    folder, slash, part = stem.rpartition("/")
    for name in sorted(names, key=len, reverse=True):
        match = re.fullmatch(rf"(.+?)[_-]({re.escape(name)}(?:[_-][0-9]+)?)", part, re.DOTALL)
        if match:
            return folder + slash + match[1], match[2]
    match = re.fullmatch(r"(.+)[_-]([^_-]*[^_\-0-9][^_-]*(?:[_-][0-9]+)?)", part, re.DOTALL)
    return None if match is None else (folder + slash + match[1], match[2])


def _colored(source: Source, known: Known, dialect: Dialect, found: Inference) -> list[Picture]:
    """Return the pictures of which only one PNG in colours is there."""
    names = [name for name in source.find(".png") if f"/{dialect.colors}" in f"/{name}"]
    pictures = []
    for name in sorted(names, key=natural_key):
        stem = stem_of(name.partition(dialect.colors)[2])
        title = _named(stem, known, found)
        pictures.append(Picture(name=title, colors=name, path=known.paths.get(title)))
    return pictures


def _above(folder: str, blocks: Mapping[str, Sequence[ClassBlock]]) -> str:
    """Return what the names of a class map's pictures begin with, so that those of several class maps differ."""
    return _ANNOTATIONS.sub("", folder) if len(blocks) > 1 else ""


def block_of(picture: Picture, blocks: Mapping[str, Sequence[ClassBlock]]) -> Mapping[int, str] | None:
    """Return the classes that a ``classes.txt`` tells for a picture, None where none does.

    The nearest class map above the mask counts: its block of the picture's or video's name, of its name without
    extension, or its rows above all blocks.
    """
    for folder in sorted(blocks, key=len, reverse=True):
        if not picture.masks[0].file.startswith(folder):
            continue
        wanted = (picture.title or picture.video or picture.name).removeprefix(_above(folder, blocks))
        found = [b for b in blocks[folder] if b.name == wanted]
        found = found or [b for b in blocks[folder] if b.name is not None and stem_of(b.name) == stem_of(wanted)]
        found = found or [b for b in blocks[folder] if b.name is None]
        if found:
            return found[0].classes
    return None
