"""Keys that stand twice in one JSON object: every parser keeps the last value and says nothing.

`may_repeat` looks at a text in a few passes over its bytes: each key as a number, each object as the sum of its keys'
numbers, and of all objects with the same sum a single one is looked at. Only a text that it suspects is read once more,
by `repeats`, which knows the places.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

import attrs
import numpy as np

from annokit.codecs.json_faults import escaped
from annokit.codecs.json_joined import Counter
from annokit.codecs.json_scan import Bytes, Positions, Scan
from annokit.report import EXAMPLES, Issue

COLON, OPEN, CLOSE, BACKSLASH = b":{}\\"
SPACES = np.zeros(256, np.bool_)
SPACES[list(b" \t\n\r")] = True
WORD = 8
MASKS = np.array([(1 << 8 * length) - 1 for length in range(WORD + 1)], np.uint64)
MIXED = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93], np.uint64)

WHOLE = 8 << 20
SPARSE = 8
TOGETHER = 256 << 10


@attrs.define
class Repeats:
    """What was found in one source: how often a key stood twice, and where at first.

    Looking costs half as much as parsing. So the first `WHOLE` bytes of a source are looked at, and of the texts that
    follow one in `SPARSE`: what writes keys twice does so all the time.
    """

    count: int = 0
    """Keys that stood in their object before."""

    places: list[str] = attrs.field(factory=list)
    """Pointers of the first of them."""

    _bytes: int = 0
    _skipped: int = 0
    _waiting: list[tuple[bytes, str]] = attrs.field(factory=list)
    _waiting_bytes: int = 0

    def look(self, text: bytes, pointer: str = "", first: int = 0) -> None:
        """Look at a JSON text that was read without error; `first` is the index of its first element, an array's."""
        if self._due(len(text)) and may_repeat(text):
            self.add(repeats(text, pointer, first))

    def look_later(self, text: bytes, place: str = "") -> None:
        """Look at a small text together with others; `place` stands before its pointers."""
        self._waiting.append((text, place))
        self._waiting_bytes += len(text)
        if self._waiting_bytes > TOGETHER:
            self._look_now()

    def _look_now(self) -> None:
        waiting, self._waiting, self._waiting_bytes = self._waiting, [], 0
        together = b"[" + b",".join(text for text, _ in waiting) + b"]"
        if self._due(len(together)) and may_repeat(together):
            for text, place in waiting:
                self.add(repeats(text, place))

    def _due(self, size: int) -> bool:
        self._bytes += size
        if self._bytes <= WHOLE:
            return True
        self._skipped += 1
        return self._skipped % SPARSE == 0

    def merge(self, other: Repeats, pointer: str = "", rows: int = 0) -> None:
        """Add what was found in an array, at `pointer`, of which the first `rows` records lay elsewhere."""
        self.count += other.count
        for place in other.places[: EXAMPLES - len(self.places)]:
            row, slash, inner = place[1:].partition("/")
            self.places.append(f"{pointer}/{int(row) + rows}{slash}{inner}")

    def add(self, places: Iterable[str]) -> None:
        """Add places."""
        for place in places:
            self.count += 1
            if len(self.places) < EXAMPLES:
                self.places.append(place)

    def issues(self) -> list[Issue]:
        """Return what to tell the user: one issue or none."""
        if self._waiting:
            self._look_now()
        if not self.count:
            return []
        told = "a key stands more than once in one object; its last value counts, the others are left out"
        return [Issue("duplicate-key", "warning", told, self.count, tuple(self.places), fate="dropped")]


class _Object(list[tuple[str, Any]]):
    """The members of an object, all of them."""


def _nothing(_: str) -> None:
    """Stand for a number, whose value does not matter."""


def repeats(text: bytes, pointer: str = "", first: int = 0) -> Iterator[str]:
    """Yield the pointer of each key of a JSON text that stood in its object before."""
    try:
        value: Any = json.loads(
            text, object_pairs_hook=_Object, parse_float=_nothing, parse_int=_nothing, parse_constant=_nothing
        )
    except (ValueError, RecursionError):  # no JSON, which others tell of
        return
    waiting = [(pointer, value, first)] if isinstance(value, list) else []
    while waiting:
        here, value, offset = waiting.pop()
        members = value if isinstance(value, _Object) else [(offset + i, inner) for i, inner in enumerate(value)]
        seen, inside = set(), []
        for key, inner in members:
            place = here + escaped(key)
            if key in seen:
                yield place
            seen.add(key)
            if isinstance(inner, list):
                inside.append((place, inner, 0))
        waiting += reversed(inside)


