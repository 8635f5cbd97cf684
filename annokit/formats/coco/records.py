"""Blocks of images and annotations as columns: what each key becomes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Any

import attrs
import numpy as np
from msgspec import Raw

from annokit.codecs import json_numbers as parse
from annokit.codecs.json_fields import Fields
from annokit.columns import Fixed, Json, Number, Sparse
from annokit.columns.base import Array
from annokit.columns.json import dumps
from annokit.formats.coco import keys, shapes, values
from annokit.formats.coco.absent import ANNOTATION_WANTED, IMAGE_WANTED, SHAPED, marks
from annokit.formats.coco.attributes import Attributes
from annokit.formats.coco.piece import Piece
from annokit.formats.coco.twice import note_repeats
from annokit.formats.coco.typed import NUMBER, TYPES, Block, as_raws, scalars
from annokit.model.schema import KIND_CODE

Raws = Sequence[Raw]
Put = Callable[[Piece, str, Raws], None]

INTEGERS = ("id", "image_id", "category_id", "iscrowd", "track_id", "width", "height")
"""Keys that mostly hold integers."""


@attrs.frozen(eq=False)
class Recipe:
    """What becomes of the records of a list."""

    table: Mapping[str, Put]
    """What becomes of each key; any other is kept verbatim."""

    finish: Callable[[Piece], None]
    """Called with a piece when all keys are done."""

    large: Mapping[str, Put] = attrs.field(factory=dict)
    """What becomes of keys with large values, block by block, at first; `table` then gets the values that are left."""

    def read_large(self, block: Block) -> Piece:
        """Return the columns of the large values of a block."""
        piece = Piece(len(block))
        for key, put in self.large.items():
            if key in block.fields.columns:
                piece.key = key
                put(piece, key, block.fields.columns[key])
        return piece

    def read_rest(self, blocks: Sequence[Block], pieces: Sequence[Piece]) -> Piece:
        """Return all other columns of several blocks, given what was made of each block's large values."""
        piece = _with_left(pieces)
        piece.settled = int(np.count_nonzero(piece.kind))
        raws = _joined([block for block in blocks if len(block)], piece)
        likely = {key: raws[key] for key in INTEGERS if key in raws and key not in piece.scalars}
        piece.scalars.update(values.integers_of(likely))
        for piece.key, column in raws.items():
            self.table.get(piece.key, _unknown)(piece, piece.key, column)
        piece.key = ""
        note_repeats(blocks, raws, piece)
        _keep_others(piece, [block.fields for block in blocks])
        self.finish(piece)
        return piece


def _with_left(pieces: Sequence[Piece]) -> Piece:
    """Return a piece for all records of several, with the values that they have left."""
    starts = np.cumsum([0, *(piece.count for piece in pieces)]).tolist()
    whole = Piece(starts[-1], kind=np.concatenate([piece.kind for piece in pieces]))
    for key in dict.fromkeys(key for piece in pieces for key in piece.left):
        found = [(start, *piece.left[key]) for start, piece in zip(starts, pieces, strict=False) if key in piece.left]
        rows = np.concatenate([rows + start for start, rows, _ in found])
        whole.left[key] = rows, list(chain.from_iterable(raws for _, _, raws in found))
    return whole


def _joined(blocks: Sequence[Block], piece: Piece) -> dict[str, Raws]:
    """Return the raw values of several blocks by key, and put those that are numbers already into `piece`."""
    columns: dict[str, Raws] = {}
    for key in dict.fromkeys(key for block in blocks for key in block.order):
        if key in piece.left:
            columns[key] = piece.left[key][1]
            continue
        if any(key in block.fields.columns for block in blocks):
            columns[key] = (
                blocks[0].raws(key)
                if len(blocks) == 1
                else list(chain.from_iterable(block.raws(key) for block in blocks))
            )
            continue
        parts = [block.numbers.get(key) or (None,) * len(block) for block in blocks]
        found = scalars(parts, floats=TYPES[key] is NUMBER)
        if found is not None:
            piece.scalars[key] = found
        columns[key] = as_raws(chain.from_iterable(parts)) if found is None else ()
    return columns


def _keep_others(piece: Piece, blocks: Sequence[Fields]) -> None:
    """Keep the members whose keys got no column, and the records that are no objects."""
    start = 0
    rows: list[int] = []
    objects: list[bytes] = []
    for fields in blocks:
        rows += [start + number for number in fields.further]
        objects += map(_object, fields.further.values())
        piece.bad.update({start + number: text for number, text in fields.odd.items()})
        start += fields.count
    if rows:
        piece.put(keys.FURTHER, values.spread(piece.count, np.array(rows, np.int64), Json.of(objects)))


def _object(members: Mapping[str, Raw]) -> bytes:
    return b"{" + b",".join(dumps(key) + b":" + bytes(raw) for key, raw in members.items()) + b"}"


def _unknown(piece: Piece, key: str, raws: Raws) -> None:
    piece.keep(key, raws)


def _ids(column: str) -> Put:
    def put(piece: Piece, key: str, raws: Raws) -> None:
        found, piece.absent[key], odd = values.ids(raws, piece.scalars.get(key))
        piece.put(column, found)
        if len(odd):
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
        found = piece.scalars.get(key) or parse.ints(raws)
        piece.absent[key] = found.absent
        good = found.values >= 0
        good[found.absent] = good[found.odd] = False
        size = piece.columns.get("size")
        if not isinstance(size, Fixed):
            size = Fixed(np.full((piece.count, 2), -1, np.int64))
            piece.put("size", size)
        size.values[good, axis] = found.values[good]
        good[found.absent] = True
        if not good.all():
            piece.keep(key, raws or as_raws(found.values.tolist()), np.flatnonzero(~good))

    return put


