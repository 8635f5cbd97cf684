from __future__ import annotations

import numpy as np
import pytest

import annokit
from annokit.remote.sizes import contradictions, stated_sizes, usual_sizes

NO = [-1, -1]


@pytest.mark.parametrize(
    ("sequence", "sizes", "usual"),
    [
        ([], [], []),
        ([0, 0, 0], [[8, 6], [9, 6], [9, 6]], [[9, 6]] * 3),
        ([0, 0], [[8, 6], [6, 8]], [[8, 6]] * 2),
        ([0, 0], [[9, 6], [8, 6]], [[9, 6]] * 2),
        ([-1, -1], [[8, 6], [9, 6]], [NO, NO]),
        ([2, 2, 0, 0, 0], [NO, NO, [1, 2], NO, [1, 2]], [NO, NO, [1, 2], [1, 2], [1, 2]]),
        ([1, 0, 1, 0, 1], [[5, 5], [7, 7], [6, 6], [7, 7], [6, 6]], [[6, 6], [7, 7], [6, 6], [7, 7], [6, 6]]),
    ],
)
def test_the_most_frequent_size_of_a_sequence(
    sequence: list[int], sizes: list[list[int]], usual: list[list[int]]
) -> None:
    found = usual_sizes(np.array(sequence, np.int64), np.array(sizes, np.int64).reshape(-1, 2))
    assert found.tolist() == usual


def dataset() -> annokit.Dataset:
    """Five items: two of a sequence that states its size, two of one that does not, one alone with a size."""
    builder = annokit.DatasetBuilder()
    sized = builder.add_sequence("sized", width=40, height=30)
    plain = builder.add_sequence("plain")
    for name, sequence in (("a", sized), ("b", sized), ("c", plain), ("d", plain), ("e", plain)):
        builder.add_item(name, sequence=sequence)
    builder.add_item("f", width=7, height=5)
    return builder.build()


def test_a_sequence_states_the_size_of_its_items() -> None:
    assert stated_sizes(dataset()).tolist() == [[40, 30], [40, 30], NO, NO, NO, [7, 5]]


def test_contradictions_are_told_once_each() -> None:
    pixels = np.array([[40, 30], [30, 40], [8, 6], [8, 6], [9, 6], [5, 7]])
    issues = contradictions(dataset(), pixels, np.full((6, 2), -1))
    assert [(issue.message, issue.examples) for issue in issues] == [
        (
            "a file has another size than the labels state",
            ("b: the file has 30x40, stated 40x30", "f: the file has 5x7, stated 7x5"),
        ),
        (
            "a file has another size than most of its sequence",
            ("e: the file has 9x6, its neighbours 8x6",),
        ),
    ]
    assert {(issue.code, issue.severity) for issue in issues} == {("size-mismatch", "warning")}


def test_nothing_fetched_contradicts_nothing() -> None:
    nothing = np.full((6, 2), -1)
    assert contradictions(dataset(), nothing, nothing) == []


def test_a_bitmap_is_as_large_as_its_picture() -> None:
    pixels = np.array([NO, [40, 30], [8, 6], NO, [8, 6], NO])
    bitmaps = np.array([[40, 31], [40, 30], [8, 6], [1, 1], NO, [7, 6]])
    (issue,) = contradictions(dataset(), pixels, bitmaps)
    assert issue.field == "bitmap"
    assert issue.examples == ("a: the file has 40x31, the picture 40x30", "f: the file has 7x6, the picture 7x5")
