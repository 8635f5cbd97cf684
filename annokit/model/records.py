"""Annotations as plain tables: lists by column, dictionaries by row, a pandas frame."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.columns import MISSING, Table
from annokit.columns.base import Array
from annokit.errors import MissingExtraError, MissingSizeError, UsageError
from annokit.model.bounds import boxes, of_item
from annokit.model.fields import READERS
from annokit.model.schema import KIND_CODE, KINDS, SECONDS, UNITS

if TYPE_CHECKING:
    from annokit.model.dataset import Dataset
    from annokit.model.label import Label

Columns = dict[str, list[Any]]

BOX = ("xmin", "ymin", "xmax", "ymax")
SPAN = ("start", "end", "first_frame", "last_frame")
PLAIN = (
    "id",
    "track",
    "keyframe",
    "interpolation",
    "score",
    "parent",
    "layer",
    "author",
    "created",
    "updated",
    "review",
)
OBJECTS = ("shape", "box", "keypoints")
FIELDS = (
    "row",
    "item",
    "item_row",
    "sequence",
    "frame",
    "label",
    "label_id",
    "label_source_id",
    "label_color",
    "label_shape",
    "kind",
    *BOX,
    *SPAN,
    *PLAIN,
    "attributes",
    "attribute_ids",
)
"""Names of all fields but the objects, in their order.

