"""How often and how long one file is tried, and what ``Retry-After`` asks for."""

from __future__ import annotations

import math
from email.utils import parsedate_to_datetime

from annokit.limits import Limits
from annokit.remote.clock import Clock


def retry_after(text: str | None, wall: float, cap: float) -> float | None:
    """Return the seconds that a ``Retry-After`` header asks to wait.

    Parameters
    ----------
    text : str or None
        The header: seconds, or an HTTP date.
    wall : float
        The time of day, seconds since 1970 UTC.
    cap : float
        Longest wait in seconds that is granted.

    Returns
    -------
    float or None
        Between 0 and `cap`; None where there is no header or it can't be read.
    """
    if text is None:
        return None
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(text).timestamp() - wall
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
    return min(max(seconds, 0.0), cap) if not math.isnan(seconds) else None


class Budget:
    """The attempts of one file: so many in a row without progress, within so much time, refilled when bytes arrive."""

    def __init__(self, limits: Limits, clock: Clock) -> None:
        self._limits = limits
        self._clock = clock
        self.attempts = 0
        self.refill()

    def refill(self) -> None:
        """Start afresh: something arrived."""
        self._failures = 0
        self._since = self._clock.now()
        self.renewals = 0

    def begin(self) -> None:
        """Count one more attempt."""
        self.attempts += 1

    def pause(self) -> float | None:
        """Return the seconds to wait after one more failure (full jitter), None when the budget is used up."""
        self._failures += 1
        limits = self._limits
        if self._failures >= limits.attempts or self._clock.now() - self._since > limits.retry_seconds:
            return None
        ceiling = min(limits.backoff_cap, limits.backoff_base * 2.0 ** (self._failures - 1))
        return self._clock.random() * ceiling

    def renew(self) -> bool:
        """Count one more fresh URL; return whether it is granted."""
        self.renewals += 1
        return self.renewals <= self._limits.url_renewals
