"""One block of records as columns, before it joins the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import numpy as np
from msgspec import Raw

from annokit.codecs.json_fields import Fields
from annokit.codecs.json_numbers import Scalars
from annokit.columns import Column, Json
from annokit.columns.base import Array
from annokit.columns.json import dumps
from annokit.formats.coco import keys, values


@attrs.define(eq=False)
class Piece:
    """The columns of consecutive records."""

    count: int
    """Number of records."""

    columns: dict[str, Column] = attrs.field(factory=dict)
    """By name, in the order in which the file states the keys; each has `count` rows."""

    bad: dict[int, bytes] = attrs.field(factory=dict)
    """The records that are no objects, by number."""

    size: int = 0
    """Bytes of the records in the file."""

    integers: Mapping[str, Scalars] = attrs.field(factory=dict)
    """Columns of integers, parsed already; not part of the result."""

    absent: dict[str, Array] = attrs.field(factory=dict)
    """Rows that lack a key, for the keys that some record of the block has."""

    def __len__(self) -> int:
        return self.count

    def put(self, name: str, column: Column | None) -> None:
        """Add a column."""
        if column is not None:
            self.columns[name] = column

    def keep(self, key: str, raws: Sequence[Raw], rows: Array | None = None) -> None:
        """Keep the values of `rows`, by default of all that there are, verbatim."""
        self.put(keys.extra(key), values.verbatim(raws, rows))

    def lacks(self, key: str) -> Array:
        """Return (count,) bool, True where the record lacks a key."""
        rows = self.absent.get(key)
        if rows is None:
            return np.ones(self.count, bool)
        lacking = np.zeros(self.count, bool)
        lacking[rows] = True
        return lacking


def keep_further(piece: Piece, fields: Fields) -> None:
    """Keep the members whose keys got no column."""
    if fields.further:
        rows = np.array(list(fields.further), np.int64)
        objects = [_object(members) for members in fields.further.values()]
        piece.put(keys.FURTHER, values.spread(piece.count, rows, Json.of(objects)))


def _object(members: Any) -> bytes:
    return b"{" + b",".join(dumps(key) + b":" + bytes(raw) for key, raw in members.items()) + b"}"