``attributes`` stands for a column each, ``attributes.<name>``; ``attribute_ids`` for the source's ids of the options
that they name, ``attributes.<name>.source_id``. ``label_id`` is the label's position; ``label_source_id``,
``label_color`` (as ``#rrggbb``) and ``label_shape`` are what the source states of it.
"""


def to_columns(ds: Dataset, fields: Iterable[str] | None = None, *, unit: str = "unit") -> Columns:
    """Return a list per field, with one plain value per annotation, None where it states none.

    Parameters
    ----------
    ds : Dataset
        Whose annotations are told.
    fields : iterable of str, optional
        Names out of :data:`FIELDS`, or ``shape``, ``box`` and ``keypoints``, which are objects. By default every field
        but the objects that any annotation states.
    unit : {"unit", "pixel", "source"}
        Unit of ``xmin`` to ``ymax``. They, and the objects, are None where the item's size is needed and unknown.
    """
    wanted = FIELDS if fields is None else tuple(fields)
    unknown = [name for name in wanted if name not in (*FIELDS, *OBJECTS)]
    if unknown:
        raise UsageError(f"no field is called {unknown[0]!r}; fields: {', '.join(sorted((*FIELDS, *OBJECTS)))}")
    found: Columns = {}
    groups = {group: group(ds, unit) for group in dict.fromkeys(_GROUPS[name] for name in wanted if name in _GROUPS)}
    for name in wanted:
        told = groups[_GROUPS[name]] if name in _GROUPS else {name: _column(ds, name)}
        found.update(told if name in ("attributes", "attribute_ids") else {name: told[name]})
    if fields is not None:
        return found
    always = {"row", "item", "label", "kind", *BOX}
    return {
        name: values
        for name, values in found.items()
        if name in always or name.startswith("attributes.") or any(value is not None for value in values)
    }


def to_records(ds: Dataset, fields: Iterable[str] | None = None, *, unit: str = "unit") -> list[dict[str, Any]]:
    """Return a dictionary per annotation; the parameters are those of :func:`to_columns`."""
    columns = to_columns(ds, fields, unit=unit)
    if not columns:
        return [{} for _ in range(len(ds.annotations))]
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def to_pandas(ds: Dataset, fields: Iterable[str] | None = None, *, unit: str = "unit") -> Any:
    """Return a ``pandas.DataFrame`` with a row per annotation; the parameters are those of :func:`to_columns`.

    Raises
    ------
    MissingExtraError
        pandas is not installed.
    """
    try:
        import pandas as pd  # type: ignore[import-untyped,unused-ignore] # no stubs of its own
    except ImportError as error:
        raise MissingExtraError.of("pandas", "pandas", "a data frame") from error
    return pd.DataFrame(to_columns(ds, fields, unit=unit))


def _rows(ds: Dataset) -> Array:
    return np.arange(len(ds._annotations))


def _column(ds: Dataset, name: str) -> list[Any]:
    if name in _LOOKUPS:
        return _LOOKUPS[name](ds)
    return _objects(ds, name) if name in OBJECTS else READERS[name](ds, _rows(ds))


def _objects(ds: Dataset, name: str) -> list[Any]:
    """Return shapes, None where the item's size would be needed and is unknown."""
    try:
        return READERS[name](ds, _rows(ds))
    except MissingSizeError:
        return [_object(ds, name, row) for row in range(len(ds._annotations))]


def _object(ds: Dataset, name: str, row: int) -> Any:
    try:
        return READERS[name](ds, np.array([row]))[0]
    except MissingSizeError:
        return None


def _of_items(table: Table, name: str, rows: Array) -> list[Any]:
    """Return the values of a column for `rows`, None where a row is -1 or has no value."""
    column = table.get(name)
    if column is None:
        return [None] * len(rows)
    values = [None if value is MISSING else value for value in column.to_list()]
    values.append(None)
    return [values[row] for row in rows.tolist()]


def _sequences(ds: Dataset) -> list[Any]:
    owner = np.append(ds._items.array("sequence"), -1)[ds._annotations.array("item")]
    names: list[Any] = [*(sequence.name for sequence in ds.sequences), None]
    return [names[row] for row in owner.tolist()]


def _labels(ds: Dataset) -> list[Any]:
    names: list[Any] = [*ds.labels.names, None]
    return [names[position] for position in ds._annotations.array("label").tolist()]


def _of_labels(ds: Dataset, tell: Callable[[Label], Any]) -> list[Any]:
    values = [*(tell(label) for label in ds.labels), None]
    return [values[position] for position in ds._annotations.array("label").tolist()]


def _hex(label: Label) -> str | None:
    return None if label.color is None else "#" + bytes(label.color[:3]).hex()


def _optional(rows: Array) -> list[Any]:
    return [None if row < 0 else row for row in rows.tolist()]


_LOOKUPS: dict[str, Callable[[Dataset], list[Any]]] = {
    "row": lambda ds: _rows(ds).tolist(),
    "item": lambda ds: _of_items(ds._items, "name", ds._annotations.array("item")),
    "item_row": lambda ds: _optional(ds._annotations.array("item")),
    "sequence": _sequences,
    "frame": lambda ds: _of_items(ds._items, "frame", ds._annotations.array("item")),
    "label": _labels,
    "label_id": lambda ds: _optional(ds._annotations.array("label")),
    "label_source_id": lambda ds: _of_labels(ds, lambda label: label.source_id),
    "label_color": lambda ds: _of_labels(ds, _hex),
    "label_shape": lambda ds: _of_labels(ds, lambda label: label.shape),
    "kind": lambda ds: [KINDS[code] for code in ds._annotations.array("kind").tolist()],
}


def _corners(ds: Dataset, unit: str) -> Columns:
    found = np.full((len(ds._annotations), 4), np.nan)
    rows = np.flatnonzero(_computable(ds, unit))
    found[rows] = boxes(ds, rows, "xyxy", unit)
    columns = [[None if value != value else value for value in column] for column in found.T.tolist()]  # noqa: PLR0124
    return dict(zip(BOX, columns, strict=True))


def _computable(ds: Dataset, unit: str) -> Array:
    """Tell of which rows the box can be stated in `unit`: the size is known, or nothing needs it."""
    item = ds._annotations.array("item")
    known = np.append((ds._items.array("size") > 0).all(axis=1), False)[item]
    same = np.ones(len(item), bool) if unit == "source" else of_item(ds, "unit", item) == UNITS.index(unit)
    column = ds._annotations.get("box")
    stated = np.zeros(len(item), bool) if column is None else ~np.isnan(column.values[:, 0])  # type: ignore[attr-defined]
    plain = np.isin(ds._annotations.array("kind"), [KIND_CODE[name] for name in _PLAIN_KINDS])
    return np.asarray(known | (same & (stated | plain)))


_PLAIN_KINDS = ("none", "box", "polygon", "polyline", "point", "keypoints", "cuboid")
"""Kinds whose bounds are in the unit of their numbers."""


def _spans(ds: Dataset, _: str) -> Columns:
    column = ds._annotations.sparse("span")
    rows = _rows(ds)
    if column is None:
        return {name: [None] * len(rows) for name in SPAN}
    found = np.full((len(rows), 4), np.nan)
    dense: Any = column.dense()
    found[column.present()] = dense.values
    found[:, :2] /= np.array(SECONDS)[of_item(ds, "time_unit", ds._annotations.array("item"))][:, None]
    columns = zip(SPAN, (float, float, int, int), found.T.tolist(), strict=True)
    return {name: [None if v != v else kind(v) for v in values] for name, kind, values in columns}  # noqa: PLR0124


def _attributes(ds: Dataset, _: str) -> Columns:
    columns = ds._groups(ds._annotations, "attributes")
    return {
        f"attributes.{name}": [None if value is MISSING else value for value in column.to_list()]
        for name, column in columns.items()
    }


def _attribute_ids(ds: Dataset, _: str) -> Columns:
    from annokit.model.answer_ids import answer_ids

    return {f"attributes.{name}.source_id": ids for name, ids in answer_ids(ds).items()}


_GROUPS: dict[str, Callable[[Dataset, str], Columns]] = {
    **dict.fromkeys(BOX, _corners),
    **dict.fromkeys(SPAN, _spans),
    "attributes": _attributes,
    "attribute_ids": _attribute_ids,
}
