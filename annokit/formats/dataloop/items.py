"""Items out of their records."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import numpy as np

from annokit.columns import MISSING, Fixed, Text
from annokit.columns.base import Array
from annokit.columns.json import dumps, loads
from annokit.formats.dataloop.batch import Batch, Sheet
from annokit.formats.dataloop.facts import kind_of, mimetype_of
from annokit.formats.dataloop.values import GAP, Values, integers, strings, text_of
from annokit.geometry.boxes import FORMS
from annokit.model.schema import ITEM_KINDS, UNITS

KIND_CODE = {name: code for code, name in enumerate(ITEM_KINDS)}

SYSTEM = "metadata.system."

MAPPED = frozenset(
    ("id", "_id", "filename", "stream", f"{SYSTEM}width", f"{SYSTEM}height", f"{SYSTEM}mimetype")
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


def items_of(batch: Batch, hint: Callable[[int], str], moving: Array) -> Items:
    """Return items.

    Parameters
    ----------
    batch : Batch
        Their records.
    hint : callable
        Gives the name of an item, by its row, that states none.
    moving : (n,) bool array
        Which of them have snapshots, so that they are videos unless they say otherwise.
    """
    sheet = Sheet(batch.count)
    names, unnamed = _names(sheet, batch, hint)
    kinds, untyped = _kinds(sheet, batch, names, moving)
    _ids(sheet, batch)
    sheet.put("name", Text.of(names))
    sheet.put("kind", Fixed(kinds))
    sheet.put("size", Fixed(_sizes(sheet, batch)))
    sheet.put("uri", _text(sheet, batch, "stream"))
    for name, code in (("unit", UNITS.index("pixel")), ("form", FORMS.index("xyxy")), ("time_unit", 0), ("status", 0)):
        sheet.put(name, Fixed(np.full(batch.count, code, np.uint8)))
    sheet.mark("metadata", np.where(batch.legacy, 0, -1), ["itemMetadata"])
    for path, values in batch.values.items():
        if path not in MAPPED:
            sheet.keep(path, values)
            if path not in QUIET:
                sheet.unread[path] += len(values.rows)
    absent = {path: ~has for path, has in batch.present.items()}
    sheet.mark_absent({"filename": unnamed, **absent, f"{SYSTEM}mimetype": untyped})
    return Items(sheet, names, kinds)


def _ids(sheet: Sheet, batch: Batch) -> None:
    """Read ``id``, or ``_id`` where there is no other."""
    values, old = batch.get("id"), batch.get("_id")
    if not old.empty:
        use = old.has & ~values.has
        sheet.keep("_id", old, np.flatnonzero(old.has & ~use))
        sheet.mark("id", np.where(use, 0, -1), ["_id"])
        values = Values.of([b if u else a for a, b, u in zip(values.raws, old.raws, use.tolist(), strict=True)])
    column, odd = strings(values)
    sheet.put("id", column)
    sheet.keep_odd("id", values, odd)


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
    video = moving | _has_rate(batch)
    kinds = np.array([KIND_CODE[kind or "image"] for kind in known], np.uint8)[codes]
    unknown = np.array([kind is None for kind in known], bool)[codes]
    kinds[unknown & video] = KIND_CODE["video"]
    endings = [name.rpartition(".")[2] for name in names]
    found = zip(codes.tolist(), kinds.tolist(), endings, strict=True)
    usual = np.array([stated[code] == mimetype_of(ITEM_KINDS[kind], ending) for code, kind, ending in found], bool)
    kept = np.flatnonzero(values.has & ~usual)
    sheet.keep(f"{SYSTEM}mimetype", values, kept)
    sheet.tell_odd(f"{SYSTEM}mimetype", values, kept[values.first()[kept] != ord('"')])
    return kinds, ~values.has


def _has_rate(batch: Batch) -> Array:
    found = np.zeros(batch.count, bool)
    for path in ("metadata.fps", f"{SYSTEM}fps"):
        values = batch.get(path)
        found |= values.has & ~values.equal(b"null")
    return found


def _sizes(sheet: Sheet, batch: Batch) -> Array:
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
    turned = orientations(batch.get(f"{SYSTEM}exif"))
    sizes[turned] = sizes[turned][:, ::-1]
    return sizes


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
