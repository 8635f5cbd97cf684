"""Turning one kind of shape into another: named policies, each recorded row by row."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from annokit.columns import Column, Fixed, Number, Ragged, Sparse, Struct
from annokit.columns.base import Array, concat
from annokit.errors import MissingSizeError
from annokit.formats.holds import DROPPED, KEPT, REFUSED
from annokit.formats.places import at_annotations, at_items
from annokit.formats.steps import without
from annokit.geometry.boxes import convert
from annokit.geometry.ragged import offsets_of
from annokit.model.bounds import boxes, in_unit, of_item
from annokit.model.schema import KIND_CODE, KINDS, ROTATED_FORMS, UNITS

if TYPE_CHECKING:
    from annokit.formats.holds import Holds, Step
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset
    from annokit.report import Issue

Change = Callable[["Dataset", Array], dict[str, Column | None]]

ELLIPSE_STEPS = 64
"""Points of the polygon that stands for an ellipse."""

MASKS = 8192
"""Masks traced together."""


def convert_kinds(holds: Holds) -> Step:
    """Convert, drop or refuse the kinds of shape that the target does not have."""

    def step(ds: Dataset, apply: bool) -> Found:
        issues: list[Issue] = []
        for kind in (*KINDS[1:], KINDS[0]):
            fate = holds.kinds.get(kind, REFUSED)
            if fate == KEPT or not (ds._annotations.array("kind") == KIND_CODE[kind]).any():
                continue
            try:
                ds, issue = _apply(ds, kind, fate)
            except MissingSizeError:
                if apply:
                    raise
                ds, issue = _stopped(ds, kind, fate)
            issues.append(issue)
        return ds, issues

    return step


def _stopped(ds: Dataset, kind: str, fate: str) -> tuple[Dataset, Issue]:
    """Tell the items whose shapes can't be converted, for their sizes are unknown; a write stops there."""
    rows = np.flatnonzero(ds._annotations.array("kind") == KIND_CODE[kind])
    item = ds._annotations.array("item")[rows]
    unsized = (ds._items.array("size")[item] <= 0).any(axis=1)
    told = f"a {kind} becomes {fate} by the size of its item, which nobody knows: a write stops here"
    issue = at_items(ds, "unknown-size", "size", told, np.unique(item[unsized]), severity="error")
    return shapeless(ds, rows), issue


def _apply(ds: Dataset, kind: str, fate: str) -> tuple[Dataset, Issue]:
    rows = np.flatnonzero(ds._annotations.array("kind") == KIND_CODE[kind])
    if fate == REFUSED:
        what = "an annotation without shape" if kind == "none" else f"a {kind}"
        issue = at_annotations(ds, "refused", "shape", f"the target can't hold {what}", rows)
        return without(ds, rows), issue
    if fate == DROPPED:
        issue = at_annotations(ds, "dropped", "shape", f"the target has no place for a {kind}; the rest is kept", rows)
        return shapeless(ds, rows), issue
    policy, change = POLICIES[kind, fate]
    return converted(ds, rows, kind, fate, policy, change)


def converted(ds: Dataset, rows: Array, kind: str, to: str, policy: str, change: Change) -> tuple[Dataset, Issue]:
    """Return the dataset with the shapes of `rows` changed by a policy, and the record of it."""
    issue = at_annotations(ds, "converted", "shape", f"{kind} becomes {to}: {policy}", rows)
    kinds = ds._annotations.array("kind").copy()
    kinds[rows] = KIND_CODE[to]
    fresh = change(ds, rows)
    cleared = {name: emptied(ds, name, rows) for name in _OWN.get(kind, ()) if name not in fresh}
    return ds._with(annotations=ds._annotations.replace({**cleared, **fresh, "kind": Fixed(kinds)})), issue


def shapeless(ds: Dataset, rows: Array) -> Dataset:
    """Return the dataset with the shapes of `rows` taken away; the annotations stay."""
    kinds = ds._annotations.array("kind").copy()
    names = {name for code in np.flatnonzero(np.bincount(kinds[rows])) for name in _OWN.get(KINDS[code], ())}
    kinds[rows] = 0
    changes = {name: emptied(ds, name, rows) for name in names}
    return ds._with(annotations=ds._annotations.replace({**changes, "kind": Fixed(kinds)}))


