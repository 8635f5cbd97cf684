"""Datasets of any shape: rows not item by item, dangling references, unknown sizes, every kind of geometry."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from annokit.geometry import Box, Cuboid, Ellipse, Keypoints, Mask, Point, Polygon, Polyline, RotatedBox, TimeSpan
from annokit.model.builder import DatasetBuilder
from annokit.model.dataset import Dataset
from annokit.model.label import Label

NUMBERS = st.floats(-2, 3, allow_nan=False, width=32) | st.integers(-2, 3)
NAMES = st.sampled_from(["a", "b/ä.png", "猫", "", "a b", "x\ny"])
GEOMETRY = ("shape", "box", "keypoints", "span")
IDS = st.none() | st.integers(-(1 << 63), 1 << 70) | NAMES
VALUES = (
    st.none() | st.booleans() | st.integers(0, 3) | st.floats(0, 1) | NAMES | st.lists(st.integers(0, 2), max_size=2)
)
POINTS = st.lists(st.lists(NUMBERS, min_size=2, max_size=2), min_size=1, max_size=5)


def _polygon(parts: list[list[list[list[float]]]]) -> Polygon:
    return Polygon(tuple(tuple(np.array(ring, float).reshape(-1, 2) for ring in part) for part in parts))


def _keypoints(points: list[list[float]]) -> Keypoints:
    return Keypoints.of(points, [i % 3 for i in range(len(points))])


SHAPES = st.one_of(
    st.none(),
    st.builds(Box, NUMBERS, NUMBERS, NUMBERS, NUMBERS),
    st.builds(RotatedBox, NUMBERS, NUMBERS, NUMBERS, NUMBERS, NUMBERS),
    st.builds(Ellipse, NUMBERS, NUMBERS, NUMBERS, NUMBERS, NUMBERS),
    st.lists(st.lists(POINTS, min_size=1, max_size=2), max_size=2).map(_polygon),
    POINTS.map(Polyline.of),
    st.builds(Point, NUMBERS, NUMBERS),
    POINTS.map(_keypoints),
    st.just(Mask.encode([[0, 1, 1], [1, 0, 0]])),
    st.builds(
        lambda x, y, z: Cuboid.of(center=(x, y, z), size=(1, 2, 3), rotation=(0, 0, 1)), NUMBERS, NUMBERS, NUMBERS
    ),
)

ANNOTATION = st.fixed_dictionaries(
    {},
    optional={
        "shape": SHAPES,
        "box": st.builds(Box, NUMBERS, NUMBERS, NUMBERS, NUMBERS),
        "keypoints": POINTS.map(_keypoints),
        "span": st.builds(TimeSpan, st.none() | NUMBERS, st.none() | NUMBERS, st.none() | st.integers(0, 9)),
        "id": IDS,
        "track": IDS,
        "keyframe": st.none() | st.booleans(),
        "interpolation": st.sampled_from([None, "hold", "linear"]),
        "score": st.none() | st.floats(0, 1) | st.integers(0, 1),
        "layer": st.none() | NAMES,
        "author": st.none() | NAMES,
        "attributes": st.dictionaries(st.sampled_from(["p", "q/r", "ü"]), VALUES, max_size=2),
        "extras": st.dictionaries(st.sampled_from(["f/area", "f/k"]), VALUES, max_size=2),
    },
)

ITEM = st.fixed_dictionaries(
    {},
    optional={
        "id": IDS,
        "uri": st.none() | NAMES,
        "kind": st.sampled_from(["image", "frame", "video"]),
        "unit": st.sampled_from(["unit", "pixel"]),
        "form": st.sampled_from(["xyxy", "xywh", "cxcywh"]),
        "time_unit": st.sampled_from(["s", "ms"]),
        "frame": st.none() | st.integers(0, 5),
        "split": st.none() | NAMES,
        "status": st.sampled_from([None, "labelled", "unlabelled"]),
        "attributes": st.dictionaries(st.sampled_from(["p", "q"]), VALUES, max_size=2),
    },
)


@st.composite
def datasets(draw: st.DrawFn, max_items: int = 4, max_annotations: int = 7) -> Dataset:
    """A dataset in which only items without own geometry have no size."""
    builder = DatasetBuilder()
    for name in draw(st.lists(NAMES, max_size=3)):
        builder.add_label(Label(name, draw(IDS), builder.labels[0] if builder.labels and draw(st.booleans()) else None))
    sequences = draw(st.integers(0, 3))
    for number in range(sequences):
        builder.add_sequence(draw(IDS), name=f"s{number}")
    for fields in draw(st.lists(ITEM, max_size=max_items)):
        sequence = draw(st.none() | st.integers(0, sequences - 1)) if sequences else None
        builder.add_item(draw(NAMES), width=3, height=2, sequence=sequence, **fields)
    for row, fields in enumerate(draw(st.lists(ANNOTATION, max_size=max_annotations))):
        item = draw(st.integers(-1, builder.item_count - 1))
        stated = fields if item >= 0 else {name: value for name, value in fields.items() if name not in GEOMETRY}
        label = draw(st.none() | st.integers(0, len(builder.labels) - 1)) if builder.labels else None
        parent = draw(st.none() | st.integers(0, row - 1)) if row else None
        builder.add_annotation(item, label, **stated, parent=parent)
    builder.info["k"] = draw(VALUES)
    return builder.build()


def facts(ds: Dataset, row: int) -> dict[str, Any]:
    """Everything that an annotation says, but for its parent, which is a row."""
    annotation = ds.annotations[row]
    names = (
        "shape", "box", "keypoints", "span", "id", "track", "keyframe", "interpolation", "score", "layer", "author",
    )  # fmt: skip
    told = {name: getattr(annotation, name) for name in names if ds.annotations.item[row] >= 0 or name not in names[:4]}
    label = annotation.label
    return {**told, "label": label, "attributes": dict(annotation.attributes), "extras": dict(annotation.extras)}
