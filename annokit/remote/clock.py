"""Time, waiting and chance, as one thing that a test can replace."""

from __future__ import annotations

import random
import threading
import time
from typing import Protocol


class Clock(Protocol):
    """What the downloader knows of time."""

    def now(self) -> float:
        """Return seconds that never run backwards."""
        ...

    def wall(self) -> float:
        """Return seconds since 1970 UTC, for ``Retry-After`` dates."""
        ...

    def random(self) -> float:
        """Return a number in [0, 1)."""
        ...

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Wait until `event` is set or `seconds` have passed; return whether it is set."""
        ...


class SystemClock:
    """The real one."""

    def now(self) -> float:
        """Return the monotonic clock."""
        return time.monotonic()

    def wall(self) -> float:
        """Return the time of day."""
        return time.time()

    def random(self) -> float:
        """Return a random number in [0, 1)."""
        return random.random()

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Wait on the event."""
        return event.wait(seconds)
