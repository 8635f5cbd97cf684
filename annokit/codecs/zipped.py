"""Writing ZIP archives: the same input gives the same bytes, and what is compressed already is stored."""

from __future__ import annotations

import importlib
import os
import shutil
import tempfile
import threading
import zipfile
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO, cast

from annokit.codecs.output import Output
from annokit.codecs.source import OUTSIDE
from annokit.codecs.target import BUFFER_BYTES, Target, outside, twice, writing
from annokit.errors import MissingExtraError, UsageError

STORED = frozenset(
    [
        ".png",
        ".jpg",
        ".jpeg",
        ".gif",
        ".webp",
        ".avif",
        ".heic",
        ".jp2",
        ".mp4",
        ".mov",
        ".mkv",
        ".webm",
        ".avi",
        ".zip",
        ".gz",
        ".bz2",
        ".xz",
        ".zst",
        ".npz",
        ".parquet",
    ]
)
"""Extensions of files that deflate would not make smaller."""

_EPOCH = (1980, 1, 1, 0, 0, 0)
_MODE = 0o644 << 16
_UNIX = 3
_SPOOL_BYTES = 16 << 20


class ZipOutput(Output):
    """The members of a ZIP archive, in the order in which they are written, all dated 1980-01-01.

    Parameters
    ----------
    target : Target
        Where the archive's bytes go.
    password : str or bytes, optional
        Encrypts every member with AES-256.
    """

    kind = "zip"

    def __init__(self, target: Target, password: str | bytes | None) -> None:
        if password is not None and not password:
            raise UsageError("the password is empty")
        self.label = target.label
        self._target = target
        self._password = password.encode() if isinstance(password, str) else password
        self._module: Any = zipfile if password is None else _pyzipper()
        self._names: set[str] = set()
        self._lock = threading.Lock()
        self._zip: Any = None
        self._pending: list[_Pending] = []

    def write(self, name: str, data: bytes | memoryview) -> None:
        """Write a whole member."""
        with writing(self.label), self._lock:
            self._zip.writestr(self._member(name), data)

    def open(self, name: str) -> BinaryIO:
        """Return a temporary file, in memory while small, that becomes the member when it is closed."""
        with self._lock:
            self._reserve(name)
        file = _Pending(self, name)
        self._pending = [other for other in self._pending if not other.closed]
        self._pending.append(file)
        return cast(BinaryIO, file)

    def copy(self, name: str, path: str | PathLike[str]) -> None:
        """Copy a file from disk."""
        with Path(path).open("rb") as source:
            self._stream(self._checked_member(name), source)

    def _checked_member(self, name: str) -> Any:
        with self._lock:
            return self._member(name)

    def _stream(self, member: Any, source: BinaryIO) -> None:
        member.file_size = source.seek(0, os.SEEK_END)
        source.seek(0)
        with writing(self.label), self._lock, self._zip.open(member, "w", force_zip64=True) as target:
            shutil.copyfileobj(source, target, BUFFER_BYTES)

    def _reserve(self, name: str) -> None:
        if OUTSIDE.search(name) or any(part in ("", ".") for part in name.split("/")):
            raise outside(self.label, name)
        if name in self._names:
            raise twice(self.label, name)
        self._names.add(name)

    def _member(self, name: str) -> Any:
        self._reserve(name)
        return self._info(name)

    def _info(self, name: str) -> Any:
        kind = getattr(self._zip, "zipinfo_cls", zipfile.ZipInfo)
        info = kind(name, _EPOCH)
        stored = Path(name).suffix.lower() in STORED
        info.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
        info.external_attr = _MODE
        info.create_system = _UNIX
        return info

    def _start(self) -> None:
        file = self._target.start()
        if self._password is None:
            self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False)
            return
        self._zip = self._module.AESZipFile(file, "w", zipfile.ZIP_DEFLATED, encryption=self._module.WZ_AES)
        self._zip.setpassword(self._password)

    def _finish(self) -> None:
        for file in self._pending:
            file.close()
        self._zip.close()
        self._target.finish()

    def _discard(self) -> None:
        for file in self._pending:
            file.drop()
        if self._zip is not None:
            self._zip.fp = None  # nothing is appended to a file that is thrown away
        self._target.discard()


class _Pending:
    """A member that is being written; it enters the archive when it is closed without an error."""

    def __init__(self, output: ZipOutput, name: str) -> None:
        self._output = output
        self._name = name
        self._file = tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES)  # noqa: SIM115 - closed by close()
        self.write = self._file.write
        self.read = self._file.read
        self.seek = self._file.seek
        self.tell = self._file.tell
        self.flush = self._file.flush

    @property
    def closed(self) -> bool:
        return self._file.closed

    def close(self) -> None:
        if not self._file.closed:
            with self._file:
                self._output._stream(self._output._info(self._name), cast(BinaryIO, self._file))

    def drop(self) -> None:
        self._file.close()

    def __enter__(self) -> _Pending:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.close()
        else:
            self.drop()


def _pyzipper() -> Any:
    try:
        return importlib.import_module("pyzipper")
    except ImportError as error:
        raise MissingExtraError.of("zip", "pyzipper", "writing an encrypted ZIP archive") from error
