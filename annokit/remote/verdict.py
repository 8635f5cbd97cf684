"""What each HTTP status means, as tables.

========== ================================================================ =========================================
verdict    meaning                                                          what is done
========== ================================================================ =========================================
ok         the answer holds what was asked for                              go on
retry      a passing fault of server or network                             wait with jitter, try again
throttled  the server asks for less                                         wait as told, all workers; fewer at once
login      the token is refused                                             renew it once for all, replay
renew      the signed URL is refused, most likely expired                   ask the API for a fresh one
expired    the same, if the body says so; else refused                      look at the body
restart    the server can't continue the body where it was cut              begin at the first byte
missing    there is no such frame                                           record it, go on with others
refused    the request is wrong or forbidden                                record it, go on with others
========== ================================================================ =========================================
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum


class Verdict(Enum):
    """What a status asks for; see the module's table."""

    OK = "ok"
    RETRY = "retry"
    THROTTLED = "throttled"
    LOGIN = "login"
    RENEW = "renew"
    EXPIRED = "expired"
    RESTART = "restart"
    MISSING = "missing"
    REFUSED = "refused"


_PASSING: Mapping[int, Verdict] = {
    408: Verdict.RETRY,
    425: Verdict.RETRY,
    429: Verdict.THROTTLED,
    500: Verdict.RETRY,
    502: Verdict.RETRY,
    503: Verdict.THROTTLED,
    504: Verdict.RETRY,
}

API: Mapping[int, Verdict] = {
    **_PASSING,
    200: Verdict.OK,
    401: Verdict.LOGIN,
    403: Verdict.REFUSED,
    404: Verdict.MISSING,
    410: Verdict.MISSING,
}
"""A call that carries the bearer token."""

LOGIN: Mapping[int, Verdict] = {**_PASSING, 200: Verdict.OK}
"""The login form; every other status below 500 means that the credentials are refused."""

STORAGE: Mapping[int, Verdict] = {
    **_PASSING,
    200: Verdict.OK,
    206: Verdict.OK,
    400: Verdict.EXPIRED,
    401: Verdict.RENEW,
    403: Verdict.RENEW,
    404: Verdict.MISSING,
    410: Verdict.MISSING,
    412: Verdict.RESTART,
    416: Verdict.RESTART,
}
"""The file itself, by its own URL."""

REDIRECTS = frozenset({301, 302, 303, 307, 308})
"""Statuses that name another place for the file; followed for files, never for calls that carry a token."""


def verdict(table: Mapping[int, Verdict], status: int) -> Verdict:
    """Return what `status` asks for; statuses outside of the table are passing from 500 on, else refusals."""
    return table.get(status) or (Verdict.RETRY if status >= 500 else Verdict.REFUSED)
