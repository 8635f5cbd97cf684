"""Datasets of videos, for the laws."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from annokit.model.builder import DatasetBuilder
from annokit.model.dataset import Dataset
from tests.strategies import ATTRIBUTES, IDENTS, geometry

FRAMES = st.integers(0, 12)


@st.composite
def videos(draw: st.DrawFn) -> Dataset:
    """Videos and recordings with tracks of every kind, frames and times stated or not."""
    builder = DatasetBuilder()
    for name in draw(st.lists(st.sampled_from(("car", "a.b", "猫")), min_size=1, max_size=3)):
        builder.add_label(name)
    for number in range(draw(st.integers(0, 2))):
        sequence = {}
        if draw(st.booleans()):
            fields = {"fps": draw(st.sampled_from((None, 25, 29.97))), "frames": draw(st.none() | st.integers(0, 99))}
            sequence["sequence"] = builder.add_sequence(draw(IDENTS), name=draw(st.sampled_from(("v", None))), **fields)
        kind = draw(st.sampled_from(("video", "video", "audio", "image")))
        unit = draw(st.sampled_from(("s", "ms")))
        name = f"{draw(st.sampled_from(('clip', 'a', 'b/c')))}{number}.mp4"
        builder.add_item(name, id=draw(IDENTS), width=64, height=48, kind=kind, time_unit=unit, **sequence)
        for _ in range(draw(st.integers(0, 8))):
            _add(draw, builder, number)
    if draw(st.booleans()):
        _add_frames(draw, builder)
    return builder.build()


def _add_frames(draw: st.DrawFn, builder: DatasetBuilder) -> None:
    """Add frames of a video, in any order."""
    video = builder.add_sequence(draw(IDENTS), name="w.mp4", fps=draw(st.sampled_from((None, 30))))
    for number in draw(st.permutations(draw(st.lists(FRAMES, max_size=4, unique=True)))):
        item = builder.add_item(
            f"w.mp4#{number}", id=draw(IDENTS), width=64, height=48, kind="frame", frame=number, sequence=video
        )
        for _ in range(draw(st.integers(0, 3))):
            _add(draw, builder, item, spans=draw(st.integers(0, 9)) == 0)


def _add(draw: st.DrawFn, builder: DatasetBuilder, item: int, *, spans: bool = True) -> None:
    kind = draw(st.sampled_from(("box", "polygon", "point", "none", "keypoints", "rotated_box", "mask")))
    raw: dict[str, Any] = draw(geometry(kind, (1.0, 1.0), (48, 64)))
    first = draw(st.none() | FRAMES)
    last = None if first is None else draw(st.none() | FRAMES.map(lambda more: first + more))
    time = draw(st.none() | st.floats(0, 9) | st.integers(0, 9))
    end = draw(st.none() | st.floats(9, 12))
    if spans and any(value is not None for value in (first, last, time, end)):
        raw["span"] = (time, end, first, last)
    stated = {
        "id": IDENTS,
        "track": st.none() | st.sampled_from(("1", "2", 1)),
        "keyframe": st.none() | st.booleans(),
        "interpolation": st.sampled_from((None, "hold", "linear")),
        "score": st.none() | st.floats(0, 1),
        "author": st.sampled_from((None, "me")),
        "attributes": ATTRIBUTES,
    }
    fields = {name: draw(strategy) for name, strategy in stated.items() if draw(st.booleans())}
    label = draw(st.none() | st.integers(0, len(builder.labels) - 1))
    builder.add_annotation(item, label, **raw, **fields)
