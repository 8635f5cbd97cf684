"""What lies in a folder already: ``annokit-fetch.jsonl``, one line per complete file.

The file only grows, one ``write`` per line, so that it holds at any moment what was complete before it; a torn last
line is skipped. Of several lines with one key the last counts. Queries and signatures of URLs are not in it.

::

    {"key":"savant/ws/seq/1","path":"a.png","bytes":30012,"mtime_ns":1,"sha256":"...","kind":"png","size":[640,480]}
"""

from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path

import attrs
import msgspec

NAME = "annokit-fetch.jsonl"


@attrs.frozen(slots=True)
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


class Manifest:
    """The entries of one folder, read once and appended to; safe for many threads.

    Parameters
    ----------
    folder : Path
        The folder; the manifest is made there with the first entry.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._entries: dict[str, Entry] = {}
        self._lock = threading.Lock()
        self._file: int | None = None
        self._torn = False
        self._load()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: str) -> Entry | None:
        """Return the entry of `key`, whether or not its file is still there."""
        return self._entries.get(key)

    def entries(self) -> list[Entry]:
        """Return all entries."""
        return list(self._entries.values())

    def add(self, entry: Entry) -> None:
        """Append `entry`; raises OSError."""
        line = msgspec.json.encode(entry) + b"\n"
        with self._lock:
            if self._file is None:
                self._file = os.open(self.folder / NAME, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
                line = b"\n" + line if self._torn else line
            os.write(self._file, line)
            self._entries[entry.key] = entry

    def close(self) -> None:
        """Close the file; entries stay readable."""
        with self._lock:
            if self._file is not None:
                os.close(self._file)
                self._file = None

    def _load(self) -> None:
        try:
            data = (self.folder / NAME).read_bytes()
        except FileNotFoundError:
            return
        self._torn = not data.endswith(b"\n")
        decoder = msgspec.json.Decoder(Entry)
        for line in data.splitlines():
            try:
                entry = decoder.decode(line)
            except msgspec.DecodeError:
                continue
            self._entries[entry.key] = entry


def is_intact(entry: Entry, folder: Path) -> bool:
    """Tell whether the file of `entry` still holds what was downloaded.

    Length and time of change are compared; where only the time differs (the folder was copied) its hash decides.
    """
    path = folder / entry.path
    try:
        found = path.stat()
        if found.st_size != entry.bytes:
            return False
        return found.st_mtime_ns == entry.mtime_ns or sha256_of(path) == entry.sha256
    except OSError:
        return False


def sha256_of(path: Path) -> str:
    """Return the hash of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
