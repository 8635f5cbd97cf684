"""Gathering changes to a dataset, and making the new one of them at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from annokit.columns import Fixed, Number, Table
from annokit.columns.base import Array
from annokit.columns.patch import patched
from annokit.errors import UsageError
from annokit.model.annotation import Annotation
from annokit.model.builder import DatasetBuilder, check_fields, check_rows
from annokit.model.label_set import LabelSet
from annokit.model.schema import CACHED_EXTRAS, KIND_CODE
from annokit.model.select import remove_items, rows_from, take_annotations

if TYPE_CHECKING:
    from types import TracebackType

    from annokit.model.dataset import Dataset

Fields = dict[str, Any]

SHAPE_COLUMNS = ("kind", "box", "points", "rotated", "ellipse", "cuboid", "mask")
GEOMETRY = frozenset(("shape", "keypoints", *SHAPE_COLUMNS))
FRAME = ("unit", "form", "time_unit")


class Edit:
    """A context manager that gathers changes to a dataset.

    Rows and items are addressed as they were before the edit, and new ones count on from there. Nothing happens before
    the block ends; an exception in it discards everything. The result shares all columns that no change touches.

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
        self._changed: dict[int, Fields] = {}
        self._changed_items: dict[int, Fields] = {}
        self._removed: set[int] = set()
        self._removed_items: set[int] = set()
        self._added: list[tuple[int, Fields]] = []
        self._new_items: list[tuple[str, Fields]] = []
        self._after: Dataset | None = None

    def replace(self, row: int, **fields: Any) -> Self:
        """Change fields of the annotation `row`; the names are those of :class:`annokit.Annotation`, None removes one.

        A new shape brings its own box with it, and new geometry removes what the source computed from the old one, such
        as ``area``. `attributes` and `extras` are exchanged as a whole.
        """
        check_fields("annotation", (name for name in fields if name != "label"))
        place = _row(row, len(self._before.annotations) + len(self._added))
        old = len(self._before.annotations)
        target = self._changed.setdefault(place, {}) if place < old else self._added[place - old][1]
        target.update(fields)
        return self

    def remove(self, rows: Any) -> Self:
        """Remove an annotation row, or several: positions, a slice or a bool mask."""
        self._removed.update(_rows(rows, len(self._before.annotations), "annotations"))
        return self

    def add(self, item: int, annotation: Annotation | None = None, **fields: Any) -> int:
        """Add an annotation to an item, old or new, and return its row, for `parent` and :meth:`replace`.

        Parameters
        ----------
        item : int
            Item row.
        annotation : Annotation, optional
            A whole annotation; `fields` change it. Its parent is taken over only where it comes from this dataset.
        **fields
            As :meth:`annokit.DatasetBuilder.add_annotation` takes them.
        """
        check_fields("annotation", (name for name in fields if name != "label"))
        given = {} if annotation is None else fields_of(annotation, self._before)
        place = _row(item, len(self._before) + len(self._new_items))
        self._added.append((place, {**given, **fields}))
        return len(self._before.annotations) + len(self._added) - 1

    def replace_item(self, item: int, **fields: Any) -> Self:
        """Change fields of an item; the names are those of :meth:`annokit.DatasetBuilder.add_item`, None removes one.

        The unit and form in which an item states its numbers are no fields of this kind.
        """
        check_fields("item", (name for name in fields if name != "name"))
        if wrong := [name for name in FRAME if name in fields]:
            raise UsageError(f"{wrong[0]} says how the stored numbers are meant; an edit can't change it")
        self._changed_items.setdefault(_row(item, len(self._before)), {}).update(fields)
        return self

    def add_item(self, name: str, **fields: Any) -> int:
        """Add an item and return its row, for :meth:`add`."""
        check_fields("item", fields)
        self._new_items.append((name, fields))
        return len(self._before) + len(self._new_items) - 1

    def remove_items(self, items: Any) -> Self:
        """Remove an item, or several, with their annotations: positions, a slice or a bool mask."""
        self._removed_items.update(_rows(items, len(self._before), "items"))
        return self

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
        items = _items(ds._items, self._changed_items, self._new_items)
        annotations, labels = _annotations(ds, items, self._changed, self._added)
        check_rows("item", "sequence", items, len(ds._sequences))
        check_rows("annotation", "label", annotations, len(labels))
        check_rows("annotation", "parent", annotations, len(annotations))
        changed = ds._with(items=items, annotations=annotations, labels=labels)
        if self._removed:
            kept = take_annotations(changed._annotations, _others(self._removed, len(annotations)))
            changed = changed._with(annotations=kept)
        if self._removed_items:
            mask = np.zeros(len(changed), bool)
            mask[list(self._removed_items)] = True
            changed = remove_items(changed, mask)
        return changed


def _row(row: int, count: int) -> int:
    if not 0 <= row < count:
        raise UsageError(f"row {row} does not exist; there are {count}, counted from 0")
    return int(row)


def _rows(rows: Any, count: int, what: str) -> list[int]:
    if isinstance(rows, int | np.integer):
        return [_row(int(rows), count)]
    found: list[int] = rows_from(rows, count, what).tolist()
    return found


def _others(removed: Iterable[int], count: int) -> Array:
    keep = np.ones(count, bool)
    keep[list(removed)] = False
    return np.flatnonzero(keep)


