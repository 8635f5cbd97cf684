"""The three laws."""

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings

from annokit.model.dataset import Dataset
from tests.formats.laws import check_laws
from tests.strategies import datasets

LAWFUL = settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=25)


@LAWFUL
@given(dataset=datasets())
def test_the_three_laws(dataset: Dataset) -> None:
    with tempfile.TemporaryDirectory() as folder:
        check_laws(dataset, "innotescus", Path(folder))
