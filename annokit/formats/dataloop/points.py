"""Objects of x and y as plain lists of numbers, many rows at a time.

``[{"x":1,"y":2.5,"z":0},{"x":3,"y":4,"z":0}]`` becomes ``[1,2.5,0,3,4,0]`` by taking bytes away, so that no number is
ever a Python object. A row that is written in another way (keys in another order, points of both kinds) is parsed by
itself.
"""

from __future__ import annotations

from typing import Any, cast

import attrs
import numpy as np

from annokit.codecs import json_numbers as parse
from annokit.columns.base import Array
from annokit.columns.json import dumps, loads
from annokit.formats.dataloop.values import GAP, Values

NOISE = b'{}xyz":' + b" \t\r\n"
"""What is taken away."""

NUMBERS = b"0123456789.eE+-" + b" \t\r\n"
"""What is taken away so that only the frame of the numbers stays."""

DEEP, FLAT = ord("3"), ord("2")
"""Stand in the frame for a point with a ``z``, and for one without."""

FRAME = np.zeros(256, bool)
FRAME[[0, DEEP, FLAT, *b"[],"]] = True


@attrs.define(eq=False)
class Flat:
    """Rows of points as texts of numbers."""

    texts: list[bytes]
    """A JSON array per row, of numbers or of such arrays; empty where the row is no list of points."""

    depth: Array
    """(n,) bool, which rows state a ``z`` for every point; it stands among the numbers."""

    closed: Array
    """(n,) bool, which rows end with a point rather than with a number."""

    listed: Array
    """(n,) bool, which rows are lists rather than a single point."""

    odd: Array
    """(n,) bool, which rows state their points in another way: they are kept verbatim beside them."""

    def take(self, rows: Array) -> Flat:
        """Return some of the rows."""
        texts = self.texts if len(rows) == len(self.texts) else [self.texts[row] for row in rows.tolist()]
        return Flat(texts, self.depth[rows], self.closed[rows], self.listed[rows], self.odd[rows])


def flat(values: Values) -> Flat:
    """Return rows of points without the objects; what lies between the objects (rings, an angle) stays."""
    texts = values.blob.translate(None, NOISE).split(GAP)[:-1]
    frame = values.blob.translate(None, NUMBERS)
    frame = frame.replace(b'{"x":,"y":,"z":}', b"3").replace(b'{"x":,"y":}', b"2")
    data = np.frombuffer(frame, np.uint8)
    stops = np.flatnonzero(data == 0)
    deep, plain = _per_row(data == DEEP, stops), _per_row(data == FLAT, stops)
    wrong = (_per_row(~FRAME[data], stops) > 0) | ((deep > 0) & (plain > 0))
    for row in np.flatnonzero(wrong).tolist():
        texts[row] = _by_hand(values.raws[row])
    last = data[np.maximum(stops - 2, 0)]
    return Flat(texts, (deep > 0) & ~wrong, (last == DEEP) | (last == FLAT), values.first() == ord("["), wrong)


def _per_row(marks: Array, stops: Array) -> Array:
    """Return how often `marks` occur in each row, rows ending at `stops`."""
    if not marks.any():
        return np.zeros(len(stops), np.int64)
    return np.diff(np.concatenate([[0], marks.cumsum()[stops]]))


def _by_hand(raw: bytes) -> bytes:
    """Return one row, empty where it holds anything but points, lists of them and numbers."""
    try:
        found = _plain(loads(raw))
    except (KeyError, TypeError, ValueError):
        return b""
    return dumps(found)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return Pair((_number(value["x"]), _number(value["y"])))
    if isinstance(value, list):
        inner = [_plain(each) for each in value]
        return [n for each in inner for n in (each if isinstance(each, Pair) else (each,))]
    return _number(value)


class Pair(tuple[Any, Any]):
    """x and y of a point, to be laid among the numbers of its list."""

    __slots__ = ()


def _number(value: Any) -> Any:
    if type(value) not in (int, float):
        raise TypeError(value)
    return value


def listed(texts: list[bytes]) -> tuple[parse.Numbers, Array]:
    """Return rows of flat arrays, and the (n,) bool rows that are none."""
    found = parse.numbers(cast(Any, texts), 1)
    return found, _marked(len(texts), found)


def nested(texts: list[bytes]) -> tuple[parse.Numbers, Array]:
    """Return rows of arrays of flat arrays, and the (n,) bool rows that are none."""
    found = parse.numbers(cast(Any, texts), 2)
    return found, _marked(len(texts), found)


def _marked(count: int, found: parse.Numbers) -> Array:
    wrong = np.zeros(count, bool)
    wrong[found.absent] = wrong[found.odd] = True
    return wrong
