"""Items and label counts in matplotlib axes; needs the extra ``plot``."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from annokit.display import counts
from annokit.display.canvas import fitted
from annokit.display.colors import Palette
from annokit.display.draw import draw_item
from annokit.display.fonts import path_for
from annokit.display.text import clean
from annokit.errors import MissingExtraError

if TYPE_CHECKING:
    from annokit.model.dataset import Dataset
    from annokit.model.item import Item

MOST_BARS = 40
INCHES = 8


def plot_item(item: Item, ax: Any = None, **options: Any) -> Any:
    """Draw an item into matplotlib axes, whose coordinates are the picture's pixels.

    Parameters
    ----------
    item : Item
        What to draw.
    ax : matplotlib.axes.Axes, optional
        Where; by default a new figure.
    **options
        As for :func:`annokit.display.draw.draw_item`.

    Returns
    -------
    matplotlib.axes.Axes
        The axes.

    Raises
    ------
    MissingExtraError
        Matplotlib is not installed.
    """
    pyplot = _pyplot("plotting an item")
    image = draw_item(item, **options)
    if ax is None:
        width, height = (max(side, 100) / 100 for side in fitted(image.size, INCHES * 100))
        ax = pyplot.subplots(figsize=(width, height))[1]
    right, bottom = (own or side for own, side in zip((item.width, item.height), image.size, strict=True))
    ax.imshow(image, extent=(0, right, bottom, 0))
    _legible(ax.set_title(_text(item.name)))
    ax.set_axis_off()
    return ax


def plot_labels(ds: Dataset, ax: Any = None) -> Any:
    """Draw how many annotations each label has, as bars in matplotlib axes, and return the axes.

    Parameters
    ----------
    ds : Dataset
        What to count; the forty most frequent labels are shown.
    ax : matplotlib.axes.Axes, optional
        Where; by default a new figure.
    """
    pyplot = _pyplot("plotting labels")
    palette = Palette(ds.labels)
    found = counts.labels(ds)[:MOST_BARS]
    if ax is None:
        ax = pyplot.subplots(figsize=(INCHES, max(len(found) * 0.25, 1) + 1))[1]
    labels = [None if place < 0 else ds.labels[place] for place, _ in found]
    colors = [tuple(part / 255 for part in palette.color(label)) for label in labels]
    ax.barh(range(len(found)), [count for _, count in found], color=colors)
    ax.set_yticks(range(len(found)), ["no label" if label is None else _text(label.path) for label in labels])
    for tick in ax.get_yticklabels():
        _legible(tick)
    ax.invert_yaxis()
    ax.set_xlabel("annotations")
    return ax


def _text(value: str) -> str:
    """Return text that matplotlib does not take for a formula."""
    return clean(value, 60).replace("$", r"\$")


def _legible(text: Any) -> None:
    """Give a matplotlib text a font that has its letters."""
    path = path_for(text.get_text())
    if path is not None:
        text.set_fontproperties(import_module("matplotlib.font_manager").FontProperties(fname=path))


def _pyplot(purpose: str) -> Any:
    try:
        return import_module("matplotlib.pyplot")
    except ImportError as error:
        raise MissingExtraError.of("plot", "matplotlib", purpose) from error
