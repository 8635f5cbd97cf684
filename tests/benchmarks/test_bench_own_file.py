from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import bench_own_file


@pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="memory is measured by Linux' smaps")
def test_benchmark_runs_on_little_data() -> None:
    figures = bench_own_file.main(small=True)
    assert {"open ms", "open private MB", "spawn with it ms", "fork walks, dirtied MB"} <= figures.keys()
    assert figures["open private MB"] < 30
