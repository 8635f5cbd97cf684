"""Frames of one row and their upright boxes, added as columns: what they share is made once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.columns import Fixed, Number, Sparse, Text
from annokit.columns.base import Array
from annokit.columns.make import sparse_of
from annokit.formats.encord.facts import CLASSIFICATION_KEYS, OBJECT_KEYS
from annokit.formats.encord.plain import LISTS, keyed, labels_extras, text_or_none, told_of
from annokit.formats.encord.records import classification_record, object_record
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
    _labels_in_order(row, boxes)
    place, asked = (np.arange(len(frames)).repeat(counts) for counts in (boxes.counts, boxes.classified))
    codes = np.concatenate(
        [_wordings(row, boxes, frames[place], scratch), _questions(row, boxes, frames[asked], scratch)]
    )
    owner = np.concatenate([place, asked])
    order = np.lexsort((np.arange(len(owner)), owner)) if len(asked) else np.arange(len(owner))
    table = scratch._annotations.table().take(codes[order])
    stamps = {name: _stamped(values) for name, values in boxes.stamps.items()}
    box = _with_blanks(boxes.boxes, len(asked), order)
    builder.add_annotations(table.replace({"item": Fixed(first + owner[order]), "box": box, **stamps}))


def _with_blanks(boxes: Number, blanks: int, order: Array) -> Number:
    """Return boxes and, for classifications, none, in an order."""
    if not blanks:
        return boxes
    values = np.concatenate([boxes.values, np.full((blanks, 4), np.nan)])[order]
    whole = boxes.whole
    return Number(values, None if whole is None else np.concatenate([whole, np.zeros((blanks, 4), bool)])[order])


def _labels_in_order(row: Row, boxes: Boxes) -> None:
    """Meet labels in the order of the frames, of each the objects first."""
    firsts = []
    for kind, (codes, counts, entries) in enumerate(
        ((boxes.codes, boxes.counts, boxes.wordings), (boxes.answers, boxes.classified, boxes.questions))
    ):
        place = np.arange(len(counts)).repeat(counts)
        _, first = np.unique(codes, return_index=True)
        firsts += [(int(place[at]), kind, int(at), entry) for at, entry in zip(first, entries, strict=True)]
    for _, kind, _, entry in sorted(firsts, key=lambda told: told[:3]):
        color, shape = (entry.get("color"), entry.get("shape")) if kind == 0 else (None, None)
        row.reader.label(entry.get("featureHash"), entry.get("name"), color, shape)


def _questions(row: Row, boxes: Boxes, frame: Array, scratch: DatasetBuilder) -> Array:
    """Add an annotation of each different classification, and return that of each one."""
    rows = np.empty(len(boxes.questions), np.int64)
    for place, entry in enumerate(boxes.questions):
        mine = frame[boxes.answers == place]
        ident = text_or_none(entry.get("classificationHash"))
        position = row.reader.label(entry.get("featureHash"), entry.get("name"), None, None)
        told = told_of(entry, row.branch)
        base = classification_record(row.reader.label_at(position), ident, told)
        extras = keyed(row.reader.extras_of(entry, CLASSIFICATION_KEYS, base, len(mine)))
        attributes: Record = {}
        if ident is not None:
            row.define(position, ident)
            row.classified.add(ident)
            row.own.classified.setdefault(ident, set()).update(mine.tolist())
            attributes = row.answers.static("classifications", ident)
        rows[place] = scratch.add_annotation(-1, position, track=ident, attributes=attributes, extras=extras, **told)
    return rows[boxes.answers]


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
