"""Masks out of their column, whatever encoding the source uses."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.columns import MISSING, Fixed, Struct, Text
from annokit.columns.base import Array
from annokit.errors import FormatError
from annokit.geometry.ragged import offsets_of, take
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
        try:
            found.append(_rle(ds, items[place], own, code, data.raw(place)))
        except FormatError as error:
            row = int(rows[place])
            raise FormatError(error.message, item=_item_name(ds, row), annotation=row, found=error.found) from error
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
    if not len(rows):
        return np.zeros(0, np.int64), np.zeros(1, np.int64), np.zeros((0, 2), np.int64)
    size, encoding, data = _stored(ds, rows)
    groups = [(places, _READ.get(code, _decoded)) for code, places in _by_encoding(encoding)]
    found = [read(ds, rows[places], size[places], data.take(places)) for places, read in groups]
    if len(groups) == 1:
        flat, offsets, sizes, faults = found[0]
    else:
        flat, offsets, sizes, faults = _merged(len(rows), [places for places, _ in groups], found)
    wrong = np.flatnonzero(faults)
    if len(wrong):
        from annokit.geometry.rle import fault_error

        error = fault_error(int(faults[wrong[0]]), sizes[wrong[0]].tolist())
        row = int(rows[wrong[0]])
        raise FormatError(error.message, item=_item_name(ds, row), annotation=row)
    return flat, offsets, sizes


_Counts = tuple[Array, Array, Array, Array]
"""Run lengths, offsets, sizes, and the faults of :data:`annokit.geometry.rle.FAULTS`."""


def _by_encoding(encoding: Array) -> list[tuple[int, Array]]:
    return [(int(code), np.flatnonzero(encoding == code)) for code in np.flatnonzero(np.bincount(encoding))]


def _compressed(ds: Dataset, rows: Array, size: Array, data: Text) -> _Counts:
    from annokit.geometry.rle import parse

    flat, offsets, faults = parse(data.data, data.offsets, size)
    return flat, offsets, size, faults


def _plain(ds: Dataset, rows: Array, size: Array, data: Text) -> _Counts:
    from annokit.geometry.rle import faults_of

    flat = np.frombuffer(data.data[data.offsets[0] : data.offsets[-1]].tobytes(), "<u4").astype(np.int64)
    offsets = (data.offsets - data.offsets[0]) // 4
    return flat, offsets, size, faults_of(flat, offsets, size)


def _decoded(ds: Dataset, rows: Array, size: Array, data: Text) -> _Counts:
    """Decode masks one by one, from pictures and bitmaps; one whose pixels are not here has no run lengths."""
    pairs = rles(ds, rows)
    sizes = np.array([own for own, _ in pairs], np.int64).reshape(-1, 2)
    full = np.array([rle is not None for _, rle in pairs], bool)
    texts = Text.of_bytes([rle for _, rle in pairs if rle is not None])
    lengths, faults = np.zeros(len(rows), np.int64), np.zeros(len(rows), np.uint8)
    flat, offsets, _, faults[full] = _compressed(ds, rows[full], sizes[full], texts)
    lengths[full] = np.diff(offsets)
    return flat, offsets_of(lengths), sizes, faults


_READ = {RLE: _compressed, RUNS: _plain}
"""How run lengths come out of an encoding; :func:`_decoded` for all others."""


def _merged(length: int, places: list[Array], found: list[_Counts]) -> _Counts:
    """Return the masks of several encodings in their own order."""
    lengths, faults = np.zeros(length, np.int64), np.zeros(length, np.uint8)
    sizes = np.zeros((length, 2), np.int64)
    for own, (_, offsets, size, wrong) in zip(places, found, strict=True):
        lengths[own], sizes[own], faults[own] = np.diff(offsets), size, wrong
    ends = offsets_of(lengths)
    flat = np.empty(ends[-1], np.int64)
    for own, (counts, _, _, _) in zip(places, found, strict=True):
        flat[take(ends, own)[1]] = counts
    return flat, ends, sizes, faults


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
