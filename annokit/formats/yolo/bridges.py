"""One ring out of several: parts and holes joined by cuts of no width."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from annokit.columns import Column, Number, Ragged
from annokit.columns.base import Array
from annokit.formats.outlines import bridged_ring
from annokit.geometry.ragged import offsets_of


def one_ring(parts: Sequence[Sequence[Array]]) -> Array:
    """Return one ring that encloses what the parts do, (m, 2).

    Holes are joined to their outer ring first. Then each part is joined at the two vertices that are nearest to each
    other, and runs in the direction of the first, so that its area counts as much.

    Parameters
    ----------
    parts : sequence of sequences of (n, 2) arrays
        Each the outer ring, then its holes.
    """
    outlines = [bridged_ring(part) for part in parts]
    ring = outlines[0]
    clockwise = _turns(ring)
    for other in outlines[1:]:
        if _turns(other) != clockwise:
            other = other[::-1]  # noqa: PLW2901 - the same ring, the other way round
        dx = ring[:, 0, None] - other[:, 0]
        dy = ring[:, 1, None] - other[:, 1]
        here, there = divmod(int((dx * dx + dy * dy).argmin()), len(other))
        ring = np.concatenate([ring[: here + 1], other[there:], other[: there + 1], ring[here:]])
    return ring


def _turns(ring: Array) -> bool:
    x, y = ring.T
    return bool((x[:-1] * y[1:] - x[1:] * y[:-1]).sum() + x[-1] * y[0] - x[0] * y[-1] > 0)


def rings_column(rings: Sequence[Array]) -> Column:
    """Return polygons of one part and one ring each, in the layout of the column ``points``."""
    points = np.concatenate(rings) if rings else np.zeros((0, 2))
    return Ragged(None, Ragged(None, Ragged(offsets_of([len(ring) for ring in rings]), Number(points))))
