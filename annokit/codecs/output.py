"""Writing a file, a folder or a ZIP archive as a whole or not at all.

Everything goes to a temporary sibling whose name begins ``.annokit-`` and takes its place by renaming, last. Whatever
goes wrong before that, including Ctrl-C, leaves nothing behind and the old data untouched.
"""

from __future__ import annotations

import abc
import shutil
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Literal, Self, cast

from annokit.codecs.target import BUFFER_BYTES, FULL, FileTarget, StreamTarget, Target, twice, unwritable, writing
from annokit.errors import UsageError

Kind = Literal["file", "folder", "zip"]


def open_output(
    path: str | PathLike[str] | BinaryIO,
    *,
    kind: Literal["file", "folder", "zip"],
    overwrite: bool = False,
    password: str | bytes | None = None,
) -> Output:
    """Return where to write, as a context manager that finishes on success and cleans up otherwise.

    Parameters
    ----------
    path : str, PathLike or binary file
        Missing folders above it are made. A path ending in ``.zip``, and a folder that goes to a binary file, are
        written as a ZIP archive; a binary file gets its bytes at the end, in one go.
    kind : {"file", "folder", "zip"}
        What is written.
    overwrite : bool
        Replace what is there; the old data go only after the new ones are complete.
    password : str or bytes, optional
        Encrypts a ZIP archive with AES; needs the extra ``zip``.

    Raises
    ------
    UsageError
        Something is there already and `overwrite` is false; or it is of another kind; or replacing it would remove the
        current or the home folder.
    AnnokitError
        The disk is full or may not be written to.
    """
    if not isinstance(path, str | PathLike):
        return _stream_output(path, kind, password)
    place = Path(path)
    if kind == "zip" or place.suffix.lower() == ".zip":
        from annokit.codecs.zipped import ZipOutput

        return ZipOutput(FileTarget(place, overwrite), password)
    if password is not None:
        raise UsageError(f"a password needs a path that ends in .zip; found {str(place)!r}")
    if kind == "file":
        return FileOutput(FileTarget(place, overwrite))
    from annokit.codecs.tree import FolderOutput

    return FolderOutput(place, overwrite)


def _stream_output(stream: Any, kind: Kind, password: str | bytes | None) -> Output:
    if not hasattr(stream, "write") or hasattr(stream, "encoding"):
        raise UsageError(f"expected a path or a file opened in binary mode for writing; found {type(stream).__name__}")
    if kind == "file" and password is None:
        return FileOutput(StreamTarget(stream))
    from annokit.codecs.zipped import ZipOutput

    return ZipOutput(StreamTarget(stream), password)


class Output(abc.ABC):
    """Files by name, being written. Names are relative, with ``/``; folders are made as needed."""

    kind: Kind
    """What is written; for ``file`` every name means the one file."""

    label: str
    """What the caller named, for messages."""

    @abc.abstractmethod
    def write(self, name: str, data: bytes | memoryview) -> None:
        """Write a whole file.

        Raises
        ------
        AnnokitError
            The name leaves the output or was written before, or the disk is full.
        """

    @abc.abstractmethod
    def open(self, name: str) -> BinaryIO:
        """Open a file for writing; close it when done. Several can be open at once."""

    @abc.abstractmethod
    def copy(self, name: str, path: str | PathLike[str]) -> None:
        """Copy a file from disk, byte for byte."""

    def link(self, name: str, path: str | PathLike[str]) -> None:
        """Make a hard link to a file on disk, or copy it where that is not possible."""
        self.copy(name, path)

    def going(self) -> list[str]:
        """Return the paths of the files that finishing would delete, since what is written has none of their names."""
        return []

    @abc.abstractmethod
    def _start(self) -> None: ...

    @abc.abstractmethod
    def _finish(self) -> None: ...

    @abc.abstractmethod
    def _discard(self) -> None: ...

    def __enter__(self) -> Self:
        with writing(self.label):
            try:
                self._start()
            except BaseException:
                self._discard()
                raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self._discard()
            if isinstance(error, OSError) and error.errno in FULL:
                raise unwritable(self.label, error) from error
            return
        with writing(self.label):
            try:
                self._finish()
            except BaseException:
                self._discard()
                raise


class _Borrowed:
    """The one file of a FileOutput: closing it does not close the temporary file before it is put in place."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.write = file.write
        self.seek = file.seek
        self.tell = file.tell
        self.flush = file.flush
        self.read = file.read

    def close(self) -> None:
        self._file.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class FileOutput(Output):
    """A single file."""

    kind = "file"

    def __init__(self, target: Target) -> None:
        self.label = target.label
        self._target = target
        self._file: BinaryIO | None = None
        self._used = False

    def open(self, name: str) -> BinaryIO:
        """Return the file; once, since there is but one."""
        if self._file is None or self._used:
            raise twice(self.label, name)
        self._used = True
        return cast(BinaryIO, _Borrowed(self._file))

    def write(self, name: str, data: bytes | memoryview) -> None:
        """Write the file."""
        with writing(self.label):
            self.open(name).write(data)

    def copy(self, name: str, path: str | PathLike[str]) -> None:
        """Copy a file's bytes."""
        with Path(path).open("rb") as source, writing(self.label):
            shutil.copyfileobj(source, self.open(name), BUFFER_BYTES)

    def _start(self) -> None:
        self._file = self._target.start()

    def _finish(self) -> None:
        self._target.finish()

    def _discard(self) -> None:
        self._target.discard()
