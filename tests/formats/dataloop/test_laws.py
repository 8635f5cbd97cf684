"""The three laws on generated datasets."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings

from annokit.model.dataset import Dataset
from tests.formats.dataloop.videos import videos
from tests.formats.laws import check_laws
from tests.strategies import datasets


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(datasets())
def test_pictures(dataset: Dataset) -> None:
    with TemporaryDirectory() as folder:
        check_laws(dataset, "dataloop", Path(folder))


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(videos())
def test_videos(dataset: Dataset) -> None:
    with TemporaryDirectory() as folder:
        check_laws(dataset, "dataloop", Path(folder))
