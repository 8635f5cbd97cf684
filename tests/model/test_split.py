"""Splitting and sampling."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annokit.errors import UsageError
from annokit.model.builder import DatasetBuilder
from annokit.model.dataset import Dataset
from annokit.model.split import largest_remainder


def numbered(count: int) -> Dataset:
    builder = DatasetBuilder()
    sequences = [builder.add_sequence(f"s{number}") for number in range(4)]
    for number in range(count):
        sequence = sequences[number % 4] if number < 8 else None
        item = builder.add_item(
            f"{number}", sequence=sequence, dataset="ab"[number % 2], attributes={"site": number // 3}
        )
        builder.add_annotation(item, "x")
    return builder.build()


def test_parts_are_exact_disjoint_and_named() -> None:
    ds = numbered(11)
    parts = ds.split({"train": 0.7, "val": 0.2, "test": 0.1})
    assert {name: len(part) for name, part in parts.items()} == {"train": 8, "val": 2, "test": 1}
    names = [item.name for part in parts.values() for item in part]
    assert sorted(names, key=int) == list(ds.names)
    assert {item.split for item in parts["val"]} == {"val"}
    assert [int(item.name) for item in parts["train"]] == sorted(int(item.name) for item in parts["train"])
    assert all(len(item.annotations) == 1 for item in parts["train"])


def test_the_same_seed_gives_the_same_parts() -> None:
    ds = numbered(20)
    halves = {"a": 1, "b": 1}
    assert ds.split(halves, seed=3)["a"].names == ds.split(halves, seed=3)["a"].names
    assert ds.split(halves, seed=3)["a"].names != ds.split(halves, seed=4)["a"].names
    assert ds.sample(5, seed=1).names == ds.sample(5, seed=1).names
    assert ds.sample(5, seed=1).names != ds.sample(5, seed=2).names


@pytest.mark.parametrize(
    "by", ["sequence", "dataset", "site", lambda item: int(item.name) // 5, lambda item: [item.dataset]]
)
def test_groups_stay_together(by: object) -> None:
    ds = numbered(12)
    parts = ds.split({"a": 0.5, "b": 0.5}, by=by)
    assert sum(map(len, parts.values())) == 12
    key = {
        "sequence": lambda item: item.sequence.id if item.sequence else item.name,
        "dataset": lambda item: item.dataset,
        "site": lambda item: item.attributes["site"],
    }.get(by, by)  # type: ignore[call-overload] # a name or a callable
    mine, its = ({str(key(item)) for item in part} for part in parts.values())
    assert not mine & its


def test_whole_sequences_go_to_one_part() -> None:
    parts = numbered(8).split({"a": 0.5, "b": 0.5}, by="sequence")
    assert [len(part.sequences) for part in parts.values()] == [2, 2]
    assert [len(part) for part in parts.values()] == [4, 4]


def test_names_may_be_grouped() -> None:
    builder = DatasetBuilder()
    for name in ("a", "a", "b"):
        builder.add_item(name)
    assert {len(p) for p in builder.build().split({"x": 1, "y": 1}, by="name").values()} == {1, 2}


@given(
    st.lists(st.floats(0, 1e6), min_size=1, max_size=6).filter(lambda shares: sum(shares) > 0), st.integers(0, 10_000)
)
def test_counts_sum_up_and_are_nearest(shares: list[float], count: int) -> None:
    exact = np.array(shares) / sum(shares)
    counts = largest_remainder(exact, count)
    assert counts.sum() == count
    assert (np.abs(counts - exact * count) < 1 + 1e-6).all()


@pytest.mark.parametrize("sizes", [{}, {"a": -1, "b": 2}, {"a": 0}, {"a": float("nan")}, {"a": float("inf")}])
def test_shares_must_make_sense(sizes: dict[str, float]) -> None:
    with pytest.raises(UsageError, match="positive shares"):
        numbered(3).split(sizes)


def test_an_unknown_group_is_refused() -> None:
    with pytest.raises(UsageError, match="items have no 'colour'; group by 'sequence'"):
        numbered(3).split({"a": 1}, by="colour")


def test_a_sample_is_in_order_and_never_too_large() -> None:
    ds = numbered(6)
    assert len(ds.sample(4)) == 4
    assert list(ds.sample(4).names) == sorted(ds.sample(4).names)
    assert ds.sample(99) == ds
    assert len(ds.sample(0)) == 0
    with pytest.raises(UsageError, match="0 or more items, got -1"):
        ds.sample(-1)


def test_nothing_splits_into_nothing() -> None:
    parts = DatasetBuilder().build().split({"a": 1, "b": 1}, by="sequence")
    assert [len(part) for part in parts.values()] == [0, 0]
