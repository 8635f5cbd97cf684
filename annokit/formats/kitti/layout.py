"""Where the files of a KITTI tree lie.

::

    training/label_2/000000.txt    training/image_2/000000.png    training/calib/000000.txt

The folder before ``label_2`` is the split where it is called like one (``training``, ``testing``, ``validation``).
Where no folder is called like one of labels, every label file counts, wherever it lies; its picture lies beside it or
below a folder of pictures. A tree that annokit writes also holds :data:`LIST`, the pictures in the order of the
dataset, and, where items have keys of their own, :data:`KEYS`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import attrs

from annokit.formats.kitti.rows import parse

if TYPE_CHECKING:
    from annokit.codecs.source import Source

LIST = "annokit-kitti.lst"
"""First line :data:`HEAD`, then a picture's path a line, as it lies or would lie in the tree."""

HEAD = "# annokit kitti"

KEYS = "annokit-kitti.json"
"""Keys of items that label files have no place for, by picture."""

LABELS = frozenset(("label_2", "label_3", "label_02", "label_03", "label", "labels"))
IMAGES = frozenset(("image_2", "image_3", "image_02", "image_03", "image", "images"))
CALIB = frozenset(("calib",))
OWN = frozenset(("image_2",))
TOPS = frozenset(("annotations", "datasets"))
"""Folders that only say what lies in them."""

SPLITS = {
    "training": "train", "train": "train",
    "testing": "test", "test": "test",
    "validation": "val", "val": "val", "valid": "val",
}  # fmt: skip
"""Split that a folder names."""

FOLDERS = {"train": "training/", "test": "testing/", "val": "validation/", None: ""}
"""Folder of a split."""

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".gif", ".ppm", ".pgm")

_EXTENSION = re.compile(r"(?<=[^/])\.(?!txt\Z)[A-Za-z][A-Za-z0-9]{0,7}\Z")
_OTHER = re.compile(
    r"(?:^|/)(?:annokit|readme|requirements|license|notes|classes\.txt|train\.txt|val\.txt|test\.txt|trainval\.txt)"
    r"|(?:^|/)(?:calib|velodyne|planes|oxts|ImageSets)/",
    re.IGNORECASE,
)


@attrs.frozen(eq=False)
class Entry:
    """One picture."""

    image: str | None
    """Its file in the source."""

    label: str | None
    """Its label file in the source."""

    calib: str | None
    """Its calibration file in the source."""

    split: str | None
    """The split it belongs to."""

    name: str
    """The item's name."""


class Place(NamedTuple):
    """What the folder of a file says."""

    top: str
    """The folders before that of labels or pictures, with a slash."""

    below: str
    """The folders below it, with a slash."""

    split: str | None
    """The split that the last folder of `top` names."""

    @property
    def prefix(self) -> str:
        """What the name of an item begins with."""
        return self.below if self.split is not None else self.top + self.below


def place_of(path: str, folders: frozenset[str]) -> tuple[Place, str]:
    """Return where a path lies, counted from the first of its folders that is among `folders`, and its last part."""
    folder, _, name = path.rpartition("/")
    return _place(folder, folders), name


@lru_cache(maxsize=1 << 16)
def _place(folder: str, folders: frozenset[str]) -> Place:
    parts = folder.split("/") if folder else []
    for at, part in enumerate(parts):
        if part in folders:
            return _made(parts[:at], parts[at + 1 :])
    if parts and parts[0] in TOPS:
        parts = parts[1:]
    own = 1 if parts and parts[0].lower() in SPLITS else 0
    return _made(parts[:own], parts[own:])


def _made(top: list[str], below: list[str]) -> Place:
    split = SPLITS.get(top[-1].lower()) if top else None
    return Place("".join(f"{part}/" for part in top), "".join(f"{part}/" for part in below), split)


def without_extension(path: str) -> str:
    """Return a picture's path without its extension: up to eight letters and digits, letter first, but not ``txt``."""
    return _EXTENSION.sub("", path)


def label_files(source: Source) -> list[str]:
    """Return the names of the label files of a tree."""
    texts = [name for name in source.names() if name.endswith(".txt") and not _OTHER.search(name)]
    if source.only is not None:
        return list(source.names())
    inside = [name for name in texts if not LABELS.isdisjoint(name.split("/")[:-1])]
    return inside or [name for name in texts if _alone(source, name)]


