"""Steps of narrowing after which every outline is one ring.

A dry run computes no outline: a polygon that needs joining stays as it is, and a mask becomes a polygon without parts,
which no polygon of a dataset is by then.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from annokit.columns import Column, Fixed, Number, Ragged, Sparse, Struct
from annokit.columns.base import Array
from annokit.formats.conversions import emptied, placed
from annokit.formats.outlines import bridge_holes, one_ring, rings_column, split_parts
from annokit.formats.places import at_annotations
from annokit.formats.steps import without
from annokit.geometry.bridges import chained
from annokit.geometry.ragged import offsets_of, reduce
from annokit.model.bounds import of_item
from annokit.model.schema import KIND_CODE, MASK_ENCODINGS, UNITS
from annokit.model.shapes import rings_of

if TYPE_CHECKING:
    from annokit.formats.holds import Step
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset


UNIT = UNITS.index("unit")


def rows_of_kind(ds: Dataset, kind: str) -> Array:
    """Return the rows whose shape is of a kind."""
    return np.flatnonzero(ds._annotations.array("kind") == KIND_CODE[kind])


@attrs.frozen(eq=False)
class Levels:
    """The offsets of all outlines of a dataset, and which of them each row has; points are not touched."""

    slots: Array
    """(k,) int64 slot of each row."""

    shapes: Array
    """(s + 1,) parts of each slot."""

    parts: Array
    """(p + 1,) rings of each part."""

    rings: Array
    """(r + 1,) points of each ring."""

    points: Array
    """(m, 2) float64."""

    @classmethod
    def of(cls, ds: Dataset, rows: Array) -> Levels:
        """Return the levels of polygon `rows`, of which there is at least one."""
        column = ds._annotations.sparse("points")
        assert column is not None
        shape: Any = column.values
        rings = shape.values.values
        return cls(column.slots_of(rows), shape.bounds(), shape.values.bounds(), rings.bounds(), rings.values.values)

    def ring_counts(self) -> Array:
        """Return (k,) rings of each row."""
        return np.asarray(np.diff(self.parts[self.shapes])[self.slots])

    def short(self) -> Array:
        """Return (k,) bool: which rows have no ring, or one of fewer than three points."""
        few = np.concatenate([[0], np.cumsum(np.diff(self.rings) < 3)])
        per_slot = np.diff(few[self.parts[self.shapes]])
        return np.asarray((self.ring_counts() == 0) | (per_slot > 0)[self.slots])

    def reach(self) -> Array:
        """Return (k, 4) least and largest coordinates of each row; the least as 0 where none of the dataset is below.

        A row without parts reaches from 0 to 0. The least coordinates of each take a pass of their own over all points,
        which one over all at once spares most datasets.
        """
        ends = self.rings[self.parts[self.shapes]]
        found = np.zeros((len(ends) - 1, 4))
        if not len(self.points) or not self.points.min() >= 0:  # NaN is not
            found[:, :2] = reduce(self.points, ends, np.minimum, 0.0)
        found[:, 2:] = reduce(self.points, ends, np.maximum, 0.0)
        return found[self.slots]


def grouped(ds: Dataset, rows: Array) -> list[list[list[Array]]]:
    """Return the rings of the parts of each of `rows`, in the item's own unit."""
    points, rings, parts, shapes = rings_of(ds, rows, "source")
    made = [points[a:b] for a, b in pairwise(rings.tolist())]
    nested = [made[a:b] for a, b in pairwise(parts.tolist())]
    return [nested[a:b] for a, b in pairwise(shapes.tolist())]


def no_short_rings(ds: Dataset, apply: bool) -> Found:
    """Leave out rings of fewer than three points, and polygons without any other."""
    rows = rows_of_kind(ds, "polygon")
    short = rows[Levels.of(ds, rows).short()] if len(rows) else rows
    if not len(short):
        return ds, []
    kept = [[part for part in map(_long_rings, shape) if part] for shape in grouped(ds, short)]
    gone = np.array([not shape for shape in kept], bool)
    issues = []
    if not gone.all():
        told = "rings of fewer than three points are left out"
        issues.append(at_annotations(ds, "converted", "shape", told, short[~gone]))
        column = placed(ds, "points", short[~gone], _nested([shape for shape in kept if shape]))
        ds = ds._with(annotations=ds._annotations.replace({"points": column}))
    if gone.any():
        told = "an outline needs three points"
        issues.append(at_annotations(ds, "refused", "shape", told, short[gone]))
        ds = without(ds, short[gone])
    return ds, issues


