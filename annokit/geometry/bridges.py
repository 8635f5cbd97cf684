"""One ring out of several: parts and holes joined by cuts of no width, many shapes at once."""

from __future__ import annotations

from typing import Any

import numpy as np

from annokit.geometry.ragged import offsets_of, reduce
from annokit.geometry.rings import signed_area

Array = np.ndarray[Any, np.dtype[Any]]


def chained(points: Array, rings: Array, shapes: Array, holes: Array) -> tuple[Array, Array]:
    """Return shapes of one ring each that enclose what the shapes of several do.

    The rings of a shape are joined one to the next where they come near each other. The way runs along the first ring
    up to its cut, over to the second, and so on, around the last, and back along what is left of each. Rings run in the
    direction of the first, holes the other way, so that areas add up as they should.

    Parameters
    ----------
    points : (m, 2) float64 array
        Points of all rings.
    rings : (r + 1,) int64 array
        Where each ring begins; none is empty.
    shapes : (s + 1,) int64 array
        Where the rings of each shape begin; every shape has one.
    holes : (r,) bool array
        Which rings are holes.

    Returns
    -------
    points : (k, 2) float64 array
        Those of the rings, and two more per cut.
    offsets : (s + 1,) int64 array
        Where each shape begins.
    """
    points, rings = points[rings[0] : rings[-1]], rings - rings[0]
    shapes = shapes - shapes[0]
    size = np.diff(rings)
    owner = np.arange(len(shapes) - 1).repeat(np.diff(shapes))
    turned = _turned(points, rings, shapes[:-1][owner], holes)
    leave, enter = _cuts(points, rings, owner)
    n = np.where(turned, size - 1, 0)
    leave, enter = np.where(turned, n - leave, leave), np.where(turned, n - enter, enter)
    order, start, count = _ways(size, shapes, owner, leave, enter)
    ends = offsets_of(count)
    step = np.arange(ends[-1]) - ends[:-1].repeat(count)
    ring = order.repeat(count)
    place = (start.repeat(count) + step) % size[ring]
    place = np.where(turned[ring], size[ring] - 1 - place, place)
    per_shape = np.bincount(owner[order], count, len(shapes) - 1).astype(np.int64)
    return points[rings[ring] + place], offsets_of(per_shape)


def _turned(points: Array, rings: Array, first: Array, holes: Array) -> Array:
    """Return which rings have to run the other way."""
    clockwise = signed_area(points, rings) > 0
    return np.asarray((clockwise != clockwise[first]) != holes)


def _cuts(points: Array, rings: Array, owner: Array) -> tuple[Array, Array]:
    """Return the place in each ring where the cut to the next begins, and where that from the ring before ends.

    Two vertices near each other: that nearest to the other ring's centre, and the other ring's nearest to it; then the
    first anew. Places of rings that have no such cut are 0.
    """
    leave, enter = np.zeros(len(rings) - 1, np.int64), np.zeros(len(rings) - 1, np.int64)
    here = np.flatnonzero(owner[:-1] == owner[1:])
    if not len(here):
        return leave, enter
    centre = reduce(points, rings, np.add, 0.0) / np.diff(rings)[:, None]
    there = here + 1
    near = _nearest(points, rings, here, centre[there])
    enter[there] = _nearest(points, rings, there, points[rings[here] + near])
    leave[here] = _nearest(points, rings, here, points[rings[there] + enter[there]])
    return leave, enter


def _nearest(points: Array, rings: Array, chosen: Array, targets: Array) -> Array:
    """Return the place in each of the `chosen` rings of the vertex nearest to its target, the first of several."""
    count = np.diff(rings)[chosen]
    ends = offsets_of(count)
    step = np.arange(ends[-1]) - ends[:-1].repeat(count)
    gap = points[rings[chosen].repeat(count) + step] - targets.repeat(count, axis=0)
    distance = gap[:, 0] ** 2 + gap[:, 1] ** 2
    distance[np.isnan(distance)] = np.inf
    least = np.minimum.reduceat(distance, ends[:-1])
    found = np.flatnonzero(distance == least.repeat(count))
    first = found[np.searchsorted(found, ends[:-1])]
    return np.asarray(step[first])


def _ways(size: Array, shapes: Array, owner: Array, leave: Array, enter: Array) -> tuple[Array, Array, Array]:
    """Return the arcs of the way through all rings: their ring, first vertex and number of vertices.

    A ring that has a next one is walked twice: from where it is entered to where it is left, and back to where it was
    entered. The first of a shape is not entered by a cut, so that its second arc ends one vertex earlier; the last is
    walked around once.
    """
    ring = np.arange(len(size))
    first, last = shapes[:-1][owner] == ring, shapes[1:][owner] - 1 == ring
    going = (leave - enter) % size + 1
    going[last] = size[last] + ~first[last]
    coming = np.where(leave == enter, size, (enter - leave) % size) + ~first
    back = ~last
    place = ring - shapes[:-1][owner]
    far = 2 * np.diff(shapes)[owner]
    keys = np.concatenate([place, (far - place)[back]])
    order = np.lexsort((keys, np.concatenate([owner, owner[back]])))
    rings = np.concatenate([ring, ring[back]])[order]
    starts = np.concatenate([enter, leave[back]])[order]
    return rings, starts, np.concatenate([going, coming[back]])[order]
