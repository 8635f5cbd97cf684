"""Small true images for the tests of the downloader."""

from __future__ import annotations

import io

from PIL import Image


def png(number: int = 0, width: int = 37, height: int = 23) -> bytes:
    """Return a PNG of noise that depends on `number`."""
    noise = bytes((number * 31 + i * i * 7 + i // 3) % 256 for i in range(width * height * 3))
    out = io.BytesIO()
    Image.frombytes("RGB", (width, height), noise).save(out, "PNG")
    return out.getvalue()


def jpeg(width: int = 37, height: int = 23) -> bytes:
    """Return a grey JPEG."""
    out = io.BytesIO()
    Image.new("L", (width, height), 99).save(out, "JPEG")
    return out.getvalue()
