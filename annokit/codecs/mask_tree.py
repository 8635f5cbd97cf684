"""Mask PNGs: what lies in one, and how one is written. Shared by all formats that state labels as pixels.

A label bitmap holds a number per pixel: grey of 1 to 16 bits, a palette's index, or 24 bits in RGB or RGBA with red
lowest. Tools that know only colour write grey as RGB with three equal channels; that is read as the grey it was.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import attrs
import numpy as np

from annokit.errors import MediaError
from annokit.geometry import labelmap, rle, runs
from annokit.geometry.labelmap import Objects
from annokit.limits import Limits

if TYPE_CHECKING:
    from annokit.codecs.source import Source

Size = tuple[int, int]

GREY = 0x010101
"""What a grey value is multiplied with where all three channels hold it."""

LARGEST = 0xFFFFFF
"""Largest number that a pixel can hold."""

_RGB = 2
"""Colour type of a PNG header."""


class _Named(io.BytesIO):
    """Bytes with the name that messages call them by."""

    name = ""


def load_values(source: Source, name: str) -> tuple[np.ndarray, bool]:
    """Return the numbers of a mask PNG.

    Returns
    -------
    values : (height, width) uint32 array
        As stored.
    rgb : bool
        Whether they are 24 bits of RGB, so that a tool may have meant grey; see :func:`plain_ids`.

    Raises
    ------
    MediaError
        There is no such file, it is no image, damaged, larger than the limit, or its pixels are no numbers.
    """
    from annokit.media.image import load_label_bitmap

    path = source.path(name)
    try:
        if path is not None:
            with path.open("rb") as file:
                head = file.read(26)
            return load_label_bitmap(path, source.limits), _is_rgb(head)
        file_bytes = _Named(source.read(name))
        file_bytes.name = source.where(name)
        return load_label_bitmap(file_bytes, source.limits), _is_rgb(file_bytes.getbuffer()[:26].tobytes())
    except OSError as error:
        raise MediaError(f"{source.where(name)}: can't be read ({error.strerror or error})", path=name) from error


def _is_rgb(head: bytes) -> bool:
    return len(head) == 26 and head[12:16] == b"IHDR" and head[25] == _RGB


def plain_ids(ids: np.ndarray) -> np.ndarray:
    """Return the ids of an RGB bitmap: grey values where the channels of every id are equal, else 24-bit numbers."""
    return ids // GREY if len(ids) and not (ids % GREY).any() else ids


def read_objects(source: Source, name: str, background: int = 0, *, colors: bool = False) -> Objects:
    """Return the objects of a mask PNG: one per number but `background`, in ascending order.

    Parameters
    ----------
    source : Source
        Where it lies.
    name : str
        Its name there.
    background : int
        The number that is no object.
    colors : bool
        Whether numbers are colours, so that three equal channels are no grey.

    Raises
    ------
    MediaError
        As for :func:`load_values`.
    """
    values, rgb = load_values(source, name)
    if not rgb or colors:
        return labelmap.objects(values, background)
    found = labelmap.objects(values, None)
    return _without(attrs.evolve(found, ids=plain_ids(found.ids)), background)


def _without(found: Objects, background: int) -> Objects:
    kept = np.flatnonzero(found.ids != background)
    data, offsets = _gathered(found, kept)
    return attrs.evolve(
        found, ids=found.ids[kept], areas=found.areas[kept], boxes=found.boxes[kept], data=data, offsets=offsets
    )


def _gathered(found: Objects, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    from annokit.geometry.ragged import gather

    return gather(found.data, found.offsets, rows)


def read_foreground(source: Source, name: str) -> tuple[Size, bytes | None]:
    """Return (height, width) of a binary mask PNG and its compressed run lengths, None where no pixel is set.

    Any number but 0 is foreground.

    Raises
    ------
    MediaError
        As for :func:`load_values`.
    """
    values, _ = load_values(source, name)
    flags = values != 0
    size = (flags.shape[0], flags.shape[1])
    return size, rle.dumps(runs.encode(flags)) if flags.any() else None


def encoding_for(largest: int) -> str:
    """Return the encoding of :mod:`annokit.media.bitmap` with the fewest bits that holds numbers up to `largest`."""
    return "gray8" if largest <= 0xFF else "gray16" if largest <= 0xFFFF else "rgba24"


DTYPES = {"gray8": np.uint8, "palette": np.uint8, "gray16": np.uint16, "rgba24": np.uint32}
"""Type of the array to paint in, by encoding."""


def within(size: Size, limits: Limits) -> bool:
    """Tell whether a bitmap of (height, width) may be made."""
    return 0 < size[0] * size[1] <= limits.pixels
