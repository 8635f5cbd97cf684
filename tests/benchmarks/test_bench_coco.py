from __future__ import annotations

from benchmarks.bench_coco import BARS, main


def test_every_figure_is_measured() -> None:
    figures = main(small=True, variants=("plain", "odd"))
    assert {"plain", "plain, two processes", "memory", "odd / plain", "write"} <= figures.keys()
    assert figures.keys() - {"odd"} <= BARS.keys()
    assert all(value > 0 for value in figures.values())
