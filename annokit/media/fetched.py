"""Which file of a folder belongs to which item: what a download notes beside the files that it wrote.

A fetched file may be called otherwise than its item: names are made safe, the suffix follows the contents, and frames
of several videos often share one name. So each line of ``annokit-fetch.jsonl`` tells the items of its file, by three
ways of knowing one: the ids of item and sequence, the address, and the name. The first two identify; a name alone is
taken only where they do not contradict it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import msgspec

from annokit.codecs.address import identity
from annokit.errors import UsageError
from annokit.media.find import Ambiguous

if TYPE_CHECKING:
    from annokit.media.find import MediaIndex

MANIFEST = "annokit-fetch.jsonl"
"""The file, in the folder of a download, that tells what lies there."""

ROLES = ("path", "bitmap_path")
"""What a file is to its item: its pixels, or the bitmap of its labels."""

Ident = int | str | None


@attrs.frozen
class Owner:
    """What is known of an item that a file belongs to."""

    name: str | None = None
    """Name of the item."""

    uri: str | None = None
    """Where the file comes from, without signature; see :func:`address`."""

    id: Ident = None
    """Id of the item; counts together with the sequence."""

    sequence: Ident = None
    """Id of its sequence."""

    role: str = "path"
    """One of :data:`ROLES`."""

    @property
    def pair(self) -> tuple[Ident, Ident] | None:
        """Ids of sequence and item, None unless both are known."""
        return None if self.id is None or self.sequence is None else (self.sequence, self.id)

    def contradicts(self, other: Owner) -> bool:
        """Tell whether the two can't be one item: something that identifies both differs, and nothing agrees."""
        both = [(self.uri, other.uri), (self.pair, other.pair)]
        known = [mine == its for mine, its in both if mine is not None and its is not None]
        return self.role != other.role or (bool(known) and not any(known))


def address(uri: str | None) -> str | None:
    """Return a URL without what changes from one export to the next, None for what is no URL.

    Examples
    --------
    >>> address("s3://bucket/a.png?X-Amz-Signature=abc"), address("images/a.png")
    ('s3://bucket/a.png', None)
    """
    if uri is None or "://" not in uri:
        return None
    try:
        return identity(uri)
    except UsageError:
        return None


@attrs.frozen
class _Line:
    key: str
    path: str
    owners: tuple[Owner, ...] = ()


class FetchedFiles:
    """The files that downloads left in and below some folders, found by what is known of their items.

    Parameters
    ----------
    index : MediaIndex
        The folders.
    """

    def __init__(self, index: MediaIndex) -> None:
        self._owners: dict[str, list[Owner]] = {}
        for manifest in index.called(MANIFEST):
            noted = _read(manifest)
            self._owners |= {path: owners for path, owners in noted.items() if owners and path in index}

    def __bool__(self) -> bool:
        return bool(self._owners)

    def find(self, owner: Owner) -> Path | Ambiguous | None:
        """Return the file of an item: by its ids, else by its address, else by its name."""
        places = ((self._by_pair, owner.pair), (self._by_uri, owner.uri))
        for table, key in places:
            paths = table.get((owner.role, key), []) if key is not None else []
            if paths:
                return _one(owner, paths)
        named = self._by_name.get((owner.role, owner.name), [])
        paths = [path for path in named if not self.is_foreign(path, owner)]
        return _one(owner, paths) if paths else None

    def is_foreign(self, path: str | os.PathLike[str], owner: Owner) -> bool:
        """Tell whether a file is known to belong to other items than `owner`."""
        owners = self._owners.get(os.path.normpath(path))
        return owners is not None and all(owner.contradicts(other) for other in owners)

    @cached_property
    def _by_pair(self) -> dict[tuple[str, object], list[str]]:
        return self._table("pair")

    @cached_property
    def _by_uri(self) -> dict[tuple[str, object], list[str]]:
        return self._table("uri")

    @cached_property
    def _by_name(self) -> dict[tuple[str, object], list[str]]:
        return self._table("name")

    def _table(self, field: str) -> dict[tuple[str, object], list[str]]:
        table: dict[tuple[str, object], list[str]] = {}
        for path, owners in self._owners.items():
            for key in {(owner.role, getattr(owner, field)) for owner in owners}:
                table.setdefault(key, []).append(path)
        return table


def _one(owner: Owner, paths: list[str]) -> Path | Ambiguous:
    if len(paths) == 1 or len({os.path.realpath(path) for path in paths}) == 1:
        return Path(paths[0])
    return Ambiguous(owner.name or owner.uri or "", tuple(Path(path) for path in sorted(paths)))


def _read(manifest: Path) -> dict[str, list[Owner]]:
    """Return the owners of each file that a manifest names, its path joined to the manifest's folder."""
    decoder = msgspec.json.Decoder(_Line)
    lines: dict[str, _Line] = {}
    with manifest.open("rb") as file:
        for text in file:
            try:
                line = decoder.decode(text)
            except msgspec.DecodeError:
                continue
            lines[line.key] = line
    return _joined(manifest.parent, lines.values())


def _joined(folder: Path, lines: Iterable[_Line]) -> dict[str, list[Owner]]:
    found: dict[str, list[Owner]] = {}
    for line in lines:
        found.setdefault(os.path.normpath(folder / line.path), []).extend(line.owners)
    return found
