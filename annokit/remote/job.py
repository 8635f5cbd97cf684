"""What to download, and what became of it."""

from __future__ import annotations

from typing import Protocol

import attrs

from annokit.codecs.address import identity
from annokit.media.fetched import Owner
from annokit.remote.transport import Request
from annokit.remote.wire import Wire


class Source(Protocol):
    """Where a file comes from. Asking for its place may itself be an exchange, and be asked again for a fresh one."""

    @property
    def renewable(self) -> bool:
        """Whether asking again may give another URL."""
        ...

    def locate(self, wire: Wire) -> Request:
        """Return the request for the file itself; raises the signals of :mod:`annokit.remote.signals`."""
        ...


@attrs.frozen
class Url:
    """A file under a URL that is known, with headers of its own where it needs them."""

    request: Request
    renewable: bool = False

    @classmethod
    def of(cls, url: str) -> Url:
        """Return the source for a plain URL."""
        return cls(Request(url))

    def locate(self, wire: Wire) -> Request:
        """Return the request as it stands."""
        return self.request


@attrs.frozen
class Job:
    """One file to download."""

    key: str
    """What the file is, the same from run to run, without secrets: found again by it in the manifest."""

    name: str
    """Where it should lie, relative to the folder, ``/`` between parts; the suffix follows the contents."""

    source: Source
    """Where it comes from."""

    kinds: frozenset[str] | None = None
    """Kinds of contents that are right, as :func:`annokit.media.magic.sniff` names them; None: any but a web page."""

    length: int | None = None
    """Length in bytes, where it is known beforehand."""

    owners: tuple[Owner, ...] = ()
    """The items that want it; noted in the manifest, so that the file is found again for them."""

    @classmethod
    def of_url(cls, url: str, name: str, **expected: object) -> Job:
        """Return the job of a plain URL, which identifies the file."""
        return cls(identity(url), name, Url.of(url), **expected)  # type: ignore[arg-type]


STATUSES = ("done", "skipped", "failed")


@attrs.frozen(slots=True)
class Result:
    """What became of one job."""

    index: int
    """Position of the job, from 0."""

    status: str = attrs.field(validator=attrs.validators.in_(STATUSES))
    """``done``, ``skipped`` (complete already) or ``failed``."""

    path: str | None = None
    """Where the file lies, relative to the folder, ``/`` between parts; None when it failed."""

    reason: str | None = None
    """Why it failed."""

    bytes: int = 0
    """Length of the file."""

    attempts: int = 0
    """Attempts that it took; 0 when nothing was asked."""

    size: tuple[int, int] | None = None
    """Width and height in pixels as displayed, of an image."""
