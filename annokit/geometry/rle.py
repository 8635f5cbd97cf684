"""COCO's compressed run lengths: strings to counts and back, one mask or a whole column.

A mask's counts are run lengths down the columns, background first, alternating. The string holds each count as a signed
number, from the fourth on less the count two before, in groups of five bits, lowest first: a character is ``48 +
group``, plus 32 while more groups of the number follow. The 5 x 4 mask with only its first pixel set has the counts 0,
1, 19 and the string ``01c0``.

A column of masks is `data` (m,) uint8 with `offsets` (n + 1,) int64, its counts are int64 with offsets of their own,
and `sizes` is (n, 2): height, width. pycocotools checks nothing and answers a short string with uninitialised memory,
so everything is checked here, and before anything of a mask's size is allocated.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from annokit.errors import FormatError
from annokit.geometry import ragged
from annokit.limits import DEFAULT_LIMITS, Limits

FAULTS = (
    "",
    "its size is not two positive whole numbers",
    "it has more pixels than the limit allows",
    "its run lengths hold a character outside '0' to 'o'",
    "its run lengths end within a number",
    "a run length is negative or too large",
    "its run lengths do not add up to height x width",
)
"""What can be wrong with a mask; the position is the code in a column of faults, 0 is right."""

SIZE, PIXELS, CHARACTER, UNFINISHED, NEGATIVE, TOTAL = range(1, len(FAULTS))

_DIGITS = 7
"""Most characters of one number: 35 bits, more than any admitted mask needs."""

_BLOCK = 1 << 20
"""Characters or counts treated at a time, so that temporaries stay small whatever the column's size."""


def loads(rle: bytes | str, size: tuple[int, int], limits: Limits = DEFAULT_LIMITS) -> np.ndarray:
    """Return the (k,) int64 counts of one compressed string.

    Raises
    ------
    FormatError
        The string is damaged, does not fit `size` (height, width), or the mask is larger than ``limits.pixels``.
    """
    raw = rle.encode("ascii", "replace") if isinstance(rle, str) else rle
    data = np.frombuffer(raw, np.uint8)
    counts, _, faults = parse(data, np.array([0, len(data)]), _size_row(size), limits)
    if faults[0]:
        raise fault_error(int(faults[0]), size, limits)
    return counts


def loads_padded(rle: bytes | str, size: tuple[int, int], limits: Limits = DEFAULT_LIMITS) -> np.ndarray:
    """Return the (k,) int64 counts of a string whose writer may have left out the background at the end."""
    raw = rle.encode("ascii", "replace") if isinstance(rle, str) else rle
    data = np.frombuffer(raw, np.uint8)
    ends = np.array([0, len(data)])
    fault = int(_size_faults(_size_row(size), limits)[0] or _text_faults(data, ends)[0])
    if fault:
        raise fault_error(fault, size, limits)
    return from_list(padded(_parse_block(data, ends)[0], int(size[0] * size[1])), size, limits)


def dumps(counts: np.ndarray) -> bytes:
    """Return the compressed string of the (k,) counts of one mask."""
    data, _ = dump(counts, np.array([0, len(counts)]))
    return data.tobytes()


def fault_error(fault: int, size: Any, limits: Limits = DEFAULT_LIMITS) -> FormatError:
    """Return the error for a code of :data:`FAULTS` on a mask of `size` (height, width)."""
    expected = {
        SIZE: "(height, width)",
        PIXELS: f"at most {limits.pixels} pixels",
        TOTAL: "as many pixels as the size holds",
    }.get(fault)
    return FormatError(f"this mask can't be read: {FAULTS[fault]}", found=f"size {size!r}", expected=expected)


def _size_row(size: Any) -> np.ndarray:
    """Return `size` as a (1, 2) float64 array, zeros where it is not two numbers."""
    try:
        row = np.array([size], np.float64)
    except (TypeError, ValueError, OverflowError):
        return np.zeros((1, 2))
    return row if row.shape == (1, 2) else np.zeros((1, 2))


