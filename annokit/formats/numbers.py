"""Steps of narrowing that change numbers: another unit or form, fewer decimals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from annokit.columns import Column, Fixed, Number, Ragged, Sparse, Struct
from annokit.columns.base import Array
from annokit.errors import MissingSizeError
from annokit.formats.places import at_annotations, at_items
from annokit.geometry.boxes import FORMS, convert
from annokit.model.bounds import in_unit
from annokit.model.schema import ELLIPSE_FORMS, KIND_COLUMN, ROTATED_FORMS, SECONDS, TIME_UNITS, UNITS

if TYPE_CHECKING:
    from annokit.formats.holds import Holds, Step
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset


def restate_times(holds: Holds) -> Step:
    """State all spans in the target's unit of time."""

    def step(ds: Dataset, apply: bool) -> Found:
        if holds.time_unit is None:
            return ds, []
        code = TIME_UNITS.index(holds.time_unit)
        units = ds._items.array("time_unit")
        rows = np.flatnonzero(units != code)
        if not len(rows):
            return ds, []
        changes: dict[str, Column | None] = {"time_unit": Fixed(np.full(len(ds), code, np.uint8))}
        issue = at_items(ds, "restated", "span", f"times are stated in {holds.time_unit}", rows)
        restated = ds._with(items=ds._items.replace(changes))
        spans = ds._annotations.sparse("span")
        if spans is None:
            return restated, [issue]
        factor = SECONDS[code] / np.array(SECONDS)[units[ds._annotations.array("item")[spans.present()]]]
        numbers = spans.dense()
        assert isinstance(numbers, Number)
        values = numbers.values.copy()
        values[:, :2] *= factor[:, None]
        column = attrs.evolve(spans, slots=None, values=Number(values, _still_whole(values, numbers.whole)))
        return restated._with(annotations=ds._annotations.replace({"span": column})), [issue]

    return step


def _still_whole(values: Array, whole: Array | None) -> Array | None:
    return None if whole is None else whole & (values == np.rint(values))


def restate(holds: Holds) -> Step:
    """State all coordinates in the target's unit and all boxes in its form."""

    def step(ds: Dataset, apply: bool) -> Found:
        unit, form = ds._items.array("unit"), ds._items.array("form")
        other_unit = np.zeros(len(ds), bool) if holds.unit is None else unit != UNITS.index(holds.unit)
        other_form = np.zeros(len(ds), bool) if holds.form is None else form != FORMS.index(holds.form)
        rows = np.flatnonzero(other_unit | other_form)
        if not len(rows):
            return ds, []
        told = f"numbers are stated in {holds.unit or 'their own'} units" + (
            f", boxes as {holds.form}" if holds.form else ""
        )
        issues = [at_items(ds, "restated", "shape", told, rows)]
        unsized = _unsized(ds, other_unit)
        if len(unsized):
            if apply:
                raise MissingSizeError.of(str(ds._items.value("name", int(unsized[0]))))
            message = f"{holds.unit} coordinates need the item's size, which nobody knows"
            return ds, [at_items(ds, "unknown-size", "size", message, unsized, severity="error")]
        if not apply and holds.decimals is None:  # rounding looks at the restated numbers
            return ds, issues
        return _restated(ds, holds, other_unit, other_form), issues

    return step


def _unsized(ds: Dataset, other_unit: Array) -> Array:
    """Return the items whose coordinates need a size that nobody knows."""
    size = ds._items.array("size")
    wanting = other_unit & (size <= 0).any(axis=1)
    if not wanting.any():
        return np.zeros(0, np.int64)
    has = np.zeros(len(ds) + 1, bool)
    for name in {*KIND_COLUMN.values()} - {"mask", "cuboid"}:
        column = ds._annotations.get(name)
        if column is not None:
            has[ds._annotations.array("item")[_with_numbers(column)]] = True
    has[ds._annotations.array("item")[_in_pictures(ds)]] = True
    return np.flatnonzero(wanting & has[:-1])


def _in_pictures(ds: Dataset) -> Array:
    """Return the annotation rows of cuboids that state corners in the picture; those of the world need no size."""
    column = ds._annotations.sparse("cuboid")
    if column is None:
        return np.zeros(0, np.int64)
    stated = [value.get("corners") is not None for value in column.dense().to_list()]
    rows: Array = column.present()[np.array(stated, bool)]
    return rows


def _with_numbers(column: Column) -> Array:
    if isinstance(column, Sparse):
        return column.present()
    assert isinstance(column, Number)
    return np.flatnonzero(~np.isnan(column.values[:, 0]))


