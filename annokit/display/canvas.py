"""What shapes are drawn on: a picture in red, green and blue, or a blank sheet where there are no pixels."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from annokit.columns import Fixed
from annokit.display.colors import Color
from annokit.errors import AnnokitError, MissingSizeError, UsageError

if TYPE_CHECKING:
    from PIL.Image import Image

    from annokit.model.annotation import Annotation
    from annokit.model.item import Item

Size = tuple[int, int]

DEFAULT_SIZE: Size = (640, 480)
"""Width and height of the blank sheet of an item of unknown size."""

SHEET: Color = (236, 236, 236)
"""Colour of a blank sheet."""

LONGEST_SHEET = 8192
"""Longest side of a blank sheet; a larger item is shown smaller."""


@attrs.frozen(eq=False)
class Scene:
    """An item ready to be drawn."""

    picture: Image | None
    """Its pixels as they are, None where there are none."""

    size: Size
    """Width and height of the picture, or of the sheet that stands for it."""

    annotations: tuple[Annotation, ...]
    """Its annotations, which all have normalised shapes."""


def scene(item: Item, image: Any = None, longest: int | None = None) -> Scene:
    """Return an item's picture and annotations.

    Parameters
    ----------
    item : Item
        What to show.
    image : PIL image or array, optional
        Its pixels, where the caller has them; else its file is read, and without one there is no picture.
    longest : int, optional
        Longest side wanted; the file may be decoded smaller where that is faster, but not smaller than this.
    """
    picture = _picture(item, longest) if image is None else image
    size = item.size if item.width is not None and item.height is not None else None
    if picture is not None:
        picture = to_rgb(picture)
    extent = size or (picture.size if picture is not None else _extent(item))
    annotations = item.annotations if size else _assuming(item, extent)
    return Scene(picture, picture.size if picture is not None else fitted(extent, LONGEST_SHEET), annotations)


def sheet(size: Size) -> Image:
    """Return a blank sheet."""
    from PIL import Image as Pillow

    return Pillow.new("RGB", size, SHEET)


def fitted(size: Size, longest: int) -> Size:
    """Return a size with the same proportions whose longer side is at most `longest`."""
    factor = min(longest / max(*size, 1), 1.0)
    return max(round(size[0] * factor), 1), max(round(size[1] * factor), 1)


def _picture(item: Item, longest: int | None) -> Image | None:
    from annokit.display.thumbnail import load_small

    try:
        return item.image if longest is None else load_small(item, longest)
    except (AnnokitError, OSError):
        return None


def _assuming(item: Item, size: Size) -> tuple[Annotation, ...]:
    """Return the annotations of an item of unknown size as if it had `size`."""
    one = item._dataset[item.row : item.row + 1]
    return one._with(items=one._items.replace({"size": Fixed(np.array([size], np.int64))}))[0].annotations


def _extent(item: Item) -> Size:
    """Return a size into which the numbers of an item of unknown size fit; the default one where they are fractions."""
    try:
        numbers = item.boxes(unit="source")
    except (MissingSizeError, AnnokitError):
        return DEFAULT_SIZE
    far = numbers[np.isfinite(numbers).all(axis=1)].reshape(-1, 2)
    if not len(far) or not (far > 2).any():
        return DEFAULT_SIZE
    width, height = (min(max(math.ceil(side * 1.05), 16), LONGEST_SHEET * 8) for side in far.max(axis=0).tolist())
    return width, height


def to_rgb(image: Any) -> Image:
    """Return a picture of any mode, or an array, as a new or the same picture in red, green and blue.

    Parameters
    ----------
    image : PIL image, or (H, W), (H, W, 1), (H, W, 3) or (H, W, 4) array
        Arrays of other types than uint8 and bool are stretched from their least to their largest value. What is
        transparent becomes white.

    Raises
    ------
    UsageError
        The array has another form or no pixels.
    """
    from PIL import Image as Pillow

    picture = image if isinstance(image, Pillow.Image) else _of_array(np.asarray(image))
    if picture.mode == "RGB":
        return picture
    if picture.mode.startswith(("I", "F")):
        return _of_array(np.asarray(picture)).convert("RGB")
    if "A" in picture.mode or "a" in picture.mode or "transparency" in picture.info:
        layer = picture.convert("RGBA")
        ground = Pillow.new("RGB", picture.size, (255, 255, 255))
        ground.paste(layer, mask=layer.getchannel("A"))
        return ground
    return picture.convert("RGB")


def _of_array(pixels: np.ndarray) -> Image:
    from PIL import Image as Pillow

    flat = pixels[..., 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels
    if flat.size == 0 or not (flat.ndim == 2 or (flat.ndim == 3 and flat.shape[2] in (3, 4))):
        raise UsageError(f"a picture is a PIL image or an (H, W), (H, W, 3) or (H, W, 4) array, got {pixels.shape}")
    return Pillow.fromarray(np.ascontiguousarray(flat if flat.dtype == np.uint8 else _stretched(flat)))


def _stretched(pixels: np.ndarray) -> np.ndarray:
    if pixels.dtype.kind not in "biuf":
        raise UsageError(f"pixels are numbers, got {pixels.dtype}")
    values = np.nan_to_num(pixels.astype(np.float64), posinf=0.0, neginf=0.0)
    low, high = float(values.min()), float(values.max())
    return np.asarray(np.rint((values - low) * (255 / (high - low or 1.0))).astype(np.uint8))
