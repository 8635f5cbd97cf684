"""The words of an Innotescus JSON export."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

CLASSES, ANNOTATIONS, ITEMS = "classes.json", "annotations.json", "dataset_items.json"
ANNOTATION_FIELDS, ITEM_FIELDS = "annotation_metadata_definitions.json", "dataset_item_metadata_definitions.json"

FILES = (CLASSES, ANNOTATIONS, ANNOTATION_FIELDS, ITEMS, ITEM_FIELDS)
"""The five files of a data set, in the order of the platform's own description."""

NEEDED = (CLASSES, ANNOTATIONS, ITEMS)
"""Those that every export has; the other two are there where metadata are defined."""

MARKS: Mapping[str, tuple[bytes, ...]] = {
    ANNOTATIONS: (b'"dataset_item_index"',),
    ITEMS: (b'"num_frames"', b'"bits_per_channel"', b'"num_channels"'),
    ANNOTATION_FIELDS: (b'"helpText"', b'"trueText"'),
    ITEM_FIELDS: (b'"helpText"', b'"trueText"'),
    CLASSES: (b'"parent_id"',),
}
"""Keys that each file alone has."""

VIDEOS = (".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg", ".wmv")
"""Endings by which an item of unknown length is a video."""

SIDES = ("x", "y", "w", "h")

POINTS = ("objects", "pairs", "flat")
"""How a contour states its points: ``{"x", "y"}``, ``[x, y]``, or ``x, y, x, y``; the position is the code."""

ABSENT = "#absent"
"""Extra that lists the keys which a record lacks."""

Record = dict[str, Any]


@attrs.frozen(kw_only=True)
class Scope:
    """What one of the two files of definitions is about."""

    file: str
    name: str
    choice: str
    """How the file calls a choice out of options."""
    scopes: tuple[str, ...]
    """Scopes of the definitions that it states."""


SCOPES = (
    Scope(file=ANNOTATION_FIELDS, name="annotation", choice="Select", scopes=("annotation", "track")),
    Scope(file=ITEM_FIELDS, name="item", choice="List", scopes=("item", "sequence")),
)


def is_video(frames: Any, name: str, last: int) -> bool:
    """Tell whether an entry of the items is a video.

    Parameters
    ----------
    frames : int or anything
        ``num_frames``.
    name : str
        Its file name.
    last : int
        The highest frame index that an annotation states, -1 none.
    """
    several = type(frames) is int and frames > 1
    return several or last > 0 or (frames != 1 and name.lower().endswith(VIDEOS))


def differing(record: Mapping[str, Any], stated: Mapping[str, Any]) -> Record:
    """Return what a record says otherwise than the writer would: its own values by key, and the keys that it lacks."""
    if record == stated and record.keys() == stated.keys():
        return {}
    found = {key: value for key, value in record.items() if key not in stated or not equal(value, stated[key])}
    absent = [key for key in stated if key not in record]
    return {**found, ABSENT: absent} if absent else found


MADE_UP = ("name", "num_frames")
"""Keys whose value may be absent although the model states it."""


def restored(stated: Record, extras: Mapping[str, Any]) -> Record:
    """Return the record that :func:`differing` compared, from what the writer would state.

    A key that was absent comes with the value that it has got since.
    """
    if not extras:
        return stated
    absent = extras.get(ABSENT, ())
    found = {key: value for key, value in stated.items() if key not in absent or (value and key not in MADE_UP)}
    found.update((key, value) for key, value in extras.items() if not key.startswith("#"))
    return found


def equal(a: Any, b: Any) -> bool:
    """Tell whether two values are written alike: 1, 1.0 and True are three."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(equal(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(equal, a, b))
    return type(a) is type(b) and bool(a == b)


def keyed(extras: Mapping[str, Any]) -> Record:
    """Return extras under the format's own name."""
    return {f"innotescus/{key}": value for key, value in extras.items()}


def own(extras: Mapping[str, Any]) -> Record:
    """Return the format's own extras, without its name."""
    return {key.partition("/")[2]: value for key, value in extras.items() if key.startswith("innotescus/")}


def is_integer(value: Any) -> bool:
    """Tell whether a value is an integer that a column holds."""
    return type(value) is int and -(1 << 63) <= value < 1 << 63


def is_number(value: Any) -> bool:
    """Tell whether a value is a finite number that a column holds exactly."""
    return (type(value) is float and value - value == 0) or (type(value) is int and abs(value) <= 1 << 53)
