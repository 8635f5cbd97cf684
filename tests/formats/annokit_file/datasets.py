"""Datasets of every kind of column, for the laws of the own file."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from annokit.columns import Table
from annokit.geometry import Box, Cuboid, Ellipse, Keypoints, Mask, Point, Polygon, Polyline, RotatedBox, TimeSpan
from annokit.model.builder import DatasetBuilder
from annokit.model.dataset import Dataset
from annokit.model.label import AttributeDefinition, Label, Option, Skeleton
from annokit.model.label_set import LabelSet
from annokit.report import Issue, Places, Report
from tests.columns.strategies import JSON, TEXTS, sparse

IDS = st.none() | st.integers(-(1 << 70), 1 << 70) | TEXTS
SQUARE = np.array([[0.1, 0.1], [0.6, 0.1], [0.6, 0.8], [0.1, 0.8]])
HOLE = SQUARE * 0.5 + 0.1

SHAPES: tuple[Any, ...] = (
    None,
    Box(0.1, 0.2, 0.3, 0.9),
    RotatedBox(0.5, 0.5, 0.2, 0.1, 30.0),
    Ellipse(0.5, 0.4, 0.2, 0.1, 12.5),
    Polygon(((SQUARE,),)),
    Polygon(((SQUARE, HOLE), (SQUARE / 3,))),
    Polyline(SQUARE),
    Point(0.25, 0.75),
    Keypoints(SQUARE, np.array([2, 1, 0, 2])),
    Mask.encode(np.eye(7, 5, dtype=bool)),
    Cuboid(center=(1.0, 2.0, 3.0), size=(1.0, 1.0, 2.0), rotation=(0.0, 0.0, 0.0, 1.0)),
)


def labels() -> st.SearchStrategy[Label]:
    """Labels, some with parents."""
    options = st.builds(Option, name=TEXTS, source_id=IDS, extras=st.dictionaries(TEXTS, JSON, max_size=2))
    plain = st.builds(AttributeDefinition, name=TEXTS, options=st.lists(options, max_size=2), default=JSON)
    nested = st.builds(Option, name=TEXTS, attributes=st.lists(plain, max_size=2))
    attributes = st.builds(
        AttributeDefinition,
        name=TEXTS,
        type=st.sampled_from(["select", "text"]),
        options=st.lists(nested, max_size=2),
        required=st.none() | st.booleans(),
        minimum=st.none() | st.integers(0, 3) | st.floats(0, 1),
        labels=st.none() | st.lists(st.integers() | TEXTS, max_size=2).map(tuple),
    )
    root = st.builds(
        Label,
        TEXTS,
        IDS,
        color=st.none() | st.tuples(*[st.integers(0, 255)] * 3),
        attributes=st.lists(attributes, max_size=2),
        skeleton=st.none() | st.just(Skeleton(("a", "b"), ((0, 1),))),
        is_thing=st.none() | st.booleans(),
        extras=st.dictionaries(TEXTS, JSON, max_size=2),
    )
    return st.recursive(root, lambda inner: st.builds(Label, TEXTS, IDS, parent=inner), max_leaves=3)


@st.composite
def issues(draw: st.DrawFn) -> Issue:
    rows = st.tuples(st.none() | TEXTS, st.none() | st.integers(0, 5), st.none() | TEXTS)
    if draw(st.booleans()):
        return Issue("unread-key", "info", draw(TEXTS), draw(st.integers(0, 9)), ("a", "b"), field="area", fate="kept")
    return Issue.at("odd-value", "warning", draw(TEXTS), Places.of(draw(st.lists(rows, max_size=4))))


@st.composite
def datasets(draw: st.DrawFn) -> Dataset:
    """Any dataset: every shape, ids of all types, attributes in all columns, and selections of them."""
    unit, form = draw(st.sampled_from(["unit", "pixel"])), draw(st.sampled_from(["xyxy", "xywh", "cxcywh"]))
    builder = DatasetBuilder(unit=unit, form=form, time_unit=draw(st.sampled_from(["s", "ms"])))
    for label in draw(st.lists(labels(), max_size=3)):
        builder.add_label(label)
    for _ in range(draw(st.integers(0, 2))):
        builder.add_sequence(draw(IDS), name=draw(st.none() | TEXTS), fps=draw(st.none() | st.just(29.97)))
    for _ in range(draw(st.integers(0, 4))):
        item = builder.add_item(draw(TEXTS), id=draw(IDS), width=64, height=48, path=draw(st.none() | TEXTS))
        for _ in range(draw(st.integers(0, 3))):
            builder.add_annotation(item, shape=draw(st.sampled_from(SHAPES)), **draw(fields()))
    builder.info = draw(st.dictionaries(TEXTS, JSON, max_size=3))
    builder.extras = draw(st.dictionaries(TEXTS, st.sampled_from([b"1", b' {"a" : 1}', b"[NaN]"]), max_size=2))
    ds = builder.build()._with(issues=Report(draw(st.lists(issues(), max_size=2))))
    ds = ds._with(**{name: draw(widened(table)) for name, table in ds._tables().items()})
    ds = ds._with(labels=LabelSet(ds.labels, [AttributeDefinition(name="mood", scope="item")]))
    return draw(st.sampled_from([ds, ds[::2], ds[::-1], ds.filter(annotations=np.arange(len(ds.annotations))[1:])]))


@st.composite
def fields(draw: st.DrawFn) -> dict[str, Any]:
    """Some fields of an annotation."""
    choices: dict[str, st.SearchStrategy[Any]] = {
        "id": IDS,
        "track": IDS,
        "label": st.sampled_from(["cat", "ünï", ""]),
        "score": st.floats(0, 1) | st.integers(0, 1),
        "keyframe": st.booleans(),
        "layer": TEXTS,
        "span": st.just(TimeSpan(0.5, None, 3, None)),
        "attributes": st.dictionaries(st.sampled_from(["a", "b/c", "d:values", "d"]), JSON, max_size=2),
        "extras": st.dictionaries(st.sampled_from(["coco/area", "coco/\ud800"]), JSON, max_size=2),
    }
    return {name: draw(value) for name, value in choices.items() if draw(st.booleans())}


@st.composite
def widened(draw: st.DrawFn, table: Table) -> Table:
    """A table with attributes in any type of column."""
    names = draw(st.lists(st.sampled_from(["attributes/x", "attributes/x:values", "extras/k/z"]), unique=True))
    return table.replace({name: draw(sparse(size=len(table)))[0] for name in names})
