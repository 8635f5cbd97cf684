"""Splits: lists of annotations in ``ImageSets``."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from annokit.formats.voc.names import stem
from annokit.report import Issue

if TYPE_CHECKING:
    from annokit.codecs.source import Source

SETS = "ImageSets/Main/"
"""Folder of the lists."""

MASKED = "ImageSets/Segmentation/"
"""Folder of the lists of what has PNGs of segmentation."""

_LIST = re.compile(r"^(?P<above>.*?)(?:^|(?<=/))ImageSets/(?P<kind>[^/]+)/(?P<split>[^/]+)\.txt$", re.IGNORECASE)
_SAFE = re.compile(r"[\w][\w.-]{0,99}")
_WORDS = {"train": "train", "valid": "val", "val": "val", "validation": "val", "test": "test"}
_WHOLE = {"trainval": ("train", "val")}


def is_split(name: str) -> bool:
    """Tell whether a split's name can be that of a file."""
    return _SAFE.fullmatch(name) is not None and not name.endswith(".")


def read_splits(source: Source, keys: Collection[str], shared: str) -> tuple[dict[str, str], list[Issue]]:
    """Return the split of each annotation by its key, and what to tell; `shared` stands before all folders.

    Lists of ``Main`` count first, then ``Segmentation``, then the others. A list of one class, whose rows end with a
    flag, is no split; ``trainval`` is one only for what is in neither of its parts.
    """
    found: dict[str, list[str]] = {}
    unknown: list[str] = []
    for name, split, above in _lists(source):
        prefix = above.removeprefix(shared)
        for key in _members(source.read_text(name), prefix, keys, unknown):
            splits = found.setdefault(key, [])
            if split not in splits:
                splits.append(split)
    chosen: dict[str, str] = {}
    several: list[str] = []
    for key, splits in found.items():
        own = [s for s in splits if not any(part in splits for part in _WHOLE.get(s, ()))]
        if len(own) == 1:
            chosen[key] = own[0]
        else:
            several.append(f"{key}: {', '.join(own)}")
    return chosen, [*_told("several lists name it, so that it has no split", several, "warning"), *_unknown(unknown)]


def folder_splits(keys: Sequence[str]) -> tuple[dict[str, str], list[Issue]]:
    """Return the split that a folder of its own tells of each annotation, where all lie in such folders."""
    found = {key: _WORDS.get(key.partition("/")[0].lower(), "") for key in keys if "/" in key}
    if not keys or len(found) < len(set(keys)) or not all(found.values()):
        return {}, []
    told = "folders are called train, valid or test, and were taken for splits"
    return found, [Issue("assumed", "info", told, len(found), field="split", fate="kept")]


def _lists(source: Source) -> list[tuple[str, str, str]]:
    """Return (file, split, what stands above its folder) of the lists that count."""
    matches = [(name, match) for name in source.names() if (match := _LIST.match(name)) is not None]
    for wanted in ("main", "segmentation", None):
        lists = [(name, m["split"], m["above"]) for name, m in matches if wanted is None or m["kind"].lower() == wanted]
        if lists:
            return lists
    return []


def _members(text: str, prefix: str, keys: Collection[str], unknown: list[str]) -> Sequence[str]:
    """Return the keys of a list; nothing where it is the list of a class."""
    members, flagged, others = [], 0, []
    for stated in re.split(r"\r\n|\r|\n", text):
        line = stated if stated in keys else stated.strip()
        if not line:
            continue
        key = next((k for k in (line, prefix + line, stem(line), prefix + stem(line)) if k in keys), line)
        if key in keys:
            members.append(key)
        elif line.rsplit(None, 1)[-1] in ("1", "0", "-1") and len(line.split()) > 1:
            flagged += 1
        else:
            others.append(line)
    if flagged and not members:
        return ()
    unknown += others
    return members


def _told(message: str, examples: list[str], severity: str) -> list[Issue]:
    if not examples:
        return []
    return [Issue("assumed", severity, message, len(examples), tuple(examples[:5]), field="split", fate="kept")]


def _unknown(names: list[str]) -> list[Issue]:
    if not names:
        return []
    told = "lists of ImageSets name what has no annotation; it did not become an item"
    return [Issue("skipped-record", "info", told, len(names), tuple(names[:5]), field="split", fate="skipped")]
