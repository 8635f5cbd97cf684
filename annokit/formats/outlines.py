"""Policies for targets whose outline is one ring: what becomes of holes and of several parts."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.columns import Column
from annokit.columns.base import Array
from annokit.formats.conversions import placed
from annokit.formats.places import at_annotations
from annokit.geometry.ragged import lengths
from annokit.geometry.rings import signed_area
from annokit.model.rows import _shapes
from annokit.model.schema import KIND_CODE
from annokit.model.select import take_annotations
from annokit.model.shapes import rings_of

if TYPE_CHECKING:
    from annokit.formats.holds import Step
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset


def bridge_holes(ds: Dataset, apply: bool) -> Found:
    """Join holes to their outer ring by a cut of no width, so that the outline is one ring and the area stays."""
    rows, shapes = _several(ds, lambda per_part, per_shape: per_part > per_shape)
    if not len(rows):
        return ds, []
    told = "holes are joined to the outline by cuts of no width"
    issue = at_annotations(ds, "converted", "shape", f"polygon becomes polygon: {told}", rows)
    bridged = [[[bridged_ring(part)] for part in shape] for shape in shapes]
    return _with_points(ds, rows, bridged), [issue]


def split_parts(ds: Dataset, apply: bool) -> Found:
    """Make an annotation of each part; all of them keep everything else."""
    rows, shapes = _several(ds, lambda per_part, per_shape: per_shape > 1)
    if not len(rows):
        return ds, []
    told = "polygon becomes polygon: each of its parts becomes an annotation"
    issue = at_annotations(ds, "converted", "shape", told, rows)
    counts = np.ones(len(ds._annotations), np.int64)
    counts[rows] = [len(shape) for shape in shapes]
    table = take_annotations(ds._annotations, np.arange(len(counts)).repeat(counts))
    starts = (counts.cumsum() - counts)[rows]
    places = np.concatenate([np.arange(s, s + len(shape)) for s, shape in zip(starts, shapes, strict=True)])
    split = ds._with(annotations=table)
    changed = _with_points(split, places, [[part] for shape in shapes for part in shape])
    return _without_box(changed, places), [issue]


def _without_box(ds: Dataset, rows: Array) -> Dataset:
    """Return the dataset in which `rows` state no box: the box of a whole is not that of a part."""
    from annokit.formats.steps import cleared

    column = ds._annotations.get("box")
    return ds if column is None else ds._with(annotations=ds._annotations.replace({"box": cleared(column, rows)}))


def single_rings() -> tuple[Step, ...]:
    """Return the steps after which every polygon is one ring."""
    return bridge_holes, split_parts


def _several(ds: Dataset, wanted: Any) -> tuple[Array, list[list[list[Array]]]]:
    """Return the polygon rows whose numbers of rings and parts are `wanted`, and their rings in the source's unit."""
    polygons = np.flatnonzero(ds._annotations.array("kind") == KIND_CODE["polygon"])
    if not len(polygons):
        return polygons, []
    _, _, parts, shapes = rings_of(ds, polygons, "source")
    rows = polygons[wanted(lengths(parts[shapes]), lengths(shapes))]
    if not len(rows):
        return rows, []
    points, rings, parts, shapes = rings_of(ds, rows, "source")
    made = [points[a:b] for a, b in _runs(rings)]
    grouped = [made[a:b] for a, b in _runs(parts)]
    return rows, [grouped[a:b] for a, b in _runs(shapes)]


def _runs(offsets: Array) -> Sequence[tuple[int, int]]:
    return list(pairwise(offsets.tolist()))


def _with_points(ds: Dataset, rows: Array, shapes: list[list[list[Array]]]) -> Dataset:
    column: Column = placed(
        ds, "points", rows, _shapes([[[ring.tolist() for ring in part] for part in s] for s in shapes])
    )
    return ds._with(annotations=ds._annotations.replace({"points": column}))


def bridged_ring(part: Sequence[Array]) -> Array:
    """Return one ring that encloses what an outer ring without its holes does.

    Each hole is joined at its vertex nearest to the outline so far, and runs against the outer ring's direction.

    Parameters
    ----------
    part : sequence of (n, 2) arrays
        The outer ring, then its holes.

    Returns
    -------
    (m, 2) float64 array
        The outer ring's points, the holes' points, and two more per hole.
    """
    outline = np.asarray(part[0], np.float64)
    clockwise = _area(outline) > 0
    for given in part[1:]:
        hole = np.asarray(given, np.float64)
        if not len(hole):
            continue
        if (_area(hole) > 0) == clockwise:
            hole = hole[::-1]
        gaps = ((outline[:, None] - hole[None]) ** 2).sum(axis=2)
        here, there = np.unravel_index(int(gaps.argmin()), gaps.shape)
        loop = np.concatenate([hole[there:], hole[: there + 1]])
        outline = np.concatenate([outline[: here + 1], loop, outline[here:]])
    return outline


def _area(ring: Array) -> float:
    return float(signed_area(ring, np.array([0, len(ring)]))[0])
