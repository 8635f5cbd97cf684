"""Annotations of a dataset as records of a release."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.columns import Number, Table
from annokit.columns.base import Array
from annokit.formats.segments.batch import FURTHER, KEPT
from annokit.formats.segments.facts import ABSENT, CUBOIDS, TYPE_OF_KIND, unmarked
from annokit.formats.segments.shapes import AXES, CORNERS, TURN
from annokit.model.schema import KINDS

if TYPE_CHECKING:
    from annokit.model.dataset import Dataset

Record = dict[str, Any]


def records_of(ds: Dataset, rows: Array) -> list[Record]:
    """Return the records of annotation `rows`, in their order."""
    table = ds._annotations.take(rows)
    found: list[Record] = [{} for _ in range(len(rows))]
    _put(found, table, "id", "id")
    idents = [label.source_id for label in ds.labels]
    for record, label in zip(found, table.array("label").tolist(), strict=True):
        if label >= 0:
            record["category_id"] = idents[label]
    _put_shapes(found, table)
    _put(found, table, "track", "track_id")
    _put(found, table, "keyframe", "is_keyframe")
    _put_attributes(found, table)
    _put_kept(found, table)
    return found


def _put(found: list[Record], table: Table, column: str, key: str) -> None:
    stated = table.sparse(column)
    if stated is not None:
        rows = stated.present()
        for row, value in zip(rows.tolist(), stated.values_of(rows), strict=True):
            found[row][key] = value


def _put_shapes(found: list[Record], table: Table) -> None:
    kinds = table.array("kind")
    corners = table.sparse(KEPT + CORNERS)
    turned = {} if corners is None else dict(zip(corners.present().tolist(), corners.dense().to_list(), strict=True))
    boxes = table.get("box")
    rows = np.flatnonzero(kinds == KINDS.index("box"))
    if isinstance(boxes, Number):
        for row, box in zip(rows.tolist(), boxes.values_of(rows), strict=True):
            found[row] |= {"type": "bbox", "points": _corners(box, turned.get(row, 0))}
    rings = table.sparse("points")
    if rings is not None:
        for row, shape in zip(rings.present().tolist(), rings.values_of(rings.present()), strict=True):
            found[row] |= {"type": TYPE_OF_KIND[KINDS[kinds[row]]], "points": shape[0][0]}
    cuboids = table.sparse("cuboid")
    if cuboids is not None:
        for row, value in zip(cuboids.present().tolist(), cuboids.values_of(cuboids.present()), strict=True):
            found[row] |= _cuboid(value)


def _corners(box: Sequence[float], turned: int) -> list[list[float]]:
    x0, y0, x1, y1 = box
    x0, x1 = (x1, x0) if turned & 1 else (x0, x1)
    y0, y1 = (y1, y0) if turned & 2 else (y0, y1)
    return [[x0, y0], [x1, y1]]


def _cuboid(value: Record) -> Record:
    record: Record = {
        "type": CUBOIDS[0],
        "position": dict(zip(AXES, value["center"], strict=True)),
        "dimensions": dict(zip(AXES, value["size"], strict=True)),
    }
    turn = value.get("rotation")
    if turn is None:
        return record
    if len(turn) == len(AXES):
        return {**record, "yaw": turn[2]}
    return {**record, "rotation": dict(zip(TURN, turn, strict=True))}


def _put_attributes(found: list[Record], table: Table) -> None:
    for name, column in table.group("attributes").items():
        rows = column.present()
        for row, value in zip(rows.tolist(), column.values_of(rows), strict=True):
            found[row].setdefault("attributes", {})[name] = value


def _put_kept(found: list[Record], table: Table) -> None:
    for name, column in table.group("extras/segments").items():
        if name in (CORNERS, ABSENT):
            continue
        rows = column.present()
        for row, value in zip(rows.tolist(), column.values_of(rows), strict=True):
            found[row] |= value if name == FURTHER else {unmarked(name): value}
    marks = table.sparse(KEPT + ABSENT)
    if marks is not None:
        for row, words in zip(marks.present().tolist(), marks.dense().to_list(), strict=True):
            for word in words:
                found[row].pop(word, None)
