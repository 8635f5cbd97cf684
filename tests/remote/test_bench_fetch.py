"""The benchmark runs; what it measures is for people to read."""

from __future__ import annotations

import pytest

from annokit.media.magic import is_complete
from benchmarks.bench_fetch import SIZE, frame_bytes, memory, throughput


def test_frames_are_true_pngs_of_the_stated_size() -> None:
    data = frame_bytes("s", "frame-1")
    assert is_complete(data)
    assert abs(len(data) - SIZE) < 1000


def test_it_runs(capsys: pytest.CaptureFixture[str]) -> None:
    assert throughput(40, 8, 0.002, 1) > 0
    memory(40, 8)
    assert "one by one" in capsys.readouterr().out
