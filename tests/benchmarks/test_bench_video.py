from __future__ import annotations

import pytest

pytest.importorskip("av")

from benchmarks.bench_video import main


def test_every_figure_is_measured() -> None:
    figures = main(small=True)
    assert set(figures) == {"arrays", "files"}
    assert all(value > 0 for value in figures.values())
