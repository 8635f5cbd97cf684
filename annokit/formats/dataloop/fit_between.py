"""A step of narrowing about moving objects: the platform does not move them, so states in between are made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.columns import MISSING, Column, Fixed, Number, Sparse, Table, Text
from annokit.columns.base import Array
from annokit.formats.dataloop.groups import FIRST, LAST, spans_of
from annokit.formats.dataloop.video import HOLD
from annokit.formats.places import at_annotations
from annokit.model.between import between
from annokit.model.schema import KINDS
from annokit.model.select import take_annotations

if TYPE_CHECKING:
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset
    from annokit.report import Issue

MOST = 1 << 22
"""States that are made at most; beyond, objects stand still until their next state."""

COLUMN_OF_KIND = {
    "box": "box",
    "rotated_box": "rotated",
    "ellipse": "ellipse",
    "polygon": "points",
    "polyline": "points",
    "point": "points",
}
"""Column of a shape that can move."""


def moving_states(ds: Dataset, timed: Array) -> Found:
    """Make the states between two of a track of which the first one moves evenly to the second.

    Parameters
    ----------
    ds : Dataset
        Annotations item by item.
    timed : (n,) bool array
        Which belong to items that take time.
    """
    rows = _linear(ds, timed)
    if not len(rows):
        return ds, []
    spans, _ = spans_of(ds._annotations)
    frame = np.rint(spans[:, FIRST])
    following = _following(ds, timed, frame)[rows]
    gap = np.where(following >= 0, frame[following] - frame[rows], 1) - 1
    moves = (gap > 0) & (following >= 0)
    moves[moves] = _moves(ds, rows[moves], following[moves])
    still = rows[~moves & ((gap <= 0) | _arrived(ds, rows, following))]
    issues: list[Issue] = []
    if len(still):
        told = "an object that moves nowhere stands still until its next state"
        issues.append(at_annotations(ds, "restated", "interpolation", told, still))
        ds = _held(ds, still)
    chosen = rows[moves]
    if not len(chosen) or gap[moves].sum() > MOST:
        return ds, issues
    told = "the platform moves nothing by itself; states between two key frames are written, too"
    issues.append(at_annotations(ds, "expanded", "interpolation", told, chosen))
    return _with_states(_held(ds, chosen), chosen, following[moves], gap[moves].astype(np.int64), frame), issues


def _linear(ds: Dataset, timed: Array) -> Array:
    column = ds._annotations.sparse("interpolation")
    if column is None:
        return np.zeros(0, np.int64)
    rows = column.present()
    moving = np.array([rule == "linear" for rule in column.values_of(rows)], bool)
    spans, _ = spans_of(ds._annotations)
    return np.asarray(rows[moving & timed[rows] & np.isfinite(spans[rows, FIRST])])


def _following(ds: Dataset, timed: Array, frame: Array) -> Array:
    """Return the next row of each row's track, -1 where there is none."""
    tracks = ds._annotations.get("track")
    known = [MISSING] * len(timed) if tracks is None else tracks.to_list()
    codes: dict[Any, int] = {}
    code = np.array([-1 if track is MISSING else codes.setdefault(track, len(codes)) for track in known], np.int64)
    rows = np.flatnonzero(timed & (code >= 0) & np.isfinite(frame))
    item = ds._annotations.array("item")
    rows = rows[np.lexsort((rows, frame[rows], code[rows], item[rows]))]
    found = np.full(len(timed), -1, np.int64)
    tied = np.flatnonzero((code[rows[1:]] == code[rows[:-1]]) & (item[rows[1:]] == item[rows[:-1]]))
    found[rows[tied]] = rows[tied + 1]
    return found


def _moves(ds: Dataset, rows: Array, following: Array) -> Array:
    """Tell which rows are elsewhere half way to the following ones."""
    half = between(ds, rows, following, np.full(len(rows), 0.5))
    before = ds._annotations.take(rows)
    kinds = before.array("kind")
    found = np.zeros(len(rows), bool)
    for kind, name in COLUMN_OF_KIND.items():
        for place in np.flatnonzero(kinds == KINDS.index(kind)).tolist():
            found[place] = not _equal(before.value(name, place), half.value(name, place))
    return found


