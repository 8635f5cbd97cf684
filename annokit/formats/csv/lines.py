"""Lines of a CSV file into seven fields each, quoted or not."""

from __future__ import annotations

import csv
import io
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

import attrs

FIELDS = 7
FEWEST = 5
COLUMNS = ("image", "width", "height", "task", "class", "points", "rotation")

_NUMBER = re.compile(r"\s*[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\s*")
_PIPES = re.compile(r"(?:^|,)[ \t]*\|")
_LOCK = threading.Lock()


@attrs.frozen(eq=False)
class Split:
    """The lines of a text."""

    rows: list[list[str]]
    """Those of five to seven fields, filled up to seven; the header is not among them."""

    places: list[int] | None
    """Position of each among all lines that are not empty; None where it is its own."""

    bad: list[tuple[int, str]]
    """(position, what was found) of the others."""

    header: list[str] | None
    """The first line where it names the columns."""

    quote: str
    """The quoting character."""

    more: list[list[str]] | None = None
    """What each of `rows` states in the further columns that the header names; None where it names none."""


def is_number(text: str) -> bool:
    """Tell whether a field holds a finite number."""
    return _NUMBER.fullmatch(text) is not None


@contextmanager
def _long_fields(most: int) -> Iterator[None]:
    """Let fields be as long as the text; the module knows one limit for the whole process."""
    with _LOCK:
        before = csv.field_size_limit()
        csv.field_size_limit(max(before, most))
        try:
            yield
        finally:
            csv.field_size_limit(before)


def quote_of(text: str) -> str:
    """Return the character that quotes: ``|`` where a field of the first line begins with it and nothing has ``"``."""
    first = text.lstrip().partition("\n")[0]
    return "|" if '"' not in first and _PIPES.search(first) else '"'


def split_lines(text: str) -> Split:
    """Return the fields of every line."""
    quote = quote_of(text)
    with _long_fields(len(text) + 1):
        rows = list(_reader(text, quote))
    if not all(rows):
        rows = [row for row in rows if row]
    header = rows[0] if rows and is_header(rows[0]) else None
    start = 0 if header is None else 1
    if not any(len(row) != FIELDS for row in rows) and not any(map(_worded, {row[1] for row in rows[start:]})):
        return Split(rows[start:], None if start == 0 else list(range(1, len(rows))), [], header, quote)
    return _uneven(rows, start, header, quote)


def _reader(text: str, quote: str) -> Iterator[list[str]]:
    return csv.reader(io.StringIO(text, newline=""), quotechar=quote, skipinitialspace=True)


def line_of(text: str, quote: str, places: set[int]) -> dict[int, int]:
    """Return the line, from 1, at which each of the lines at `places` begins."""
    found: dict[int, int] = {}
    with _long_fields(len(text) + 1):
        reader = csv.reader(io.StringIO(text, newline=""), quotechar=quote, skipinitialspace=True)
        place, before = 0, 0
        for row in reader:
            if row:
                if place in places:
                    found[place] = before + 1
                place += 1
            before = reader.line_num
    return found


def is_header(row: list[str]) -> bool:
    """Tell whether a line names the columns: it holds no width and height."""
    worded = len(row) >= FEWEST and bool(row[1].strip()) and not is_number(row[1]) and "[" not in "".join(row)
    return worded and not any(is_number(a) and is_number(b) for a, b in pairwise(row))


def _uneven(rows: list[list[str]], start: int, header: list[str] | None, quote: str) -> Split:
    kept, places, bad = [], [], []
    wide = max(len(header or ()), FIELDS)
    more: list[list[str]] | None = [] if wide > FIELDS else None
    for place in range(start, len(rows)):
        row = rows[place]
        split = len(row) > wide or (len(row) > FEWEST and not _whole(row[5]))
        made = _rejoined(row) if split or (len(row) > 1 and _worded(row[1])) else row
        if made is None or not FEWEST <= len(made) <= wide:
            bad.append((place, f"{len(row)} fields: {','.join(row)[:50]!r}"))
        else:
            made = made + [""] * (wide - len(made)) if len(made) < wide else made
            kept.append(made[:FIELDS])
            places.append(place)
            if more is not None:
                more.append(made[FIELDS:])
    return Split(kept, places, bad, header, quote, more)


def column_keys(header: list[str]) -> list[str]:
    """Return the keys under which the further columns of a header are kept: their names, where those are free."""
    taken = {"task", "rotation", "header", ""}
    found = []
    for place, name in enumerate(header[FIELDS:], FIELDS + 1):
        key = name.strip() if name.strip() not in taken else f"column {place}"
        taken.add(key)
        found.append(key)
    return found


def _worded(width: str) -> bool:
    return bool(width.strip()) and not is_number(width)


def _unpadded(row: list[str]) -> list[str]:
    """Return a line without the empty points and rotation at its end."""
    empty = [not field.strip() for field in row[:-3:-1]]
    return row[: len(row) - (2 if all(empty) else int(empty[0]))]


def _whole(points: str) -> bool:
    return points.count("[") == points.count("]")


def _rejoined(row: list[str]) -> list[str] | None:
    """Return seven fields of a line that was split inside its points, and inside its names; None if that fails."""
    if len(row) > FEWEST and row[FEWEST].lstrip().startswith("["):
        first: int | None = FEWEST
    else:
        first = next((at for at, field in enumerate(row) if at > FEWEST and field.lstrip().startswith("[")), None)
    if first is None:
        return _named(_unpadded(row), [], []) if len(row) > FIELDS or _worded(row[1]) else None
    last = next((at for at in range(len(row) - 1, first - 1, -1) if row[at].rstrip().endswith("]")), None)
    if last is None:
        return None
    points = ",".join(row[first : last + 1])
    if first == FEWEST:
        return [*row[:first], points, *row[last + 1 :]]
    return _named(row[:first], [points], row[last + 1 :])


def _named(head: list[str], points: list[str], tail: list[str]) -> list[str] | None:
    """Return the fields where the width and height are the first two numbers in a row after the name."""
    for at in range(1, len(head) - 2):
        if is_number(head[at]) and is_number(head[at + 1]):
            label = ",".join(head[at + 3 :])
            return [",".join(head[:at]), head[at], head[at + 1], head[at + 2], label, *points, *tail]
    return None
