from __future__ import annotations

from benchmarks.bench_innotescus import main


def test_every_figure_is_measured() -> None:
    figures = main(small=True)
    assert len(figures) == 2
    assert all(value > 0 for value in figures.values())
