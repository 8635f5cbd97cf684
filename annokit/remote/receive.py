"""One body into one temporary file: continued where it was cut, never spliced of two versions."""

from __future__ import annotations

import re
from typing import Protocol

from annokit.media.magic import sniff
from annokit.remote.job import Job
from annokit.remote.signals import TransientError
from annokit.remote.transport import Request, Response, TransportError
from annokit.remote.wire import Wire, as_signal

_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")
_ENOUGH = 64


class Part(Protocol):
    """Where a body goes."""

    @property
    def length(self) -> int:
        """Bytes received so far."""
        ...

    @property
    def head(self) -> bytes:
        """Up to 512 first bytes."""
        ...

    def write(self, piece: bytes) -> None:
        """Append `piece`."""
        ...

    def restart(self) -> None:
        """Forget what was received."""
        ...


class Receiver:
    """Receives the body of one job, over as many answers as it takes.

    Parameters
    ----------
    part : Part
        Where the bytes go.
    """

    def __init__(self, job: Job, part: Part, wire: Wire) -> None:
        self.part = part
        self.furthest = 0
        self._job = job
        self._wire = wire
        self._etag: str | None = None

    def request(self, request: Request) -> Request:
        """Return `request`, asking for what is missing only where that is safe."""
        if not self._etag or not self.part.length:
            return request
        headers = {**request.headers, "Range": f"bytes={self.part.length}-", "If-Range": self._etag}
        return Request(request.url, request.method, headers, request.body)

    def restart(self) -> None:
        """Forget what was received."""
        self._etag = None
        self.part.restart()

    def receive(self, response: Response) -> None:
        """Append the body of `response`; ``furthest`` grows where more of the file than ever before arrives.

        Raises
        ------
        TransientError
            The body ended early, is of the wrong kind or length, or came too slowly.
        """
        self._begin(response)
        try:
            self._stream(response)
        except TransientError:
            if not self._etag:
                self.part.restart()
            raise

    def _begin(self, response: Response) -> None:
        if response.status == 206:
            self._continue(response)
        else:
            self.part.restart()
            self._etag = _version(response)
            self._length = _number(response.headers.get("Content-Length"))
        if "content-encoding" in response.headers:
            self._etag = self._length = None

    def _continue(self, response: Response) -> None:
        found = _RANGE.match(response.headers.get("Content-Range") or "")
        same = response.headers.get("ETag") in (None, self._etag)
        if not (found and same and self._etag and int(found[1]) == self.part.length):
            self.restart()
            raise TransientError("the server continued the file at a wrong place")
        self._length = _number(found[2])

    def _stream(self, response: Response) -> None:
        part, wire = self.part, self._wire
        first, began = part.length, wire.clock.now()
        try:
            for piece in response.chunks(wire.limits.chunk_bytes):
                wire.check()
                part.write(piece)
                if part.length >= _ENOUGH:
                    self._look(response)
                self._pace(part.length - first, wire.clock.now() - began)
        except TransportError as error:
            raise as_signal(error) from error
        if not part.length:
            raise TransientError("the body is empty")
        self._look(response)
        if self._length is not None and part.length != self._length:
            raise TransientError(f"the body ended early, after {part.length:,} of {self._length:,} bytes")

    def _look(self, response: Response) -> None:
        """Check the first bytes; only a body of the right kind counts as progress."""
        part = self.part
        if part.length <= self.furthest:
            return
        problem = mismatch(self._job, part.head, response.headers.get("Content-Type"))
        if problem:
            self.restart()
            raise TransientError(problem)
        self.furthest = part.length

    def _pace(self, received: int, seconds: float) -> None:
        limits = self._wire.limits
        if seconds > limits.timeout and received < seconds * limits.slowest:
            raise TransientError(f"the body came too slowly, {received:,} bytes in {seconds:.0f} seconds")
        if self.part.length > limits.download_bytes:
            raise TransientError(f"the file is larger than {limits.download_bytes:,} bytes")


def mismatch(job: Job, head: bytes, content_type: str | None) -> str | None:
    """Return what is wrong with a body that begins with `head`, None when nothing is.

    Parameters
    ----------
    head : bytes
        Up to 512 first bytes.
    content_type : str or None
        What the server calls it; only ``text/html`` is believed, and only of what is no known media.
    """
    kind = sniff(head)
    if kind in ("html", "xml") or (kind is None and (content_type or "").lower().startswith("text/html")):
        return "a web page came in place of the file" if job.kinds is None or kind not in job.kinds else None
    if job.kinds is not None and kind not in job.kinds:
        return f"the first bytes are {kind or repr(head[:8])}; expected {' or '.join(sorted(job.kinds))}"
    return None


def _version(response: Response) -> str | None:
    etag = response.headers.get("ETag")
    ranges = (response.headers.get("Accept-Ranges") or "").lower() != "none"
    return etag if etag and etag.startswith('"') and ranges else None


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() else None
