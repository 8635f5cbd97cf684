"""Splitting records with the parser reading single numbers at once, as long as they are of the expected type.

A number read as such costs a fraction of one kept as text first. The types are those that records mostly have; a
block with another value is split without them, and the keys concerned are text from then on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

import attrs
import msgspec
import numpy as np
from msgspec import Raw

from annokit.codecs.json_fields import ABSENT, FieldDecoder, Fields
from annokit.codecs.json_numbers import EXACT, Scalars
from annokit.limits import DEFAULT_LIMITS

INTEGER = int
NUMBER = int | float

TYPES: Mapping[str, Any] = {
    **dict.fromkeys(("id", "image_id", "category_id", "iscrowd", "track_id", "width", "height"), INTEGER),
    "area": NUMBER,
    "score": NUMBER,
    "num_keypoints": NUMBER,
}
"""What single numbers are mostly written as."""

Numbers = Sequence[Any]
"""One Python number per record, None where it lacks the key."""


@attrs.frozen(eq=False)
class Block:
    """Records as they were split."""

    fields: Fields
    """Raw values by key."""

    numbers: Mapping[str, Numbers]
    """Numbers by key, for the keys that are not among the raw values."""

    order: tuple[str, ...]
    """All keys, in the order in which they first occur in the file."""

    text: bytes
    """The records as they stand in the file, in brackets."""

    looked: bool = False
    """Whether somebody else looks for keys that stand twice."""

    def __len__(self) -> int:
        return self.fields.count

    def raws(self, key: str) -> Sequence[Raw]:
        """Return the values of a key as text, all absent where no record has it."""
        return as_raws(self.numbers[key]) if key in self.numbers else self.fields.column(key)


def as_raws(numbers: Iterable[Any]) -> list[Any]:
    """Return Python numbers as JSON texts, empty for None."""
    return [ABSENT if number is None else repr(number).encode("ascii") for number in numbers]


class TypedDecoder:
    """A decoder for :func:`annokit.codecs.records.split` that gives a :class:`Block`; use one per array.

    Parameters
    ----------
    columns : int
        Most distinct keys that get a column.
    """

    def __init__(self, columns: int = DEFAULT_LIMITS.extras_columns) -> None:
        self._raw = FieldDecoder(columns)
        self._types = dict(TYPES)
        self._known: tuple[str, ...] = ()
        self._decode: Callable[[bytes], list[msgspec.Struct]] | None = None

    def __call__(self, text: bytes) -> Block:
        """Return the records of the array of objects in `text`."""
        if self._decode is not None:
            try:
                return self._block(self._decode(text), text)
            except msgspec.ValidationError:
                self._decode = None
        fields = self._raw(text)
        self._learn(fields)
        return Block(fields, {}, tuple(fields.columns), text)

    def _block(self, records: list[msgspec.Struct], text: bytes) -> Block:
        columns = dict(zip(self._known, zip(*map(msgspec.structs.astuple, records), strict=True), strict=bool(records)))
        numbers = {key: columns.pop(key) for key in self._known if key in self._types and records}
        return Block(Fields(len(records), columns), numbers, self._known, text)

    def _learn(self, fields: Fields) -> None:
        """Expect the types that the values of a block have."""
        for key, raws in fields.columns.items():
            if key in self._types and not _fits(self._types[key], raws):
                del self._types[key]
        self._known = tuple(self._raw.keys)
        if self._known:
            self._decode = _typed(self._known, self._types)


def _typed(known: Sequence[str], types: Mapping[str, Any]) -> Callable[[bytes], list[msgspec.Struct]]:
    """Return a parser of arrays of objects that have these keys and no others."""
    fields = [
        (f"f{i}", types.get(key, Raw), msgspec.field(default=None if key in types else ABSENT, name=key))
        for i, key in enumerate(known)
    ]
    record = msgspec.defstruct("Record", fields, forbid_unknown_fields=True, gc=False)
    return msgspec.json.Decoder(list[record]).decode  # type: ignore[valid-type]


def _fits(kind: Any, raws: Sequence[Raw]) -> bool:
    """Tell whether all values that there are can be read as a type, and are not lost in it."""
    stated = [raw for raw in raws if len(raw)]
    try:
        numbers = msgspec.json.Decoder(list[kind]).decode(b"[" + b",".join(stated) + b"]")
    except msgspec.ValidationError:
        return False
    return scalars([numbers], floats=kind is not INTEGER) is not None


def scalars(parts: Sequence[Numbers], *, floats: bool) -> Scalars | None:
    """Return Python numbers as a column; None where it can't hold one of them, which are finite.

    Parameters
    ----------
    parts : sequence of sequences of int, float or None
        One number per record, in blocks.
    floats : bool
        Whether the column is of float64, in which integers are marked, or of int64.
    """
    try:
        if floats:
            return _floats(parts, set().union(*(set(map(type, numbers)) for numbers in parts)))
        return _integers(parts)
    except OverflowError:
        return None


def _integers(parts: Sequence[Numbers]) -> Scalars:
    none = np.zeros(0, np.int64)
    try:
        values = np.fromiter(chain.from_iterable(parts), np.int64, sum(map(len, parts)))
        return Scalars(values, None, none, none)
    except TypeError:  # some are None
        joined = list(chain.from_iterable(parts))
        absent = np.flatnonzero([number is None for number in joined])
        return Scalars(np.fromiter((number or 0 for number in joined), np.int64, len(joined)), None, absent, none)


def _floats(parts: Sequence[Numbers], kinds: set[type]) -> Scalars | None:
    values = np.fromiter(chain.from_iterable(parts), np.float64, sum(map(len, parts)))  # None becomes NaN
    absent = np.flatnonzero(np.isnan(values)) if type(None) in kinds else np.zeros(0, np.int64)
    marks = None
    if int in kinds:
        marks = np.fromiter((type(number) is int for numbers in parts for number in numbers), bool, len(values))
        if (np.abs(values[marks]) >= EXACT).any():
            return None
    return Scalars(values, marks, absent, absent[:0])
