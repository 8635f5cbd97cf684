from __future__ import annotations

from benchmarks.bench_segments import BARS, main


def test_every_figure_is_measured() -> None:
    figures = main(small=True)
    optional = {"bytes per pixel", "release to COCO / the SDK's export"}
    assert BARS.keys() - optional <= figures.keys()
    assert all(value >= 0 for value in figures.values())
