"""The list ``annotations`` of a panoptic document: a record per image, which holds those of its segments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain

import attrs
import msgspec
import numpy as np
from msgspec import Raw

from annokit.columns import Column, Table
from annokit.columns.base import Array
from annokit.formats.coco import keys
from annokit.formats.coco.gather import Gathered
from annokit.formats.coco.piece import Piece
from annokit.formats.coco.records import Recipe, annotation_recipe, image_recipe
from annokit.formats.coco.typed import Block, TypedDecoder
from annokit.geometry import ragged
from annokit.model.schema import KIND_CODE

SEGMENTS = "segments_info"

WITHOUT = ("image_id", "segmentation", "keypoints", "num_keypoints", "caption")
"""Keys of annotations that are none of segments."""

_lists = msgspec.json.Decoder(list[list[Raw]]).decode
_raws = msgspec.json.Decoder(list[Raw]).decode


@attrs.frozen(eq=False)
class PictureBlock:
    """Records as they were split."""

    records: Block
    """The records without their segments."""

    counts: Array
    """(n,) int64 number of segments of each record."""

    segments: Block
    """The segments of all of them."""

    odd: Mapping[int, bytes]
    """Record number to what stands in place of the list of segments."""

    def __len__(self) -> int:
        return len(self.records)


class PictureDecoder:
    """A decoder for :func:`annokit.codecs.records.split` that gives a :class:`PictureBlock`; use one per array.

    Parameters
    ----------
    columns : int
        Most distinct keys that get a column.
    """

    def __init__(self, columns: int) -> None:
        self._records = TypedDecoder(columns)
        self._segments = TypedDecoder(columns)

    def __call__(self, text: bytes) -> PictureBlock:
        """Return the records of the array of objects in `text`."""
        records = self._records(text)
        lists, odd = _split(records.fields.column(SEGMENTS))
        inner = b"[" + b",".join(chain.from_iterable(lists)) + b"]"
        counts = np.fromiter(map(len, lists), np.int64, len(lists))
        segments = attrs.evolve(self._segments(inner), looked=True)
        return PictureBlock(_others(records), counts, segments, odd)


def _others(block: Block) -> Block:
    """Return records without their segments."""
    columns = {key: column for key, column in block.fields.columns.items() if key != SEGMENTS}
    order = tuple(key for key in block.order if key != SEGMENTS)
    return attrs.evolve(block, fields=attrs.evolve(block.fields, columns=columns), order=order, looked=True)


def _split(raws: Sequence[Raw]) -> tuple[Sequence[Sequence[Raw]], dict[int, bytes]]:
    """Return the texts of the segments of each record, and what is no list, empty where there is nothing."""
    try:
        return (_lists(b"[" + b",".join(raws) + b"]"), {}) if all(map(len, raws)) else _one_by_one(raws)
    except msgspec.ValidationError:
        return _one_by_one(raws)


def _one_by_one(raws: Sequence[Raw]) -> tuple[Sequence[Sequence[Raw]], dict[int, bytes]]:
    odd = {place: bytes(raw) for place, raw in enumerate(raws) if bytes(raw)[:1] != b"["}
    return [[] if place in odd else _raws(raw) for place, raw in enumerate(raws)], odd


def record_recipe() -> Recipe:
    """Return what becomes of the records of images: their id, and the name of the PNG."""
    table = image_recipe().table
    return Recipe({"image_id": table["id"], "file_name": table["file_name"]}, lambda _: None)


def segment_recipe() -> Recipe:
    """Return what becomes of segments."""
    recipe = annotation_recipe()

    def finish(piece: Piece) -> None:
        piece.absent["image_id"] = np.zeros(0, np.int64)  # the record states it
        piece.kind = np.full(len(piece), KIND_CODE["mask"], np.uint8)
        recipe.finish(piece)

    return Recipe({key: put for key, put in recipe.table.items() if key not in WITHOUT}, finish)


class Pictures:
    """All blocks of the list.

    Parameters
    ----------
    total : int or None
        Bytes of the source.
    """

    def __init__(self, total: int | None) -> None:
        self._segments = Gathered(segment_recipe(), total)
        self._records = Gathered(record_recipe(), total)
        self._counts: list[Array] = []
        self.odd: dict[int, bytes] = {}

    def add(self, block: PictureBlock, end: int) -> None:
        """Append a block that ends at offset `end` of the source."""
        self.odd.update({self._records.count + place: text for place, text in block.odd.items()})
        self._records.add(block.records, end)
        self._segments.add(block.segments, end)
        self._counts.append(block.counts)

    def tables(self) -> PictureTables:
        """Return the records and the segments; nothing is kept here. Records that are no objects have no values."""
        counts = np.concatenate([np.zeros(0, np.int64), *self._counts])
        whole = self._records.piece()
        segments, kept = self._segments.table()
        owner = np.repeat(np.arange(len(counts)), counts)
        number = np.arange(len(owner)) - ragged.offsets_of(counts)[owner]
        wrong = {(int(owner[row]), int(number[row])): text for row, text in self._segments.bad.items()}
        if kept is not None:
            owner, number = owner[kept], number[kept]
        records = Table(whole.count, whole.columns)
        return PictureTables(records, segments, owner, number, whole.bad, wrong, self.odd)


@attrs.frozen(eq=False)
class PictureTables:
    """The list as two tables."""

    records: Table
    """Columns ``id`` of the image, ``name`` of the PNG, and those of other keys."""

    segments: Table
    """A row per segment."""

    owner: Array
    """(n,) int64 record of each segment."""

    number: Array
    """(n,) int64 its place there."""

    bad: Mapping[int, bytes]
    """Record number to the text of each record that is no object."""

    wrong: Mapping[tuple[int, int], bytes]
    """Record and place to the text of each segment that is no object."""

    odd: Mapping[int, bytes]
    """Record number to what stands in place of the list of segments."""

    def further(self) -> dict[str, Column]:
        """Return the columns of members of records that the model does not map, as columns of items are called."""
        found = {}
        for name, column in self.records.columns.items():
            if name.startswith(keys.EXTRA) and name != keys.ABSENT:
                found[keys.RECORD + name[len(keys.EXTRA) :]] = column
        return found


class Pointers(Sequence[str]):
    """Where each segment stands in the list, made only when asked for."""

    def __init__(self, tables: PictureTables) -> None:
        self._owner, self._number = tables.owner, tables.number

    def __len__(self) -> int:
        return len(self._owner)

    def __getitem__(self, row: int) -> str:  # type: ignore[override] # nobody slices it
        return f"{self._owner[row]}/{SEGMENTS}/{self._number[row]}"
