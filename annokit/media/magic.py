"""Kinds of file by their first bytes, and whether a PNG or JPEG file is whole."""

from __future__ import annotations

import mmap
import re
from collections.abc import Callable
from os import PathLike
from pathlib import Path

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"

_SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, PNG_SIGNATURE, "png"),
    (0, b"\xff\xd8\xff", "jpeg"),
    (0, b"GIF87a", "gif"),
    (0, b"GIF89a", "gif"),
    (0, b"BM", "bmp"),
    (8, b"WEBP", "webp"),
    (0, b"II*\0", "tiff"),
    (0, b"MM\0*", "tiff"),
    (0, b"II+\0", "tiff"),
    (0, b"MM\0+", "tiff"),
    (4, b"ftypavif", "avif"),
    (4, b"ftypheic", "heic"),
    (4, b"ftypmif1", "heic"),
    (4, b"ftyp", "mp4"),
    (0, b"\0\0\0\x0cjP  ", "jp2"),
    (0, b"\x1aE\xdf\xa3", "matroska"),
    (8, b"AVI ", "avi"),
    (0, b"PK\x03\x04", "zip"),
    (0, b"PK\x05\x06", "zip"),
    (0, b"\x1f\x8b", "gzip"),
    (0, b"%PDF-", "pdf"),
)

_TEXT = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:"
    rb"(?P<html><!doctype\s+html|<(?:html|head|body|script|title|meta|div|p|h1)\b)"
    rb"|(?P<xml><[?!]?[a-z_:])"
    rb'|(?P<json>\{\s*(?:["}]|$)|\[\s*(?:[\[{"\]\-0-9tfn]|$)))',
    re.IGNORECASE,
)

IMAGE_KINDS = frozenset({"png", "jpeg", "gif", "bmp", "webp", "tiff", "avif", "heic", "jp2"})
"""The kinds that :func:`sniff` names and that are still images."""


def sniff(head: bytes) -> str | None:
    """Return the kind of a file by its first bytes.

    Parameters
    ----------
    head : bytes
        The first bytes of the file; 64 are enough for most, 512 for text behind blank lines.

    Returns
    -------
    str or None
        ``png jpeg gif bmp webp tiff avif heic jp2 mp4 avi matroska zip gzip pdf html xml json``, None for others.

    Examples
    --------
    >>> sniff(b"<!DOCTYPE html><html>")
    'html'
    """
    for offset, mark, kind in _SIGNATURES:
        if head.startswith(mark, offset):
            return kind
    found = _TEXT.match(head)
    return found.lastgroup if found else None


def is_complete(source: str | PathLike[str] | bytes) -> bool:
    """Tell whether an image file is whole: its structure is walked to the end, its pixels are not decoded.

    Parameters
    ----------
    source : path or bytes
        The file, or its contents.

    Returns
    -------
    bool
        For PNG: signature, all chunks and ``IEND``; for JPEG: an end-of-image marker after the pixel data; for GIF,
        WebP and BMP the end or length that they state. Other kinds are taken as complete unless they are empty.
    """
    if isinstance(source, bytes):
        return _is_complete(source)
    with Path(source).open("rb") as file:
        head = file.read(1)
        if not head:
            return False
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _is_complete(data)


def _is_complete(data: bytes | mmap.mmap) -> bool:
    check = _CHECKS.get(sniff(data[:64]) or "")
    return len(data) > 0 if check is None else check(data)


def _png_complete(data: bytes | mmap.mmap) -> bool:
    position = len(PNG_SIGNATURE)
    while position + 12 <= len(data):
        kind = data[position + 4 : position + 8]
        position += 12 + int.from_bytes(data[position : position + 4], "big")
        if kind == b"IEND":
            return position <= len(data)
    return False


_JPEG_MARKER = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])", re.DOTALL)
_JPEG_BARE = frozenset({0x01, 0xD8})


def _jpeg_complete(data: bytes | mmap.mmap) -> bool:
    position, seen_scan = 2, False
    while found := _JPEG_MARKER.search(data, position):
        marker = found[1][0]
        position = found.end()
        if marker == 0xD9:
            return seen_scan
        seen_scan = seen_scan or marker == 0xDA
        if marker not in _JPEG_BARE:
            position += int.from_bytes(data[position : position + 2], "big")
    return False


def _gif_complete(data: bytes | mmap.mmap) -> bool:
    return data[-64:].rstrip(b"\0").endswith(b";")


def _webp_complete(data: bytes | mmap.mmap) -> bool:
    return len(data) >= 8 + int.from_bytes(data[4:8], "little")


def _bmp_complete(data: bytes | mmap.mmap) -> bool:
    return len(data) >= int.from_bytes(data[2:6], "little")


_CHECKS: dict[str, Callable[[bytes | mmap.mmap], bool]] = {
    "png": _png_complete,
    "jpeg": _jpeg_complete,
    "gif": _gif_complete,
    "webp": _webp_complete,
    "bmp": _bmp_complete,
}
