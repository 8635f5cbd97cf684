"""Where annotations stand that are no rows: those that were left out, and the points of poses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def inserted(notes: Sequence[Any], others: Sequence[Sequence[Any]]) -> list[Any]:
    """Return annotations with others at the places where they stood.

    Parameters
    ----------
    notes : sequence
        Annotations in their order; a tuple is a place and what stands there, anything else follows the one before.
    others : sequence of pairs
        Places, and what stands there.
    """
    placed = [(place, 0, note) for place, note in others]
    placed += [(each[0], 1, each[1]) for each in notes if type(each) is tuple]
    plain = [note for note in notes if type(note) is not tuple]
    made: list[Any] = []
    taken = 0
    for place, _, note in sorted(placed, key=lambda each: each[:2]):
        gap = max(place - len(made), 0)
        made += plain[taken : taken + gap]
        taken += gap
        made.append(note)
    return made + plain[taken:]
