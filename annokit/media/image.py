"""Pixels: photographs as displayed, and label bitmaps whose pixel values are ids.

Both read the header first, check the pixel count against the limits, and only then decode. A label bitmap never passes
through anything that knows about colour: its values are numbers.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike, fspath
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from annokit.errors import MediaError
from annokit.limits import DEFAULT_LIMITS, Limits
from annokit.media.header import ImageHeader, parse_header
from annokit.media.pillow import lazily_opened, mapped

if TYPE_CHECKING:
    from PIL import Image

Source = str | PathLike[str] | BinaryIO
_DIRECT = frozenset({"png", "jpeg", "gif", "bmp", "webp", "tiff"})
_LOSSY = frozenset({"jpeg", "webp", "avif", "heic"})
_ORIENTATION = 0x0112
_XMP_KEYS = ("xmp", "XML:com.adobe.xmp")


def open_image(source: Source, limits: Limits = DEFAULT_LIMITS) -> Image.Image:
    """Decode an image as displayed: EXIF orientation applied, and the tag that asked for it removed.

    Parameters
    ----------
    source : path or seekable binary file
        The image.
    limits : Limits
        ``pixels`` is checked against the header before anything is decoded.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    MediaError
        The file is not an image, is damaged or cut short, or holds more pixels than allowed; ``path`` names it.
    """
    with _decoded(source, limits) as (image, header, _):
        return _upright(image, header)


def load_label_bitmap(source: Source, limits: Limits = DEFAULT_LIMITS, *, colors: bool = False) -> np.ndarray:
    """Decode an image whose pixel values are ids.

    RGB and RGBA pixels are 24-bit numbers, red lowest, alpha ignored. Grey pixels of 1, 2, 4, 8, 16 or 32 bits are the
    id itself; of a palette image, the index is. EXIF orientation is not applied: a bitmap lies in the displayed frame.

    Parameters
    ----------
    source : path or seekable binary file
        The bitmap.
    limits : Limits
        ``pixels`` is checked against the header before anything is decoded.
    colors : bool
        Whether the id of a palette image is the colour, as a 24-bit number, instead of the index.

    Returns
    -------
    (H, W) uint32 array
        The ids.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    MediaError
        The file is no image, damaged, too large, of a lossy kind, or of a pixel layout that holds no ids.
    """
    with _decoded(source, limits) as (image, header, label):
        if header.kind in _LOSSY:
            raise MediaError(f"{label}: a {header.kind} file is lossy and can't hold ids; expected a PNG", path=label)
        colored = colors and image.mode == "P"
        ids = _ids(image.convert("RGB"), 8) if colored else _ids(image, image.info.get("annokit-bits", 8))
        if ids is None:
            found = f"{image.mode} pixels of {image.info.get('annokit-bits', 8)} bits"
            expected = "grey, palette, or 8-bit RGB or RGBA pixels"
            raise MediaError(f"{label}: these pixels hold no ids (found {found}; expected {expected})", path=label)
        return ids


@contextmanager
def _decoded(source: Source, limits: Limits) -> Iterator[tuple[Image.Image, ImageHeader, str]]:
    """Yield (decoded image as stored, its header, its name) and close what was opened here."""
    if not isinstance(source, str | PathLike):
        label = str(getattr(source, "name", "<stream>"))
        yield *_decode(source, label, limits), label
        return
    label = fspath(source)
    try:
        file = io.FileIO(label)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise MediaError(f"{label}: can't be read ({error.strerror or error})", path=label) from error
    with io.BufferedReader(file) as buffered:
        yield *_decode(buffered, label, limits), label


def _decode(file: BinaryIO, label: str, limits: Limits) -> tuple[Image.Image, ImageHeader]:
    start = file.tell()
    header = parse_header(file, label)
    width, height = header.stored_size
    if width * height > limits.pixels:
        raise MediaError(f"{label}: {width} x {height} pixels; the limit is {limits.pixels}", path=label)
    file.seek(start)
    if start:
        file = io.BytesIO(file.read())
    head = file.read(26)
    file.seek(-len(head), io.SEEK_CUR)
    image = lazily_opened(file, label, header.kind if header.kind in _DIRECT else None)
    with mapped(label):
        image.load()
    image.info["annokit-bits"] = head[24] if header.kind == "png" else 8
    return image, header


def _upright(image: Image.Image, header: ImageHeader) -> Image.Image:
    from PIL import Image, ImageOps

    image.info.pop("annokit-bits", None)
    if header.orientation == 1:
        return image
    if header.kind == "tiff":  # recent Pillow turns these itself while decoding, older ones do not
        return ImageOps.exif_transpose(image)
    turns = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }
    exif = image.getexif()
    upright = image.transpose(turns[header.orientation])
    exif.pop(_ORIENTATION, None)
    upright.info["exif"] = exif.tobytes()
    for key in _XMP_KEYS:
        upright.info.pop(key, None)
    return upright


def _ids(image: Image.Image, bits: int) -> np.ndarray | None:
    """Return the ids of a decoded bitmap, None where its layout holds none."""
    if image.mode in ("RGB", "RGBA") and bits == 8:
        raw = image.tobytes("raw", "RGBX" if image.mode == "RGB" else "RGBA")
        ids = np.frombuffer(raw, "<u4").reshape(image.height, image.width) & np.uint32(0xFFFFFF)
        return ids.astype(np.uint32, copy=False)
    if image.mode == "L" and bits < 8:  # Pillow stretches 2 and 4 bits to the range of 8
        return np.asarray(image).astype(np.uint32) // np.uint32(255 // (2**bits - 1))
    if image.mode in ("1", "L", "P") or image.mode.startswith("I"):
        values = np.asarray(image)
        return None if values.dtype.kind == "i" and values.size and values.min() < 0 else values.astype(np.uint32)
    return None
