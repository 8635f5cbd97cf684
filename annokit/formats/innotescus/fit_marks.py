"""Keys that the reader kept since it could not map them: they go where the model says something else by now."""

from __future__ import annotations

from collections.abc import Iterator
from math import isnan
from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.columns import MISSING, Column, Number, Table
from annokit.columns.base import Array
from annokit.formats.innotescus.facts import equal, is_integer
from annokit.formats.innotescus.places import FRAME, IMAGE, VIDEO, texts
from annokit.formats.origin import ROW
from annokit.formats.places import at_all, at_annotations
from annokit.formats.steps import cleared
from annokit.model.schema import KIND_CODE

if TYPE_CHECKING:
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset

OWN = "extras/innotescus/"
BOXES = ("box", "rotated_box")
NULLS = frozenset((
    "class_id", "instance_id", "annotators", "type", "box", "poly", "width", "height", "url", "num_channels",
    "bits_per_channel",
))  # fmt: skip
"""Keys that are null where nothing is stated."""

OUTLINES = ("polygon", "polyline")


def fresh_marks(ds: Dataset, apply: bool) -> Found:
    """Drop what an annotation, an item or a video kept verbatim of a key that it states itself."""
    issues = []
    changes: dict[str, Column | None] = {}
    for key, stale in _annotation_marks(ds):
        rows = _rows(ds._annotations, key, stale)
        if len(rows):
            told = f"a {key} that was kept as it came gives way to what is stated by now"
            issues.append(at_annotations(ds, "restated", key, told, rows))
            changes[OWN + key] = cleared(ds._annotations.columns[OWN + key], rows)
    ds = ds._with(annotations=ds._annotations.replace(changes)) if changes else ds
    for name in ("items", "sequences"):
        ds, found = _of_entries(ds, name)
        issues += found
    return ds, issues


def _rows(table: Table, key: str, stale: Array) -> Array:
    """Return the rows that keep a key though they state another value, or the null that stands for none anyway."""
    column = table.sparse(OWN + key)
    if column is None:
        return np.zeros(0, np.int64)
    rows = column.present()
    none = np.array([value is None for value in column.values_of(rows)], bool) & (key in NULLS)
    return rows[stale[rows] | none]


def _annotation_marks(ds: Dataset) -> Iterator[tuple[str, Array]]:
    """Yield each key, and which annotations state something else."""
    table = ds._annotations
    kinds = table.array("kind")
    boxes = table.get("box")
    drawn = np.isin(kinds, [KIND_CODE[name] for name in (*BOXES, *OUTLINES)])
    kept = {key: texts(table, OWN + key) for key in ("instance_id", "class_id", "frame_index")}
    item_kinds = np.append(ds._items.array("kind"), IMAGE)[table.array("item")]
    unframed = (item_kinds == VIDEO) & np.array([value is None for value in kept["frame_index"]], bool)
    number = np.array([is_integer(value) for value in kept["frame_index"]], bool)
    known = np.array([is_integer(value) or isinstance(value, str) for value in kept["class_id"]], bool)
    boxed = ~np.isnan(boxes.values).all(axis=1) if isinstance(boxes, Number) else np.zeros(len(table), bool)
    raw = np.array([is_integer(value) for value in kept["instance_id"]], bool)
    tracked = _states(table, "track") & (item_kinds != IMAGE)
    yield "instance_id", _states(table, "id") | (tracked & ~raw) | (raw & ~tracked)
    yield "class_id", (table.array("label") >= 0) | known
    yield "annotators", _states(table, "author")
    yield "meta_data", _any_of(table, "attributes")
    yield "frame_index", (item_kinds == FRAME) | unframed | number
    yield "dataset_item_index", np.ones(len(table), bool)
    yield "type", drawn
    yield "box", np.isin(kinds, [KIND_CODE[name] for name in BOXES]) | boxed
    yield "poly", np.isin(kinds, [KIND_CODE[name] for name in OUTLINES])
    yield "#contours", kinds != KIND_CODE["polygon"]
    yield "#points", ~np.isin(kinds, [KIND_CODE[name] for name in OUTLINES])
    yield "#box", ~(boxed | (kinds == KIND_CODE["rotated_box"]))
    yield "#more", ~_following(ds)


def _following(ds: Dataset) -> Array:
    """Tell which annotations are lines that say all but their points as the line before does."""
    table = ds._annotations
    found = np.zeros(len(table), bool)
    column = table.sparse(OWN + "#more")
    line = table.array("kind") == KIND_CODE["polyline"]
    for row in [] if column is None else column.present().tolist():
        found[row] = row > 0 and line[row] and line[row - 1] and _alike(table, row)
    return found


def _alike(table: Table, row: int) -> bool:
    apart = ("points", ROW, OWN + "#more")
    names = [name for name in table.columns if name not in apart]
    pairs = [(table.value(name, row), table.value(name, row - 1)) for name in names]
    return all(a is b or (a is not MISSING and b is not MISSING and _equal(a, b)) for a, b in pairs)


def _equal(a: Any, b: Any) -> bool:
    if isinstance(a, float) and isinstance(b, float) and isnan(a):
        return isnan(b)
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        return all(map(_equal, a, b))
    return equal(a, b)


def _states(table: Table, name: str) -> Array:
    column = table.sparse(name)
    return np.zeros(len(table), bool) if column is None else column.mask()


def _any_of(table: Table, prefix: str) -> Array:
    found = np.zeros(len(table), bool)
    for column in table.group(prefix).values():
        found |= column.mask()
    return found


def _of_entries(ds: Dataset, name: str) -> Found:
    table: Table = getattr(ds, f"_{name}")
    sized = (table.array("size") > 0).all(axis=1)
    names, idents = texts(table, "name"), texts(table, "id")
    renamed = np.array([own != str(ident) for own, ident in zip(names, idents, strict=True)], bool)
    states: dict[str, Any] = {
        "index": np.ones(len(table), bool),
        "name": renamed,
        "width": sized,
        "height": sized,
        "url": _states(table, "uri"),
        "meta_data": _any_of(table, "attributes"),
        "num_frames": _states(table, "frames"),
        "num_channels": np.zeros(len(table), bool),
        "bits_per_channel": np.zeros(len(table), bool),
    }
    issues = []
    changes: dict[str, Column | None] = {}
    for key, stale in states.items():
        rows = _rows(table, key, stale)
        if len(rows):
            told = f"a {key} that was kept as it came gives way to what is stated by now"
            issues.append(at_all("restated", key, told, [str(names[row]) for row in rows.tolist()]))
            changes[OWN + key] = cleared(table.columns[OWN + key], rows)
    return (ds._with(**{name: table.replace(changes)}) if changes else ds), issues
