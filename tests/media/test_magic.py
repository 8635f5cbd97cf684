from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from annokit.media.magic import is_complete, sniff


def encoded(kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    Image.effect_noise((40, 23), 80).convert("RGB").save(out, kind, **options)  # type: ignore[arg-type]
    return out.getvalue()


@pytest.mark.parametrize("kind", ["png", "jpeg", "gif", "bmp", "webp", "tiff"])
def test_images_are_known_by_their_first_bytes(kind: str) -> None:
    assert sniff(encoded(kind)[:16]) == kind


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"<!DOCTYPE html>", "html"),
        (b"\n\n  <HTML lang='en'>", "html"),
        (b"\xef\xbb\xbf<html>", "html"),
        (b'<?xml version="1.0"?><Error>', "xml"),
        (b"<annotation>", "xml"),
        (b'{"detail": 1}', "json"),
        (b" [\n {", "json"),
        (b"[]", "json"),
        (b"{}", "json"),
        (b"PK\x03\x04", "zip"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"\0\0\0\x20ftypisom", "mp4"),
        (b"", None),
        (b"hello", None),
        (b"\0\0\0\0", None),
    ],
)
def test_other_kinds(data: bytes, kind: str | None) -> None:
    assert sniff(data) == kind


@pytest.mark.parametrize("kind", ["png", "jpeg", "gif", "bmp", "webp"])
def test_cut_files_are_incomplete(kind: str, tmp_path: Path) -> None:
    data = encoded(kind)
    path = tmp_path / "x"
    path.write_bytes(data)
    assert is_complete(path)
    assert is_complete(data)
    for cut in (1, 5, len(data) // 2, len(data) - 12):
        assert not is_complete(data[: len(data) - cut]), cut


def test_progressive_jpeg_and_trailing_bytes() -> None:
    data = encoded("jpeg", progressive=True)
    assert is_complete(data + b"\0\0trailer")
    assert is_complete(encoded("png") + b"trailer")
    assert not is_complete(data[:-2])


def test_the_end_mark_of_a_thumbnail_does_not_count() -> None:
    data = encoded("jpeg")
    exif = b"\xff\xe1\x00\x10Exif\0\0" + b"\xff\xd8\xff\xda\0\2\xff\xd9"
    assert is_complete(data[:2] + exif + data[2:])
    assert not is_complete(data[:2] + exif + data[2:-2])


def test_empty_files_are_incomplete(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"")
    assert not is_complete(tmp_path / "x")
    assert not is_complete(b"")
    assert is_complete(b"anything else")
