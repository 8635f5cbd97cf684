import importlib
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def test_both_sides_read_every_variant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    bench = importlib.import_module("bench_records")
    generate = importlib.import_module("generate")
    assert set(bench.BARS) == set(generate.VARIANTS)
    for variant in generate.VARIANTS:
        ours, theirs = bench.compare(generate.coco_file(40, variant, tmp_path), 1)
        assert ours > 0
        assert theirs > 0
