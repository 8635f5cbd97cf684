from __future__ import annotations

import pytest

from benchmarks.bench_yolo import BARS, main
from benchmarks.peers import SETUPS


def test_every_figure_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SETUPS:
        monkeypatch.delenv(f"ANNOKIT_PEER_{name.upper()}", raising=False)
    figures = main(small=True)
    assert {*figures, "convert detect / fastest peer"} == set(BARS)
    assert all(value > 0 for value in figures.values())
