"""The columns that every table has, in the one form on which the array functions rely."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np

from annokit.columns import Column, Fixed, Json, Number, Sparse, Table, Text
from annokit.model.rows import ANNOTATION_DEFAULTS, ITEM_DEFAULTS, SEQUENCE_DEFAULTS


def item_table(table: Table) -> Table:
    """Return an item table with all columns that it must have."""
    missing = {} if len(table) or "name" in table else {"name": Text.of([])}
    return _changed(table, {**missing, **_defaults(table, ITEM_DEFAULTS)})


def sequence_table(table: Table) -> Table:
    """Return a sequence table with all columns that it must have."""
    return _changed(table, _defaults(table, SEQUENCE_DEFAULTS))


def annotation_table(table: Table) -> Table:
    """Return an annotation table with all columns that it must have, boxes of every row and parents of some."""
    changes: dict[str, Column] = _defaults(table, ANNOTATION_DEFAULTS)
    box, parent = table.get("box"), table.get("parent")
    if isinstance(box, Sparse):
        changes["box"] = _filled(box)
    if isinstance(parent, Fixed) or (isinstance(parent, Sparse) and _has_negative(parent)):
        changes["parent"] = _stated(Sparse.of_column(parent))
    return _changed(table, changes)


def _changed(table: Table, changes: Mapping[str, Column]) -> Table:
    return table.replace(changes) if changes else table


def _defaults(table: Table, defaults: Mapping[str, Any]) -> dict[str, Column]:
    changes: dict[str, Column] = {}
    for name, default in defaults.items():
        wanted = np.asarray(default).dtype
        column = table.get(name)
        if column is None:
            changes[name] = Fixed(np.full((len(table), *np.shape(default)), default, wanted))
        elif isinstance(column, Sparse):
            values = np.full((len(table), *np.shape(default)), default, wanted)
            values[column.present()] = _array(column.dense())
            changes[name] = Fixed(values)
        elif isinstance(column, Fixed) and column.values.dtype != wanted:
            changes[name] = Fixed(column.values.astype(wanted))
    return changes


def _array(column: Column) -> Any:
    return column.values if isinstance(column, Fixed | Number) else column.to_list()


def _filled(boxes: Sparse) -> Number:
    """Return boxes of some rows as boxes of all rows, NaN where there is none."""
    dense = boxes.dense()
    if isinstance(dense, Json):
        dense = Number.of(dense.to_list())
    assert isinstance(dense, Number)
    rows = boxes.present()
    values = np.full((len(boxes), 4), np.nan)
    values[rows] = dense.values.reshape(-1, 4)
    if dense.whole is None:
        return Number(values)
    whole = np.zeros((len(boxes), 4), bool)
    whole[rows] = dense.whole
    return Number(values, whole)


def _has_negative(parents: Sparse) -> bool:
    values = parents.values
    return isinstance(values, Fixed) and len(values) > 0 and int(values.values.min()) < 0


def _stated(parents: Sparse) -> Sparse:
    """Return parents without the rows that state -1, which is none."""
    dense = parents.dense()
    assert isinstance(dense, Fixed)
    kept = np.flatnonzero(dense.values >= 0)
    return attrs.evolve(parents, rows=parents.present()[kept], slots=None, values=dense.take(kept))
