"""Writing a folder as a whole or not at all."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from os import PathLike
from pathlib import Path
from typing import BinaryIO

from annokit.codecs.output import Output
from annokit.codecs.source import OUTSIDE
from annokit.codecs.target import BUFFER_BYTES, make_parents, outside, remove_empty, temporary_beside, twice, unwritable
from annokit.errors import AnnokitError, UsageError

_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
_BAD_PART = re.compile(r"\A\.{0,2}\Z|\A[A-Za-z]:|[\\\0]")


class FolderOutput(Output):
    """A tree of files. Writing one costs little more than the system's own open, write and close."""

    kind = "folder"

    def __init__(self, place: Path, overwrite: bool) -> None:
        self.label = str(place)
        self._place = place
        self._overwrite = overwrite
        self._made: list[Path] = []
        self._root: Path | None = None
        self._prefix = ""
        self._folders: set[str] = set()
        self._opened: list[BinaryIO] = []

    def _path(self, name: str) -> str:
        folder, slash, part = name.rpartition("/")
        if _BAD_PART.search(part) or (slash and not folder):
            raise outside(self.label, name)
        if folder not in self._folders:
            if OUTSIDE.search(name):
                raise outside(self.label, name)
            Path(self._prefix + folder).mkdir(parents=True, exist_ok=True)
            self._folders.add(folder)
        return self._prefix + name

    def write(self, name: str, data: bytes | memoryview) -> None:
        """Write a whole file with one system call."""
        try:
            handle = os.open(self._path(name), _FLAGS, 0o666)
            try:
                done = os.write(handle, data)
                while done < len(data):
                    done += os.write(handle, memoryview(data)[done:])
            finally:
                os.close(handle)
        except OSError as error:
            raise self._failed(name, error) from error

    def open(self, name: str) -> BinaryIO:
        """Open a new file."""
        try:
            file = Path(self._path(name)).open("xb", BUFFER_BYTES)  # noqa: SIM115 - the caller closes it
        except OSError as error:
            raise self._failed(name, error) from error
        self._opened = [other for other in self._opened if not other.closed]
        self._opened.append(file)
        return file

    def copy(self, name: str, path: str | PathLike[str]) -> None:
        """Copy a file, with its modification time."""
        with Path(path).open("rb"):
            pass
        try:
            target = self._path(name)
            if os.path.lexists(target):
                raise twice(self.label, name)
            shutil.copy2(path, target)
        except OSError as error:
            raise self._failed(name, error) from error

    def link(self, name: str, path: str | PathLike[str]) -> None:
        """Make a hard link, or copy where the file system can't."""
        try:
            os.link(os.path.realpath(path), self._path(name))
        except FileNotFoundError:
            raise
        except FileExistsError as error:
            raise twice(self.label, name) from error
        except OSError:
            self.copy(name, path)

    def going(self) -> list[str]:
        """Return the files of the folder to be replaced that the new tree lacks."""
        here = str(self._place)
        found = []
        if self._root is not None and self._root.parent != self._place:
            for folder, _, files in os.walk(here):
                inner = self._prefix + os.path.relpath(folder, here)
                found += [os.path.join(folder, file) for file in files if not os.path.lexists(f"{inner}/{file}")]  # noqa: PTH118 - many
        return found

    def _failed(self, name: str, error: OSError) -> AnnokitError:
        if isinstance(error, FileExistsError | IsADirectoryError | NotADirectoryError):
            return twice(self.label, name)
        return unwritable(f"{self.label}/{name}", error)

    def _start(self) -> None:
        self._check()
        self._place = self._place.resolve()
        self._made = make_parents(self._place)
        inside = self._place.is_dir() and not any(self._place.iterdir())
        root = temporary_beside(self._place / "x" if inside else self._place)
        root.mkdir()
        self._root = root
        self._prefix = f"{root}/"
        self._folders = {""}

    def _check(self) -> None:
        if not self._place.exists():
            return
        if not self._place.is_dir():
            raise UsageError(f"{self.label} is a file; expected a path for a folder")
        if not any(self._place.iterdir()):
            return
        if not self._overwrite:
            raise UsageError(f"{self.label} exists already and is not empty; give overwrite=True to replace it")
        real = self._place.resolve()
        for name, folder in (("current", Path.cwd()), ("home", Path.home())):
            if folder.resolve().is_relative_to(real):
                raise UsageError(f"{self.label} holds the {name} folder and is not replaced; choose another path")

    def _finish(self) -> None:
        assert self._root is not None
        for file in self._opened:
            file.close()
        if self._root.parent == self._place:
            self._move_up(self._root)
        elif self._place.exists():
            self._check()
            self._swap(self._root)
        else:
            self._root.rename(self._place)

    def _move_up(self, root: Path) -> None:
        """Fill an empty folder that was there before; it stays the same folder, maybe a mount point."""
        moved: list[Path] = []
        try:
            for entry in sorted(root.iterdir()):
                moved.append(self._place / entry.name)
                self._refuse(moved)
                entry.rename(moved[-1])
        except BaseException:
            for path in moved:
                with contextlib.suppress(OSError):
                    path.rename(root / path.name)
            raise
        root.rmdir()

    def _refuse(self, moved: list[Path]) -> None:
        if os.path.lexists(moved[-1]):
            raise twice(self.label, moved.pop().name)

    def _swap(self, root: Path) -> None:
        aside = temporary_beside(self._place)
        self._place.rename(aside)
        try:
            root.rename(self._place)
        except BaseException:
            aside.rename(self._place)
            raise
        shutil.rmtree(aside, ignore_errors=True)

    def _discard(self) -> None:
        for file in self._opened:
            with contextlib.suppress(OSError):
                file.close()
        if self._root is not None:
            shutil.rmtree(self._root, ignore_errors=True)
        remove_empty(self._made)
