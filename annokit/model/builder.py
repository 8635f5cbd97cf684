"""The one mutable class: gathers labels, sequences, items and annotations, and makes a dataset of them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from typing import Any, Self

from annokit.columns import Table
from annokit.errors import UsageError
from annokit.geometry import Box, Keypoints, TimeSpan
from annokit.geometry.boxes import FORMS
from annokit.model.dataset import Dataset
from annokit.model.encode import Frame, fields_of_shape, raw_box, raw_keypoints, raw_span
from annokit.model.label import AttributeDefinition, Label
from annokit.model.label_set import LabelSet
from annokit.model.rows import (
    ANNOTATION_DEFAULTS,
    ANNOTATION_MAKERS,
    CODES,
    ITEM_DEFAULTS,
    ITEM_MAKERS,
    SEQUENCE_DEFAULTS,
    SEQUENCE_MAKERS,
    Rows,
)
from annokit.model.schema import KIND_CODE, TIME_UNITS, UNITS
from annokit.report import Issue, Report


class Pieces:
    """Tables and rows in the order in which they came."""

    def __init__(self, makers: Mapping[str, Any], defaults: Mapping[str, Any]) -> None:
        self._makers, self._defaults = makers, defaults
        self._tables: list[Table] = []
        self._starts: list[int] = []
        self._rows = Rows(makers, defaults)
        self.length = 0

    def append(self, fields: Mapping[str, Any]) -> int:
        """Add one row and return its number."""
        self._rows.append(fields)
        self.length += 1
        return self.length - 1

    def extend(self, table: Table) -> int:
        """Add a table and return the number of its first row."""
        self._flush()
        return self._add(table)

    def _add(self, table: Table) -> int:
        start = self._starts[-1] + len(self._tables[-1]) if self._tables else 0
        self._tables.append(table)
        self._starts.append(start)
        self.length = start + len(table)
        return start

    def _flush(self) -> None:
        if self._rows.length:
            table, self._rows = self._rows.table(), Rows(self._makers, self._defaults)
            self._add(table)

    def at(self, row: int) -> tuple[Table, int]:
        """Return the table that holds `row`, and the row's number in it."""
        self._flush()
        place = bisect_right(self._starts, row) - 1
        return self._tables[place], row - self._starts[place]

    def table(self) -> Table:
        """Return everything as one table."""
        self._flush()
        if not self._tables:
            return Rows(self._makers, self._defaults).table()
        return self._tables[0] if len(self._tables) == 1 else Table.join(self._tables)


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

    def label(self, name: str) -> int:
        """Return the position of the first label called `name`, which is added where there is none."""
        found = self._positions.get(name)
        return self.add_label(name) if found is None else found

    def set_label(self, position: int, label: Label) -> None:
        """Exchange a label for one of the same name that says more."""
        self._labels[position] = label

    def add_sequence(self, id: int | str | None = None, **fields: Any) -> int:
        """Add a sequence and return its row; the fields are those of :mod:`annokit.model.schema`."""
        return self._sequences.append(_coded({"id": id, **_spread(fields)}))

    def add_item(self, name: str, **fields: Any) -> int:
        """Add an item and return its row.

        Parameters
        ----------
        name : str
            Relative path or id.
        **fields
            ``id, uri, path, kind, width, height, unit, form, time_unit, frame, timestamp, sequence, dataset, split, status,
            bitmap, attributes, extras``; a field that is None is not stated. `attributes` and `extras` are mappings, extras
            under ``format/key``.
        """
        fields.setdefault("unit", self._unit)
        fields.setdefault("form", self._form)
        fields.setdefault("time_unit", self._time_unit)
        row = self._items.append(_coded({"name": name, **_spread(fields)}))
        size = fields.get("width"), fields.get("height")
        known = (int(size[0]), int(size[1])) if size[0] is not None and size[1] is not None else None
        self._frames[row] = Frame(name, fields["unit"], fields["form"], known, fields["time_unit"])
        return row

    def add_annotation(self, item: int, label: int | str | None = None, shape: Any = None, **fields: Any) -> int:
        """Add an annotation and return its row.

        Parameters
        ----------
        item : int
            Row of its item.
        label : int or str, optional
            Position of the label, or its name; an unknown name becomes a new label.
        shape : shape, optional
            A normalised shape object. Readers give raw geometry instead: `kind` with `box`, `points`, `rotated`, `ellipse`,
            `cuboid`, `mask` or `keypoints` in the item's own unit and form, as :mod:`annokit.model.rows` takes them.
        **fields
            ``box, keypoints, span`` (objects or raw numbers) and ``id, track, keyframe, interpolation, score, parent, layer,
            author, created, updated, review, attributes, extras``.
        """
        row: dict[str, Any] = {"item": item, "label": self.label(label) if isinstance(label, str) else label}
        if shape is not None:
            row.update(fields_of_shape(shape, self._frame(item)))
        row.update(_spread(fields))
        self._encode(row, item)
        if isinstance(row.get("kind"), str):
            row["kind"] = KIND_CODE[row["kind"]]
        return self._annotations.append(row)

    def _encode(self, row: dict[str, Any], item: int) -> None:
        for name, kind, encode in (
            ("box", Box, raw_box),
            ("keypoints", Keypoints, raw_keypoints),
            ("span", TimeSpan, raw_span),
        ):
            if isinstance(row.get(name), kind):
                row[name] = encode(row[name], self._frame(item))  # type: ignore[operator] # the pairs belong together

    def _frame(self, item: int) -> Frame:
        frame = self._frames.get(item)
        if frame is None:
            frame = frame_of(*self._items.at(item))
        return frame

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
        """Return the dataset."""
        return Dataset(
            self._items.table(),
            self._annotations.table(),
            self._sequences.table(),
            LabelSet(self._labels, self.attributes),
            info=self.info,
            extras=self.extras,
            issues=Report(self.issues),
        )


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
