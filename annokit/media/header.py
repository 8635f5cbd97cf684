"""Width, height and EXIF orientation from an image file's header, without decoding a pixel.

The parsers below cover the kinds that labelled data come in and read a few kilobytes. Whatever they do not understand
goes to Pillow, which reads headers only, too. An ``eXIf`` chunk behind the pixel data of a PNG file is not looked for.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import BinaryIO

import attrs

from annokit.errors import MediaError
from annokit.media.magic import sniff

HEAD_BYTES = 4096


@attrs.frozen
class ImageHeader:
    """What an image file says about itself before its pixels."""

    kind: str
    """Kind of file, ``png``, ``jpeg``, ... as :func:`annokit.media.magic.sniff` or Pillow names it, in lower case."""

    stored_size: tuple[int, int]
    """(width, height) of the pixels as they lie in the file."""

    orientation: int = 1
    """EXIF orientation, 1 to 8; 1 where none is stated or the value makes no sense."""

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the image as displayed, orientation applied."""
        width, height = self.stored_size
        return (height, width) if self.orientation >= 5 else (width, height)


class _Odd(Exception):  # noqa: N818 - not an error, but the hand-over to Pillow
    """The header is not one that the quick parser understands."""


class _Window:
    """Random access to a file's bytes that answers from the first few kilobytes where it can."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.start = file.tell()
        self.head = file.read(HEAD_BYTES) or b""

    def at(self, offset: int, size: int) -> bytes:
        """Return exactly `size` bytes from `offset`, else hand over."""
        if offset + size <= len(self.head):
            return self.head[offset : offset + size]
        if len(self.head) < HEAD_BYTES:
            raise _Odd
        self.file.seek(self.start + offset)
        data = self.file.read(size)
        if len(data) < size:
            raise _Odd
        return data

    def most(self, offset: int, size: int) -> bytes:
        """Return up to `size` bytes from `offset`."""
        if offset + size <= len(self.head) or len(self.head) < HEAD_BYTES:
            return self.head[offset : offset + size]
        self.file.seek(self.start + offset)
        return self.file.read(size)


def parse_header(file: BinaryIO, label: str) -> ImageHeader:
    """Return the header of the image in a seekable binary file.

    Parameters
    ----------
    file : binary file
        Positioned at the image's first byte; the position afterwards is undefined.
    label : str
        Name for error messages.

    Raises
    ------
    MediaError
        The file is empty, cut short, or not an image.
    """
    window = _Window(file)
    kind = sniff(window.head)
    parser = _PARSERS.get(kind or "")
    if parser is not None:
        try:
            header = parser(window)
        except (_Odd, struct.error):
            pass
        else:
            if min(header.stored_size) > 0:
                return header
    if not window.head:
        raise MediaError(f"{label}: the file is empty", path=label)
    if kind in _NOT_IMAGES:
        raise MediaError(f"{label}: this is {_NOT_IMAGES[kind]}, not an image", path=label)
    file.seek(window.start)
    return _parse_with_pillow(file, label)


_NOT_IMAGES = {
    "html": "an HTML page",
    "xml": "XML text",
    "json": "JSON text",
    "zip": "a ZIP archive",
    "gzip": "a gzip file",
    "pdf": "a PDF document",
    "mp4": "a video",
    "avi": "a video",
    "matroska": "a video",
}


def _parse_with_pillow(file: BinaryIO, label: str) -> ImageHeader:
    from annokit.media.pillow import lazily_opened, mapped

    with mapped(label):
        image = lazily_opened(file, label)
        kind = (image.format or "unknown").lower()
        orientation = 1 if kind in ("png", "tiff") else int(image.getexif().get(0x0112) or 1)
        return ImageHeader(kind, image.size, orientation if 1 <= orientation <= 8 else 1)


def _png(window: _Window) -> ImageHeader:
    if window.at(12, 4) != b"IHDR":
        raise _Odd
    width, height = struct.unpack(">II", window.at(16, 8))
    return ImageHeader("png", (width, height), _png_orientation(window))


def _png_orientation(window: _Window) -> int:
    position = 33
    while len(chunk := window.most(position, 8)) == 8:
        size, kind = int.from_bytes(chunk[:4], "big"), chunk[4:]
        if kind == b"eXIf":
            return exif_orientation(window.most(position + 8, min(size, HEAD_BYTES)))
        if kind in (b"IDAT", b"IEND"):
            break
        position += 12 + size
    return 1


_SOF = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_BARE = frozenset({0x01, *range(0xD0, 0xD9)})


def _jpeg(window: _Window) -> ImageHeader:
    position, orientation = 2, None
    while True:
        first, marker = window.at(position, 2)
        if first != 0xFF or marker in (0xD9, 0xDA, 0x00):
            raise _Odd
        if marker == 0xFF:
            position += 1
            continue
        if marker in _BARE:
            position += 2
            continue
        if marker in _SOF:
            height, width = struct.unpack(">HH", window.at(position + 5, 4))
            return ImageHeader("jpeg", (width, height), orientation or 1)
        size = int.from_bytes(window.at(position + 2, 2), "big")
        if marker == 0xE1 and orientation is None and window.most(position + 4, 6) == b"Exif\0\0":
            orientation = exif_orientation(window.most(position + 10, min(size - 8, HEAD_BYTES)))
        position += 2 + max(size, 2)


def exif_orientation(data: bytes) -> int:
    """Return the orientation (1 to 8) in a TIFF-structured EXIF block, 1 when there is none.

    Only the first directory is looked at, so the first few kilobytes of the block are enough.
    """
    order = {b"II": "<", b"MM": ">"}.get(data[:2])
    if order is None or len(data) < 10:
        return 1
    (start,) = struct.unpack_from(order + "I", data, 4)
    if start + 2 > len(data):
        return 1
    (count,) = struct.unpack_from(order + "H", data, start)
    for offset in range(start + 2, min(start + 2 + 12 * count, len(data) - 11), 12):
        tag, kind, number, value = struct.unpack_from(order + "HHIH", data, offset)
        if tag == 0x0112:
            return value if kind == 3 and number >= 1 and 1 <= value <= 8 else 1
    return 1


def _gif(window: _Window) -> ImageHeader:
    width, height = struct.unpack("<HH", window.at(6, 4))
    return ImageHeader("gif", (width, height))


def _bmp(window: _Window) -> ImageHeader:
    (header,) = struct.unpack("<I", window.at(14, 4))
    if header == 12:
        width, height = struct.unpack("<HH", window.at(18, 4))
    elif header >= 40:
        width, height = struct.unpack("<ii", window.at(18, 8))
    else:
        raise _Odd
    return ImageHeader("bmp", (width, abs(height)))


def _webp(window: _Window) -> ImageHeader:
    kind, data = window.at(12, 4), window.at(20, 10)
    if kind == b"VP8 " and data[3:6] == b"\x9d\x01\x2a":
        width, height = struct.unpack("<HH", data[6:10])
        return ImageHeader("webp", (width & 0x3FFF, height & 0x3FFF))
    if kind == b"VP8L" and data[0] == 0x2F:
        bits = int.from_bytes(data[1:5], "little")
        return ImageHeader("webp", ((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1))
    if kind == b"VP8X":
        size = int.from_bytes(data[4:7], "little") + 1, int.from_bytes(data[7:10], "little") + 1
        return ImageHeader("webp", size, _webp_orientation(window) if data[0] & 0x08 else 1)
    raise _Odd


def _webp_orientation(window: _Window) -> int:
    position = 12
    while len(chunk := window.most(position, 8)) == 8:
        size = int.from_bytes(chunk[4:], "little")
        if chunk[:4] == b"EXIF":
            data = window.most(position + 8, min(size, HEAD_BYTES))
            return exif_orientation(data.removeprefix(b"Exif\0\0"))
        position += 8 + size + (size & 1)
    return 1


def _tiff(window: _Window) -> ImageHeader:
    order = "<" if window.head[:1] == b"I" else ">"
    version, start = struct.unpack(order + "HI", window.at(2, 6))
    if version != 42:
        raise _Odd
    (count,) = struct.unpack(order + "H", window.at(start, 2))
    entries = window.at(start + 2, 12 * count)
    fields: dict[int, int] = {}
    for tag, kind, number, raw in struct.iter_unpack(order + "HHI4s", entries):
        if kind in (3, 4) and number == 1:
            fields[tag] = struct.unpack(order + ("H2x" if kind == 3 else "I"), raw)[0]
    if 256 not in fields or 257 not in fields:
        raise _Odd
    orientation = fields.get(0x0112, 1)
    return ImageHeader("tiff", (fields[256], fields[257]), orientation if 1 <= orientation <= 8 else 1)


_PARSERS: dict[str, Callable[[_Window], ImageHeader]] = {
    "png": _png,
    "jpeg": _jpeg,
    "gif": _gif,
    "bmp": _bmp,
    "webp": _webp,
    "tiff": _tiff,
}
