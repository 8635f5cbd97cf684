"""What the stand-in reads and writes: one question, one answer."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

import attrs

REASONS = {status.value: status.phrase for status in HTTPStatus}


@attrs.frozen
class Question:
    """One request as it arrived."""

    method: str
    path: str
    """Percent-encoded, as sent."""
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes = b""


@attrs.frozen
class Answer:
    """What is sent back, and how badly."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = attrs.field(factory=dict)
    delay: float = 0.0
    """Seconds before the first byte."""
    sent: int | None = None
    """Bytes of the body that are sent before the connection closes; None: all, and it stays open."""
    reset: bool = False
    """Whether the connection is reset, not closed."""

    def head(self) -> bytes:
        """Return status line and headers as bytes."""
        headers = {"Content-Length": str(len(self.body)), **self.headers}
        lines = [f"HTTP/1.1 {self.status} {REASONS.get(self.status, 'Status')}"]
        lines.extend(f"{name}: {value}" for name, value in headers.items())
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
