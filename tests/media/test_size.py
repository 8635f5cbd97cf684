from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from annokit.errors import MediaError, UsageError
from annokit.media.header import exif_orientation
from annokit.media.size import image_header, image_size, image_sizes

WIDTH, HEIGHT = 31, 17
MODES = {
    "png": "RGB",
    "jpeg": "RGB",
    "gif": "P",
    "bmp": "RGB",
    "webp": "RGB",
    "tiff": "RGB",
    "ppm": "RGB",
    "tga": "RGB",
}


def encoded(kind: str, orientation: int | None = None, **options: object) -> bytes:
    image = Image.new(MODES[kind], (WIDTH, HEIGHT))
    if orientation is not None:
        exif = Image.Exif()
        exif[0x010F] = "a camera"
        exif[0x0112] = orientation
        options["exif"] = exif
    out = io.BytesIO()
    image.save(out, kind, **options)  # type: ignore[arg-type]
    return out.getvalue()


@pytest.mark.parametrize("kind", MODES)
def test_the_size_of_every_kind(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"x.{kind}"
    path.write_bytes(encoded(kind))
    assert image_size(path) == (WIDTH, HEIGHT)
    assert image_size(str(path)) == (WIDTH, HEIGHT)
    assert image_header(path).kind == kind


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp", "tiff"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_swaps_width_and_height(kind: str, orientation: int) -> None:
    header = image_header(io.BytesIO(encoded(kind, orientation)))
    assert header.orientation == orientation
    assert header.stored_size == (WIDTH, HEIGHT)
    assert header.size == ((HEIGHT, WIDTH) if orientation >= 5 else (WIDTH, HEIGHT))


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_orientation_without_meaning_is_ignored(orientation: int) -> None:
    assert image_header(io.BytesIO(encoded("jpeg", orientation))).orientation == 1


@pytest.mark.parametrize("options", [{"lossless": True}, {"lossless": False}])
def test_both_bitstreams_of_webp(options: dict[str, object]) -> None:
    assert image_size(io.BytesIO(encoded("webp", **options))) == (WIDTH, HEIGHT)


def test_progressive_jpeg_with_filler_bytes() -> None:
    data = encoded("jpeg", progressive=True)
    assert image_size(io.BytesIO(data[:2] + b"\xff\xff" + data[2:])) == (WIDTH, HEIGHT)


def test_long_segments_are_passed_by_seeking() -> None:
    data = encoded("jpeg", 6)
    filler = b"\xff\xe2" + struct.pack(">H", 65535) + b"\xff\xd9" * 32766 + b"x"

    class Counting(io.BytesIO):
        total = 0

        def read(self, size: int | None = -1, /) -> bytes:
            got = super().read(size)
            self.total += len(got)
            return got

    file = Counting(data[:2] + filler * 40 + data[2:])
    assert image_size(file) == (HEIGHT, WIDTH)
    assert file.total < 16_384


def test_top_down_and_os2_bitmaps() -> None:
    data = bytearray(encoded("bmp"))
    data[22:26] = struct.pack("<i", -HEIGHT)
    assert image_size(io.BytesIO(data)) == (WIDTH, HEIGHT)
    os2 = b"BM" + struct.pack("<IHHI", 26, 0, 0, 26) + struct.pack("<IHHHH", 12, 7, 5, 1, 24)
    assert image_size(io.BytesIO(os2)) == (7, 5)


def test_big_endian_tiff() -> None:
    entries = [(256, 3, 1, 300 << 16), (257, 4, 1, 200), (0x0112, 3, 1, 8 << 16)]
    data = b"MM\0*" + struct.pack(">IH", 8, len(entries)) + b"".join(struct.pack(">HHII", *entry) for entry in entries)
    assert image_size(io.BytesIO(data + bytes(64))) == (200, 300)


def test_a_file_object_keeps_its_position() -> None:
    file = io.BytesIO(b"prefix" + encoded("png"))
    file.seek(6)
    assert image_size(file) == (WIDTH, HEIGHT)
    assert file.tell() == 6


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"<!DOCTYPE html><html>gone</html>", "HTML"),
        (b'{"detail": "not found"}', "JSON"),
        (b"\x89PNG\r\n\x1a\n", "image"),
        (b"\xff\xd8\xff\xe0", "image"),
        (b"BM", "image"),
        (b"GIF89a\1", "image"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image"),
        (b"II*\0\xff\xff\xff\xff", "image"),
        (b"\0" * 5000, "image"),
    ],
)
def test_what_is_no_image_is_named(data: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "frame 1.png"
    path.write_bytes(data)
    with pytest.raises(MediaError, match=words) as caught:
        image_size(path)
    assert "frame 1.png" in str(caught.value)
    assert caught.value.path == str(path)


@pytest.mark.parametrize("kind", MODES)
def test_every_truncation_gives_the_size_or_a_media_error(kind: str) -> None:
    data = encoded(kind)
    for length in range(min(len(data), 700)):
        try:
            assert image_size(io.BytesIO(data[:length])) == (WIDTH, HEIGHT)
        except MediaError:
            continue


@given(st.binary(max_size=200))
def test_noise_behind_a_signature_never_escapes(noise: bytes) -> None:
    for start in (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a", b"BM", b"RIFFaaaaWEBP", b"II*\0", b"MM\0*", b""):
        try:
            width, height = image_size(io.BytesIO(start + noise))
        except MediaError:
            continue
        assert width > 0
        assert height > 0


@given(st.binary(max_size=100))
def test_exif_noise_gives_an_orientation(noise: bytes) -> None:
    assert 1 <= exif_orientation(b"II*\0" + noise) <= 8


def test_folders_and_missing_files(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        image_size(tmp_path / "none.png")
    with pytest.raises(MediaError, match="can't be read"):
        image_size(tmp_path)


def test_many_sizes_are_aligned_and_errors_listed(tmp_path: Path) -> None:
    paths = []
    for index in range(150):
        path = tmp_path / f"{index}.png"
        Image.new("L", (index + 1, 3)).save(path)
        paths.append(path)
    paths[70].write_bytes(b"<html>")
    paths[149].unlink()
    seen: list[tuple[int, int]] = []
    result = image_sizes(paths, workers=3, progress=lambda done, total: seen.append((done, total)))
    expected = np.column_stack([np.arange(1, 151), np.full(150, 3)])
    expected[[70, 149]] = -1
    np.testing.assert_array_equal(result.sizes, expected)
    assert [index for index, _ in result.errors] == [70, 149]
    assert isinstance(result.errors[1][1], FileNotFoundError)
    assert seen[-1] == (150, 150)


def test_many_sizes_may_raise_at_the_first_error(tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(b"")
    with pytest.raises(MediaError, match="empty"):
        image_sizes([tmp_path / "x.png"], on_error="raise")
    with pytest.raises(UsageError):
        image_sizes([], on_error="ignore")  # type: ignore[arg-type]
    assert image_sizes([]).sizes.shape == (0, 2)
