"""The marks of keys that a file did not state, as bits and as a column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from annokit.columns import Json, Sparse, Table
from annokit.columns.base import Array
from annokit.columns.json import dumps
from annokit.formats.coco import keys

IMAGE_WANTED = ("file_name", "height", "width", "id")
"""Keys that a writer adds to an image that lacks them."""

ANNOTATION_WANTED = ("id", "image_id", "iscrowd", "bbox", "area", "num_keypoints")
"""Keys that a writer adds to an annotation that lacks them."""

SHAPED = ("bbox", "area")
"""Those that it adds only where there is a shape."""


def marks(absent: Mapping[str, Array]) -> Sparse | None:
    """Return the column that names the absent keys of each row, from (n,) bool by key; None where none is absent."""
    wanted = list(absent)
    missing = np.zeros(len(absent[wanted[0]]), np.int64)
    for bit, rows in enumerate(absent.values()):
        missing |= rows.astype(np.int64) << bit
    rows = np.flatnonzero(missing)
    if not len(rows):
        return None
    codes, slots = np.unique(missing[rows], return_inverse=True)
    names = [dumps([key for bit, key in enumerate(wanted) if code >> bit & 1]) for code in codes.tolist()]
    slots = slots.reshape(-1).astype(np.min_scalar_type(len(codes)))
    return Sparse(len(missing), None if len(rows) == len(missing) else rows, slots, Json.of(names))


def lacks_by_mark(table: Table, key: str) -> Array:
    """Return (n,) bool: the rows that a mark says to lack a key."""
    gone = np.zeros(len(table), bool)
    column = table.sparse(keys.ABSENT)
    if column is not None:
        told = np.array([key in value for value in column.values.to_list()], bool)
        gone[column.present()] = told[column.all_slots()]
    return gone


def marked(table: Table, wanted: Sequence[str]) -> dict[str, Array]:
    """Return what the marks of a table say, (n,) bool by key."""
    return {key: lacks_by_mark(table, key) for key in wanted}
