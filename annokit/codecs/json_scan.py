"""Where values begin and end in a stretch of JSON, found exactly and without parsing numbers.

The scan tells strings from structure and follows the depth, vectorised; it does not check the grammar, which the parser
of the pieces does.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Bytes = np.ndarray[Any, np.dtype[np.uint8]]
Positions = np.ndarray[Any, np.dtype[np.int64]]

QUOTE, BACKSLASH, COMMA = b'"\\,'
STEPS = np.zeros(256, np.int8)
STEPS[list(b"[{")] = 1
STEPS[list(b"]}")] = -1


class Scan:
    """A scan of the values of one array or object, begun behind its opening bracket and fed piece by piece."""

    def __init__(self) -> None:
        self.depth = 0
        self.deepest = 0
        self._quoted = False
        self._escaped = False

    def feed(self, data: memoryview) -> tuple[int, int]:
        """Scan the next piece.

        Parameters
        ----------
        data : memoryview
            The bytes that follow those of the last call.

        Returns
        -------
        comma : int
            Offset in `data` of its last comma between two values of the container itself, -1 if there is none.
        end : int
            Offset of the bracket that closes the container, -1 if it is not in this piece.
        """
        buffer: Bytes = np.frombuffer(data, np.uint8)
        quotes = self.quotes(buffer)
        marks, depths = self._brackets(buffer, quotes)
        closers = np.flatnonzero(depths < 0)
        end = -1
        if len(closers):
            end = int(marks[closers[0]])
            marks, depths, buffer = marks[: closers[0]], depths[: closers[0]], buffer[:end]
        comma = self._last_comma(buffer, quotes, marks, depths)
        self.depth = int(depths[-1]) if len(depths) else self.depth
        self.deepest = max(self.deepest, int(depths.max(initial=0)))
        self._quoted ^= bool(len(quotes) & 1)
        return comma, end

    def quotes(self, buffer: Bytes) -> Positions:
        """Return the offsets of the quotes that begin or end a string."""
        quotes = np.flatnonzero(buffer == QUOTE)
        slashes = np.flatnonzero(buffer == BACKSLASH)
        if not self._escaped and not len(slashes):
            return quotes
        parity = _run_parity(slashes, len(buffer), self._escaped)
        self._escaped = bool(parity[-1])
        return quotes[~parity[quotes]]

    def _brackets(self, buffer: Bytes, quotes: Positions) -> tuple[Positions, Positions]:
        """Return the offsets of the brackets outside strings, and the depth after each."""
        marks = np.flatnonzero(((buffer & 0xDF) | 0x06) == 0x5F)  # [ ] { } and a few letters, whose step is 0
        steps = STEPS[buffer[marks]]
        outside = (steps != 0) & self._outside(quotes, marks)
        return marks[outside], self.depth + np.cumsum(steps[outside], dtype=np.int64)

    def _outside(self, quotes: Positions, positions: Positions) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Return which of the ascending `positions` lie outside strings."""
        before: Positions = np.searchsorted(quotes, positions) + self._quoted
        outside: np.ndarray[Any, np.dtype[np.bool_]] = (before & 1) == 0
        return outside

    def _last_comma(self, buffer: Bytes, quotes: Positions, marks: Positions, depths: Positions) -> int:
        """Return the last comma at depth 0; it lies in one of the last two stretches at that depth."""
        starts = np.concatenate([[-1], marks])[np.concatenate([[self.depth], depths]) == 0]
        stops = np.concatenate([marks, [len(buffer)]])[np.concatenate([[self.depth], depths]) == 0]
        for start, stop in zip(starts[:-4:-1].tolist(), stops[:-4:-1].tolist(), strict=True):
            commas = np.flatnonzero(buffer[start + 1 : stop] == COMMA) + start + 1
            commas = commas[self._outside(quotes, commas)]
            if len(commas):
                return int(commas[-1])
        return -1


def _run_parity(slashes: Positions, length: int, escaped: bool) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Return for each offset 0..length whether an odd run of backslashes ends just before it.

    `escaped` tells whether such a run ended just before the piece.
    """
    parity = np.zeros(length + 1, np.bool_)
    parity[0] = escaped
    if not len(slashes):
        return parity
    begins = np.ones(len(slashes), np.bool_)
    begins[1:] = np.diff(slashes) != 1
    first = slashes[begins][np.cumsum(begins) - 1]
    odd = ((slashes - first) & 1) == 0
    if escaped and slashes[0] == 0:
        odd[first == 0] ^= True
    parity[slashes + 1] = odd
    return parity