_OWN = {
    "box": ("box",),
    "rotated_box": ("rotated",),
    "ellipse": ("ellipse",),
    "polygon": ("points",),
    "polyline": ("points",),
    "point": ("points",),
    "keypoints": ("keypoints",),
    "mask": ("mask",),
    "cuboid": ("cuboid",),
}


def emptied(ds: Dataset, name: str, rows: Array) -> Column | None:
    """Return a geometry column without the values of `rows`; None where nothing is left."""
    from annokit.formats.steps import cleared

    column = ds._annotations.get(name)
    if column is None:
        return None
    if isinstance(column, Sparse):
        rows = rows[column.mask()[rows]]
    return cleared(column, rows)


def placed(ds: Dataset, name: str, rows: Array, values: Column) -> Column:
    """Return a sparse column in which `rows`, ascending, have new values."""
    length = len(ds._annotations)
    fresh = Sparse(length, rows, None, values)
    old = ds._annotations.sparse(name)
    if old is None:
        return fresh
    others = old.mask()
    others[rows] = False
    kept = np.flatnonzero(others)
    joined = Sparse.join([attrs.evolve(old, rows=kept, slots=old.slots_of(kept)), fresh])
    source = np.full(length, -1, np.int64)
    source[kept], source[rows] = kept, rows + length
    merged = joined.take(np.where(source < 0, np.arange(length), source))
    return _without_rows(merged, source < 0)


def _without_rows(column: Sparse, gone: Array) -> Sparse:
    present = column.present()
    stays = present[~gone[present]]
    return column if len(stays) == len(present) else attrs.evolve(column, rows=stays, slots=column.slots_of(stays))


def with_boxes(ds: Dataset, rows: Array, corners: Array | None = None) -> Column:
    """Return the box column in which `rows` have their bounds, in each item's own unit and form."""
    item = ds._annotations.array("item")[rows]
    if corners is None:
        corners = boxes(ds, rows, "xyxy", "source")
    stated = ds._annotations.get("box")
    values = np.full((len(ds._annotations), 4), np.nan)
    whole = None
    if isinstance(stated, Number):
        values[:] = stated.values
        whole = None if stated.whole is None else stated.whole.copy()
    fresh = np.isnan(values[rows, 0])
    values[rows[fresh]] = convert(corners[fresh], "xyxy", of_item(ds, "form", item[fresh]))
    return Number(values, whole)


def _to_box(ds: Dataset, rows: Array) -> dict[str, Column | None]:
    return {"box": with_boxes(ds, rows, source_bounds(ds, rows))}


def source_bounds(ds: Dataset, rows: Array) -> Array:
    """Return the bounds of `rows` in each item's own unit, (k, 4) xyxy, also of shapes whose bounds come in pixels."""
    item = ds._annotations.array("item")[rows]
    unit = of_item(ds, "unit", item)
    found = np.empty((len(rows), 4))
    for code, name in enumerate(UNITS):
        chosen = unit == code
        found[chosen] = boxes(ds, rows[chosen], "xyxy", name)
    return found


def _rings_from(points: Array) -> Column:
    """Return (k, n, 2) outlines as polygons of one part and one ring each."""
    count, size = points.shape[:2]
    ring = Ragged(offsets_of(np.full(count, size)), Number(points.reshape(-1, 2)))
    return Ragged(None, Ragged(None, ring))


def _box_to_polygon(ds: Dataset, rows: Array) -> dict[str, Column | None]:
    x0, y0, x1, y1 = boxes(ds, rows, "xyxy", "source").T
    outline = np.stack([x0, y0, x1, y0, x1, y1, x0, y1], axis=1).reshape(-1, 4, 2)
    return {"points": placed(ds, "points", rows, _rings_from(outline))}


def _outlines(ds: Dataset, rows: Array, pixels: Array) -> dict[str, Column | None]:
    """Return polygons from (k, n, 2) outlines in pixels, in each item's own unit."""
    item = ds._annotations.array("item")[rows].repeat(pixels.shape[1])
    unit = of_item(ds, "unit", item)
    flat = pixels.reshape(-1, 2)
    normal = unit == UNITS.index("unit")
    flat[normal] = in_unit(ds, item[normal], flat[normal], UNITS.index("pixel"), "unit")
    return {"points": placed(ds, "points", rows, _rings_from(flat.reshape(pixels.shape)))}


