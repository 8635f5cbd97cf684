"""The transport over requests: connections kept, proxies and certificates as requests finds them, nothing else added.

Requests go straight to requests' adapters. A :class:`requests.Session` would add an ``Authorization`` header from a
netrc file, keep cookies, rewrite signed URLs and cost twice the time.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping
from typing import Any, cast

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import HTTPError

from annokit.codecs.address import origin, sendable, shown
from annokit.remote.transport import Request, Response, TransportError

_OWN_HEADERS = {"User-Agent": "annokit", "Accept": "*/*", "Accept-Encoding": "identity", "Connection": "keep-alive"}
_FOR_GOOD = (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema, requests.exceptions.InvalidHeader)
_KINDS: tuple[tuple[type[BaseException], str], ...] = (
    (requests.exceptions.SSLError, "the secure connection failed (certificate?)"),
    (requests.exceptions.ProxyError, "the proxy refused the connection"),
    (requests.exceptions.ConnectTimeout, "no connection in time"),
    (requests.exceptions.ReadTimeout, "no answer in time"),
    (urllib3.exceptions.ReadTimeoutError, "no answer in time"),
    (urllib3.exceptions.IncompleteRead, "the body ended early"),
    (urllib3.exceptions.DecodeError, "the body can't be unpacked"),
    (_FOR_GOOD[0], "the URL is malformed"),
    (_FOR_GOOD[1], "the URL's scheme is not supported"),
    (_FOR_GOOD[2], "a header is malformed"),
)


class RequestsTransport:
    """The transport that talks HTTP.

    Parameters
    ----------
    timeout : float
        Seconds to wait for a connection, and for each piece of an answer.
    """

    def __init__(self, *, timeout: float = 30.0) -> None:
        self._timeout = (timeout, timeout)
        self._local = threading.local()
        self._lock = threading.Lock()
        self._adapters: list[HTTPAdapter] = []
        self._settings: dict[str, dict[str, Any]] = {}
        hide_queries()

    def send(self, request: Request) -> Response:
        """Return the answer to `request`; see :class:`~annokit.remote.transport.Transport`."""
        problem: TransportError | None = None
        _inside.busy = True
        try:
            answer = self._adapter().send(
                _prepared(request), stream=True, timeout=self._timeout, **self._environment(request.url)
            )
        except (requests.exceptions.RequestException, HTTPError, OSError, ValueError) as error:
            problem = _problem(error, request)
        finally:
            _inside.busy = False
        if problem is not None:
            raise problem  # outside the handler: the foreign error's text holds the signed URL
        return HttpResponse(answer, request)

    def close(self) -> None:
        """Close the connections of all threads."""
        with self._lock:
            adapters, self._adapters = self._adapters, []
            self._local = threading.local()
        for adapter in adapters:
            adapter.close()

    def _adapter(self) -> HTTPAdapter:
        adapter = getattr(self._local, "adapter", None)
        if adapter is None:
            adapter = self._local.adapter = HTTPAdapter(pool_connections=4, pool_maxsize=1)
            with self._lock:
                self._adapters.append(adapter)
        return cast("HTTPAdapter", adapter)

    def _environment(self, url: str) -> dict[str, Any]:
        host = origin(url)
        found = self._settings.get(host)
        if found is None:
            with requests.Session() as session:
                found = dict(session.merge_environment_settings(host, {}, None, None, None))
            found.pop("stream", None)
            self._settings[host] = found
        return found


class HttpResponse:
    """An answer over HTTP, its body still on the wire."""

    def __init__(self, answer: requests.Response, request: Request) -> None:
        self.status: int = answer.status_code
        self.headers: Mapping[str, str] = answer.headers
        self._raw = answer.raw
        self._request = request

    def chunks(self, size: int) -> Iterator[bytes]:
        """Yield the body as it arrives, unpacked where the server packed it."""
        problem: TransportError | None = None
        read = getattr(self._raw, "read1", self._raw.read)
        decode = "content-encoding" in self.headers
        try:
            while piece := read(size, decode_content=decode):
                yield piece
        except (HTTPError, OSError, ValueError) as error:
            problem = _problem(error, self._request)
        if problem is not None:
            raise problem

    def close(self) -> None:
        """Keep the connection where the body was read to its end, else close it."""
        if not self._raw.isclosed():
            self._raw.close()
        self._raw.release_conn()


def _prepared(request: Request) -> requests.PreparedRequest:
    prepared = requests.PreparedRequest()
    prepared.method = request.method
    prepared.url = sendable(request.url)
    headers = {**_OWN_HEADERS, **request.headers}
    if request.body is not None:
        headers["Content-Length"] = str(len(request.body))
    prepared.headers = CaseInsensitiveDict(headers)
    prepared.body = request.body
    return prepared


def _problem(error: BaseException, request: Request) -> TransportError:
    causes = [error, *_causes(error)]
    kind = next((text for cause in causes for known, text in _KINDS if isinstance(cause, known)), None)
    system = next((cause.strerror for cause in causes if isinstance(cause, OSError) and cause.strerror), None)
    reason = kind or system or type(causes[-1]).__name__
    return TransportError(f"{shown(request.url)}: {reason}", reason=reason, transient=not isinstance(error, _FOR_GOOD))


def _causes(error: BaseException) -> Iterator[BaseException]:
    for cause in (*error.args, getattr(error, "reason", None), error.__cause__, error.__context__):
        if isinstance(cause, BaseException):
            yield cause
            yield from _causes(cause)
            return


_inside = threading.local()


class _QueryFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        """Cut the query off the paths that urllib3 logs for requests made here."""
        if getattr(_inside, "busy", False) and isinstance(record.args, tuple):
            record.args = tuple(a.partition("?")[0] if isinstance(a, str) else a for a in record.args)
        return True


_FILTER = _QueryFilter()


def hide_queries() -> None:
    """Keep signatures out of urllib3's debug log, for requests made by this package only."""
    logging.getLogger("urllib3.connectionpool").addFilter(_FILTER)
