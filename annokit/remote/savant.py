"""The client of the SAVANT platform: login, frames by their ids, files by signed URLs.

Three calls make up the protocol::

    POST {domain}/auth/jwt/login                      username=..&password=..      -> {"access_token": ".."}
    GET  {domain}/sequences/{id}/frames/{id}?workspace_id=..&presigned_url=True    -> {"frame": {"frame_path": URL}}
    GET  URL                                          without the token

The token goes to the domain only; the signed URL is asked without it, and asked for again when storage refuses it.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote, urlencode

import attrs

from annokit.codecs.address import is_secret, require_https, shown
from annokit.errors import AuthError, FetchError, UsageError
from annokit.limits import DEFAULT_LIMITS, Limits
from annokit.media.magic import IMAGE_KINDS
from annokit.remote.budget import Budget
from annokit.remote.clock import Clock, SystemClock
from annokit.remote.credentials import Credentials, missing
from annokit.remote.download import default_transport, download
from annokit.remote.job import Job, Result
from annokit.remote.memory import fetch_bytes
from annokit.remote.patience import patiently
from annokit.remote.progress import ProgressOption
from annokit.remote.signals import HaltError, LostError, TransientError, as_errors
from annokit.remote.tokens import Tokens, unauthorised
from annokit.remote.transport import Request, Response, Transport, TransportError, read_all
from annokit.remote.verdict import API, LOGIN, Verdict
from annokit.remote.wire import Wire, as_signal

if TYPE_CHECKING:
    from PIL import Image

    from annokit.model.dataset import Dataset
    from annokit.remote.fetch import FetchResult

PLATFORM = "https://ext-production-savant.mdtsurgicalai.com"
"""The domain that the vendor's own script names."""