def _restated(ds: Dataset, holds: Holds, other_unit: Array, other_form: Array) -> Dataset:
    items: dict[str, Column | None] = {}
    if holds.unit is not None:
        items["unit"] = Fixed(np.full(len(ds), UNITS.index(holds.unit), np.uint8))
    if holds.form is not None:
        items["form"] = Fixed(np.full(len(ds), FORMS.index(holds.form), np.uint8))
    changes: dict[str, Column | None] = {}
    for name, change in _RESTATE.items():
        column = ds._annotations.get(name)
        if column is not None and _with_numbers(column).size:
            changes[name] = change(ds, column, holds, other_unit, other_form)
    return ds._with(items=ds._items.replace(items), annotations=ds._annotations.replace(changes))


def _box(ds: Dataset, column: Any, holds: Holds, other_unit: Array, other_form: Array) -> Column:
    item = ds._annotations.array("item")
    moved = np.flatnonzero((other_unit | other_form)[item] & ~np.isnan(column.values[:, 0]) & (item >= 0))
    values = column.values.copy()
    own = item[moved]
    numbers, form = values[moved], ds._items.array("form")[own]
    scaled: Array | str | None = holds.form
    if scaled == "xyxy1":  # pixels counted from 1 are no lengths, so that fractions become pixels first
        scaled = np.where(form == FORMS.index("xyxy1"), FORMS.index("xyxy"), form).astype(np.uint8)
    if scaled is not None:
        numbers = convert(numbers, form, scaled)
    if holds.unit is not None:
        numbers = in_unit(ds, own, numbers, ds._items.array("unit")[own], holds.unit)
    if scaled is not None and holds.form is not None:
        numbers = convert(numbers, scaled, holds.form)
    values[moved] = numbers
    return Number(values, None if column.whole is None else _rows_off(column.whole, moved))


def _rows_off(whole: Array, rows: Array) -> Array:
    marks = whole.copy()
    marks[rows] = False
    return marks


def _points(ds: Dataset, column: Any, holds: Holds, other_unit: Array, other_form: Array) -> Column:
    rows = column.present()
    shapes = column.dense()
    rings = shapes.values.values
    counts = np.diff(rings.bounds()[shapes.values.bounds()[shapes.bounds()]])
    numbers = _pairs(ds, rings.values, (rows, counts), holds, other_unit)
    inner = Ragged(rings.offsets, numbers)
    return evolved(column, slots=None, values=Ragged(shapes.offsets, Ragged(shapes.values.offsets, inner)))


def evolved(column: Any, **changes: Any) -> Column:
    """Return a column with some of its parts exchanged."""
    made: Column = attrs.evolve(column, **changes)
    return made


def _pairs(ds: Dataset, numbers: Number, rows: tuple[Array, Array], holds: Holds, other_unit: Array) -> Number:
    """Return (m, 2) or (m, 3) numbers, the first two columns in the target's unit.

    `rows` are annotation rows, and how many of the numbers each has.
    """
    if holds.unit is None:
        return numbers
    item, counts = ds._annotations.array("item")[rows[0]], rows[1]
    values = in_unit(ds, item, numbers.values[:, :2], ds._items.array("unit")[item], holds.unit, counts)
    if numbers.values.shape[1] > 2:
        values = np.concatenate([values, numbers.values[:, 2:]], axis=1)
    if numbers.whole is None:
        return Number(values)
    whole = numbers.whole.copy()
    whole[other_unit[item].repeat(counts), :2] = False
    return Number(values, whole)


def _keypoints(ds: Dataset, column: Any, holds: Holds, other_unit: Array, other_form: Array) -> Column:
    joints = column.dense()
    rows = column.present(), np.diff(joints.bounds())
    numbers = _pairs(ds, joints.values, rows, holds, other_unit)
    return evolved(column, slots=None, values=Ragged(joints.offsets, numbers))


def _rotated(ds: Dataset, column: Any, holds: Holds, other_unit: Array, other_form: Array) -> Column:
    """Restate rotated boxes: corners as corners, everything else as centre and size."""
    from annokit.model.rotated import rotated

    rows = column.present()
    fields = dict(column.dense().fields)
    item = ds._annotations.array("item")[rows]
    moved = np.flatnonzero((other_unit | other_form)[item])
    corners = fields["form"].values[moved] == ROTATED_FORMS.index("corners")
    values, form, angle = fields["numbers"].values.copy(), fields["form"].values.copy(), fields["angle"].values.copy()
    unit = holds.unit or "source"
    quads = moved[corners]
    values[quads] = in_unit(ds, item[quads], values[quads], ds._items.array("unit")[item[quads]], unit)
    plain = moved[~corners]
    if len(plain):
        found = rotated(ds, rows[plain], unit)
        values[plain, :4], angle[plain], form[plain] = found[:, :4], found[:, 4], ROTATED_FORMS.index("centre")
    whole = fields["numbers"].whole
    numbers = Number(values, None if whole is None else _rows_off(whole, moved))
    angles = Number(angle, None if fields["angle"].whole is None else _rows_off(fields["angle"].whole, plain))
    return evolved(column, slots=None, values=Struct({"numbers": numbers, "angle": angles, "form": Fixed(form)}))


