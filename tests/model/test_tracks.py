"""Objects tied across frames, and the frames between key frames."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annokit.errors import UsageError
from annokit.geometry import Box, Ellipse, Keypoints, Mask, Point, Polygon, Polyline, RotatedBox, TimeSpan
from annokit.model.builder import DatasetBuilder
from annokit.model.dataset import Dataset
from tests.model.samples import zoo
from tests.model.strategies import datasets


def video(*rows: dict[str, Any], fields: dict[str, Any] | None = None) -> Dataset:
    """Return one sequence with an item for each frame that a row states, and the rows as annotations."""
    builder = DatasetBuilder()
    sequence = builder.add_sequence("s1", name="clip.mp4", fps=10)
    items: dict[int, int] = {}
    for row in rows:
        stated = dict(row)
        frame = stated.pop("frame")
        if frame not in items:
            name = f"clip.mp4#{frame}"
            items[frame] = builder.add_item(
                name, width=20, height=10, kind="frame", frame=frame, sequence=sequence, **(fields or {})
            )
        builder.add_annotation(items[frame], stated.pop("label", "cat"), **stated)
    return builder.build()


def told(ds: Dataset) -> list[tuple[int | None, Any, bool | None]]:
    return [(item.frame, a.shape, a.keyframe) for item in ds for a in item.annotations]


def left(x: float) -> Box:
    return Box(x, 0.0, x + 0.25, 0.5)


def test_tracks_are_rows_of_one_id_and_sequence() -> None:
    builder = DatasetBuilder()
    sequences = [builder.add_sequence(name) for name in "ab"]
    for sequence, frame in ((0, 5), (0, 2), (1, 2), (None, 1), (None, 2)):
        item = builder.add_item("x", sequence=None if sequence is None else sequences[sequence], frame=frame)
        builder.add_annotation(item, "cat", track=1)
        builder.add_annotation(item, "dog", track="1")
        builder.add_annotation(item)
    tracks = builder.build().tracks()
    assert len(tracks) == 6
    assert [(t.id, t.sequence and t.sequence.id, t.label and t.label.name, t.rows.tolist()) for t in tracks] == [
        (1, "a", "cat", [3, 0]), ("1", "a", "dog", [4, 1]), (1, "b", "cat", [6]),
        ("1", "b", "dog", [7]), (1, None, "cat", [9, 12]), ("1", None, "dog", [10, 13]),
    ]  # fmt: skip
    assert tracks[0].frames == (2, 5)
    assert [a.row for a in tracks[-1].annotations] == [10, 13]
    assert [t.id for t in tracks[1:3]] == ["1", 1]
    assert len(tracks[0]) == 2
    assert (repr(tracks[0]), repr(tracks)) == ("Track(1, 2 rows)", "Tracks(6)")
    assert tracks.codes.tolist() == [0, 1, -1, 0, 1, -1, 2, 3, -1, 4, 5, -1, 4, 5, -1]


def test_videos_without_sequence_are_apart() -> None:
    builder = DatasetBuilder()
    for name in "ab":
        item = builder.add_item(name, kind="video", width=4, height=4)
        builder.add_annotation(item, track=1, span=(None, None, 3, 4), shape=Point(0.5, 0.5))
    ds = builder.build()
    assert len(ds.tracks()) == 2
    assert ds.frames(3, 4).names == ("a#3", "a#4", "b#3", "b#4")


def test_no_tracks() -> None:
    assert len(DatasetBuilder().build().tracks()) == 0
    assert len(zoo().filter(annotations=[0]).tracks()) == 0
    assert [t.id for t in zoo().tracks()] == [3, "t"]
    assert zoo().tracks()[1].frames == (None,)


def test_a_held_row_is_repeated_up_to_the_next() -> None:
    ds = video(
        {"frame": 2, "track": 1, "shape": left(0), "interpolation": "hold", "keyframe": True, "id": 8, "score": 0.5},
        {"frame": 5, "track": 1, "shape": left(0.5), "interpolation": "hold", "keyframe": True, "id": 9},
    )
    made = ds.expand()
    assert told(made) == [(2, left(0), True), (3, left(0), False), (4, left(0), False), (5, left(0.5), True)]
    assert made.names == ("clip.mp4#2", "clip.mp4#3", "clip.mp4#4", "clip.mp4#5")
    assert [a.id for a in made.annotations] == [8, None, None, 9]
    assert [a.score for a in made.annotations] == [0.5, 0.5, 0.5, None]
    assert [item.sequence and item.sequence.name for item in made] == ["clip.mp4"] * 4
    assert [(item.kind, item.size) for item in made] == [("frame", (20, 10))] * 4
    assert made.expand() == made


def test_a_row_without_rule_stands_alone() -> None:
    ds = video({"frame": 2, "track": 1, "shape": left(0)}, {"frame": 5, "track": 1, "shape": left(0.5)})
    assert ds.expand() is ds
    assert ds.frames(3, 4).names == ()


def test_a_span_says_how_long_a_row_holds() -> None:
    span = TimeSpan(None, None, 2, 7)
    ds = video(
        {"frame": 2, "track": 1, "shape": left(0), "interpolation": "linear", "span": TimeSpan(0.2, 0.3, 2, 3)},
        {"frame": 6, "track": 1, "shape": left(0.5), "interpolation": "linear", "span": span},
    )
    made = ds.expand()
    assert [frame for frame, _, _ in told(made)] == [2, 3, 6, 7]
    assert told(made)[1][1] == left(0.125)
    assert told(made)[3][1] == left(0.5)
    assert [a.span for a in made.annotations] == [TimeSpan(0.2, 0.3, 2, 3), None, span, None]
    assert made.expand() == made
    alone = video({"frame": 2, "shape": left(0), "span": span})
    assert [frame for frame, _, _ in told(alone.expand())] == [2, 3, 4, 5, 6, 7]
    assert alone.expand().expand() == alone.expand()


SHAPES: list[tuple[Any, Any, Any]] = [
    (left(0), left(0.5), left(0.25)),
    (Point(0, 0.25), Point(0.5, 0.75), Point(0.25, 0.5)),
    (Polyline.of([[0, 0], [1, 0]]), Polyline.of([[0, 1], [0, 0]]), Polyline.of([[0, 0.5], [0.5, 0]])),
    (
        RotatedBox(0.5, 0.5, 0.25, 0.5, 350),
        RotatedBox(0.25, 0.5, 0.25, 0.5, 20),
        RotatedBox(0.375, 0.5, 0.25, 0.5, 365),
    ),
    (Ellipse(0.5, 0.5, 0.25, 0.5, 10), Ellipse(0.25, 0.5, 0.25, 0.25, -30), Ellipse(0.375, 0.5, 0.25, 0.375, -10)),
    (
        Polygon.of(
            [[[[0, 0], [1, 0], [1, 1]], [[0.5, 0.25], [0.75, 0.25], [0.75, 0.5]]], [[[0, 1], [0, 0.5], [0.25, 1]]]]
        ),
        Polygon.of(
            [[[[1, 0], [1, 0], [1, 1]], [[0.5, 0.25], [0.75, 0.25], [0.75, 0.5]]], [[[0, 1], [0, 0.5], [0.75, 1]]]]
        ),
        Polygon.of(
            [[[[0.5, 0], [1, 0], [1, 1]], [[0.5, 0.25], [0.75, 0.25], [0.75, 0.5]]], [[[0, 1], [0, 0.5], [0.5, 1]]]]
        ),
    ),
    (
        Keypoints.of([[0, 0], [0.5, 0.5]], [2, 1]),
        Keypoints.of([[0.5, 0], [0.5, 1.0]], [1, 2]),
        Keypoints.of([[0.25, 0], [0.5, 0.75]], [2, 1]),
    ),
]


@pytest.mark.parametrize("unit", ["unit", "pixel"])
@pytest.mark.parametrize("form", ["xyxy", "cxcywh"])
@pytest.mark.parametrize(("first", "last", "middle"), SHAPES)
def test_a_linear_row_moves_evenly(first: Any, last: Any, middle: Any, unit: str, form: str) -> None:
    ds = video(
        {"frame": 0, "track": 1, "shape": first, "interpolation": "linear", "extras": {"f/area": 1, "f/k": 2}},
        {"frame": 2, "track": 1, "shape": last},
        fields={"unit": unit, "form": form},
    )
    made = ds.expand()
    assert len(made) == 3
    annotation = made[1].annotations[0]
    assert type(annotation.shape) is type(middle)
    assert annotation.shape == middle
    assert dict(annotation.extras) == {}
    assert made[0].annotations[0] == ds[0].annotations[0]


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (left(0), Point(0.5, 0.5)),
        (Polyline.of([[0, 0], [1, 1]]), Polyline.of([[0, 0], [1, 1], [1, 0]])),
        (Polygon.of([[[0, 0], [1, 0], [1, 1]]]), Polygon.of([[[[0, 0], [1, 0], [1, 1]], [[0, 0], [0, 1], [1, 1]]]])),
        (
            Polygon.of([[[0, 0], [1, 0], [1, 1]], [[0, 0], [1, 0], [1, 1], [0, 1]]]),
            Polygon.of([[[0, 0], [1, 0], [1, 1], [0, 1]], [[0, 0], [1, 0], [1, 1]]]),
        ),
        (Keypoints.of([[0, 0]]), Keypoints.of([[0, 0], [1, 1]])),
        (Mask.encode(np.eye(10, 20)), Mask.encode(np.zeros((10, 20)))),
    ],
)
def test_what_has_no_middle_is_held(first: Any, last: Any) -> None:
    ds = video(
        {"frame": 0, "track": 1, "shape": first, "interpolation": "linear"}, {"frame": 2, "track": 1, "shape": last}
    )
    assert ds.expand()[1].annotations[0].shape == first


def test_a_stated_box_moves_beside_its_shape_where_both_state_one() -> None:
    rows = [{"frame": f, "track": 1, "interpolation": "linear", "shape": Point(f / 4, 0)} for f in (0, 2, 4)]
    ds = video({**rows[0], "box": left(0)}, {**rows[1], "box": left(0.5)}, rows[2])
    one, three = (ds.expand()[frame].annotations[0] for frame in (1, 3))
    assert (one.shape, one.box) == (Point(0.25, 0), left(0.25))
    assert (three.shape, three.box) == (Point(0.75, 0), left(0.5))


def test_several_objects_share_frames_and_new_frames_stand_where_they_belong() -> None:
    ds = video(
        {"frame": 4, "track": 1, "label": "a", "shape": left(0), "interpolation": "hold"},
        {"frame": 0, "track": 2, "label": "b", "shape": left(0), "interpolation": "linear"},
        {"frame": 4, "track": 2, "label": "b", "shape": left(0.5)},
        {"frame": 7, "track": 1, "label": "a", "shape": left(0.5)},
    )
    made = ds.expand()
    assert [item.frame for item in made] == list(range(8))
    assert [[a.track for a in item.annotations] for item in made] == [[2], [2], [2], [2], [1, 2], [1], [1], [1]]


def test_parents_are_found_in_the_same_frame() -> None:
    ds = video(
        {"frame": 0, "track": 1, "shape": left(0), "interpolation": "hold"},
        {"frame": 0, "track": 2, "shape": left(0), "interpolation": "hold", "parent": 0},
        {"frame": 2, "track": 1, "shape": left(0)},
        {"frame": 3, "track": 2, "shape": left(0), "parent": 2},
    )
    made = ds.expand()
    assert [(a.row, a.parent, a.track) for a in made.annotations] == [
        (0, None, 1), (1, 0, 2), (2, None, 1), (3, 2, 2), (4, None, 1), (5, 4, 2), (6, 4, 2),
    ]  # fmt: skip


def test_rows_of_a_whole_video_become_rows_of_its_frames() -> None:
    builder = DatasetBuilder()
    item = builder.add_item("clip.mp4", kind="video", width=20, height=10, path="/m/clip.mp4", status="labelled")
    builder.add_annotation(item, "cat", left(0), span=TimeSpan(0.0, 0.3, 1, 3), attributes={"wet": True}, id=4)
    builder.add_annotation(item, "phase", span=TimeSpan(0.0, 9.0))
    ds = builder.build()
    made = ds.expand()
    assert made.names == ("clip.mp4", "clip.mp4#1", "clip.mp4#2", "clip.mp4#3")
    assert [a.label.name if a.label else None for a in made[0].annotations] == ["phase"]
    assert [(a.shape, dict(a.attributes), a.id) for a in made[2].annotations] == [(left(0), {"wet": True}, None)]
    assert [(item.kind, item.status, str(item.path)) for item in made][1] == ("frame", None, "/m/clip.mp4")
    assert ds.frames(2, 30).names == ("clip.mp4#2", "clip.mp4#3")


def test_frames_are_chosen_both_ends_included() -> None:
    ds = video(
        {"frame": 2, "track": 1, "shape": left(0), "interpolation": "linear"},
        {"frame": 10, "track": 1, "shape": left(0.5)},
        {"frame": 20, "shape": left(0.5)},
    )
    assert [item.frame for item in ds.frames(4, 6)] == [4, 5, 6]
    assert [item.frame for item in ds.frames(9, 20)] == [9, 10, 20]
    assert [item.frame for item in ds.frames([20, 3, 11, 3])] == [3, 20]
    assert [item.frame for item in ds.frames(range(0, 30, 5))] == [5, 10, 20]
    assert [item.frame for item in ds.frames(3)] == [3]
    assert ds.frames(6)[0].annotations[0].shape == left(0.25)
    assert ds.frames(11, 19).names == ()
    with pytest.raises(UsageError, match="last frame, 2, lies before the first, 3"):
        ds.frames(3, 2)
    with pytest.raises(UsageError, match="or all wanted frames"):
        ds.frames([3], 2)


def test_frames_of_one_sequence() -> None:
    builder = DatasetBuilder()
    for name in ("a", "b"):
        sequence = builder.add_sequence(f"id-{name}", name=name)
        for frame in (1, 2):
            item = builder.add_item(f"{name}#{frame}", kind="frame", frame=frame, sequence=sequence)
            builder.add_annotation(item, "x", track=1)
    ds = builder.build()
    assert ds.frames(1, 2).names == ("a#1", "a#2", "b#1", "b#2")
    assert ds.frames(2, title="b").names == ("b#2",)
    assert ds.frames(2, title="id-a").names == ("a#2",)
    with pytest.raises(UsageError, match="sequences: a, b"):
        ds.frames(2, title="c")


def test_an_endless_span_is_refused_but_its_frames_can_be_chosen() -> None:
    ds = video({"frame": 2, "shape": left(0), "span": (None, None, 2, 10**18)})
    with pytest.raises(UsageError, match="rows would be made"):
        ds.expand()
    assert [item.frame for item in ds.frames(1_000_000, 1_000_001)] == [1_000_000, 1_000_001]


def test_frames_that_state_numbers_in_different_ways_are_refused() -> None:
    builder = DatasetBuilder()
    sequence = builder.add_sequence("s")
    for frame, unit in ((0, "unit"), (1, "pixel"), (2, "unit")):
        item = builder.add_item(f"f#{frame}", width=2, height=2, frame=frame, unit=unit, sequence=sequence)
        if frame != 1:
            builder.add_annotation(item, track=1, shape=Point(0, 0), interpolation="hold")
    with pytest.raises(UsageError, match="item 'f#1' states its numbers in another unit"):
        builder.build().expand()


@given(datasets(), st.integers(0, 4), st.integers(0, 4))
def test_expanding_is_idempotent_and_frames_are_part_of_it(ds: Dataset, first: int, count: int) -> None:
    try:
        made = ds.expand()
    except UsageError:
        return
    assert made.expand() == made
    chosen = ds.frames(first, first + count)
    assert all(item.frame is not None and first <= item.frame <= first + count for item in chosen)
    assert all(item.annotations for item in chosen)
