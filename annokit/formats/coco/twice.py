"""Records that state a key twice, found by counting colons.

Every colon of a record belongs to a key or to a value. Where a text holds more of them than the keys and values that
were read, something was read over, and only then are the records looked at one by one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from msgspec import Raw

from annokit.codecs.json_repeats import Repeats, colons, may_repeat, repeats
from annokit.formats.coco.piece import Piece
from annokit.formats.coco.typed import Block
from annokit.formats.coco.values import lengths_of

Raws = Sequence[Raw]


def note_repeats(blocks: Sequence[Block], columns: Mapping[str, Raws], piece: Piece) -> None:
    """Note the keys that records of a piece state twice.

    Parameters
    ----------
    blocks : sequence of Block
        The records.
    columns : mapping of str to raw values
        What was read of them, by key; for large values, those that are left.
    piece : Piece
        What was made of them; takes the places.
    """
    if all(block.looked for block in blocks):
        return
    seen = sum(colons(block.text) for block in blocks)
    read = sum(_further(block) for block in blocks)
    nested = False
    for key, raws in columns.items():
        joined = b",".join(piece.unproven.get(key, raws))
        read += _count(key, raws, piece) * (1 + key.count(":")) + colons(joined)
        nested = nested or (b"{" in joined and not (key in piece.left and _are_runs(joined)) and may_repeat(joined))
    if seen != read or nested:
        _look(blocks, piece.repeats)


def _count(key: str, raws: Raws, piece: Piece) -> int:
    """Return how many records state a key."""
    if key in piece.left:
        return len(raws) + piece.settled
    scalars = piece.scalars.get(key)
    absent = piece.absent.get(key) if scalars is None else scalars.absent
    return int(np.count_nonzero(lengths_of(raws))) if absent is None else piece.count - len(absent)


def _are_runs(text: bytes) -> bool:
    """Tell whether every object of a text has one ``size`` and one ``counts``."""
    return text.count(b"{") == text.count(b'"size"') == text.count(b'"counts"')


def _further(block: Block) -> int:
    """Return the colons of what got no column."""
    found = sum(colons(text) for text in block.fields.odd.values())
    for members in block.fields.further.values():
        found += sum(1 + key.count(":") + colons(bytes(raw)) for key, raw in members.items())
    return found


def _look(blocks: Sequence[Block], found: Repeats) -> None:
    start = 0
    for block in blocks:
        found.add(repeats(block.text, "", start))
        start += len(block)
