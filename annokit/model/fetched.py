"""The files that a fetch left for the items of a dataset, found by what is known of the items."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from annokit.columns import MISSING, Table
from annokit.media.fetched import FetchedFiles, Owner, address
from annokit.media.find import Ambiguous, MediaIndex

if TYPE_CHECKING:
    from annokit.model.dataset import Dataset

Hit = Path | Ambiguous | None


class Owners:
    """The owners of a dataset's files, item by item.

    Parameters
    ----------
    ds : Dataset
        Whose items.
    """

    def __init__(self, ds: Dataset) -> None:
        self._names = ds.names
        self._items = ds._items
        self._sequences = _values(ds._sequences, "id")
        self._sequence = ds._items.array("sequence")

    def of(self, row: int) -> Owner:
        """Return the owner of an item's pixels."""
        sequence = int(self._sequence[row])
        return Owner(
            name=_text(self._names[row]),
            uri=_text(address(_string(self._items.value("uri", row)))),
            id=_ident(self._items.value("id", row)),
            sequence=None if sequence < 0 else _ident(self._sequences[sequence]),
        )

    def of_bitmap(self, row: int) -> Owner:
        """Return the owner of the bitmap of an item's labels."""
        stated = bitmap_urls(self._items.value("bitmap", row))
        return attrs.evolve(self.of(row), uri=_text(address(stated[0])) if stated else None, role="bitmap_path")


class Fetched:
    """The fetched files in some folders, by the rows of a dataset.

    Parameters
    ----------
    ds : Dataset
        Whose items.
    index : MediaIndex
        The folders.
    """

    def __init__(self, ds: Dataset, index: MediaIndex) -> None:
        self._files = FetchedFiles(index)
        self._owners = Owners(ds)

    def pixels(self, row: int) -> Hit:
        """Return the file of an item's pixels."""
        return self._files.find(self._owners.of(row)) if self._files else None

    def bitmap(self, row: int) -> Hit:
        """Return the file of the bitmap of an item's labels."""
        return self._files.find(self._owners.of_bitmap(row)) if self._files else None

    def own(self, row: int, hit: Hit) -> Hit:
        """Return what was found by name, without files that are known to belong to other items."""
        return self._cleared(hit, self._owners.of(row)) if self._files else hit

    def own_bitmap(self, row: int, hit: Hit) -> Hit:
        """Return what was found by name for a bitmap, likewise."""
        return self._cleared(hit, self._owners.of_bitmap(row)) if self._files else hit

    def _cleared(self, hit: Hit, owner: Owner) -> Hit:
        if hit is None:
            return None
        paths = [hit] if isinstance(hit, Path) else list(hit.paths)
        left = tuple(path for path in paths if not self._files.is_foreign(path, owner))
        if len(left) == len(paths):
            return hit
        return left[0] if len(left) == 1 else Ambiguous(owner.name or "", left) if left else None


def bitmap_urls(stated: Any) -> tuple[str, ...]:
    """Return the URLs of a value of the column ``bitmap``: the lasting one first, that to be asked for last.

    Examples
    --------
    >>> bitmap_urls({"name": "https://h/a.png", "url": "https://h/a.png?signature=1"})
    ('https://h/a.png', 'https://h/a.png?signature=1')
    """
    found = [stated.get("name"), stated.get("url")] if isinstance(stated, dict) else [stated]
    return tuple(text for text in found if isinstance(text, str) and "://" in text)


def _values(table: Table, name: str) -> list[Any]:
    return [table.value(name, row) for row in range(len(table))]


def _string(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _ident(value: Any) -> int | str | None:
    if value is MISSING or not isinstance(value, int | str):
        return None
    return _text(value) if isinstance(value, str) else value


def _text(text: str | None) -> str | None:
    """Return `text` so that it can be written: half of a surrogate pair becomes a question mark."""
    return None if text is None else text.encode("utf-8", "replace").decode()
