"""Gathering changes to a dataset, and making the new one of them at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from annokit.columns import Column, Fixed, Sparse, Table
from annokit.columns.base import Array
from annokit.errors import UsageError
from annokit.model.annotation import Annotation
from annokit.model.builder import DatasetBuilder, frame_of
from annokit.model.schema import CACHED_EXTRAS
from annokit.model.select import select_items, take_annotations

if TYPE_CHECKING:
    from types import TracebackType

    from annokit.model.dataset import Dataset

GEOMETRY = ("shape", "box", "points", "rotated", "ellipse", "cuboid", "mask", "keypoints", "kind")
SHAPE_COLUMNS = ("box", "points", "rotated", "ellipse", "cuboid", "mask")


class Edit:
    """A context manager that gathers changes to a dataset.

    Rows and items are addressed as they were before the edit. Nothing happens before the block ends; an exception in it
    discards everything.

    Examples
    --------
    >>> with ds.edit() as edit:  # doctest: +SKIP
    ...     edit.replace(3, label="cat")
    ...     edit.remove([5, 6])
    ...     edit.add(0, label="dog", shape=annokit.Box(0, 0, 1, 1))
    >>> edit.dataset  # doctest: +SKIP
    """

    def __init__(self, dataset: Dataset) -> None:
        self._before = dataset
        self._changed: dict[int, dict[str, Any]] = {}
        self._changed_items: dict[int, dict[str, Any]] = {}
        self._removed: set[int] = set()
        self._removed_items: set[int] = set()
        self._added: list[tuple[int, dict[str, Any]]] = []
        self._new_items: list[tuple[str, dict[str, Any]]] = []
        self._after: Dataset | None = None

    def replace(self, row: int, **fields: Any) -> Self:
        """Change fields of the annotation `row`; the names are those of :class:`annokit.Annotation`, None removes one.

        A new shape brings its own box with it and removes what the source computed from the old one, such as ``area``.
        """
        self._changed.setdefault(self._row(row, len(self._before.annotations)), {}).update(fields)
        return self

    def remove(self, rows: Any) -> Self:
        """Remove an annotation row or several."""
        count = len(self._before.annotations)
        self._removed.update(self._row(row, count) for row in np.atleast_1d(rows).tolist())
        return self

    def add(self, item: int, annotation: Annotation | None = None, **fields: Any) -> Self:
        """Add an annotation to an item, old or new; new items count on from the old ones.

        Parameters
        ----------
        item : int
            Item row.
        annotation : Annotation, optional
            A whole annotation; `fields` change it.
        **fields
            As :meth:`annokit.DatasetBuilder.add_annotation` takes them.
        """
        given = {} if annotation is None else fields_of(annotation)
        self._row(item, len(self._before) + len(self._new_items))
        self._added.append((item, {**given, **fields}))
        return self

    def replace_item(self, item: int, **fields: Any) -> Self:
        """Change fields of an item; the names are those of :meth:`annokit.DatasetBuilder.add_item`."""
        self._changed_items.setdefault(self._row(item, len(self._before)), {}).update(fields)
        return self

    def add_item(self, name: str, **fields: Any) -> int:
        """Add an item and return its row, for :meth:`add`."""
        self._new_items.append((name, fields))
        return len(self._before) + len(self._new_items) - 1

    def remove_items(self, items: Any) -> Self:
        """Remove an item or several, with their annotations."""
        self._removed_items.update(self._row(row, len(self._before)) for row in np.atleast_1d(items).tolist())
        return self

    @staticmethod
    def _row(row: int, count: int) -> int:
        if not 0 <= row < count:
            raise UsageError(f"row {row} does not exist; rows run from 0 to {count - 1}")
        return row

    @property
    def dataset(self) -> Dataset:
        """The dataset with all changes, once the block has ended."""
        if self._after is None:
            raise UsageError("the edit has not ended; its dataset exists after the with block")
        return self._after

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._after = self._apply()

    def _apply(self) -> Dataset:
        ds = self._before
        patch = _Patch(ds)
        items = patch.items(self._changed_items, self._new_items)
        annotations = patch.annotations(items, self._changed, self._added, self._removed)
        changed = ds._with(items=items, annotations=annotations, labels=patch.labels())
        if not self._removed_items:
            return changed
        keep = np.setdiff1d(np.arange(len(changed)), np.array(sorted(self._removed_items)))
        return select_items(changed, keep)


class _Patch:
    """The changed and new rows of a dataset, as tables laid over the old ones."""

    def __init__(self, ds: Dataset) -> None:
        self._ds = ds
        self._builder = DatasetBuilder()
        for label in ds.labels:
            self._builder.add_label(label)

    def labels(self) -> Any:
        """Return the label set, with new labels at its end."""
        from annokit.model.label_set import LabelSet

        return LabelSet(self._builder.labels, self._ds.labels.attributes)

    def items(self, changed: Mapping[int, dict[str, Any]], added: list[tuple[str, dict[str, Any]]]) -> Table:
        """Return the item table with changed and new rows."""
        old = self._ds._items
        if not changed and not added:
            return old
        patch = DatasetBuilder()
        for row, fields in changed.items():
            frame = frame_of(old, row)
            defaults = {"unit": frame.unit, "form": frame.form, "time_unit": frame.time_unit}
            patch.add_item(frame.name, **{**defaults, **fields})
        for name, fields in added:
            patch.add_item(name, **fields)
        table = patch.build()._items
        fresh = np.arange(len(changed), len(changed) + len(added))
        rewritten = _overlaid(
            old, table.take(np.arange(len(changed))), _named_by(changed.values(), _ITEM_COLUMNS), list(changed)
        )
        return _substituted(old, rewritten, list(changed), table.take(fresh))

    def annotations(
        self,
        items: Table,
        changed: Mapping[int, dict[str, Any]],
        added: list[tuple[int, dict[str, Any]]],
        removed: set[int],
    ) -> Table:
        """Return the annotation table with changed and new rows, and without the removed ones."""
        old = self._ds._annotations
        if changed or added:
            self._builder.add_items(items)
            owners = old.array("item")
            for row, fields in changed.items():
                self._builder.add_annotation(int(owners[row]), **{k: v for k, v in fields.items() if v is not None})
            for item, fields in added:
                self._builder.add_annotation(item, **fields)
            table = self._builder.build()._annotations
            rewritten = _overlaid(
                old, table.take(np.arange(len(changed))), _annotation_columns(old, changed), list(changed)
            )
            fresh = table.take(np.arange(len(changed), len(changed) + len(added)))
            old = _substituted(old, rewritten, list(changed), fresh)
        if removed:
            old = take_annotations(old, np.setdiff1d(np.arange(len(old)), np.array(sorted(removed))))
        return old


_ITEM_COLUMNS = {"width": ("size",), "height": ("size",)}


def _named_by(rows: Any, aliases: Mapping[str, tuple[str, ...]]) -> list[set[str]]:
    return [{name for field in fields for name in aliases.get(field, (field,))} for fields in rows]


def _annotation_columns(old: Table, changed: Mapping[int, dict[str, Any]]) -> list[set[str]]:
    """Return, for each changed row, the columns that its new fields decide."""
    derived = {name for name in old.columns if name.startswith("extras/") and name.rsplit("/", 1)[-1] in CACHED_EXTRAS}
    wanted = _named_by(changed.values(), {"shape": ("kind", *SHAPE_COLUMNS)})
    for names, fields in zip(wanted, changed.values(), strict=True):
        if any(field in GEOMETRY for field in fields):
            names |= derived
        if type(fields.get("shape")).__name__ == "Keypoints":
            names.add("keypoints")
    return wanted


def _overlaid(old: Table, new: Table, names: list[set[str]], rows: list[int]) -> Table:
    """Return `rows` of the old table in which each row takes the columns `names` from the new table."""
    base = old.take(np.array(rows, np.int64))
    columns: dict[str, Column] = dict(base.columns)
    groups = {"attributes", "extras"}
    for name in {*base.columns, *new.columns}:
        head = name.split("/", 1)[0]
        takes = np.array([name in own or (head in groups and head in own) for own in names], bool)
        if takes.any():
            columns[name] = _mixed(base.get(name), new.get(name), takes)
    return Table(len(rows), columns)


def _mixed(mine: Column | None, its: Column | None, takes: Array) -> Column:
    example = mine if its is None else its
    assert example is not None
    inner = example.values if isinstance(example, Sparse) else example
    pieces = [column if column is not None else Sparse.empty(len(takes), inner) for column in (mine, its)]
    joined = Table.join([Table(len(takes), {"": piece}) for piece in pieces])
    return joined.take(np.arange(len(takes)) + takes * len(takes)).columns[""]


def _substituted(old: Table, rewritten: Table, rows: list[int], fresh: Table) -> Table:
    """Return the old table with `rows` exchanged for the rewritten ones and the fresh ones at the end."""
    order = np.arange(len(old) + len(fresh))
    order[len(old) :] += len(rows)
    order[rows] = len(old) + np.arange(len(rows))
    return Table.join([old, rewritten, fresh]).take(order)


def fields_of(annotation: Annotation) -> dict[str, Any]:
    """Return the fields that an annotation states, as :meth:`annokit.DatasetBuilder.add_annotation` takes them."""
    names = (
        "shape",
        "keypoints",
        "span",
        "id",
        "track",
        "keyframe",
        "interpolation",
        "score",
        "layer",
        "author",
        "created",
    )
    fields = {name: getattr(annotation, name) for name in (*names, "updated", "review", "attributes", "extras")}
    if annotation.box is not None and annotation.row is None:
        fields["box"] = annotation.box
    if annotation.label is not None:
        fields["label"] = annotation.label.name
    return {name: value for name, value in fields.items() if value is not None}


__all__ = ["Edit", "Fixed", "fields_of"]
