"""Plain values out of records that may hold anything, and what a writer can't tell of units and lists."""

from __future__ import annotations

from typing import Any

from annokit.formats.encord.facts import ITEM_KIND

Record = dict[str, Any]

LISTS = ("objects", "classifications")
"""What the labels of a picture or frame consist of."""


def is_single(record: Record) -> bool:
    """Tell whether a row is one medium with frames: its labels are keyed by frame."""
    if ITEM_KIND.get(str(record.get("data_type")).lower()) == "frame":
        return True
    for unit in record["data_units"].values():
        labels = unit.get("labels") if isinstance(unit, dict) else None
        if isinstance(labels, dict) and labels:
            return not ({"objects", "classifications"} & labels.keys()) and all(key.isdecimal() for key in labels)
    return False


def video_fields(record: Record, units: list[tuple[str, Any]]) -> Record:
    """Return what a row with frames states of its medium."""
    if not is_single(record) or not units or not isinstance(units[0][1], dict):
        return {}
    unit = units[0][1]
    fps = unit.get("data_fps")
    return {
        "uri": text_or_none(unit.get("data_link")),
        "fps": fps if type(fps) in (int, float) else None,
        "width": size(unit.get("width")),
        "height": size(unit.get("height")),
    }


def unit_extra(key: str, unit: Record) -> Record:
    """Return a data unit less its labels."""
    told = {k: v for k, v in unit.items() if k != "labels" or not isinstance(v, dict)}
    absent = {} if "labels" in unit else {"#absent": ["labels"]}
    return {**told, **absent, **({} if key == unit.get("data_hash") else {"#key": key})}


def labels_extras(labels: Record) -> Record:
    """Return what the writer can't tell of the lists of a unit or frame: missing ones, odd ones, deleted objects."""
    absent = [kind for kind in LISTS if kind not in labels]
    extras: Record = {"#without": absent} if absent else {}
    for kind in LISTS:
        if kind in labels and not isinstance(labels[kind], list):
            extras["#" + kind] = labels[kind]
    objects = labels.get("objects")
    gone = [
        [place, entry]
        for place, entry in enumerate(objects if isinstance(objects, list) else ())
        if isinstance(entry, dict) and entry.get("isDeleted") is True
    ]
    return {**extras, "#deleted": gone} if gone else extras


def told_of(entry: Record, branch: str) -> Record:
    """Return the fields that an object and a classification state alike."""
    manual, score = entry.get("manualAnnotation"), entry.get("confidence")
    return {
        "keyframe": manual if isinstance(manual, bool) else None,
        "score": score if type(score) in (int, float) else None,
        "created": text_or_none(entry.get("createdAt")),
        "author": text_or_none(entry.get("createdBy")),
        "updated": text_or_none(entry.get("lastEditedAt")),
        "layer": branch,
    }


def sequence_of(pair: tuple[str, Any]) -> tuple[int, str]:
    """Return the order of data units."""
    unit = pair[1]
    number = int_or_none(unit.get("data_sequence")) if isinstance(unit, dict) else None
    return (0 if number is None else number), pair[0]


def frame_order(key: str) -> tuple[int, int, str]:
    """Return the order of the keys of frames."""
    return (0, int(key), key) if key.isdecimal() else (1, 0, key)


def int_or_none(value: Any) -> int | None:
    """Return an integer, which may be written as text."""
    if type(value) is int:
        return value
    return int(value) if isinstance(value, str) and value.isdecimal() else None


def size(value: Any) -> int | None:
    """Return a side in pixels, None where it is missing or no size."""
    if type(value) is float and value.is_integer():
        value = int(value)
    return value if type(value) is int and value > 0 else None


def text_or_none(value: Any) -> str | None:
    """Return a text."""
    return value if isinstance(value, str) else None


def keyed(extras: Record) -> Record:
    """Return extras under the format's name."""
    return {f"encord/{key}": value for key, value in extras.items()}
