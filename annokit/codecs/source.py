"""One way to read a folder, a file, a gzip file, a ZIP archive or a stream: named members, opened one by one.

Names are relative, with ``/`` between their parts on every system. What file managers and annokit itself leave behind
(``__MACOSX``, ``._*``, ``.DS_Store``, ``Thumbs.db``, ``desktop.ini``, ``.annokit-*``) is not listed.
"""

from __future__ import annotations

import abc
import gzip
import io
import os
import re
import threading
from collections.abc import Callable, Iterator
from functools import cached_property, lru_cache
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Literal, Self, TypeVar, cast

from annokit.codecs.stream import BUFFER_BYTES, Guarded, Shared, damaged, spooled
from annokit.errors import AnnokitError, FormatError, UsageError
from annokit.limits import DEFAULT_LIMITS, Limits
from annokit.media.find import scan

T = TypeVar("T")

READING = os.O_RDONLY | getattr(os, "O_BINARY", 0)

NAMES = "annokit-names.json"
"""The file, at the top of a tree or of a folder of pictures, that maps the names on disk to the original ones."""

JUNK = re.compile(r"(?:^|/)(?:__MACOSX(?:/|$)|\._|\.DS_Store$|Thumbs\.db$|desktop\.ini$|\.annokit-)")
"""Matches names that are not part of any data set."""

OUTSIDE = re.compile(r"^/|^[A-Za-z]:|[\\\0]|(?:^|/)\.\.(?:/|$)")
"""Matches names that could leave a folder on some system."""


def open_source(
    path: str | PathLike[str] | BinaryIO, *, limits: Limits = DEFAULT_LIMITS, password: str | bytes | None = None
) -> Source:
    """Open whatever holds a data set.

    Parameters
    ----------
    path : str, PathLike or binary file
        A folder, a file, a gzip file, a ZIP archive (known by its first bytes), or an open binary file that holds one
        of the last three. A file that can't seek is copied to a temporary one.
    limits : Limits
        Bounds on archives.
    password : str or bytes, optional
        For an encrypted ZIP archive.

    Raises
    ------
    FileNotFoundError
        There is no such path.
    FormatError
        The path can't be read, or the archive is damaged, dangerous or beyond the limits.
    AnnokitError
        The archive is encrypted and the password is missing or wrong. The message never holds a password.
    UsageError
        The file was opened in text mode, or is nothing to read from.
    """
    if not isinstance(path, str | PathLike):
        return _open_stream(path, limits, password)
    place = Path(path)
    try:
        if place.is_dir():
            return FolderSource(place, limits)
        with place.open("rb") as file:
            if not place.is_file():  # a pipe: its bytes come once
                return _open_stream(file, limits, password)
            head = file.read(4)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise unreadable(str(place), error) from error
    except ValueError as error:
        raise FormatError("this is no path", path=repr(str(place)), found=str(error)) from error

    def opener() -> BinaryIO:
        return place.open("rb", BUFFER_BYTES)

    if _is_zip(head, place.name):
        return _open_zip(str(place), opener(), limits, password)
    return FileSource(str(place), place.name, opener, limits, place)


def _open_stream(stream: Any, limits: Limits, password: str | bytes | None) -> Source:
    if isinstance(stream, io.TextIOBase) or not hasattr(stream, "read"):
        found = "a text-mode file" if hasattr(stream, "read") else f"{type(stream).__name__}"
        raise UsageError(f"expected a path or a file opened in binary mode; found {found}")
    name = getattr(stream, "name", None)
    label = name if isinstance(name, str) and name else "<stream>"
    owned = not (hasattr(stream, "seekable") and stream.seekable())
    try:
        file = spooled(stream) if owned else stream
        start = file.tell()
        head = file.read(4)
        file.seek(start)
    except OSError as error:
        raise unreadable(label, error) from error
    lock = threading.Lock()

    def opener() -> BinaryIO:
        return cast(BinaryIO, io.BufferedReader(Shared(file, start, lock), BUFFER_BYTES))

    base = re.split(r"[/\\]", label)[-1]
    if _is_zip(head, base):
        return _open_zip(label, opener(), limits, password, file if owned else None)
    return FileSource(label, base, opener, limits, None, file if owned else None)


def _open_zip(
    label: str, file: BinaryIO, limits: Limits, password: str | bytes | None, beneath: BinaryIO | None = None
) -> Source:
    from annokit.codecs.archive import ZipSource

    return ZipSource(label, file, limits, password, beneath)


