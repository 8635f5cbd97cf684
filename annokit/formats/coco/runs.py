"""Run lengths of a block of annotations as a column of masks."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import attrs
import msgspec
import numpy as np
from msgspec import Raw

from annokit.columns import Column, Fixed, Struct, Text
from annokit.columns.base import Array
from annokit.geometry import ragged, rle
from annokit.model.schema import MASK_ENCODINGS

PLAIN, COMPRESSED = MASK_ENCODINGS.index("runs"), MASK_ENCODINGS.index("rle")


class RunLengths(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A mask as the file states it."""

    counts: list[int] | str
    size: tuple[int, int]


_all = msgspec.json.Decoder(list[RunLengths]).decode
_one = msgspec.json.Decoder(RunLengths).decode


@attrs.define(eq=False)
class _Masks:
    """Masks in the order of the file, those that are wrong left out at the end."""

    size: Array
    encoding: Array
    data: list[bytes]
    good: Array


def masks(raws: Sequence[Raw]) -> tuple[Struct | None, Array]:
    """Return the masks among JSON values, in the layout of the column ``mask``, and which values (n,) they are.

    Run lengths that do not fill their size, or an object with other keys, are none.
    """
    found, proper = _decoded(raws)
    if not found:
        return None, proper
    made = _Masks(_sizes(found), np.full(len(found), PLAIN, np.uint8), [b""] * len(found), np.zeros(len(found), bool))
    text = np.fromiter((type(mask.counts) is str for mask in found), bool, len(found))
    _add_compressed(made, found, np.flatnonzero(text))
    _add_plain(made, found, np.flatnonzero(~text))
    proper[proper] = made.good
    if not made.good.any():
        return None, proper
    kept = np.flatnonzero(made.good)
    columns: dict[str, Column] = {
        "size": Fixed(made.size[kept]),
        "encoding": Fixed(made.encoding[kept]),
        "data": Text.of_bytes([made.data[place] for place in kept.tolist()]),
    }
    return Struct(columns), proper


def _decoded(raws: Sequence[Raw]) -> tuple[list[RunLengths], Array]:
    """Return the values that look like masks, and which they are."""
    try:
        return _all(b"[" + b",".join(raws) + b"]"), np.ones(len(raws), bool)
    except msgspec.ValidationError:
        single = [_single(raw) for raw in raws]
        found = [mask for mask in single if mask is not None]
        return found, np.array([mask is not None for mask in single], bool)


def _single(raw: Raw) -> RunLengths | None:
    try:
        return _one(raw)
    except msgspec.ValidationError:
        return None


def _sizes(found: Sequence[RunLengths]) -> Array:
    """Return (n, 2) height and width; 0 where a number is beyond all masks."""
    flat = [side if 0 <= side < 1 << 31 else 0 for mask in found for side in mask.size]
    return np.array(flat, np.int64).reshape(-1, 2)


def _add_compressed(made: _Masks, found: Sequence[RunLengths], places: Array) -> None:
    if not len(places):
        return
    texts = [str(found[place].counts).encode("utf-8", "surrogatepass") for place in places.tolist()]
    column = Text.of_bytes(texts)
    _, _, faults = rle.parse(column.data, column.offsets, made.size[places])
    made.good[places] = faults == 0
    made.encoding[places] = COMPRESSED
    for place, text in zip(places.tolist(), texts, strict=True):
        made.data[place] = text


def _add_plain(made: _Masks, found: Sequence[RunLengths], places: Array) -> None:
    """Add run lengths as uint32, where they are none beyond that and add up to the size."""
    if not len(places):
        return
    lists = [found[place].counts for place in places.tolist()]
    ends = ragged.offsets_of(np.fromiter(map(len, lists), np.int64, len(lists)))
    try:
        runs = np.fromiter(chain.from_iterable(lists), np.int64, int(ends[-1]))
    except OverflowError:
        fits = [all(type(run) is int and 0 <= run < 1 << 32 for run in runs) for runs in lists]
        _add_plain(made, found, places[np.array(fits, bool)])
        return
    proper = (runs >= 0) & (runs < 1 << 32)
    total = ragged.reduce(np.where(proper, runs, -(1 << 40)), ends, np.add, 0)
    area = made.size[places].prod(axis=1)
    made.good[places] = (total == area) & (area > 0)
    blob, stops = runs.astype("<u4").tobytes(), (ends * 4).tolist()
    for row, place in enumerate(places.tolist()):
        made.data[place] = blob[stops[row] : stops[row + 1]]
