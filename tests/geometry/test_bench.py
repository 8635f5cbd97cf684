from __future__ import annotations

import runpy
from pathlib import Path

import pytest


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # pycocotools.mask.decode
def test_benchmark_runs_on_little_data() -> None:
    names = runpy.run_path(str(Path(__file__).parents[2] / "benchmarks" / "bench_masks.py"))
    figures = names["main"](small=True)
    assert all(value > 0 for value in figures.values())
    assert "labelmap / reading the PNG" in figures
