import builtins
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import annokit
from annokit.geometry.assign import assign, pairs_within

pytest.importorskip("scipy")

GROUPS = st.lists(st.integers(0, 4), max_size=9)


@given(GROUPS, GROUPS, st.integers(1, 30))
@settings(max_examples=60)
def test_pairs_are_all_those_of_equal_groups(a, b, block):
    found = [
        pair
        for i, j in pairs_within(np.array(a, np.int64), np.array(b, np.int64), block)
        for pair in zip(i.tolist(), j.tolist(), strict=True)
    ]
    assert sorted(found) == [(i, j) for i, x in enumerate(a) for j, y in enumerate(b) if x == y]


def best(weights):
    """Return the highest sum over all ways to pair rows and columns."""
    rows, columns = weights.shape
    if rows > columns:
        return best(weights.T)
    return max(sum(weights[i, j] for i, j in enumerate(chosen)) for chosen in permutations(range(columns), rows))


@given(st.integers(1, 4), st.integers(1, 4), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_the_sum_is_the_highest(rows, columns, random):
    weights = np.array([[random.choice([0, 0, random.random()]) for _ in range(columns)] for _ in range(rows)])
    i, j = np.nonzero(weights)
    chosen = assign(i, j, weights[i, j])
    assert len(set(i[chosen])) == len(set(j[chosen])) == len(chosen)
    assert weights[i[chosen], j[chosen]].sum() == pytest.approx(best(weights))


def test_the_nearest_is_not_always_the_best():
    i, j = np.array([0, 0, 1, 7]), np.array([0, 1, 0, 9])
    assert assign(i, j, np.array([0.7, 0.6, 0.65, 0.5])).tolist() == [1, 2, 3]


def test_nothing_is_assigned_to_nothing():
    none = np.zeros(0, np.int64)
    assert assign(none, none, np.zeros(0)).tolist() == []
    assert list(pairs_within(none, none)) == []


def test_without_scipy_the_extra_is_named(monkeypatch):
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name.startswith("scipy"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(annokit.MissingExtraError, match=r"annokit\[consensus\]"):
        assign(np.array([0]), np.array([0]), np.array([1.0]))
