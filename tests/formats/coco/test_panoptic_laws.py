"""The laws of panoptic COCO, on generated datasets of other origin."""

import pytest
from hypothesis import HealthCheck, given, settings

from tests.formats.laws import check_laws
from tests.strategies import datasets

RELAXED = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@RELAXED
@given(dataset=datasets())
@pytest.mark.filterwarnings("ignore::annokit.LossWarning")
def test_laws(tmp_path, dataset):
    check_laws(dataset, "coco:panoptic", tmp_path, name="out")


@RELAXED
@given(dataset=datasets(kinds=("mask", "none", "box", "polygon"), unsized=False, sequences=False))
@pytest.mark.filterwarnings("ignore::annokit.LossWarning")
def test_laws_of_areas(tmp_path, dataset):
    check_laws(dataset, "coco:panoptic", tmp_path, name="out")
