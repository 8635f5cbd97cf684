"""What a CSV file of objects can hold."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from annokit.columns import Fixed, Number, Struct, Text
from annokit.columns.base import Array
from annokit.columns.json import dumps, loads
from annokit.errors import UsageError
from annokit.formats.conversions import emptied, placed
from annokit.formats.csv.lines import COLUMNS, FEWEST, column_keys, is_header
from annokit.formats.csv.reading import HEADER, ROTATION, TASK
from annokit.formats.csv.tasks import DETECTION, USUAL, canonical
from annokit.formats.holds import KEPT, Holds
from annokit.formats.labels import in_use
from annokit.formats.outlines import bridge_holes, drop_empty
from annokit.formats.places import at_all, at_annotations, at_items
from annokit.formats.steps import without
from annokit.geometry.ragged import lengths
from annokit.model.label_set import LabelSet
from annokit.model.rows import _shapes
from annokit.model.schema import KIND_CODE, ROTATED_FORMS
from annokit.model.shapes import rings_of

if TYPE_CHECKING:
    from annokit.formats.holds import Step
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset

HEADERS = ("keep", "columns", "none")
_ODD = re.compile("[\x00\r\n\ud800-\udfff]")
CORNERS, RADIANS = ROTATED_FORMS.index("corners"), ROTATED_FORMS.index("radians")


def holds(dialect: Any, given: Mapping[str, Any]) -> Holds:
    """Return what a file can hold, given the options of the write."""
    header = given.get("header", "keep")
    if header not in HEADERS:
        raise UsageError(f"header={header!r}; expected one of {', '.join(HEADERS)}")
    return Holds(
        kinds={
            **dict.fromkeys(("none", "box", "rotated_box", "polygon", "point"), KEPT),
            **dict.fromkeys(("polyline", "keypoints", "cuboid"), "box"),
            **dict.fromkeys(("ellipse", "mask"), "polygon"),
        },
        annotation_fields=frozenset(),
        item_fields=frozenset(("size",)),
        sequence_fields=None,
        label_facets=frozenset(),
        item_attributes=False,
        sequence_attributes=False,
        attributes=False,
        extras=("csv",),
        info=False,
        unit="pixel",
        form="xyxy",
        item_kind="image",
        late_steps=(
            bridge_holes,
            drop_empty,
            filled_rings,
            one_name_each,
            plain_labels,
            headed(header),
            no_item_extras,
        ),
        final_steps=(rotated_by_corners, own_extras, something_said, in_use()),
        notes="A line per object: image, size, task type, class, points and rotation.",
    )


def filled_rings(ds: Dataset, apply: bool) -> Found:
    """Leave out rings without points of polygons that have others."""
    rows = np.flatnonzero(ds._annotations.array("kind") == KIND_CODE["polygon"])
    points, rings, parts, shapes = rings_of(ds, rows, "source")
    owner = np.arange(len(rows)).repeat(np.diff(parts[shapes]))
    some = np.bincount(owner[lengths(rings) == 0], minlength=len(rows)) > 0
    if not some.any():
        return ds, []
    made = [_filled_rings(points, rings, parts, shapes, at) for at in np.flatnonzero(some).tolist()]
    column = placed(ds, "points", rows[some], _shapes(made))
    issue = at_annotations(ds, "dropped", "shape", "rings without points are left out", rows[some])
    return ds._with(annotations=ds._annotations.replace({"points": column})), [issue]


def _filled_rings(points: Array, rings: Array, parts: Array, shapes: Array, at: int) -> list[Any]:
    own = range(int(parts[shapes[at]]), int(parts[shapes[at + 1]]))
    found = [points[int(rings[ring]) : int(rings[ring + 1])].tolist() for ring in own]
    return [[ring] for ring in found if ring]


def one_name_each(ds: Dataset, apply: bool) -> Found:
    """Give every item a name of its own, since lines are told apart by it, and one that a line can state."""
    taken: set[str] = set()
    made = []
    for name in ds.names:
        plain = _ODD.sub("_", name)
        fresh, count = plain, 1
        while fresh in taken:
            count += 1
            fresh = f"{plain} ({count})"
        taken.add(fresh)
        made.append(fresh)
    rows = np.array([row for row, name in enumerate(ds.names) if name != made[row]], np.int64)
    if not len(rows):
        return ds, []
    issue = at_items(ds, "renamed", "name", "images are told apart by their names", rows)
    return ds._with(items=ds._items.replace({"name": Text.of(made)})), [issue]


def plain_labels(ds: Dataset, apply: bool) -> Found:
    """Give labels names that a line can state."""
    made = [_ODD.sub("_", label.name) or f"class_{place}" for place, label in enumerate(ds.labels)]
    changed = [label.name for label, name in zip(ds.labels, made, strict=True) if label.name != name]
    if not changed:
        return ds, []
    labels = [attrs.evolve(label, name=name) for label, name in zip(ds.labels, made, strict=True)]
    issue = at_all("renamed", "label.name", "a class is a text in one line", changed)
    return ds._with(labels=LabelSet(labels, ds.labels.attributes)), [issue]


def headed(header: str) -> Step:
    """Return a step that settles the first line."""

    def step(ds: Dataset, apply: bool) -> Found:
        issues = []
        kept = {key: raw for key, raw in ds._extras.items() if key == HEADER and _is_header(loads(raw))}
        for key in ds._extras:
            if key not in kept:
                name = key.partition("/")[2]
                issues.append(at_all("dropped", name, f"the target has no place for the dataset's {name}", [name]))
        if header == "none" and kept:
            issues.append(at_all("dropped", "header", "the file is written without a header", ["header"]))
            kept = {}
        if header == "columns" and not kept:
            issues.append(at_all("derived", "header", "the first line names the columns", list(COLUMNS)))
            kept = {HEADER: dumps(list(COLUMNS))}
        return (ds._with(extras=kept) if issues else ds), issues

    return step


def _is_header(value: Any) -> bool:
    if not isinstance(value, list) or len(value) < FEWEST:
        return False
    if not all(isinstance(word, str) and not _ODD.search(word) for word in value):
        return False
    return is_header(value)


def no_item_extras(ds: Dataset, apply: bool) -> Found:
    """Drop keys of items: a line has no place for any."""
    issues = []
    for name in [n for n in ds._items.columns if n.startswith("extras/")]:
        column = ds._items.sparse(name)
        if column is not None:
            key = name.split("/", 2)[2]
            issues.append(at_items(ds, "dropped", key, f"the target has no place for {key}", column.present()))
        ds = ds._with(items=ds._items.replace({name: None}))
    return ds, issues


def rotated_by_corners(ds: Dataset, apply: bool) -> Found:
    """State rotated boxes by their corners and an angle in radians, but those of two corners and an angle."""
    from annokit.geometry.rotation import corners
    from annokit.model.rotated import rotated

    column = ds._annotations.sparse("rotated")
    rows = np.flatnonzero(ds._annotations.array("kind") == KIND_CODE["rotated_box"])
    if column is None or not len(rows):
        return ds, []
    fields: Any = column.values.take(column.slots_of(rows)).fields  # type: ignore[attr-defined] # a Struct
    form, angle = fields["form"].values, fields["angle"].values
    turned = (form == RADIANS) & np.isfinite(angle) & (angle != 0)
    other = rows[(form != CORNERS) & ~turned]
    if not len(other):
        return ds, []
    issue = at_annotations(ds, "restated", "shape", "rotated boxes are stated by four corners and radians", other)
    if not apply:
        return ds, [issue]
    found = rotated(ds, other, "pixel")
    count = len(other)
    fresh = Struct(
        {
            "numbers": Number(corners(found).reshape(count, 8)),
            "angle": Number(np.radians(found[:, 4])),
            "form": Fixed(np.full(count, CORNERS, np.uint8)),
        }
    )
    return ds._with(annotations=ds._annotations.replace({"rotated": placed(ds, "rotated", other, fresh)})), [issue]


# keys -----------------------------------------------------------------------------------------------------------------


def own_extras(ds: Dataset, apply: bool) -> Found:
    """Keep columns of the header, task types and rotations that differ from what shapes tell; drop other keys."""
    issues = []
    kinds = ds._annotations.array("kind")
    header = loads(ds._extras[HEADER]) if HEADER in ds._extras else []
    columns = {f"extras/csv/{key}" for key in column_keys(header)}
    for name in [n for n in ds._annotations.columns if n.startswith("extras/")]:
        column = ds._annotations.sparse(name)
        if column is None:
            continue
        rows = column.present()
        values = column.dense().to_list()
        says = _SAYS.get(name, _says_text if name in columns else None)
        if says is None:
            kept = np.zeros(len(rows), bool)
        else:
            plain = _needs_detection(ds, rows)
            told = zip(values, kinds[rows].tolist(), plain.tolist(), strict=True)
            kept = np.array([says(*facts) for facts in told], bool)
        if kept.all():
            continue
        key = name.split("/", 2)[2]
        issues.append(at_annotations(ds, "dropped", key, f"the target has no place for this {key}", rows[~kept]))
        ds = ds._with(annotations=ds._annotations.replace({name: emptied(ds, name, rows[~kept])}))
    return ds, issues


def _needs_detection(ds: Dataset, rows: Array) -> Array:
    """Return which rows are read as rotated boxes only because of their task type."""
    column = ds._annotations.sparse("rotated")
    chosen: Array = ds._annotations.array("kind")[rows] == KIND_CODE["rotated_box"]
    if column is None or not chosen.any():
        return np.zeros(len(rows), bool)
    fields: Any = column.values.take(column.slots_of(rows[chosen])).fields  # type: ignore[attr-defined] # a Struct
    chosen[chosen] = np.isnan(fields["angle"].values)
    return chosen


def _task(value: Any, kind: int, needed: bool) -> bool:
    if not isinstance(value, str) or _ODD.search(value) or value == USUAL[kind]:
        return False
    return not needed or canonical(value) == DETECTION


def _rotation(value: Any, kind: int, needed: bool) -> bool:
    if type(value) not in (int, float) or not math.isfinite(value) or abs(value) > 1 << 53:
        return False
    return kind != KIND_CODE["rotated_box"] and (kind != KIND_CODE["box"] or value == 0)


def _says_text(value: Any, kind: int, needed: bool) -> bool:
    """Tell whether a line can state a value in a column that the format does not know."""
    return isinstance(value, str) and value != "" and not _ODD.search(value)


_SAYS = {TASK: _task, ROTATION: _rotation}


def something_said(ds: Dataset, apply: bool) -> Found:
    """Leave out annotations without class and shape, which a line can't tell from an image without annotations."""
    kinds = ds._annotations.array("kind")
    rows = np.flatnonzero((kinds == 0) & (ds._annotations.array("label") < 0))
    if not len(rows):
        return ds, []
    issue = at_annotations(ds, "refused", "label", "an annotation needs a class or a shape", rows)
    return without(ds, rows), [issue]
