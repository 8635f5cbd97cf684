"""Segmentations, boxes and keypoints of a block of annotations as columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from msgspec import Raw

from annokit.codecs import json_numbers as parse
from annokit.columns import Number, Ragged, Sparse
from annokit.columns.base import Array
from annokit.formats.coco import runs
from annokit.formats.coco.values import chosen, spread
from annokit.geometry import ragged

LEAST = 6
"""Numbers of the shortest ring that has an area."""

Raws = Sequence[Raw]


def polygons(raws: Raws) -> tuple[Sparse | None, Array]:
    """Return lists of rings of at least three points, and the rows that hold something else, be it ``[]`` or null."""
    found = parse.numbers(raws, 2)
    rings, sizes = found.lengths
    column, odd = _polygons(rings, sizes, found)
    odd[found.odd] = True
    return column, np.flatnonzero(odd)


def masks(count: int, rows: Array, raws: Raws) -> tuple[Sparse | None, Array]:
    """Return the masks among the values of some of `count` rows, and which of these (k,) hold none."""
    odd = np.ones(len(rows), bool)
    if b"{" not in b"".join(raws):
        return None, odd
    objects = np.flatnonzero([bytes(raw)[:1] == b"{" for raw in raws])
    found, good = runs.masks(chosen(raws, objects))
    odd[objects[good]] = False
    return (None if found is None else spread(count, rows[objects[good]], found)), odd


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


def visibility_of(column: Sparse) -> tuple[Array, Array]:
    """Return the (m,) visibilities of all joints and the annotation row of each."""
    joints: Any = column.dense()
    return joints.values.values[:, 2], column.present().repeat(np.diff(joints.bounds()))
