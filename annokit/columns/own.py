"""Columns that keep no larger array alive."""

from __future__ import annotations

from typing import Any

import numpy as np

from annokit.columns.base import Array, Column
from annokit.columns.struct import Struct


def owned(column: Column) -> Any:
    """Return an equal column in which no array is a view of a larger array; itself where none is."""
    if isinstance(column, Struct):
        return Struct({name: owned(field) for name, field in column.fields.items()})
    made: Any = type(column)
    return made(**{name: _own(part) for name, part in column.parts().items()})


def _own(part: Any) -> Any:
    if isinstance(part, Column):
        return owned(part)
    return own_array(part) if isinstance(part, np.ndarray) else part


def own_array(array: Array) -> Array:
    """Return a copy of an array that is a view of a larger one, else the array itself."""
    base = array.base
    return array.copy() if isinstance(base, np.ndarray) and base.nbytes > array.nbytes else array
