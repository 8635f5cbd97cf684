"""Lines of numbers, as label files hold them: whole blocks of text to arrays and back, without an object per number.

::

    0 0.5 0.5 0.25 0.25
    2 0.1 0.2 0.3 0.2 0.3 0.4

White space of any kind parts the numbers; empty lines do not count.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np
import orjson

Array = np.ndarray[Any, np.dtype[Any]]

EXACT = 1e16
"""From here on orjson writes an exponent, which is no integer's text."""

_NUMBER = re.compile(rb"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_NUMERIC = b"0123456789+-.eE \t\n\v\f\r"
_CONTROL = bytes(code for code in range(32) if code not in b"\t\n\v\f\r")
_UNCONTROLLED = bytes.maketrans(_CONTROL, b"?" * len(_CONTROL))
_COMMAS = bytes(44 if code <= 32 else code for code in range(256))
_SPACE = 32


@attrs.frozen(eq=False)
class Lines:
    """The numbers of a text, line by line; lines without any are left out."""

    values: Array
    """(m,) float64, each the double nearest to its text; NaN where the text is no finite number."""

    whole: Array
    """(m,) bool, True where the text has neither a point nor an exponent."""

    offsets: Array
    """(n + 1,) int64: line i holds the numbers ``offsets[i]`` up to ``offsets[i + 1]``."""

    lines: Array
    """(n,) int64: number of the line in the text, from 0."""

    odd: tuple[tuple[int, str], ...]
    """(position among the lines, text) of each token that is no finite number."""


def parse_lines(data: bytes) -> Lines:
    """Return the numbers of a text.

    Parameters
    ----------
    data : bytes
        Lines that end in LF; CR counts as white space. A control character makes its line odd, as any letter does.
    """
    data = b"\n" + data.translate(_UNCONTROLLED) + b"\n"
    codes = np.frombuffer(data, np.uint8)
    space = codes <= _SPACE
    edges = np.flatnonzero(space[1:] != space[:-1]) + 1
    starts, ends = edges[::2], edges[1::2]
    breaks = np.flatnonzero(codes == 10)
    counts = np.diff(starts.searchsorted(breaks))
    lines = np.flatnonzero(counts)
    offsets = np.zeros(len(lines) + 1, np.int64)
    np.cumsum(counts[lines], out=offsets[1:])
    values, odd = _values(data, codes, space, ends)
    found: tuple[tuple[int, str], ...] = ()
    if len(odd):
        places = offsets.searchsorted(odd, "right") - 1
        found = tuple(
            (place, data[starts[token] : ends[token]].decode("utf-8", "replace"))
            for place, token in zip(places.tolist(), odd.tolist(), strict=True)
        )
    return Lines(values, _whole(data, codes, (starts, ends), offsets), offsets, lines, found)


def _values(data: bytes, codes: Array, space: Array, ends: Array) -> tuple[Array, Array]:
    """Return the tokens' numbers, and the positions of those that are none."""
    nothing = np.zeros(0, np.int64)
    if not len(ends):
        return np.zeros(0), nothing
    if np.count_nonzero(space) != len(ends) + 1:
        keep = ~space
        keep[ends] = True
        data = b"\n" + codes[keep].tobytes()
    found = _json_numbers(b"[" + data.translate(_COMMAS)[1:-1] + b"]")
    if found is not None and len(found) == len(ends):
        return found, nothing
    tokens = data.split()
    if not data.translate(None, _NUMERIC):
        try:
            values = np.array(tokens).astype(np.float64)
        except ValueError:
            pass
        else:
            return _finite(values)
    return _finite(np.array([float(t) if _NUMBER.fullmatch(t) else np.nan for t in tokens]))


def _finite(values: Array) -> tuple[Array, Array]:
    odd = np.flatnonzero(~np.isfinite(values))
    values[odd] = np.nan
    return values, odd


def _json_numbers(text: bytes) -> Array | None:
    """Return the numbers of a flat JSON array, None where it is none or holds something else."""
    import simdjson

    try:
        document: Any = simdjson.Parser().parse(text)
        buffer = document.as_buffer(of_type="d")
    except (ValueError, TypeError, RuntimeError):
        return None
    return np.frombuffer(buffer, np.float64).copy()


def _whole(data: bytes, codes: Array, tokens: tuple[Array, Array], offsets: Array) -> Array:
    """Return which tokens have neither a point nor an exponent: mostly the first of each line, and no other."""
    starts, ends = tokens
    whole = np.zeros(len(starts), bool)
    whole[offsets[:-1]] = True
    points = np.flatnonzero(codes == 46)
    plain = b"e" not in data and b"E" not in data
    if plain and len(points) == np.count_nonzero(~whole):
        rest = ~whole
        if (points > starts[rest]).all() and (points < ends[rest]).all():
            return whole
    marks = np.flatnonzero((codes == 46) | ((codes | 32) == 101))
    whole[:] = True
    whole[starts.searchsorted(marks, "right") - 1] = False
    return whole


def dump_lines(
    values: Array, whole: Array, offsets: Array, *, between: int = _SPACE, after: int = 10
) -> tuple[bytes, Array]:
    """Return numbers as text, each the shortest that reads back as the same double.

    Parameters
    ----------
    values : (m,) float64 array
        Finite numbers, line by line.
    whole : (m,) bool array
        Which are written without a point.
    offsets : (n + 1,) int64 array
        Line i holds the numbers ``offsets[i]`` up to ``offsets[i + 1]``, at least one.
    between, after : int
        The byte between the numbers of a line, and the one after each line.

    Returns
    -------
    text : bytes
        The lines.
    ends : (n + 1,) int64 array
        Line i is ``text[ends[i]:ends[i + 1]]``, the byte after it included.
    """
    if not len(values):
        return b"", np.zeros(len(offsets), np.int64)
    text = orjson.dumps(np.ascontiguousarray(values, np.float64), option=orjson.OPT_SERIALIZE_NUMPY)
    codes = np.frombuffer(text, np.uint8).copy()
    codes[-1] = 44
    commas = np.flatnonzero(codes == 44)
    codes[commas] = between
    last = commas[offsets[1:] - 1]
    codes[last] = after
    keep = np.ones(len(codes), bool)
    keep[0] = False
    short = commas[whole & (np.abs(values) < EXACT)]
    keep[short - 1] = keep[short - 2] = False
    ends = np.zeros(len(offsets), np.int64)
    ends[1:] = last - 2 * short.searchsorted(last, "right")
    return codes[keep].tobytes(), ends


def joined(texts: Sequence[bytes]) -> tuple[bytes, Array]:
    """Return texts as one, each ended by a line end, without byte order marks, and where each begins (n + 1,)."""
    clean = [_clean(text) for text in texts]
    starts = np.zeros(len(clean) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, clean), np.int64, len(clean)), out=starts[1:])
    return b"".join(clean), starts


def _clean(text: bytes) -> bytes:
    if text.startswith(b"\xef\xbb\xbf"):
        text = text[3:]
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return text if text.endswith(b"\n") or not text else text + b"\n"
