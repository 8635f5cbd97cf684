"""The colours of Pascal VOC: one per number, the same everywhere, so that masks of any tool look alike."""

from __future__ import annotations

from functools import cache

import numpy as np


def voc_colors(values: np.ndarray) -> np.ndarray:
    """Return the colours of numbers.

    Bits 0, 3, 6, ... of a number become red, highest bit first, bits 1, 4, 7, ... green, bits 2, 5, 8, ... blue, so
    that 1 is (128, 0, 0), 2 (0, 128, 0), 3 (128, 128, 0) and 255 (224, 224, 192). Numbers of 24 bits differ in colour.

    Parameters
    ----------
    values : (n,) array of non-negative integers
        Bits above the lowest 24 do not count.

    Returns
    -------
    (n, 3) uint8 array
        Red, green, blue.

    Examples
    --------
    >>> voc_colors(np.array([0, 1, 15])).tolist()
    [[0, 0, 0], [128, 0, 0], [192, 128, 128]]
    """
    numbers = np.asarray(values).astype(np.int64)
    colors = np.zeros((len(numbers), 3), np.uint8)
    for bit in range(8):
        for channel in range(3):
            colors[:, channel] |= ((numbers >> (3 * bit + channel)) & 1).astype(np.uint8) << (7 - bit)
    return colors


@cache
def _voc_palette() -> np.ndarray:
    palette = voc_colors(np.arange(256))
    palette.flags.writeable = False
    return palette


def voc_palette() -> np.ndarray:
    """Return the palette of VOC's masks, (256, 3) uint8, which can't be changed."""
    return _voc_palette()
