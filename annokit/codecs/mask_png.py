"""Masks as PNG pictures of one colour inside JSON: ``"data:image/png;base64,..."``.

A pixel belongs to the mask where its alpha is above 127; without an alpha channel, where any channel is above 0.
"""

from __future__ import annotations

import base64
import binascii
import io
import re
import struct
import zlib

import numpy as np
import orjson

from annokit.errors import FormatError, MediaError
from annokit.geometry import runs
from annokit.limits import DEFAULT_LIMITS, Limits
from annokit.media.magic import PNG_SIGNATURE

PREFIX = b"data:image/png;base64,"

_START = re.compile(rb'\A\s*(?:\{\s*"data"\s*:\s*)?"(?:data:image\\?/png;base64,)?')
"""Matches what stands before the base64 text: of a string, or of an object with the string under ``data``."""

_OPAQUE = 127

_TAIL = 64
"""Letters of base64, a multiple of four, in which the end of a PNG stands."""


def encode(mask: np.ndarray, color: tuple[int, ...] = (255, 0, 0)) -> bytes:
    """Return a mask as a JSON string, the same bytes every time.

    Parameters
    ----------
    mask : (height, width) bool array
        True where the mask is.
    color : (int, int, int), optional
        Red, green and blue of its pixels, 0 to 255; all others are transparent.
    """
    red, green, blue = color[:3]
    pixel = np.uint32(red | green << 8 | blue << 16 | 0xFF << 24)
    return b'"' + PREFIX + base64.b64encode(picture(np.where(mask, pixel, np.uint32(0)))) + b'"'


def picture(pixels: np.ndarray) -> bytes:
    """Return (height, width) uint32 pixels, red lowest and alpha highest, as an RGBA PNG file."""
    height, width = pixels.shape
    rows = np.ascontiguousarray(pixels.astype("<u4")).view(np.uint8).reshape(height, width * 4)
    filtered = np.empty((height, width * 4 + 1), np.uint8)
    filtered[:, 0] = 2  # "up": each row as the difference from the one above
    filtered[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(filtered.data, 6)), (b"IEND", b""))
    return PNG_SIGNATURE + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))


def size_of(text: bytes) -> tuple[int, int] | None:
    """Return (height, width) of the PNG in a JSON value by its header alone; None where there is none."""
    start = _START.match(text)
    if start is None:
        return None
    head = text[start.end() : start.end() + 48]
    try:
        data = base64.b64decode((head if b"\\" not in head else head.replace(b"\\/", b"/"))[:32], validate=True)
    except binascii.Error:
        return None
    if len(data) < 24 or not data.startswith(PNG_SIGNATURE) or data[12:16] != b"IHDR":
        return None
    width, height = struct.unpack(">II", data[16:24])
    return (height, width) if width and height else None


def is_whole(text: bytes) -> bool:
    """Tell whether the PNG in a JSON value has an end, which one that was cut lacks."""
    tail = text[-2 * _TAIL :].rstrip(b'"} \t\r\n').replace(b"\\/", b"/")[-_TAIL:]
    try:
        return b"IEND" in base64.b64decode(tail.rpartition(b",")[2], validate=True)
    except binascii.Error:
        return False


def decode(text: bytes, limits: Limits = DEFAULT_LIMITS) -> np.ndarray:
    """Return the mask that a JSON value states, (height, width) bool.

    Raises
    ------
    FormatError
        The value holds no PNG, or a damaged or too large one.
    """
    data = _binary(text)
    try:
        return foreground(data, limits)
    except MediaError as error:
        raise FormatError(f"a mask can't be decoded: {error}", found=_short(text)) from error


def counts(text: bytes, limits: Limits = DEFAULT_LIMITS) -> np.ndarray:
    """Return the (k,) int64 run lengths, down the columns, of the mask that a JSON value states."""
    return runs.encode(decode(text, limits))


def foreground(data: bytes, limits: Limits = DEFAULT_LIMITS) -> np.ndarray:
    """Return which pixels of a PNG file are not background, (height, width) bool; MediaError where it is none."""
    from annokit.media.image import open_image

    image = open_image(io.BytesIO(data), limits)
    if image.mode == "P":
        image = image.convert("RGBA")
    if "A" in image.getbands():
        return np.asarray(image.getchannel("A")) > _OPAQUE
    pixels = np.asarray(image)
    return np.asarray(pixels.any(axis=2) if pixels.ndim == 3 else pixels > 0)


def _binary(text: bytes) -> bytes:
    try:
        value = orjson.loads(text)
        stated = value["data"] if isinstance(value, dict) else value
        return base64.b64decode(stated.rpartition(",")[2], validate=True)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise FormatError(
            "a mask is no PNG in base64", found=_short(text), expected="data:image/png;base64,..."
        ) from error


def _short(text: bytes) -> str:
    return repr(text[:60].decode("utf-8", "replace"))
