from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from annokit.errors import MediaError
from annokit.limits import Limits
from annokit.media.image import load_label_bitmap, open_image
from annokit.media.size import image_size

PIXELS = np.arange(3 * 5 * 3, dtype=np.uint8).reshape(3, 5, 3) * 5
IDS = np.array([[0, 1, 255], [256, 70000, 0xFFFFFF]], np.uint32)


def png(color: int, depth: int, rows: list[bytes], width: int, *chunks: tuple[bytes, bytes]) -> io.BytesIO:
    header = struct.pack(">IIBBBBB", width, len(rows), depth, color, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row for row in rows))
    parts = [(b"IHDR", header), *chunks, (b"IDAT", data), (b"IEND", b"")]
    body = b"".join(struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in parts)
    return io.BytesIO(b"\x89PNG\r\n\x1a\n" + body)


def saved(image: Image.Image, kind: str = "png", **options: object) -> io.BytesIO:
    out = io.BytesIO()
    image.save(out, kind, **options)  # type: ignore[arg-type]
    out.seek(0)
    return out


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["png", "tiff", "webp"])
def test_every_orientation_is_applied_once(orientation: int, kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "maker"
    options = {"lossless": True, "exact": True} if kind == "webp" else {}
    file = saved(Image.fromarray(PIXELS), kind, exif=exif, **options)
    upright = {
        1: PIXELS,
        2: PIXELS[:, ::-1],
        3: PIXELS[::-1, ::-1],
        4: PIXELS[::-1],
        5: PIXELS.transpose(1, 0, 2),
        6: np.rot90(PIXELS, -1),
        7: PIXELS[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(PIXELS),
    }[orientation]
    image = open_image(file)
    np.testing.assert_array_equal(np.asarray(image), upright)
    file.seek(0)
    assert image.size == image_size(file)
    np.testing.assert_array_equal(np.asarray(ImageOps.exif_transpose(image)), upright)
    if kind != "tiff":
        assert image.getexif().get(0x010F) == "maker"
    assert "annokit-bits" not in image.info


def test_a_jpeg_photograph(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / "photo.jpg"
    Image.new("RGB", (40, 30), "red").save(path, exif=exif)
    image = open_image(path)
    assert image.size == (30, 40)
    path.unlink()
    assert image.getpixel((0, 0)) == (254, 0, 0)


def test_pixels_are_limited_before_decoding() -> None:
    bomb = png(0, 8, [], 60_000)
    bomb = io.BytesIO(bomb.getvalue().replace(struct.pack(">II", 60_000, 0), struct.pack(">II", 60_000, 60_000)))
    with pytest.raises(MediaError, match="60000 x 60000 pixels; the limit is 500000000"):
        open_image(bomb)
    with pytest.raises(MediaError, match="the limit is 14"):
        open_image(saved(Image.fromarray(PIXELS)), Limits(pixels=14))
    assert open_image(saved(Image.fromarray(PIXELS)), Limits(pixels=15)).size == (5, 3)


def test_the_limit_is_ours_and_not_pillows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 4)
    assert open_image(saved(Image.fromarray(PIXELS))).size == (5, 3)
    with pytest.raises(MediaError):
        open_image(saved(Image.fromarray(PIXELS), "ppm"))


@pytest.mark.parametrize("kind", ["png", "jpeg", "bmp", "gif", "webp", "tiff", "ppm"])
def test_truncated_files_are_media_errors(kind: str, tmp_path: Path) -> None:
    noise = Image.effect_noise((64, 64), 90)
    data = saved(noise.convert("P" if kind == "gif" else "RGB"), kind).getvalue()
    path = tmp_path / f"cut.{kind}"
    for length in (0, 1, 10, 30, len(data) // 2, len(data) * 3 // 4):
        path.write_bytes(data[:length])
        with pytest.raises(MediaError) as caught:
            open_image(path)
        assert caught.value.path == str(path)


def test_what_is_no_image(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="HTML"):
        open_image(io.BytesIO(b"<html></html>"))
    with pytest.raises(FileNotFoundError):
        open_image(tmp_path / "none.png")
    with pytest.raises(MediaError, match="can't be read"):
        open_image(tmp_path)
    with pytest.raises(FileNotFoundError):
        load_label_bitmap(tmp_path / "none.png")


def test_a_stream_that_starts_in_the_middle() -> None:
    file = io.BytesIO(b"abc" + saved(Image.fromarray(PIXELS)).getvalue())
    file.seek(3)
    np.testing.assert_array_equal(np.asarray(open_image(file)), PIXELS)


def test_ids_of_24_bits() -> None:
    channels = np.stack([IDS & 255, IDS >> 8 & 255, IDS >> 16], -1).astype(np.uint8)
    alpha = np.array([[0, 1, 255], [128, 255, 7]], np.uint8)[..., None]
    rgba = np.concatenate([channels, alpha], -1)
    for image in (Image.fromarray(channels), Image.fromarray(rgba)):
        decoded = load_label_bitmap(saved(image))
        np.testing.assert_array_equal(decoded, IDS)
        assert decoded.dtype == np.uint32
    assert tuple(rgba[1, 1, :3]) == (112, 17, 1)


def test_a_colour_profile_and_transparency_change_nothing() -> None:
    row = bytes([112, 17, 1, 0, 0, 0])
    file = png(2, 8, [row], 2, (b"gAMA", struct.pack(">I", 45455)), (b"tRNS", bytes([0, 112, 0, 17, 0, 1])))
    np.testing.assert_array_equal(load_label_bitmap(file), [[70000, 0]])


@pytest.mark.parametrize(
    ("depth", "row", "ids"),
    [
        (1, b"\xa0", [1, 0, 1]),
        (2, b"\x6c", [1, 2, 3]),
        (4, b"\x1f\x20", [1, 15, 2]),
        (8, b"\x01\xff\x02", [1, 255, 2]),
        (16, b"\x00\x01\x12\x34\xff\xff", [1, 0x1234, 65535]),
    ],
)
def test_grey_values_are_the_ids_at_every_depth(depth: int, row: bytes, ids: list[int]) -> None:
    np.testing.assert_array_equal(load_label_bitmap(png(0, depth, [row], 3)), [ids])


@pytest.mark.parametrize(
    ("depth", "row", "ids"), [(1, b"\xa0", [1, 0, 1]), (2, b"\x6c", [1, 2, 3]), (8, b"\1\7\2", [1, 7, 2])]
)
def test_a_palette_index_is_the_id(depth: int, row: bytes, ids: list[int]) -> None:
    file = png(3, depth, [row], 3, (b"PLTE", bytes(range(100, 124))[: 3 * min(2**depth, 8)]))
    np.testing.assert_array_equal(load_label_bitmap(file), [ids])


def test_grey_tiff_of_32_and_big_endian_16_bits() -> None:
    np.testing.assert_array_equal(load_label_bitmap(saved(Image.fromarray(IDS.astype(np.int32)), "tiff")), IDS)
    entries = [(256, 2), (257, 1), (258, 16), (259, 1), (262, 1), (273, 200), (277, 1), (278, 1), (279, 4)]
    head = b"MM\0*" + struct.pack(">IH", 8, len(entries))
    head += b"".join(struct.pack(">HHIHH", tag, 3, 1, value, 0) for tag, value in entries)
    file = io.BytesIO(head.ljust(200, b"\0") + b"\x01\x02\xff\xfe")
    np.testing.assert_array_equal(load_label_bitmap(file), [[0x0102, 0xFFFE]])


def test_the_orientation_of_a_bitmap_is_not_applied() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    assert load_label_bitmap(saved(Image.new("L", (5, 3)), exif=exif)).shape == (3, 5)


@pytest.mark.parametrize(
    "file",
    [
        png(2, 16, [bytes(6)], 1),
        png(6, 16, [bytes(8)], 1),
        png(4, 8, [bytes(2)], 1),
        saved(Image.new("F", (2, 2)), "tiff"),
        saved(Image.new("CMYK", (2, 2)), "tiff"),
        saved(Image.fromarray(np.array([[-1]], np.int32)), "tiff"),
    ],
)
def test_layouts_without_ids_are_refused(file: io.BytesIO) -> None:
    with pytest.raises(MediaError, match="hold no ids"):
        load_label_bitmap(file)


def test_lossy_files_are_refused() -> None:
    with pytest.raises(MediaError, match="lossy"):
        load_label_bitmap(saved(Image.new("L", (8, 8)), "jpeg"))
