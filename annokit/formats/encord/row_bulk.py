"""Frames of one row and their upright boxes, added as columns: what they share is made once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.columns import Fixed, Sparse, Text
from annokit.columns.base import Array
from annokit.columns.make import sparse_of
from annokit.formats.encord.facts import OBJECT_KEYS
from annokit.formats.encord.plain import LISTS, keyed, labels_extras, text_or_none, told_of
from annokit.formats.encord.records import object_record
from annokit.model.builder import DatasetBuilder

if TYPE_CHECKING:
    from annokit.formats.encord.bulk import Boxes
    from annokit.formats.encord.row import Row

Record = dict[str, Any]


def add_boxes(row: Row, boxes: Boxes) -> None:
    """Add the frames of a row and their objects."""
    builder, scratch = row.reader.builder, DatasetBuilder(unit="unit", form="xywh")
    kinds = {lists: place for place, lists in enumerate(dict.fromkeys(boxes.lists))}
    width, height = row.own.size
    for lists in kinds:
        stated: Record = {name: [] for name, has in zip(LISTS, lists, strict=True) if has}
        extras = keyed(labels_extras(stated))
        scratch.add_item("", kind="frame", extras=extras, width=width, height=height, **row.shared)
    frames = np.array(boxes.frames, np.int64)
    names = Text.of([f"{row.own.name}#{frame}" for frame in boxes.frames])
    items = scratch._items.table().take(np.array([kinds[lists] for lists in boxes.lists], np.int64))
    first = builder.add_items(items.replace({"name": names, "frame": Sparse.of_column(Fixed(frames))}))
    place = np.arange(len(frames)).repeat(boxes.counts)
    codes = _wordings(row, boxes, frames[place], scratch)
    table = scratch._annotations.table().take(codes)
    stamps = {name: _stamped(values) for name, values in boxes.stamps.items()}
    builder.add_annotations(table.replace({"item": Fixed(first + place), "box": boxes.boxes, **stamps}))


def _stamped(values: list[str | None]) -> Sparse | None:
    rows = [place for place, value in enumerate(values) if value is not None]
    return sparse_of(len(values), rows, [values[row] for row in rows]) if rows else None


def _wordings(row: Row, boxes: Boxes, frame: Array, scratch: DatasetBuilder) -> Array:
    """Add an annotation of each wording, and of each set of answers that it has, and return that of each object."""
    codes = np.empty(len(boxes.codes), np.int64)
    order = boxes.codes.argsort(kind="stable")
    ends = np.bincount(boxes.codes, minlength=len(boxes.wordings)).cumsum().tolist()
    for obj, rows in zip(boxes.wordings, np.split(order, ends[:-1]), strict=True):
        ident = text_or_none(obj.get("objectHash"))
        position = row.reader.label(obj.get("featureHash"), obj.get("name"), obj.get("color"), obj.get("shape"))
        label, told = row.reader.label_at(position), told_of(obj, row.branch)
        base = object_record(label, str(label.extras.get("encord/shape")), ident, told, {})
        extras = keyed(row.reader.extras_of(obj, OBJECT_KEYS, base, len(rows)))
        if ident is not None:
            row.define(position, ident)
            row.seen.add(ident)
        part = row.answers.phases(ident).searchsorted(frame[rows], "right")
        for number in np.unique(part).tolist():
            chosen = rows[part == number]
            attributes = {} if ident is None else row.answers.on(ident, int(frame[chosen[0]]))
            codes[chosen] = scratch.add_annotation(
                -1, position, kind="box", track=ident, attributes=attributes, extras=extras, **told
            )
    return codes
