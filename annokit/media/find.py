"""Finding the media file that a record names, in one or several folders.

A record names its file by a relative path, by a bare name, or by a URL. The path is tried first, then the name alone;
two files that fit equally well are ambiguous and reported, never guessed.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import takewhile
from os import PathLike, fspath
from pathlib import Path
from urllib.parse import unquote, urlsplit

import attrs

from annokit.errors import MediaError

_IGNORED = re.compile(r"(?:^|/)(?:__MACOSX/|\._|\.annokit-)")


@attrs.frozen
class Ambiguous:
    """Several files fit one name equally well; none was taken."""

    name: str
    """The name that was looked for."""

    paths: tuple[Path, ...]
    """The files that fit, sorted."""


class MediaIndex:
    """The files in and below some folders, found by the names that records give them.

    The folders are listed once, on the first question, in one pass; links are followed, loops of links are not. A file
    that annokit wrote under a safe name is found by the original one, as the manifest beside it says.

    Parameters
    ----------
    folders : path or iterable of path
        Where to look. A file is found by its path relative to its folder.

    Raises
    ------
    FileNotFoundError
        One of them does not exist.
    MediaError
        One of them is no folder, or, on the first question, can't be listed.
    """

    def __init__(self, folders: str | PathLike[str] | Iterable[str | PathLike[str]]) -> None:
        listed = [folders] if isinstance(folders, str | PathLike) else list(folders)
        self.folders = tuple(Path(folder) for folder in listed)
        for folder in self.folders:
            if not folder.exists():
                raise FileNotFoundError(2, "No such folder", str(folder))
            if not folder.is_dir():
                raise MediaError(f"{folder}: this is a file; expected a folder with media", path=str(folder))

    def __len__(self) -> int:
        return len(self._files)

    def find(self, name: str) -> Path | Ambiguous | None:
        """Return the file that a record names.

        Parameters
        ----------
        name : str
            A relative path, a bare name, or a URL, whose path is used, percent-decoded, without its query.

        Returns
        -------
        Path, Ambiguous or None
            The whole relative path is tried first, then the last part alone; and both again with Unicode composition,
            then with case ignored. Of several files with one name, that which shares the most folders with the record
            (at least one) is taken; else they are `Ambiguous`. None when nothing fits.
        """
        for parts in _readings(name):
            for tables, fold in ((self._exact, _same), (self._composed, _compose), (self._folded, _fold)):
                rows = _lookup(tables, [fold(part) for part in parts])
                if rows:
                    return self._one(name, rows)
        return None

    def called(self, name: str) -> tuple[Path, ...]:
        """Return every file of that name, letter for letter, in and below the folders."""
        return tuple(Path(self._files[row]) for row in self._exact.last.get(name, ()))

    def __contains__(self, path: str | PathLike[str]) -> bool:
        """Tell whether a path leads to one of the files, links apart."""
        return os.path.normpath(path) in self._paths

    def _one(self, name: str, rows: list[int]) -> Path | Ambiguous:
        paths = [self._files[row] for row in rows]
        if len(paths) == 1 or len({os.path.realpath(path) for path in paths}) == 1:
            return Path(paths[0])
        return Ambiguous(name, tuple(Path(path) for path in sorted(paths)))

    @cached_property
    def _listed(self) -> tuple[list[str], list[str]]:
        names: list[str] = []
        files: list[str] = []
        for folder in self.folders:
            try:
                for name, path in scan(fspath(folder)):
                    if not _IGNORED.search(name):
                        names.append(name)
                        files.append(path)
            except OSError as error:
                raise MediaError(
                    f"{error.filename or folder}: can't be listed ({error.strerror})", path=str(folder)
                ) from error
        return _undone(names, files), files

    @property
    def _files(self) -> list[str]:
        return self._listed[1]

    @cached_property
    def _paths(self) -> frozenset[str]:
        return frozenset(map(os.path.normpath, self._files))

    @cached_property
    def _exact(self) -> _Tables:
        return _tables(self._listed[0])

    @cached_property
    def _composed(self) -> _Tables:
        return _tables([_compose(name) for name in self._listed[0]])

    @cached_property
    def _folded(self) -> _Tables:
        return _tables([_fold(name) for name in self._listed[0]])


def _undone(names: list[str], files: list[str]) -> list[str]:
    """Return names in which those that annokit made safe are the original ones, by the manifests among the files."""
    from annokit.codecs.names import MANIFEST, read_manifest
    from annokit.codecs.source import open_source

    found = [row for row, name in enumerate(names) if name.rpartition("/")[2] == MANIFEST]
    originals: dict[str, str] = {}
    for row in found:
        folder = names[row].removesuffix(MANIFEST)
        with open_source(os.path.dirname(files[row])) as source:  # noqa: PTH120 - paths are text here
            originals.update({f"{folder}{file}": f"{folder}{name}" for file, name in read_manifest(source).items()})
    return [originals.get(name, name) for name in names] if originals else names


def scan(root: str) -> Iterator[tuple[str, str]]:
    """Yield (relative name with ``/``, path) of every regular file in and below a folder, in no special order.

    Links are followed unless they lead back to a folder that holds them.

    Raises
    ------
    OSError
        A folder can't be listed; ``filename`` names it.
    """
    pending: list[tuple[str, str, frozenset[tuple[int, int]]]] = [(root, "", frozenset())]
    while pending:
        folder, prefix, above = pending.pop()
        state = os.stat(folder)  # noqa: PTH116 - no Path objects in a loop over every folder
        here = (state.st_dev, state.st_ino)
        if here in above:
            continue
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_file():
                    yield prefix + entry.name, entry.path
                elif entry.is_dir():
                    pending.append((entry.path, f"{prefix}{entry.name}/", above | {here}))


@attrs.frozen
class _Tables:
    """Rows of the listed files by name, one pair per way of comparing."""

    names: list[str]
    whole: dict[str, list[int]]
    last: dict[str, list[int]]


def _tables(names: list[str]) -> _Tables:
    whole: dict[str, list[int]] = {}
    last: dict[str, list[int]] = {}
    for row, name in enumerate(names):
        whole.setdefault(name, []).append(row)
        last.setdefault(name.rpartition("/")[2], []).append(row)
    return _Tables(names, whole, last)


def _lookup(tables: _Tables, parts: list[str]) -> list[int] | None:
    rows = tables.whole.get("/".join(parts)) or tables.last.get(parts[-1])
    if rows is None or len(rows) == 1:
        return rows
    tails = [_common_tail(parts, tables.names[row].split("/")) for row in rows]
    longest = max(tails)
    return [row for row, tail in zip(rows, tails, strict=True) if tail == longest] if longest > 1 else rows


def _common_tail(first: list[str], second: list[str]) -> int:
    pairs = zip(reversed(first), reversed(second), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _readings(name: str) -> list[list[str]]:
    """Return the path parts that a name may mean: for a URL decoded, then as it is."""
    texts = [name]
    if "://" in name:
        try:
            path = urlsplit(name).path
        except ValueError:
            return []
        texts = [unquote(path), path]
    readings = [[part for part in text.replace("\\", "/").split("/") if part not in ("", ".")] for text in texts]
    return [parts for parts in readings if parts]


def _same(text: str) -> str:
    return text


def _compose(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _fold(text: str) -> str:
    return (
        text.lower() if text.isascii() else unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
    )
