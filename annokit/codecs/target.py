"""Temporary files that take their place at the end, and the errors of writing."""

from __future__ import annotations

import abc
import contextlib
import errno
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

from annokit.errors import AnnokitError, UsageError

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG})
"""Errors that can only come from writing."""

BUFFER_BYTES = 1 << 20
"""Bytes copied at a time."""


@contextlib.contextmanager
def writing(label: str) -> Iterator[None]:
    """Turn the operating system's errors while writing into AnnokitError."""
    try:
        yield
    except AnnokitError:
        raise
    except OSError as error:
        raise unwritable(label, error) from error


def unwritable(label: str, error: OSError) -> AnnokitError:
    """Return the error for something that can't be written."""
    return AnnokitError(f"{label}: can't be written: {error.strerror or error}", path=label)


def outside(label: str, name: str) -> UsageError:
    """Return the error for a name that leaves the output."""
    return UsageError(f"{label}: {name!r} is no name for a file in it")


def twice(label: str, name: str) -> UsageError:
    """Return the error for a name that was written before."""
    return UsageError(f"{label}: {name!r} was written twice, or is a folder, too")


def temporary_beside(place: Path) -> Path:
    """Return a new unique hidden name in the folder of `place`."""
    return place.with_name(f".annokit-{secrets.token_hex(8)}.tmp")


def make_parents(place: Path) -> list[Path]:
    """Make the folders above `place` and return those that were missing, innermost first."""
    missing = [folder for folder in place.parents if not folder.exists()]
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
    except BaseException:
        remove_empty(missing)
        raise
    return missing


def remove_empty(folders: list[Path]) -> None:
    """Remove folders that were made for nothing."""
    for folder in folders:
        with contextlib.suppress(OSError):
            folder.rmdir()


class Target(abc.ABC):
    """Where the bytes of a single file end up."""

    label: str

    @abc.abstractmethod
    def start(self) -> BinaryIO:
        """Return the temporary file to write to; it can seek and be read."""

    @abc.abstractmethod
    def finish(self) -> None:
        """Put the temporary file in its place."""

    @abc.abstractmethod
    def discard(self) -> None:
        """Remove the temporary file."""


class FileTarget(Target):
    """A path; what is neither a file nor a folder there, such as ``/dev/stdout``, is written to directly."""

    def __init__(self, place: Path, overwrite: bool) -> None:
        self.label = str(place)
        self._place = place
        self._overwrite = overwrite
        self._file: BinaryIO | None = None
        self._temporary: Path | None = None
        self._made: list[Path] = []

    def start(self) -> BinaryIO:
        """Open a unique sibling."""
        self._check()
        self._place = self._place.resolve()
        self._made = make_parents(self._place)
        if self._place.exists() and not self._place.is_file():
            self._file = cast(BinaryIO, tempfile.TemporaryFile(buffering=BUFFER_BYTES))  # noqa: SIM115 - closed below
            return self._file
        self._temporary = temporary_beside(self._place)
        self._file = self._temporary.open("x+b", BUFFER_BYTES)
        return self._file

    def _check(self) -> None:
        if self._place.is_dir():
            raise UsageError(f"{self.label} is a folder; expected a path for a file")
        if self._place.is_file() and not self._overwrite:
            raise UsageError(f"{self.label} exists already; give overwrite=True to replace it")

    def finish(self) -> None:
        """Flush to the disk and rename."""
        assert self._file is not None
        if self._temporary is None:
            with self._place.open("wb") as file:
                copy_stream(self._file, file)
            self._file.close()
            return
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._check()
        self._temporary.replace(self._place)

    def discard(self) -> None:
        """Delete the sibling and the folders made for it."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()
        if self._temporary is not None:
            with contextlib.suppress(OSError):
                self._temporary.unlink(missing_ok=True)
        remove_empty(self._made)


class StreamTarget(Target):
    """An open binary file, which gets everything at the end and stays open."""

    def __init__(self, stream: BinaryIO) -> None:
        name = getattr(stream, "name", None)
        self.label = name if isinstance(name, str) else "<stream>"
        self._stream = stream
        self._file: Any = None

    def start(self) -> BinaryIO:
        """Open a temporary file, in memory while small."""
        self._file = tempfile.SpooledTemporaryFile(max_size=64 << 20)  # noqa: SIM115 - closed below
        return cast(BinaryIO, self._file)

    def finish(self) -> None:
        """Copy it."""
        copy_stream(self._file, self._stream)
        self._file.close()

    def discard(self) -> None:
        """Forget it."""
        if self._file is not None:
            self._file.close()


def copy_stream(source: BinaryIO, target: BinaryIO) -> None:
    """Copy a whole seekable file from its start."""
    source.seek(0)
    shutil.copyfileobj(source, target, BUFFER_BYTES)
