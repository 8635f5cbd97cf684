from __future__ import annotations

import pytest

from annokit.codecs.address import identity, is_loopback, is_secret, origin, require_https, sendable, shown
from annokit.errors import UsageError


def test_shown_hides_every_secret() -> None:
    assert shown("https://me:pw@host:8443/a/b.png?X-Amz-Signature=abc#x") == "https://host:8443/a/b.png"


def test_origin_is_scheme_host_and_port() -> None:
    assert origin("https://me:pw@Host:8443/a?b") == "https://host:8443"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("https://h/a?X-Amz-Date=1&X-Amz-Signature=2", "https://h/a?X-Amz-Date=3&X-Amz-Signature=4"),
        ("https://h/a?X-Goog-Expires=1&X-Goog-Signature=2", "https://h/a?X-Goog-Expires=9&X-Goog-Signature=4"),
        ("https://h/a?Expires=1&Signature=2&Key-Pair-Id=3", "https://h/a?Expires=5&Signature=6&Key-Pair-Id=3"),
        ("https://h/a?sv=1&se=2&sig=3", "https://h/a?sv=1&se=9&sig=8"),
    ],
)
def test_identity_survives_a_new_signature(first: str, second: str) -> None:
    assert identity(first) == identity(second) == "https://h/a"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("https://h/a?id=1", "https://h/a?id=2"),
        ("https://h/a?se=1", "https://h/a?se=2"),
        ("https://h/a?expires=1", "https://h/a?expires=2"),
        ("https://h/a?id=1&X-Amz-Signature=2", "https://h/a?id=2&X-Amz-Signature=2"),
        ("https://h/a", "https://h/b"),
    ],
)
def test_identity_tells_different_files_apart(first: str, second: str) -> None:
    assert identity(first) != identity(second)


def test_identity_shows_no_parameter() -> None:
    assert "s3cret" not in identity("https://h/a?token=s3cret")


def test_sendable_touches_only_what_is_not_ascii() -> None:
    assert sendable(" https://h/ä b%2F?x=%20+&y=é ") == "https://h/%C3%A4%20b%2F?x=%20+&y=%C3%A9"


@pytest.mark.parametrize(
    ("url", "yes"),
    [
        ("http://localhost:1/", True),
        ("http://127.0.0.1", True),
        ("http://127.9.8.7", True),
        ("http://[::1]:80/", True),
        ("http://127.0.0.1.evil.com", False),
        ("http://host", False),
    ],
)
def test_loopback(url: str, yes: bool) -> None:
    assert is_loopback(url) is yes
    assert is_secret(url) is yes


@pytest.mark.parametrize("url", ["http://host", "ftp://host", "host", "https://", "https://[bad", "https://h:x"])
def test_require_https_refuses(url: str) -> None:
    with pytest.raises(UsageError, match=r"https|parsed"):
        require_https(url, "domain")


def test_require_https_admits() -> None:
    assert require_https("https://host", "domain") == "https://host"
    assert require_https("http://127.0.0.1:80", "domain") == "http://127.0.0.1:80"
