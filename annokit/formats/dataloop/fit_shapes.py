"""Steps of narrowing about shapes: numbers in pixels, rings as they are read again, masks as pictures."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from annokit.codecs.mask_png import encode
from annokit.columns import Fixed, Json, Number, Sparse, Struct, Text
from annokit.columns.base import Array
from annokit.formats import numbers
from annokit.formats.conversions import placed, shapeless
from annokit.formats.dataloop.colors import colors_of
from annokit.formats.encodings import encodings_of
from annokit.formats.holds import Holds
from annokit.formats.outlines import bridged_ring
from annokit.formats.places import at_annotations
from annokit.geometry import euler
from annokit.geometry.boxes import FORMS, convert
from annokit.geometry.nesting import nest_in_first
from annokit.model.masks import DATAURI, rles
from annokit.model.rotated import ellipses, rotated
from annokit.model.rows import _shapes
from annokit.model.schema import ELLIPSE_FORMS, KIND_CODE, ROTATED_FORMS
from annokit.model.select import take_annotations
from annokit.model.shapes import rings_of

if TYPE_CHECKING:
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset
    from annokit.report import Issue

PIXELS = Holds(unit="pixel", form="xyxy")

CORNERS, DEGREES = ROTATED_FORMS.index("corners"), ROTATED_FORMS.index("degrees")


def of_kind(ds: Dataset, kind: str) -> Array:
    """Return the annotation rows of a kind."""
    return np.flatnonzero(ds._annotations.array("kind") == KIND_CODE[kind])


def in_pixels(ds: Dataset, apply: bool) -> Found:
    """State numbers in pixels, boxes by corners, rotated boxes by the corners before rotation and degrees."""
    ds, issues = numbers.restate(PIXELS)(ds, True)
    for step in (upright_boxes, turned_boxes, upright_turned_boxes, plain_ellipses):
        ds, found = step(ds)
        issues += found
    return ds, issues


def upright_boxes(ds: Dataset) -> Found:
    """State boxes from the smaller to the larger corner."""
    rows = of_kind(ds, "box")
    column = ds._annotations.get("box")
    if not len(rows) or not isinstance(column, Number):
        return ds, []
    boxes = column.values[rows]
    turned = rows[(boxes[:, 2:] < boxes[:, :2]).any(axis=1)]
    if not len(turned):
        return ds, []
    values, whole = column.values.copy(), None if column.whole is None else column.whole.copy()
    for axis in (0, 1):
        swap = turned[values[turned, axis] > values[turned, axis + 2], None]
        for array in (values, whole):
            if array is not None:
                array[swap, [axis, axis + 2]] = array[swap, [axis + 2, axis]]
    told = "boxes are stated from their smaller to their larger corner"
    issue = at_annotations(ds, "restated", "box", told, turned)
    return ds._with(annotations=ds._annotations.replace({"box": Number(values, whole)})), [issue]


def turned_boxes(ds: Dataset) -> Found:
    """State rotated boxes as the platform does."""
    every = of_kind(ds, "rotated_box")
    if not len(every):
        return ds, []
    column = ds._annotations.sparse("rotated")
    assert column is not None
    assert isinstance(column.values, Struct)
    form: Any = column.values.fields["form"]
    codes = form.values[column.slots_of(every)]
    rows = every[(codes != CORNERS) & (codes != DEGREES)]
    if not len(rows):
        return ds, []
    found = rotated(ds, rows, "pixel")
    values = np.full((len(rows), 8), np.nan)
    values[:, :4] = convert(found[:, :4], np.full(len(rows), FORMS.index("cxcywh")), "xyxy")
    fields = {
        "numbers": Number(values),
        "angle": Number(found[:, 4].copy()),
        "form": Fixed(np.full(len(rows), DEGREES, np.uint8)),
    }
    told = "rotated boxes are stated by corners before rotation and degrees"
    issue = at_annotations(ds, "restated", "shape", told, rows)
    made = placed(ds, "rotated", rows, Struct(fields))
    return ds._with(annotations=ds._annotations.replace({"rotated": made})), [issue]


def upright_turned_boxes(ds: Dataset) -> Found:
    """State rotated boxes, too, from the smaller to the larger corner, and with an angle."""
    column = ds._annotations.sparse("rotated")
    every = of_kind(ds, "rotated_box")
    if column is None or not len(every):
        return ds, []
    stated: Any = column.values.take(column.slots_of(every))
    fields = dict(stated.fields)
    values, angle = fields["numbers"].values, fields["angle"].values
    plain = fields["form"].values == DEGREES
    wrong = plain & ((values[:, 2:4] < values[:, :2]).any(axis=1) | ~np.isfinite(angle))
    if not wrong.any():
        return ds, []
    chosen: Any = stated.take(np.flatnonzero(wrong))
    values, whole = chosen.fields["numbers"].values.copy(), chosen.fields["numbers"].whole
    whole = None if whole is None else whole.copy()
    for axis in (0, 1):
        swap = np.flatnonzero(values[:, axis] > values[:, axis + 2])[:, None]
        for array in (values, whole):
            if array is not None:
                array[swap, [axis, axis + 2]] = array[swap, [axis + 2, axis]]
    angles = chosen.fields["angle"]
    turned = Number(np.where(np.isfinite(angles.values), angles.values, 0.0), angles.whole)
    made = placed(
        ds, "rotated", every[wrong], Struct({**chosen.fields, "numbers": Number(values, whole), "angle": turned})
    )
    told = "rotated boxes are stated from their smaller to their larger corner, with an angle"
    issue = at_annotations(ds, "restated", "shape", told, every[wrong])
    return ds._with(annotations=ds._annotations.replace({"rotated": made})), [issue]


def plain_ellipses(ds: Dataset) -> Found:
    """State ellipses by both axes and an angle."""
    rows = of_kind(ds, "ellipse")
    if not len(rows):
        return ds, []
    column = ds._annotations.sparse("ellipse")
    assert column is not None
    assert isinstance(column.values, Struct)
    stated: Any = column.values.take(column.slots_of(rows))
    form, given = stated.fields["form"].values, stated.fields["numbers"].values
    rows = rows[(form != ELLIPSE_FORMS.index("axes")) | np.isnan(given[:, 4])]
    if not len(rows):
        return ds, []
    fields = {"numbers": Number(ellipses(ds, rows, "pixel")), "form": Fixed(np.zeros(len(rows), np.uint8))}
    issue = at_annotations(ds, "restated", "shape", "ellipses are stated by both axes and an angle", rows)
    made = placed(ds, "ellipse", rows, Struct(fields))
    return ds._with(annotations=ds._annotations.replace({"ellipse": made})), [issue]


Shape = Sequence[Sequence[Array]]


def nested_polygons(ds: Dataset, apply: bool) -> Found:
    """Split polygons whose rings would be read in another way.

    A ring inside the first one is read as a hole, any other as a part.
    """
    rows = _of_several_rings(ds, of_kind(ds, "polygon"))
    if not len(rows):
        return ds, []
    shapes = _polygons(ds, rows)
    splits = {
        row: made for row, shape in zip(rows.tolist(), shapes, strict=True) if (made := _split(shape)) is not None
    }
    if not splits:
        return ds, []
    told = "polygon becomes polygon: parts whose holes would be read as parts become annotations of their own"
    issue = at_annotations(ds, "converted", "shape", told, np.array(sorted(splits)))
    counts = np.ones(len(ds._annotations), np.int64)
    chosen = np.array(sorted(splits), np.int64)
    counts[chosen] = [len(splits[row]) for row in chosen.tolist()]
    table = take_annotations(ds._annotations, np.arange(len(counts)).repeat(counts))
    starts = (counts.cumsum() - counts)[chosen]
    places = np.concatenate([start + np.arange(counts[row]) for start, row in zip(starts, chosen, strict=True)])
    split = ds._with(annotations=table)
    rings = [[[ring.tolist() for ring in part] for part in shape] for row in chosen.tolist() for shape in splits[row]]
    column = placed(split, "points", places, _shapes(rings))
    copies = np.setdiff1d(places, starts)
    return split._with(annotations=_without(split, copies, column)), [issue]


def _of_several_rings(ds: Dataset, rows: Array) -> Array:
    """Return the polygons that have more than one ring; one alone is always read as it is."""
    if not len(rows):
        return rows
    _, _, parts, shapes = rings_of(ds, rows, "source")
    return rows[np.diff(parts[shapes]) > 1]


def _without(ds: Dataset, copies: Array, points: Any) -> Any:
    """Return the annotations with new points, the copies without ids."""
    changes: dict[str, Any] = {"points": points}
    ids = ds._annotations.sparse("id")
    if ids is not None:
        keep = np.setdiff1d(ids.present(), copies)
        changes["id"] = attrs.evolve(ids, rows=keep, slots=ids.slots_of(keep))
    return ds._annotations.replace(changes)


def _polygons(ds: Dataset, rows: Array) -> list[list[list[Array]]]:
    points, rings, parts, shapes = rings_of(ds, rows, "source")
    made = [points[a:b] for a, b in pairwise(rings.tolist())]
    grouped = [made[a:b] for a, b in pairwise(parts.tolist())]
    return [grouped[a:b] for a, b in pairwise(shapes.tolist())]


def _split(shape: Shape) -> list[Shape] | None:
    """Return the shapes that stand for one, None where it is read as it is."""
    if _reads(shape):
        return None
    return [[part] if _reads([part]) else [[bridged_ring(part)]] for part in shape]


def _reads(shape: Shape) -> bool:
    """Tell whether rings laid one after another are read as these parts."""
    with np.errstate(all="ignore"):
        read = nest_in_first([ring for part in shape for ring in part])
    return len(read) == len(shape) and all(
        len(a) == len(b) and all(x is y for x, y in zip(a, b, strict=True)) for a, b in zip(read, shape, strict=True)
    )


def empty_shapes(ds: Dataset, apply: bool) -> Found:
    """Take away shapes without points, and rings without points of other shapes."""
    rows = np.flatnonzero(
        np.isin(ds._annotations.array("kind"), [KIND_CODE[k] for k in ("polygon", "polyline", "point")])
    )
    if not len(rows):
        return ds, []
    points, rings, parts, shapes = rings_of(ds, rows, "source")
    counts = np.diff(rings[parts[shapes]])
    odd = np.zeros(len(points) + 1, np.int64)
    odd[1:] = (~np.isfinite(points).all(axis=1)).cumsum()
    ends = rings[parts[shapes]]
    gone = rows[(counts == 0) | (np.diff(odd[ends]) > 0)]
    issues: list[Issue] = []
    if len(gone):
        told = "a shape without points, or with points that are nowhere, is taken away; the rest is kept"
        issues.append(at_annotations(ds, "dropped", "shape", told, gone))
        ds = shapeless(ds, gone)
    holey = np.zeros(len(rings), np.int64)
    holey[1:] = (np.diff(rings) == 0).cumsum()
    bare = np.zeros(len(parts), np.int64)
    bare[1:] = (np.diff(parts) == 0).cumsum()
    partly = (np.diff(holey[parts[shapes]]) > 0) | (np.diff(bare[shapes]) > 0)
    rest = np.setdiff1d(rows[partly], gone)
    if len(rest):
        issues.append(at_annotations(ds, "restated", "shape", "rings without points are left out", rest))
        kept = [[[r.tolist() for r in part if len(r)] for part in shape] for shape in _polygons(ds, rest)]
        made = placed(ds, "points", rest, _shapes([[part for part in shape if part] for shape in kept]))
        ds = ds._with(annotations=ds._annotations.replace({"points": made}))
    return ds, issues


def one_cuboid(ds: Dataset, apply: bool) -> Found:
    """State cuboids by their corners in the image, or by centre, size and Euler angles in the world."""
    rows = of_kind(ds, "cuboid")
    if not len(rows):
        return ds, []
    column = ds._annotations.sparse("cuboid")
    assert column is not None
    stated = column.values_of(rows)
    made = [_cuboid(value) for value in stated]
    gone = rows[[value is None for value in made]]
    changed = [(row, new) for row, old, new in zip(rows.tolist(), stated, made, strict=True) if new not in (None, old)]
    issues = []
    if changed:
        where = np.array([row for row, _ in changed], np.int64)
        told = "a cuboid has corners in the image, or centre, size and three angles in the world"
        issues.append(at_annotations(ds, "converted", "shape", told, where))
        fresh = placed(ds, "cuboid", where, Json.of([value for _, value in changed]))
        ds = ds._with(annotations=ds._annotations.replace({"cuboid": fresh}))
    if len(gone):
        told = "a cuboid without corners, and without centre, size and rotation, has no place; the rest is kept"
        issues.append(at_annotations(ds, "dropped", "shape", told, gone))
        ds = shapeless(ds, gone)
    return ds, issues


def _cuboid(value: dict[str, Any]) -> dict[str, Any] | None:
    if value.get("corners") is not None:
        return {"corners": value["corners"]}
    if any(value.get(name) is None for name in ("center", "size", "rotation")):
        return None
    center, rotation = value["center"], value["rotation"]
    if any(value.get("anchor") or ()):
        shift = euler.matrix(tuple(rotation)) @ (np.asarray(value["anchor"]) * value["size"])
        center = (np.asarray(center) - shift).tolist()
    if len(rotation) != 3:
        rotation = euler_angles(euler.matrix(tuple(rotation)))
    return {"center": center, "size": value["size"], "rotation": rotation}


def euler_angles(turn: Array) -> list[float]:
    """Return the angles about x, y and z, applied in that order, of a (3, 3) rotation matrix."""
    y = float(np.arcsin(np.clip(-turn[2, 0], -1, 1)))
    if abs(turn[2, 0]) < 1 - 1e-12:
        return [float(np.arctan2(turn[2, 1], turn[2, 2])), y, float(np.arctan2(turn[1, 0], turn[0, 0]))]
    return [float(np.arctan2(-turn[1, 2], turn[1, 1])), y, 0.0]


def pictured_masks(ds: Dataset, apply: bool) -> Found:
    """State masks as pictures in the colours of their labels, and drop those without pixels; only these are told."""
    rows = of_kind(ds, "mask")
    if not len(rows):
        return ds, []
    rows = rows[encodings_of(ds, rows) != DATAURI]
    if not len(rows):
        return ds, []
    found = rles(ds, rows)
    full = np.array([rle is not None and min(size) > 0 for size, rle in found], bool)
    issues: list[Issue] = []
    if apply and full.any():
        colors = colors_of(ds.labels)
        kinds = ds._annotations.array("label")[rows[full]].tolist()
        known = [(size, rle) for (size, rle), fits in zip(found, full.tolist(), strict=True) if fits]
        data = [_picture(*pair, colors[label]) for pair, label in zip(known, kinds, strict=True)]
        fields = {
            "size": Fixed(np.array([size for size, _ in known], np.int64)),
            "encoding": Fixed(np.full(len(known), DATAURI, np.uint8)),
            "data": Text.of_bytes(data),
        }
        made = placed(ds, "mask", rows[full], Struct(fields))
        ds = ds._with(annotations=ds._annotations.replace({"mask": made}))
    if not full.all():
        told = "the mask has no pixels; the rest of the annotation is kept"
        issues.append(at_annotations(ds, "dropped", "shape", told, rows[~full]))
        ds = shapeless(ds, rows[~full])
    return ds, issues


def _picture(size: tuple[int, int], rle: Any, color: tuple[int, ...]) -> bytes:
    from annokit.geometry.rle import loads
    from annokit.geometry.runs import decode

    return encode(decode(loads(rle, size), size), color)


__all__ = ["Sparse", "empty_shapes", "in_pixels", "nested_polygons", "one_cuboid", "pictured_masks"]
