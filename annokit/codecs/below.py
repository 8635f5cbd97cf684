"""A part of a tree as a tree of its own: what lies in one folder, to read from and to write to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from os import PathLike
from pathlib import Path
from typing import BinaryIO

from annokit.codecs.output import Output
from annokit.codecs.source import Source
from annokit.errors import FormatError


class BelowSource(Source):
    """The files of one folder of a source.

    Parameters
    ----------
    source : Source
        The whole; it stays open when this is closed.
    folder : str
        The folder, without a slash at its end; empty for the top.
    shared : mapping of str to str, optional
        Further files of the source by the names that they have here, where no file of the folder has that name.
    """

    def __init__(self, source: Source, folder: str, shared: Mapping[str, str] | None = None) -> None:
        self.kind = source.kind
        self.label = source.where(folder) if folder else source.label
        self.limits = source.limits
        self._source = source
        prefix = f"{folder}/" if folder else ""
        own = {name[len(prefix) :]: name for name in source.names() if name.startswith(prefix)}
        self._members = {**(shared or {}), **own}

    def _list(self) -> Iterator[str]:
        return iter(self._members)

    def _member(self, name: str) -> str:
        try:
            return self._members[name]
        except KeyError:
            raise FormatError("there is no such file", path=self.where(name)) from None

    def _open(self, name: str) -> BinaryIO:
        return self._source.open(self._member(name))

    def _size(self, name: str) -> int | None:
        return self._source.size(self._member(name))

    def read(self, name: str, most: int | None = None) -> bytes:
        """Return the bytes of a member, or the first `most` of them."""
        return self._source.read(self._member(name), most)

    def where(self, name: str) -> str:
        """Return what the whole source calls a member."""
        return self._source.where(self._members[name]) if name in self._members else super().where(name)

    def path(self, name: str) -> Path | None:
        """Return the file on disk that holds exactly this member, None where there is none."""
        return self._source.path(self._members[name]) if name in self._members else None


class BelowOutput(Output):
    """One folder of an output; finishing is the whole's business.

    Parameters
    ----------
    output : Output
        The whole, already started.
    folder : str
        The folder, without a slash at its end.
    """

    kind = "folder"

    def __init__(self, output: Output, folder: str) -> None:
        self.label = f"{output.label}/{folder}"
        self._output = output
        self._prefix = f"{folder}/"

    def write(self, name: str, data: bytes | memoryview) -> None:
        """Write a whole file."""
        self._output.write(self._prefix + name, data)

    def open(self, name: str) -> BinaryIO:
        """Open a file for writing."""
        return self._output.open(self._prefix + name)

    def copy(self, name: str, path: str | PathLike[str]) -> None:
        """Copy a file from disk."""
        self._output.copy(self._prefix + name, path)

    def link(self, name: str, path: str | PathLike[str]) -> None:
        """Make a hard link to a file on disk, or copy it."""
        self._output.link(self._prefix + name, path)

    def _start(self) -> None:
        """Do nothing: the whole was started."""

    def _finish(self) -> None:
        """Do nothing: the whole is finished later."""

    def _discard(self) -> None:
        """Do nothing: the whole is discarded."""
