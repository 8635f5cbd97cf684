"""The laws, for every dialect."""

import pytest
from hypothesis import HealthCheck, given, settings

from annokit.formats.masks import FORMAT
from tests.formats.laws import check_laws
from tests.strategies import datasets

RELAXED = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@pytest.mark.parametrize("dialect", FORMAT.dialects)
@pytest.mark.parametrize("options", [{}, {"pixels": "palette", "preview": True}], ids=["plain", "palette"])
@RELAXED
@given(dataset=datasets())
def test_laws(tmp_path, dialect, options, dataset):
    check_laws(dataset, f"masks:{dialect}", tmp_path, **options)


@pytest.mark.parametrize("dialect", ["semantic", "instance", "innotescus-semantic", "innotescus-instance"])
@RELAXED
@given(dataset=datasets(kinds=("mask", "none"), unsized=False))
def test_laws_with_another_background(tmp_path, dialect, dataset):
    check_laws(dataset, f"masks:{dialect}", tmp_path, background=3, read_options={"background": 3})