def parse(
    data: np.ndarray, offsets: np.ndarray, sizes: np.ndarray, limits: Limits = DEFAULT_LIMITS
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Turn a column of compressed strings into counts.

    Parameters
    ----------
    data : (m,) uint8 array
        The strings' bytes.
    offsets : (n + 1,) int64 array
        Where each string begins and ends.
    sizes : (n, 2) integer array
        Height and width of each mask.
    limits : Limits, optional
        The bounds; ``pixels`` is used.

    Returns
    -------
    counts : (k,) int64 array
        Run lengths of all masks; a faulty mask has none.
    count_offsets : (n + 1,) int64 array
        Where each mask's counts begin and end.
    faults : (n,) uint8 array
        Positions in :data:`FAULTS`; 0 where the mask is right.
    """
    faults = _size_faults(np.asarray(sizes), limits)
    faults[faults == 0] = _text_faults(data, offsets)[faults == 0]
    blocks = []
    lengths = np.zeros(len(faults), np.int64)
    for rows in _row_blocks(np.flatnonzero(faults == 0), offsets):
        part, starts = _parse_block(*ragged.gather(data, offsets, rows))
        found = _count_faults(part, starts, np.asarray(sizes)[rows])
        faults[rows] = found
        part, starts = ragged.gather(part, starts, np.flatnonzero(found == 0))
        lengths[rows[found == 0]] = np.diff(starts)
        blocks.append(part)
    counts = blocks[0] if len(blocks) == 1 else np.concatenate([np.empty(0, np.int64), *blocks])
    return counts, ragged.offsets_of(lengths), faults


def dump(counts: np.ndarray, offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Turn a column of counts into compressed strings, the same that pycocotools writes.

    Returns
    -------
    data : (m,) uint8 array
        The strings' bytes.
    data_offsets : (n + 1,) int64 array
        Where each string begins and ends.
    """
    counts = np.asarray(counts, np.int64)
    blocks, lengths = [], [np.zeros(1, np.int64)]
    for rows in _row_blocks(np.arange(len(offsets) - 1), offsets):
        text, places = _dump_block(counts, offsets[rows[0] : rows[-1] + 2])
        blocks.append(text)
        lengths.append(np.diff(places))
    return np.concatenate([np.empty(0, np.uint8), *blocks]), np.cumsum(np.concatenate(lengths))


def _dump_block(counts: np.ndarray, offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    numbers = _differences(counts, offsets)
    magnitude = numbers ^ (numbers >> 63)
    digits = np.ones(len(numbers), np.int64)
    top = int(magnitude.max(initial=0))
    for k in range(1, _DIGITS + 6):
        if top < 1 << (5 * k - 1):
            break
        digits += magnitude >= 1 << (5 * k - 1)
    places = ragged.offsets_of(digits)
    out = np.empty(places[-1], np.uint8)
    for k in range(int(digits.max(initial=0))):
        has = np.flatnonzero(digits > k) if k else slice(None)
        group = (numbers[has] >> (5 * k)) & 31
        out[places[:-1][has] + k] = group + 48 + 32 * (digits[has] > k + 1)
    return out, places[offsets - offsets[0]]


def from_list(counts: Any, size: tuple[int, int], limits: Limits = DEFAULT_LIMITS) -> np.ndarray:
    """Return the (k,) int64 counts of an uncompressed list; raise FormatError where it does not fit `size`."""
    fault = int(_size_faults(_size_row(size), limits)[0])
    if fault:
        raise fault_error(fault, size, limits)
    try:
        stated = np.asarray(counts, np.float64)
        whole = stated.astype(np.int64) if np.isfinite(stated).all() and (np.abs(stated) < 2**53).all() else None
    except (TypeError, ValueError):
        whole = None
    if whole is None or whole.ndim != 1 or (whole != stated).any():
        raise FormatError(
            "this mask can't be read: its run lengths are not a list of whole numbers", found=_short(counts)
        )
    fault = int(_count_faults(whole, np.array([0, len(whole)]), _size_row(size))[0])
    if fault:
        raise fault_error(fault, size, limits)
    return whole


def padded(counts: np.ndarray, pixels: int) -> np.ndarray:
    """Return counts with the background run at the end that some writers leave out, so that they add up to `pixels`."""
    missing = pixels - int(counts.sum())
    if missing <= 0:
        return counts
    if len(counts) % 2:
        return np.append(counts[:-1], counts[-1] + missing)
    return np.append(counts, missing)


def faults_of(
    counts: np.ndarray, offsets: np.ndarray, sizes: np.ndarray, limits: Limits = DEFAULT_LIMITS
) -> np.ndarray:
    """Return the (n,) uint8 faults of plain run lengths (k,) with `offsets` (n + 1,); see :func:`parse`."""
    faults = _size_faults(np.asarray(sizes), limits)
    faults[faults == 0] = _count_faults(counts, offsets, np.asarray(sizes))[faults == 0]
    return faults


def _size_faults(sizes: np.ndarray, limits: Limits) -> np.ndarray:
    height, width = sizes.reshape(-1, 2).astype(np.float64).T
    out = np.zeros(len(sizes), np.uint8)
    out[height * width > limits.pixels] = PIXELS
    out[~((height >= 1) & (width >= 1) & (height % 1 == 0) & (width % 1 == 0))] = SIZE
    return out


def _text_faults(data: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    out = np.zeros(len(offsets) - 1, np.uint8)
    filled = offsets[1:] > offsets[:-1]
    last = data[offsets[1:][filled] - 1]
    out[np.flatnonzero(filled)[(last - np.uint8(48)) & 32 != 0]] = UNFINISHED
    odd = np.flatnonzero(data - np.uint8(48) > 63)
    out[np.searchsorted(offsets, odd[(odd >= offsets[0]) & (odd < offsets[-1])], "right") - 1] = CHARACTER
    return out


def _count_faults(counts: np.ndarray, offsets: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    out = np.zeros(len(offsets) - 1, np.uint8)
    out[ragged.reduce(counts, offsets, np.add, 0) != sizes[:, 0].astype(np.int64) * sizes[:, 1]] = TOTAL
    out[ragged.reduce(counts, offsets, np.minimum, 0) < 0] = NEGATIVE
    return out


def _row_blocks(rows: np.ndarray, offsets: np.ndarray) -> list[np.ndarray]:
    """Cut rows into blocks of about `_BLOCK` values."""
    if not len(rows):
        return []
    filled = np.cumsum(offsets[rows + 1] - offsets[rows])
    cuts = np.searchsorted(filled, np.arange(_BLOCK, filled[-1], _BLOCK))
    return [block for block in np.split(rows, np.unique(cuts)) if len(block)]


def _parse_block(data: np.ndarray, offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (counts, offsets) of strings whose characters are right; an overlong number becomes a negative count."""
    codes = data - np.uint8(48)
    final = codes < 32
    ends = np.flatnonzero(final)
    starts = ragged.offsets_of(final)[offsets] if len(offsets) > 2 else np.array([0, len(ends)])
    digits = np.diff(ends, prepend=-1)
    low = codes[ends].astype(np.int64)
    numbers = low - 32 * (low >= 16)
    for k in range(1, min(int(digits.max(initial=0)), _DIGITS)):
        has = np.flatnonzero(digits > k)
        numbers[has] = numbers[has] << 5 | (codes[ends[has] - k] & 31)
    counts = _sums(numbers, starts)
    counts[digits > _DIGITS] = -1
    return counts, starts


def _differences(counts: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Return counts from the fourth of each mask on less the count two before."""
    own = counts[offsets[0] : offsets[-1]]
    out = own.copy()
    out[2:] -= own[:-2]
    for k in range(3):
        at = offsets[:-1] + k
        at = at[at < offsets[1:]] - offsets[0]
        out[at] = own[at]
    return out


def _sums(numbers: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Undo :func:`_differences`: running sums over every second number, the first number standing alone."""
    lengths = np.diff(offsets)
    pairs = ragged.offsets_of((lengths + 1) // 2)
    where = np.arange(len(numbers)) + np.repeat(2 * pairs[:-1] - offsets[:-1], lengths)
    table = np.zeros((pairs[-1] + 1, 2), np.int64)
    table.reshape(-1)[where + 2] = numbers
    heads = pairs[:-1][lengths > 0] + 1
    first = table[heads, 0].copy()
    table[heads, 0] = 0
    np.cumsum(table, axis=0, out=table)
    sums = table[1:] - np.repeat(table[pairs[:-1]], np.diff(pairs), axis=0)
    sums[heads - 1, 0] = first
    return np.asarray(sums.reshape(-1)[where])


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
