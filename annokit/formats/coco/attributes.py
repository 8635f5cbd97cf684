"""Objects of attributes as columns, one per name, each in the tightest type."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import numpy as np
from msgspec import Raw

from annokit.codecs.json_fields import FieldDecoder, Fields
from annokit.codecs.json_numbers import EXACT
from annokit.columns import Column, Fixed, Number, Sparse, Text
from annokit.columns.base import Array
from annokit.columns.sparse import narrowest
from annokit.formats.coco import keys, values
from annokit.formats.coco.piece import Piece


class _Absent:
    """The type of what stands in a column where an object lacks the name."""


ABSENT = _Absent()

Raws = Sequence[Raw]


class Attributes:
    """Reads the object ``attributes``; one that is empty, or has a key of the record itself, is kept verbatim.

    Parameters
    ----------
    reserved : sequence of str
        Names that an attribute of a record has already.
    """

    def __init__(self, reserved: Sequence[str] = ()) -> None:
        self._reserved = reserved
        self._fields = FieldDecoder()
        self._names: tuple[str, ...] = ()
        self._decode: Callable[[bytes], list[msgspec.Struct]] | None = None

    def __call__(self, piece: Piece, key: str, raws: Raws) -> None:
        """Add the columns of the objects in `raws` to a piece."""
        rows = np.flatnonzero(values.lengths_of(raws))
        if not len(rows):
            return
        text = b"[" + b",".join(values.chosen(raws, rows)) + b"]"
        columns = self._plain(text)
        fields = self._raw(text) if columns is None else None
        made = _Columns(len(rows), {} if columns is None else columns, fields, lambda: fields or self._fields(text))
        good = made.good(self._reserved)
        for name in made.names:
            found = made.column(name, good)
            if found is not None:
                own = rows if found.rows is None else rows[found.rows]
                where = None if len(own) == piece.count else own
                piece.put(keys.ATTRIBUTE + name, Sparse(piece.count, where, found.slots, found.values))
        if not good.all():
            piece.keep(key, raws, rows[~good])

    def _plain(self, text: bytes) -> dict[str, Sequence[Any]] | None:
        """Return Python values by name; None where a name is unknown, or a value is no object."""
        if self._decode is None:
            return None
        try:
            records = self._decode(text)
        except msgspec.ValidationError:
            self._decode = None
            return None
        return dict(zip(self._names, zip(*map(msgspec.structs.astuple, records), strict=True), strict=True))

    def _raw(self, text: bytes) -> Fields:
        """Return raw values, and expect their names from now on."""
        fields = self._fields(text)
        self._names = tuple(self._fields.keys)
        if self._names:
            shape = [(f"f{i}", Any, msgspec.field(default=ABSENT, name=name)) for i, name in enumerate(self._names)]
            record = msgspec.defstruct("Record", shape, forbid_unknown_fields=True, gc=False)
            self._decode = msgspec.json.Decoder(list[record]).decode  # type: ignore[valid-type]
        return fields


class _Columns:
    """The attributes of some objects, as Python values or as text.

    Parameters
    ----------
    count : int
        Number of objects.
    plain : mapping of str to sequence
        Python values by name, where they were read so.
    fields : Fields or None
        Raw values otherwise.
    read : callable
        Gives the raw values in any case.
    """

    def __init__(
        self, count: int, plain: dict[str, Sequence[Any]], fields: Fields | None, read: Callable[[], Fields]
    ) -> None:
        self._count, self._values, self._fields, self._read = count, plain, fields, read
        self._kinds = {name: set(map(type, column)) for name, column in plain.items()}
        self.names = list(plain if fields is None else fields.columns)
        self._stated = {name: self._present(name) for name in self.names}

    def _present(self, name: str) -> Array | None:
        """Return which objects (n,) have a name; None where all do."""
        if self._fields is not None:
            lengths = values.lengths_of(self._fields.columns[name])
            return None if lengths.all() else lengths > 0
        if _Absent not in self._kinds[name]:
            return None
        return np.fromiter((value is not ABSENT for value in self._values[name]), bool, self._count)

    def good(self, reserved: Sequence[str]) -> Array:
        """Return which objects (n,) have attributes, and none of the `reserved` names."""
        good = np.zeros(self._count, bool)
        for present in self._stated.values():
            good |= True if present is None else present
        for name in set(reserved) & self._stated.keys():
            present = self._stated[name]
            good &= False if present is None else ~present
        if self._fields is not None:
            good[list(self._fields.odd) + list(self._fields.further)] = False
        return good

    def column(self, name: str, good: Array) -> Sparse | None:
        """Return the column of a name over all objects, with values in the `good` ones."""
        present = self._stated[name]
        places = np.flatnonzero(good if present is None else good & present)
        if not len(places):
            return None
        where = None if len(places) == self._count else places
        if self._fields is None:
            simple = _simple(_chosen(self._values[name], places), self._kinds[name] - {_Absent})
            if simple is not None:
                return Sparse(self._count, where, *simple)
        found = values.typed(values.chosen(self._read().column(name), places))
        return Sparse(self._count, where, found.slots, found.values)


def _chosen(column: Sequence[Any], places: Array) -> Sequence[Any]:
    return column if len(places) == len(column) else [column[place] for place in places.tolist()]


def _simple(column: Sequence[Any], kinds: set[type]) -> tuple[Array | None, Column] | None:
    """Return slots and values of a column of one simple type, None where it is none."""
    if kinds == {bool}:
        return None, Fixed(np.fromiter(column, bool, len(column)))
    if kinds == {int}:
        try:
            return None, Fixed(np.fromiter(column, np.int64, len(column)))
        except OverflowError:
            return None
    if kinds == {str}:
        return _texts(column)
    return _numbers(column, kinds) if kinds <= {int, float} else None


def _numbers(column: Sequence[Any], kinds: set[type]) -> tuple[None, Column] | None:
    if int not in kinds:
        return None, Number(np.fromiter(column, np.float64, len(column)))
    whole = np.fromiter((type(value) is int for value in column), bool, len(column))
    try:
        numbers = np.fromiter(column, np.float64, len(column))
    except OverflowError:
        return None
    return None if (np.abs(numbers[whole]) >= EXACT).any() else (None, Number(numbers, whole))


class _Codes(dict[str, int]):
    def __missing__(self, text: str) -> int:
        code = self[text] = len(self)
        return code


def _texts(column: Sequence[str]) -> tuple[Array | None, Column]:
    """Return texts, each distinct one stored once where there are few."""
    codes = _Codes()
    slots = np.fromiter(map(codes.__getitem__, column), np.int64, len(column))
    if len(codes) * values.FEW > len(column):
        return None, Text.of(column)
    return narrowest(slots, len(codes)), Text.of(codes)
