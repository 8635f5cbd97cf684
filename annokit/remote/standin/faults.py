"""The faults that the stand-in can be told to make: a table of changes to a good answer."""

from __future__ import annotations

import time
from collections.abc import Callable
from email.utils import formatdate

import attrs

from annokit.remote.standin.answer import Answer

PLACES = ("login", "api", "storage")
_PAGE = b"<!DOCTYPE html><html><head><title>Maintenance</title></head><body>We will be back soon.</body></html>"
_EXPIRED = b'<?xml version="1.0" encoding="UTF-8"?><Error><Code>%s</Code><Message>%s</Message></Error>'


@attrs.frozen
class Fault:
    """One planned fault; it happens once."""

    kind: str = attrs.field()
    """A name in :data:`FAULTS`."""

    at: str = attrs.field(default="")
    """``login``, ``api`` or ``storage``; by default where the table says."""

    seconds: float = 1.0
    """Of ``Retry-After``, or of the delay."""

    @kind.validator
    def _known(self, _: object, value: str) -> None:
        if value not in FAULTS:
            raise ValueError(f"unknown fault {value!r}; expected one of {', '.join(sorted(FAULTS))}")

    @at.validator
    def _place(self, _: object, value: str) -> None:
        if value and value not in PLACES:
            raise ValueError(f"unknown place {value!r}; expected one of {', '.join(PLACES)}")

    @property
    def place(self) -> str:
        """Where it happens."""
        return self.at or FAULTS[self.kind][0]

    def spoil(self, good: Answer) -> Answer:
        """Return what is sent in place of `good`."""
        return FAULTS[self.kind][1](good, self)


def _status(status: int, body: bytes = b"") -> Callable[[Answer, Fault], Answer]:
    return lambda good, fault: Answer(status, body, delay=good.delay)


def _later(status: int) -> Callable[[Answer, Fault], Answer]:
    return lambda good, fault: Answer(status, headers={"Retry-After": f"{fault.seconds:g}"}, delay=good.delay)


def _later_date(good: Answer, fault: Fault) -> Answer:
    when = formatdate(time.time() + fault.seconds, usegmt=True)
    return Answer(429, headers={"Retry-After": when}, delay=good.delay)


def _body(change: Callable[[bytes], bytes], kind: str = "image/png") -> Callable[[Answer, Fault], Answer]:
    return lambda good, fault: Answer(200, change(good.body), {"Content-Type": kind}, good.delay)


FAULTS: dict[str, tuple[str, Callable[[Answer, Fault], Answer]]] = {
    "400": ("storage", _status(400)),
    "401": ("api", _status(401)),
    "403": ("storage", _status(403)),
    "404": ("storage", _status(404)),
    "408": ("storage", _status(408)),
    "429": ("storage", _later(429)),
    "429-date": ("storage", _later_date),
    "500": ("storage", _status(500)),
    "502": ("storage", _status(502)),
    "503": ("storage", _status(503)),
    "503-later": ("storage", _later(503)),
    "504": ("storage", _status(504)),
    "expired": ("storage", _status(403, _EXPIRED % (b"AccessDenied", b"Request has expired"))),
    "expired-400": ("storage", _status(400, _EXPIRED % (b"ExpiredToken", b"The provided token has expired."))),
    "reset": ("storage", lambda good, fault: attrs.evolve(good, sent=-1, reset=True)),
    "reset-body": ("storage", lambda good, fault: attrs.evolve(good, sent=len(good.body) // 2, reset=True)),
    "truncated": ("storage", lambda good, fault: attrs.evolve(good, sent=len(good.body) // 2)),
    "short": ("storage", _body(lambda body: body[: len(body) // 2])),
    "html": ("storage", _body(lambda body: _PAGE, "text/html; charset=utf-8")),
    "html-as-png": ("storage", _body(lambda body: _PAGE)),
    "wrong-magic": ("storage", _body(lambda body: b"\0" * len(body))),
    "empty": ("storage", _body(lambda body: b"")),
    "slow": ("storage", lambda good, fault: attrs.evolve(good, delay=good.delay + fault.seconds)),
    "no-path": ("api", _body(lambda body: b'{"frame":{"frame_path":null}}', "application/json")),
    "no-frame": ("api", _body(lambda body: b"{}", "application/json")),
    "not-json": ("api", _body(lambda body: _PAGE, "text/html")),
    "no-token": ("login", _body(lambda body: b'{"token_type":"bearer"}', "application/json")),
}
"""Name -> (where it happens by default, what it makes of a good answer)."""
