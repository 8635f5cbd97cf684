"""A scripted transport and a clock that never waits: for your own tests of what uses this package.

::

    transport = FakeTransport({"https://host/a.png": [FakeAnswer(503), FakeAnswer(200, png_bytes)]})
    client = annokit.SavantClient("https://host", "me", "secret", transport=transport, clock=FakeClock())
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence

import attrs

from annokit.codecs.address import shown
from annokit.remote.transport import Request, TransportError


@attrs.frozen
class FakeAnswer:
    """What a fake transport answers."""

    status: int = 200
    """HTTP status."""

    body: bytes = b""
    """The body; its length is stated unless `headers` states another."""

    headers: Mapping[str, str] = attrs.field(factory=dict)
    """Headers."""

    error: str | None = None
    """Text of a TransportError to be raised in place of an answer, or after the body where `sent` is set."""

    sent: int | None = None
    """Bytes of the body that arrive before `error`."""


Script = Sequence[FakeAnswer] | Callable[[Request], FakeAnswer]


class FakeTransport:
    """A transport that answers from a script.

    Parameters
    ----------
    script : mapping or callable
        From URL without query to the answers of its requests in order, the last one repeated; or a function of the
        request. A URL that is not there is a 404.

    Attributes
    ----------
    requests : list of Request
        What was asked, in order.
    """

    def __init__(self, script: Mapping[str, Script] | Callable[[Request], FakeAnswer]) -> None:
        self.requests: list[Request] = []
        self.closed = False
        self._script = script
        self._counts: dict[str, int] = {}
        self._lock = threading.Lock()

    def send(self, request: Request) -> FakeResponse:
        """Return the next answer."""
        with self._lock:
            self.requests.append(request)
            answer = self._answer(request)
        if answer.error is not None and answer.sent is None:
            raise TransportError(f"{shown(request.url)}: {answer.error}")
        return FakeResponse(answer)

    def close(self) -> None:
        """Note that the transport was closed."""
        self.closed = True

    def _answer(self, request: Request) -> FakeAnswer:
        if callable(self._script):
            return self._script(request)
        url = shown(request.url)
        found = self._script.get(url)
        if found is None:
            return FakeAnswer(404)
        if callable(found):
            return found(request)
        count = self._counts[url] = self._counts.get(url, 0) + 1
        return found[min(count, len(found)) - 1]


class FakeResponse:
    """An answer of a fake transport."""

    def __init__(self, answer: FakeAnswer) -> None:
        self.status = answer.status
        self.headers: Mapping[str, str] = _headers(answer)
        self._answer = answer

    def chunks(self, size: int) -> Iterator[bytes]:
        """Yield the body."""
        body = self._answer.body[: self._answer.sent]
        for start in range(0, len(body), size):
            yield body[start : start + size]
        if self._answer.sent is not None:
            raise TransportError(self._answer.error or "the body ended early")

    def close(self) -> None:
        """Do nothing."""


def _headers(answer: FakeAnswer) -> Mapping[str, str]:
    from requests.structures import CaseInsensitiveDict

    return CaseInsensitiveDict({"Content-Length": str(len(answer.body)), **answer.headers})


class FakeClock:
    """A clock that moves only when somebody waits, and then at once.

    Parameters
    ----------
    start : float
        Seconds since 1970 UTC at the beginning.
    chance : float
        What :meth:`random` returns.
    """

    def __init__(self, start: float = 1_000_000.0, chance: float = 1.0) -> None:
        self.waits: list[float] = []
        self._now = start
        self._chance = chance
        self._lock = threading.Lock()

    def now(self) -> float:
        """Return the time."""
        return self._now

    def wall(self) -> float:
        """Return the time."""
        return self._now

    def random(self) -> float:
        """Return the same number each time."""
        return self._chance

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Move on by `seconds`."""
        with self._lock:
            self.waits.append(seconds)
            self._now += seconds
        return event.is_set()
