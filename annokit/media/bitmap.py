"""Writing label bitmaps: arrays of ids as PNG files, the same bytes every time.

A small encoder of its own, since label bitmaps are flat areas: subtracting the row above makes nearly all of a file
zeros, which compresses better and several times faster than a general encoder's search for the best filter.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from os import PathLike
from pathlib import Path
from typing import BinaryIO

import attrs
import numpy as np

from annokit.errors import UsageError
from annokit.media.magic import PNG_SIGNATURE


@attrs.frozen
class _Encoding:
    """How ids become PNG samples."""

    largest: int
    """Largest id."""

    depth: int
    """Bits per sample, as in the PNG header."""

    color: int
    """Colour type, as in the PNG header."""

    samples: Callable[[np.ndarray], np.ndarray]
    """From (H, W) integers to (H, row bytes) uint8."""


def _rgba24(ids: np.ndarray) -> np.ndarray:
    return (ids.astype("<u4") | np.uint32(0xFF000000)).view(np.uint8)


def _rgb24(ids: np.ndarray) -> np.ndarray:
    parts = ids.astype("<u4").view(np.uint8).reshape(*ids.shape, 4)
    return np.ascontiguousarray(parts[:, :, :3]).reshape(ids.shape[0], -1)


def _bytes(ids: np.ndarray) -> np.ndarray:
    return ids.astype(np.uint8)


def _big_endian_16(ids: np.ndarray) -> np.ndarray:
    return ids.astype(">u2").view(np.uint8)


ENCODINGS: dict[str, _Encoding] = {
    "rgba24": _Encoding(0xFFFFFF, 8, 6, _rgba24),
    "rgb24": _Encoding(0xFFFFFF, 8, 2, _rgb24),
    "gray8": _Encoding(0xFF, 8, 0, _bytes),
    "gray16": _Encoding(0xFFFF, 16, 0, _big_endian_16),
    "palette": _Encoding(0xFF, 8, 3, _bytes),
}
"""Known encodings: 24-bit ids in RGBA, red lowest and alpha 255; the same in RGB; 8-bit grey; 16-bit grey; index."""


def encode_label_bitmap(ids: np.ndarray, encoding: str = "rgba24", *, palette: np.ndarray | None = None) -> bytes:
    """Return ids as a PNG file.

    Parameters
    ----------
    ids : (H, W) array of integers or bool
        From 0 to the encoding's largest value.
    encoding : {"rgba24", "rgb24", "gray8", "gray16", "palette"}
        How a pixel holds its id; see :data:`ENCODINGS`.
    palette : (n, 3) uint8 array, optional
        Red, green and blue of each index, for ``palette`` and only there; n is at most 256 and above the largest id.

    Raises
    ------
    UsageError
        The array is empty, not two-dimensional, not of integers, or has values that the encoding can't hold.
    """
    how = _checked(ids, encoding, palette)
    rows = how.samples(np.ascontiguousarray(ids))
    filtered = np.empty((rows.shape[0], rows.shape[1] + 1), np.uint8)
    filtered[:, 0] = 2  # "up": each row as the difference from the one above
    filtered[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    header = struct.pack(">IIBBBBB", ids.shape[1], ids.shape[0], how.depth, how.color, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(filtered.data, 6)), (b"IEND", b"")]
    if palette is not None:
        chunks.insert(1, (b"PLTE", np.ascontiguousarray(palette, np.uint8).tobytes()))
    return PNG_SIGNATURE + b"".join(_chunk(kind, data) for kind, data in chunks)


def save_label_bitmap(
    ids: np.ndarray,
    file: str | PathLike[str] | BinaryIO,
    encoding: str = "rgba24",
    *,
    palette: np.ndarray | None = None,
) -> None:
    """Write ids as a PNG file; parameters and errors as for :func:`encode_label_bitmap`.

    Parameters
    ----------
    file : path or binary file
        Where to write; nothing is touched unless the ids can be encoded.
    """
    data = encode_label_bitmap(ids, encoding, palette=palette)
    if isinstance(file, str | PathLike):
        Path(file).write_bytes(data)
    else:
        file.write(data)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))


def _checked(ids: np.ndarray, encoding: str, palette: np.ndarray | None) -> _Encoding:
    how = ENCODINGS.get(encoding)
    if how is None:
        raise UsageError(f"unknown encoding {encoding!r}; expected one of {', '.join(sorted(ENCODINGS))}")
    if ids.ndim != 2 or ids.dtype.kind not in "uib" or not ids.size:
        raise UsageError(f"a label bitmap is a non-empty (H, W) array of integers; found {ids.shape} of {ids.dtype}")
    if (palette is None) != (encoding != "palette"):
        raise UsageError("the encoding 'palette' needs palette=, and only that one takes it")
    largest = how.largest if palette is None else min(how.largest, len(palette) - 1)
    if palette is not None and (palette.ndim != 2 or palette.shape[1] != 3 or not 1 <= len(palette) <= 256):
        raise UsageError(f"a palette is an (n, 3) array with n from 1 to 256; found {palette.shape}")
    low, high = int(ids.min()), int(ids.max())
    if low < 0 or high > largest:
        raise UsageError(f"ids run from {low} to {high}; the encoding {encoding!r} holds 0 to {largest} here")
    return how
