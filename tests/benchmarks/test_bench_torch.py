import pytest

from benchmarks.bench_torch import main

pytest.importorskip("torch")


@pytest.mark.filterwarnings("ignore:This DataLoader will create")
def test_every_figure_is_measured():
    figures = main(small=True)
    assert figures["items per second"] > 0
    assert set(figures) >= {"growth, fork, MB", "growth, spawn, MB", "naive / packed"}
