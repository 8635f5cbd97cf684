"""A column of JSON values, kept as the bytes in which they came."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Self

import attrs
import numpy as np
import orjson

from annokit.columns.base import MISSING, Array, Column
from annokit.columns.text import Text
from annokit.errors import FormatError

LONG_INTEGER = re.compile(rb"\d{19}")
"""What may be an integer beyond 64 bits, which the fast parser would turn into a float."""


@attrs.frozen(eq=False)
class Json(Column):
    """JSON documents, one a row, verbatim; parsed only when asked for.

    Parameters
    ----------
    text : Text
        The documents.
    """

    text: Text

    @classmethod
    def of(cls, values: Iterable[Any]) -> Self:
        """Return the column of Python values; bytes are taken for JSON already."""
        return cls(Text.of_bytes([v if isinstance(v, bytes) else dumps(v) for v in values]))

    @classmethod
    def of_column(cls, column: Column) -> Column:
        """Return any column as JSON, a sparse one with its values as JSON."""
        from annokit.columns.sparse import Sparse

        if isinstance(column, Json):
            return column
        if isinstance(column, Sparse):
            return attrs.evolve(column, values=cls.of_column(column.values))
        return cls.of(column.to_list())

    def __len__(self) -> int:
        return len(self.text)

    def raw(self, row: int) -> bytes:
        """Return one document's bytes."""
        return self.text.raw(row)

    def value(self, row: int) -> Any:
        """Return one parsed value."""
        return loads(self.text.raw(row))

    def values_of(self, rows: Array) -> list[Any]:
        """Return the parsed values of `rows`."""
        return [loads(raw) for raw in self.text.take(rows).raw_list()]

    def take(self, rows: Array) -> Self:
        """Return the documents of `rows`."""
        return type(self)(self.text.take(rows))

    def slice(self, start: int, stop: int) -> Self:
        """Return the documents from `start` up to `stop`, sharing memory."""
        return type(self)(self.text.slice(start, stop))

    def equals(self, other: Column) -> bool:
        """Compare by value where the bytes differ, so that white space and key order do not count."""
        if not isinstance(other, Json) or len(self) != len(other):
            return False
        if self.text.equals(other.text):
            return True
        pairs = zip(self.text.raw_list(), other.text.raw_list(), strict=True)
        return all(a == b or same(loads(a), loads(b)) for a, b in pairs)

    @classmethod
    def join(cls, columns: Sequence[Self]) -> Self:
        """Return the columns one after another."""
        return cls(Text.join([column.text for column in columns]))

    def compact(self) -> Self:
        """Return an equal column without bytes that no row uses."""
        text = self.text.compact()
        return self if text is self.text else type(self)(text)

    def parts(self) -> dict[str, Any]:
        """Return the text column."""
        return {"text": self.text}


def dumps(value: Any) -> bytes:
    """Return `value` as JSON.

    Integers beyond 64 bits, lone surrogates and numpy values are written too; NaN and infinity as the words that
    :mod:`json` knows, since null would be another value.
    """
    try:
        text = orjson.dumps(value)
    except TypeError:
        return _slow_dumps(value)
    return _slow_dumps(value) if b"null" in text and _has_odd_float(value) else text


def _slow_dumps(value: Any) -> bytes:
    import json

    return json.dumps(value, separators=(",", ":"), default=_plain).encode("ascii")


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    if value is MISSING:
        raise ValueError("a missing value has no JSON form")
    raise TypeError(f"{type(value).__name__} has no JSON form: {value!r:.80}")


def _has_odd_float(value: Any) -> bool:
    if isinstance(value, float):
        return value - value != 0.0
    if isinstance(value, dict):
        return any(map(_has_odd_float, value.values()))
    return isinstance(value, list | tuple) and any(map(_has_odd_float, value))


def loads(raw: bytes) -> Any:
    """Return the value of a JSON document; integers stay integers.

    Raises
    ------
    FormatError
        An integer has more digits than Python turns into a number, some thousands.
    ValueError
        It is no JSON.
    """
    if LONG_INTEGER.search(raw):
        return _exactly(raw)
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:  # NaN, lone surrogates
        return _exactly(raw)


def _exactly(raw: bytes) -> Any:
    import json

    try:
        return json.loads(raw)
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise
    except ValueError as error:
        found = f"{max(map(len, re.findall(rb'[0-9]+', raw)), default=0):,} digits"
        raise FormatError("an integer is too long", found=found, expected="at most 4,300 digits") from error


def same(a: Any, b: Any) -> bool:
    """Tell whether two JSON values are equal: int and float, True and 1 apart, NaN equal to NaN."""
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    return bool(a == b or (a != a and b != b))  # noqa: PLR0124 - NaN is the one value that differs from itself
