from __future__ import annotations

import io
from base64 import b64decode
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from annokit.display.thumbnail import URI_BYTES, data_uri, load_small, shrunk
from annokit.errors import MediaError
from annokit.model.builder import DatasetBuilder
from annokit.model.item import Item


def item_of(path: Path) -> Item:
    builder = DatasetBuilder()
    builder.add_item("a", path=str(path))
    return builder.build()[0]


def opened(uri: str) -> Image.Image:
    return Image.open(io.BytesIO(b64decode(uri.split(",", 1)[1])))


def test_even_noise_fits_into_its_bytes() -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (640, 640, 3), np.uint8))
    uri = data_uri(noise)
    assert uri.startswith("data:image/jpeg;base64,")
    assert len(uri) <= URI_BYTES
    assert opened(uri).size[0] >= 100


def test_a_tiny_picture_is_exact() -> None:
    tiny = Image.fromarray(np.random.default_rng(0).integers(0, 256, (12, 9, 3), np.uint8))
    assert opened(data_uri(tiny)).tobytes() == tiny.tobytes()


def test_shrinking_keeps_proportions_and_never_enlarges() -> None:
    assert shrunk(Image.new("RGB", (1000, 10)), 100).size == (100, 1)
    assert shrunk(Image.new("P", (400, 200)), 100).size == (100, 50)
    assert shrunk(Image.new("I;16", (400, 200)), 100).size == (100, 50)
    small = Image.new("L", (5, 5))
    assert shrunk(small, 100) is small


def test_a_photo_is_decoded_small_and_upright(tmp_path: Path) -> None:
    photo = Image.new("RGB", (800, 400), (200, 0, 0))
    photo.paste((0, 0, 200), (0, 0, 400, 400))
    exif = Image.Exif()
    exif[0x0112] = 6
    photo.save(tmp_path / "a.jpg", exif=exif)
    small = load_small(item_of(tmp_path / "a.jpg"), 100)
    assert small.size == (50, 100)
    assert small.getpixel((25, 10))[2] > 150
    assert small.getpixel((25, 90))[0] > 150


def test_damaged_and_missing_files_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"\xff\xd8\xff\xe0 no")
    with pytest.raises(MediaError):
        load_small(item_of(tmp_path / "a.jpg"), 100)
    with pytest.raises(FileNotFoundError):
        load_small(item_of(tmp_path / "b.jpg"), 100)
    with pytest.raises(MediaError):
        load_small(without_file(), 100)


def without_file() -> Item:
    builder = DatasetBuilder()
    builder.add_item("a")
    return builder.build()[0]
