"""Blocks of columns put together, each value stored once: the large arrays grow as the blocks come."""

from __future__ import annotations

import math
import mmap
import sys
from typing import Any

import numpy as np

from annokit.codecs.json_repeats import Repeats
from annokit.columns import Column, Fixed, Number, Ragged, Sparse, Table
from annokit.columns.base import Array, concat
from annokit.formats.coco.piece import Piece
from annokit.formats.coco.records import Recipe, kind_of
from annokit.formats.coco.typed import Block

BATCH = 8_000
"""Records whose small values are read at a time."""

SLACK = 1.1
"""What is reserved beyond the extrapolated need; memory that is never touched costs nothing."""


LARGE = 1 << 22
"""Bytes from which on an array is made of pages of its own."""


class Reach:
    """How far a read has come, from which the need for memory is extrapolated."""

    def __init__(self, total: int | None) -> None:
        self._total = total
        self._seen = 0
        self._scale = 2.0

    def add(self, size: int, end: int) -> None:
        """Note a block of `size` bytes that ends at offset `end` of the source."""
        self._seen += size
        if self._total is not None:
            self._scale = SLACK * (self._seen + max(self._total - end, 0)) / self._seen

    def room(self, need: int) -> int:
        """Return how much to reserve where `need` are used so far."""
        return int(need * self._scale) + 1024


class Grown:
    """An array that grows; where the total is foreseen well, it is hardly ever copied."""

    def __init__(self, dtype: Any, width: tuple[int, ...], reach: Reach) -> None:
        self._array: Array = np.empty((0, *width), dtype)
        self._reach = reach
        self.length = 0

    def add(self, values: Array) -> None:
        """Append values."""
        need = self.length + len(values)
        if need > len(self._array):
            larger = _reserved((self._reach.room(need), *self._array.shape[1:]), self._array.dtype)
            larger[: self.length] = self._array[: self.length]
            self._array = larger
        self._array[self.length : need] = values
        self.length = need

    def fill(self, count: int, value: Any) -> None:
        """Append one value `count` times."""
        self.add(np.broadcast_to(np.asarray(value, self._array.dtype), (count, *self._array.shape[1:])))

    def done(self) -> Array:
        """Return the array; nothing can be added any more."""
        if self._array.base is not None:
            return self._array[: self.length]
        self._array.resize((self.length, *self._array.shape[1:]), refcheck=False)
        return self._array


