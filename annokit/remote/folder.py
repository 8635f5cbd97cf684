"""The target folder: temporary files beside their targets, names that can't leave it, and what the disk may refuse.

A file is written as ``.annokit-<host>-<process>-<number>.part`` in the folder itself, flushed to the disk and renamed
last. What a killed process left is removed by the next run on the same machine.
"""

from __future__ import annotations

import errno
import hashlib
import itertools
import os
import re
import socket
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, NoReturn

from annokit.errors import FetchError
from annokit.remote.signals import HaltError, LostError, StoppedError

_REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EROFS: "the disk is read-only",
    errno.EACCES: "no permission to write there",
    errno.EPERM: "no permission to write there",
    errno.EIO: "the disk failed",
    errno.ENOTDIR: "a part of the path is a file, not a folder",
    errno.EMFILE: "too many open files; use fewer workers",
    errno.ENFILE: "too many open files; use fewer workers",
}
_ONE_FILE_ONLY = frozenset({errno.ENAMETOOLONG, errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.EINVAL})
_PART = re.compile(r"\.annokit-(?P<host>[0-9a-f]{8})-(?P<process>\d+)-\d+\.part")
_HOST = hashlib.sha256(socket.gethostname().encode()).hexdigest()[:8]
_numbers = itertools.count()


def disk_error(error: OSError, path: str | os.PathLike[str]) -> FetchError:
    """Return `error` as one that names `path` and says what is wrong in words."""
    reason = _REASONS.get(error.errno or 0) or error.strerror or str(error)
    return FetchError(f"{os.fspath(path)}: {reason}", path=os.fspath(path))


def refuse(error: OSError, path: str | os.PathLike[str]) -> NoReturn:
    """End the run, or this file alone where only its name is the trouble."""
    problem = disk_error(error, path)
    if error.errno in _ONE_FILE_ONLY:
        raise LostError(str(problem), problem) from error
    raise HaltError(problem) from error


def stays_inside(name: str) -> bool:
    """Tell whether a relative name, ``/`` between its parts, leads to a file within its folder on this system."""
    parts = name.split("/")
    foreign = os.name == "nt" and any(mark in name for mark in ("\\", ":"))
    return bool(parts[-1]) and not foreign and "\0" not in name and not {"", ".."} & set(parts)


class Folder:
    """A folder that is downloaded into.

    Parameters
    ----------
    path : path
        Made where it does not exist.

    Raises
    ------
    FetchError
        The folder can't be made.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path).absolute()
        self.root = str(self.path)
        self._open: set[PartFile] = set()
        self._lock = threading.Lock()
        self._made = {""}
        self.closed = False
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._sweep()
        except OSError as error:
            raise disk_error(error, self.path) from error

    def target(self, name: str) -> str:
        """Return the path of the file `name`, its folder made; raises LostError where it lies outside."""
        if not stays_inside(name):
            raise LostError(f"the name {name!r} leads out of the folder")
        above = name.rpartition("/")[0]
        if above not in self._made:
            self._make(self.path / above, name)
            self._made.add(above)
        return self.join(name)

    def join(self, name: str) -> str:
        """Return the path of the file `name`. A str, for a Path would keep the name in memory for good."""
        return f"{self.root}/{name}"

    def _make(self, folder: Path, name: str) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            refuse(error, folder)
        if not folder.resolve().is_relative_to(self.path.resolve()):
            raise LostError(f"the name {name!r} leads out of the folder through a link")

    def opened(self, part: PartFile) -> None:
        """Keep track of an unfinished file."""
        with self._lock:
            if self.closed:
                raise StoppedError
            self._open.add(part)

    def settled(self, part: PartFile) -> None:
        """Forget a file that was renamed or removed."""
        with self._lock:
            self._open.discard(part)

    def publish(self, part: PartFile, target: str) -> None:
        """Rename `part` to `target`, unless the run was told to stop."""
        with self._lock:
            if self.closed:
                raise StoppedError
            os.replace(part.path, target)  # noqa: PTH105 - paths are str here, see join
            self._open.discard(part)

    def close(self) -> None:
        """Remove all unfinished files; nothing is renamed from now on."""
        with self._lock:
            self.closed = True
            left, self._open = self._open, set()
        for part in left:
            with suppress(OSError):
                os.unlink(part.path)  # noqa: PTH108 - same

    def _sweep(self) -> None:
        with os.scandir(self.path) as files:
            names = [file.name for file in files if file.name.startswith(".annokit-")]
        for name in names:
            found = _PART.fullmatch(name)
            if found and found["host"] == _HOST and not _is_running(int(found["process"])):
                with suppress(OSError):
                    (self.path / name).unlink()


def _is_running(process: int) -> bool:
    if process == os.getpid():
        return True
    if sys.platform == "win32":
        return False  # an open file can't be removed there, so trying is safe
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


class PartFile:
    """A file on its way: written in pieces, hashed meanwhile, renamed or removed at the end."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self.path = folder.join(f".annokit-{_HOST}-{os.getpid()}-{next(_numbers)}.part")
        self._file: BinaryIO | None = None
        folder.opened(self)
        try:
            self._file = open(self.path, "xb", buffering=0)  # noqa: SIM115, PTH123 - closed by publish or discard
        except OSError as error:
            folder.settled(self)
            refuse(error, self.path)
        if folder.closed:
            self.discard()
            raise StoppedError
        self.restart()

    def restart(self) -> None:
        """Empty the file."""
        self.length = 0
        self.head = b""
        self._hash = hashlib.sha256()
        if self._file is not None and self._file.tell():
            self._do(self._file.seek, 0)
            self._do(self._file.truncate, 0)

    def write(self, piece: bytes) -> None:
        """Append `piece`; raises HaltError when the disk refuses."""
        if len(self.head) < 512:
            self.head += piece[: 512 - len(self.head)]
        view = memoryview(piece)
        while view:
            view = view[self._do(self._handle.write, view) :]
        self._hash.update(piece)
        self.length += len(piece)

    @property
    def sha256(self) -> str:
        """Hash of what was written, hexadecimal."""
        return self._hash.hexdigest()

    def publish(self, target: str) -> int:
        """Flush to the disk and rename to `target`; return the time of the last change in nanoseconds."""
        self._do(os.fsync, self._handle.fileno())
        changed = os.fstat(self._handle.fileno()).st_mtime_ns
        self._handle.close()
        try:
            self._folder.publish(self, target)
        except OSError as error:
            self.discard()
            refuse(error, target)
        return changed

    def discard(self) -> None:
        """Close and remove the file."""
        if self._file is not None:
            self._file.close()
        with suppress(OSError):
            os.unlink(self.path)  # noqa: PTH108 - same
        self._folder.settled(self)

    @property
    def _handle(self) -> BinaryIO:
        if self._file is None or self._file.closed:
            raise StoppedError
        return self._file

    def _do(self, action: object, *args: object) -> int:
        try:
            return action(*args) or 0  # type: ignore[operator]
        except OSError as error:
            self.discard()
            refuse(error, self.path)
