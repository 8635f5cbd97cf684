"""What the items of a dataset ask of the network: one ask per file that an item wants."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import attrs
import numpy as np

from annokit.codecs.address import identity
from annokit.columns import MISSING
from annokit.errors import UsageError
from annokit.media.fetched import address
from annokit.media.magic import IMAGE_KINDS
from annokit.model.fetched import bitmap_urls
from annokit.remote.job import Source, Url

if TYPE_CHECKING:
    from annokit.model.dataset import Dataset

SCHEMES = ("http", "https", "s3", "gs", "gcs")
"""Schemes of the URLs that can be fetched."""

WORKSPACE = "savant/workspaceId"
"""Where a sequence of SAVANT keeps the id of its workspace, among its extras."""


@attrs.frozen
class Ask:
    """One file that one item wants, or why it is not asked for."""

    row: int
    """Row of the item."""

    name: str
    """What the file should be called; made safe later."""

    source: Source | None = None
    """Where it comes from; None where it is not asked for."""

    key: str = ""
    """What the file is, as :class:`annokit.remote.job.Job` takes it."""

    kinds: frozenset[str] | None = None
    """Kinds of contents that are right; None: any but a web page."""

    role: str = "path"
    """Which column the file's path goes to: ``path`` or ``bitmap_path``."""

    fate: str = "failed"
    """``failed`` or ``skipped``, where it is not asked for."""

    reason: str = ""
    """Why it is not asked for."""


def url_asks(ds: Dataset) -> Iterator[Ask]:
    """Yield what the items of a dataset want by their URLs: their pixels, and the bitmaps of their labels."""
    uris, paths, bitmaps = (values(ds, name) for name in ("uri", "path", "bitmap"))
    for row, name in enumerate(ds.names):
        uri = uris[row]
        yield _of_pixels(ds, row, name, uri if isinstance(uri, str) else None, paths[row])
        stated = bitmap_urls(bitmaps[row])
        if stated and scheme_of(stated[-1]) is not None:
            ask = Ask(row, bitmap_name(name), kinds=IMAGE_KINDS, role="bitmap_path")
            yield _of_url(ask, stated[-1], stated[0])


def _of_pixels(ds: Dataset, row: int, name: str, uri: str | None, path: Any) -> Ask:
    if uri is not None and scheme_of(uri) is not None:
        return _of_url(Ask(row, file_name(name, uri)), uri)
    if isinstance(path, str):
        return Ask(row, name, fate="skipped", reason=f"it lies on this machine already: {path}")
    if uri is None:
        return Ask(row, name, reason="the item has no URL")
    return Ask(row, name, reason=f"this is no URL that can be fetched: {uri!r:.200}")


def _of_url(ask: Ask, url: str, known_as: str | None = None) -> Ask:
    try:
        return attrs.evolve(ask, source=Url.of(url), key=identity(known_as or url))
    except UsageError as error:
        return attrs.evolve(ask, reason=str(error))


def scheme_of(url: str) -> str | None:
    """Return the scheme of a URL that can be fetched, None for anything else.

    Examples
    --------
    >>> scheme_of("HTTPS://host/a.png"), scheme_of("images/a.png")
    ('https', None)
    """
    scheme, mark, _ = url.strip().partition("://")
    return scheme.lower() if mark and scheme.lower() in SCHEMES else None


def file_name(name: str, url: str) -> str:
    """Return what the file of an item should be called: as the item is, or as the video of which the item is a frame.

    Examples
    --------
    >>> file_name("clip.mp4#12", "https://host/clip.mp4"), file_name("a.png", "https://host/1")
    ('clip.mp4', 'a.png')
    """
    video, mark, number = name.rpartition("#")
    is_frame = mark and number.isdigit() and video.rpartition("/")[2] == _last_part(url)
    return video if is_frame else name


def _last_part(url: str) -> str:
    return unquote((address(url) or "").partition("?")[0].rpartition("/")[2])


def bitmap_name(name: str) -> str:
    """Return what the bitmap of an item's labels should be called.

    Examples
    --------
    >>> bitmap_name("train/a.jpg"), bitmap_name("a")
    ('train/a_bitmap.png', 'a_bitmap.png')
    """
    folder, slash, last = name.rpartition("/")
    stem, dot, _ = last.rpartition(".")
    return f"{folder}{slash}{stem if dot and stem else last}_bitmap.png"


def has_frames(ds: Dataset) -> bool:
    """Tell whether a dataset was read from a SAVANT batch, whose frames only the platform gives out."""
    return f"extras/{WORKSPACE}" in ds._sequences


def values(ds: Dataset, name: str) -> list[Any]:
    """Return every item's value of a column, MISSING where it has none."""
    column = ds._items.get(name)
    if column is None:
        return [MISSING] * len(ds)
    return column.values_of(np.arange(len(ds)))
