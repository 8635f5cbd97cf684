"""Pictures with shapes drawn on them: one renderer for items, video frames and contact sheets."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from annokit.display import brush
from annokit.display.canvas import fitted, scene, sheet, to_rgb
from annokit.display.caption import Caption, draw_captions
from annokit.display.colors import WHITE, Color, Palette, contrast
from annokit.display.marks import Frame, Marks, marks_of
from annokit.display.text import caption_of, clean
from annokit.errors import AnnokitError, UsageError

if TYPE_CHECKING:
    from PIL.Image import Image

    from annokit.model.annotation import Annotation
    from annokit.model.dataset import Dataset
    from annokit.model.item import Item

ALPHA = 0.35
"""Opacity of filled areas."""

HALO = 0.4
"""Opacity of the thin border that sets lines apart from a background of their own colour."""

MOST_SHEET_PIXELS = 100_000_000


@attrs.frozen(kw_only=True)
class Style:
    """How shapes are drawn; see :func:`draw_item` for the meaning."""

    labels: bool = True
    width: int | None = attrs.field(default=None)
    alpha: float = attrs.field(default=ALPHA)

    @width.validator
    def _check_width(self, _: Any, value: int | None) -> None:
        if value is not None and not 1 <= value <= 1000:
            raise UsageError(f"the width of lines is 1 to 1000 pixels, got {value!r}")

    @alpha.validator
    def _check_alpha(self, _: Any, value: float) -> None:
        if not 0 <= value <= 1:
            raise UsageError(f"alpha lies between 0 and 1, got {value!r}")

    def line(self, size: tuple[int, int]) -> int:
        """Return the width of lines on a picture of `size`."""
        side = math.sqrt(size[0] * size[1])
        return self.width or (1 if side < 160 else min(round(1 + side / 500), 12))


def draw_item(
    item: Item, *, image: Any = None, labels: bool = True, width: int | None = None, alpha: float = ALPHA
) -> Image:
    """Return an item's picture with its shapes drawn on it.

    Parameters
    ----------
    item : Item
        What to draw. Without pixels the shapes are drawn on a blank sheet of its size, and where that is unknown too
        on one into which they fit.
    image : PIL image or (H, W[, 3 or 4]) array, optional
        Its pixels, where the caller has them already.
    labels : bool
        Whether names stand beside the shapes. A name that finds no free place is left out.
    width : int, optional
        Width of lines in pixels; by default it grows with the picture.
    alpha : float
        Opacity of filled areas, 0 to 1; boxes are not filled.

    Returns
    -------
    PIL.Image.Image
        In mode RGB, of the picture's own size.
    """
    found = scene(item, image)
    style = Style(labels=labels, width=width, alpha=alpha)
    picture = found.picture.copy() if found.picture is not None else sheet(found.size)
    _draw(picture, found.annotations, Palette(item._dataset.labels), style)
    return picture


def draw_shapes(
    image: Any,
    annotations: Iterable[Annotation],
    *,
    labels: bool = True,
    width: int | None = None,
    alpha: float = ALPHA,
    palette: Palette | None = None,
) -> Image:
    """Return a copy of an image with the shapes of `annotations` drawn on it.

    Parameters
    ----------
    image : PIL image or (H, W[, 3 or 4]) array
        Any picture, such as a frame of a video. Shapes are normalised, so its size need not be the item's.
    annotations : iterable of Annotation
        From a dataset or made by hand.
    labels, width, alpha
        As for :func:`draw_item`.
    palette : Palette, optional
        Gives labels their colours; by default that of the dataset that the annotations come from. Give one to keep the
        colours of annotations made by hand from frame to frame.

    Returns
    -------
    PIL.Image.Image
        In mode RGB.
    """
    listed = tuple(annotations)
    rgb = to_rgb(image)
    picture = rgb.copy() if rgb is image else rgb
    _draw(picture, listed, palette or Palette.of(listed), Style(labels=labels, width=width, alpha=alpha))
    return picture


def _draw(picture: Image, annotations: Sequence[Annotation], palette: Palette, style: Style) -> None:
    """Draw in place: areas first, then lines, then captions, so that no area hides a line."""
    width = style.line(picture.size)
    colors = [palette.color(annotation.label) for annotation in annotations]
    marks = [marks_of(annotation, *picture.size) for annotation in annotations]
    frames = [_fill(picture, mark, color, style.alpha, width) for mark, color in zip(marks, colors, strict=True)]
    for mark, color in zip(marks, colors, strict=True):
        _outline(picture, mark, color, width)
    if style.labels:
        told = zip(annotations, colors, frames, strict=True)
        captions = [Caption(caption_of(a), c, f, f"label {palette.position(a.label)}") for a, c, f in told]
        crowd = min(max((40 / max(len(captions), 1)) ** 0.25, 0.6), 1.0)
        draw_captions(picture, [c for c in captions if c.text], max(round(letters(picture.size) * crowd), 10))


def letters(size: tuple[int, int]) -> int:
    """Return the height of letters in pixels on a picture of `size`."""
    return min(round(9 + math.sqrt(size[0] * size[1]) / 80), 72)


def _fill(picture: Image, mark: Marks, color: Color, alpha: float, width: int) -> Frame | None:
    if mark.mask is not None:
        covered = brush.bitmap(picture, mark.mask.decode(), color, alpha, width)
        return covered or mark.frame
    brush.fill(picture, mark.areas, color, alpha)
    return mark.frame


def _outline(picture: Image, mark: Marks, color: Color, width: int) -> None:
    halo = contrast(color)
    if mark.box is not None:
        left, top, right, bottom = (math.floor(v + 0.5) for v in mark.box)
        rect = left, top, max(right, left + 1), max(bottom, top + 1)
        brush.hollow(picture, (rect[0] - 1, rect[1] - 1, rect[2] + 1, rect[3] + 1), halo, 1, HALO)
        brush.hollow(picture, rect, color, width)
    brush.stroke(picture, mark.faint, color, max(width * 0.6, 1), 0.6)
    brush.stroke(picture, mark.lines, halo, width + 2, HALO)
    brush.stroke(picture, mark.lines, color, width)
    radius = width * 1.25 + 1
    brush.dots(picture, mark.dots[mark.dots[:, 2] > 0], radius + 1, halo, HALO)
    brush.dots(picture, mark.dots, radius, color)


def contact_sheet(
    ds: Dataset, count: int = 16, *, columns: int | None = None, size: int = 256, labels: bool = True
) -> Image:
    """Return a sheet of small pictures with their shapes.

    Parameters
    ----------
    ds : Dataset
        The items; where there are more than `count`, evenly spaced ones are shown, always the same.
    count : int
        Most pictures.
    columns : int, optional
        Pictures in a row; by default the sheet is about square.
    size : int
        Longest side of a picture in pixels; it keeps its proportions, and a row is as high as its highest picture.
    labels : bool
        Whether names stand beside the shapes, and item names below the pictures.

    Returns
    -------
    PIL.Image.Image
        In mode RGB. An item that can't be drawn leaves a blank cell that says why.
    """
    if count < 0 or size < 8 or (columns is not None and columns < 1):
        raise UsageError(f"count >= 0, size >= 8, columns >= 1; got {count}, {size}, {columns}")
    rows = spaced(len(ds), count)
    across = columns or max(math.ceil(math.sqrt(len(rows))), 1)
    gap, foot = max(size // 32, 2), (letters((size, size)) + 8 if labels else 0)
    down = max(math.ceil(len(rows) / across), 1)
    wide = across * (size + gap) + gap
    if wide * (down * (size + gap + foot) + gap) > MOST_SHEET_PIXELS:
        raise UsageError(f"a sheet of {down} rows {wide} pixels wide is too large; lower count or size")
    cells = [_cell(ds[row], size, labels) for row in rows]
    lines = [cells[start : start + across] for start in range(0, len(cells), across)]
    heights = [max(cell.height for cell, _ in line) for line in lines] or [size]
    tops = list(accumulate(heights, lambda top, height: top + height + foot + gap, initial=gap))
    board = _board((wide, tops[-1]))
    for place, (cell, told) in enumerate(cells):
        left, line = gap + place % across * (size + gap), place // across
        board.paste(cell, (left + (size - cell.width) // 2, tops[line] + (heights[line] - cell.height) // 2))
        if labels:
            _name(board, told, (left, tops[line] + heights[line]), size)
    return board


def _board(size: tuple[int, int]) -> Image:
    from PIL import Image as Pillow

    return Pillow.new("RGB", size, WHITE)


def spaced(length: int, count: int) -> list[int]:
    """Return up to `count` rows of `length`, evenly spaced, ascending, the first one among them."""
    if length <= count:
        return list(range(length))
    return [int(row) for row in np.arange(count) * length // count]


def small(item: Item, size: int, labels: bool = True) -> Image:
    """Return an item's picture with its shapes, at most `size` pixels a side; a tiny one is enlarged by whole steps."""
    from PIL import Image as Pillow

    from annokit.display.thumbnail import shrunk

    found = scene(item, longest=size)
    if found.picture is None:
        picture = sheet(fitted(found.size, size))
    else:
        picture = shrunk(found.picture, size)
        steps = size // max(picture.size)
        picture = picture.resize((picture.width * steps, picture.height * steps), Pillow.Resampling.NEAREST)
    return draw_shapes(picture, found.annotations, labels=labels, palette=Palette(item._dataset.labels))


def _cell(item: Item, size: int, labels: bool) -> tuple[Image, str]:
    """Return the picture of a cell and what is written below it."""
    try:
        return small(item, size, labels), clean(item.name, 80)
    except AnnokitError as error:
        return sheet((size, size)), f"not drawn: {clean(error, 80)}"


def _name(board: Image, told: str, spot: tuple[int, int], size: int) -> None:
    """Write a line below a cell, its beginning cut where it is too long."""
    from PIL import ImageDraw

    from annokit.display.fonts import font_for

    height = letters((size, size))
    font, text = font_for(told, height)
    while len(text) > 1 and font.getlength(text) > size:
        text = "…" + text[max(len(text) // 8, 2) :]
    ImageDraw.Draw(board).text((spot[0], spot[1] + 2), text, font=font, fill=(60, 60, 60))
