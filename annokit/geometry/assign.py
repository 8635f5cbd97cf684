"""Which of two sets of objects belong together, group by group: the pairs whose weights sum up highest.

Groups are what may be paired at all, such as the pictures on which objects lie. Most objects have one partner or none;
only where several compete is the best assignment computed, by scipy.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from annokit.errors import MissingExtraError

BLOCK = 1 << 21
"""Pairs that are looked at at once."""


def pairs_within(a: np.ndarray, b: np.ndarray, block: int = BLOCK) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the positions of all pairs of equal groups, in blocks.

    Parameters
    ----------
    a : (n,) int64 array
        Group of each object of one side.
    b : (m,) int64 array
        Group of each object of the other side.
    block : int
        Pairs of one block, about; a group is never cut.

    Yields
    ------
    i : (k,) int64 array
        Positions in `a`.
    j : (k,) int64 array
        Positions in `b`.
    """
    left, right = a.argsort(kind="stable"), b.argsort(kind="stable")
    groups = np.intersect1d(a, b)
    starts = [np.searchsorted(side[order], groups, "left") for side, order in ((a, left), (b, right))]
    counts = [np.searchsorted(side[order], groups, "right") for side, order in ((a, left), (b, right))]
    sizes = [stop - start for start, stop in zip(starts, counts, strict=True)]
    sums = (sizes[0] * sizes[1]).cumsum()
    first = 0
    while first < len(groups):
        before = int(sums[first - 1]) if first else 0
        last = max(int(sums.searchsorted(before + block, "right")), first + 1)
        yield _pairs(left, right, [part[first:last] for part in (*starts, *sizes)])
        first = last


def _pairs(left: np.ndarray, right: np.ndarray, groups: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return all pairs of groups given by where they start and how many they are on either side."""
    start_a, start_b, count_a, count_b = groups
    total = count_a * count_b
    group = np.arange(len(total)).repeat(total)
    place = np.arange(int(total.sum())) - (total.cumsum() - total)[group]
    i, j = np.divmod(place, count_b[group])
    return left[start_a[group] + i], right[start_b[group] + j]


def assign(i: np.ndarray, j: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return the positions of the pairs that are chosen, ascending: no object twice, the sum of weights the highest.

    Parameters
    ----------
    i : (k,) int64 array
        Object of one side of each candidate pair.
    j : (k,) int64 array
        Object of the other side.
    weight : (k,) float64 array
        How well they fit, above 0.

    Raises
    ------
    MissingExtraError
        scipy is not installed.
    """
    try:
        from scipy.optimize import linear_sum_assignment
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components
    except ImportError:
        raise MissingExtraError.of("consensus", "scipy", "matching objects") from None
    if not len(i):
        return np.zeros(0, np.int64)
    (_, a), (_, b) = (np.unique(side, return_inverse=True) for side in (i, j))
    alone = (np.bincount(a)[a] == 1) & (np.bincount(b)[b] == 1)
    chosen = [np.flatnonzero(alone)]
    rest = np.flatnonzero(~alone)
    count = int(a.max()) + 1
    graph = coo_array((np.ones(len(rest)), (a[rest], b[rest] + count)), shape=(count + int(b.max()) + 1,) * 2)
    part = connected_components(graph, directed=False)[1][a[rest]]
    order = part.argsort(kind="stable")
    for rows in np.split(rest[order], np.flatnonzero(np.diff(part[order])) + 1) if len(rest) else ():
        (left, x), (right, y) = (np.unique(side[rows], return_inverse=True) for side in (a, b))
        table = np.zeros((len(left), len(right)))
        place = np.full(table.shape, -1)
        table[x, y], place[x, y] = weight[rows], rows
        found = place[linear_sum_assignment(table, maximize=True)]
        chosen.append(found[found >= 0])
    return np.sort(np.concatenate(chosen))
