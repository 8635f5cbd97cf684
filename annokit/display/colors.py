"""The colour of a label: its own, else one that people with impaired colour vision can tell apart."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from annokit.model.annotation import Annotation
    from annokit.model.label import Label

Color = tuple[int, int, int]
"""Red, green and blue, 0 to 255."""

BLACK: Color = (0, 0, 0)
WHITE: Color = (255, 255, 255)
GREY: Color = (140, 140, 140)
"""Colour of what has no label."""

BASE: tuple[Color, ...] = (
    (230, 159, 0),
    (86, 180, 233),
    (0, 158, 115),
    (204, 121, 167),
    (0, 114, 178),
    (213, 94, 0),
    (240, 228, 66),
)
"""Okabe and Ito's colours without black, neighbours far apart (https://jfly.uni-koeln.de/color/)."""


def mix(color: Color, other: Color, share: float) -> Color:
    """Return `color` with a `share` (0 to 1) of `other`."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(color, other, strict=True))
    return red, green, blue


PALETTE: tuple[Color, ...] = (
    *BASE,
    *(mix(color, BLACK, 0.4) for color in BASE),
    *(mix(color, WHITE, 0.5) for color in BASE),
)
"""Colours by position; after the last one they repeat."""


def stated_color(label: Label) -> Color | None:
    """Return the colour that a label states, cut to 0..255; None where it states none, or nonsense."""
    try:
        red, green, blue = (min(max(int(part), 0), 255) for part in tuple(label.color or ())[:3])
    except (TypeError, ValueError, OverflowError):
        return None
    return red, green, blue


def luminance(color: Color) -> float:
    """Return the relative luminance of a colour, 0 black to 1 white (WCAG 2)."""
    parts = (part / 255 for part in color)
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(color: Color) -> Color:
    """Return black or white, whichever reads better on `color`."""
    return BLACK if luminance(color) > 0.179 else WHITE


def to_hex(color: Color) -> str:
    """Return a colour as ``#rrggbb``."""
    return "#{:02x}{:02x}{:02x}".format(*color)


class Palette:
    """Positions and colours of labels, the same for one label wherever it is shown.

    Parameters
    ----------
    labels : iterable of Label
        In the order of the label set. A label that is not among them gets the next position when it is first asked for.
    """

    def __init__(self, labels: Iterable[Label] = ()) -> None:
        self._labels = list(labels)
        self._places = {id(label): place for place, label in reversed(list(enumerate(self._labels)))}
        self._by_path: dict[str, int] = {}
        for place, label in enumerate(self._labels):
            self._by_path.setdefault(label.path, place)

    @classmethod
    def of(cls, annotations: Iterable[Annotation]) -> Palette:
        """Return the palette of the dataset that `annotations` come from, an empty one where they come from none."""
        dataset = next((found for a in annotations if (found := a.dataset) is not None), None)
        return cls(() if dataset is None else dataset.labels)

    @property
    def labels(self) -> tuple[Label, ...]:
        """All labels so far, by position."""
        return tuple(self._labels)

    def position(self, label: Label | None) -> int:
        """Return the position of `label`, -1 for None."""
        if label is None:
            return -1
        place = self._places.get(id(label))
        if place is None:
            place = self._by_path.setdefault(label.path, len(self._labels))
            if place == len(self._labels):
                self._labels.append(label)
        return place

    def color(self, label: Label | None) -> Color:
        """Return the colour of `label`; grey for None."""
        if label is None:
            return GREY
        return stated_color(label) or PALETTE[self.position(label) % len(PALETTE)]
