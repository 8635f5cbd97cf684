"""Cuboids out of their column, in which each is a JSON object of the fields that its source states."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.columns.base import Array
from annokit.geometry import Cuboid
from annokit.model.bounds import in_unit, of_item

if TYPE_CHECKING:
    from annokit.model.dataset import Dataset

FIELDS = ("center", "size", "rotation", "corners", "anchor")


def cuboids(ds: Dataset, rows: Array) -> list[Any]:
    """Return a :class:`Cuboid` for each annotation row; corners in the image normalised."""
    column = ds._annotations.sparse("cuboid")
    assert column is not None
    return [_cuboid(ds, row, value) for row, value in zip(rows.tolist(), column.values_of(rows), strict=True)]


def _cuboid(ds: Dataset, row: int, value: dict[str, Any]) -> Cuboid:
    fields = {name: value[name] for name in FIELDS if value.get(name) is not None}
    if "corners" in fields:
        item = ds._annotations.array("item")[row].repeat(8)
        corners = np.array(fields["corners"], np.float64)
        fields["corners"] = in_unit(ds, item, corners, of_item(ds, "unit", item), "unit")
    return Cuboid.of(**fields)


def cuboid_fields(cuboid: Cuboid) -> dict[str, Any]:
    """Return the fields that a cuboid states, as JSON types."""
    stated: dict[str, Any] = {}
    for name in FIELDS:
        value = getattr(cuboid, name)
        if value is not None and not (name == "anchor" and not any(value)):
            stated[name] = np.asarray(value, np.float64).tolist()
    return stated
