"""One bearer token for all threads, renewed once however many of them are refused at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import NoReturn

from annokit.errors import AnnokitError, AuthError
from annokit.remote.signals import HaltError, LostError
from annokit.remote.wire import Wire


class Tokens:
    """The token in use.

    A token that no call ever accepted is not renewed: the platform refuses its own fresh tokens, and asking for more
    would only lock the account. A login that was refused is not repeated either, until :meth:`reset`.

    Parameters
    ----------
    login : callable
        Logs in over a wire and returns a token; raises HaltError.
    """

    def __init__(self, login: Callable[[Wire], str]) -> None:
        self._login = login
        self._lock = threading.Lock()
        self._token: str | None = None
        self._accepted = False
        self._renewed = False
        self._refusal: AnnokitError | None = None

    def __repr__(self) -> str:
        return "Tokens(hidden)"

    def get(self, wire: Wire) -> str:
        """Return the token in use, logging in for the first one."""
        with self._lock:
            return self._token if self._token is not None else self._fresh(wire)

    def renew(self, used: str, wire: Wire) -> str:
        """Return another token than `used`; only the first of many threads logs in.

        Raises
        ------
        LostError
            `used` was fresh, and never accepted.
        HaltError
            The login is refused.
        """
        with self._lock:
            if self._token is not None and self._token != used:
                return self._token
            if self._renewed and not self._accepted:
                unauthorised()
            self._renewed = True
            return self._fresh(wire)

    def accept(self, used: str) -> None:
        """Note that a call with `used` was not refused."""
        if used == self._token:
            self._accepted = True

    def reset(self) -> None:
        """Forget the token and an earlier refusal."""
        with self._lock:
            self._token = self._refusal = None
            self._renewed = False

    def _fresh(self, wire: Wire) -> str:
        if self._refusal is not None:
            raise HaltError(self._refusal)
        self._token, self._accepted = None, False
        try:
            self._token = self._login(wire)
        except HaltError as halt:
            self._refusal = halt.error
            raise
        return self._token


def unauthorised() -> NoReturn:
    """Raise for a call that was refused with a fresh token too."""
    reason = "HTTP status 401 with a fresh token too: the account may not see this"
    raise LostError(reason, AuthError(reason, status=401))
