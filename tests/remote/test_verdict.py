from __future__ import annotations

from collections.abc import Mapping

import pytest

from annokit.remote.verdict import API, LOGIN, STORAGE, Verdict, verdict


@pytest.mark.parametrize("table", [API, LOGIN, STORAGE])
@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 507, 599])
def test_passing_faults_are_tried_again_everywhere(table: Mapping[int, Verdict], status: int) -> None:
    assert verdict(table, status) in (Verdict.RETRY, Verdict.THROTTLED)


@pytest.mark.parametrize(
    ("table", "status", "expected"),
    [
        (API, 401, Verdict.LOGIN),
        (API, 403, Verdict.REFUSED),
        (API, 404, Verdict.MISSING),
        (API, 302, Verdict.REFUSED),
        (STORAGE, 206, Verdict.OK),
        (STORAGE, 400, Verdict.EXPIRED),
        (STORAGE, 403, Verdict.RENEW),
        (STORAGE, 404, Verdict.MISSING),
        (STORAGE, 416, Verdict.RESTART),
        (STORAGE, 418, Verdict.REFUSED),
        (LOGIN, 400, Verdict.REFUSED),
        (LOGIN, 401, Verdict.REFUSED),
        (LOGIN, 422, Verdict.REFUSED),
    ],
)
def test_verdicts(table: Mapping[int, Verdict], status: int, expected: object) -> None:
    assert verdict(table, status) is expected
