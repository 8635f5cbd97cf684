"""The loop around the attempts at one thing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from annokit.remote.budget import Budget
from annokit.remote.signals import LostError, StaleError, TransientError
from annokit.remote.wire import Wire

T = TypeVar("T")


def patiently(step: Callable[[], T], wire: Wire, budget: Budget, stale: Callable[[], None] = lambda: None) -> T:
    """Return what `step` returns, called as often as `budget` allows.

    Parameters
    ----------
    step : callable
        One attempt; raises TransientError or StaleError when another one makes sense.
    stale : callable, optional
        Called before the next attempt when a signed URL was refused.

    Raises
    ------
    LostError
        The budget is used up; the reason is that of the last attempt.
    """
    while True:
        budget.begin()
        try:
            return step()
        except StaleError as error:
            if not budget.renew():
                raise LostError(f"{error.reason}, and so were {budget.renewals - 1} fresh URLs") from error
            stale()
        except TransientError as error:
            pause = budget.pause()
            if pause is None:
                raise LostError(f"{error.reason} (given up after {budget.attempts} attempts)") from error
            wire.wait(pause)