def _ellipse(ds: Dataset, column: Any, holds: Holds, other_unit: Array, other_form: Array) -> Column:
    from annokit.model.rotated import ellipses

    if holds.unit is None:
        return column  # type: ignore[no-any-return] # ellipses have no box form
    rows = column.present()
    fields = dict(column.dense().fields)
    moved = np.flatnonzero(other_unit[ds._annotations.array("item")[rows]])
    values, form = fields["numbers"].values.copy(), fields["form"].values.copy()
    if len(moved):
        values[moved] = ellipses(ds, rows[moved], holds.unit)
        form[moved] = ELLIPSE_FORMS.index("axes")
    whole = fields["numbers"].whole
    numbers = Number(values, None if whole is None else _rows_off(whole, moved))
    return evolved(column, slots=None, values=Struct({"numbers": numbers, "form": Fixed(form)}))


def _cuboid(ds: Dataset, column: Any, holds: Holds, other_unit: Array, other_form: Array) -> Column:
    from annokit.columns import Json

    if holds.unit is None:
        return column  # type: ignore[no-any-return] # cuboids have no box form
    rows = column.present()
    item = ds._annotations.array("item")[rows]
    values = column.values_of(rows)
    for place in np.flatnonzero(other_unit[item]).tolist():
        corners = values[place].get("corners")
        if corners is not None:
            owner = item[place].repeat(len(corners))
            moved = in_unit(ds, owner, np.array(corners, np.float64), ds._items.array("unit")[owner], holds.unit)
            values[place] = {**values[place], "corners": moved.tolist()}
    return evolved(column, slots=None, values=Json.of(values))


_RESTATE = {
    "box": _box,
    "points": _points,
    "keypoints": _keypoints,
    "rotated": _rotated,
    "ellipse": _ellipse,
    "cuboid": _cuboid,
}


def rounded(values: Array, decimals: int) -> Array:
    """Return values with `decimals` decimals, as parsing their text with so many would give."""
    scale = 10.0**decimals
    return np.asarray(np.rint(values * scale) / scale)


def round_numbers(holds: Holds) -> Step:
    """Round coordinates to the decimals that the target writes."""

    def step(ds: Dataset, apply: bool) -> Found:
        if holds.decimals is None:
            return ds, []
        touched = np.zeros(len(ds._annotations), bool)
        changes: dict[str, Column | None] = {}
        for name in ("box", "points", "keypoints", "rotated", "ellipse"):
            column = ds._annotations.get(name)
            if column is not None and _with_numbers(column).size:
                changes[name] = _round_column(name, column, holds.decimals, touched)
        rows = np.flatnonzero(touched)
        if not len(rows):
            return ds, []
        issue = at_annotations(ds, "rounded", "shape", f"coordinates are written with {holds.decimals} decimals", rows)
        return (ds._with(annotations=ds._annotations.replace(changes)) if apply else ds), [issue]

    return step


def _round_column(name: str, column: Any, decimals: int, touched: Array) -> Column:
    """Return a geometry column rounded, and mark the rows that this changes."""
    if isinstance(column, Number):
        values = rounded(column.values, decimals)
        touched |= ((values != column.values) & ~np.isnan(values)).any(axis=1)
        return evolved(column, values=values)
    inner = column.dense()
    numbers, rebuild, owner = _inner(name, inner)
    values = rounded(numbers.values, decimals)
    differs = ((values != numbers.values) & ~np.isnan(values)).any(axis=1)
    touched[column.present()[owner[differs]]] = True
    return evolved(column, slots=None, values=rebuild(attrs.evolve(numbers, values=values)))


def _inner(name: str, column: Any) -> tuple[Number, Any, Array]:
    """Return the numbers inside a geometry column, how to put others in their place, and whose row each is."""
    if name == "points":
        parts = column.values
        rings = parts.values
        counts = np.diff(rings.bounds()[parts.bounds()[column.bounds()]])
        owner = np.arange(len(column)).repeat(counts)
        return rings.values, lambda n: Ragged(column.offsets, Ragged(parts.offsets, Ragged(rings.offsets, n))), owner
    if name == "keypoints":
        owner = np.arange(len(column)).repeat(np.diff(column.bounds()))
        return column.values, lambda n: Ragged(column.offsets, n), owner
    fields = dict(column.fields)
    return fields["numbers"], lambda n: Struct({**fields, "numbers": n}), np.arange(len(column))
