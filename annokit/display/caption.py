"""Captions: names in small boxes beside their shapes, each where it hides no other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from annokit.display.brush import solid
from annokit.display.colors import Color, contrast
from annokit.display.fonts import font_for
from annokit.display.marks import Frame

if TYPE_CHECKING:
    from PIL.Image import Image

Spot = tuple[int, int]

SHARE = 0.3
"""Largest share of the picture that one caption may cover."""

TOGETHER = 0.4
"""Largest share of the picture that all captions together may cover."""

BREADTH = 0.5
"""Largest share of the picture's width that a caption of more than a few letters may take."""


@attrs.frozen(eq=False)
class Caption:
    """A text, ready to be placed."""

    text: str
    """What is shown."""

    color: Color
    """Of the box behind it; the text is black or white."""

    frame: Frame | None
    """Bounds of the shape; None for a caption about the whole picture."""

    spare: str = ""
    """Shown instead where no font of the machine has a single letter of `text`."""


@attrs.frozen(eq=False)
class Plate:
    """A caption as it is drawn: text, font, offset of the text in its box, and the size of the box."""

    text: str
    font: Any
    offset: tuple[float, float]
    size: Spot


def draw_captions(image: Image, captions: list[Caption], size: int) -> int:
    """Draw captions with letters of `size` pixels.

    A caption stands above its shape, else inside, below or at its right end; one that finds no free place, or that
    would cover too much of the picture, is left out, since captions over captions can't be read.

    Returns
    -------
    int
        How many were drawn.
    """
    taken = np.zeros((0, 4))
    room = TOGETHER * image.width * image.height
    for caption in captions:
        plate = _fitting(legible(caption.text, caption.spare, size), size, image.size)
        spot = None if plate is None else _free(caption.frame, plate.size, image.size, taken)
        if plate is None or spot is None or plate.size[0] * plate.size[1] > room:
            continue
        room -= plate.size[0] * plate.size[1]
        _draw(image, plate, spot, caption.color)
        taken = np.append(taken, [[*spot, spot[0] + plate.size[0], spot[1] + plate.size[1]]], axis=0)
    return len(taken)


def legible(text: str, spare: str, size: int) -> str:
    """Return `text`, or `spare` where no font has any of its letters."""
    shown = font_for(text, size)[1]
    return spare if spare and not shown.strip("? ") and text.strip("? ") else text


def _fitting(text: str, size: int, canvas: Spot) -> Plate | None:
    """Return the plate of a text, shortened until it fits; None where not even a few letters do."""
    letters = len(text)
    broad = min(canvas[0], max(BREADTH * canvas[0], 8 * size))
    while letters > 0:
        plate = _plate(text if letters == len(text) else text[:letters].rstrip() + "…", size)
        width, height = plate.size
        if width <= broad and height <= canvas[1] and width * height <= SHARE * canvas[0] * canvas[1]:
            return plate
        room = min(broad, SHARE * canvas[0] * canvas[1] / height) / width if height <= canvas[1] else 0.0
        letters = min(letters - 1, int(letters * room) + 1) if letters > 3 and room > 0 else 0
    return None


def _plate(text: str, size: int) -> Plate:
    font, shown = font_for(text, size)
    left, top, right, bottom = font.getbbox(shown)
    _, high, _, low = font.getbbox("Áj")
    top, bottom = min(top, high), max(bottom, low)
    pad = max(round(size * 0.15), 1)
    width, height = int(right - left) + 2 * pad, int(bottom - top) + 2 * pad
    return Plate(shown, font, (pad - left, pad - top), (width, height))


def _free(frame: Frame | None, size: Spot, canvas: Spot, taken: np.ndarray) -> Spot | None:
    """Return the first place that is on the canvas and hides no caption."""
    for x, y in _spots(frame, size, canvas):
        left = min(max(round(x), 0), canvas[0] - size[0])
        top = round(y)
        if top < 0 or top + size[1] > canvas[1]:
            continue
        apart = (taken[:, 0] >= left + size[0]) | (taken[:, 2] <= left)
        apart |= (taken[:, 1] >= top + size[1]) | (taken[:, 3] <= top)
        if apart.all():
            return left, top
    return None


def _spots(frame: Frame | None, size: Spot, canvas: Spot) -> list[tuple[float, float]]:
    width, height = size
    if frame is None:
        return [(0, y) for y in range(0, max(canvas[1] - height, 0) + 1, height)]
    left, top, right, bottom = frame
    if right < 0 or bottom < 0 or left > canvas[0] or top > canvas[1]:
        return []
    top, bottom = max(top, 0), min(bottom, canvas[1])
    return [
        (left, top - height),
        (left, top),
        (left, bottom),
        (right - width, top - height),
        (left, bottom - height),
        (right - width, top),
        (right, top),
        (left - width, top),
    ]


def _draw(image: Image, plate: Plate, spot: Spot, color: Color) -> None:
    from PIL import ImageDraw

    solid(image, (*spot, spot[0] + plate.size[0], spot[1] + plate.size[1]), color)
    place = spot[0] + plate.offset[0], spot[1] + plate.offset[1]
    ImageDraw.Draw(image).text(place, plate.text, font=plate.font, fill=contrast(color))
