"""Lists of points as text, many at once, to arrays: their numbers, rings and depth."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np

from annokit.codecs.number_lines import parse_lines
from annokit.columns.base import Array

_SPACES = bytes(32 if chr(code) in "[]," else code for code in range(256))
RING, RINGS = 2, 3
"""Depth of brackets of one list of points, and of several."""


@attrs.frozen(eq=False)
class Points:
    """The points of n texts."""

    values: Array
    """(m, 2) float64 coordinates of all sound texts, in order."""

    whole: Array
    """(m, 2) bool, True where a number is written as an integer."""

    counts: Array
    """(n,) int64 points of each text, 0 where there are none or the text is not sound."""

    depth: Array
    """(n,) int64 depth of its brackets: 2 one list, 3 several; 0 none."""

    ring_counts: Array
    """(r,) int64 points of each ring of the sound texts, in order."""

    rings: Array
    """(n,) int64 rings of each text."""

    sound: Array
    """(n,) bool, False where a text is no list of points."""


def parse_points(texts: Sequence[str]) -> Points:
    """Return the points of texts such as ``[[1,2],[3.5,4]]`` or ``[[[1,2],...],[[5,6],...]]``; empty ones have none."""
    data = ("\n".join(texts)).encode("utf-8", "replace") if texts else b""
    codes = np.frombuffer(data, np.uint8)
    count = len(texts)
    breaks = np.flatnonzero(codes == 10)
    if len(breaks) != max(count - 1, 0):
        return parse_points([text.replace("\n", " ").replace("\r", " ") for text in texts])
    starts = np.concatenate([[0], breaks + 1])[:count]
    numbers = parse_lines(data.translate(_SPACES))
    per_row = np.zeros(count, np.int64)
    per_row[numbers.lines] = np.diff(numbers.offsets)
    sound, leaf_row, leaf_depth, at = _leaves(codes, starts, count)
    leaves = np.bincount(leaf_row, minlength=count)
    odd = [int(numbers.lines[place]) for place, _ in numbers.odd]
    sound[odd] = False
    blank = per_row == 0
    sound &= (per_row == 2 * leaves) | (blank & (leaves == 1))
    depth = np.zeros(count, np.int64)
    depth[leaf_row] = leaf_depth
    depth[blank] = 0
    sound &= ~blank & (depth >= RING) & (depth <= RINGS) | blank & (leaves <= 1)
    used = sound & ~blank
    return _made(numbers.values, numbers.whole, per_row, used, sound, depth * used, leaf_row, at)


def _made(  # noqa: PLR0913, PLR0917 - the pieces of one value
    values: Array,
    whole: Array,
    per_row: Array,
    used: Array,
    sound: Array,
    depth: Array,
    leaf_row: Array,
    ring_start: Array,
) -> Points:
    keep = used.repeat(per_row)
    own = used[leaf_row]
    first = np.flatnonzero(ring_start[own])
    leaves = int(own.sum())
    ring_counts = np.diff(np.append(first, leaves))
    rings = np.bincount(leaf_row[own][first], minlength=len(used)) if len(first) else np.zeros(len(used), np.int64)
    return Points(
        values[keep].reshape(-1, 2), whole[keep].reshape(-1, 2), per_row // 2 * used, depth, ring_counts, rings, sound
    )


def _leaves(codes: Array, starts: Array, count: int) -> tuple[Array, Array, Array, Array]:
    """Return which texts nest soundly, and row, depth and whether a ring begins of each innermost bracket."""
    sound = np.ones(count, bool)
    places = np.flatnonzero((codes == 91) | (codes == 93))
    opens = codes[places] == 91
    step = np.where(opens, 1, -1)
    row = starts.searchsorted(places, "right") - 1
    level = step.cumsum()
    first = places.searchsorted(starts)
    base = np.concatenate([[0], level])[first]
    depth = level - base[row]
    ends = np.concatenate([[0], level])[np.append(first[1:], len(places))]
    sound[ends != base] = False
    sound[row[depth < 0]] = False
    tops = np.bincount(row[~opens & (depth == 0)], minlength=count)
    sound &= tops <= 1
    leaf = np.flatnonzero(opens[:-1] & ~opens[1:]) if len(opens) else np.zeros(0, np.int64)
    leaf = leaf[row[leaf] == row[leaf + 1]] if len(leaf) else leaf
    commas = np.concatenate([[0], (codes == 44).cumsum()])
    own = commas[places[leaf + 1]] - commas[places[leaf]] if len(leaf) else leaf
    leaf_row, leaf_depth = row[leaf], depth[leaf]
    sound[leaf_row[(own != 1) & (leaf_depth > 1)]] = False
    deepest = np.zeros(count, np.int64)
    np.maximum.at(deepest, leaf_row, leaf_depth)
    sound[leaf_row[leaf_depth != deepest[leaf_row]]] = False
    begins = np.ones(len(leaf), bool)
    if len(leaf) > 1:
        begins[1:] = leaf_row[1:] != leaf_row[:-1]
        closed = np.concatenate([[0], ((~opens) & (depth == 1)).cumsum()])
        begins[1:] |= (closed[leaf[1:]] != closed[leaf[:-1]]) & (leaf_depth[1:] == RINGS)
    return sound, leaf_row, leaf_depth, begins
