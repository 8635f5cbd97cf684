"""Colours of labels that state none."""

from __future__ import annotations

import colorsys
from collections.abc import Iterable

from annokit.model.label import Label

GOLDEN = 0.6180339887498949
"""Steps of this share of the circle give hues that lie far from all earlier ones."""

NOBODY = (128, 128, 128)
"""Colour of what has no label."""


def colors_of(labels: Iterable[Label]) -> list[tuple[int, ...]]:
    """Return red, green and blue of each label, its own where it states one; the last entry is for none."""
    return [*(label.color[:3] if label.color else made_up(place) for place, label in enumerate(labels)), NOBODY]


def made_up(place: int) -> tuple[int, ...]:
    """Return the colour of a label at a position that states none."""
    shares = colorsys.hsv_to_rgb((place * GOLDEN) % 1.0, 0.75, 0.95)
    return tuple(round(255 * share) for share in shares)
