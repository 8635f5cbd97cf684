from __future__ import annotations

from email.utils import formatdate

import pytest

from annokit.limits import Limits
from annokit.remote.budget import Budget, retry_after
from annokit.remote.fake import FakeClock


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, None),
        ("3", 3.0),
        ("0.5", 0.5),
        ("-4", 0.0),
        ("9999", 60.0),
        ("inf", 60.0),
        ("nan", None),
        ("soon", None),
        ("", None),
        (formatdate(1_000_007, usegmt=True), 7.0),
        (formatdate(999_000, usegmt=True), 0.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 60.0),
        ("Fri, 99 Foo 0000 23:59:59 GMT", None),
    ],
)
def test_retry_after(text: str | None, seconds: float | None) -> None:
    assert retry_after(text, 1_000_000.0, 60.0) == seconds


def test_pauses_grow_to_the_cap_and_end() -> None:
    budget = Budget(Limits(attempts=6, backoff_base=1, backoff_cap=5), FakeClock(chance=1.0))
    assert [budget.pause() for _ in range(6)] == [1, 2, 4, 5, 5, None]


def test_jitter_is_full() -> None:
    assert Budget(Limits(), FakeClock(chance=0.0)).pause() == 0


def test_progress_refills() -> None:
    budget = Budget(Limits(attempts=3, backoff_base=1), FakeClock(chance=1.0))
    assert [budget.pause(), budget.pause()] == [1, 2]
    budget.refill()
    assert [budget.pause(), budget.pause(), budget.pause()] == [1, 2, None]


def test_time_without_progress_ends_the_budget() -> None:
    clock = FakeClock()
    budget = Budget(Limits(attempts=100, retry_seconds=10), clock)
    clock._now += 11
    assert budget.pause() is None


def test_fresh_urls_are_bounded() -> None:
    budget = Budget(Limits(url_renewals=2), FakeClock())
    assert [budget.renew() for _ in range(3)] == [True, True, False]
