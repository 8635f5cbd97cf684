"""One name per file within a folder, over all runs."""

from __future__ import annotations

import hashlib
import posixpath

from annokit.codecs.names import fold
from annokit.media.fetched import MANIFEST

SUFFIXES: dict[str, tuple[str, ...]] = {
    "png": (".png",),
    "jpeg": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "gif": (".gif",),
    "bmp": (".bmp", ".dib"),
    "webp": (".webp",),
    "tiff": (".tif", ".tiff"),
    "avif": (".avif",),
    "heic": (".heic", ".heif"),
    "jp2": (".jp2", ".j2k", ".jpx"),
}
"""Suffixes of each image kind, the usual one first."""

_KNOWN = frozenset(suffix for suffixes in SUFFIXES.values() for suffix in suffixes)


def with_suffix(name: str, kind: str | None) -> str:
    """Return `name` with a suffix that fits the kind of its contents.

    Examples
    --------
    >>> with_suffix("a/frame.png", "jpeg"), with_suffix("v1.2", "png"), with_suffix("b.JPG", "jpeg")
    ('a/frame.jpg', 'v1.2.png', 'b.JPG')
    """
    fitting = SUFFIXES.get(kind or "")
    stem, suffix = posixpath.splitext(name)
    if fitting is None or suffix.lower() in fitting:
        return name
    return (stem if suffix.lower() in _KNOWN else name) + fitting[0]


def marked(name: str, key: str) -> str:
    """Return `name` with a short hash of `key` before its suffix."""
    stem, suffix = posixpath.splitext(name)
    return f"{stem}-{hashlib.sha256(key.encode()).hexdigest()[:10]}{suffix}"


class Names:
    """Which name belongs to which key. Names that differ only in case or Unicode form count as one."""

    def __init__(self) -> None:
        self._owners = {fold(MANIFEST): ""}

    def claim(self, key: str, name: str) -> str:
        """Return the name that is free for `key`: `name` itself, or with a mark where another key has it.

        The same claim gives the same name again.
        """
        for candidate in (name, marked(name, key), marked(name, f"{key}\0")):
            if self._owners.setdefault(fold(candidate), key) == key:
                return candidate
        return marked(name, f"{key}\0\0")
