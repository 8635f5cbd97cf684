"""Just enough HTTP/1.1 for the stand-in: one event loop, connections kept open, no delay of small packets."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from typing import cast
from urllib.parse import parse_qsl

from annokit.remote.standin.answer import Answer, Question

_LARGEST = 1 << 20
_ABORT = struct.pack("ii", 1, 0)


class Connection(asyncio.Protocol):
    """One connection; requests on it are answered one after the other."""

    def __init__(self, respond: Callable[[Question], Answer], links: set[asyncio.Transport]) -> None:
        self._respond = respond
        self._links = links
        self._buffer = b""
        self._busy = False
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)
        self._links.add(self._transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._links.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        """Collect what arrives, and answer when a request is whole."""
        self._buffer += data
        if len(self._buffer) > _LARGEST:
            self._transport.abort()
        elif not self._busy:
            self._next()

    def _next(self) -> None:
        head, mark, rest = self._buffer.partition(b"\r\n\r\n")
        if not mark:
            return
        question, length = parse(head)
        if len(rest) < length:
            return
        self._buffer = rest[length:]
        question = Question(question.method, question.path, question.query, question.headers, rest[:length])
        answer = self._respond(question)
        self._busy = True
        if answer.delay > 0:
            asyncio.get_running_loop().call_later(answer.delay, self._write, answer)
        else:
            self._write(answer)

    def _write(self, answer: Answer) -> None:
        self._busy = False
        if self._transport.is_closing():
            return
        if answer.sent is None:
            self._transport.write(answer.head() + answer.body)
            self._next()
        else:
            self._break(answer, answer.sent)

    def _break(self, answer: Answer, sent: int) -> None:
        if sent >= 0:
            self._transport.write(answer.head() + answer.body[:sent])
        if answer.reset:
            link = cast("socket.socket", self._transport.get_extra_info("socket"))
            link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
            self._transport.abort()
        else:
            self._transport.close()


def parse(head: bytes) -> tuple[Question, int]:
    """Return the request that a head states, and the length of the body that follows."""
    first, *lines = head.decode("latin-1").split("\r\n")
    method, _, target = first.partition(" ")
    path, _, query = target.rpartition(" ")[0].partition("?")
    pairs = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    question = Question(method, path, dict(parse_qsl(query, keep_blank_values=True)), headers)
    return question, int(headers.get("content-length", "0"))
