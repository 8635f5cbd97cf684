"""Writing panoptic COCO: ``panoptic.json``, and the folder ``panoptic`` with a PNG per image."""

from __future__ import annotations

from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from annokit.columns.base import Array
from annokit.formats.coco import keys
from annokit.formats.coco.members import record_members, segment_members
from annokit.formats.coco.segments_info import SEGMENTS
from annokit.formats.flatten import counts_of, mask_rows
from annokit.formats.numbering import stated_ids
from annokit.geometry.paint import paint
from annokit.media.bitmap import encode_label_bitmap
from annokit.model.bitmaps import rows_in_bitmaps

if TYPE_CHECKING:
    from annokit.codecs.output import Output
    from annokit.formats.context import WriteContext
    from annokit.model.dataset import Dataset

STEM = "panoptic"
"""What the document and the folder of its PNGs are called."""


def output_of(ds: Dataset, path: Any) -> Literal["file", "folder"]:
    """Return ``folder`` for videos, and for panoptic documents unless a JSON file is named and no PNG goes along."""
    if len(ds._sequences):
        return "folder"
    if keys.PANOPTIC not in ds._extras:
        return "file"
    named = Path(fspath(path)).suffix.lower() == ".json" if isinstance(path, str | PathLike) else True
    return "file" if named and not written(ds) else "folder"


def name_of(ds: Dataset, kind: str, stem: str) -> str:
    """Return what the document is called."""
    return f"{STEM if keys.PANOPTIC in ds._extras and kind != 'file' else stem}.json"


def written(ds: Dataset) -> list[int]:
    """Return the items whose PNG is written: all that name one, but those whose pixels are not on this machine.

    An image without segments has a PNG unless all others go without.
    """
    column = ds._items.sparse("bitmap")
    if column is None:
        return []
    rows = column.present()
    item = ds._annotations.array("item")
    absent = item[rows_in_bitmaps(ds)]
    if len(absent) and not len(mask_rows(ds)):
        return []
    chosen: list[int] = np.setdiff1d(rows, absent).tolist()
    return chosen


def write_pngs(ds: Dataset, output: Output, context: WriteContext) -> None:
    """Write the PNGs: red, green and blue of a pixel are the id of its segment, red lowest; 0 is void."""
    files: Any = ds._items.get("bitmap")
    item = ds._annotations.array("item")
    ids = stated_ids(ds)
    rows = mask_rows(ds)
    chosen = written(ds)
    for number, owner in enumerate(chosen, 1):
        own = rows[slice(*np.searchsorted(item[rows], (owner, owner + 1)))]
        flat, offsets, _ = counts_of(ds, own)
        width, height = ds._items.array("size")[owner].tolist()
        painted = paint(flat, offsets, ids[own].astype(np.uint32), (height, width), limits=context.limits)
        name = files.value(owner)["name"]
        output.write(f"{STEM}/{name}", encode_label_bitmap(painted, "rgb24"))
        context.progress(number, len(chosen))


class PictureMembers:
    """The records of images with those of their segments."""

    def __init__(self, ds: Dataset) -> None:
        column = ds._items.sparse("bitmap")
        rows = np.zeros(0, np.int64) if column is None else column.present()
        self._offsets: Array = ds._index[0]
        self._rows = rows
        self._segments = segment_members(ds)
        self._records = record_members(ds, rows) if len(rows) else None
        self.count = len(rows)

    def records(self, start: int, stop: int) -> bytes:
        """Return the records of images `start` up to `stop`, with commas between them."""
        assert self._records is not None
        first, last = int(self._rows[start]), int(self._rows[stop - 1])
        low = int(self._offsets[first])
        insides = self._segments.insides(low, int(self._offsets[last + 1]))
        texts = [b"{" + text + b"}" for text in insides]
        found = []
        for row, record in zip(self._rows[start:stop].tolist(), self._records.insides(start, stop), strict=True):
            a, b = int(self._offsets[row]) - low, int(self._offsets[row + 1]) - low
            found.append(b'{"%s":[' % SEGMENTS.encode() + b",".join(texts[a:b]) + b"]," + record + b"}")
        return b",".join(found)
