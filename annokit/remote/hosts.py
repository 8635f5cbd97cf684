"""What all workers share about one host: when it may be asked again, and by how many at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from annokit.codecs.address import origin
from annokit.remote.clock import Clock
from annokit.remote.signals import LostError, StoppedError

_LULL = 1.0
_SPREAD = 0.25
_HOPELESS_FAILURES = 64
_HOPELESS_SECONDS = 120.0


class Host:
    """The gate in front of one host.

    The number of workers admitted at once grows by one per round of successes and halves, at most once a second, when
    the server answers 429 or 503: additive increase, multiplicative decrease, as TCP does it.

    Parameters
    ----------
    most : int
        Workers admitted at once when all is well.
    """

    def __init__(self, most: int, clock: Clock, stop: threading.Event) -> None:
        self._most = float(most)
        self._allowed = float(most)
        self._active = 0
        self._blocked_until = 0.0
        self._calm_until = 0.0
        self._failures = 0
        self._last_success = clock.now()
        self._why = ""
        self._clock = clock
        self._stop = stop
        self._changed = threading.Condition()

    @property
    def allowed(self) -> int:
        """How many workers are admitted at once now."""
        return int(self._allowed)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for admission, and leave at the end.

        Raises
        ------
        LostError
            Nothing but faults has come from the host for two minutes; asking on would only take hours.
        StoppedError
            The run was told to stop.
        """
        self._check_hope()
        self._enter()
        try:
            yield
        finally:
            with self._changed:
                self._active -= 1
                self._changed.notify()

    def succeeded(self) -> None:
        """Note an answer that is no fault of the host."""
        if self._failures:
            self._failures = 0
        self._last_success = self._clock.now()
        if self._allowed < self._most:
            with self._changed:
                self._allowed = min(self._most, self._allowed + 1.0 / self._allowed)
                self._changed.notify()

    def failed(self, reason: str) -> None:
        """Note that no good answer came."""
        self._failures += 1
        self._why = reason

    def throttled(self, after: float | None) -> None:
        """Note that the server asks for less, and to wait `after` seconds where it says so."""
        now = self._clock.now()
        with self._changed:
            self._blocked_until = max(self._blocked_until, now + (after or 0.0))
            if now >= self._calm_until:
                self._allowed = max(1.0, self._allowed / 2.0)
                self._calm_until = max(now + _LULL, self._blocked_until)

    def _check_hope(self) -> None:
        silent = self._clock.now() - self._last_success
        if self._failures >= max(_HOPELESS_FAILURES, 4 * self._most) and silent > _HOPELESS_SECONDS:
            raise LostError(f"{self._why} (nothing else for {silent:.0f} seconds, the host is given up)")

    def _enter(self) -> None:
        while True:
            with self._changed:
                wait = self._blocked_until - self._clock.now()
                if wait <= 0 and self._active < int(self._allowed):
                    self._active += 1
                    return
                if wait <= 0:
                    self._changed.wait(0.2)
            if self._stop.is_set():
                raise StoppedError
            if wait > 0:
                self._clock.wait(self._stop, wait + self._clock.random() * min(_SPREAD, wait))


class Hosts:
    """The gates of all hosts of one run."""

    def __init__(self, most: int, clock: Clock, stop: threading.Event) -> None:
        self._facts = (most, clock, stop)
        self._hosts: dict[str, Host] = {}
        self._lock = threading.Lock()

    def of(self, url: str) -> Host:
        """Return the gate of the host of `url`."""
        name = origin(url)
        host = self._hosts.get(name)
        if host is None:
            with self._lock:
                host = self._hosts.setdefault(name, Host(*self._facts))
        return host
