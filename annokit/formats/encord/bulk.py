"""Rows of many frames with upright boxes and classifications, read without a Python object per number or key.

An object's text but for its geometry repeats from frame to frame: it is read once for every wording, the numbers of all
boxes in one go. Whatever is not so plain is left to the reader of single records, and both say the same.
"""

from __future__ import annotations

from typing import Any

import attrs
import msgspec
import numpy as np
from msgspec import UNSET, Raw, UnsetType

from annokit.codecs.json_numbers import numbers
from annokit.columns import Number
from annokit.columns.base import Array
from annokit.columns.json import loads
from annokit.errors import FormatError

Record = dict[str, Any]

KEY = b'"boundingBox":'
DIGITS = b"0123456789.+-eE, \t\r\n"
LETTERS = b'{"hwxy: \t\r\n'
STAMPS = {b'"createdAt":"': "created", b'"lastEditedAt":"': "updated"}
"""Keys of texts that may differ from frame to frame, and our names of them."""

LEAST = 256
"""Objects from which on a row is worth it."""


class Frame(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """What a frame says where it says nothing but its lists."""

    objects: list[Raw] | UnsetType = UNSET
    classifications: list[Raw] | UnsetType = UNSET


@attrs.frozen(eq=False)
class Boxes:
    """The frames of one unit and their objects."""

    frames: list[int]
    """Frame numbers, ascending."""

    lists: list[tuple[bool, bool]]
    """Of each frame whether objects, and classifications, are stated."""

    counts: list[int]
    """Objects of each frame."""

    codes: Array
    """(n,) position in `wordings` of each object."""

    wordings: list[Record]
    """The different objects, their geometry apart."""

    boxes: Number
    """(n, 4) x, y, w, h."""

    classified: list[int]
    """Classifications of each frame."""

    answers: Array
    """(m,) position in `questions` of each classification."""

    questions: list[Record]
    """The different classifications."""

    stamps: dict[str, list[str | None]]
    """Of each object when it was created or edited, by our name of it, where that differs from frame to frame."""


_row = msgspec.json.Decoder(dict[str, Raw]).decode
_units = msgspec.json.Decoder(dict[str, dict[str, Raw]]).decode
_frames = msgspec.json.Decoder(dict[str, Frame]).decode


def opened(raw: bytes | Raw) -> tuple[Record, Boxes] | None:
    """Return a label row whose one unit has no labels, and what they say; None where it is not that plain."""
    try:
        members = _row(raw)
        units = _units(members.pop("data_units"))
        if len(units) != 1:
            return None
        ((key, unit),) = units.items()
        boxes = _boxes(_frames(unit.pop("labels")))
        if boxes is None:
            return None
        record = {name: loads(bytes(value)) for name, value in members.items()}
        record["data_units"] = {key: {**{name: loads(bytes(v)) for name, v in unit.items()}, "labels": {}}}
    except (FormatError, msgspec.DecodeError, UnicodeDecodeError, KeyError, ValueError, RecursionError):
        return None
    return record, boxes


def _boxes(found: dict[str, Frame]) -> Boxes | None:
    order = sorted(found, key=lambda key: int(key) if key.isdecimal() else -1)
    if not all(key.isdecimal() and str(int(key)) == key for key in order):
        return None
    frames = [found[key] for key in order]
    lists = [[] if frame.objects is UNSET else frame.objects for frame in frames]
    counts = [len(objects) for objects in lists]
    if not any(counts) or sum(counts) < LEAST:
        return None
    raws = [bytes(raw) for objects in lists for raw in objects]
    asked = [[] if frame.classifications is UNSET else frame.classifications for frame in frames]
    questions = _questions([bytes(raw) for listed in asked for raw in listed])
    split = _split(raws, ()) or (_split(raws, tuple(STAMPS)) if not any(asked) else None)
    if split is None or questions is None:
        return None
    codes, wordings, boxes, stamps = split
    stated = [(frame.objects is not UNSET, frame.classifications is not UNSET) for frame in frames]
    numbers = [int(key) for key in order]
    return Boxes(numbers, stated, counts, codes, wordings, boxes, [len(listed) for listed in asked], *questions, stamps)


def _questions(raws: list[bytes]) -> tuple[Array, list[Record]] | None:
    """Return codes and the different classifications."""
    known: dict[bytes, int] = {}
    codes = np.array([known.setdefault(raw, len(known)) for raw in raws], np.int64)
    if len(known) > max(64, len(raws) // 8):
        return None
    found = [loads(raw) for raw in known]
    return (codes, found) if all(isinstance(entry, dict) for entry in found) else None


def _split(
    raws: list[bytes], volatile: tuple[bytes, ...]
) -> tuple[Array, list[Record], Number, dict[str, list[str | None]]] | None:
    """Return codes, wordings, boxes, and the values of the `volatile` keys, which are left out of the wordings."""
    stamps: dict[bytes, list[bytes | None]] = {key: [None] * len(raws) for key in volatile}
    known: dict[tuple[bytes, bytes], int] = {}
    codes, geometry = [], []
    most = max(64, len(raws) // 8)
    for place, raw in enumerate(raws):
        text = raw
        for key in volatile:
            before, mark, after = text.partition(key)
            if mark:
                stamps[key][place], _, after = after.partition(b'"')
                text = before + mark + b'"' + after
        head, _, rest = text.partition(KEY)
        value, _, tail = rest.partition(b"}")
        codes.append(known.setdefault((head, tail), len(known)))
        geometry.append(value)
        if len(known) > most:
            return None
    wordings = [_wording(head, tail, volatile) for head, tail in known]
    boxes = _numbers(geometry)
    if boxes is None or None in wordings or any(b"\\" in (v or b"") for values in stamps.values() for v in values):
        return None
    found = {STAMPS[key]: [None if v is None else v.decode() for v in values] for key, values in stamps.items()}
    return np.array(codes, np.min_scalar_type(len(known))), [w for w in wordings if w is not None], boxes, found


def _wording(head: bytes, tail: bytes, volatile: tuple[bytes, ...]) -> Record | None:
    text = head + KEY + b"0" + tail
    record = loads(text)
    if not isinstance(record, dict) or type(record.get("boundingBox")) is not int or text.count(KEY) != 1:
        return None
    if record.get("shape") != "bounding_box" or record.get("isDeleted") is True or record.pop("boundingBox") != 0:
        return None
    for key in volatile:
        if text.count(key) > 1 or (key in text and record.get(key.decode().strip('":')) != ""):
            return None
    return record


def _numbers(geometry: list[bytes]) -> Number | None:
    """Return x, y, w, h of objects that all state them alike, in any order."""
    text = b",".join(geometry)
    words = text.translate(None, DIGITS)
    first = geometry[0].translate(None, DIGITS)
    order = first[2::4].decode()
    if sorted(order) != ["h", "w", "x", "y"] or first != b'{"%c":"%c":"%c":"%c":' % tuple(order.encode()):
        return None
    alike = words == first * len(geometry) and all(text.count(b'"%c"' % ord(key)) == len(geometry) for key in order)
    if not alike:
        return None
    try:
        found = numbers([Raw(b"[" + text.translate(None, LETTERS) + b"]")])
    except (msgspec.DecodeError, ValueError):
        return None
    if len(found.odd) or len(found.values) != 4 * len(geometry) or not np.isfinite(found.values).all():
        return None
    place = [order.index(name) for name in "xywh"]
    whole = None if found.whole is None else found.whole.reshape(-1, 4)[:, place]
    return Number(np.ascontiguousarray(found.values.reshape(-1, 4)[:, place]), whole)
