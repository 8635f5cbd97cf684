"""The benchmark runs on little data."""

from benchmarks import bench_masks_format


def test_bench_masks_format():
    assert all(figure > 0 for figure in bench_masks_format.main(small=True).values())