def _floats(piece: Piece, key: str, raws: Raws) -> tuple[Sparse | None, Array]:
    found = piece.scalars.get(key) or parse.floats(raws)
    piece.absent[key] = found.absent
    fits = ~np.isnan(found.values)
    rows = np.flatnonzero(fits)
    fits[found.absent] = True
    if not len(rows):
        return None, np.flatnonzero(~fits)
    whole = None if found.whole is None else found.whole[rows]
    return values.spread(piece.count, rows, Number(found.values[rows], whole)), np.flatnonzero(~fits)


def _score(piece: Piece, key: str, raws: Raws) -> None:
    found, odd = _floats(piece, key, raws)
    piece.put("score", found)
    if len(odd):
        piece.keep(key, raws, odd)


def _computed(piece: Piece, key: str, raws: Raws) -> None:
    """Keep a number that was computed from the geometry as one."""
    found, odd = _floats(piece, key, raws)
    if len(odd):
        piece.keep(key, raws)
    else:
        piece.put(keys.extra(key), found)


def _attribute(piece: Piece, key: str, raws: Raws) -> None:
    integers = piece.scalars.get(key)
    if integers is not None:
        piece.put(keys.ATTRIBUTE + key, values.dense(integers))
        piece.absent[key] = integers.absent
        return
    lengths = values.lengths_of(raws)
    piece.absent[key] = np.flatnonzero(lengths == 0)
    rows = np.flatnonzero(lengths)
    if len(rows):
        found = values.typed(values.chosen(raws, rows))
        where = None if len(rows) == len(raws) else rows
        piece.put(keys.ATTRIBUTE + key, Sparse(len(raws), where, found.slots, found.values))


def _bbox(piece: Piece, key: str, raws: Raws) -> None:
    found, piece.absent[key], odd = shapes.boxes(raws)
    piece.unproven[key] = values.chosen(raws, odd)
    piece.put("box", found)
    piece.keep(key, raws, odd)


def _polygons(piece: Piece, key: str, raws: Raws) -> None:
    """Read polygons, and leave everything else for later."""
    found, odd = shapes.polygons(raws)
    piece.put("points", found)
    piece.left[key] = odd, values.chosen(raws, odd)


def _masks(piece: Piece, key: str, raws: Raws) -> None:
    """Read masks among the values that are no polygons."""
    rows = piece.left[key][0]
    found, odd = shapes.masks(piece.count, rows, raws)
    if found is not None:
        piece.put("mask", found)
        piece.kind[found.present()] = KIND_CODE["mask"]
    if odd.any():
        own = values.verbatim(values.chosen(raws, np.flatnonzero(odd)), np.arange(np.count_nonzero(odd)))
        assert own is not None
        piece.put(keys.extra(key), Sparse(piece.count, rows[odd], own.slots, own.values))


def _keypoints(piece: Piece, key: str, raws: Raws) -> None:
    found, odd = shapes.keypoints(raws)
    piece.put("keypoints", found)
    piece.keep(key, raws, odd)


def image_recipe() -> Recipe:
    """Return what becomes of images."""
    table: dict[str, Put] = {
        "file_name": _text("name"),
        "id": _ids("id"),
        "coco_url": _text("uri"),
        "width": _side(0),
        "height": _side(1),
        "attributes": Attributes(),
    }
    return Recipe(table, _finish_images)


def annotation_recipe() -> Recipe:
    """Return what becomes of annotations."""
    table: dict[str, Put] = {
        "id": _ids("id"),
        "image_id": _ids("item"),
        "category_id": _ids("label"),
        "track_id": _ids("track"),
        "bbox": _bbox,
        "segmentation": _masks,
        "keypoints": _keypoints,
        "score": _score,
        "attributes": Attributes(keys.TOP_ATTRIBUTES),
        **dict.fromkeys(keys.TOP_ATTRIBUTES, _attribute),
        **dict.fromkeys(keys.DERIVED, _computed),
    }
    return Recipe(table, _finish_annotations, {"segmentation": _polygons})


def _finish_images(piece: Piece) -> None:
    piece.put(keys.ABSENT, marks({key: piece.lacks(key) for key in IMAGE_WANTED}))


def _finish_annotations(piece: Piece) -> None:
    """Add the kind of each shape: a segmentation, else a box, else joints."""
    kind = piece.kind
    box: Any = piece.columns.get("box")
    if box is not None:
        kind[(kind == 0) & ~np.isnan(box.values[:, 0])] = KIND_CODE["box"]
    joints: Any = piece.columns.get("keypoints")
    if joints is not None:
        kind[(kind == 0) & joints.mask()] = KIND_CODE["keypoints"]
    piece.put("kind", Fixed(kind))
    absent = {key: piece.lacks(key) for key in ANNOTATION_WANTED}
    for key in SHAPED:
        absent[key] &= kind > 0
    absent["num_keypoints"] &= False if joints is None else joints.mask()
    piece.put(keys.ABSENT, marks(absent))


def kind_of(piece: Piece) -> Array:
    """Return the kind of shape (n,) uint8 that the polygons of a block make, 0 where there is none."""
    kind = np.zeros(piece.count, np.uint8)
    column: Any = piece.columns.get("points")
    if column is not None:
        kind[column.present()] = KIND_CODE["polygon"]
    return kind