def _long_rings(part: list[Array]) -> list[Array]:
    return [ring for ring in part if len(ring) > 2] if part and len(part[0]) > 2 else []


def _nested(shapes: list[list[list[Array]]]) -> Column:
    parts = [part for shape in shapes for part in shape]
    rings = [ring for part in parts for ring in part]
    points = Ragged(offsets_of([len(ring) for ring in rings]), Number(np.concatenate(rings)))
    inner = Ragged(offsets_of([len(part) for part in parts]), points)
    return Ragged(offsets_of([len(shape) for shape in shapes]), inner)


def one_ring_each(exact: bool) -> Step:
    """Join the parts and holes of every polygon to one ring, and trace masks to such rings.

    A dry run that need not be `exact` computes neither.
    """

    def step(ds: Dataset, apply: bool) -> Found:
        ds, issues = _no_empty_masks(ds)
        several, masks = _of_several_rings(ds), rows_of_kind(ds, "mask")
        if len(several):
            told = "polygon becomes polygon: parts and holes are joined by cuts of no width"
            issues.append(at_annotations(ds, "converted", "shape", told, several))
        if len(masks):
            told = "mask becomes polygon: the outlines of its pixels, parts and holes joined by cuts of no width"
            issues.append(at_annotations(ds, "converted", "shape", told, masks))
        if not len(several) and not len(masks):
            return ds, issues
        fresh = apply or exact or not _of_item_size(ds, masks)
        return _with_outlines(ds, several, masks, _computed if fresh else _not_computed), issues

    return step


def _with_outlines(ds: Dataset, several: Array, masks: Array, make: Any) -> Dataset:
    """Return the dataset with other points for two sets of rows, the second of them no longer masks."""
    kinds = ds._annotations.array("kind").copy()
    kinds[masks] = KIND_CODE["polygon"]
    changes = {"points": make(ds, several, masks), "kind": Fixed(kinds)}
    if len(masks):
        changes["mask"] = emptied(ds, "mask", masks)
    return ds._with(annotations=ds._annotations.replace(changes))


def _no_empty_masks(ds: Dataset) -> Found:
    rows = rows_of_kind(ds, "mask")
    empty = rows[_without_pixels(ds, rows)] if len(rows) else rows
    if not len(empty):
        return ds, []
    return without(ds, empty), [at_annotations(ds, "refused", "shape", "the mask has no pixels", empty)]


def _without_pixels(ds: Dataset, rows: Array) -> Array:
    """Return which masks are empty; run lengths in numbers are added up, all else is decoded."""
    from annokit.model.masks import mask_bounds

    plain = _plain_runs(ds, rows)
    if plain is None:
        return np.asarray(np.isnan(mask_bounds(ds, rows)[:, 0]))
    runs, offsets = plain
    runs = runs.copy()
    runs[(np.arange(len(runs)) - offsets[:-1].repeat(np.diff(offsets))) % 2 == 0] = 0
    return np.asarray(np.diff(np.concatenate([[0], runs.cumsum()])[offsets]) == 0)


def _plain_runs(ds: Dataset, rows: Array) -> tuple[Array, Array] | None:
    """Return run lengths and where each mask begins, where all masks are stored so and fill their sizes, else None."""
    fields = _mask_fields(ds, rows)
    text = fields["data"].compact()
    if (fields["encoding"].values != MASK_ENCODINGS.index("runs")).any() or (text.offsets % 4).any():
        return None
    runs, offsets = np.frombuffer(text.data.tobytes(), "<u4").astype(np.int64), text.offsets // 4
    full = np.diff(np.concatenate([[0], runs.cumsum()])[offsets]) == fields["size"].values.prod(axis=1)
    return (runs, offsets) if full.all() else None


def _mask_fields(ds: Dataset, rows: Array) -> Any:
    column = ds._annotations.sparse("mask")
    assert column is not None
    chosen = column.values.take(column.slots_of(rows))
    assert isinstance(chosen, Struct)
    return chosen.fields


