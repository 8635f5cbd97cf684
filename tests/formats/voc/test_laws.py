"""The laws, for every dialect."""

import pytest
from hypothesis import HealthCheck, given, settings

from tests.formats.laws import check_laws
from tests.strategies import datasets

RELAXED = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@pytest.mark.parametrize("dialect", ["voc", "voc:standard", "voc:dataloop", "voc:innotescus"])
@RELAXED
@given(dataset=datasets())
def test_laws(tmp_path, dialect, dataset):
    check_laws(dataset, dialect, tmp_path)


@pytest.mark.parametrize("dialect", ["voc", "voc:standard"])
@RELAXED
@given(dataset=datasets())
def test_laws_with_masks(tmp_path, dialect, dataset):
    check_laws(dataset, dialect, tmp_path, masks=True)


@RELAXED
@given(dataset=datasets(kinds=("box", "polygon")))
def test_laws_with_another_origin(tmp_path, dataset):
    check_laws(dataset, "voc", tmp_path, origin="inclusive", read_options={"origin": "inclusive"})