def _rotated_to_polygon(ds: Dataset, rows: Array) -> dict[str, Column | None]:
    from annokit.geometry.rotation import corners
    from annokit.model.rotated import rotated

    return _outlines(ds, rows, corners(rotated(ds, rows, "pixel")))


def _ellipse_to_polygon(ds: Dataset, rows: Array) -> dict[str, Column | None]:
    from annokit.geometry.rotation import ellipse_points
    from annokit.model.rotated import ellipses

    return _outlines(ds, rows, ellipse_points(ellipses(ds, rows, "pixel"), ELLIPSE_STEPS))


def _mask_to_polygon(ds: Dataset, rows: Array) -> dict[str, Column | None]:
    """Trace masks: the outlines cover exactly the mask's pixels, holes included."""
    made = [_traced(ds, rows[start : start + MASKS]) for start in range(0, len(rows), MASKS)]
    return {"points": placed(ds, "points", rows, concat(made))}


def _traced(ds: Dataset, rows: Array) -> Column:
    from annokit.geometry.run_rings import run_parts
    from annokit.model.masks import counts

    flat, offsets, sizes = counts(ds, rows)
    points, rings, parts, shapes = run_parts(flat, offsets, sizes[:, 0])
    normal = of_item(ds, "unit", ds._annotations.array("item")[rows]) == UNITS.index("unit")
    if normal.any():
        points /= np.where(normal[:, None], sizes[:, ::-1], 1).repeat(np.diff(rings[parts[shapes]]), axis=0)
    return Ragged(shapes, Ragged(parts, Ragged(rings, Number(points))))


def area_mask(ds: Dataset, rows: Array) -> dict[str, Column | None]:
    """Rasterise shapes at their items' sizes, as pycocotools decides pixels."""
    from annokit.columns import Text
    from annokit.geometry.rle import dump
    from annokit.model.pixels import runs_of

    size = ds._items.array("size")[ds._annotations.array("item")[rows]]
    unknown = np.flatnonzero((size <= 0).any(axis=1))
    if len(unknown):
        item = int(ds._annotations.array("item")[rows[unknown[0]]])
        raise MissingSizeError.of(str(ds._items.value("name", item)))
    data: list[bytes] = [b""] * len(rows)
    for width, height in np.unique(size, axis=0).tolist():
        places = np.flatnonzero((size == (width, height)).all(axis=1))
        text, offsets = dump(*runs_of(ds, rows[places], (height, width)))
        ends = offsets.tolist()
        blob = text.tobytes()
        for place, (a, b) in zip(places.tolist(), pairwise(ends), strict=True):
            data[place] = blob[a:b]
    fields: dict[str, Column] = {
        "size": Fixed(size[:, ::-1].astype(np.int64)),
        "encoding": Fixed(np.zeros(len(rows), np.uint8)),
        "data": Text.of_bytes(data),
    }
    return {"mask": placed(ds, "mask", rows, Struct(fields))}


def _least_rectangles(ds: Dataset, rows: Array) -> dict[str, Column | None]:
    """Fit the rotated rectangle of least area around each shape's points, in pixels."""
    from annokit.geometry.least import least_rectangles
    from annokit.model.shapes import rings_of

    points, rings, parts, shapes = rings_of(ds, rows, "pixel")
    return rotated_from(ds, rows, least_rectangles(points, rings[parts[shapes]]))


def rotated_from(ds: Dataset, rows: Array, pixels: Array) -> dict[str, Column | None]:
    """Return the column of rotated boxes in which `rows` have (k, 5) centre, size and degrees, given in pixels."""
    item = ds._annotations.array("item")[rows]
    unit = of_item(ds, "unit", item)
    numbers = np.full((len(rows), 8), np.nan)
    numbers[:, :4] = pixels[:, :4]
    normal = unit == UNITS.index("unit")
    numbers[normal, :4] = in_unit(ds, item[normal], numbers[normal, :4], UNITS.index("pixel"), "unit")
    form = Fixed(np.full(len(rows), ROTATED_FORMS.index("centre"), np.uint8))
    fields: dict[str, Column] = {"numbers": Number(numbers), "angle": Number(pixels[:, 4].copy()), "form": form}
    return {"rotated": placed(ds, "rotated", rows, Struct(fields))}


