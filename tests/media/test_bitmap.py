from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from annokit.errors import UsageError
from annokit.media.bitmap import ENCODINGS, encode_label_bitmap, save_label_bitmap
from annokit.media.image import load_label_bitmap

PALETTE = np.arange(768, dtype=np.uint8).reshape(256, 3)


def palette_for(encoding: str) -> np.ndarray | None:
    return PALETTE if encoding == "palette" else None


@given(st.data(), st.sampled_from(sorted(ENCODINGS)))
def test_what_is_written_is_read_back(data: st.DataObject, encoding: str) -> None:
    shape = data.draw(st.tuples(st.integers(1, 9), st.integers(1, 9)))
    ids = data.draw(arrays(np.uint32, shape, elements=st.integers(0, ENCODINGS[encoding].largest)))
    png = encode_label_bitmap(ids, encoding, palette=palette_for(encoding))
    assert png == encode_label_bitmap(ids, encoding, palette=palette_for(encoding))
    np.testing.assert_array_equal(load_label_bitmap(io.BytesIO(png)), ids)


def test_pillow_agrees_with_every_encoding() -> None:
    ids = np.arange(12).reshape(3, 4)
    modes = {"rgba24": "RGBA", "gray8": "L", "gray16": "I;16", "palette": "P"}
    for encoding, mode in modes.items():
        image = Image.open(io.BytesIO(encode_label_bitmap(ids, encoding, palette=palette_for(encoding))))
        assert image.mode == mode
        values = np.asarray(image)
        np.testing.assert_array_equal(values[..., 0] if encoding == "rgba24" else values, ids)
    assert Image.open(io.BytesIO(encode_label_bitmap(ids))).getpixel((3, 2)) == (11, 0, 0, 255)
    image = Image.open(io.BytesIO(encode_label_bitmap(ids, "palette", palette=PALETTE[:12])))
    assert image.convert("RGB").getpixel((1, 0)) == (3, 4, 5)


def test_the_documented_value() -> None:
    image = Image.open(io.BytesIO(encode_label_bitmap(np.array([[70000]]))))
    assert image.getpixel((0, 0)) == (112, 17, 1, 255)


def test_strided_and_boolean_arrays(tmp_path: Path) -> None:
    ids = np.arange(24, dtype=np.int64).reshape(4, 6).T[::-1]
    save_label_bitmap(ids, tmp_path / "x.png")
    np.testing.assert_array_equal(load_label_bitmap(tmp_path / "x.png"), ids)
    save_label_bitmap(ids > 10, tmp_path / "x.png", "gray8")
    np.testing.assert_array_equal(load_label_bitmap(tmp_path / "x.png"), ids > 10)


@pytest.mark.parametrize(
    ("ids", "encoding", "palette", "words"),
    [
        (np.array([[256]]), "gray8", None, "256"),
        (np.array([[65536]]), "gray16", None, "65536"),
        (np.array([[1 << 24]]), "rgba24", None, "16777216"),
        (np.array([[-1]]), "gray8", None, "-1"),
        (np.array([[3]]), "palette", PALETTE[:3], "0 to 2"),
        (np.array([[3]]), "palette", None, "needs palette="),
        (np.array([[3]]), "gray8", PALETTE, "only that one"),
        (np.array([[3]]), "palette", PALETTE[:, :2], r"\(n, 3\)"),
        (np.array([[3]]), "rgb", None, "gray16, gray8, palette, rgb24, rgba24"),
        (np.array([[0.5]]), "gray8", None, "float64"),
        (np.zeros((0, 3), int), "gray8", None, "non-empty"),
        (np.zeros(3, int), "gray8", None, r"\(H, W\)"),
    ],
)
def test_what_can_not_be_held_is_refused(
    ids: np.ndarray, encoding: str, palette: np.ndarray | None, words: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=words):
        save_label_bitmap(ids, tmp_path / "x.png", encoding, palette=palette)
    assert not (tmp_path / "x.png").exists()
