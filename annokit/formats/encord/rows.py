"""Annotations of a dataset as the writer takes them: plain values row by row."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.columns import MISSING, Column, Struct, Table
from annokit.columns.base import Array
from annokit.columns.json import dumps
from annokit.model.schema import ELLIPSE_FORMS, KIND_CODE, KINDS, MASK_ENCODINGS, ROTATED_FORMS

if TYPE_CHECKING:
    from annokit.model.dataset import Dataset

Record = dict[str, Any]

TOLD = ("track", "score", "created", "author", "updated", "keyframe", "span", "layer")
ITEM = ("name", "id", "uri", "frame", "status", "dataset")
SEQUENCE = ("id", "name", "dataset", "task", "fps", "uri")


def hashed(*key: Any) -> str:
    """Return eight characters that stand for a key, the same every time."""
    from base64 import b64encode

    return b64encode(sha256(dumps([repr(part) for part in key])).digest()[:6]).decode("ascii")


def uuid(*key: Any) -> str:
    """Return a UUID that stands for a key, the same every time."""
    from uuid import UUID

    return str(UUID(bytes=sha256(dumps([repr(part) for part in key])).digest()[:16], version=4))


def annotation_records(ds: Dataset) -> list[Record]:
    """Return a record per annotation: what it states, its attributes, extras and geometry."""
    table = ds._annotations
    found = columns(table, TOLD)
    for record, item, label, kind in zip(
        found, table.array("item").tolist(), table.array("label").tolist(), table.array("kind").tolist(), strict=True
    ):
        record.update(item=item, label=label, kind=KINDS[kind])
    for record, attributes in zip(found, group(table, "attributes"), strict=True):
        record["attributes"] = attributes
    for record, extras in zip(found, group(table, "extras/encord"), strict=True):
        record["extras"] = extras
    for kind, read in _READ.items():
        rows = np.flatnonzero(table.array("kind") == KIND_CODE[kind])
        if len(rows):
            for row, value in zip(rows.tolist(), read(ds, rows), strict=True):
                found[row]["geometry"] = {"kind": kind, **value}
    return found


def columns(table: Table, names: tuple[str, ...]) -> list[Record]:
    """Return a record per row of the fields that it states."""
    found: list[Record] = [{} for _ in range(len(table))]
    for name in names:
        column = table.get(name)
        if column is not None:
            for record, value in zip(found, column.to_list(), strict=True):
                if value is not MISSING and value is not None:
                    record[name] = value
    return found


def group(table: Table, prefix: str) -> list[Record]:
    """Return a record per row of the columns of a group."""
    found: list[Record] = [{} for _ in range(len(table))]
    for name, column in table.group(prefix).items():
        rows = column.present()
        for row, value in zip(rows.tolist(), column.values_of(rows), strict=True):
            found[row][name] = value
    return found


def _values(ds: Dataset, name: str, rows: Array) -> list[Any]:
    column: Column = ds._annotations.columns[name]
    return column.values_of(rows)


def _fields(ds: Dataset, name: str, rows: Array) -> dict[str, Column]:
    column = ds._annotations.sparse(name)
    assert column is not None
    chosen = column.values.take(column.slots_of(rows))
    assert isinstance(chosen, Struct)
    return dict(chosen.fields)


def _boxes(ds: Dataset, rows: Array) -> list[Record]:
    return [{"box": box} for box in _values(ds, "box", rows)]


def _rotated(ds: Dataset, rows: Array) -> list[Record]:
    """Return boxes before their turn, and degrees; those stated otherwise are computed."""
    fields = _fields(ds, "rotated", rows)
    numbers, angles, forms = (fields[name].to_list() for name in ("numbers", "angle", "form"))
    odd = [place for place, form in enumerate(forms) if ROTATED_FORMS[form] != "degrees"]
    if odd:
        from annokit.model.rotated import rotated

        for place, (cx, cy, w, h, angle) in zip(odd, rotated(ds, rows[odd], "unit").tolist(), strict=True):
            numbers[place], angles[place] = [cx - w / 2, cy - h / 2, w, h], angle
    pairs = zip(numbers, angles, strict=True)
    return [{"rotated": (numbers[:4], angle, "degrees")} for numbers, angle in pairs]


def _ellipses(ds: Dataset, rows: Array) -> list[Record]:
    fields = _fields(ds, "ellipse", rows)
    pairs = zip(fields["numbers"].to_list(), fields["form"].to_list(), strict=True)
    return [{"ellipse": (numbers, ELLIPSE_FORMS[form])} for numbers, form in pairs]


def _points(ds: Dataset, rows: Array) -> list[Record]:
    return [{"points": shape} for shape in _values(ds, "points", rows)]


def _keypoints(ds: Dataset, rows: Array) -> list[Record]:
    return [{"keypoints": joints} for joints in _values(ds, "keypoints", rows)]


def _masks(ds: Dataset, rows: Array) -> list[Record]:
    from annokit.model.masks import rles

    return [{"mask": (size, MASK_ENCODINGS[0], data)} for size, data in rles(ds, rows)]


def _cuboids(ds: Dataset, rows: Array) -> list[Record]:
    return [{"cuboid": cuboid} for cuboid in _values(ds, "cuboid", rows)]


_READ = {
    "box": _boxes,
    "rotated_box": _rotated,
    "ellipse": _ellipses,
    "polygon": _points,
    "polyline": _points,
    "point": _points,
    "keypoints": _keypoints,
    "mask": _masks,
    "cuboid": _cuboids,
}
