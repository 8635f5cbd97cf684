"""The one boundary to Pillow: its exceptions become :class:`annokit.errors.MediaError`."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

from annokit.errors import MediaError

if TYPE_CHECKING:
    from PIL import Image

_BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    EOFError,
    LookupError,
    OverflowError,
    struct.error,
    zlib.error,
    Warning,
)


@contextmanager
def mapped(label: str) -> Iterator[None]:
    """Turn what Pillow raises on broken or dangerous files into a MediaError about `label`."""
    from PIL import Image, UnidentifiedImageError

    try:
        yield
    except MediaError:
        raise
    except UnidentifiedImageError as error:
        raise MediaError(f"{label}: this is not an image that can be read", path=label) from error
    except (Image.DecompressionBombError, MemoryError) as error:
        raise MediaError(f"{label}: the image is too large to be opened", path=label) from error
    except _BROKEN as error:
        raise MediaError(f"{label}: the image is damaged ({error})", path=label) from error


def lazily_opened(file: BinaryIO, label: str, kind: str | None = None) -> Image.Image:
    """Open an image, header only.

    A known `kind` goes straight to its plugin, past Pillow's process-wide pixel limit: the caller has checked its own.

    Raises
    ------
    MediaError
        The header is damaged or of no known kind.
    """
    from PIL import Image

    with mapped(label):
        if kind is None:
            return Image.open(file)
        Image.init()
        return Image.OPEN[kind.upper()][0](file, "")
