"""Small pictures: decoded small where the file's kind allows it, and packed into a data URI of bounded length."""

from __future__ import annotations

import io
from base64 import b64encode
from typing import TYPE_CHECKING

from annokit.errors import MediaError
from annokit.limits import DEFAULT_LIMITS

if TYPE_CHECKING:
    from PIL.Image import Image

    from annokit.model.item import Item

URI_BYTES = 40_000
"""Longest data URI of one thumbnail."""

CRISP = 96
"""A picture with no side above this is kept pixel by pixel."""

_STEPS = ((1.0, 82), (1.0, 70), (1.0, 55), (0.8, 55), (0.65, 50), (0.5, 45), (0.35, 40), (0.25, 35), (0.12, 30))
"""Sizes and JPEG qualities tried in turn."""


def load_small(item: Item, longest: int) -> Image:
    """Return an item's picture, decoded no larger than needed for a longer side of `longest` pixels.

    Raises
    ------
    MediaError, FileNotFoundError
        As for :attr:`annokit.Item.image`.
    """
    path = item.path
    if path is None or path.suffix.lower() not in (".jpg", ".jpeg"):
        return shrunk(item.image, longest)
    from PIL import ImageOps

    from annokit.media.header import parse_header
    from annokit.media.pillow import lazily_opened, mapped

    with path.open("rb") as file:
        header = parse_header(file, str(path))
        width, height = header.stored_size
        if width * height > DEFAULT_LIMITS.pixels:
            raise MediaError(f"{path}: {width} x {height} pixels; the limit is {DEFAULT_LIMITS.pixels}", path=str(path))
        file.seek(0)
        image = lazily_opened(file, str(path), header.kind if header.kind == "jpeg" else None)
        with mapped(str(path)):
            image.draft(None, (longest, longest))
            image.load()
            return shrunk(ImageOps.exif_transpose(image), longest)


def shrunk(image: Image, longest: int) -> Image:
    """Return a picture whose longer side has at most `longest` pixels."""
    from PIL import Image as Pillow

    if max(image.size) <= longest:
        return image
    factor = longest / max(image.size)
    size = max(round(image.width * factor), 1), max(round(image.height * factor), 1)
    if image.mode in ("P", "1"):
        image = image.convert("RGBA" if "transparency" in image.info else "RGB")
    return image.resize(size, Pillow.Resampling.NEAREST if image.mode.startswith("I;") else Pillow.Resampling.LANCZOS)


def data_uri(image: Image, most: int = URI_BYTES) -> str:
    """Return a picture in red, green and blue as a data URI of at most `most` characters.

    A small one is a PNG, exact; others are JPEG, smaller and coarser until they fit.
    """
    if max(image.size) <= CRISP:
        found = _uri(image, "png")
        if len(found) <= most:
            return found
    for share, quality in _STEPS:
        found = _uri(shrunk(image, max(round(max(image.size) * share), 1)), "jpeg", quality=quality)
        if len(found) <= most:
            break
    return found


def _uri(image: Image, kind: str, **options: int) -> str:
    buffer = io.BytesIO()
    image.save(buffer, kind.upper(), optimize=True, **options)
    return f"data:image/{kind};base64,{b64encode(buffer.getvalue()).decode('ascii')}"
