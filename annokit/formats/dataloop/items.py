"""Items out of their records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import attrs
import numpy as np

from annokit.columns import MISSING, Fixed, Text
from annokit.columns.base import Array
from annokit.columns.json import dumps, loads
from annokit.formats.dataloop.attributes import Found, put_attributes, read_members
from annokit.formats.dataloop.batch import Batch, Sheet, read_ids
from annokit.formats.dataloop.facts import EXTRA, kind_of, mimetype_of
from annokit.formats.dataloop.values import GAP, Values, integers, strings, text_of
from annokit.geometry.boxes import FORMS
from annokit.model.schema import ITEM_KINDS, UNITS

KIND_CODE = {name: code for code, name in enumerate(ITEM_KINDS)}

SYSTEM = "metadata.system."

USER = "metadata.user"

MAPPED = frozenset(
    ("id", "_id", "filename", "stream", f"{SYSTEM}width", f"{SYSTEM}height", f"{SYSTEM}mimetype", USER)
)  # fmt: skip
"""Paths that become columns."""

QUIET = frozenset((f"{SYSTEM}exif",))
"""Paths that are read, and kept as they are."""

TURNED = (5, 6, 7, 8)
"""EXIF orientations under which width and height are exchanged."""


@attrs.define(eq=False)
class Items:
    """The items of some documents."""

    sheet: Sheet
    """Their columns."""

    names: list[str]
    """Their names."""

    kinds: Array
    """(n,) uint8 codes of their kinds."""

    videos: list[dict[str, Any]]
    """The sequences of those that are videos, in their order."""

    turned: list[int]
    """Rows of those that are displayed turned by a quarter."""


def items_of(batch: Batch, hint: Callable[[int], str], moving: Array) -> Items:
    """Return items.

    Parameters
    ----------
    batch : Batch
        Their records.
    hint : callable
        Gives the name of an item, by its row, that states none.
    moving : (n,) bool array
        Which of them have snapshots or a rate of frames, so that they are videos unless they say otherwise.
    """
    sheet = Sheet(batch.count)
    names, unnamed = _names(sheet, batch, hint)
    kinds, untyped = _kinds(sheet, batch, names, moving)
    read_ids(sheet, batch)
    sheet.put("name", Text.of(names))
    sheet.put("kind", Fixed(kinds))
    turned = orientations(batch.get(f"{SYSTEM}exif"))
    sheet.put("size", Fixed(_sizes(sheet, batch, turned)))
    sheet.put("uri", _text(sheet, batch, "stream"))
    for name, code in (("unit", UNITS.index("pixel")), ("form", FORMS.index("xyxy")), ("time_unit", 0), ("status", 0)):
        sheet.put(name, Fixed(np.full(batch.count, code, np.uint8)))
    sheet.mark("metadata", np.where(batch.legacy, 0, -1), ["itemMetadata"])
    for path, values in batch.values.items():
        if path not in MAPPED:
            sheet.keep(path, values)
            if path not in QUIET:
                sheet.unread[path] += len(values.rows)
    videos, unrated, uncounted = _videos(sheet, batch, np.flatnonzero(kinds == KIND_CODE["video"]), names)
    _user(sheet, batch.get(USER))
    absent = {path: ~has for path, has in batch.present.items()}
    absent = {"filename": unnamed, **absent, f"{SYSTEM}mimetype": untyped}
    sheet.mark_absent({**absent, "metadata.fps": unrated, f"{SYSTEM}nb_frames": uncounted})
    return Items(sheet, names, kinds, videos, np.flatnonzero(turned).tolist())


def _text(sheet: Sheet, batch: Batch, path: str) -> Any:
    values = batch.get(path)
    column, odd = strings(values)
    sheet.keep_odd(path, values, odd)
    return column


def _names(sheet: Sheet, batch: Batch, hint: Callable[[int], str]) -> tuple[list[str], Array]:
    """Return the names, and which items state none at all."""
    values = batch.get("filename")
    column, odd = strings(values)
    if column is None:
        names = [hint(row) for row in range(batch.count)]
    else:
        stated = column.to_list()
        names = [hint(row) if name is MISSING else name.removeprefix("/") for row, name in enumerate(stated)]
    plain = values.blob.count(b'"/') == batch.count and values.blob.count(GAP + b'"/') == batch.count - 1
    if not plain:
        bare = [raw[:2] != b'"/' and raw != b"" for raw in values.raws]
        sheet.keep("filename", values, np.flatnonzero(bare))
    sheet.tell_odd("filename", values, odd)
    return names, ~values.has


def _kinds(sheet: Sheet, batch: Batch, names: list[str], moving: Array) -> tuple[Array, Array]:
    """Return the kinds, and which items state no file type."""
    values = batch.get(f"{SYSTEM}mimetype")
    codes, distinct = values.codes()
    stated = [text_of(raw) if raw[:1] == b'"' else "" for raw in distinct]
    known = [kind_of(text) for text in stated]
    kinds = np.array([KIND_CODE[kind or "image"] for kind in known], np.uint8)[codes]
    unknown = np.array([kind is None for kind in known], bool)[codes]
    kinds[unknown & moving] = KIND_CODE["video"]
    endings = [name.rpartition(".")[2] for name in names]
    found = zip(codes.tolist(), kinds.tolist(), endings, strict=True)
    usual = np.array([stated[code] == mimetype_of(ITEM_KINDS[kind], ending) for code, kind, ending in found], bool)
    kept = np.flatnonzero(values.has & ~usual)
    sheet.keep(f"{SYSTEM}mimetype", values, kept)
    sheet.tell_odd(f"{SYSTEM}mimetype", values, kept[values.first()[kept] != ord('"')])
    return kinds, ~values.has


def _sizes(sheet: Sheet, batch: Batch, turned: Array) -> Array:
    """Return the sizes of the displayed pictures, (n, 2) int64, -1 unknown."""
    sides = []
    for side in ("width", "height"):
        values = batch.get(SYSTEM + side)
        found, _ = integers(values)
        wrong = np.flatnonzero(values.has & (found < 1))
        found[wrong] = -1
        sheet.keep_odd(SYSTEM + side, values, wrong)
        sides.append(found)
    sizes = np.stack(sides, axis=1)
    sizes[turned] = sizes[turned][:, ::-1]
    return sizes


def _user(sheet: Sheet, values: Values) -> None:
    """Read what users state of items as attributes."""
    found: Found = {}
    odd = read_members(values, found)
    sheet.keep(USER, values, odd)
    put_attributes(sheet, found)


def _videos(sheet: Sheet, batch: Batch, rows: Array, names: list[str]) -> tuple[list[dict[str, Any]], Array, Array]:
    """Return the sequences of videos, and which of them state their rate, and their length, elsewhere or not at all."""
    unrated, uncounted = np.zeros(batch.count, bool), np.zeros(batch.count, bool)
    fps, count = batch.get("metadata.fps"), batch.get(f"{SYSTEM}nb_frames")
    taken: dict[str, list[int]] = {"metadata.fps": [], f"{SYSTEM}nb_frames": []}
    made = []
    for row in rows.tolist():
        system = {key: _json(batch, SYSTEM + key, row) for key in ("fps", "ffmpeg", "duration", "nb_frames_estimation")}
        rate, length = _loads(fps.raws[row]), _loads(count.raws[row])
        if is_rate(rate):
            taken["metadata.fps"].append(row)
        else:
            rate = next((r for r in (system["fps"], fraction(system["ffmpeg"])) if is_rate(r)), None)
            unrated[row] = rate is not None and not fps.has[row]
        if _is_count(length):
            taken[f"{SYSTEM}nb_frames"].append(row)
        else:
            length = _length(system, rate)
            uncounted[row] = length is not None and not count.has[row]
        ident = _loads(batch.get("id").raws[row]) if batch.get("id").has[row] else _loads(batch.get("_id").raws[row])
        size: Any = sheet.columns["size"]
        made.append({
            "id": ident if isinstance(ident, str) else None,
            "name": names[row],
            "fps": rate,
            "frames": length,
            "size": tuple(size.values[row].tolist()),
        })  # fmt: skip
    for path, own in taken.items():
        values = batch.get(path)
        sheet.columns.pop(EXTRA + path, None)
        sheet.keep(path, values, np.setdiff1d(values.rows, own))
        sheet.unread[path] -= len(own)
    sheet.unread += Counter()
    return made, unrated, uncounted


def _json(batch: Batch, path: str, row: int) -> Any:
    return _loads(batch.get(path).raws[row])


def _loads(raw: bytes) -> Any:
    return loads(raw) if raw else None


def is_rate(value: Any) -> bool:
    """Tell whether a value is a number of frames per second."""
    return type(value) in (int, float) and 0 < value < 1 << 53


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value < 1 << 53


def fraction(ffmpeg: Any) -> float | None:
    """Return the rate that ``avg_frame_rate`` states, such as ``25/1``."""
    value = ffmpeg.get("avg_frame_rate") if isinstance(ffmpeg, dict) else None
    parts = value.split("/") if isinstance(value, str) else []
    if len(parts) != 2 or not all(part.isdecimal() for part in parts) or not int(parts[1]):
        return None
    return int(parts[0]) / int(parts[1])


def _length(system: dict[str, Any], rate: Any) -> int | None:
    """Return the number of frames by what else is stated."""
    if _is_count(system["nb_frames_estimation"]):
        return int(system["nb_frames_estimation"])
    ffmpeg = system["ffmpeg"]
    read = ffmpeg.get("nb_read_frames") if isinstance(ffmpeg, dict) else None
    if isinstance(read, str) and read.isdecimal():
        return int(read)
    return round(system["duration"] * rate) if is_rate(system["duration"]) and rate is not None else None


def orientations(exif: Values) -> Array:
    """Return which pictures are displayed turned by a quarter, (n,) bool."""
    codes, distinct = exif.codes()
    return np.array([is_turned(raw) for raw in distinct], bool)[codes]


def is_turned(raw: bytes) -> bool:
    """Tell whether an ``exif`` object states an orientation that exchanges width and height."""
    if b"rientation" not in raw:
        return False
    value = loads(raw)
    stated = value.get("Orientation", value.get("orientation")) if isinstance(value, dict) else None
    return type(stated) is int and stated in TURNED


__all__ = ["Items", "dumps", "is_turned", "items_of", "orientations"]
