from __future__ import annotations

import threading

import pytest

from annokit.remote.fake import FakeClock
from annokit.remote.hosts import Host, Hosts
from annokit.remote.signals import LostError, StoppedError


def make(most: int = 8) -> tuple[Host, FakeClock]:
    clock = FakeClock(chance=0.0)
    return Host(most, clock, threading.Event()), clock


def test_concurrency_halves_at_most_once_a_second_and_grows_back() -> None:
    host, clock = make(8)
    host.throttled(None)
    host.throttled(None)
    assert host.allowed == 4
    clock._now += 1.5
    host.throttled(None)
    assert host.allowed == 2
    for _ in range(100):
        host.succeeded()
    assert host.allowed == 8


def test_concurrency_never_falls_below_one() -> None:
    host, clock = make(2)
    for _ in range(5):
        host.throttled(None)
        clock._now += 2
    assert host.allowed == 1
    with host.turn():
        pass


def test_retry_after_holds_back_all_workers() -> None:
    host, clock = make()
    host.throttled(7.0)
    with host.turn():
        assert clock.waits == [7.0]
    with host.turn():
        assert clock.waits == [7.0]


def test_a_turn_is_given_back_after_an_error() -> None:
    host, _ = make(1)
    with pytest.raises(ZeroDivisionError), host.turn():
        1 / 0  # noqa: B018
    with host.turn():
        pass


def test_more_workers_than_allowed_wait_for_a_turn() -> None:
    host, _ = make(1)
    order = []

    def second() -> None:
        with host.turn():
            order.append("second")

    with host.turn():
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(0.05)
        order.append("first")
    thread.join(5)
    assert order == ["first", "second"]


def test_stopping_ends_the_wait() -> None:
    stop = threading.Event()
    host = Host(1, FakeClock(), stop)
    host.throttled(5.0)
    stop.set()
    with pytest.raises(StoppedError), host.turn():
        pass


def test_a_dead_host_is_given_up() -> None:
    host, clock = make(2)
    for _ in range(64):
        host.failed("https://h/: connection refused")
    with host.turn():
        pass
    clock._now += 121
    with pytest.raises(LostError, match=r"connection refused.*given up"), host.turn():
        pass


def test_one_success_brings_hope_back() -> None:
    host, clock = make(2)
    for _ in range(64):
        host.failed("x")
    clock._now += 121
    host.succeeded()
    with host.turn():
        pass


def test_hosts_are_told_apart_by_origin() -> None:
    hosts = Hosts(4, FakeClock(), threading.Event())
    assert hosts.of("https://a/1?x") is hosts.of("https://a/2")
    assert hosts.of("https://a/1") is not hosts.of("https://b/1")
    assert hosts.of("https://a/1") is not hosts.of("https://a:8443/1")


def test_a_host_that_answers_is_not_given_up() -> None:
    from annokit.remote.fake import FakeAnswer, FakeTransport
    from annokit.remote.transport import Request
    from annokit.remote.verdict import STORAGE
    from annokit.remote.wire import Wire

    wire = Wire(FakeTransport({"https://h/none": [FakeAnswer(404)]}), 2, clock=FakeClock())
    host = wire.hosts.of("https://h/")
    for _ in range(64):
        host.failed("x")
    with wire.ask(Request("https://h/none"), STORAGE):
        pass
    wire.clock._now += 121  # type: ignore[attr-defined]
    with host.turn():
        pass
