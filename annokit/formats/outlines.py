"""Policies for targets whose outline is one ring: what becomes of holes, of several parts, and of no points at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.columns import Column, Number, Ragged
from annokit.columns.base import Array
from annokit.formats.conversions import placed, shapeless
from annokit.formats.places import at_annotations
from annokit.geometry.bridges import chained
from annokit.geometry.ragged import lengths, offsets_of, pack
from annokit.model.bounds import shape_bounds, stated_boxes
from annokit.model.schema import KIND_CODE
from annokit.model.select import take_annotations
from annokit.model.shapes import rings_of

if TYPE_CHECKING:
    from annokit.formats.holds import Step
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset

_OF_POINTS = [KIND_CODE[kind] for kind in ("polygon", "polyline", "point", "keypoints")]
"""Kinds that may have no points."""


def drop_empty(ds: Dataset, apply: bool) -> Found:
    """Take away shapes without points, and those whose numbers are not finite; the annotations stay."""
    kind = ds._annotations.array("kind")
    rows = np.flatnonzero(np.isin(kind, _OF_POINTS))
    rows = rows[~np.isfinite(shape_bounds(ds, rows, "source")).all(axis=1)]
    boxed = np.flatnonzero(kind == KIND_CODE["box"])
    rows = np.union1d(rows, boxed[~np.isfinite(stated_boxes(ds, boxed)).all(axis=1)])
    if not len(rows):
        return ds, []
    told = "a shape without points, or with numbers that are not finite, is none"
    return shapeless(ds, rows), [at_annotations(ds, "dropped", "shape", told, rows)]


def bridge_holes(ds: Dataset, apply: bool) -> Found:
    """Join holes to their outer ring by a cut of no width, so that the outline is one ring and the area stays.

    A dry run joins none: the numbers, the bounds and the parts of every shape are the same before and after.
    """
    rows = _several(ds, lambda rings, parts: rings > parts)
    if not len(rows):
        return ds, []
    told = "holes are joined to the outline by cuts of no width"
    issue = at_annotations(ds, "converted", "shape", f"polygon becomes polygon: {told}", rows)
    if not apply:
        return ds, [issue]
    points, rings, parts, shapes = rings_of(ds, rows, "source")
    made, ends = _bridged(points, rings, parts)
    column = placed(ds, "points", rows, Ragged(shapes, Ragged(None, Ragged(ends, Number(made)))))
    return ds._with(annotations=ds._annotations.replace({"points": column})), [issue]


def _bridged(points: Array, rings: Array, parts: Array) -> tuple[Array, Array]:
    """Return parts of one ring each, and where each begins; rings without points are left out."""
    size = lengths(rings)
    owner = np.arange(len(parts) - 1).repeat(lengths(parts))[size > 0]
    per_part = np.bincount(owner, minlength=len(parts) - 1)
    filled = per_part > 0
    holes = np.append(False, owner[1:] == owner[:-1])[: len(owner)]
    count = np.zeros(len(per_part), np.int64)
    if not filled.any():
        return points[:0], offsets_of(count)
    made, ends = chained(points, offsets_of(size[size > 0]), offsets_of(per_part[filled]), holes)
    count[filled] = lengths(ends)
    return made, offsets_of(count)


def split_parts(ds: Dataset, apply: bool) -> Found:
    """Make an annotation of each part; all of them keep everything else."""
    rows = _several(ds, lambda rings, parts: parts > 1)
    if not len(rows):
        return ds, []
    told = "polygon becomes polygon: each of its parts becomes an annotation"
    issue = at_annotations(ds, "converted", "shape", told, rows)
    column: Any = ds._annotations.sparse("points")
    shapes = column.values.take(column.slots_of(rows)).compact()
    counts = np.ones(len(ds._annotations), np.int64)
    counts[rows] = lengths(shapes.bounds())
    origin = np.arange(len(counts)).repeat(counts)
    split = ds._with(annotations=take_annotations(ds._annotations, origin))
    several = np.zeros(len(counts), bool)
    several[rows] = True
    places = np.flatnonzero(several[origin])
    changed = placed(split, "points", places, Ragged(None, shapes.values))
    return _without_box(split._with(annotations=split._annotations.replace({"points": changed})), places), [issue]


def _without_box(ds: Dataset, rows: Array) -> Dataset:
    """Return the dataset in which `rows` state no box: the box of a whole is not that of a part."""
    from annokit.formats.steps import cleared

    column = ds._annotations.get("box")
    return ds if column is None else ds._with(annotations=ds._annotations.replace({"box": cleared(column, rows)}))


def single_rings() -> tuple[Step, ...]:
    """Return the steps after which every polygon is one ring."""
    return bridge_holes, split_parts


def _several(ds: Dataset, wanted: Callable[[Array, Array], Array]) -> Array:
    """Return the polygon rows whose numbers of rings and of parts are `wanted`."""
    rows = np.flatnonzero(ds._annotations.array("kind") == KIND_CODE["polygon"])
    column = ds._annotations.sparse("points")
    if column is None or not len(rows):
        return rows[:0]
    shapes: Any = column.values
    slots = column.slots_of(rows)
    rows, slots = rows[slots >= 0], slots[slots >= 0]
    parts = shapes.bounds()
    return rows[wanted(lengths(shapes.values.bounds()[parts])[slots], lengths(parts)[slots])]


def rings_column(rings: Sequence[Array]) -> Column:
    """Return polygons of one part and one ring each, in the layout of the column ``points``."""
    points = np.concatenate(rings) if rings else np.zeros((0, 2))
    return one_ring(points, offsets_of([len(ring) for ring in rings]))


def one_ring(points: Array, offsets: Array) -> Column:
    """Return polygons of one part and one ring each, from their points (m, 2) and where each begins (n + 1,)."""
    return Ragged(None, Ragged(None, Ragged(offsets, Number(points))))


def bridged_ring(part: Sequence[Array]) -> Array:
    """Return one ring that encloses what an outer ring without its holes does.

    Parameters
    ----------
    part : sequence of (n, 2) arrays
        The outer ring, then its holes.

    Returns
    -------
    (m, 2) float64 array
        The points of all rings, and two more per hole; see :func:`annokit.geometry.bridges.chained`.
    """
    points, rings = pack([np.reshape(np.asarray(ring, np.float64), (-1, 2)) for ring in part])
    return _bridged(points, rings, np.array([0, len(part)]))[0]
