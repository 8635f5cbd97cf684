"""Blocks of images and annotations as columns: what each key becomes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from msgspec import Raw

from annokit.codecs import json_numbers as parse
from annokit.codecs.json_fields import FieldDecoder, Fields
from annokit.columns import Fixed, Number, Sparse
from annokit.columns.base import Array
from annokit.formats.coco import keys, shapes, values
from annokit.formats.coco.absent import ANNOTATION_WANTED, IMAGE_WANTED, SHAPED, marks
from annokit.formats.coco.piece import Piece, keep_further
from annokit.limits import DEFAULT_LIMITS
from annokit.model.schema import KIND_CODE

Raws = Sequence[Raw]
Put = Callable[[Piece, str, Raws], None]

INTEGERS = ("id", "image_id", "category_id", "iscrowd", "track_id", "width", "height")
"""Keys that mostly hold integers."""


class Decoder:
    """A decoder for :func:`annokit.codecs.records.split` that gives a :class:`Piece`.

    Parameters
    ----------
    table : mapping of str to function
        What becomes of each key; any other is kept verbatim.
    finish : function
        Called with the piece when all keys are done.
    columns : int
        Most distinct keys that get a column.
    """

    def __init__(self, table: Mapping[str, Put], finish: Callable[[Piece], None], columns: int) -> None:
        self._fields = FieldDecoder(columns)
        self._table = table
        self._finish = finish

    def __call__(self, text: bytes) -> Piece:
        """Return the columns of the array of objects in `text`."""
        fields = self._fields(text)
        known = {key: fields.columns[key] for key in INTEGERS if key in fields.columns}
        piece = Piece(fields.count, bad=dict(fields.odd), size=len(text), integers=values.integers_of(known))
        for key, raws in fields.columns.items():
            self._table.get(key, _unknown)(piece, key, raws)
        keep_further(piece, fields)
        self._finish(piece)
        return piece


def image_decoder(columns: int = DEFAULT_LIMITS.extras_columns) -> Decoder:
    """Return the decoder of images."""
    return Decoder(_image_table(), _finish_images, columns)


def annotation_decoder(columns: int = DEFAULT_LIMITS.extras_columns) -> Decoder:
    """Return the decoder of annotations."""
    return Decoder(_annotation_table(), _finish_annotations, columns)


def _unknown(piece: Piece, key: str, raws: Raws) -> None:
    piece.keep(key, raws)


def _ids(column: str) -> Put:
    def put(piece: Piece, key: str, raws: Raws) -> None:
        found, piece.absent[key], odd = values.ids(raws, piece.integers.get(key))
        piece.put(column, found)
        piece.keep(key, raws, odd)

    return put


def _text(column: str) -> Put:
    def put(piece: Piece, key: str, raws: Raws) -> None:
        lengths = values.lengths_of(raws)
        piece.absent[key] = np.flatnonzero(lengths == 0)
        found = values.texts(raws) if lengths.all() else None
        if found is not None:
            piece.put(column, found)
            return
        is_text = np.array([bytes(raw)[:1] == b'"' for raw in raws], bool)
        rows = np.flatnonzero(is_text)
        if len(rows):
            found = values.texts(values.chosen(raws, rows))
            piece.put(column, None if found is None else values.spread(len(raws), rows, found))
        piece.keep(key, raws, np.flatnonzero((lengths > 0) & ~is_text))

    return put


def _side(axis: int) -> Put:
    """Read width or height into the column ``size``."""

    def put(piece: Piece, key: str, raws: Raws) -> None:
        found = piece.integers.get(key) or parse.ints(raws)
        piece.absent[key] = found.absent
        good = found.values >= 0
        good[found.absent] = good[found.odd] = False
        size = piece.columns.get("size")
        if not isinstance(size, Fixed):
            size = Fixed(np.full((piece.count, 2), -1, np.int64))
            piece.put("size", size)
        size.values[good, axis] = found.values[good]
        good[found.absent] = True
        piece.keep(key, raws, np.flatnonzero(~good))

    return put


def _floats(piece: Piece, key: str, raws: Raws) -> tuple[Sparse | None, Array]:
    found = parse.floats(raws)
    piece.absent[key] = found.absent
    fits = ~np.isnan(found.values)
    rows = np.flatnonzero(fits)
    fits[found.absent] = True
    if not len(rows):
        return None, np.flatnonzero(~fits)
    whole = None if found.whole is None else found.whole[rows]
    return values.spread(len(raws), rows, Number(found.values[rows], whole)), np.flatnonzero(~fits)


def _score(piece: Piece, key: str, raws: Raws) -> None:
    found, odd = _floats(piece, key, raws)
    piece.put("score", found)
    piece.keep(key, raws, odd)


def _computed(piece: Piece, key: str, raws: Raws) -> None:
    """Keep a number that was computed from the geometry as one."""
    found, odd = _floats(piece, key, raws)
    if len(odd):
        piece.keep(key, raws)
    else:
        piece.put(keys.extra(key), found)


def _attribute(piece: Piece, key: str, raws: Raws) -> None:
    integers = piece.integers.get(key)
    if integers is not None:
        piece.put(keys.ATTRIBUTE + key, values.dense(integers))
        piece.absent[key] = integers.absent
        return
    found = values.typed(raws)
    piece.put(keys.ATTRIBUTE + key, found)
    piece.absent[key] = np.arange(len(raws)) if found is None else np.flatnonzero(~found.mask())


def _bbox(piece: Piece, key: str, raws: Raws) -> None:
    found, piece.absent[key], odd = shapes.boxes(raws)
    piece.put("box", found)
    piece.keep(key, raws, odd)


def _segmentation(piece: Piece, key: str, raws: Raws) -> None:
    found = shapes.segmentations(raws)
    piece.put("points", found.polygons)
    piece.put("mask", found.masks)
    piece.keep(key, raws, found.odd)


def _keypoints(piece: Piece, key: str, raws: Raws) -> None:
    found, odd = shapes.keypoints(raws)
    piece.put("keypoints", found)
    piece.keep(key, raws, odd)


class _Attributes:
    """Reads the object ``attributes``; one that is empty, or has a key of the record itself, is kept verbatim."""

    def __init__(self, reserved: Sequence[str] = ()) -> None:
        self._reserved = reserved
        self._decode = FieldDecoder()

    def __call__(self, piece: Piece, key: str, raws: Raws) -> None:
        rows = np.flatnonzero(values.lengths_of(raws))
        if not len(rows):
            return
        own = raws if len(rows) == len(raws) else values.chosen(raws, rows)
        fields = self._decode(b"[" + b",".join(own) + b"]")
        odd = np.zeros(len(rows), bool)
        odd[list(fields.odd) + list(fields.further)] = True
        for name in self._reserved:
            if name in fields.columns:
                odd |= values.lengths_of(fields.columns[name]) > 0
        filled = np.zeros(len(rows), bool)
        for column in fields.columns.values():
            filled |= values.lengths_of(column) > 0
        good = filled & ~odd
        self._put(piece, fields, rows, good)
        piece.keep(key, raws, rows[~good])

    def _put(self, piece: Piece, fields: Fields, rows: Array, good: Array) -> None:
        own = rows[good]
        for name, raws in fields.columns.items():
            column = values.typed(raws if good.all() else values.chosen(raws, np.flatnonzero(good)))
            if column is not None:
                piece.put(keys.ATTRIBUTE + name, _widened(column, piece.count, own))


def _widened(column: Sparse, count: int, rows: Array) -> Sparse:
    """Return a column over some rows as one over all."""
    if len(rows) == count:
        return column
    return Sparse(count, rows[column.present()], column.slots, column.values)


def _image_table() -> dict[str, Put]:
    return {
        "file_name": _text("name"),
        "id": _ids("id"),
        "coco_url": _text("uri"),
        "width": _side(0),
        "height": _side(1),
        "attributes": _Attributes(),
    }


def _annotation_table() -> dict[str, Put]:
    return {
        "id": _ids("id"),
        "image_id": _ids("item"),
        "category_id": _ids("label"),
        "track_id": _ids("track"),
        "bbox": _bbox,
        "segmentation": _segmentation,
        "keypoints": _keypoints,
        "score": _score,
        "attributes": _Attributes(keys.TOP_ATTRIBUTES),
        **dict.fromkeys(keys.TOP_ATTRIBUTES, _attribute),
        **dict.fromkeys(keys.DERIVED, _computed),
    }


def _finish_images(piece: Piece) -> None:
    piece.put(keys.ABSENT, marks({key: piece.lacks(key) for key in IMAGE_WANTED}))


def _finish_annotations(piece: Piece) -> None:
    kind = np.zeros(piece.count, np.uint8)
    joints = piece.columns.get("keypoints")
    _mark(kind, joints, "keypoints")
    box: Any = piece.columns.get("box")
    if box is not None:
        kind[~np.isnan(box.values[:, 0])] = KIND_CODE["box"]
    _mark(kind, piece.columns.get("points"), "polygon")
    _mark(kind, piece.columns.get("mask"), "mask")
    piece.put("kind", Fixed(kind))
    absent = {key: piece.lacks(key) for key in ANNOTATION_WANTED}
    for key in SHAPED:
        absent[key] &= kind > 0
    absent["num_keypoints"] &= joints.mask() if isinstance(joints, Sparse) else False
    piece.put(keys.ABSENT, marks(absent))


def _mark(kind: Array, column: Any, name: str) -> None:
    if column is not None:
        kind[column.present()] = KIND_CODE[name]
