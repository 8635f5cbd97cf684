"""Datasets for the laws of every dialect: all shapes, in and beyond the picture, odd names, splits, states."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from annokit.geometry import Box, Ellipse, Keypoints, Mask, Polygon, RotatedBox
from annokit.model.builder import DatasetBuilder
from annokit.model.dataset import Dataset
from annokit.model.label import Label, Skeleton

LABEL_NAMES = st.sampled_from(
    [
        "cat",
        "dog",
        "no",
        "1",
        "a: b",
        "größe #1",
        "x/y",
        "",
        " lead",
        "two\nlines",
        "con",
        "CAT",
        "train",
        "\ud800",
        "~",
    ]
)
ITEM_NAMES = st.sampled_from(
    [
        "a.jpg",
        "a.png",
        "b/a.jpg",
        "b/a.txt",
        "B/a.jpg",
        "images/c.jpg",
        "train/c.jpg",
        "clip.mp4#12",
        "v1.0",
        "labels/q",
        "data.yaml",
        "../x.jpg",
        "con.png",
        "cat/a.jpg",
        "obj_data/z.jpg",
        "ü 猫.JPG",
        "",
        "x\ny.jpg",
        "p 1,2,3,4,0",
    ]
)
SPLITS = st.sampled_from([None, "train", "val", "test", "valid", "Fold 1", "fold_1", "names", "no", "ü", "images"])
NUMBERS = st.sampled_from([-1.5, -0.25, 0.0, 0.125, 0.1, 1 / 3, 0.5, 0.75, 0.9999, 1.0, 1.5]) | st.floats(
    -0.5, 1.5, allow_nan=False
)
POINT = st.tuples(NUMBERS, NUMBERS)
RINGS = st.lists(st.lists(POINT, min_size=1, max_size=6), min_size=1, max_size=2)
GRID = st.lists(st.lists(st.booleans(), min_size=6, max_size=6), min_size=4, max_size=4)


def _polygon(parts: list[Any]) -> Polygon:
    return Polygon(tuple(tuple(np.array(ring, float).reshape(-1, 2) for ring in part) for part in parts))


def _keypoints(points: list[Any]) -> Keypoints:
    return Keypoints.of(points, [(2, 1, 0)[place % 3] for place in range(len(points))])


SHAPES: dict[str, st.SearchStrategy[Any]] = {
    "none": st.none(),
    "box": st.builds(Box, NUMBERS, NUMBERS, NUMBERS, NUMBERS),
    "rotated": st.builds(RotatedBox, NUMBERS, NUMBERS, NUMBERS, NUMBERS, st.sampled_from([0.0, 30.0, 90.0, 271.5])),
    "ellipse": st.builds(Ellipse, NUMBERS, NUMBERS, NUMBERS, NUMBERS, st.sampled_from([0.0, 30.0])),
    "polygon": st.lists(RINGS, max_size=3).map(_polygon),
    "keypoints": st.lists(POINT, max_size=4).map(_keypoints),
    "mask": GRID.map(Mask.encode),
}


@st.composite
def datasets(draw: st.DrawFn, kinds: tuple[str, ...] = tuple(SHAPES), tidy: bool = False) -> Dataset:
    """A dataset of some kinds of shape; a tidy one says nothing that YOLO has no place for."""
    builder = DatasetBuilder()
    for _ in range(draw(st.integers(1, 4))):
        skeleton = None if tidy else draw(st.none() | st.just(Skeleton(("nose", "tail"), ((0, 1),))))
        parent = draw(st.sampled_from([None, *builder.labels])) if not tidy else None
        builder.add_label(Label(draw(LABEL_NAMES), draw(st.none() | st.integers(0, 2)), parent, skeleton=skeleton))
    for _ in range(draw(st.integers(0, 5))):
        builder.add_item(
            draw(ITEM_NAMES),
            width=6,
            height=4,
            split=draw(SPLITS),
            status=draw(st.sampled_from([None, "labelled", "unlabelled", "reviewed"])),
            unit=draw(st.sampled_from(["unit", "pixel"])),
            form=draw(st.sampled_from(["xyxy", "xywh", "cxcywh"])),
        )
    for _ in range(draw(st.integers(0, 8)) if builder.item_count else 0):
        kind = draw(st.sampled_from(kinds))
        item = draw(st.integers(0, builder.item_count - 1))
        label = draw(st.integers(0, len(builder.labels) - 1))
        builder.add_annotation(item, label, draw(SHAPES[kind]), **({} if tidy else draw(fields())))
    return builder.build()


@st.composite
def fields(draw: st.DrawFn) -> dict[str, Any]:
    """Some fields of an annotation that YOLO may or may not hold."""
    choices: dict[str, st.SearchStrategy[Any]] = {
        "box": st.builds(Box, NUMBERS, NUMBERS, NUMBERS, NUMBERS),
        "keypoints": st.lists(POINT, min_size=1, max_size=3).map(_keypoints),
        "score": st.sampled_from([0, 1, 0.5, 0.875]),
        "track": st.sampled_from([3, "t", 1 << 60]),
        "attributes": st.fixed_dictionaries({}, optional={"iscrowd": st.sampled_from([0, 1]), "p": st.just(1)}),
    }
    return {name: draw(value) for name, value in choices.items() if draw(st.integers(0, 3)) == 0}