def _reserved(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Return an array without values; of a large one, only the pages that are written take memory.

    Numpy asks for huge pages, which a virtual machine may have to get from its host first: that costs more than they
    save where every page is written once.
    """
    count = math.prod(shape)
    if sys.platform == "win32" or count * dtype.itemsize < LARGE:
        return np.empty(shape, dtype)
    pages = mmap.mmap(-1, count * dtype.itemsize, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    return np.frombuffer(pages, dtype, count).reshape(shape)


class _Numbers:
    """A column of numbers that grows."""

    def __init__(self, width: int, reach: Reach) -> None:
        self._values = Grown(np.float64, (width,), reach)
        self._whole: Grown | None = None
        self._reach = reach
        self._width = width

    def add(self, numbers: Number) -> None:
        if numbers.whole is not None and self._whole is None:
            self._whole = Grown(np.bool_, (self._width,), self._reach)
            self._whole.fill(self._values.length, False)
        if self._whole is not None:
            if numbers.whole is None:
                self._whole.fill(len(numbers), False)
            else:
                self._whole.add(numbers.whole)
        self._values.add(numbers.values)

    def fill(self, count: int) -> None:
        """Append rows without a value."""
        self._values.fill(count, np.nan)
        if self._whole is not None:
            self._whole.fill(count, False)

    def done(self) -> Number:
        return Number(self._values.done(), None if self._whole is None else self._whole.done())


class Boxes:
    """The column of boxes, NaN where there is none."""

    def __init__(self, reach: Reach) -> None:
        self._numbers = _Numbers(4, reach)
        self._rows = 0

    def add(self, column: Any, start: int) -> None:
        """Append the boxes of a block whose first row is `start`."""
        if start > self._rows:
            self._numbers.fill(start - self._rows)
        self._numbers.add(column)
        self._rows = start + len(column)

    def done(self, count: int) -> Column:
        """Return the column of `count` rows."""
        if count > self._rows:
            self._numbers.fill(count - self._rows)
        return self._numbers.done()


class Polygons:
    """The column of polygons, whose parts are single rings."""

    def __init__(self, reach: Reach) -> None:
        self._rows = Grown(np.int64, (), reach)
        self._rings = Grown(np.int64, (), reach)
        self._sizes = Grown(np.int64, (), reach)
        self._points = _Numbers(2, reach)
        self._rings.fill(1, 0)
        self._sizes.fill(1, 0)

    def add(self, column: Any, start: int) -> None:
        """Append the polygons of a block whose first row is `start`."""
        shapes: Any = column.values
        rings: Any = shapes.values.values
        self._rows.add(column.present() + start)
        _extend(self._rings, shapes.offsets)
        _extend(self._sizes, rings.offsets)
        self._points.add(rings.values)

    def done(self, count: int) -> Column:
        """Return the column of `count` rows."""
        rows = self._rows.done()
        rings = Ragged(self._sizes.done(), self._points.done())
        shapes = Ragged(self._rings.done(), Ragged(None, rings))
        return Sparse(count, None if len(rows) == count else rows, None, shapes)


def _extend(grown: Grown, offsets: Array) -> None:
    grown.add(offsets[1:] + grown._array[grown.length - 1])


class Others:
    """Any other column: its pieces, put together at the end."""

    def __init__(self, _: Reach) -> None:
        self._pieces: list[tuple[int, Column]] = []

    def add(self, column: Column, start: int) -> None:
        """Append the values of a block whose first row is `start`."""
        self._pieces.append((start, column))

    def done(self, count: int) -> Column:
        """Return the column of `count` rows."""
        pieces = _promoted([column for _, column in self._pieces])
        stops = [start + len(column) for start, column in self._pieces]
        starts = [start for start, _ in self._pieces]
        self._pieces = []
        gaps = [a - b for a, b in zip([*starts, count], [0, *stops], strict=True)]
        if any(gaps) or any(isinstance(piece, Sparse) for piece in pieces):
            return _with_gaps([Sparse.of_column(piece) for piece in pieces], gaps)
        return concat(pieces)


def _with_gaps(pieces: list[Sparse], gaps: list[int]) -> Column:
    like = pieces[0].values
    listed: list[Column] = []
    for gap, piece in zip(gaps, [*pieces, None], strict=True):
        if gap:
            listed.append(Sparse.empty(gap, like))
        if piece is not None:
            listed.append(piece)
    return concat(listed)


def _promoted(pieces: list[Column]) -> list[Column]:
    """Return integers as numbers where other blocks of the column hold numbers, so that they stay numbers."""
    inner = [piece.values if isinstance(piece, Sparse) else piece for piece in pieces]
    if {type(column) for column in inner} != {Fixed, Number}:
        return pieces
    if not all(_exact(column) for column in inner if isinstance(column, Fixed)):
        return pieces
    return [_as_number(piece) for piece in pieces]


def _exact(column: Fixed) -> bool:
    values = column.values
    return values.dtype.kind == "i" and values.ndim == 1 and bool((np.abs(values) <= 1 << 53).all())


def _as_number(column: Any) -> Column:
    if isinstance(column, Sparse):
        return Sparse(column.length, column.rows, column.slots, _as_number(column.values))
    if isinstance(column, Number):
        return column
    return Number(column.values.astype(np.float64), np.ones(len(column), bool))


KINDS: dict[str, Any] = {"box": Boxes, "points": Polygons}


class Gathered:
    """All blocks of one list. A pickle holds the columns as far as they have come.

    Parameters
    ----------
    recipe : Recipe
        What becomes of the records.
    total : int or None
        Bytes of the source.
    """

    def __init__(self, recipe: Recipe, total: int | None = None) -> None:
        self._recipe = recipe
        self._reach = Reach(total)
        self._columns: dict[str, Any] = {}
        self._ranks: dict[str, int] = {}
        self._places: dict[str, float] = {}
        self._waiting: list[Block] = []
        self._pieces: list[Piece] = []
        self._settled = 0
        self.count = 0
        self.bad: dict[int, bytes] = {}
        self.repeats = Repeats()

    def add(self, block: Block, end: int) -> None:
        """Append a block that ends at offset `end` of the source."""
        self._reach.add(len(block.text), end)
        if self._waiting and self._waiting[-1].numbers.keys() != block.numbers.keys():
            self._settle()
        for key in block.order:
            self._ranks.setdefault(key, len(self._ranks))
        large = self._recipe.read_large(block)
        self._append(large, self.count)
        large.kind, large.columns = kind_of(large), {}
        self._pieces.append(large)
        self._waiting.append(block)
        self.count += len(block)
        if self.count - self._settled >= BATCH:
            self._settle()

    def _settle(self) -> None:
        """Read what waits."""
        if self._waiting:
            piece = self._recipe.read_rest(self._waiting, self._pieces)
            self._waiting, self._pieces = [], []
            self._append(piece, self._settled)
            self._settled = self.count

    def _append(self, piece: Piece, start: int) -> None:
        for name, column in piece.columns.items():
            if name not in self._columns:
                self._columns[name] = KINDS.get(name, Others)(self._reach)
                self._places[name] = self._ranks.get(piece.owners.get(name, ""), math.inf)
            self._columns[name].add(column, start)
        for number, text in piece.bad.items():
            self.bad[start + number] = text
        self.repeats.merge(piece.repeats, rows=start)

    def join(self, other: Gathered) -> None:
        """Append what was gathered of the next part of the source."""
        self._settle()
        piece = other.piece()
        self._append(piece, self.count)
        self.count += len(piece)
        self._settled = self.count

    def piece(self) -> Piece:
        """Return everything as one piece, columns in the order of the keys; nothing is kept here."""
        self._settle()
        names = sorted(self._columns, key=self._places.__getitem__)
        made = {name: self._columns[name].done(self.count) for name in names}
        self._columns = {}
        return Piece(self.count, made, self.bad, repeats=self.repeats)

    def __reduce__(self) -> tuple[Any, ...]:
        return _gathered, (self.piece(),)

    def table(self) -> tuple[Table, Array | None]:
        """Return the table without the records that are no objects, and where its rows stood; nothing is kept here.

        None stands for rows that stood where they are.
        """
        table = Table(self.count, self.piece().columns)
        if not self.bad:
            return table, None
        keep = np.ones(self.count, bool)
        keep[list(self.bad)] = False
        rows = np.flatnonzero(keep)
        return table.take(rows), rows


def _gathered(piece: Piece) -> Gathered:
    made = Gathered(Recipe({}, lambda _: None))
    made._append(piece, 0)
    made.count = made._settled = len(piece)
    return made
