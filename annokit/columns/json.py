"""A column of JSON values, kept as the bytes in which they came."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Self

import attrs
import orjson

from annokit.columns.base import MISSING, Array, Column
from annokit.columns.text import Text


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
        return cls.of([column.value(row) for row in range(len(column))])

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

    def equals(self, other: Column) -> bool:
        """Compare by value where the bytes differ, so that white space and key order do not count."""
        if not isinstance(other, Json) or len(self) != len(other):
            return False
        if self.text.equals(other.text):
            return True
        pairs = zip(self.text.raw_list(), other.text.raw_list(), strict=True)
        return all(a == b or same(loads(a), loads(b)) for a, b in pairs)

    @classmethod
    def join(cls, columns: Sequence[Column]) -> Column:
        """Return the columns one after another."""
        from annokit.columns.sparse import Sparse

        if any(isinstance(column, Sparse) for column in columns):
            return Sparse.join([Sparse.of_column(column) for column in columns])
        return cls(Text.join([column.text for column in columns if isinstance(column, Json)]))

    def parts(self) -> dict[str, Any]:
        """Return the text column."""
        return {"text": self.text}


def dumps(value: Any) -> bytes:
    """Return `value` as JSON; integers beyond 64 bits and lone surrogates included."""
    if value is MISSING:
        raise ValueError("a missing value has no JSON form")
    try:
        return orjson.dumps(value)
    except TypeError:
        import json

        return json.dumps(value, separators=(",", ":")).encode("ascii")


def loads(raw: bytes) -> Any:
    """Return the value of a JSON document; integers of any size stay integers."""
    import json

    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return json.loads(raw)
    return json.loads(raw) if isinstance(value, float) and not _floaty(raw) else value


def _floaty(raw: bytes) -> bool:
    return any(mark in raw for mark in b".eE")


def same(a: Any, b: Any) -> bool:
    """Tell whether two JSON values are equal, int and float, True and 1 apart."""
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    return bool(a == b)