def _box_to_rotated(ds: Dataset, rows: Array) -> dict[str, Column | None]:
    numbers = np.full((len(rows), 8), np.nan)
    numbers[:, :4] = boxes(ds, rows, "cxcywh", "source")
    form = Fixed(np.full(len(rows), ROTATED_FORMS.index("centre"), np.uint8))
    fields: dict[str, Column] = {"numbers": Number(numbers), "angle": Number(np.zeros(len(rows))), "form": form}
    return {"rotated": placed(ds, "rotated", rows, Struct(fields))}


def _point_to_keypoints(ds: Dataset, rows: Array) -> dict[str, Column | None]:
    from annokit.model.shapes import rings_of

    points, rings, parts, shapes = rings_of(ds, rows, "source")
    first = points[rings[parts[shapes[:-1]]]]
    joints = Number(np.column_stack([first, np.full(len(rows), 2.0)]), np.array([[False, False, True]] * len(rows)))
    return {"keypoints": placed(ds, "keypoints", rows, Ragged(offsets_of(np.ones(len(rows), np.int64)), joints))}


def _ellipse_to_rotated(ds: Dataset, rows: Array) -> dict[str, Column | None]:
    from annokit.model.rotated import ellipses

    numbers = np.full((len(rows), 8), np.nan)
    stated = ellipses(ds, rows, "source")
    numbers[:, :2], numbers[:, 2:4] = stated[:, :2], stated[:, 2:4] * 2
    form = Fixed(np.full(len(rows), ROTATED_FORMS.index("centre"), np.uint8))
    fields: dict[str, Column] = {"numbers": Number(numbers), "angle": Number(stated[:, 4].copy()), "form": form}
    return {"rotated": placed(ds, "rotated", rows, Struct(fields))}


def _keep_keypoints_box(ds: Dataset, rows: Array) -> dict[str, Column | None]:
    return {"box": with_boxes(ds, rows, source_bounds(ds, rows)), "keypoints": ds._annotations.get("keypoints")}


POLICIES: dict[tuple[str, str], tuple[str, Change]] = {
    ("rotated_box", "box"): ("its upright bounds", _to_box),
    ("ellipse", "box"): ("its upright bounds", _to_box),
    ("polygon", "box"): ("its stated box, else its bounds", _to_box),
    ("polyline", "box"): ("its stated box, else its bounds", _to_box),
    ("mask", "box"): ("its stated box, else its tight bounds", _to_box),
    ("point", "keypoints"): ("a single joint, visible", _point_to_keypoints),
    ("keypoints", "box"): ("its stated box, else the bounds of its labelled joints", _keep_keypoints_box),
    ("cuboid", "box"): ("its stated box, else the bounds of its corners", _to_box),
    ("box", "polygon"): ("its four corners", _box_to_polygon),
    ("rotated_box", "polygon"): ("its four corners", _rotated_to_polygon),
    ("ellipse", "polygon"): (f"{ELLIPSE_STEPS} points of its outline", _ellipse_to_polygon),
    ("mask", "polygon"): ("the outlines of its pixels", _mask_to_polygon),
    ("box", "mask"): ("the pixels that it covers", area_mask),
    ("rotated_box", "mask"): ("the pixels that it covers", area_mask),
    ("ellipse", "mask"): ("the pixels that it covers", area_mask),
    ("polygon", "mask"): ("the pixels that it covers", area_mask),
    ("polygon", "rotated_box"): ("the rotated rectangle of least area around it", _least_rectangles),
    ("ellipse", "rotated_box"): ("the box around it that is turned as it is", _ellipse_to_rotated),
    ("box", "rotated_box"): ("the same box, at angle 0", _box_to_rotated),
}
"""How each kind becomes another: what the record says, and the function."""


def policy_table() -> list[dict[str, Any]]:
    """Return the policies as records, for documentation."""
    return [{"from": kind, "to": to, "policy": text} for (kind, to), (text, _) in POLICIES.items()]