def _is_zip(head: bytes, name: str) -> bool:
    return head in (b"PK\x03\x04", b"PK\x05\x06") or name.lower().endswith(".zip")


class Source(abc.ABC):
    """Named members that can be read; use as a context manager, or call :meth:`close`."""

    kind: Literal["folder", "file", "zip"]
    """What it is; a gzip file or a stream counts as ``file`` unless it is a ZIP archive."""

    label: str
    """What the caller named, for messages."""

    limits: Limits
    """Bounds that hold for everything read from here."""

    @abc.abstractmethod
    def _list(self) -> Iterator[str]: ...

    @abc.abstractmethod
    def _open(self, name: str) -> BinaryIO: ...

    @abc.abstractmethod
    def _size(self, name: str) -> int | None: ...

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return tuple(sorted(self._list()))

    @cached_property
    def _natural_names(self) -> tuple[str, ...]:
        return tuple(sorted(self._names, key=natural_key))

    @cached_property
    def _lookup(self) -> frozenset[str]:
        return frozenset(self._names)

    def names(self, *, natural: bool = False) -> tuple[str, ...]:
        """Return all members' names, sorted by code point, or with ``natural=True`` so that ``2`` precedes ``10``."""
        return self._natural_names if natural else self._names

    def find(self, pattern: str) -> tuple[str, ...]:
        """Return the names that match, sorted; case does not matter.

        Parameters
        ----------
        pattern : str
            A suffix such as ``.json``, or a glob over the whole name, in which ``*`` and ``?`` stay within one part and
            ``**/`` stands for any number of folders. By its suffix, no manifest of names is found.
        """
        if not pattern.startswith("."):
            return tuple(filter(_glob(pattern), self._names))
        matches = _glob("**/*" + pattern)
        return tuple(name for name in self._names if matches(name) and not name.endswith(NAMES))

    @property
    def only(self) -> str | None:
        """The name of the one member of a single file; None for a folder or an archive."""
        return self._names[0] if self.kind == "file" else None

    def __contains__(self, name: object) -> bool:
        return name in self._lookup

    def where(self, name: str) -> str:
        """Return what to call a member in a message: ``folder/a.json``, ``archive.zip!a.json``, or just the file."""
        separator = {"folder": "/", "zip": "!", "file": ""}[self.kind]
        return f"{self.label}{separator}{name}" if separator else self.label

    def open(self, name: str) -> BinaryIO:
        """Open a member for reading from its start; several can be open at once.

        Raises
        ------
        FormatError
            There is no such member, it can't be read, or its name leaves the source. Reading raises it, too.
        """
        return self._mapped(name, self._open)

    def size(self, name: str) -> int | None:
        """Return the bytes of a member, None where only reading tells (gzip)."""
        return self._mapped(name, self._size)

    def read(self, name: str, most: int | None = None) -> bytes:
        """Return the bytes of a member, or the first `most` of them."""
        with self.open(name) as file:
            return self._mapped(name, lambda _: file.read(-1 if most is None else most))

    def read_text(self, name: str) -> str:
        """Return a member as text, UTF-8 with or without a byte order mark.

        Raises
        ------
        FormatError
            It is not UTF-8; the line is named.
        """
        return decode_text(self.read(name), self.where(name))

    def path(self, name: str) -> Path | None:
        """Return the file on disk that holds exactly this member, None where there is none (archive, gzip, stream)."""
        return None

    def close(self) -> None:  # noqa: B027 - a source that opened nothing has nothing to close
        """Close what the source opened itself; a stream that was handed in stays open."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<{self.kind} {self.label}>"

    def _mapped(self, name: str, action: Callable[[str], T]) -> T:
        try:
            return action(name)
        except AnnokitError:
            raise
        except OSError as error:
            raise unreadable(self.where(name), error) from error


class FolderSource(Source):
    """The files in and below a folder. Links are followed, loops of links are not."""

    kind = "folder"

    def __init__(self, path: Path, limits: Limits) -> None:
        self.label = str(path)
        self.limits = limits

    def _list(self) -> Iterator[str]:
        try:
            for count, (name, _) in enumerate(scan(self.label)):
                if count >= self.limits.archive_members:
                    raise FormatError("the folder holds too many files", path=self.label, expected=f"at most {count}")
                if not JUNK.search(name):
                    yield name
        except OSError as error:
            raise unreadable(error.filename or self.label, error) from error

    def _at(self, name: str) -> str:
        if OUTSIDE.search(name):
            raise FormatError("the name leaves the folder", path=self.label, found=repr(name))
        return f"{self.label}/{name}"

    def _open(self, name: str) -> BinaryIO:
        return open(self._at(name), "rb", BUFFER_BYTES)  # noqa: PTH123 - a Path costs as much as the opening

    def _size(self, name: str) -> int:
        return Path(self._at(name)).stat().st_size

    def read(self, name: str, most: int | None = None) -> bytes:
        """Return the bytes of a file without a buffer between: half the cost where files are small and many."""
        if most is not None:
            return super().read(name, most)
        try:
            return _whole_file(self._at(name))
        except OSError as error:
            raise unreadable(self.where(name), error) from error

    def path(self, name: str) -> Path | None:
        """Return the file's own path, None where there is no such file."""
        path = Path(self._at(name))
        return path if path.is_file() else None

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and not OUTSIDE.search(name) and self.path(name) is not None


