"""One file from request to its name on disk."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NoReturn
from urllib.parse import urljoin

from annokit.codecs.address import is_secret, origin, shown
from annokit.remote.budget import Budget
from annokit.remote.folder import PartFile
from annokit.remote.job import Job, Result
from annokit.remote.manifest import Entry
from annokit.remote.patience import patiently
from annokit.remote.receive import Receiver
from annokit.remote.shelf import Shelf
from annokit.remote.signals import LostError, StaleError, TransientError
from annokit.remote.transport import Request, Response, TransportError
from annokit.remote.verdict import REDIRECTS, STORAGE, Verdict
from annokit.remote.wire import Wire

_EVERYWHERE = frozenset({"range", "if-range"})
_BODY = 4096


def deliver(index: int, job: Job, wire: Wire, shelf: Shelf) -> Result:
    """Return what became of `job`: nothing to do, downloaded, or failed and why."""
    entry = shelf.find(job)
    if entry is not None:
        return Result(index, "skipped", entry.path, None, entry.bytes, 0, entry.size)
    budget = Budget(wire.limits, wire.clock)
    try:
        entry = _fetch(job, wire, shelf, budget)
    except LostError as lost:
        return Result(index, "failed", None, lost.reason, 0, budget.attempts)
    return Result(index, "done", entry.path, None, entry.bytes, budget.attempts, entry.size)


def _fetch(job: Job, wire: Wire, shelf: Shelf, budget: Budget) -> Entry:
    part = PartFile(shelf.folder)
    try:
        delivery = Delivery(job, wire, Receiver(job, part, wire), budget)

        def attempt() -> Entry:
            delivery.receive()
            try:
                return shelf.keep(job, part)
            except TransientError:
                delivery.receiver.restart()
                raise

        return patiently(attempt, wire, budget, delivery.renew)
    finally:
        part.discard()


class Delivery:
    """The attempts to receive one file, with the URL that they use."""

    def __init__(
        self, job: Job, wire: Wire, receiver: Receiver, budget: Budget, request: Request | None = None
    ) -> None:
        self.receiver = receiver
        self._job = job
        self._wire = wire
        self._budget = budget
        self._request = request

    def renew(self) -> None:
        """Ask for a fresh URL with the next attempt."""
        self._request = None

    def receive(self) -> None:
        """Make one attempt; raises the signals of :mod:`annokit.remote.signals`."""
        if self._request is None:
            self._request = self._job.source.locate(self._wire)
        request = self.receiver.request(self._request)
        for _ in range(self._wire.limits.redirects + 1):
            elsewhere = self._exchange(request)
            if elsewhere is None:
                return
            request = elsewhere
        raise LostError(f"{shown(self._request.url)}: more than {self._wire.limits.redirects} redirects")

    def _exchange(self, request: Request) -> Request | None:
        """Receive the body, or return the request that a redirect asks for."""
        with self._wire.ask(request, STORAGE) as (found, response):
            if response.status in REDIRECTS:
                return redirected(request, response)
            if found is not Verdict.OK:
                self._refused(found, request, response)
            furthest = self.receiver.furthest
            try:
                self.receiver.receive(response)
            finally:
                if self.receiver.furthest > furthest:
                    self._budget.refill()
        return None

    def _refused(self, found: Verdict, request: Request, response: Response) -> NoReturn:
        reason = f"{shown(request.url)}: HTTP status {response.status}"
        if found is Verdict.RESTART:
            self.receiver.restart()
            raise TransientError(reason)
        if found is Verdict.EXPIRED and b"xpired" in b"".join(_beginning(response)):
            found = Verdict.RENEW
        if found is Verdict.RENEW and self._job.source.renewable:
            raise StaleError(f"{reason}, the signed URL is refused")
        raise LostError(reason + _MEANINGS.get(found, ""), status=response.status)


_MEANINGS = {
    Verdict.MISSING: ", there is no such file",
    Verdict.RENEW: ", access is refused or the link has expired",
}


def redirected(request: Request, response: Response) -> Request:
    """Return the request that a redirect asks for, without the headers that were meant for another host.

    Raises
    ------
    LostError
        The answer names no place, or one that is not safe: plain http after https.
    """
    place = response.headers.get("Location")
    if not place:
        raise LostError(f"{shown(request.url)}: HTTP status {response.status} without a place to go")
    url = urljoin(request.url, place)
    if not url.startswith(("http://", "https://")) or (is_secret(request.url) and not is_secret(url)):
        raise LostError(f"{shown(request.url)}: redirected to {shown(url)}, which is not safe")
    if origin(url) == origin(request.url):
        return Request(url, request.method, request.headers, request.body)
    kept = {name: value for name, value in request.headers.items() if name.lower() in _EVERYWHERE}
    return Request(url, request.method, kept)


def _beginning(response: Response) -> Iterator[bytes]:
    """Yield the first bytes of a body, as far as they arrive."""
    total = 0
    try:
        for piece in response.chunks(_BODY):
            yield piece
            total += len(piece)
            if total >= _BODY:
                return
    except TransportError:
        return
