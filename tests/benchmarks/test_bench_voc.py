from __future__ import annotations

from benchmarks.bench_voc import VARIANTS, main


def test_every_figure_is_measured() -> None:
    figures = main(small=True)
    assert len(figures) == len(VARIANTS)
    assert all(value > 0 for value in figures.values())
