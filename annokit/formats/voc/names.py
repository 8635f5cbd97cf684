"""Names of items, and where their files lie.

An annotation is known by its XML file: splits, masks and pictures are found by its path without extension. The element
``filename`` adds the extension; where it names another file, the XML's own name counts and the element is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from annokit.codecs.names import safe_names
from annokit.formats.voc.values import trimmed
from annokit.media.find import scan
from annokit.model.media import STILL

if TYPE_CHECKING:
    from annokit.codecs.source import Source

_FOLDER = re.compile(r"^(.*?)(?:^|(?<=/))annotations/", re.IGNORECASE)
_EXTENSION = re.compile(r"(?<=.)\.[A-Za-z][A-Za-z0-9]{0,7}\Z", re.DOTALL)
_PICTURES = re.compile(r"^(.*?)(?:^|(?<=/))(?:JPEGImages|images|items)/", re.IGNORECASE)
_PNGS = ("segmentationobject/", "segmentationclass/", "segmentation_class/")


def stem(name: str) -> str:
    """Return a path without its extension."""
    return _EXTENSION.sub("", name)


def keys_of(files: Sequence[str]) -> tuple[list[str], str]:
    """Return the path of each XML file without its extension, as seen from the folder of annotations.

    What stands before that folder does not count where it is the same for all; it is returned as well.
    """
    found = [_FOLDER.match(file) for file in files]
    above = {match[1] for match in found if match is not None}
    shared = above.pop() if len(above) == 1 and all(found) else ""
    keys = []
    for file, match in zip(files, found, strict=True):
        inner = file if match is None else match[1] + file[match.end() :]
        keys.append(stem(inner[len(shared) :]))
    return keys, shared


def xml_files(names: Sequence[str], folder: str) -> list[str]:
    """Return the XML file of each item; which one an item gets does not depend on the items' order.

    Items of one name get files in ascending order.
    """
    order = sorted(range(len(names)), key=names.__getitem__)
    made = safe_names([f"{folder}{names[row]}" for row in order], suffix=".xml").files
    found = [""] * len(names)
    for _, alike in groupby(zip(order, made, strict=True), key=lambda pair: names[pair[0]]):
        pairs = list(alike)
        for (row, _), file in zip(pairs, sorted(file for _, file in pairs), strict=True):
            found[row] = file
    return found


def item_name(key: str, filename: str, alone: bool) -> str:
    """Return the name of an item.

    Parameters
    ----------
    key : str
        Path of the XML file without its extension.
    filename : str
        The element ``filename``, empty where there is none.
    alone : bool
        Whether the file holds no other annotation.
    """
    folder, slash, part = key.rpartition("/")
    named = trimmed(filename).replace("\\", "/").rpartition("/")[2]
    if not alone:
        return folder + slash + (named or part)
    if stem(named) == part:
        return folder + slash + named
    ending = _EXTENSION.search(named)
    return key + (ending[0] if ending else "")


class PictureIndex:
    """Pictures by their path without extension.

    Parameters
    ----------
    source : Source
        The tree; pictures in it count where they lie beside the annotations or in a folder of pictures.
    folders : sequence of Path
        The caller's folders.
    shared : str
        What :func:`keys_of` returned.
    """

    def __init__(self, source: Source, folders: Sequence[Path], shared: str) -> None:
        self._names: dict[str, list[str]] = {}
        self._last: dict[str, list[str]] = {}
        self._inside: dict[str, str] = {}
        self._source = source
        for folder in folders:
            self._add(sorted(name for name, _ in scan(str(folder)) if name.lower().endswith(STILL)))
        if source.kind != "file":
            self._add_own(shared)

    def _add(self, names: Iterable[str]) -> None:
        for name in names:
            found = self._names.setdefault(stem(name), [])
            if name not in found:
                found.append(name)
                self._last.setdefault(stem(name).rpartition("/")[2], []).append(name)

    def _add_own(self, shared: str) -> None:
        for file in self._source.names():
            if not file.lower().endswith(STILL) or any(folder in file.lower() for folder in _PNGS):
                continue
            match = _PICTURES.match(file) or _FOLDER.match(file)
            name = file if match is None else match[1].removeprefix(shared) + file[match.end() :]
            self._inside.setdefault(name, file)
            self._add([name])

    def name(self, key: str, stated: str) -> str | None:
        """Return the picture of an annotation by the key of its XML; of several that with its stated name."""
        found = self._names.get(key) or self._last.get(key.rpartition("/")[2], [])
        if len(found) > 1 and stated in found:
            return stated
        return found[0] if len(found) == 1 else None

    def file(self, name: str, stated: str = "") -> str | None:
        """Return the file of a picture in the source: by its name, else by what the element ``filename`` says."""
        part = trimmed(stated).replace("\\", "/").rpartition("/")[2]
        folder, slash, _ = name.rpartition("/")
        tried = (name, folder + slash + part, part)
        return next((self._inside[each] for each in tried if each in self._inside), None)
