from __future__ import annotations

import base64
import io

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from annokit.codecs.mask_png import counts, decode, encode, foreground, size_of
from annokit.errors import FormatError
from annokit.geometry import runs
from annokit.limits import Limits

MASK = np.array([[0, 1, 0], [1, 1, 0]], bool)


def _uri(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "png")
    return orjson.dumps("data:image/png;base64," + base64.b64encode(out.getvalue()).decode())


def test_a_mask_is_painted_in_its_colour_on_nothing() -> None:
    text = encode(MASK, (10, 20, 30))
    assert text.startswith(b'"data:image/png;base64,iVBOR')
    picture = Image.open(io.BytesIO(base64.b64decode(orjson.loads(text).partition(",")[2])))
    assert picture.mode == "RGBA"
    assert picture.size == (3, 2)
    assert picture.getpixel((1, 0)) == (10, 20, 30, 255)
    assert picture.getpixel((0, 0)) == (0, 0, 0, 0)
    assert text == encode(MASK, (10, 20, 30))


@given(arrays(bool, st.tuples(st.integers(1, 40), st.integers(1, 40))))
def test_what_is_encoded_is_decoded(mask: np.ndarray) -> None:
    text = encode(mask)
    assert size_of(text) == mask.shape
    assert (decode(text) == mask).all()
    assert (counts(text) == runs.encode(mask)).all()


def test_alpha_above_the_middle_counts() -> None:
    image = Image.new("RGBA", (3, 1), (9, 9, 9, 127))
    image.putpixel((1, 0), (0, 0, 0, 128))
    assert decode(_uri(image)).tolist() == [[False, True, False]]


@pytest.mark.parametrize("mode", ["L", "RGB", "1", "I;16"])
def test_without_alpha_anything_but_black_counts(mode: str) -> None:
    image = Image.new(mode, (2, 1), 0 if mode != "RGB" else (0, 0, 0))
    image.putpixel((1, 0), 1 if mode != "RGB" else (0, 0, 1))
    assert decode(_uri(image)).tolist() == [[False, True]]


def test_a_palette_with_a_transparent_colour() -> None:
    image = Image.new("P", (2, 1), 0)
    image.putpalette([0, 0, 0, 255, 0, 0])
    image.putpixel((1, 0), 1)
    out = io.BytesIO()
    image.save(out, "png", transparency=0)
    assert foreground(out.getvalue()).tolist() == [[False, True]]


def test_the_ways_to_state_it() -> None:
    plain = orjson.loads(encode(MASK)).partition(",")[2]
    for text in (
        orjson.dumps({"data": "data:image/png;base64," + plain}),
        orjson.dumps(plain),
        encode(MASK).replace(b"/", b"\\/"),
    ):
        assert size_of(text) == (2, 3)
        assert (decode(text) == MASK).all()


@pytest.mark.parametrize("text", [b"null", b'"abc"', b'""', b"[]", b'{"data":7}', b'"data:image/png;base64,iVBORw0"'])
def test_no_png(text: bytes) -> None:
    assert size_of(text) is None
    with pytest.raises(FormatError, match="mask"):
        decode(text)


def test_a_damaged_or_huge_png_is_one_error() -> None:
    text = encode(np.ones((50, 50), bool))
    cut = orjson.loads(text)[:-60]
    with pytest.raises(FormatError, match="mask"):
        decode(orjson.dumps(cut[: len(cut) // 4 * 4]))
    with pytest.raises(FormatError, match="limit"):
        decode(text, Limits(pixels=100))
