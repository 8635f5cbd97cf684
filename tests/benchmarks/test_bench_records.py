from __future__ import annotations

from benchmarks.bench_records import BARS, main
from benchmarks.generate import VARIANTS


def test_both_sides_read_every_variant() -> None:
    figures = main(small=True)
    assert figures.keys() == BARS.keys() == set(VARIANTS)
    assert all(value > 0 for value in figures.values())