def _items(old: Table, changed: Mapping[int, Fields], added: list[tuple[str, Fields]]) -> Table:
    """Return the item table with changed and new rows."""
    if not changed and not added:
        return old
    patch = DatasetBuilder()
    rows = sorted(changed)
    for row in rows:
        patch.add_item(**{"name": str(old.value("name", row)), **_with_size(old, row, changed[row])})
    for name, fields in added:
        patch.add_item(name, **{**fields, "sequence": None})
    size = {"width": "size", "height": "size"}
    taken = [{size.get(name, name) for name in changed[row]} for row in rows]
    return patched(old, np.array(rows, np.int64), taken, _with_sequences(patch.build()._items, rows, changed, added))


def _with_size(old: Table, row: int, fields: Fields) -> Fields:
    """Return the fields with both sides of the size where they state one, and without sequence."""
    stated = {name: value for name, value in fields.items() if name != "sequence"}
    if "width" in fields or "height" in fields:
        width, height = old.array("size")[row].tolist()
        stated = {"width": width, "height": height, **stated}
    return stated


def _with_sequences(patch: Table, rows: list[int], changed: Mapping[int, Fields], added: Any) -> Table:
    """Return the patch with the sequences that its rows state, which the builder of the patch does not know."""
    stated = [changed[row].get("sequence") for row in rows] + [fields.get("sequence") for _, fields in added]
    column = Fixed(np.array([-1 if row is None else row for row in stated], np.int64))
    return patch.replace({"sequence": column})


def _annotations(
    ds: Dataset, items: Table, changed: Mapping[int, Fields], added: list[tuple[int, Fields]]
) -> tuple[Table, LabelSet]:
    """Return the annotation table with changed and new rows, and the labels with new ones at their end."""
    old = ds._annotations
    if not changed and not added:
        return old, ds.labels
    builder = DatasetBuilder()
    for label in ds.labels:
        builder.add_label(label)
    builder.add_items(items)
    rows = sorted(changed)
    owners = old.array("item")
    for row in rows:
        builder.add_annotation(int(owners[row]), **_stated(changed[row]))
    for item, fields in added:
        builder.add_annotation(item, **_stated(fields))
    patch = builder._annotations.table()
    taken = _taken(old, patch, rows, changed)
    labels = LabelSet(builder.labels, ds.labels.attributes) if len(builder.labels) > len(ds.labels) else ds.labels
    return _rekinded(patched(old, np.array(rows, np.int64), taken, _with_box(old, patch)), rows, changed), labels


def _stated(fields: Fields) -> Fields:
    return {name: value for name, value in fields.items() if value is not None}


def _with_box(old: Table, patch: Table) -> Table:
    """Return the patch with a box column for every row where the old table has one."""
    if not isinstance(old.get("box"), Number) or isinstance(patch.get("box"), Number):
        return patch
    return patch.replace({"box": Number(np.full((len(patch), 4), np.nan))})


def _taken(old: Table, patch: Table, rows: list[int], changed: Mapping[int, Fields]) -> list[set[str]]:
    """Return, for each changed row, the columns that its new fields decide."""
    derived = {name for name in old.columns if name.startswith("extras/") and name.rsplit("/", 1)[-1] in CACHED_EXTRAS}
    found = []
    for place, row in enumerate(rows):
        fields = changed[row]
        names = set(fields)
        if "shape" in fields:
            names.update(SHAPE_COLUMNS)
            if patch.array("kind")[place] == KIND_CODE["keypoints"]:
                names.add("keypoints")
        if GEOMETRY & names:
            names |= derived
        found.append(names)
    return found


def _rekinded(table: Table, rows: list[int], changed: Mapping[int, Fields]) -> Table:
    """Return the table in which rows whose box or keypoints came or went, not their shape, have a kind that fits."""
    kinds = table.array("kind").copy()
    touched = [row for row in rows if "shape" not in changed[row] and {"box", "keypoints"} & changed[row].keys()]
    for row in touched:
        box = table.get("box")
        has = {
            "box": isinstance(box, Number) and not np.isnan(box.values[row, 0]),
            "keypoints": (joints := table.sparse("keypoints")) is not None and joints.slot(row) >= 0,
        }
        plain = (KIND_CODE["none"], *(KIND_CODE[name] for name in has))
        if kinds[row] in plain and not any(kinds[row] == KIND_CODE[name] and has[name] for name in has):
            kinds[row] = next((KIND_CODE[name] for name in has if has[name]), KIND_CODE["none"])
    return table.replace({"kind": Fixed(kinds)}) if touched else table


COPIED = (
    "label", "shape", "keypoints", "span", "id", "track", "keyframe", "interpolation", "score",
    "layer", "author", "created", "updated", "review", "attributes", "extras",
)  # fmt: skip
"""Fields of an annotation that another one takes over."""


def fields_of(annotation: Annotation, target: Dataset | None = None) -> Fields:
    """Return the fields that an annotation states, as :meth:`annokit.DatasetBuilder.add_annotation` takes them.

    The parent is a row, and one of them only where the annotation comes from `target`.
    """
    fields = {name: getattr(annotation, name) for name in COPIED}
    if _states_box(annotation):
        fields["box"] = annotation.box
    if target is not None and annotation.dataset is target:
        fields["parent"] = annotation.parent
    return _stated(fields)


def _states_box(annotation: Annotation) -> bool:
    """Tell whether the box is the source's own, not the bounds of the shape."""
    from annokit.model.bounds import stated_boxes

    if annotation.dataset is None or annotation.row is None:
        return annotation.box is not None
    return not np.isnan(stated_boxes(annotation.dataset, np.array([annotation.row]))[0, 0])


__all__ = ["Edit", "fields_of"]
