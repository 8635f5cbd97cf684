"""Datasets that are hard to state in the files of Innotescus: ids, names, videos, contours and kept keys of all kinds."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from annokit import AttributeDefinition, DatasetBuilder, Label, Option
from annokit.model.dataset import Dataset

DATASETS = st.sampled_from((None, "a", "b/c", "c", "A", "x/c", "dataset", ""))
IDS = st.sampled_from((None, 0, 1, 2, 5, "x"))
SIZES = st.sampled_from(({}, {"width": 8, "height": 6}, {"width": 9, "height": 6}))
RING = [[0, 0], [20, 0], [20, 20], [0, 20]]
HOLE, ISLAND = [[2, 2], [5, 2], [5, 5]], [[3, 2.5], [4, 2.5], [4, 3]]
ACROSS = [[10, 10], [30, 10], [30, 30]]

SHAPES: list[dict[str, Any]] = [
    {},
    {"box": [1, 2, 3.5, 4]},
    *({"kind": "polygon", "points": points} for points in (
        [[RING]], [[RING], [HOLE]], [[RING, HOLE], [ISLAND]], [[RING, ACROSS]], [[RING, []]],
    )),
    {"kind": "polygon", "points": [[ISLAND], [RING, HOLE]], "box": [0, 0, 20, 20]},
    {"kind": "polyline", "points": [[HOLE]]},
    {"kind": "polyline", "points": [[HOLE], [RING]]},
    {"kind": "rotated_box", "rotated": ([1, 2, 3, 4], 0.5, "radians")},
    {"kind": "rotated_box", "rotated": ([1, 2, 3, 4], 10, "degrees")},
]  # fmt: skip

KEPT: list[dict[str, Any]] = [
    {},
    {"innotescus/instance_id": 4},
    {"innotescus/instance_id": "x"},
    {"innotescus/#contours": [1, 0]},
    {"innotescus/#points": 1},
    {"innotescus/class_id": 99},
    {"innotescus/#more": True},
    {"innotescus/frame_index": None},
]

DEFINITIONS = st.builds(
    AttributeDefinition,
    name=st.sampled_from(("occluded", "n", "größe")),
    type=st.sampled_from(("boolean", "integer", "number", "text", "select", "multiselect", "list", "other")),
    title=st.sampled_from((None, "T")),
    options=st.lists(
        st.builds(Option, name=st.sampled_from(("a", "b")), source_id=st.sampled_from((None, 3))), max_size=2
    ),
    default=st.sampled_from((None, 1, 1.5, True, "a", "", [1], {"k": 1})),
    required=st.sampled_from((None, True, False)),
    minimum=st.sampled_from((None, 0, 0.5)),
    scope=st.sampled_from(("annotation", "item", "sequence", "track")),
    labels=st.sampled_from((None, (), (1,), ("s",))),
)


@st.composite
def awkward(draw: st.DrawFn) -> Dataset:
    """A dataset."""
    builder = DatasetBuilder(unit="pixel", form=draw(st.sampled_from(("xywh", "xyxy"))))
    labels = _labels(draw, builder)
    builder.attributes += draw(st.lists(DEFINITIONS, max_size=2))
    sequences = [_sequence(draw, builder) for _ in range(draw(st.integers(0, 3)))]
    items = [_item(draw, builder, sequences) for _ in range(draw(st.integers(0, 5)))]
    for _ in range(draw(st.integers(0, 6)) if items else 0):
        builder.add_annotation(
            draw(st.sampled_from(items)),
            draw(st.sampled_from([None, *range(labels)])),
            **draw(st.sampled_from(SHAPES)),
            id=draw(IDS),
            track=draw(IDS),
            author=draw(st.sampled_from((None, "", "a"))),
            attributes=draw(st.sampled_from(({}, {"n": 1}, {"n": None}))),
            extras=draw(st.sampled_from(KEPT)),
        )
    return builder.build()


def _labels(draw: st.DrawFn, builder: DatasetBuilder) -> int:
    made: list[Label] = []
    for _ in range(draw(st.integers(0, 3))):
        extras = draw(st.sampled_from(({}, {"innotescus/#unlisted": True}, {"innotescus/color": "x"})))
        label = Label(
            draw(st.sampled_from(("cat", "7", "x"))),
            draw(st.sampled_from((1, 2, 3, "s", None, 7))),
            draw(st.sampled_from([None, *made])),
            attributes=draw(st.lists(DEFINITIONS, max_size=1)),
            extras=extras,
        )
        made.append(label)
        builder.add_label(label)
    return len(made)


def _sequence(draw: st.DrawFn, builder: DatasetBuilder) -> int:
    return builder.add_sequence(
        draw(IDS),
        name=draw(st.sampled_from((None, "v.mp4", "w"))),
        dataset=draw(DATASETS),
        frames=draw(st.sampled_from((None, 0, 1, 9))),
        attributes=draw(st.sampled_from(({}, {"w": 1}))),
        extras=draw(st.sampled_from(({}, {"innotescus/#unlisted": True}, {"innotescus/width": "wide"}))),
        **draw(SIZES),
    )


def _item(draw: st.DrawFn, builder: DatasetBuilder, sequences: list[int]) -> int:
    sequence = draw(st.sampled_from([None, *sequences]))
    return builder.add_item(
        draw(st.sampled_from(("a.png", "0", "1", "v.mp4", "v.mp4#1"))),
        id=draw(IDS),
        uri=draw(st.sampled_from((None, "u"))),
        dataset=draw(DATASETS),
        kind=draw(st.sampled_from(("image", "frame", "video"))),
        frame=draw(st.sampled_from((None, -1, 0, 1, 1, 2))),
        attributes=draw(st.sampled_from(({}, {"w": None}))),
        extras=draw(st.sampled_from(({}, {"innotescus/#unlisted": True}, {"innotescus/height": None}))),
        **({} if sequence is None else {"sequence": sequence}),
        **draw(SIZES),
    )
