"""Frames as inclusive ranges, as the answer maps of label rows state them."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any


def in_ranges(frame: int, ranges: Any) -> bool:
    """Tell whether a frame lies in one of the inclusive ranges."""
    return any(a <= frame <= b for a, b in pairs(ranges))


def pairs(ranges: Any) -> list[tuple[int, int]]:
    """Return the well-formed inclusive ranges of a list."""
    if not isinstance(ranges, list):
        return []
    return [
        (pair[0], pair[1])
        for pair in ranges
        if isinstance(pair, list) and len(pair) == 2 and all(type(v) is int for v in pair)
    ]


def runs(frames: Iterable[int]) -> list[list[int]]:
    """Return frames as inclusive ranges."""
    numbers = sorted(set(frames))
    breaks = [0, *(i for i, (a, b) in enumerate(pairwise(numbers), 1) if b != a + 1), len(numbers)]
    return [[numbers[a], numbers[b - 1]] for a, b in pairwise(breaks)] if numbers else []
