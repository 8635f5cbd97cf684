"""The numbers of each row of a label file, from the columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.columns import Fixed, Number
from annokit.columns.base import Array
from annokit.geometry.ragged import lengths, offsets_of
from annokit.model.schema import KIND_CODE

if TYPE_CHECKING:
    from annokit.model.dataset import Dataset

Flat = tuple[Array, Array, Array]
"""Numbers (m,), which are integers (m,), and how many each row has (k,)."""


def tokens_of(ds: Dataset, rows: Array, first_id: int) -> Flat:
    """Return numbers, marks of integers and offsets (k + 1,) of the lines for annotation `rows`."""
    kind = ds._annotations.array("kind")[rows]
    label = ds._annotations.array("label")[rows] + first_id
    pieces: list[tuple[Array, Flat]] = [(np.arange(len(rows)), _classes(label))]
    for name, read in _READ.items():
        chosen = np.flatnonzero(kind == KIND_CODE[name])
        if len(chosen):
            pieces.append((chosen, read(ds, rows[chosen])))
    for extra in ("keypoints", "score", "track"):
        column = ds._annotations.sparse(extra)
        if column is not None:
            chosen = np.flatnonzero(column.slots_of(rows) >= 0)
            if len(chosen):
                pieces.append((chosen, _BESIDE[extra](column.values.take(column.slots_of(rows[chosen])))))
    return _merged(len(rows), pieces)


def _merged(count: int, pieces: list[tuple[Array, Flat]]) -> Flat:
    """Return lines that hold the numbers of each piece one after another."""
    sizes = np.zeros(count, np.int64)
    for chosen, (_, _, counts) in pieces:
        sizes[chosen] += counts
    offsets = offsets_of(sizes)
    values, whole = np.empty(int(offsets[-1])), np.zeros(int(offsets[-1]), bool)
    at = offsets[:-1].copy()
    for chosen, (numbers, marks, counts) in pieces:
        ends = counts.cumsum()
        index = (at[chosen] - ends + counts).repeat(counts) + np.arange(len(numbers))
        values[index], whole[index] = numbers, marks
        at[chosen] += counts
    return values, whole, offsets


def _classes(label: Array) -> Flat:
    return label.astype(np.float64), np.ones(len(label), bool), np.ones(len(label), np.int64)


def _flat(numbers: Number, counts: Array) -> Flat:
    whole = np.zeros(numbers.values.size, bool) if numbers.whole is None else numbers.whole.reshape(-1)
    return numbers.values.reshape(-1), whole, counts


def _boxes(ds: Dataset, rows: Array) -> Flat:
    column = ds._annotations.columns["box"]
    assert isinstance(column, Number)
    return _flat(column.take(rows), np.full(len(rows), 4))


def _polygons(ds: Dataset, rows: Array) -> Flat:
    shapes: Any = _values(ds, "points", rows)
    rings = shapes.values.values
    counts = np.diff(rings.bounds()[shapes.values.bounds()[shapes.bounds()]])
    return _flat(rings.values, counts * 2)


def _corners(ds: Dataset, rows: Array) -> Flat:
    return _flat(_values(ds, "rotated", rows).fields["numbers"], np.full(len(rows), 8))


def _values(ds: Dataset, name: str, rows: Array) -> Any:
    column = ds._annotations.sparse(name)
    assert column is not None
    return column.values.take(column.slots_of(rows)).compact()


_READ: Mapping[str, Callable[[Dataset, Array], Flat]] = {
    "box": _boxes,
    "polygon": _polygons,
    "rotated_box": _corners,
}


def _joints(joints: Any) -> Flat:
    joints = joints.compact()
    return _flat(joints.values, lengths(joints.bounds()) * 3)


def _single(column: Any) -> Flat:
    ones = np.ones(len(column), np.int64)
    if isinstance(column, Fixed):
        return column.values.astype(np.float64), np.ones(len(column), bool), ones
    return _flat(column, ones)


_BESIDE: Mapping[str, Callable[[Any], Flat]] = {"keypoints": _joints, "score": _single, "track": _single}