class SavantClient:
    """A connection to a SAVANT platform; safe for many threads, and a context manager.

    Parameters
    ----------
    domain : str, optional
        Such as ``https://ext-production-savant.mdtsurgicalai.com``; by default the environment variable
        ``SAVANT_DOMAIN``. Plain http is allowed for this machine only.
    username, password : str, optional
        By default the environment variables ``SAVANT_USERNAME`` and ``SAVANT_PASSWORD``.
    transport : Transport, optional
        What talks to the network; by default requests.
    limits : Limits
        Attempts, waits and sizes.
    clock : Clock, optional
        Time and chance, for tests.

    Raises
    ------
    UsageError
        There is no domain, or it is not https.
    """

    def __init__(
        self,
        domain: str | None = None,
        username: str | None = None,
        password: str | None = None,
        *,
        transport: Transport | None = None,
        limits: Limits = DEFAULT_LIMITS,
        clock: Clock | None = None,
    ) -> None:
        self.domain = _checked(domain or os.environ.get("SAVANT_DOMAIN"))
        self._credentials = Credentials.find(username, password)
        self._transport = transport or default_transport(limits)
        self._limits = limits
        self._clock = clock or SystemClock()
        self.tokens = Tokens(self._login)
        self._wire = self._new_wire(16)

    def __repr__(self) -> str:
        return f"SavantClient({self.domain!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._wire.stop.set()
        self._transport.close()

    def login(self) -> None:
        """Log in now; otherwise the first call does it.

        Raises
        ------
        AuthError
            There are no credentials, or the platform refuses them.
        FetchError
            The platform can't be reached, or does not answer as it should.
        """
        self.tokens.reset()
        with as_errors():
            self.tokens.get(self._wire)

    def frame(self, sequence_id: str, frame_id: str, workspace_id: str) -> Frame:
        """Return one frame: its signed URL, and its file on demand.

        Parameters
        ----------
        sequence_id : str
            ``rootId`` of the sequence.
        frame_id : str
            ``id`` of the frame.
        workspace_id : str
            ``workspaceId`` of the sequence.

        Raises
        ------
        AuthError
            The login is refused, or a fresh token is.
        FetchError
            There is no such frame, or the platform can't be reached; ``status`` holds the HTTP status.
        """
        source = FrameSource(self, sequence_id, frame_id, workspace_id)
        budget = Budget(self._limits, self._clock)
        with as_errors():
            request = patiently(lambda: source.locate(self._wire), self._wire, budget)
        return Frame(request.url, source.job(f"{frame_id}.png"), self._wire)

    def job(self, sequence_id: str, frame_id: str, workspace_id: str, name: str) -> Job:
        """Return the job that downloads one frame to `name`, relative to a folder; for :meth:`download`."""
        return FrameSource(self, sequence_id, frame_id, workspace_id).job(name)

    def download(
        self,
        jobs: Iterable[Job],
        directory: str | os.PathLike[str],
        *,
        workers: int = 16,
        progress: ProgressOption = False,
    ) -> list[Result]:
        """Download the frames of `jobs`; see :func:`annokit.remote.download.download`."""
        return download(
            jobs,
            directory,
            transport=self._transport,
            workers=workers,
            limits=self._limits,
            progress=progress,
            clock=self._clock,
        )

    def fetch(
        self, ds: Dataset, directory: str | os.PathLike[str], workers: int = 16, progress: ProgressOption = True
    ) -> FetchResult:
        """Download the frames of a SAVANT dataset.

        Parameters
        ----------
        ds : Dataset
            As read from a batch: each item has its frame's id, and belongs to a sequence with its ``rootId`` as id and
            its workspace in ``extras["savant/workspaceId"]``. Whole videos are listed as skipped, for the platform
            gives out frames only; items that lack an id are listed as failed.
        directory : path
            Where to; made if needed. See :func:`annokit.fetch` for names and the manifest.
        workers : int
            Most frames at once.
        progress : bool or callable
            True for a bar; a function is called with a :class:`~annokit.remote.progress.Progress` after each file.

        Returns
        -------
        FetchResult
            The same items with path and size filled in, and a report of every frame.

        Raises
        ------
        AuthError
            There are no credentials, or the platform refuses them.
        FetchError
            No frame can be had any more: the disk is full, the folder can't be written.
        """
        from annokit.remote.fetch import fetch_asked
        from annokit.remote.frames import frame_asks

        run = partial(self.download, workers=workers, progress=progress)
        return fetch_asked(ds, directory, partial(frame_asks, ds, self), run)

    def _new_wire(self, workers: int) -> Wire:
        return Wire(self._transport, workers, self._limits, self._clock)

    def _login(self, wire: Wire) -> str:
        if self._credentials is None:
            raise HaltError(missing())
        request = Request(
            f"{self.domain}/auth/jwt/login",
            "POST",
            {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
            self._credentials.form(),
        )
        try:
            return patiently(lambda: _token(request, wire), wire, Budget(self._limits, self._clock))
        except LostError as lost:
            raise HaltError(FetchError(f"login failed: {lost.reason}")) from None


@attrs.frozen
class FrameSource:
    """Where one frame comes from: the platform tells, each time with a fresh signature."""

    client: SavantClient
    sequence_id: str
    frame_id: str
    workspace_id: str
    renewable: bool = attrs.field(default=True, init=False)

    @property
    def url(self) -> str:
        """The API's URL of the frame, ids percent-encoded."""
        query = urlencode({"workspace_id": self.workspace_id, "presigned_url": "True"}, quote_via=quote, safe="")
        ids = (quote(str(part), safe="") for part in (self.sequence_id, self.frame_id))
        return self.client.domain + "/sequences/{}/frames/{}?{}".format(*ids, query)

    @property
    def key(self) -> str:
        """What the frame is, whatever the domain is called."""
        ids = (self.workspace_id, self.sequence_id, self.frame_id)
        return "savant:" + "/".join(quote(str(part), safe="") for part in ids)

    def job(self, name: str) -> Job:
        """Return the job that downloads the frame to `name`."""
        return Job(self.key, name, self, IMAGE_KINDS)

    def locate(self, wire: Wire) -> Request:
        """Ask the platform for a signed URL; a refused token is renewed once."""
        tokens = self.client.tokens
        token = tokens.get(wire)
        place = self._ask(token, wire) or self._ask(tokens.renew(token, wire), wire)
        return place or unauthorised()

    def _ask(self, token: str, wire: Wire) -> Request | None:
        """Return the request for the file, None when the token is refused."""
        request = Request(self.url, "GET", {"Authorization": f"bearer {token}", "Accept": "application/json"})
        with wire.ask(request, API) as (found, response):
            if found is Verdict.LOGIN:
                return None
            self.client.tokens.accept(token)
            return self._place(found, request, response, wire)

    def _place(self, found: Verdict, request: Request, response: Response, wire: Wire) -> Request:
        if found is not Verdict.OK:
            reason = f"{shown(request.url)}: HTTP status {response.status}{_MEANINGS.get(found, '')}"
            raise LostError(reason, status=response.status)
        answer = _json(request, response, wire)
        if answer is None:
            raise TransientError(f"{shown(request.url)}: the answer is not JSON")
        frame = answer.get("frame")
        url = frame.get("frame_path") if isinstance(frame, Mapping) else None
        if not isinstance(url, str) or not url.startswith(("http://", "https://")):
            raise LostError(f"{shown(request.url)}: the answer holds no signed URL (frame.frame_path)")
        if is_secret(self.client.domain) and not is_secret(url):
            raise LostError(f"{shown(request.url)}: the signed URL is plain http, which is not safe")
        return Request(url)


_MEANINGS = {
    Verdict.MISSING: ", there is no such frame",
    Verdict.REFUSED: ", the account has no permission for it",
}


@attrs.frozen
class Frame:
    """One frame of the platform. Its repr does not show the signature."""

    url: str = attrs.field(repr=lambda url: repr(shown(url)))
    """The signed URL, valid for a while; whoever has it can read the frame."""

    _job: Job = attrs.field(repr=False)
    _wire: Wire = attrs.field(repr=False)

    def read(self) -> bytes:
        """Return the file as the platform stores it, a PNG as a rule; raises FetchError."""
        return fetch_bytes(self._job, self._wire, Request(self.url))

    def image(self) -> Image.Image:
        """Return the frame as a :class:`PIL.Image.Image`; raises FetchError or MediaError."""
        from annokit.media.image import open_image

        return open_image(io.BytesIO(self.read()))


def _checked(domain: str | None) -> str:
    if not domain:
        raise UsageError(f"no domain: give domain= or set SAVANT_DOMAIN; the vendor's own is {PLATFORM}")
    return require_https(domain.strip().rstrip("/"), "domain")


def _token(request: Request, wire: Wire) -> str:
    with wire.ask(request, LOGIN) as (found, response):
        if found is not Verdict.OK:
            raise HaltError(_login_error(response.status))
        answer = _json(request, response, wire)
    token = answer.get("access_token") if answer is not None else None
    if not isinstance(token, str) or not token or not token.isascii() or not token.isprintable():
        raise HaltError(FetchError("login failed: the platform's answer holds no access_token; is the domain right?"))
    return token


def _login_error(status: int) -> FetchError:
    if status in (400, 401, 403, 422):
        return AuthError(f"login failed: the platform refuses the credentials (HTTP status {status})", status=status)
    return FetchError(f"login failed: HTTP status {status}; is the domain right?", status=status)


def _json(request: Request, response: Response, wire: Wire) -> Mapping[str, Any] | None:
    try:
        answer = json.loads(read_all(response, wire.limits.answer_bytes))
    except TransportError as error:
        raise as_signal(error) from error
    except ValueError:
        return None
    return answer if isinstance(answer, Mapping) else None
