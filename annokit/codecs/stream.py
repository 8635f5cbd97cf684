"""Binary streams under sources: compressed ones whose errors are ours, and several readers over one shared file."""

# ruff: noqa: D102 - the methods are those of io.RawIOBase, documented there

from __future__ import annotations

import io
import lzma
import shutil
import tempfile
import threading
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar, cast
from zipfile import BadZipFile

from annokit.errors import AnnokitError, FormatError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

BUFFER_BYTES = 64 << 10
_PIECE_BYTES = 1 << 20
_SPOOL_BYTES = 64 << 20

BROKEN = (OSError, EOFError, ValueError, RuntimeError, NotImplementedError, zlib.error, lzma.LZMAError, BadZipFile)
"""What the standard library's decompressors raise on damaged or unsupported data."""

T = TypeVar("T")


class Guarded(io.RawIOBase):
    """A compressed stream whose errors become FormatError and whose length is bounded while it is read.

    Parameters
    ----------
    stream : binary file
        What decompresses.
    label : str
        Name for messages.
    most : int
        Bytes that it may unpack to.
    fail : callable
        Given the label and an exception from the decompressor, returns the error to raise.
    owned : binary file, optional
        The compressed file beneath, closed together with this one.
    """

    def __init__(
        self,
        stream: BinaryIO,
        label: str,
        *,
        most: int,
        fail: Callable[[str, Exception], AnnokitError],
        owned: BinaryIO | None = None,
    ) -> None:
        self._stream = stream
        self._label = label
        self._most = most
        self._fail = fail
        self._owned = owned

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        return self._run(lambda: self._stream.seek(offset, whence))

    def tell(self) -> int:
        return self._stream.tell()

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        count = self._run(lambda: cast(io.BufferedIOBase, self._stream).readinto(buffer))
        self._check()
        return count

    def readall(self) -> bytes:
        pieces: list[bytes] = []
        while piece := self._run(lambda: self._stream.read(_PIECE_BYTES)):
            pieces.append(piece)
            self._check()
        return b"".join(pieces)

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
            if self._owned is not None:
                self._owned.close()
        super().close()

    def _run(self, action: Callable[[], T]) -> T:
        try:
            return action()
        except AnnokitError:
            raise
        except BROKEN as error:
            raise self._fail(self._label, error) from error

    def _check(self) -> None:
        if self._stream.tell() > self._most:
            raise FormatError(
                "unpacks to more than is allowed", path=self._label, expected=f"at most {self._most} bytes"
            )

    def buffered(self) -> BinaryIO:
        """Return a buffered reader over this stream."""
        return cast(BinaryIO, io.BufferedReader(self, BUFFER_BYTES))


class Shared(io.RawIOBase):
    """A reader with a position of its own over a file that several share; closing it leaves the file open."""

    def __init__(self, file: BinaryIO, start: int, lock: threading.Lock) -> None:
        self._file = file
        self._start = start
        self._lock = lock
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        if whence == io.SEEK_END:
            with self._lock:
                offset += self._file.seek(0, io.SEEK_END) - self._start
        elif whence == io.SEEK_CUR:
            offset += self._at
        self._at = max(offset, 0)
        return self._at

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer).cast("B")
        with self._lock:
            self._file.seek(self._start + self._at)
            if hasattr(self._file, "readinto"):
                count = int(self._file.readinto(view) or 0)
            else:
                data = self._file.read(len(view))
                count = len(data)
                view[:count] = data
        self._at += count
        return count


def spooled(stream: BinaryIO) -> BinaryIO:
    """Return the rest of a stream as a seekable file: in memory while small, else a temporary one."""
    file: Any = tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES)  # noqa: SIM115 - the caller closes it
    try:
        shutil.copyfileobj(stream, file, _PIECE_BYTES)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return cast(BinaryIO, file)


def damaged(label: str, error: Exception) -> FormatError:
    """Return the error for compressed data that can't be unpacked."""
    return FormatError(f"the compressed data are damaged or cut short: {error}", path=label)
