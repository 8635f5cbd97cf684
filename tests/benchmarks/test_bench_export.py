from __future__ import annotations

from benchmarks.bench_export import main


def test_every_figure_is_measured() -> None:
    figures = main(small=True)
    assert len(figures) == 6
    assert figures["export / writing the files"] > 0
