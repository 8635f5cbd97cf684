"""The laws, on generated datasets of other origin, for every task."""

import pytest
from hypothesis import HealthCheck, given, settings

from annokit.formats.segments.tasks import TASKS
from tests.formats.laws import check_laws
from tests.strategies import datasets

RELAXED = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@RELAXED
@given(dataset=datasets())
def test_laws(tmp_path, dataset):
    check_laws(dataset, "segments", tmp_path)


@pytest.mark.parametrize("task", TASKS)
@RELAXED
@given(dataset=datasets())
def test_laws_of_a_task(tmp_path, task, dataset):
    check_laws(dataset, "segments", tmp_path, task=task)


@RELAXED
@given(dataset=datasets(kinds=("mask", "none", "box"), unsized=False, sequences=False))
def test_laws_of_masks(tmp_path, dataset):
    check_laws(dataset, "segments", tmp_path)
