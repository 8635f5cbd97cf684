"""What COCO as Innotescus states it can hold: outlines for every shape, whole areas, an `info` of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from annokit.columns import Column, Number
from annokit.columns.base import Array
from annokit.formats.coco import fitting
from annokit.formats.coco.derive import AREA
from annokit.formats.conversions import placed
from annokit.formats.outlines import bridge_holes
from annokit.formats.places import at_all, at_annotations

if TYPE_CHECKING:
    from annokit.formats.coco.dialect import Dialect
    from annokit.formats.holds import Holds
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset

INFO = ("description", "date_created")
"""Keys of the document's `info`."""


def outlined(holds: Holds, dialect: Dialect) -> Holds:
    """Return what remains of what COCO holds where a file states neither run lengths nor joints.

    Parameters
    ----------
    holds : Holds
        What COCO holds.
    dialect : Dialect
        Names the fields that are left.
    """
    return attrs.evolve(
        holds,
        kinds={**holds.kinds, "mask": "polygon", "keypoints": "box"},
        annotation_fields=dialect.fields,
        item_fields=holds.item_fields - {"uri"},
        label_facets=frozenset(("source_id", "extras")),
        steps=tuple(step for step in holds.steps if step is not fitting.holes_as_masks),
        late_steps=(*holds.late_steps, bridge_holes, described),
        final_steps=(whole_areas, *holds.final_steps, whole_made_areas),
    )


def described(ds: Dataset, apply: bool) -> Found:
    """Let `info` have the keys by which the platform's files are known."""
    info = with_info(ds.info)
    if info == ds.info:
        return ds, []
    made = [key for key in INFO if key not in ds.info]
    return ds._with(info=info), [at_all("derived", "info", "the document's info has a description and a date", made)]


def with_info(info: Any) -> dict[str, Any]:
    """Return an `info` that has all keys of the platform's; what nobody knows is empty."""
    return {**info, **{key: "" for key in INFO if key not in info}}


def whole_areas(ds: Dataset, apply: bool) -> Found:
    """Round the areas that are stated."""
    rows, values = _broken(ds)
    if not len(rows):
        return ds, []
    told = "areas are whole numbers of pixels"
    return _with(ds, rows, values), [at_annotations(ds, "rounded", "area", told, rows)]


def whole_made_areas(ds: Dataset, apply: bool) -> Found:
    """Round the areas that were computed for this document, which is told already."""
    return _with(ds, *_broken(ds)), []


def _broken(ds: Dataset) -> tuple[Array, Array]:
    """Return the rows whose area is no whole number, and the areas."""
    column: Any = ds._annotations.sparse(AREA)
    if column is None or not isinstance(column.values, Number):
        return np.zeros(0, np.int64), np.zeros(0)
    dense = column.dense()
    whole = np.zeros(len(dense), bool) if dense.whole is None else dense.whole
    broken = ~whole & np.isfinite(dense.values) & (np.abs(dense.values) < 1 << 53)
    return column.present()[broken], dense.values[broken]


def _with(ds: Dataset, rows: Array, values: Array) -> Dataset:
    if not len(rows):
        return ds
    made: Column = Number(np.rint(values), np.ones(len(rows), bool))
    return ds._with(annotations=ds._annotations.replace({AREA: placed(ds, AREA, rows, made)}))
