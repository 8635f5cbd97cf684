"""The transport for ``s3://`` and ``gs://``: objects read through fsspec, from the extra ``cloud``.

Credentials are those that s3fs and gcsfs find by themselves (environment, profile, machine role), or options given
here.
"""

from __future__ import annotations

import importlib
import re
import threading
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from annokit.codecs.address import shown
from annokit.errors import MissingExtraError
from annokit.remote.transport import Request, Response, Transport, TransportError

PACKAGES = {"s3": "s3fs", "gs": "gcsfs", "gcs": "gcsfs"}
"""Scheme -> package that fsspec needs for it."""

_RANGE = re.compile(r"bytes=(\d+)-")


class CloudTransport:
    """The transport that reads objects of a cloud store.

    Parameters
    ----------
    **options
        Passed to ``fsspec.filesystem``, for instance ``anon=True``.
    """

    def __init__(self, **options: Any) -> None:
        self._options = options
        self._systems: dict[str, Any] = {}
        self._lock = threading.Lock()

    def send(self, request: Request) -> Response:
        """Return the object; a missing one is status 404, a forbidden one 403.

        Raises
        ------
        MissingExtraError
            fsspec or the package for this store is not installed.
        TransportError
            The store can't be reached.
        """
        system = self._system(urlsplit(request.url).scheme)
        try:
            info = system.info(request.url)
            file = system.open(request.url, "rb")
        except FileNotFoundError:
            return ObjectResponse(404)
        except PermissionError:
            return ObjectResponse(403)
        except OSError as error:
            raise TransportError(f"{shown(request.url)}: {error.strerror or type(error).__name__}") from error
        return _opened(file, info, request.headers)

    def close(self) -> None:
        """Do nothing: fsspec keeps its own connections."""

    def _system(self, scheme: str) -> Any:
        with self._lock:
            if scheme not in self._systems:
                self._systems[scheme] = self._connect(scheme)
            return self._systems[scheme]

    def _connect(self, scheme: str) -> Any:
        package = PACKAGES.get(scheme, "fsspec")
        try:
            return importlib.import_module("fsspec").filesystem(scheme, **self._options)
        except ImportError as error:
            raise MissingExtraError.of("cloud", package, f"fetching from {scheme}://") from error


class ObjectResponse:
    """An object as an answer."""

    def __init__(self, status: int, headers: Mapping[str, str] | None = None, file: BinaryIO | None = None) -> None:
        from requests.structures import CaseInsensitiveDict

        self.status = status
        self.headers: Mapping[str, str] = CaseInsensitiveDict(headers or {})
        self._file = file

    def chunks(self, size: int) -> Iterator[bytes]:
        """Yield the object's bytes."""
        try:
            while self._file is not None and (piece := self._file.read(size)):
                yield piece
        except OSError as error:
            raise TransportError(f"the object can't be read: {error.strerror or type(error).__name__}") from error

    def close(self) -> None:
        """Close the object."""
        if self._file is not None:
            self._file.close()


def _opened(file: BinaryIO, info: Mapping[str, Any], asked: Mapping[str, str]) -> ObjectResponse:
    size = int(info["size"])
    etag = str(info.get("ETag") or info.get("etag") or "").strip('"')
    headers = {"Content-Length": str(size), **({"ETag": f'"{etag}"'} if etag else {})}
    wanted = _RANGE.fullmatch(asked.get("Range", ""))
    if wanted is None or asked.get("If-Range") != headers.get("ETag"):
        return ObjectResponse(200, headers, file)
    start = int(wanted[1])
    file.seek(start)
    part = {"Content-Length": str(size - start), "Content-Range": f"bytes {start}-{size - 1}/{size}"}
    return ObjectResponse(206, {**headers, **part}, file)


class SchemeTransport:
    """One transport of several, chosen by the scheme of the URL.

    Parameters
    ----------
    default : Transport
        For every scheme that is not in `others`.
    others : mapping
        From scheme to transport.
    """

    def __init__(self, default: Transport, others: Mapping[str, Transport]) -> None:
        self._default = default
        self._others = dict(others)

    def send(self, request: Request) -> Response:
        """Return what the transport for the request's scheme answers."""
        scheme = request.url.partition("://")[0].lower()
        return self._others.get(scheme, self._default).send(request)

    def close(self) -> None:
        """Close all of them."""
        for transport in (self._default, *self._others.values()):
            transport.close()
