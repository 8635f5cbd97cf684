"""What lies in a folder already: ``annokit-fetch.jsonl``, one line per complete file.

The file only grows, one ``write`` per line, so that it holds at any moment what was complete before it; a torn last
line is skipped. Of several lines with one key the last counts. Queries and signatures of URLs are not in it.

::

    {"key":"savant:ws/seq/1","path":"a.png","bytes":30012,"mtime_ns":1,"sha256":"...","kind":"png","size":[640,480],
     "owners":[{"name":"a.png","uri":"s3://bucket/a.png","id":"1","sequence":"seq","role":"path"}]}

The owners let :mod:`annokit.media.fetched` find the file again for its item.
"""

from __future__ import annotations

import errno
import hashlib
import os
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

import attrs
import msgspec

from annokit.media.fetched import MANIFEST, Owner
from annokit.remote.folder import stays_inside

MOST_OWNERS = 64
"""Owners noted of one file."""


@attrs.frozen
class Entry:
    """One complete file."""

    key: str
    """What the file is a copy of, the same from run to run; tells no secret."""

    path: str
    """Relative to the folder, ``/`` between parts."""

    bytes: int
    """Length of the file."""

    mtime_ns: int
    """Time of its last change, nanoseconds since 1970 UTC."""

    sha256: str
    """Hash of its bytes, hexadecimal."""

    kind: str | None = None
    """``png``, ``jpeg`` and so on, by its first bytes."""

    size: tuple[int, int] | None = None
    """Width and height in pixels as displayed, of an image."""

    owners: tuple[Owner, ...] = ()
    """The items that the file belongs to."""

    def owned(self, owners: Iterable[Owner]) -> Entry:
        """Return the entry with more owners; itself where all are known, or there are too many to be told."""
        found = tuple(dict.fromkeys((*self.owners, *owners)))
        return attrs.evolve(self, owners=found) if len(self.owners) < len(found) <= MOST_OWNERS else self


_DECODER = msgspec.json.Decoder(Entry)


class Manifest:
    """The entries of one folder: where each line begins is kept in memory, the lines are read when asked for.

    Safe for many threads.

    Parameters
    ----------
    folder : Path
        The folder; the manifest is made there with the first entry.
    found : callable, optional
        Called with each entry that lies there already.
    """

    def __init__(self, folder: Path, found: Callable[[Entry], object] = lambda entry: None) -> None:
        self._path = folder / MANIFEST
        self._starts: dict[str, int] = {}
        self._lock = threading.Lock()
        self._file: int | None = None
        self._load(found)

    def __len__(self) -> int:
        return len(self._starts)

    def __contains__(self, key: str) -> bool:
        return key in self._starts

    def get(self, key: str) -> Entry | None:
        """Return the entry of `key`, whether or not its file is still there."""
        start = self._starts.get(key)
        if start is None:
            return None
        with self._path.open("rb", buffering=1024) as file:
            file.seek(start)
            return _DECODER.decode(file.readline())

    def entries(self) -> list[Entry]:
        """Return all entries."""
        return [entry for key in self._starts if (entry := self.get(key)) is not None]

    def add(self, entry: Entry) -> None:
        """Append `entry`; raises OSError."""
        line = msgspec.json.encode(entry) + b"\n"
        with self._lock:
            if self._file is None:
                self._file = self._begin()
            if os.write(self._file, line) < len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            self._starts[entry.key] = os.lseek(self._file, 0, os.SEEK_CUR) - len(line)

    def close(self) -> None:
        """Close the file; entries stay readable."""
        with self._lock:
            if self._file is not None:
                os.close(self._file)
                self._file = None

    def _begin(self) -> int:
        file = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
        end = os.lseek(file, 0, os.SEEK_END)
        if end:
            os.lseek(file, end - 1, os.SEEK_SET)
            if os.read(file, 1) != b"\n":
                os.write(file, b"\n")
        return file

    def _load(self, found: Callable[[Entry], object]) -> None:
        start = 0
        try:
            file = self._path.open("rb")
        except FileNotFoundError:
            return
        with file:
            for line in file:
                entry = _read(line)
                if entry is not None:
                    self._starts[entry.key] = start
                    found(entry)
                start += len(line)


def _read(line: bytes) -> Entry | None:
    """Return the entry of a line, None for one that is torn or leads out of the folder."""
    try:
        entry = _DECODER.decode(line)
    except msgspec.DecodeError:
        return None
    return entry if stays_inside(entry.path) else None


def is_intact(entry: Entry, path: str | os.PathLike[str]) -> bool:
    """Tell whether the file of `entry`, at `path`, still holds what was downloaded.

    Length and time of change are compared; where only the time differs (the folder was copied) its hash decides.
    """
    try:
        found = os.stat(path)  # noqa: PTH116 - a Path of each file would keep its name in memory for good
        if found.st_size != entry.bytes:
            return False
        return found.st_mtime_ns == entry.mtime_ns or sha256_of(path) == entry.sha256
    except OSError:
        return False


def sha256_of(path: str | os.PathLike[str]) -> str:
    """Return the hash of a file, hexadecimal."""
    with open(path, "rb") as file:  # noqa: PTH123 - same
        return hashlib.file_digest(file, "sha256").hexdigest()