def may_repeat(text: bytes) -> bool:
    """Tell whether an object of a valid JSON text may state a key twice; no is certain."""
    padded: Bytes = np.frombuffer(text + bytes(WORD), np.uint8)
    quotes = Scan().quotes(padded[: len(text)])
    if len(quotes) % 2:  # no JSON
        return True
    starts, stops = _keys(padded, quotes)
    if len(starts) < 2:
        return False
    if b"\\" in text and _any_inside(np.flatnonzero(padded == BACKSLASH), starts, stops):
        return True
    owners = _owners(padded, quotes, starts)
    numbers = _numbers(padded, starts, stops)
    if (np.diff(owners) < 0).any():
        order = np.argsort(owners, kind="stable")
        owners, numbers = owners[order], numbers[order]
    return _repeated(owners, numbers)


def _keys(padded: Bytes, quotes: Positions) -> tuple[Positions, Positions]:
    """Return where keys begin and end."""
    after = quotes[1::2] + 1
    while (spaces := SPACES[padded[after]]).any():
        after += spaces
    is_key = padded[after] == COLON
    return quotes[::2][is_key] + 1, quotes[1::2][is_key]


def _any_inside(places: Positions, starts: Positions, stops: Positions) -> bool:
    key = np.searchsorted(starts, places, "right") - 1
    return bool((places[key >= 0] < stops[key[key >= 0]]).any())


def _owners(data: Bytes, quotes: Positions, starts: Positions) -> Positions:
    """Return a number for the object that each key stands in."""
    marks = np.flatnonzero((data | 0x06) == 0x7F)  # { } and a few letters
    marks = marks[(data[marks] == OPEN) | (data[marks] == CLOSE)]
    marks = marks[Counter.of(quotes, len(data)).before(marks) & 1 == 0]
    opens = data[marks] == OPEN
    depths = np.cumsum(opens.astype(np.int64) * 2 - 1)
    owner = np.zeros(len(marks), np.int64)
    for level in range(1, int(depths.max(initial=0)) + 1):
        here = np.flatnonzero(depths == level)
        owner[here] = np.maximum.accumulate(np.where(opens[here], here, 0))
    if not len(owner):  # no JSON
        return np.zeros(len(starts), np.int64)
    found: Positions = owner[Counter.of(marks, len(data)).before(starts) - 1]
    return found


def _numbers(padded: Bytes, starts: Positions, stops: Positions) -> np.ndarray[Any, np.dtype[np.uint64]]:
    """Return a number for each key, the same for the same key: of its length, its first and its last bytes."""
    words: Any = np.ndarray(len(padded) - WORD + 1, "<u8", padded, strides=(1,))
    lengths = stops - starts
    found = (words[starts] & MASKS[np.minimum(lengths, WORD)]) * MIXED[0]
    long = np.flatnonzero(lengths > WORD)
    found[long] ^= words[stops[long] - WORD] * MIXED[1]
    found ^= (lengths + 1).astype(np.uint64) * MIXED[2]
    found = (found ^ (found >> np.uint64(29))) * MIXED[3]
    numbers: np.ndarray[Any, np.dtype[np.uint64]] = found ^ (found >> np.uint64(32))
    return numbers


def _repeated(owners: Positions, numbers: np.ndarray[Any, np.dtype[np.uint64]]) -> bool:
    """Tell whether a number occurs twice with one owner; `owners` ascend."""
    begins = np.flatnonzero(np.diff(owners, prepend=-1))
    lengths = np.diff(begins, append=len(owners))
    sums = np.add.reduceat(numbers, begins)
    _, chosen = np.unique(sums, return_index=True)
    counts = lengths[chosen]
    which = np.arange(len(chosen)).repeat(counts)
    rows = np.arange(len(which)) + (begins[chosen] - (np.cumsum(counts) - counts))[which]
    order = np.lexsort((numbers[rows], which))
    same = (np.diff(which[order]) == 0) & (np.diff(numbers[rows][order]) == 0)
    return bool(same.any())


def colons(text: bytes) -> int:
    """Return how many colons a text holds."""
    return int(np.count_nonzero(np.frombuffer(text, np.uint8) == COLON))