def _alone(source: Source, name: str) -> bool:
    """Tell whether a text that lies anywhere is a label file: none of its first lines is something else."""
    head = source.read(name, 1 << 12)
    lines = head.splitlines()[: -1 if len(head) == 1 << 12 else None][:5]
    return not lines or bool(parse(b"\n".join(lines)).names)


class Finder:
    """Pairs pictures, label files and calibration files.

    Parameters
    ----------
    source : Source
        The tree.
    originals : mapping of str to str
        Item names by picture, where annokit had to change them.
    """

    def __init__(self, source: Source, originals: Mapping[str, str]) -> None:
        self.source, self.originals = source, originals
        single = source.only is not None
        self.labels = label_files(source)
        found = [] if single else [n for n in source.names() if n.lower().endswith(IMAGE_SUFFIXES)]
        inside = [name for name in found if not IMAGES.isdisjoint(name.split("/")[:-1])]
        self.images = inside or found
        self.calib = {} if single else self._calibrations()

    def _calibrations(self) -> dict[str, str]:
        found = [n for n in self.source.names() if n.endswith(".txt") and "calib/" in n]
        places = [(place_of(name, CALIB), name) for name in found]
        return {place.top + place.below + last.removesuffix(".txt"): name for (place, last), name in places}

    def entries(self) -> list[Entry]:
        """Return the pictures: those that annokit listed in that order, then the others by name."""
        pairs = self._pairs()
        members = frozenset(self.images)
        taken: set[str | None] = set()
        found = []
        for path in self._listed():
            place, last = place_of(path, OWN)
            stem = place.below + without_extension(last)
            label = f"{place.top}label_2/{stem}.txt"
            if label in pairs:
                image: str | None = path if path in members else pairs[label]
                name = self.originals.get(path, place.below + last)
                found.append(Entry(image, label, self.calib.get(place.top + stem), place.split, name))
                taken |= {label, image}
        rest = [self._of_pair(label, image) for label, image in pairs.items() if label not in taken]
        labelled = {*pairs.values(), *taken}
        rest += [self._of_pair(None, image) for image in self.images if image not in labelled]
        return found + sorted(rest, key=lambda entry: (entry.name, entry.label or ""))

    def _listed(self) -> list[str]:
        if self.source.kind == "file" or LIST not in self.source:
            return []
        head, *lines = self.source.read_text(LIST).split("\n")
        return [line for line in lines if line] if head == HEAD else []

    def _pairs(self) -> dict[str, str | None]:
        """Return each label file and its picture: of the same path, else the only one of the same name."""
        by_path: dict[tuple[str | None, str], str] = {}
        by_name: dict[tuple[str | None, str], list[str]] = {}
        for image in self.images:
            place, last = place_of(image, IMAGES)
            stem = without_extension(last)
            by_path.setdefault((place.split, place.below + stem), image)
            by_name.setdefault((place.split, stem), []).append(image)
        found: dict[str, str | None] = dict.fromkeys(self.labels)
        for label in self.labels if by_path else ():
            place, last = place_of(label, LABELS)
            stem = last.removesuffix(".txt")
            same = by_name.get((place.split, stem), [])
            found[label] = by_path.get((place.split, place.below + stem), same[0] if len(same) == 1 else None)
        return found

    def _of_pair(self, label: str | None, image: str | None) -> Entry:
        place, last = place_of(str(label), LABELS) if image is None else place_of(image, IMAGES)
        name = last.removesuffix(".txt") if image is None else last
        stem = name if image is None else without_extension(name)
        calib = self.calib.get(place.top + place.below + stem) if self.calib else None
        return Entry(image, label, calib, place.split, self.originals.get(image or "", place.prefix + name))


def image_paths(names: Sequence[str], splits: Sequence[str | None]) -> tuple[list[str], list[str]]:
    """Return where the pictures and the label files of items lie: safe names, all different."""
    from annokit.codecs.names import safe_names

    tops = [FOLDERS[split] for split in splits]
    stems = [without_extension(name) for name in names]
    wanted = [f"{top}label_2/{stem}.txt" for top, stem in zip(tops, stems, strict=True)]
    labels = list(safe_names(wanted).files)
    images = []
    for label, name, stem, top in zip(labels, names, stems, tops, strict=True):
        rest = label.removeprefix(f"{top}label_2/").removesuffix(".txt")
        images.append(f"{top}image_2/{rest}{name[len(stem) :]}")
    return images, labels
