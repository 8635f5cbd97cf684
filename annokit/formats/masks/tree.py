"""Which PNG belongs to which picture: the manifest that annokit writes, or the names of the files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from annokit.columns.json import dumps, loads
from annokit.errors import FormatError
from annokit.formats.masks.dialects import MANIFEST

if TYPE_CHECKING:
    from annokit.codecs.source import Source

Class = int | str | None
"""A class by its value or its name; None where it is not known."""

MOST = 2**53
"""Where the numbers of a manifest end."""


@attrs.frozen
class MaskFile:
    """One PNG, and what its name tells."""

    file: str
    """Name in the tree."""

    label: Class = None
    """The class, where a PNG holds a single object or label."""

    number: int | None = None
    """Number among the objects of one class."""


@attrs.frozen(kw_only=True)
class Picture:
    """One picture or frame, and its PNGs."""

    name: str
    """Name of the item."""

    masks: tuple[MaskFile, ...] = ()
    """Its PNGs, in the order of its annotations."""

    size: tuple[int, int] | None = None
    """Width and height where something but the PNGs tells them."""

    video: str | None = None
    """Name of the video that it is a frame of."""

    frame: int | None = None
    """Number of the frame."""

    title: str | None = None
    """What a class map calls it or its video, where that is another name."""

    picture: str | None = None
    """The picture's own file in the tree."""

    path: Path | None = None
    """The picture itself, where it lies in the tree."""

    colors: str | None = None
    """A PNG in which labels have their colours, where no other tells them."""


def format_manifest(dialect: str, pictures: Iterable[Picture]) -> bytes:
    """Return the manifest: an item a line."""
    head = f'{{"annokit": "masks", "version": 1, "dialect": "{dialect}", "items": ['
    lines = [dumps(_record(picture)).decode() for picture in pictures]
    return (head + "\n" + ",\n".join(lines) + "\n]}\n").encode("utf-8", "surrogatepass")


def _record(picture: Picture) -> dict[str, Any]:
    record: dict[str, Any] = {"name": picture.name}
    if picture.video is not None:
        record |= {"video": picture.video, "frame": picture.frame}
    if picture.title is not None:
        record["title"] = picture.title
    if picture.picture is not None:
        record["picture"] = picture.picture
    if picture.size is not None:
        record["size"] = list(picture.size)
    record["masks"] = [
        mask.file if mask.label is None else [mask.file, mask.label, mask.number] for mask in picture.masks
    ]
    return record


def read_manifest(source: Source) -> tuple[str, list[Picture]] | None:
    """Return the dialect and the pictures of a tree that annokit wrote, None where it has no manifest.

    Raises
    ------
    FormatError
        The manifest is damaged.
    """
    if source.kind == "file" or MANIFEST not in source:
        return None
    where = source.where(MANIFEST)
    try:
        document = loads(source.read(MANIFEST))
    except (ValueError, RecursionError) as error:
        raise FormatError(f"the manifest is no JSON ({error})", path=where) from error
    items = document.get("items") if isinstance(document, dict) else None
    if not isinstance(items, list):
        raise FormatError("the manifest holds no items", path=where, expected='{"items": [...]}')
    return str(document.get("dialect")), [_picture(item, f"/items/{place}", where) for place, item in enumerate(items)]


def _picture(record: Any, pointer: str, where: str) -> Picture:
    try:
        masks = tuple(_mask(entry) for entry in record["masks"])
        size, video = record.get("size"), record.get("video")
        return Picture(
            name=_typed(record["name"], str),
            masks=masks,
            size=None if size is None else (_typed(size[0], int), _typed(size[1], int)),
            video=None if video is None else _typed(video, str),
            frame=None if video is None else _typed(record["frame"], int),
            picture=None if record.get("picture") is None else _typed(record["picture"], str),
            title=None if record.get("title") is None else _typed(record["title"], str),
        )
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise FormatError(
            "this is no item of a manifest", path=where, pointer=pointer, found=f"{record!r:.80}"
        ) from error


def _mask(entry: Any) -> MaskFile:
    if isinstance(entry, str):
        return MaskFile(entry)
    file, label, number = entry
    if type(label) is not int and not isinstance(label, str):
        raise TypeError(label)
    return MaskFile(_typed(file, str), label, None if number is None else _typed(number, int))


def _typed(value: Any, kind: type) -> Any:
    if type(value) is not kind or (isinstance(value, int) and abs(value) >= MOST):
        raise TypeError(value)
    return value