class FileSource(Source):
    """A single file: plain, gzip, or a stream."""

    kind = "file"

    def __init__(
        self,
        label: str,
        name: str,
        opener: Callable[[], BinaryIO],
        limits: Limits,
        path: Path | None,
        owned: BinaryIO | None = None,
    ) -> None:
        self.label = label
        self.limits = limits
        self._opener = opener
        self._path = path
        self._owned = owned
        with opener() as file:
            self._gzip = file.read(2) == b"\x1f\x8b"
            self._bytes = file.seek(0, io.SEEK_END)
        self._name = name[:-3] if self._gzip and name.lower().endswith(".gz") else name

    def _list(self) -> Iterator[str]:
        yield self._name

    def _check(self, name: str) -> None:
        if name != self._name:
            raise FormatError("there is no such file", path=f"{self.label}/{name}")

    def _open(self, name: str) -> BinaryIO:
        self._check(name)
        file = self._opener()
        if not self._gzip:
            return file
        most = min(self.limits.archive_bytes, max(1 << 20, self.limits.archive_ratio * self._bytes))
        unpacked = cast(BinaryIO, gzip.GzipFile(fileobj=file))
        return Guarded(unpacked, self.label, most=most, fail=damaged, owned=file).buffered()

    def _size(self, name: str) -> int | None:
        self._check(name)
        return None if self._gzip else self._bytes

    def path(self, name: str) -> Path | None:
        """Return the path unless the file is a stream or compressed."""
        return None if self._gzip or name != self._name else self._path

    def close(self) -> None:
        """Delete the temporary copy of a stream, if there is one."""
        if self._owned is not None:
            self._owned.close()


def _whole_file(path: str) -> bytes:
    handle = os.open(path, READING)
    try:
        size = os.fstat(handle).st_size
        data = os.read(handle, size + 1)
        if len(data) == size:
            return data
        with open(handle, "rb", closefd=False) as rest:  # it grows, or it is no plain file
            return data + rest.read()
    finally:
        os.close(handle)


def unreadable(label: str, error: OSError) -> FormatError:
    """Return the error for a file that the operating system does not give."""
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return FormatError("there is no such file", path=label)
    return FormatError(f"can't be read: {error.strerror or error}", path=label)


def decode_text(data: bytes, label: str) -> str:
    """Return UTF-8 bytes as text without a byte order mark; FormatError with the line otherwise."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        wide = data[:2] in (b"\xff\xfe", b"\xfe\xff")
        offset = error.start + (3 if data.startswith(b"\xef\xbb\xbf") else 0)
        found = "UTF-16" if wide else f"byte 0x{data[offset]:02x}"
        line = data.count(b"\n", 0, offset) + 1
        raise FormatError("the text is not UTF-8", path=label, line=line, found=found, expected="UTF-8") from error


_DIGITS = re.compile(r"([0-9]+)")


def natural_key(name: str) -> tuple[list[tuple[int, str]], str]:
    """Return a sort key under which ``frame2`` precedes ``frame10``; the name itself breaks ties."""
    key: list[tuple[int, str]] = []
    for position, piece in enumerate(_DIGITS.split(name.casefold())):
        digits = piece.lstrip("0") if position % 2 else ""
        key.append((len(digits), digits) if position % 2 else (0, piece))
    return key, name


@lru_cache(maxsize=256)
def _glob(pattern: str) -> Callable[[str], object]:
    table = {"**/": "(?:.*/)?", "*": "[^/]*", "?": "[^/]"}
    pieces = re.split(r"(\*\*/|\*|\?)", pattern)
    return re.compile("".join(table.get(p) or re.escape(p) for p in pieces), re.IGNORECASE | re.DOTALL).fullmatch
