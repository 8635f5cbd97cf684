"""Masks out of their column, whatever encoding the source uses."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.columns import MISSING, Fixed, Struct, Text
from annokit.columns.base import Array
from annokit.errors import FormatError
from annokit.geometry.ragged import offsets_of
from annokit.model.schema import MASK_ENCODINGS

if TYPE_CHECKING:
    from annokit.geometry.labelmap import Objects
    from annokit.model.dataset import Dataset

RLE, RUNS, BITMAP, VOID, DATAURI = range(len(MASK_ENCODINGS))

KEPT_BITMAPS = 4
"""Bitmaps whose objects a dataset remembers; batches walk items in order."""


def rles(ds: Dataset, rows: Array) -> list[tuple[tuple[int, int], bytes | None]]:
    """Return ((height, width), compressed run lengths) of the masks of `rows`; None where there are no pixels."""
    size, encoding, data = _stored(ds, rows)
    items = ds._annotations.array("item")[rows].tolist()
    found: list[tuple[tuple[int, int], bytes | None]] = []
    for place, code in enumerate(encoding.tolist()):
        own = (int(size[place, 0]), int(size[place, 1]))
        found.append(_rle(ds, items[place], own, code, data.raw(place)))
    return found


def _rle(ds: Dataset, item: int, size: tuple[int, int], code: int, data: bytes) -> tuple[tuple[int, int], bytes | None]:
    if code == RLE:
        return size, data
    if code == RUNS:
        from annokit.geometry.rle import dumps

        return size, dumps(np.frombuffer(data, "<u4").astype(np.int64))
    if code == BITMAP:
        objects = bitmap_objects(ds, item)
        return (size, None) if objects is None else (objects.size, _object_rle(objects, int(data)))
    return size, _picture_rle(data) if code == DATAURI else None


def _picture_rle(data: bytes) -> bytes:
    from annokit.codecs.mask_png import counts
    from annokit.geometry.rle import dumps

    return dumps(counts(data))


def _object_rle(objects: Objects, ident: int) -> bytes | None:
    place = int(objects.ids.searchsorted(ident))
    if place == len(objects.ids) or objects.ids[place] != ident:
        return None
    return objects.rle(place)


def counts(ds: Dataset, rows: Array) -> tuple[Array, Array, Array]:
    """Return plain run lengths of the masks of annotation `rows`.

    Returns
    -------
    counts : (k,) int64 array
        Down the columns, background first, checked against the size.
    offsets : (n + 1,) int64 array
        Where each mask begins; a mask without pixels has none.
    sizes : (n, 2) int64 array
        Height and width.

    Raises
    ------
    FormatError
        A mask's run lengths do not fit its size.
    """
    from annokit.geometry.rle import fault_error, parse

    pairs = rles(ds, rows)
    sizes = np.array([size for size, _ in pairs], np.int64).reshape(-1, 2)
    full = np.array([rle is not None for _, rle in pairs], bool)
    texts = Text.of_bytes([rle for _, rle in pairs if rle is not None])
    flat, offsets, faults = parse(texts.data, texts.offsets, sizes[full])
    wrong = np.flatnonzero(faults)
    if len(wrong):
        row = int(rows[np.flatnonzero(full)[wrong[0]]])
        error = fault_error(int(faults[wrong[0]]), sizes[full][wrong[0]].tolist())
        raise FormatError(error.message, item=_item_name(ds, row), annotation=row)
    lengths = np.zeros(len(rows), np.int64)
    lengths[full] = np.diff(offsets)
    return flat, offsets_of(lengths), sizes


def _item_name(ds: Dataset, row: int) -> str | None:
    item = int(ds._annotations.array("item")[row])
    return None if item < 0 else str(ds._items.value("name", item))


def mask_bounds(ds: Dataset, rows: Array) -> Array:
    """Return the tight half-open boxes of masks in pixels, (k, 4) xyxy, NaN where a mask is empty."""
    from annokit.geometry.runs import boxes

    flat, offsets, sizes = counts(ds, rows)
    return boxes(flat, offsets, sizes[:, 0])


def _stored(ds: Dataset, rows: Array) -> tuple[Array, Array, Text]:
    column = ds._annotations.sparse("mask")
    assert column is not None
    chosen = column.values.take(column.slots_of(rows))
    assert isinstance(chosen, Struct)
    size, encoding, data = (chosen.fields[name] for name in ("size", "encoding", "data"))
    assert isinstance(size, Fixed)
    assert isinstance(encoding, Fixed)
    assert isinstance(data, Text)
    return size.values, encoding.values, data


def bitmap_objects(ds: Dataset, item: int) -> Objects | None:
    """Return the objects of an item's bitmap file, None where it is not on this machine."""
    cache: dict[int, Any] = ds.__dict__.setdefault("_bitmaps", {})
    if item not in cache:
        made = _read_bitmap(ds, item)
        while len(cache) >= KEPT_BITMAPS:
            cache.pop(next(iter(cache)), None)
        cache[item] = made
    found: Objects | None = cache[item]
    return found


def _read_bitmap(ds: Dataset, item: int) -> Objects | None:
    bitmap = load_bitmap(ds, item)
    if bitmap is None:
        return None
    from annokit.geometry.labelmap import objects

    return objects(bitmap)


def load_bitmap(ds: Dataset, item: int) -> Array | None:
    """Return an item's bitmap of instance ids, (height, width) uint32, None where it is not on this machine."""
    path: Any = MISSING if item < 0 else ds._items.value("bitmap_path", item)
    if path is MISSING or not Path(path).is_file():
        return None
    from annokit.media.image import load_label_bitmap

    return load_label_bitmap(path)
