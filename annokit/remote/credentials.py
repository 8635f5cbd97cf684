"""A user name and a password that no repr, log line, pickle or error shows."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NoReturn
from urllib.parse import urlencode

from annokit.errors import AuthError


class Credentials:
    """A user name and a password.

    Parameters
    ----------
    username, password : str
        As the platform knows them.
    """

    __slots__ = ("_password", "_username")

    def __init__(self, username: str, password: str) -> None:
        self._username = username
        self._password = password

    @classmethod
    def find(
        cls, username: str | None, password: str | None, environment: Mapping[str, str] = os.environ
    ) -> Credentials | None:
        """Return credentials from the arguments, else from ``SAVANT_USERNAME`` and ``SAVANT_PASSWORD``, else None."""
        name = username if username is not None else environment.get("SAVANT_USERNAME")
        word = password if password is not None else environment.get("SAVANT_PASSWORD")
        return cls(name, word) if name and word else None

    def form(self) -> bytes:
        """Return the login form, url-encoded."""
        return urlencode({"username": self._username, "password": self._password}).encode()

    def __repr__(self) -> str:
        return "Credentials(hidden)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("credentials can't be pickled or copied; give them to each process through its environment")


def missing() -> AuthError:
    """Return the error for a client that was given no credentials."""
    return AuthError(
        "no credentials: give username= and password=, or set the environment variables SAVANT_USERNAME and "
        "SAVANT_PASSWORD"
    )
