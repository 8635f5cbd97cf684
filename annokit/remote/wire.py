"""What one run of the downloader shares, and one exchange with its faults sorted by what to do about them."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import attrs

from annokit.codecs.address import shown
from annokit.limits import DEFAULT_LIMITS, Limits
from annokit.remote.budget import retry_after
from annokit.remote.clock import Clock, SystemClock
from annokit.remote.hosts import Host, Hosts
from annokit.remote.signals import LostError, StoppedError, TransientError
from annokit.remote.transport import Request, Response, Transport, TransportError
from annokit.remote.verdict import Verdict, verdict


@attrs.frozen
class Wire:
    """A transport with the manners of one run: gates per host, one clock, one way to stop.

    Parameters
    ----------
    transport : Transport
        What makes the exchange.
    workers : int
        Most exchanges with one host at once.
    """

    transport: Transport
    workers: int = 16
    limits: Limits = DEFAULT_LIMITS
    clock: Clock = attrs.field(factory=SystemClock)
    stop: threading.Event = attrs.field(factory=threading.Event, eq=False)
    hosts: Hosts = attrs.field(init=False)

    @hosts.default
    def _gates(self) -> Hosts:
        return Hosts(self.workers, self.clock, self.stop)

    @contextmanager
    def ask(self, request: Request, table: Mapping[int, Verdict]) -> Iterator[tuple[Verdict, Response]]:
        """Make one exchange; within the block the answer is open and the host's turn is taken.

        Raises
        ------
        TransientError
            A passing fault, of the network or by the answer's status.
        LostError
            The request can't be sent at all.
        StoppedError
            The run was told to stop.
        """
        host = self.hosts.of(request.url)
        with host.turn():
            response = self._send(host, request)
            try:
                found = verdict(table, response.status)
                if found in (Verdict.RETRY, Verdict.THROTTLED):
                    self._later(host, found, request, response)
                host.succeeded()
                yield found, response
            finally:
                response.close()

    def wait(self, seconds: float) -> None:
        """Wait; raises StoppedError when the run is told to stop meanwhile."""
        if self.clock.wait(self.stop, seconds):
            raise StoppedError

    def check(self) -> None:
        """Raise StoppedError when the run was told to stop."""
        if self.stop.is_set():
            raise StoppedError

    def _send(self, host: Host, request: Request) -> Response:
        self.check()
        try:
            return self.transport.send(request)
        except TransportError as error:
            host.failed(str(error))
            raise as_signal(error) from error

    def _later(self, host: Host, found: Verdict, request: Request, response: Response) -> None:
        after = retry_after(response.headers.get("Retry-After"), self.clock.wall(), self.limits.retry_after)
        if found is Verdict.THROTTLED or after:
            host.throttled(after)
        reason = f"{shown(request.url)}: HTTP status {response.status}"
        host.failed(reason)
        raise TransientError(reason)


def as_signal(error: TransportError) -> TransientError | LostError:
    """Return what a failed exchange means for the file."""
    return TransientError(str(error)) if error.transient else LostError(str(error), error)
