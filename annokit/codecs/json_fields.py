"""Blocks of JSON objects as columns of raw values, by a parser that learns the keys of a file.

A typed parser is given one field per known key and told to refuse others. A block that it refuses is read once more as
dictionaries; the keys found there become fields, so that the next blocks are fast again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

import attrs
import msgspec
from msgspec import Raw

from annokit.limits import DEFAULT_LIMITS

ABSENT = Raw(b"")
"""Stands in a column where a record lacks the key; no JSON value is empty, so its length tells."""

UNNAMEABLE = re.compile(r'["\\\x00-\x1f]')
"""Keys that the typed parser cannot have as a field."""


@attrs.frozen
class Fields:
    """The records of one block, key by key."""

    count: int
    """Number of records."""
    columns: Mapping[str, Sequence[Raw]]
    """For each key, in order of first appearance, one raw value per record, `ABSENT` where a record lacks it.

    A key that the file has elsewhere but no record of this block may be missing here: use `column`.
    """
    further: Mapping[int, Mapping[str, Raw]] = attrs.field(factory=dict)
    """Record number to the members whose keys got no column: beyond the cap, or with quotes or backslashes in them."""
    odd: Mapping[int, bytes] = attrs.field(factory=dict)
    """Record number to the text of each record that is no object; its columns are all `ABSENT`."""

    def __len__(self) -> int:
        return self.count

    def column(self, key: str) -> Sequence[Raw]:
        """Return the values of `key`, all `ABSENT` where no record has it."""
        column = self.columns.get(key)
        return (ABSENT,) * self.count if column is None else column


class FieldDecoder:
    """A decoder for `annokit.codecs.records.split` that gives `Fields`; use one per array.

    Parameters
    ----------
    columns : int
        Most keys that get a column; values of further keys are in `Fields.further`.

    Notes
    -----
    A key that occurs twice in one record keeps its last value, as in every JSON parser.
    """

    def __init__(self, columns: int = DEFAULT_LIMITS.extras_columns) -> None:
        self.keys: list[str] = []
        self._known: dict[str, None] = {}
        self._cap = columns
        self._decode = _typed(())

    def __call__(self, text: bytes) -> Fields:
        """Return the fields of the array of objects in `text`.

        Raises
        ------
        msgspec.DecodeError
            If `text` is not a JSON array.
        """
        try:
            records = self._decode(text)
        except msgspec.ValidationError:
            return self._learn(text)
        columns = zip(*map(msgspec.structs.astuple, records), strict=True)
        return Fields(len(records), dict(zip(self.keys, columns, strict=bool(records))))

    def _learn(self, text: bytes) -> Fields:
        """Return the fields of a block with new keys, or with records that are no objects, by way of dictionaries."""
        rows, odd = _dictionaries(text)
        self._grow(rows)
        columns: dict[str, list[Raw]] = {}
        further: dict[int, dict[str, Raw]] = {}
        for number, row in enumerate(rows):
            for key, value in row.items():
                if key in columns:
                    columns[key][number] = value
                elif key in self._known:
                    columns[key] = [ABSENT] * len(rows)
                    columns[key][number] = value
                else:
                    further.setdefault(number, {})[key] = value
        ordered = {key: columns[key] for key in self.keys if key in columns}
        return Fields(len(rows), ordered, further, odd)

    def _grow(self, rows: Iterable[Mapping[str, Raw]]) -> None:
        new = [key for key in dict.fromkeys(key for row in rows for key in row) if key not in self._known]
        new = [key for key in new if not UNNAMEABLE.search(key)][: max(self._cap - len(self.keys), 0)]
        if new:
            self.keys.extend(new)
            self._known.update(dict.fromkeys(new))
            self._decode = _typed(self.keys)


def _typed(keys: Iterable[str]) -> Callable[[bytes], list[msgspec.Struct]]:
    """Return a parser of arrays of objects that have these keys and no others."""
    fields = [(f"f{i}", Raw, msgspec.field(default=ABSENT, name=key)) for i, key in enumerate(keys)]
    record = msgspec.defstruct("Record", fields, forbid_unknown_fields=True, gc=False)
    return msgspec.json.Decoder(list[record]).decode  # type: ignore[valid-type]


_dictionary = msgspec.json.Decoder(dict[str, Raw]).decode
_all_dictionaries = msgspec.json.Decoder(list[dict[str, Raw]]).decode
_raws = msgspec.json.Decoder(list[Raw]).decode


def _dictionaries(text: bytes) -> tuple[list[dict[str, Raw]], dict[int, bytes]]:
    """Return one dictionary per record, and the texts of records that are no objects, by number."""
    try:
        return _all_dictionaries(text), {}
    except msgspec.ValidationError:
        rows: list[dict[str, Raw]] = []
        odd: dict[int, bytes] = {}
        for number, raw in enumerate(_raws(text)):
            piece = bytes(raw)
            if piece.startswith(b"{"):
                rows.append(_dictionary(piece))
            else:
                rows.append({})
                odd[number] = piece
        return rows, odd
