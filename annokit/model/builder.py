"""The one mutable class: gathers labels, sequences, items and annotations, and makes a dataset of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from os import fspath
from typing import Any, Self

from annokit.columns import Fixed, Sparse, Table
from annokit.errors import UsageError
from annokit.geometry import Box, Keypoints, TimeSpan
from annokit.geometry.boxes import FORMS
from annokit.model.dataset import Dataset
from annokit.model.encode import Frame, fields_of_shape, raw_box, raw_keypoints, raw_span
from annokit.model.label import AttributeDefinition, Label
from annokit.model.label_set import LabelSet
from annokit.model.pieces import Pieces
from annokit.model.rows import (
    ANNOTATION_DEFAULTS,
    ANNOTATION_MAKERS,
    CODES,
    ITEM_DEFAULTS,
    ITEM_MAKERS,
    SEQUENCE_DEFAULTS,
    SEQUENCE_MAKERS,
)
from annokit.model.schema import FIELDS, KIND_CODE, TIME_UNITS, UNITS
from annokit.report import Issue, Report


class DatasetBuilder:
    """Gathers rows, or whole blocks of columns, and makes a :class:`Dataset`.

    Parameters
    ----------
    unit : {"unit", "pixel"}
        Unit of raw numbers of the items that state none of their own.
    form : {"xyxy", "xywh", "cxcywh", "xyxy1"}
        Form of raw boxes, likewise.
    time_unit : {"s", "ms"}
        Unit of raw spans, likewise.

    Examples
    --------
    >>> builder = DatasetBuilder()
    >>> item = builder.add_item("a.png", width=640, height=480)
    >>> _ = builder.add_annotation(item, label="cat", shape=Box(0.1, 0.2, 0.5, 0.6))
    >>> builder.build()
    Dataset(1 items, 1 annotations, 1 labels)
    """

    def __init__(self, *, unit: str = "unit", form: str = "xyxy", time_unit: str = "s") -> None:
        _check("unit", unit, UNITS)
        _check("form", form, FORMS)
        _check("time_unit", time_unit, TIME_UNITS)
        self._unit, self._form, self._time_unit = unit, form, time_unit
        self._items = Pieces(ITEM_MAKERS, ITEM_DEFAULTS)
        self._annotations = Pieces(ANNOTATION_MAKERS, ANNOTATION_DEFAULTS)
        self._sequences = Pieces(SEQUENCE_MAKERS, SEQUENCE_DEFAULTS)
        self._frames: dict[int, Frame] = {}
        self._labels: list[Label] = []
        self._positions: dict[str, int] = {}
        self.attributes: list[AttributeDefinition] = []
        self.info: dict[str, Any] = {}
        self.extras: dict[str, bytes] = {}
        self.issues: list[Issue] = []

    @property
    def labels(self) -> tuple[Label, ...]:
        """The labels so far."""
        return tuple(self._labels)

    def add_label(self, label: Label | str) -> int:
        """Add a label, also one whose name another has, and return its position."""
        made = Label(label) if isinstance(label, str) else label
        self._labels.append(made)
        self._positions.setdefault(made.name, len(self._labels) - 1)
        return len(self._labels) - 1

    def label(self, label: str | Label) -> int:
        """Return the position of the first label of that name, or equal to that label; a new one is added."""
        if isinstance(label, str):
            found = self._positions.get(label)
            return self.add_label(label) if found is None else found
        place = self._positions.get(label.name)
        if place is not None and label in self._labels[place:]:
            return self._labels.index(label, place)
        return self.add_label(label)

    def set_label(self, position: int, label: Label) -> None:
        """Exchange a label for one of the same name that says more."""
        self._labels[position] = label

    def add_sequence(self, id: int | str | None = None, **fields: Any) -> int:
        """Add a sequence and return its row; the fields are those of :mod:`annokit.model.schema`."""
        check_fields("sequence", fields)
        return self._sequences.append(_coded({"id": id, **_spread(fields)}))

    def add_item(self, name: str, **fields: Any) -> int:
        """Add an item and return its row.

        Parameters
        ----------
        name : str
            Relative path or id.
        **fields
            ``id, uri, path, kind, width, height, unit, form, time_unit, frame, timestamp, sequence, dataset, split,
            status, bitmap, bitmap_path, attributes, extras``; a field that is None is not stated. `attributes` and
            `extras` are mappings, extras under ``format/key``.
        """
        check_fields("item", fields)
        fields.setdefault("unit", self._unit)
        fields.setdefault("form", self._form)
        fields.setdefault("time_unit", self._time_unit)
        row = self._items.append(_coded({"name": name, **_spread(fields)}))
        known = _size(fields.get("width"), fields.get("height"))
        self._frames[row] = Frame(name, fields["unit"], fields["form"], known, fields["time_unit"])
        return row

    def add_annotation(
        self, item: int, label: int | str | Label | None = None, shape: Any = None, **fields: Any
    ) -> int:
        """Add an annotation and return its row.

        Parameters
        ----------
        item : int
            Row of its item; -1 where the source's reference leads nowhere.
        label : int, str or Label, optional
            Position of the label, its name, or an equal label; an unknown one becomes a new label.
        shape : shape, optional
            A normalised shape object. Readers give raw geometry instead: `kind` with `box`, `points`, `rotated`,
            `ellipse`, `cuboid`, `mask` or `keypoints` in the item's own unit and form, as :mod:`annokit.model.rows`
            takes them.
        **fields
            ``box, keypoints, span`` (objects or raw numbers) and ``id, track, keyframe, interpolation, score, parent,
            layer, author, created, updated, review, attributes, extras``. Where there is no `shape`, and `kind` is not
            stated, the most telling geometry among the fields is the shape.
        """
        check_fields("annotation", fields)
        row: dict[str, Any] = {"item": item, "label": self.label(label) if isinstance(label, str | Label) else label}
        if shape is not None:
            row.update(fields_of_shape(shape, self._frame(item)))
        row.update(_spread(fields))
        self._encode(row, item)
        if row.get("kind") is None:
            row["kind"] = next((kind for column, kind in KIND_OF_COLUMN.items() if row.get(column) is not None), "none")
        if isinstance(row["kind"], str):
            _check("kind", row["kind"], KIND_CODE)
            row["kind"] = KIND_CODE[row["kind"]]
        return self._annotations.append(row)

    def _encode(self, row: dict[str, Any], item: int) -> None:
        for name, kind, encode in (
            ("box", Box, raw_box),
            ("keypoints", Keypoints, raw_keypoints),
            ("span", TimeSpan, raw_span),
        ):
            if isinstance(row.get(name), kind):
                row[name] = encode(row[name], self._frame(item))

    def _frame(self, item: int) -> Frame:
        frame = self._frames.get(item)
        if frame is not None:
            return frame
        if item == -1:
            return NO_ITEM
        if not 0 <= item < self._items.length:
            raise UsageError(f"item {item} does not exist; there are {self._items.length} so far")
        return frame_of(*self._items.at(item))

    def add_items(self, table: Table) -> int:
        """Add a block of items as columns and return the row of its first."""
        return self._items.extend(table)

    def add_annotations(self, table: Table) -> int:
        """Add a block of annotations as columns, item rows already final, and return the row of its first."""
        return self._annotations.extend(table)

    def add_sequences(self, table: Table) -> int:
        """Add a block of sequences as columns and return the row of its first."""
        return self._sequences.extend(table)

    def report(self, issues: Issue | Iterable[Issue]) -> Self:
        """Add issues of the read."""
        self.issues.extend([issues] if isinstance(issues, Issue) else issues)
        return self

    @property
    def item_count(self) -> int:
        """Items so far."""
        return self._items.length

    @property
    def annotation_count(self) -> int:
        """Annotations so far."""
        return self._annotations.length

    def build(self) -> Dataset:
        """Return the dataset.

        Raises
        ------
        UsageError
            A row points at an item, a sequence or a label that does not exist.
        """
        items, annotations, sequences = self._items.table(), self._annotations.table(), self._sequences.table()
        check_rows("annotation", "item", annotations, len(items))
        check_rows("annotation", "label", annotations, len(self._labels))
        check_rows("annotation", "parent", annotations, len(annotations))
        check_rows("item", "sequence", items, len(sequences))
        return Dataset(
            items,
            annotations,
            sequences,
            LabelSet(self._labels, self.attributes),
            info=self.info,
            extras=self.extras,
            issues=Report(tuple(self.issues)),
        )


NO_ITEM = Frame("(none)", unit="pixel")
"""How a row without item states its numbers."""

KIND_OF_COLUMN = {
    "mask": "mask",
    "points": "polygon",
    "cuboid": "cuboid",
    "ellipse": "ellipse",
    "rotated": "rotated_box",
    "box": "box",
    "keypoints": "keypoints",
}
"""The kind of shape that a row has whose reader states none, by the first column that it has."""


def check_fields(what: str, fields: Iterable[str]) -> None:
    """Raise UsageError where a field is none of :data:`annokit.model.schema.FIELDS`."""
    for name in fields:
        if name not in FIELDS[what] and not name.startswith(("attributes/", "extras/")):
            raise UsageError(f"{what} has no field {name!r}; it has {', '.join(sorted(FIELDS[what]))}")


def check_rows(what: str, name: str, table: Table, count: int) -> None:
    """Raise UsageError where a column of rows of another table points beyond its `count` rows; -1 is none."""
    column = table.get(name)
    inner = column.values if isinstance(column, Sparse) else column
    if not isinstance(inner, Fixed) or not len(inner):
        return
    low, high = int(inner.values.min()), int(inner.values.max())
    if low < -1 or high >= count:
        wrong = low if low < -1 else high
        raise UsageError(f"an {what}'s {name} is {wrong}, but there are {count}; -1 means none")


def frame_of(items: Table, row: int) -> Frame:
    """Return how the item at `row` of an item table states its numbers."""
    width, height = items.array("size")[row].tolist()
    return Frame(
        str(items.value("name", row)),
        UNITS[items.array("unit")[row]],
        FORMS[items.array("form")[row]],
        (width, height) if width > 0 and height > 0 else None,
        TIME_UNITS[items.array("time_unit")[row]],
    )


def _spread(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields with attributes and extras as columns of their own, and width and height as one."""
    spread = dict(fields)
    for group in ("attributes", "extras"):
        values = spread.pop(group, None) or {}
        spread.update({f"{group}/{name}": NULL if value is None else value for name, value in values.items()})
    for name in ("path", "bitmap_path"):
        if spread.get(name) is not None:
            spread[name] = fspath(spread[name])
    width, height = spread.pop("width", None), spread.pop("height", None)
    if width is not None or height is not None:
        spread["size"] = (-1 if width is None else width, -1 if height is None else height)
    return spread


NULL = b"null"
"""A null that is stated, as JSON; no value at all is something else."""


def _coded(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields with words that have codes replaced by them."""
    choices = {**CODES, "unit": UNITS, "form": FORMS}
    for name in choices.keys() & fields.keys():
        if isinstance(fields[name], str):
            _check(name, fields[name], choices[name])
            fields[name] = choices[name].index(fields[name])
    return fields


def _check(name: str, value: Any, choices: Any) -> None:
    if value not in choices:
        raise UsageError(f"{name} {value!r}; expected one of {', '.join(sorted(str(c) for c in choices if c))}")


def _size(width: Any, height: Any) -> tuple[int, int] | None:
    """Return width and height as integers, None where one is not stated."""
    if width is None or height is None:
        return None
    try:
        return int(width), int(height)
    except (TypeError, ValueError, OverflowError) as error:
        raise UsageError(f"width and height are pixels, got {width!r} and {height!r}") from error
