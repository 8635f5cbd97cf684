"""For every kind of source and every target, the plan names what re-reading the written file finds different.

What was read back is laid beside the given dataset row by row: each narrowed row knows which row it comes from, and what
is read equals what was narrowed. A row, or a field of it, that differs must be named by the plan; a row that the plan
says is refused must be gone, and a field that it says is dropped must differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest

import annokit
from annokit import (
    Annotation,
    Box,
    Cuboid,
    DatasetBuilder,
    Ellipse,
    Item,
    Keypoints,
    Label,
    Mask,
    Point,
    Polygon,
    Polyline,
    RotatedBox,
    TimeSpan,
)
from annokit.errors import MissingSizeError
from annokit.formats import narrow as narrowing
from annokit.formats import registry
from annokit.formats.origin import NAME, ROW, source_rows
from annokit.model.compare import differences
from annokit.model.dataset import Dataset
from annokit.model.label import Skeleton
from annokit.model.media import with_sizes

WIDTH, HEIGHT = 40, 20

BITMAP = np.zeros((HEIGHT, WIDTH), bool)
BITMAP[4:16, 8:32] = True
BITMAP[8:12, 16:24] = False

OUTER = [[0.125, 0.25], [0.875, 0.25], [0.875, 0.75], [0.125, 0.75]]
HOLE = [[0.25, 0.375], [0.5, 0.375], [0.5, 0.5], [0.25, 0.5]]
APART = [[0.0625, 0.8125], [0.1875, 0.8125], [0.1875, 0.9375]]

TARGETS = [row.name for row in annokit.formats() if row.writes and row.name != "yolo"]
"""Bare ``yolo`` is one of its dialects."""


def of(*shapes: Any, **fields: Any) -> Callable[[], Dataset]:
    """Return what makes a dataset with these shapes in two pictures; the second has nothing else."""

    def make() -> Dataset:
        builder = DatasetBuilder()
        for name in ("b.png", "a.png"):
            item = builder.add_item(name, width=WIDTH, height=HEIGHT, status="labelled")
            for place, shape in enumerate(shapes):
                builder.add_annotation(item, f"label {place}", shape, **fields)
        return builder.build()

    return make


def labels_alone() -> Dataset:
    builder = DatasetBuilder()
    builder.add_label(Label("used", 7, color=(255, 0, 0)))
    builder.add_label(Label("idle", 0))
    builder.add_annotation(builder.add_item("a.png", width=WIDTH, height=HEIGHT), 0, Box(0.125, 0.25, 0.5, 0.75))
    return builder.build()


def states() -> Dataset:
    builder = DatasetBuilder()
    for status in ("unlabelled", "in_progress", "labelled", "reviewed", "rejected", "skipped", None):
        name = f"{status}.png"
        item = builder.add_item(
            name, width=WIDTH, height=HEIGHT, status=status, split="train", attributes={"sun": True}
        )
        if status == "labelled":
            builder.add_annotation(item, "cat", Box(0.125, 0.25, 0.5, 0.75))
    return builder.build()


def track() -> Dataset:
    builder = DatasetBuilder()
    sequence = builder.add_sequence(id="clip", name="clip", fps=10.0)
    for frame in range(3):
        item = builder.add_item(
            f"clip#{frame}",
            width=WIDTH,
            height=HEIGHT,
            kind="frame",
            sequence=sequence,
            frame=frame,
            timestamp=frame / 10,
        )
        box = Box(0.125 * frame, 0.25, 0.5, 0.75)
        builder.add_annotation(item, "cat", box, track=5, keyframe=frame != 1, interpolation="linear")
    return builder.build()


def joints() -> Dataset:
    builder = DatasetBuilder()
    builder.add_label(Label("person", skeleton=Skeleton(("nose", "ear", "eye"), ((0, 1),))))
    points = Keypoints.of([[0.25, 0.25], [0.5, 0.5], [0.0, 0.0]], [2, 1, 0])
    for name in ("a.png", "b.png"):
        item = builder.add_item(name, width=WIDTH, height=HEIGHT)
        builder.add_annotation(item, 0, points)
        builder.add_annotation(item, 0, Box(0.125, 0.125, 0.75, 0.75), keypoints=points)
    return builder.build()


def loose() -> Dataset:
    """A label is missing, and ids repeat."""
    builder = DatasetBuilder()
    item = builder.add_item("a.png", width=WIDTH, height=HEIGHT)
    first = builder.add_annotation(item, "cat", Box(0.125, 0.25, 0.5, 0.75), id=4)
    builder.add_annotation(item, None, Box(0.25, 0.25, 0.5, 0.75), id=4, parent=first)
    return builder.build()


SOURCES: dict[str, Callable[[], Dataset]] = {
    "box": of(Box(0.125, 0.25, 0.5, 0.75), Box(0.0, 0.0, 1.0, 1.0)),
    "box beyond": of(Box(-0.25, 0.25, 0.5, 1.25), Box(0.75, 0.75, 0.25, 0.25)),
    "rotated": of(RotatedBox(0.5, 0.5, 0.25, 0.5, 30.0)),
    "ellipse": of(Ellipse(0.5, 0.5, 0.25, 0.25, 30.0)),
    "polygon": of(Polygon.of(OUTER)),
    "holes": of(Polygon.of([[OUTER, HOLE]])),
    "parts": of(Polygon.of([[OUTER], [APART]]), Polygon.of([[OUTER, HOLE], [APART]])),
    "stated box": of(Polygon.of(OUTER), box=Box(0.0, 0.0, 1.0, 1.0)),
    "polyline": of(Polyline.of(OUTER)),
    "point": of(Point(0.25, 0.5)),
    "keypoints": joints,
    "mask": of(Mask.encode(BITMAP)),
    "masks": of(Mask.encode(BITMAP), Mask.encode(BITMAP[::-1]), Mask.encode(~BITMAP)),
    "cuboid": of(Cuboid.of(center=(1, 2, 3), size=(1, 1, 2), rotation=(0, 0.5, 0))),
    "image cuboid": of(Cuboid.of(corners=OUTER + HOLE)),
    "span": of(None, span=TimeSpan(0.5, 2.0)),
    "classification": of(None, attributes={"weather": "sun"}),
    "track": track,
    "crowd": of(Mask.encode(BITMAP), attributes={"iscrowd": 1}),
    "attributes": of(Box(0.125, 0.25, 0.5, 0.75), attributes={"occluded": True, "n": 3, "word": "ä b", "list": [1, 2]}),
    "provenance": of(Box(0.125, 0.25, 0.5, 0.75), id="x7", score=0.5, layer="main", author="me", created="2026-01-01"),
    "labels": labels_alone,
    "states": states,
    "loose": loose,
}


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("source", SOURCES)
def test_the_plan_names_what_differs(source: str, target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ds = SOURCES[source]()
    report = annokit.plan(ds, target)
    fmt, dialect = registry.resolve(target)
    path = tmp_path / ("out" if fmt.output == "folder" or fmt.output_of else f"out{fmt.suffix}")
    if report.of("unknown-size").severity == "error":
        with pytest.raises(MissingSizeError):
            annokit.write(ds, path, target, on_loss="allow")
        return
    assert annokit.write(ds, path, target, on_loss="allow") == report
    monkeypatch.setattr(narrowing, "forgotten", lambda narrowed: narrowed)
    narrowed = narrowing.narrow(ds, fmt.holds(fmt.dialect(dialect), {}))[0]
    monkeypatch.undo()
    back = annokit.read(path, target)
    assert list(differences(back, narrowing.forgotten(narrowed))) == []
    back = with_sizes(back, dict.fromkeys(back.names, (WIDTH, HEIGHT)))
    unsaid = [*unsaid_rows(ds, narrowed, back, report), *unsaid_items(ds, narrowed, back, report)]
    assert unsaid == [], str(report)


@attrs.frozen
class Said:
    """What a plan names."""

    rows: set[tuple[int, str]]
    """Annotation rows with the field."""

    items: set[tuple[str, str]]
    """Items with the field."""

    everywhere: set[str]
    """Fields of labels, sequences and the dataset."""

    refused: set[int]
    """Annotation rows that are left out."""

    dropped: set[tuple[int, str]]
    """Annotation rows with the field that they lose."""

    @classmethod
    def of(cls, report: annokit.Report) -> Said:
        """Return what a report names."""
        rows = list(report.rows())
        return cls(
            {(row.annotation, str(row.field)) for row in rows if row.annotation is not None},
            {(row.item, str(row.field)) for row in rows if row.annotation is None and row.item is not None},
            {str(row.field) for row in rows if row.annotation is None and row.item is None},
            {row.annotation for row in rows if row.fate == "refused" and row.annotation is not None},
            {(row.annotation, str(row.field)) for row in rows if row.fate == "dropped" and row.annotation is not None},
        )

    def lost(self, row: int) -> set[str]:
        """Return the fields that an annotation is said to lose; geometry may be what its shape became on the way."""
        lost = {name for own, name in self.dropped if own == row and (name in FIELDS or name.startswith("attributes."))}
        return lost - set(SHAPES) if (row, "shape") in self.rows else lost

    def covers(self, row: int, item: str, field: str) -> bool:
        """Tell whether a change of a field of an annotation is named."""
        head, _, key = field.partition(".")
        names = {field, *SHAPES.get(field, ()), *GROUPS.get(field, ()), *([key] if key else [])}
        heads = {head, *names}
        return (
            any((row, name) in self.rows or (item, name) in self.items for name in heads)
            or any(name in self.everywhere for name in names)
            or any(name.startswith(f"{field}.") for name in self.everywhere)
        )


SHAPES = dict.fromkeys(("shape", "box", "keypoints"), ("shape", "box", "keypoints"))
"""Geometry hangs together: bounds follow the shape, and restating numbers is told of the shape."""

GROUPS = {"label": ("label.name", "label.source_id", "label.order"), "attributes": ("labels.attributes",)}

FIELDS = (
    "shape", "box", "keypoints", "span", "id", "track", "keyframe", "interpolation", "score", "parent", "layer",
    "author", "created", "updated", "review",
)  # fmt: skip


def unsaid_rows(ds: Dataset, narrowed: Dataset, back: Dataset, report: annokit.Report) -> Iterator[str]:
    """Yield what differs of annotations and is not named."""
    said = Said.of(report)
    origin = source_rows(narrowed._annotations, np.arange(len(narrowed._annotations))).tolist()
    names = {row: ds[int(item)].name for row, item in enumerate(ds._annotations.array("item").tolist()) if item >= 0}
    for row in range(len(ds.annotations)):
        found = [back.annotations[place] for place, given in enumerate(origin) if given == row]
        if row in said.refused and found:
            yield f"row {row} is there, and said to be refused"
        if len(found) != 1 and not any(named == row for named, _ in said.rows):
            yield f"row {row} is there {len(found)} times"
        if len(found) == 1:
            differing = set(changed(ds.annotations[row], found[0]))
            yield from (f"row {row}: {name}" for name in differing if not said.covers(row, names.get(row, ""), name))
            yield from (f"row {row}: {name} is said to be lost" for name in said.lost(row) - differing)


def changed(mine: Annotation, its: Annotation) -> Iterator[str]:
    """Yield the fields in which two annotations differ."""
    if (mine.label and mine.label.name) != (its.label and its.label.name):
        yield "label"
    for field in FIELDS:
        if getattr(mine, field) != getattr(its, field):
            yield field
    for name in {*mine.attributes, *its.attributes}:
        if name not in mine.attributes or name not in its.attributes or mine.attributes[name] != its.attributes[name]:
            yield f"attributes.{name}"


def unsaid_items(ds: Dataset, narrowed: Dataset, back: Dataset, report: annokit.Report) -> Iterator[str]:
    """Yield what differs of items and is not named."""
    said = Said.of(report)
    column = narrowed._items.get(NAME)
    given = [column.value(row) for row in range(len(narrowed))] if column is not None else list(narrowed.names)
    for item in ds:
        places = [place for place, name in enumerate(given) if name == item.name]
        if len(places) != 1:
            if not any(name == item.name for name, _ in said.items):
                yield f"item {item.name} is there {len(places)} times"
            continue
        for field in differing(item, back[places[0]]):
            if (item.name, field) not in said.items and not {field, f"{field}.id"} & said.everywhere:
                yield f"item {item.name}: {field}"


def differing(mine: Item, its: Item) -> Iterator[str]:
    """Yield the fields in which two items differ."""
    for field in ("name", "id", "uri", "kind", "frame", "timestamp", "split", "status"):
        if getattr(mine, field) != getattr(its, field):
            yield field
    if (mine.sequence and mine.sequence.id) != (its.sequence and its.sequence.id):
        yield "sequence"
    for name in {*mine.attributes, *its.attributes}:
        if mine.attributes.get(name) != its.attributes.get(name):
            yield f"attributes.{name}"


def test_every_source_has_rows_that_know_their_origin() -> None:
    for make in SOURCES.values():
        narrowed = narrowing.remembered(make())
        assert source_rows(narrowed._annotations, np.arange(len(narrowed._annotations))).tolist() == list(
            range(len(narrowed._annotations))
        )
        assert ROW in narrowed._annotations
