from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from pycocotools import mask as coco

from annokit.errors import FormatError
from annokit.geometry import ragged, rle, runs
from annokit.limits import Limits

BITMAPS = arrays(bool, array_shapes(min_dims=2, max_dims=2, max_side=14))
STRIPES = np.zeros((100, 200), bool)
STRIPES[10:20, 30:60] = True
KNOWN = [([0, 1, 19], (5, 4), b"01c0"), ([20], (5, 4), b"d0"), ([6], (2, 3), b"6"), ([0, 6], (2, 3), b"06")]


def strings(texts: list[bytes]) -> tuple[np.ndarray, np.ndarray]:
    return np.frombuffer(b"".join(texts), np.uint8), ragged.offsets_of([len(text) for text in texts])


@pytest.mark.parametrize(("counts", "size", "text"), KNOWN)
def test_known(counts: list[int], size: tuple[int, int], text: bytes) -> None:
    assert rle.dumps(np.array(counts)) == text
    assert rle.loads(text, size).tolist() == counts
    assert rle.loads(text.decode(), size).tolist() == counts


@given(BITMAPS)
def test_equals_pycocotools(bitmap: np.ndarray) -> None:
    expected = coco.encode(np.asfortranarray(bitmap, np.uint8))["counts"]
    text = rle.dumps(runs.encode(bitmap))
    assert text == expected
    assert (runs.decode(rle.loads(text, bitmap.shape), bitmap.shape) == bitmap).all()


@given(st.lists(st.lists(st.integers(0, 2**33), min_size=1, max_size=9), max_size=6))
def test_columns_of_any_counts(rows: list[list[int]]) -> None:
    counts, offsets = ragged.pack([np.array(row) for row in rows], np.int64)
    data, data_offsets = rle.dump(counts, offsets)
    each = [rle.dumps(np.array(row)) for row in rows]
    assert data.tobytes() == b"".join(each)
    sizes = np.array([(1, max(sum(row), 1)) for row in rows]).reshape(-1, 2)
    back, back_offsets, faults = rle.parse(data, data_offsets, sizes, Limits(pixels=2**40))
    fine = [i for i, row in enumerate(rows) if sum(row)]
    assert np.flatnonzero(faults == 0).tolist() == fine
    assert [back[back_offsets[i] : back_offsets[i + 1]].tolist() for i in fine] == [rows[i] for i in fine]


def test_many_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rle, "_BLOCK", 7)
    rng = np.random.default_rng(1)
    bitmaps = [rng.random((6, 5)) < 0.5 for _ in range(40)]
    counts, offsets = ragged.pack([runs.encode(bitmap) for bitmap in bitmaps], np.int64)
    data, data_offsets = rle.dump(counts, offsets)
    assert data.tobytes() == b"".join(rle.dumps(runs.encode(bitmap)) for bitmap in bitmaps)
    back, back_offsets, faults = rle.parse(data, data_offsets, np.tile((6, 5), (40, 1)))
    assert not faults.any()
    assert (back == counts).all()
    assert (back_offsets == offsets).all()


@pytest.mark.parametrize(
    ("text", "size", "fault"),
    [
        (b"", (5, 4), rle.TOTAL),
        (b"01", (5, 4), rle.TOTAL),
        (b"01d0", (5, 4), rle.TOTAL),
        (b"01c", (5, 4), rle.UNFINISHED),
        (b"01c\xff", (5, 4), rle.CHARACTER),
        (b"0 c0", (5, 4), rle.CHARACTER),
        (b"0Od0", (5, 4), rle.NEGATIVE),
        (b"oooooooooo0", (5, 4), rle.NEGATIVE),
        (b"01c0", (0, 4), rle.SIZE),
        (b"01c0", (-5, -4), rle.SIZE),
        (b"01c0", (10**6, 10**6), rle.PIXELS),
    ],
)
def test_faults(text: bytes, size: tuple[int, int], fault: int) -> None:
    with pytest.raises(FormatError) as caught:
        rle.loads(text, size)
    assert rle.FAULTS[fault] in str(caught.value)
    data, offsets = strings([b"01c0", text, b"d0"])
    counts, count_offsets, faults = rle.parse(data, offsets, np.array([(5, 4), size, (5, 4)]))
    assert faults.tolist() == [0, fault, 0]
    assert counts.tolist() == [0, 1, 19, 20]
    assert count_offsets.tolist() == [0, 3, 3, 4]


@given(st.lists(st.binary(max_size=12), max_size=5))
def test_any_bytes_are_answered(texts: list[bytes]) -> None:
    data, offsets = strings(texts)
    counts, count_offsets, faults = rle.parse(data, offsets, np.tile((3, 4), (len(texts), 1)))
    for i in range(len(texts)):
        total = counts[count_offsets[i] : count_offsets[i + 1]].sum()
        assert total == (0 if faults[i] else 12)


def test_lists() -> None:
    assert rle.from_list([0, 1, 19], (5, 4)).tolist() == [0, 1, 19]
    assert rle.from_list([0.0, 1.0, 19.0], (5, 4)).dtype == np.int64


@pytest.mark.parametrize("counts", [[0, 1, 18], [-1, 21], [0.5, 19.5], ["a"], [[20]], None, [float("nan")], [2**70]])
def test_bad_lists(counts: object) -> None:
    with pytest.raises(FormatError, match="can't be read"):
        rle.from_list(counts, (5, 4))


@pytest.mark.parametrize("size", [None, (5,), "ab", (5, None), (2**70, 2**2000), [[5, 4]], (float("nan"), 4)])
def test_odd_sizes(size: object) -> None:
    for read in (rle.loads, rle.loads_padded):
        with pytest.raises(FormatError, match=r"size|limit"):
            read(b"01c0", size)  # type: ignore[arg-type]


def test_missing_background() -> None:
    assert rle.padded(np.array([0, 1]), 20).tolist() == [0, 1, 19]
    assert rle.padded(np.array([0, 1, 3]), 20).tolist() == [0, 1, 19]
    assert rle.padded(np.array([0, 20]), 20).tolist() == [0, 20]
    assert rle.loads_padded("01", (5, 4)).tolist() == [0, 1, 19]
    with pytest.raises(FormatError, match="add up"):
        rle.loads_padded("0P1", (5, 4))
    with pytest.raises(FormatError, match="within a number"):
        rle.loads_padded("0P", (5, 4))


def test_row_by_row_strings() -> None:
    """Encord's vectors: the same alphabet, along the rows."""
    bitmap = np.zeros((3, 5), bool)
    bitmap[0, 1:4] = bitmap[2, 4] = True
    down, along = runs.encode(bitmap), runs.by_rows(runs.encode(bitmap), (3, 5))
    assert (rle.dumps(down), rle.dumps(along)) == (b"31200020", b"13:N")
    assert along.tolist() == [1, 3, 10, 1]
    stripes = runs.by_columns(rle.loads("^o1n0Z500000000000000000Rc?", (100, 200)), (100, 200))
    assert (runs.decode(stripes, (100, 200)) == STRIPES).all()
