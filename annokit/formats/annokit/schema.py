"""Whether tables have the columns on which the model relies, in the form on which it relies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from annokit.columns import Column, Fixed, Json, Number, Ragged, Sparse, Struct, Table, Text

Test = Callable[[Column], bool]


def check(tables: Mapping[str, Table]) -> None:
    """Raise ValueError for the first column that is missing or of the wrong kind."""
    for table, columns in DENSE.items():
        for name, test in columns.items():
            column = tables[table].get(name)
            if column is None or not test(column):
                raise ValueError(f"the column {table}/{name} is missing or of the wrong type")
    for table, columns in KNOWN.items():
        for name, test in columns.items():
            column = tables[table].get(name)
            if column is not None and not test(_inner(column)):
                raise ValueError(f"the column {table}/{name} is of the wrong type")


def _inner(column: Column) -> Column:
    return column.values if isinstance(column, Sparse) else column


def _fixed(dtype: Any, *tail: int) -> Test:
    return lambda c: isinstance(c, Fixed) and c.values.dtype == dtype and c.values.shape[1:] == tail


def _number(*tail: int) -> Test:
    return lambda c: isinstance(c, Number) and c.values.shape[1:] == tail


def _ragged(test: Test) -> Test:
    return lambda c: isinstance(c, Ragged) and test(c.values)


def _struct(**tests: Test) -> Test:
    return lambda c: (
        isinstance(c, Struct) and all(name in c.fields and test(c.fields[name]) for name, test in tests.items())
    )


def _text(column: Column) -> bool:
    return isinstance(_inner(column), Text)


def _json(column: Column) -> bool:
    return isinstance(column, Json)


_CODE, _ROW, _SIZE = _fixed(np.uint8), _fixed(np.int64), _fixed(np.int64, 2)

DENSE: Mapping[str, Mapping[str, Test]] = {
    "items": {
        "name": _text, "kind": _CODE, "size": _SIZE, "unit": _CODE, "form": _CODE, "time_unit": _CODE,
        "sequence": _ROW, "status": _CODE,
    },
    "annotations": {"item": _ROW, "label": _ROW, "kind": _CODE},
    "sequences": {"size": _SIZE, "status": _CODE},
}  # fmt: skip
"""Columns that every dataset has."""

KNOWN: Mapping[str, Mapping[str, Test]] = {
    "items": {"path": _text, "bitmap": _json, "bitmap_path": _text},
    "annotations": {
        "box": _number(4),
        "points": _ragged(_ragged(_ragged(_number(2)))),
        "rotated": _struct(numbers=_number(8), angle=_number(), form=_CODE),
        "ellipse": _struct(numbers=_number(5), form=_CODE),
        "cuboid": _json,
        "mask": _struct(size=_SIZE, data=_text, encoding=_CODE),
        "keypoints": _ragged(_number(3)),
        "span": _number(4),
        "parent": _ROW,
    },
}
"""Columns that a dataset may have, without the rows that lack a value."""
