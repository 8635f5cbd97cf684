"""The rings from runs are those that tracing the pixels finds."""

from itertools import pairwise
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from annokit.geometry.ragged import offsets_of
from annokit.geometry.run_rings import run_parts, run_rings
from annokit.geometry.trace import trace

BITMAPS = st.integers(1, 7).flatmap(
    lambda width: st.lists(st.lists(st.booleans(), min_size=width, max_size=width), min_size=1, max_size=7)
)


def counts_of(bitmap: Any) -> np.ndarray:
    flat = np.concatenate([[False], np.asarray(bitmap, bool).T.ravel()])
    changes = np.flatnonzero(flat[1:] != flat[:-1])
    return np.diff(np.concatenate([[0], changes, [len(flat) - 1]]))


def rings_by_trace(bitmap: Any) -> set[tuple[bool, tuple[tuple[float, ...], ...]]]:
    return {
        (place > 0, tuple(map(tuple, ring.tolist())))
        for part in trace(np.asarray(bitmap))
        for place, ring in enumerate(part)
    }


@settings(deadline=None)
@given(st.lists(BITMAPS, max_size=4))
def test_rings_are_those_of_the_pixels(bitmaps: list[Any]) -> None:
    counts = [counts_of(bitmap) for bitmap in bitmaps]
    flat = np.concatenate([np.zeros(0, np.int64), *counts])
    heights = np.array([len(bitmap) for bitmap in bitmaps], np.int64)
    points, rings, masks, holes = run_rings(flat, offsets_of([len(c) for c in counts]), heights)
    assert len(masks) == len(bitmaps) + 1
    for place, bitmap in enumerate(bitmaps):
        own = range(int(masks[place]), int(masks[place + 1]))
        found = [(bool(holes[r]), tuple(map(tuple, points[rings[r] : rings[r + 1]].tolist()))) for r in own]
        assert len(set(found)) == len(found)
        assert set(found) == rings_by_trace(bitmap)


@settings(deadline=None)
@given(st.lists(BITMAPS, max_size=4))
def test_parts_are_those_of_the_pixels(bitmaps: list[Any]) -> None:
    assert parts_of(bitmaps) == [plain(trace(np.asarray(bitmap))) for bitmap in bitmaps]


def test_holes_below_holes_belong_to_the_region_around_them() -> None:
    bitmap = np.ones((9, 12), bool)
    bitmap[1:8, 1:11] = 0
    bitmap[2:7, 2:10] = 1
    bitmap[3, 3:9] = bitmap[5, 4:6] = bitmap[5, 7] = 0
    [parts] = parts_of([bitmap])
    assert parts == plain(trace(bitmap))
    assert [len(part) for part in parts] == [2, 4]


def parts_of(bitmaps: list[Any]) -> list[Any]:
    counts = [counts_of(bitmap) for bitmap in bitmaps]
    flat = np.concatenate([np.zeros(0, np.int64), *counts])
    heights = np.array([len(bitmap) for bitmap in bitmaps], np.int64)
    points, rings, parts, masks = run_parts(flat, offsets_of([len(c) for c in counts]), heights)
    made = [points[a:b].tolist() for a, b in pairwise(rings.tolist())]
    grouped = [made[a:b] for a, b in pairwise(parts.tolist())]
    return [grouped[a:b] for a, b in pairwise(masks.tolist())]


def plain(parts: Any) -> list[Any]:
    return [[ring.tolist() for ring in part] for part in parts]


def test_runs_of_no_length_count_for_nothing() -> None:
    split = np.array([1, 2, 0, 1, 3, 0, 5])
    plain = np.array([1, 3, 8])
    both = [run_rings(counts, np.array([0, len(counts)]), np.array([4])) for counts in (split, plain)]
    assert all(np.array_equal(a, b) for a, b in zip(*both, strict=True))
    assert both[0][0].tolist() == [[0, 1], [1, 1], [1, 4], [0, 4]]
