"""Segmentations, boxes and keypoints of a block of annotations as columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np
from msgspec import Raw

from annokit.codecs import json_numbers as parse
from annokit.codecs.json_fields import FieldDecoder
from annokit.columns import Column, Fixed, Number, Ragged, Sparse, Struct, Text
from annokit.columns.base import Array
from annokit.formats.coco.values import chosen, lengths_of, spread
from annokit.geometry import ragged, rle
from annokit.model.schema import MASK_ENCODINGS

LEAST = 6
"""Numbers of the shortest ring that has an area."""

Raws = Sequence[Raw]


@attrs.frozen(eq=False)
class Shapes:
    """The segmentations of a block; each row is in one of the three."""

    polygons: Sparse | None
    """Rings of points, in the layout of the column ``points``."""

    masks: Sparse | None
    """Run lengths, in the layout of the column ``mask``."""

    odd: Array
    """(k,) rows whose segmentation is neither, ``[]`` and null included."""


def mask_decoder() -> FieldDecoder:
    """Return the decoder of run lengths; one serves all blocks."""
    return FieldDecoder()


def segmentations(raws: Raws, decode: FieldDecoder) -> Shapes:
    """Return polygons and masks; a ring needs three points, run lengths need to fill their size."""
    found = parse.numbers(raws, 2)
    rings, sizes = found.lengths
    odd = np.zeros(len(raws), bool)
    odd[found.odd] = True
    polygons, bad = _polygons(rings, sizes, found)
    odd |= bad
    masks = None
    if len(found.odd):
        masks, good = _masks(raws, found.odd, decode)
        odd[good] = False
    return Shapes(polygons, masks, np.flatnonzero(odd))


def _polygons(rings: Array, sizes: Array, found: parse.Numbers) -> tuple[Sparse | None, Array]:
    """Return the polygons, and the (n,) rows that hold no proper ones."""
    values, whole = found.values, found.whole
    bad = rings == 0
    bad[found.absent] = bad[found.odd] = False
    wrong = (sizes < LEAST) | (sizes % 2 == 1)
    if wrong.any():
        owner = np.arange(len(rings)).repeat(rings)
        bad[owner[wrong]] = True
        kept = ~bad[owner]
        numbers = kept.repeat(sizes)
        values, whole = values[numbers], None if whole is None else whole[numbers]
        sizes, rings = sizes[kept], np.where(bad, 0, rings)
    rows = np.flatnonzero(rings)
    if not len(rows):
        return None, bad
    points = Number(values.reshape(-1, 2), _shaped(whole, 2))
    inner = Ragged(None, Ragged(ragged.offsets_of(sizes // 2), points))
    return spread(len(rings), rows, Ragged(ragged.offsets_of(rings[rows]), inner)), bad


def _shaped(whole: Array | None, width: int) -> Array | None:
    return None if whole is None or not whole.any() else whole.reshape(-1, width)


def rows_of_numbers(found: parse.Numbers, width: int) -> tuple[Array, Number | None, Array]:
    """Return the rows that hold `width` numbers, the (k, width) numbers, and the (m,) rows that hold something else."""
    lengths = found.lengths[0]
    fits = lengths == width
    other = ~fits
    other[found.absent] = False
    rows, odd = np.flatnonzero(fits), np.flatnonzero(other)
    values, whole = found.values, found.whole
    if len(values) != width * len(rows):
        kept = fits.repeat(lengths)
        values, whole = values[kept], None if whole is None else whole[kept]
    return rows, (Number(values.reshape(-1, width), _shaped(whole, width)) if len(rows) else None), odd


def boxes(raws: Raws) -> tuple[Number | None, Array, Array]:
    """Return the boxes, (n, 4), NaN where there is none, the rows without a value, and those with another one."""
    found = parse.numbers(raws, 1)
    rows, numbers, odd = rows_of_numbers(found, 4)
    if numbers is None or len(rows) == len(raws):
        return numbers, found.absent, odd
    values = np.full((len(raws), 4), np.nan)
    values[rows] = numbers.values
    whole = None
    if numbers.whole is not None:
        whole = np.zeros((len(raws), 4), bool)
        whole[rows] = numbers.whole
    return Number(values, whole), found.absent, odd


def keypoints(raws: Raws) -> tuple[Sparse | None, Array]:
    """Return the keypoints, x, y, visibility each, and the rows that hold something else, ``[]`` included."""
    found = parse.numbers(raws, 1)
    lengths = found.lengths[0]
    values, whole = found.values, found.whole
    owner = np.arange(len(raws)).repeat(lengths)
    visibility = (np.arange(len(values)) - ragged.offsets_of(lengths)[owner]) % 3 == 2
    fits = (lengths > 0) & (lengths % 3 == 0)
    fits[owner[visibility & ((values < 0) | (values > 255))]] = False
    empty = ~fits
    empty[found.absent] = False
    rows = np.flatnonzero(fits)
    if not len(rows):
        return None, np.flatnonzero(empty)
    kept = fits[owner]
    points = Number(values[kept].reshape(-1, 3), _shaped(None if whole is None else whole[kept], 3))
    return spread(len(raws), rows, Ragged(ragged.offsets_of(lengths[rows] // 3), points)), np.flatnonzero(empty)


def _masks(raws: Raws, rows: Array, decode: FieldDecoder) -> tuple[Sparse | None, Array]:
    """Return the masks among `rows`, and which rows hold one."""
    rows = np.array([row for row in rows.tolist() if bytes(raws[row])[:1] == b"{"], np.int64)
    if not len(rows):
        return None, rows
    fields = decode(b"[" + b",".join(chosen(raws, rows)) + b"]")
    plain = np.ones(len(rows), bool)
    for key, column in fields.columns.items():
        if key not in ("size", "counts"):
            plain &= lengths_of(column) == 0
    plain[list(fields.further)] = False
    size = _sizes(fields.column("size"), plain)
    counts = fields.column("counts")
    first = np.array([bytes(raw)[:1] for raw in counts], "S1")
    data: list[bytes] = [b""] * len(rows)
    encoding = np.zeros(len(rows), np.uint8)
    good = _compressed(counts, np.flatnonzero(plain & (first == b'"')), size, data)
    plain_runs = _runs(counts, np.flatnonzero(plain & (first == b"[")), size, data)
    encoding[plain_runs] = MASK_ENCODINGS.index("runs")
    held = np.union1d(good, plain_runs).astype(np.int64)
    if not len(held):
        return None, rows[held]
    struct: dict[str, Column] = {
        "size": Fixed(size[held]),
        "encoding": Fixed(encoding[held]),
        "data": Text.of_bytes([data[place] for place in held.tolist()]),
    }
    return spread(len(raws), rows[held], Struct(struct)), rows[held]


def _sizes(raws: Raws, plain: Array) -> Array:
    """Return (n, 2) height and width; rows that state something else are no longer `plain`."""
    rows, numbers, _ = rows_of_numbers(parse.numbers(raws, 1), 2)
    size = np.zeros((len(raws), 2), np.int64)
    whole = np.zeros(len(raws), bool)
    if numbers is not None and numbers.whole is not None:
        size[rows] = numbers.values
        whole[rows] = numbers.whole.all(axis=1)
    plain &= whole
    return size


def _compressed(counts: Raws, places: Array, size: Array, data: list[bytes]) -> Array:
    """Fill in the compressed run lengths at `places`, and return those that fill their size."""
    if not len(places):
        return places
    found: list[str] = parse.texts(chosen(counts, places)).values
    texts = [text.encode("utf-8", "surrogatepass") for text in found]
    column = Text.of_bytes(texts)
    _, _, faults = rle.parse(column.data, column.offsets, size[places])
    good = faults == 0
    for place, text in zip(places[good].tolist(), np.array(texts, object)[good].tolist(), strict=True):
        data[place] = text
    return np.asarray(places[good])


def _runs(counts: Raws, places: Array, size: Array, data: list[bytes]) -> Array:
    """Fill in the plain run lengths at `places` as uint32, and return those that fill their size."""
    if not len(places):
        return places
    found = parse.numbers(chosen(counts, places), 1)
    lengths = found.lengths[0]
    ends = ragged.offsets_of(lengths)
    values = found.values
    whole = np.zeros(len(values), bool) if found.whole is None else found.whole
    proper = whole & (values >= 0) & (values < 1 << 32)
    total = ragged.reduce(np.where(proper, values, np.nan), ends, np.add, 0.0)
    area = size[places].astype(np.float64).prod(axis=1)
    good = (total == area) & (area > 0)
    good[found.odd] = False
    runs = np.where(proper, values, 0).astype("<u4")
    blob, stops = runs.tobytes(), (ends * 4).tolist()
    for row in np.flatnonzero(good).tolist():
        data[int(places[row])] = blob[stops[row] : stops[row + 1]]
    return np.asarray(places[good])


def visibility_of(column: Sparse) -> tuple[Array, Array]:
    """Return the (m,) visibilities of all joints and the annotation row of each."""
    joints: Any = column.dense()
    return joints.values.values[:, 2], column.present().repeat(np.diff(joints.bounds()))