def _arrived(ds: Dataset, rows: Array, following: Array) -> Array:
    """Tell which rows have just the shape of the following ones."""
    table = ds._annotations
    kinds = table.array("kind")
    found = np.zeros(len(rows), bool)
    for place, (row, after) in enumerate(zip(rows.tolist(), following.tolist(), strict=True)):
        name = COLUMN_OF_KIND.get(KINDS[kinds[row]])
        if after >= 0 and kinds[row] == kinds[after] and name is not None:
            found[place] = _equal(table.value(name, row), table.value(name, after))
    return found


def _equal(a: Any, b: Any) -> bool:
    """Tell whether two shapes state the same numbers, be they integers or not."""
    if isinstance(a, dict):
        return all(_equal(a[key], b[key]) for key in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(_equal(x, y) for x, y in zip(a, b, strict=True))
    return bool(a == b or (a != a and b != b))  # noqa: PLR0124 - NaN


def _held(ds: Dataset, rows: Array) -> Dataset:
    """Return the dataset in which the states `rows` hold until the next ones."""
    column = ds._annotations.sparse("interpolation")
    assert column is not None
    values = dict(zip(column.present().tolist(), column.values_of(column.present()), strict=True))
    values.update(dict.fromkeys(rows.tolist(), HOLD))
    every = np.array(sorted(values), np.int64)
    made = Sparse(column.length, every, None, Text.of([values[row] for row in every.tolist()]))
    return ds._with(annotations=ds._annotations.replace({"interpolation": made}))


def _with_states(ds: Dataset, rows: Array, following: Array, gap: Array, frame: Array) -> Dataset:
    """Return the dataset with `gap` states behind each of `rows`, on the way to the `following` ones."""
    source, towards = rows.repeat(gap), following.repeat(gap)
    step = np.arange(len(source)) - (gap.cumsum() - gap).repeat(gap) + 1
    made = between(ds, source, towards, step / (gap + 1).repeat(gap))
    made = _bare(made).replace({
        "keyframe": _constant(len(made), Fixed(np.array([False]))),
        "interpolation": _constant(len(made), Text.of([HOLD])),
        "span": Sparse(len(made), None, None, _frames(frame[source] + step)),
    })  # fmt: skip
    table = Table.join([_ending(ds, rows, frame), made])
    behind = np.concatenate([np.arange(len(ds._annotations)), source])
    order = np.lexsort((np.arange(len(behind)), behind))
    return ds._with(annotations=take_annotations(table, order))


def _bare(table: Table) -> Table:
    """Return states without what only the first one of an annotation has."""
    kept = ("item", "label", "kind", "id", "track", *COLUMN_OF_KIND.values())
    return table.without([name for name in table.columns if name not in kept and not name.startswith("attributes/")])


def _constant(count: int, value: Column) -> Sparse:
    return Sparse(count, None, np.zeros(count, np.uint8), value)


def _frames(numbers: Array) -> Number:
    """Return spans of single frames."""
    values = np.full((len(numbers), 4), np.nan)
    values[:, FIRST] = values[:, LAST] = numbers
    whole = np.zeros(values.shape, bool)
    whole[:, [FIRST, LAST]] = True
    return Number(values, whole)


def _ending(ds: Dataset, rows: Array, frame: Array) -> Table:
    """Return the annotations in which `rows` last for one frame."""
    spans, whole = spans_of(ds._annotations)
    spans[rows, FIRST] = spans[rows, LAST] = frame[rows]
    whole[rows[:, None], [FIRST, LAST]] = True
    has = np.flatnonzero(~np.isnan(spans).all(axis=1))
    return ds._annotations.replace({"span": Sparse(len(spans), has, None, Number(spans[has], whole[has]))})
