"""The marks of a COCO file, seen in its first bytes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, BinaryIO

from annokit.codecs.json_head import keys_of
from annokit.errors import AnnokitError
from annokit.formats.coco.dialect import DIALECTS, OFFICIAL, PANOPTIC, Dialect

if TYPE_CHECKING:
    from annokit.codecs.source import Source
    from annokit.formats.detect import Probe

LOOK = 320
"""Bytes of a value that are looked at."""

FILES = 5
"""Files of a tree that are looked at."""

VIDEO = frozenset(("images", "categories"))
"""Keys of the document of a video."""

NUMBERED = "images that are called after the frame that their id numbers"

LIST = b'"annotations"'
FAR = 1 << 28
STEP = 1 << 20
RECORD = 1 << 16
"""How the list of annotations is found: its key, within how many bytes, read at once, and bytes of its first record."""


def records_of(head: bytes) -> dict[str, frozenset[str]]:
    """Return the keys of the first record of each list that stands in the first bytes of a document.

    An empty list has a record without keys; the list of a document that is one itself is called ``""``.
    """
    if head[:1] == b"[":
        return {"": frozenset(keys_of(head, 2))}
    found = {}
    for key, offset in keys_of(head).items():
        rest = head[offset:].lstrip()
        if rest[:1] == b"[":
            found[key] = frozenset(keys_of(rest, 2)) if rest[1:].lstrip()[:1] == b"{" else frozenset()
    return found


def own_file(name: str) -> bool:
    """Tell whether a file in a tree is one that annokit added for itself."""
    return name.rpartition("/")[2].startswith(("annokit-", ".annokit"))


def detect(probe: Probe) -> Mapping[str, str]:
    """Recognise a COCO file by its lists, or a results list by the keys of its first record."""
    names = [name for name in probe.ending(".json") if not own_file(name)]
    videos = _videos(probe, names)
    if videos or len(names) > 1:
        return videos
    head = probe.json_head(names[0] if names else None)
    lists = records_of(head) if head else {}
    values = first_values(head) if head else {}
    about = info_of(head)
    fits = {
        name: reason
        for name, dialect in DIALECTS.items()
        if _about(dialect, about) and (reason := _reason(dialect, lists, values))
    }
    if fits and names and "annotations" not in lists:
        fits |= {key: reason for key, dialect in DIALECTS.items() if (reason := _behind(dialect, probe, names[0]))}
    return dict(list(fits.items())[-1:])


def _videos(probe: Probe, names: Sequence[str]) -> Mapping[str, str]:
    """Recognise a file for every video by what all of them have: an `info` as the platform's, images that are frames.

    A single file, and files of several folders, are so only where their first images are called after their numbers.
    """
    found = {}
    for name, dialect in DIALECTS.items():
        heads = [probe.json_head(file) for file in names[:FILES]] if dialect.framed else []
        fits = [_about(dialect, info_of(head)) and keys_of(head).keys() >= VIDEO for head in heads]
        together = len(names) > 1 and len({file.rpartition("/")[0] for file in names}) == 1
        if fits and all(fits) and (together or all(map(_numbered, heads))):
            found[name] = f"{len(names)} JSON files with {' and '.join(sorted(VIDEO))}" if len(names) > 1 else NUMBERED
    return found


def _numbered(head: bytes) -> bool:
    """Tell whether the first image is called ``<video>#<number>`` and its id is that number."""
    values = first_values(head)
    number = re.match(rb"\s*(\d+)\s*[,}]", values.get(("images", "id"), b""))
    name = re.match(rb'\s*"(?:[^"\\]|\\.)*#(\d+)"', values.get(("images", "file_name"), b""))
    return number is not None and name is not None and number.group(1) == name.group(1)


def info_of(head: bytes) -> frozenset[str]:
    """Return the keys of the document's `info`."""
    offset = keys_of(head).get("info") if head[:1] == b"{" else None
    rest = b"" if offset is None else head[offset:].lstrip()
    return frozenset(keys_of(rest)) if rest[:1] == b"{" else frozenset()


def _about(dialect: Dialect, info: frozenset[str]) -> bool:
    """Tell whether `info` is as the dialect has it."""
    return not dialect.info or (dialect.info <= info and not info & OFFICIAL)


def _behind(dialect: Dialect, probe: Probe, name: str) -> str | None:
    """Return by which mark of annotations that begin behind the head a file is of a dialect, None where it isn't."""
    if not dialect.together:
        return None
    try:
        with probe.open(name) as file:
            return _reason(dialect, {"annotations": first_annotation(file)}, {})
    except (AnnokitError, OSError):
        return None


def holds_segments(source: Source, name: str) -> bool:
    """Tell whether the annotations of a document are records of segments."""
    with source.open(name) as file:
        found = first_annotation(file)
    return any(wanted <= found for name, wanted in PANOPTIC.marks if name == "annotations")


def first_annotation(file: BinaryIO) -> frozenset[str]:
    """Return the keys of the first annotation of a document; none where it does not begin within :data:`FAR` bytes."""
    kept, seen = b"", 0
    while seen < FAR:
        text = file.read(STEP)
        if not text:
            return frozenset()
        seen += len(text)
        kept += text
        start = kept.find(LIST)
        while start >= 0:
            rest = kept[start + len(LIST) : start + len(LIST) + RECORD].lstrip(b" :\t\r\n")
            if rest[:1] == b"[":
                return frozenset(keys_of(rest + file.read(RECORD), 2))
            start = kept.find(LIST, start + 1)
        kept = kept[-len(LIST) - 1 :]
    return frozenset()


def first_values(head: bytes) -> dict[tuple[str, str], bytes]:
    """Return what follows each key of the first record of each list, by list and key."""
    found = {}
    for name, offset in keys_of(head).items() if head[:1] == b"{" else ():
        rest = head[offset:].lstrip()
        if rest[:1] == b"[" and rest[1:].lstrip()[:1] == b"{":
            found.update({(name, key): rest[start : start + LOOK] for key, start in keys_of(rest, 2).items()})
    return found


def _reason(
    dialect: Dialect, lists: Mapping[str, frozenset[str]], values: Mapping[tuple[str, str], bytes]
) -> str | None:
    """Return by which mark a document is of a dialect, None where it is not."""
    for name, wanted in dialect.marks:
        if wanted <= lists.get(name, frozenset()):
            return f"{f'a list of {name}' if name else 'a list of results'} with {', '.join(sorted(wanted))}"
    for name, key, form in dialect.values:
        if form.match(values.get((name, key), b"")):
            return f"a list of {name} with a {key} as Dataloop writes it"
    for names in dialect.empty:
        if names <= lists.keys():
            return f"lists of {' and '.join(sorted(names))}"
    return None
