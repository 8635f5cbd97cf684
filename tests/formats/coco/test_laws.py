"""The laws, on generated datasets of other origin."""

import json

import pytest
from hypothesis import HealthCheck, given, settings

from tests.formats.laws import check_laws
from tests.strategies import datasets

RELAXED = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@RELAXED
@given(datasets())
@pytest.mark.filterwarnings("ignore::annokit.LossWarning")
def test_coco(tmp_path, dataset):
    _check(tmp_path, dataset, "coco")


@RELAXED
@given(datasets())
@pytest.mark.filterwarnings("ignore::annokit.LossWarning")
def test_coco_of_dataloop(tmp_path, dataset):
    _check(tmp_path, dataset, "coco:dataloop")


def _check(tmp_path, dataset, dialect):
    back = check_laws(dataset, dialect, tmp_path)
    if back is not None:
        json.loads((tmp_path / "out.json").read_bytes())
