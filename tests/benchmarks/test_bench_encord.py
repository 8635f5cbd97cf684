from __future__ import annotations

from benchmarks.bench_encord import main


def test_every_figure_is_measured() -> None:
    figures = main(small=True)
    assert set(figures) == {"time", "memory"}
    assert figures["time"] > 0
