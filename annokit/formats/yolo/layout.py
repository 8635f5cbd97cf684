"""Where the files of a tree lie: pictures, label files, splits.

========  ===============================  =====================================  ==================================
layout    picture                          label file                             splits
========  ===============================  =====================================  ==================================
tree      ``images/[split/]name``          ``labels/[split/]stem.txt``            keys of ``data.yaml``
darknet   ``obj_[split_]data/name``        beside the picture                     list files that ``obj.data`` names
flat      ``images/name``                  ``[folder/]stem.txt``                  none
keras     ``images/name``                  lines of one file                      none
classes   ``[split/]class/name``           none, the folder is the label          ``train``, ``val``, ``test``
========  ===============================  =====================================  ==================================

Whatever the layout, a tree that annokit writes holds :data:`LIST`, the pictures in the order of the dataset, so that
they come back in that order and with their extensions also where the pictures themselves are not there. A name that had
to be changed is undone by :mod:`annokit.codecs.names`.
"""

from __future__ import annotations

import re

LIST = "annokit-images.lst"
"""First line ``# annokit yolo:dialect``, then a picture's path a line, as it lies or would lie in the tree."""

HEAD = "# annokit yolo:"

IMAGE_SUFFIXES = (
    ".jpg", ".jpeg", ".jpe", ".png", ".bmp", ".dib", ".tif", ".tiff", ".webp", ".gif", ".dng", ".mpo", ".pfm", ".heic",
    ".avif", ".jp2", ".ppm", ".pgm",
)  # fmt: skip
"""Endings of pictures."""

CANONICAL = {
    "train": "train", "training": "train",
    "val": "val", "valid": "val", "validation": "val",
    "test": "test", "testing": "test",
}  # fmt: skip
"""The words for the three splits that everybody knows."""

_LAST_IMAGES = re.compile(r"(.*/|^)images/")
_LAST_LABELS = re.compile(r"(.*/|^)labels/")
_IMAGES = re.compile(r"(^|.*/)images/")
_LABELS = re.compile(r"(^|.*/)labels/")
_EXTENSION = re.compile(r"(?<=[^/])\.(?!txt\Z)[A-Za-z][A-Za-z0-9]{0,7}\Z")
_DARKNET = re.compile(r"obj_(?:([^/]*)_)?data/")


def split_word(word: str) -> str:
    """Return ``train``, ``val`` or ``test`` for a word that means one of them, else the word."""
    return CANONICAL.get(word.lower(), word)


def without_extension(image: str) -> str:
    """Return a picture's path without its extension: up to eight letters and digits, letter first, but not ``txt``."""
    return _EXTENSION.sub("", image)


def label_file(image: str) -> str:
    """Return the label file of a picture: the last folder ``images`` becomes ``labels``, the extension ``.txt``."""
    stem = without_extension(image)
    if stem.startswith("images/") and "/images/" not in stem:
        return f"labels/{stem[7:]}.txt"
    return _LAST_IMAGES.sub(r"\1labels/", stem, count=1) + ".txt"


def image_stem(label: str) -> str:
    """Return the picture of a label file without its extension, the other way round."""
    return _LAST_LABELS.sub(r"\1images/", label.removesuffix(".txt"), count=1)


def listed(text: str) -> list[str]:
    """Return the pictures that a list of annokit's names; none where the text is no such list."""
    lines = text.splitlines()
    return [line for line in lines[1:] if line] if lines and lines[0].startswith(HEAD) else []


def is_image(name: str) -> bool:
    """Tell whether a name is that of a picture."""
    return name.lower().endswith(IMAGE_SUFFIXES)


def item_name(path: str, split: str | None) -> str:
    """Return the name of a picture: its path below ``images/`` and below the folder that is called like its split.

    Where there is no ``images/``, ``labels/`` and Darknet's ``obj_train_data/`` count as such; else it is the path.
    """
    match = _DARKNET.match(path)
    if match is not None:
        return path[match.end() :]
    match = _IMAGES.match(path) or _LABELS.match(path)
    rest = path if match is None else path[match.end() :]
    first, slash, tail = rest.partition("/")
    return tail if slash and split is not None and split_word(first) == split else rest


def split_of_folder(path: str) -> str | None:
    """Return the well-known split that a folder beside ``images`` or ``labels`` names, None where there is none."""
    parts = path.split("/")[:-1]
    places = [place for place, part in enumerate(parts) if part in ("images", "labels")]
    for place in places[-1:]:
        for beside in (place + 1, place - 1):
            if 0 <= beside < len(parts) and parts[beside].lower() in CANONICAL:
                return split_word(parts[beside])
    return None
