"""URLs as they may be shown, compared and trusted: signatures and passwords never leave this module."""

from __future__ import annotations

import hashlib
import ipaddress
import re
from urllib.parse import SplitResult, parse_qsl, quote, urlsplit

from annokit.errors import UsageError

_SIGNATURES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("x-amz-signature", re.compile(r"x-amz-.*")),
    ("x-goog-signature", re.compile(r"x-goog-.*")),
    ("signature", re.compile(r"signature|expires|policy|awsaccesskeyid|googleaccessid|key-pair-id|ossaccesskeyid")),
    ("sig", re.compile(r"s[vretpi]|sig|sip|ss|srt|spr|sk(?:oid|tid|t|e|s|v)")),
)
_UNSAFE = re.compile(r"[^!-~]+")


def shown(url: str) -> str:
    """Return `url` without user name, password, query and fragment, as it may appear in a message.

    Examples
    --------
    >>> shown("https://me:secret@host/a/b.png?X-Amz-Signature=abc#top")
    'https://host/a/b.png'
    """
    parts = _split(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def origin(url: str) -> str:
    """Return scheme, host and port of `url`: what shares one rate limit."""
    parts = _split(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2].lower()}"


def identity(url: str) -> str:
    """Return a name for what `url` points at that stays the same when its signature is renewed, and tells no secret.

    Parameters
    ----------
    url : str
        Any URL; the parameters that sign it (S3, Google, CloudFront and Azure) are left out.

    Returns
    -------
    str
        The shown URL, followed by a hash of the other parameters where there are any.
    """
    query = parse_qsl(_split(url).query, keep_blank_values=True)
    names = {name.lower() for name, _ in query}
    signing = [pattern for mark, pattern in _SIGNATURES if mark in names]
    query = [pair for pair in query if not any(pattern.fullmatch(pair[0].lower()) for pattern in signing)]
    if not query:
        return shown(url)
    return f"{shown(url)}?{hashlib.sha256(repr(query).encode()).hexdigest()[:16]}"


def sendable(url: str) -> str:
    """Return `url` as it goes over the wire: what is not printable ASCII percent-encoded, all else untouched."""
    return _UNSAFE.sub(lambda found: quote(found[0]), url.strip())


def is_loopback(url: str) -> bool:
    """Tell whether `url` points at this machine, where plain http is no risk."""
    host = _split(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_secret(url: str) -> bool:
    """Tell whether what is sent to `url` can't be read on the way: https, or this machine."""
    return _split(url).scheme != "http" or is_loopback(url)


def require_https(url: str, what: str) -> str:
    """Return `url`, or raise UsageError where it is neither https nor on this machine."""
    parts = _split(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(f"{what} is {shown(url)!r}; expected an https:// URL")
    if not is_secret(url):
        raise UsageError(f"{what} is {shown(url)!r}; plain http is allowed for this machine only, use https")
    return url


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - reading it checks it
    except ValueError:
        raise UsageError("a URL can't be parsed (host or port is malformed)") from None
    return parts
