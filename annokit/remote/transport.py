"""The seam between the downloader and the network: one exchange.

A transport turns a :class:`Request` into a :class:`Response` and knows nothing of retries, tokens or files. Statuses
are data, never exceptions; what keeps an answer from arriving at all is a :class:`TransportError`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

import attrs

from annokit.codecs.address import shown
from annokit.errors import FetchError


@attrs.frozen
class Request:
    """One request. Its repr shows neither the query nor the headers nor the body, for they hold secrets."""

    url: str = attrs.field(repr=lambda url: repr(shown(url)))
    """Where to; sent as it stands."""

    method: str = "GET"
    """``GET`` or ``POST``."""

    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    """All headers beyond those that HTTP itself needs."""

    body: bytes | None = attrs.field(default=None, repr=False)
    """What is sent."""


class Response(Protocol):
    """One answer, its body not read yet. Close it when done; that frees the connection."""

    status: int
    """HTTP status."""

    headers: Mapping[str, str]
    """Headers; lookups ignore case."""

    def chunks(self, size: int) -> Iterator[bytes]:
        """Yield the body in pieces of at most about `size` bytes; raises TransportError when it ends early."""
        ...

    def close(self) -> None:
        """Free the connection; what was not read is lost."""
        ...


class Transport(Protocol):
    """Anything that can make an exchange. It is used by many threads at once."""

    def send(self, request: Request) -> Response:
        """Return the answer to `request` without following redirects.

        Raises
        ------
        TransportError
            No answer arrived.
        """
        ...

    def close(self) -> None:
        """Free all connections."""
        ...


class TransportError(FetchError):
    """No answer, or not all of it: the name did not resolve, the connection was refused, reset or too slow.

    The message names host and path, never the query. ``transient`` tells whether trying again can help.
    """

    transient: bool = True


def read_all(response: Response, most: int) -> bytes:
    """Return the whole body, and close; raises TransportError beyond `most` bytes."""
    pieces: list[bytes] = []
    total = 0
    try:
        for piece in response.chunks(64 * 1024):
            pieces.append(piece)
            total += len(piece)
            if total > most:
                raise TransportError(f"the answer is larger than {most:,} bytes", transient=False)
    finally:
        response.close()
    return b"".join(pieces)
