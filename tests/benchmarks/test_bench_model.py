from benchmarks.bench_model import BARS, dataset, main


def test_every_figure_is_measured() -> None:
    figures = main(small=True)
    assert figures.keys() | {"dirtied by a forked worker"} == BARS.keys()
    assert all(value >= 0 for value in figures.values())


def test_the_generated_dataset_is_the_same_every_time() -> None:
    ds = dataset(30)
    assert ds == dataset(30)
    assert ds != dataset(30, 1)
    assert len(ds) == 30
    assert ds.annotations.points.shape[1] == 2
