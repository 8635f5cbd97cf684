"""How one step of a delivery tells the loop around it what to do next. None of these leaves the package.

::

    TransientError   try again later
    StaleError       ask for a fresh URL, then try again
    LostError        this file can't be had; go on with others
    HaltError        no file can be had any more; end the run with the error inside
    StoppedError     the run was told to stop
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from annokit.errors import AnnokitError, FetchError


class TransientError(Exception):
    """Try again: a passing fault."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class StaleError(Exception):
    """The signed URL is refused."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class LostError(Exception):
    """One file can't be had; `error` is what a caller who asked for this file alone gets."""

    def __init__(self, reason: str, error: AnnokitError | None = None, *, status: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.error = error or FetchError(reason, status=status)


class HaltError(Exception):
    """No file can be had any more."""

    def __init__(self, error: AnnokitError) -> None:
        super().__init__(str(error))
        self.error = error


class StoppedError(Exception):
    """The run was told to stop."""


@contextmanager
def as_errors() -> Iterator[None]:
    """Turn the signals that end a call for a single file into the errors that its caller gets."""
    try:
        yield
    except (LostError, HaltError) as failed:
        raise failed.error from None
    except StoppedError:
        raise FetchError("the client is closed") from None
