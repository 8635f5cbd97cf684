from __future__ import annotations

import threading
import time

import pytest

from annokit.errors import AuthError, FetchError
from annokit.remote.fake import FakeClock, FakeTransport
from annokit.remote.signals import HaltError, LostError
from annokit.remote.tokens import Tokens
from annokit.remote.wire import Wire

WIRE = Wire(FakeTransport({}), clock=FakeClock())


class Login:
    def __init__(self, error: Exception | None = None) -> None:
        self.count = 0
        self.error = error

    def __call__(self, wire: Wire) -> str:
        self.count += 1
        time.sleep(0.01)
        if self.error:
            raise self.error
        return f"token{self.count}"


def test_the_first_token_is_shared() -> None:
    login = Login()
    tokens = Tokens(login)
    assert [tokens.get(WIRE), tokens.get(WIRE)] == ["token1", "token1"]


def test_many_threads_renew_once() -> None:
    login = Login()
    tokens = Tokens(login)
    tokens.accept(tokens.get(WIRE))
    got: list[str] = []
    threads = [threading.Thread(target=lambda: got.append(tokens.renew("token1", WIRE))) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == ["token2"] * 16
    assert login.count == 2


def test_a_fresh_token_that_nothing_accepts_is_not_renewed() -> None:
    login = Login()
    tokens = Tokens(login)
    first = tokens.get(WIRE)
    second = tokens.renew(first, WIRE)
    with pytest.raises(LostError) as caught:
        tokens.renew(second, WIRE)
    assert isinstance(caught.value.error, AuthError)
    assert login.count == 2
    tokens.accept(second)
    assert tokens.renew(second, WIRE) == "token3"


def test_a_refused_login_is_not_repeated_until_it_is_asked_for() -> None:
    login = Login(HaltError(FetchError("refused")))
    tokens = Tokens(login)
    for _ in range(5):
        with pytest.raises(HaltError):
            tokens.get(WIRE)
    assert login.count == 1
    tokens.reset()
    login.error = None
    assert tokens.get(WIRE) == "token2"


def test_the_repr_shows_no_token() -> None:
    tokens = Tokens(Login())
    tokens.get(WIRE)
    assert "token1" not in repr(tokens)
