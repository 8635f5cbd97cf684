"""VOC's colours."""

import numpy as np

from annokit.codecs.palette import voc_colors, voc_palette


def test_known_colours():
    palette = voc_palette()
    assert palette.shape == (256, 3)
    assert not palette.flags.writeable
    known = {0: (0, 0, 0), 1: (128, 0, 0), 2: (0, 128, 0), 3: (128, 128, 0), 15: (192, 128, 128), 255: (224, 224, 192)}
    assert {value: tuple(palette[value].tolist()) for value in known} == known


def test_numbers_of_24_bits_have_colours_of_their_own():
    values = np.array([0, 1, 255, 256, 65535, 65536, 0xFFFFFF, 0x1000001])
    colors = voc_colors(values)
    assert len({tuple(color) for color in colors[:-1].tolist()}) == len(values) - 1
    assert colors[-1].tolist() == colors[1].tolist()
