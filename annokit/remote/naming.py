"""One name per file within a folder, over all runs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import PurePosixPath

from annokit.codecs.names import fold
from annokit.remote.manifest import NAME as MANIFEST
from annokit.remote.manifest import Entry

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
    path = PurePosixPath(name)
    suffix = path.suffix.lower()
    if fitting is None or suffix in fitting:
        return name
    return str(path.with_suffix(fitting[0])) if suffix in _KNOWN else f"{name}{fitting[0]}"


def marked(name: str, key: str) -> str:
    """Return `name` with a short hash of `key` before its suffix."""
    path = PurePosixPath(name)
    mark = hashlib.sha256(key.encode()).hexdigest()[:10]
    return str(path.with_name(f"{path.stem}-{mark}{path.suffix}"))


class Names:
    """Which name belongs to which key. Names that differ only in case or Unicode form count as one.

    Parameters
    ----------
    entries : iterable of Entry
        What the folder holds from earlier runs.
    """

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._owners = {fold(MANIFEST): ""}
        self._names: dict[str, str] = {}
        for entry in entries:
            self._owners[fold(entry.path)] = entry.key
            self._names[entry.key] = entry.path

    def claim(self, key: str, name: str) -> str:
        """Return the name that is free for `key`: `name` itself, or with a mark where another key has it."""
        for candidate in (name, marked(name, key), marked(name, f"{key}\0")):
            if self._owners.setdefault(fold(candidate), key) == key:
                self._names[key] = candidate
                return candidate
        return marked(name, f"{key}\0\0")

    def known(self, key: str) -> str | None:
        """Return the name that `key` has, None when it has none yet."""
        return self._names.get(key)
