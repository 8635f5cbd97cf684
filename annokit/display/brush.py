"""Ink on a picture: strips, fills, strokes, dots and masks, smooth at the edges where that is cheap."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import attrs
import numpy as np

from annokit.display.colors import Color
from annokit.display.marks import Array, Frame, Part, bounds_of

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

Rect = tuple[int, int, int, int]

PATCH_PIXELS = 6_000_000
"""Most pixels of the enlarged patch on which one thing is drawn; a larger thing is drawn with coarser edges."""

JOINED_POINTS = 2_000
"""Longest chain whose corners are rounded."""


def solid(image: Image, rect: Rect, color: Color, opacity: float = 1.0) -> None:
    """Cover a rectangle (left, top, right, bottom; half-open) with a colour."""
    left, top, right, bottom = within(image, rect)
    if left >= right or top >= bottom:
        return
    if opacity >= 1:
        image.paste(color, (left, top, right, bottom))
        return
    from PIL import Image as Pillow

    image.paste(color, (left, top), Pillow.new("L", (right - left, bottom - top), round(255 * opacity)))


def within(image: Image, rect: Sequence[float]) -> Rect:
    """Return a rectangle of whole pixels cut at the borders of the image."""
    left, top, right, bottom = rect
    return (
        max(math.floor(left), 0),
        max(math.floor(top), 0),
        min(math.ceil(right), image.width),
        min(math.ceil(bottom), image.height),
    )


def hollow(image: Image, rect: Rect, color: Color, width: int, opacity: float = 1.0) -> None:
    """Draw a frame of `width` pixels along the inner side of a rectangle."""
    left, top, right, bottom = rect
    width = max(min(width, (right - left + 1) // 2, (bottom - top + 1) // 2), 1)
    upper, lower = min(top + width, bottom), max(bottom - width, top + width)
    solid(image, (left, top, right, upper), color, opacity)
    solid(image, (left, lower, right, bottom), color, opacity)
    solid(image, (left, upper, left + width, lower), color, opacity)
    solid(image, (max(right - width, left + width), upper, right, lower), color, opacity)


@attrs.frozen(eq=False)
class Patch:
    """A part of the picture, enlarged, on which coverage is drawn."""

    rect: Rect
    scale: int
    image: Image
    pen: ImageDraw

    @classmethod
    def over(cls, image: Image, bounds: Frame, margin: float) -> Patch | None:
        """Return a patch that covers `bounds` and a margin; None where that lies outside the image."""
        from PIL import Image as Pillow
        from PIL import ImageDraw

        left, top, right, bottom = bounds
        rect = within(image, (left - margin, top - margin, right + margin, bottom + margin))
        width, height = rect[2] - rect[0], rect[3] - rect[1]
        if width <= 0 or height <= 0:
            return None
        scale = next((s for s in (4, 2) if width * height * s * s <= PATCH_PIXELS), 1)
        canvas = Pillow.new("L", (width * scale, height * scale), 0)
        return cls(rect, scale, canvas, ImageDraw.Draw(canvas))

    def place(self, points: Array) -> list[float]:
        """Return (n, 2) pixels of the picture as flat coordinates of the patch."""
        moved: list[float] = ((points - self.rect[:2]) * self.scale - 0.5).reshape(-1).tolist()
        return moved

    def ink(self, image: Image, color: Color, opacity: float) -> None:
        """Colour the picture where the patch is covered."""
        cover = self.image if self.scale == 1 else self.image.reduce(self.scale)
        if opacity < 1:
            cover = cover.point([round(value * opacity) for value in range(256)])
        image.paste(color, self.rect[:2], cover)


def fill(image: Image, parts: Sequence[Part], color: Color, opacity: float) -> None:
    """Fill parts, leaving their holes out."""
    bounds = bounds_of(part[0] for part in parts)
    patch = Patch.over(image, bounds, 1) if bounds and opacity > 0 else None
    if patch is None:
        return
    plain = [part[0] for part in parts if len(part) == 1]
    for part in parts:
        if len(part) > 1:
            _fill_with_holes(patch, part)
    for ring in plain:
        _fill_ring(patch.pen, patch.place(ring), 255)
    patch.ink(image, color, opacity)


def _fill_ring(pen: ImageDraw, flat: list[float], value: int) -> None:
    if len(flat) >= 6:
        pen.polygon(flat, fill=value)


def _fill_with_holes(patch: Patch, part: Part) -> None:
    from PIL import Image as Pillow
    from PIL import ImageChops, ImageDraw

    own = Pillow.new("L", patch.image.size, 0)
    pen = ImageDraw.Draw(own)
    for ring, value in zip(part, (255, *[0] * (len(part) - 1)), strict=True):
        _fill_ring(pen, patch.place(ring), value)
    patch.image.paste(ImageChops.lighter(patch.image, own))


def stroke(image: Image, lines: Sequence[Array], color: Color, width: float, opacity: float = 1.0) -> None:
    """Stroke chains of points with a line of `width` pixels."""
    bounds = bounds_of(lines)
    patch = Patch.over(image, bounds, width) if bounds else None
    if patch is None:
        return
    thick = max(round(width * patch.scale), 1)
    for line in lines:
        joint = "curve" if len(line) <= JOINED_POINTS and thick > 2 else None
        patch.pen.line(patch.place(line), fill=255, width=thick, joint=joint)
        _round_ends(patch, line[[0, -1]], thick)
    patch.ink(image, color, opacity)


def _round_ends(patch: Patch, ends: Array, thick: int) -> None:
    if thick > 2:
        for x, y in np.reshape(patch.place(ends), (-1, 2)).tolist():
            patch.pen.ellipse((x - thick / 2, y - thick / 2, x + thick / 2, y + thick / 2), fill=255)


def dots(image: Image, points: Array, radius: float, color: Color, opacity: float = 1.0) -> None:
    """Draw (n, 3) dots: x, y, and 1 for a full one, 0 for a ring."""
    for x, y, full in points.tolist():
        patch = Patch.over(image, (x, y, x, y), radius + 1)
        if patch is None:
            continue
        (cx, cy), reach = patch.place(np.array([[x, y]])), radius * patch.scale
        rect = (cx - reach, cy - reach, cx + reach, cy + reach)
        ring = max(round(reach * 0.45), 1)
        patch.pen.ellipse(rect, fill=255 if full else None, outline=255, width=ring)
        patch.ink(image, color, opacity)


def bitmap(image: Image, flags: Array, color: Color, opacity: float, width: int) -> Frame | None:
    """Cover the pixels of a (height, width) bool mask stretched over the image, with a border of `width` pixels.

    Returns
    -------
    tuple of float or None
        Bounds of what was covered; None where the mask is empty.
    """
    rows, columns = np.flatnonzero(flags.any(axis=1)), np.flatnonzero(flags.any(axis=0))
    if not len(rows):
        return None
    fx, fy = image.width / flags.shape[1], image.height / flags.shape[0]
    frame = columns[0] * fx, rows[0] * fy, (columns[-1] + 1) * fx, (rows[-1] + 1) * fy
    crop = flags[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    rect = within(image, frame)
    cover = stretched(crop, (rect[2] - rect[0], rect[3] - rect[1]))
    _paste(image, rect, cover, color, opacity)
    _paste(image, rect, cover & ~_inner(cover, width), color, 1.0)
    return tuple(map(float, frame))  # type: ignore[return-value] # four numbers, made above


def stretched(crop: Array, size: tuple[int, int]) -> Array:
    """Return a (height, width) bool mask resized to (width, height) `size`."""
    if crop.shape == size[::-1]:
        return crop
    from PIL import Image as Pillow

    grey = Pillow.fromarray(crop.astype(np.uint8) * 255)
    return np.asarray(np.asarray(grey.resize(size, Pillow.Resampling.BOX)) >= 96)


def _paste(image: Image, rect: Rect, cover: Array, color: Color, opacity: float) -> None:
    from PIL import Image as Pillow

    image.paste(color, rect[:2], Pillow.fromarray(cover.astype(np.uint8) * np.uint8(round(255 * opacity))))


def _inner(flags: Array, width: int) -> Array:
    """Return the pixels whose neighbours up to `width` steps away in all four directions are set."""
    inner = np.pad(flags, 1)
    for _ in range(width):
        kept = inner.copy()
        kept[1:-1, 1:-1] = inner[1:-1, 1:-1] & inner[:-2, 1:-1] & inner[2:, 1:-1] & inner[1:-1, :-2] & inner[1:-1, 2:]
        inner = kept
    return inner[1:-1, 1:-1]