def _of_item_size(ds: Dataset, rows: Array) -> bool:
    if not len(rows):
        return True
    size = ds._items.array("size")[ds._annotations.array("item")[rows]]
    return bool((_mask_fields(ds, rows)["size"].values == size[:, ::-1]).all())


def _not_computed(ds: Dataset, several: Array, rows: Array) -> Column | None:
    """Return the points in which `rows` have a shape without parts; no point is copied."""
    if not len(rows):
        return ds._annotations.get("points")
    length = len(ds._annotations)
    old = ds._annotations.sparse("points")
    empty = np.zeros(len(rows), np.int64)
    if old is None:
        none = Ragged(np.zeros(1, np.int64), Ragged(np.zeros(1, np.int64), Number(np.zeros((0, 2)))))
        return Sparse(length, rows, empty, Ragged(np.zeros(2, np.int64), none))
    shape: Any = old.values
    bounds = shape.bounds()
    present = np.concatenate([old.present(), rows])
    order = present.argsort(kind="stable")
    slots = np.concatenate([old.all_slots().astype(np.int64), empty + len(shape)])[order]
    wider = Ragged(np.append(bounds, bounds[-1]), shape.values)
    return Sparse(length, present[order], slots, wider)


def _computed(ds: Dataset, several: Array, masks: Array) -> Column:
    made = [join(ds, rows) for rows, join in ((several, _bridged), (masks, _traced)) if len(rows)]
    points = np.concatenate([own for own, _ in made])
    sizes = np.concatenate([np.diff(ends) for _, ends in made])
    rows = np.concatenate([several, masks])
    order = rows.argsort()
    shapes = one_ring(points, offsets_of(sizes)).take(order)
    return placed(ds, "points", rows[order], shapes)


def _bridged(ds: Dataset, rows: Array) -> tuple[Array, Array]:
    """Return the rings of polygons, in the item's own unit, and where each begins."""
    points, rings, parts, shapes = rings_of(ds, rows, "source")
    return chained(points, rings, parts[shapes], _holes(np.diff(parts)))


def _traced(ds: Dataset, rows: Array) -> tuple[Array, Array]:
    """Return the rings of masks, likewise."""
    from annokit.geometry.run_rings import run_rings
    from annokit.model.masks import counts

    plain = _plain_runs(ds, rows)
    runs, offsets = counts(ds, rows)[:2] if plain is None else plain
    size = _mask_fields(ds, rows)["size"].values
    points, ends = chained(*run_rings(runs, offsets, size[:, 0]))
    scale = np.where((of_item(ds, "unit", _items(ds, rows)) == UNIT)[:, None], size[:, ::-1], 1)
    points /= scale.repeat(np.diff(ends), axis=0)
    return points, ends


def _items(ds: Dataset, rows: Array) -> Array:
    return np.asarray(ds._annotations.array("item")[rows])


def _holes(counts: Sequence[int] | Array) -> Array:
    """Return which rings are holes, of parts with so many rings: all but the first of each."""
    starts = offsets_of(counts)
    marks = np.ones(int(starts[-1]), bool)
    marks[starts[:-1]] = False
    return marks


def single_rings(parts: str) -> tuple[Step, ...]:
    """Return the steps after which every polygon is one ring, where its parts are not joined but split or dropped."""
    return {"bridge": (), "split": (bridge_holes, split_parts), "largest": (bridge_holes, largest_part)}[parts]


def _of_several_rings(ds: Dataset) -> Array:
    rows = rows_of_kind(ds, "polygon")
    return rows[Levels.of(ds, rows).ring_counts() > 1] if len(rows) else rows


def _with_rings(ds: Dataset, rows: Array, rings: list[Array]) -> Dataset:
    column = placed(ds, "points", rows, rings_column(rings))
    return ds._with(annotations=ds._annotations.replace({"points": column}))


def largest_part(ds: Dataset, apply: bool) -> Found:
    """Keep the part of the largest area of each polygon of several; holes are joined by now."""
    from annokit.geometry.rings import part_area

    rows = _of_several_rings(ds)
    if not len(rows):
        return ds, []
    told = "polygon becomes polygon: only its largest part is kept"
    issue = at_annotations(ds, "converted", "shape", told, rows)
    return _with_rings(ds, rows, [max(shape, key=part_area)[0] for shape in grouped(ds, rows)]), [issue]
