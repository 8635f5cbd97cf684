"""Videos: states that hold until the next one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import annokit
from annokit import Box, DatasetBuilder
from tests.fixtures import fixture
from tests.formats.dataloop.documents import item, load, note, returned, save, written, z
from tests.formats.laws import check_laws

VIDEO = {"mimetype": "video/mp4"}


def box(x: float) -> list[Any]:
    """A box of 64 x 48 pixels at some x."""
    return [z(x, 0), z(x + 64, 48)]


def snapshot(frame: int, x: float, **rest: Any) -> dict[str, Any]:
    """A later state, as the platform writes it."""
    made = {"frame": frame, "fixed": True, "label": "cat", "attributes": [], "objectVisible": True, "type": "box"}
    made = {**made, "data": box(x), **rest}
    return {key: value for key, value in made.items() if value is not ...}


def moving(*snapshots: Any, first: int = 5, last: int = 40, **rest: Any) -> dict[str, Any]:
    """An annotation of a video."""
    system = {
        "frame": first,
        "endFrame": last,
        "startTime": 0.2,
        "endTime": 1.6,
        "objectId": "2",
        "snapshots_": list(snapshots),
    }
    system.update(rest.pop("system", {}))
    return note("box", coordinates=box(0), system={k: v for k, v in system.items() if v is not ...}, **rest)


def canonical(value: Any) -> str:
    """A value as text that does not tell the order of keys."""
    return json.dumps(value, sort_keys=True)


def _spans(ds: Any) -> list[tuple[Any, Any]]:
    return [(a.span.first_frame, a.span.last_frame) for a in ds[0].annotations]


def test_each_state_is_a_row_that_holds(tmp_path: Path) -> None:
    document = item(
        moving(snapshot(12, 64), snapshot(20, 128.5, fixed=False), snapshot(30, 192, attributes=["occluded"], label="dog")),
        system=VIDEO, metadata={"fps": 25},
    )  # fmt: skip
    ds, back = returned(tmp_path, document)
    assert back == [document]
    assert (ds[0].kind, ds[0].sequence.fps, ds[0].sequence.name) == ("video", 25, "a.jpg")
    rows = ds[0].annotations
    assert _spans(ds) == [(5, 11), (12, 19), (20, 29), (30, 40)]
    assert [row.keyframe for row in rows] == [True, True, False, True]
    assert {row.track for row in rows} == {"2"}
    assert [row.label.name for row in rows] == ["cat", "cat", "cat", "dog"]
    assert [dict(row.attributes) for row in rows] == [{}, {}, {}, {"occluded": True}]
    assert [round(row.shape.xmin * 640, 3) for row in rows] == [0, 64, 128.5, 192]
    assert (rows[0].span.start, rows[-1].span.end) == (0.2, 1.6)
    assert ds._annotations.value("interpolation", 2) == "hold"


def test_frames_repeat_the_last_state_and_nothing_is_interpolated(tmp_path: Path) -> None:
    ds = load(tmp_path, item(moving(snapshot(7, 64), first=5, last=9), system=VIDEO))
    frames = ds.frames(5, 9)
    assert [entry.frame for entry in frames] == [5, 6, 7, 8, 9]
    assert [round(entry.annotations[0].shape.xmin * 640) for entry in frames] == [0, 0, 64, 64, 64]
    assert len(ds.frames(3, 4)) == 0


def test_hidden_objects_keep_their_shape(tmp_path: Path) -> None:
    document = item(moving(snapshot(12, 0, objectVisible=False), snapshot(20, 0)), system=VIDEO)
    ds, back = returned(tmp_path, document)
    assert back == [document]
    assert [issue.field for issue in ds.issues.of("unread-key")] == ["objectVisible"]


def test_what_a_state_does_not_say_holds_on(tmp_path: Path) -> None:
    named = {"attributes": {"1": "red"}}
    document = item(
        moving(
            snapshot(10, 1, label=..., attributes=..., type=..., fixed=..., objectVisible=...),
            snapshot(12, 1, data=...),
            snapshot(14, 2, namedAttributes={"1": "blue"}, description="d"),
            snapshot(16, 3, namedAttributes={}),
            snapshot(18, 3, label=None),
            attributes=["a"],
            system=named,
        ),
        system=VIDEO,
    )
    ds, back = returned(tmp_path, document)
    assert back == [document]
    rows = ds[0].annotations
    assert [row.label and row.label.name for row in rows] == ["cat"] * 5 + [None]
    assert [dict(row.attributes) for row in rows] == [
        {"a": True, "1": "red"}, {"a": True, "1": "red"}, {"1": "red"}, {"1": "blue"}, {}, {},
    ]  # fmt: skip
    assert rows[2].shape == rows[1].shape
    assert [row.keyframe for row in rows[:2]] == [True, False]


UNORDERED = (snapshot(30, 3), snapshot(12, 1), snapshot(12, 2), snapshot(5, 9), snapshot(99, 9), "nonsense", {"a": 1})


def test_snapshots_out_of_order_or_out_of_range(tmp_path: Path) -> None:
    document = item(moving(*UNORDERED), system=VIDEO)
    ds, back = returned(tmp_path, document)
    assert back == [document]
    assert _spans(ds) == [(5, 11), (12, 29), (30, 40)]
    assert [round(row.shape.xmin * 640) for row in ds[0].annotations] == [0, 2, 3]
    assert annokit.read(tmp_path / "out") == ds


@pytest.mark.parametrize("kept", [[0], [0, 1], [1, 2], [0, 2], [2]])
def test_snapshots_that_are_none_never_become_states(tmp_path: Path, kept: list[int]) -> None:
    ds = load(tmp_path, item(moving(*UNORDERED, id="a"), system=VIDEO)).filter(annotations=kept)
    back = check_laws(ds, "dataloop", tmp_path)
    assert back is not None
    assert [row.shape for row in back[0].annotations] == [row.shape for row in ds[0].annotations]


def test_old_files_state_times_instead_of_frames(tmp_path: Path) -> None:
    late = {**snapshot(0, 64), "startTime": 0.4}
    del late["frame"]
    document = item(
        moving(late, system={"frame": 5, "endFrame": ..., "endTime": 1.6}), system=VIDEO, metadata={"fps": 25}
    )
    ds, back = returned(tmp_path, document)
    assert back == [document]
    assert _spans(ds) == [(5, 9), (10, 40)]


def test_without_an_end_an_object_ends_with_its_last_state(tmp_path: Path) -> None:
    document = item(moving(snapshot(12, 1), system={"endFrame": ..., "endTime": ...}), system=VIDEO)
    ds, back = returned(tmp_path, document)
    assert back == [document]
    assert _spans(ds) == [(5, 11), (12, 12)]


def test_tracks_are_objects_else_annotations(tmp_path: Path) -> None:
    document = item(
        moving(snapshot(12, 1), id="a", system={"objectId": "7"}),
        moving(snapshot(50, 1), id="b", first=45, last=60, system={"objectId": "7"}),
        moving(snapshot(12, 1), id="c", system={"objectId": ...}),
        moving(snapshot(12, 1), id="d", system={"objectId": None}),
        moving(snapshot(12, 1), system={"objectId": ...}),
        moving(snapshot(12, 1), system={"objectId": ...}),
        moving(system={"objectId": ...}),
        system=VIDEO,
    )
    ds, back = returned(tmp_path, document)
    assert back == [document]
    tracks = [row.track for row in ds[0].annotations]
    assert tracks[:8] == ["7"] * 4 + ["c"] * 2 + ["d"] * 2
    assert tracks[8] == tracks[9] != tracks[10] == tracks[11]
    assert tracks[12] is None
    assert len(ds.tracks()) == 5


def test_classes_of_a_video_and_subtitles_have_times(tmp_path: Path) -> None:
    times = {"frame": 3, "endFrame": 9, "startTime": 0.12, "endTime": 0.36, "snapshots_": []}
    document = item(
        note("class", "rain", system=times),
        note("subtitle", "speech", {"text": "hello"}, system={**times, "startTime": 1}),
        note("class", "whole"),
        system=VIDEO,
    )
    ds, back = returned(tmp_path, document)
    assert back == [document]
    rain, speech, whole = ds[0].annotations
    assert (rain.span.start, rain.span.end, rain.span.first_frame, rain.span.last_frame) == (0.12, 0.36, 3, 9)
    assert speech.shape is None
    assert whole.span is None


def test_a_recording_counts_milliseconds(tmp_path: Path) -> None:
    times = {"frame": 1000, "endFrame": 2000, "startTime": 1, "endTime": 2}
    document = item(note("subtitle", "speech", {"text": "hello"}, system=times), system={"mimetype": "audio/wav"})
    ds, back = returned(tmp_path, document)
    assert back == [document]
    assert ds[0].annotations[0].span.last_frame == 2000


@pytest.mark.parametrize(
    "system",
    [{"fps": 25}, {"ffmpeg": {"avg_frame_rate": "25/1", "nb_read_frames": "125"}}, {}],
)
def test_a_file_type_that_says_nothing(tmp_path: Path, system: dict[str, Any]) -> None:
    document = item(moving(snapshot(12, 1)), system={"mimetype": ..., **system})
    ds, back = returned(tmp_path, document)
    assert back == [document]
    assert ds[0].kind == "video"


def test_the_length_of_a_video(tmp_path: Path) -> None:
    stated = [
        {"nb_frames": 7}, {"nb_frames": None, "nb_frames_estimation": 8}, {"ffmpeg": {"nb_read_frames": "9"}},
        {"duration": 2}, {},
    ]  # fmt: skip
    documents = [
        item(name=f"/{place}.mp4", system={**VIDEO, **system}, metadata={"fps": 5})
        for place, system in enumerate(stated)
    ]
    ds, back = returned(tmp_path, *documents)
    assert back == documents
    assert [entry.sequence.frames for entry in ds] == [7, 8, 9, 10, None]


def test_an_edited_state_is_written_with_its_track(tmp_path: Path) -> None:
    ds = load(tmp_path, item(moving(snapshot(12, 64), id="a"), system=VIDEO))
    with ds.edit() as edit:
        edit.replace(1, shape=Box(0.5, 0, 0.6, 0.1))
    (document,) = written(edit.dataset, tmp_path).values()
    (state,) = document["annotations"][0]["metadata"]["system"]["snapshots_"]
    assert state["data"][0] == {"x": 320.0, "y": 0.0, "z": 0}


def test_a_real_video_has_a_row_per_state() -> None:
    ds = annokit.read(fixture("dataloop/converters_yolo/dataloop_json"))
    video = ds["2021_04_23_10_39_21_Cache_Trim_Cropped.webm"]
    assert (video.kind, video.sequence.frames, video.sequence.fps) == ("video", 125, 25)
    assert len(video.annotations) == 102
    assert {annotation.track for annotation in video.annotations} == {"1", "2"}
    assert len(ds.frames(0, 200)) == 51


def _moving(*rows: dict[str, Any], kind: str = "box") -> Any:
    builder = DatasetBuilder(unit="pixel")
    builder.add_item("v.mp4", width=640, height=480, kind="video")
    for row in rows:
        builder.add_annotation(0, "car", kind=kind, interpolation="linear", keyframe=True, **row)
    return builder.build()


def test_what_moves_between_key_frames_is_written_state_by_state(tmp_path: Path) -> None:
    ds = _moving(
        {"box": (0, 0, 10, 10), "track": 7, "span": (None, None, 2, None), "attributes": {"a": 1}, "score": 0.5},
        {"box": (30, 0, 40, 20), "track": 7, "span": (None, None, 5, 8), "attributes": {"a": 2}},
    )
    check_laws(ds, "dataloop", tmp_path)
    report = annokit.plan(ds, "dataloop")
    assert {issue.code for issue in report if issue.field == "interpolation"} == {"expanded", "restated"}
    files = json.loads(next((tmp_path / "out/json").iterdir()).read_bytes())
    (track,) = files["annotations"]
    system = track["metadata"]["system"]
    assert (system["frame"], system["endFrame"], system["objectId"]) == (2, 8, "7")
    found = [
        (s["frame"], s["fixed"], s["data"][0]["x"], s["data"][1]["y"], s["namedAttributes"])
        for s in system["snapshots_"]
    ]
    assert [state[:2] for state in found] == [(3, False), (4, False), (5, True)]
    assert [state[2] for state in found] == pytest.approx([10, 20, 30])
    assert [state[3] for state in found] == pytest.approx([10 + 10 / 3, 10 + 20 / 3, 20])
    assert [state[4] for state in found] == [{"a": 1}, {"a": 1}, {"a": 2}]
    assert track["metadata"]["user"]["model"] == {"confidence": 0.5}


def test_what_moves_nowhere_stands_still(tmp_path: Path) -> None:
    ds = _moving(
        {"box": (0, 0, 10, 10), "track": 1, "span": (None, None, 2, None)},
        {"box": (0, 0, 10, 10), "track": 1, "span": (None, None, 5, None)},
        {"box": (5, 0, 10, 10), "track": 1, "span": (None, None, 6, None)},
        {"box": (0, 0, 10, 10), "track": 2, "span": (None, None, 5, 9)},
    )
    back = check_laws(ds, "dataloop", tmp_path)
    assert back is not None
    assert len(back[0].annotations) == 4
    assert not [issue for issue in annokit.plan(ds, "dataloop") if issue.severity != "info"]


def test_what_can_not_move_is_told(tmp_path: Path) -> None:
    square, triangle = [[[[0, 0], [9, 0], [9, 9], [0, 9]]]], [[[[0, 0], [9, 0], [9, 9]]]]
    ds = _moving(
        {"points": square, "track": 1, "span": (None, None, 2, None)},
        {"points": triangle, "track": 1, "span": (None, None, 5, None)},
        kind="polygon",
    )
    back = check_laws(ds, "dataloop", tmp_path)
    assert back is not None
    assert len(back[0].annotations) == 2
    (issue,) = [issue for issue in annokit.plan(ds, "dataloop") if issue.code == "converted"]
    assert issue.count == 1


def test_snapshots_with_keys_of_annotations_and_of_no_path(tmp_path: Path) -> None:
    more = {
        "id": "s",
        "creator": "me",
        "metadata": {"system": {"attributes": {"a": 1}}},
        "a.b": 1,
        "#x": [2],
        "coordinates": [],
    }
    document = item(
        moving(snapshot(12, 1, **more), snapshot(20, 2, createdAt="now"), id="a", creator="you"), system=VIDEO
    )
    ds, back = returned(tmp_path, document)
    assert back == [document]
    assert [row.author for row in ds[0].annotations] == ["you", None, None]
    assert [dict(row.attributes) for row in ds[0].annotations] == [{}, {}, {}]
    check_laws(ds.filter(annotations=[1, 2]), "dataloop", tmp_path)


def test_snapshots_that_are_no_list(tmp_path: Path) -> None:
    document = item(moving(id="a", system={"snapshots_": 7}), moving(first=41, last=50, id="a"), system=VIDEO)
    ds = load(tmp_path, document)
    assert ds[0].annotations[0].span.last_frame == 40
    back = check_laws(ds, "dataloop", tmp_path)
    assert back is not None
    assert [row.shape for row in back[0].annotations] == [row.shape for row in ds[0].annotations]
    alone = item(moving(id="a", system={"snapshots_": 7}), system=VIDEO)
    assert returned(tmp_path / "alone", alone)[1] == [alone]


def test_an_object_of_known_keys_alone_is_no_item(tmp_path: Path) -> None:
    folder = save(tmp_path, item())
    (folder / "manifest.json").write_text(json.dumps({"id": "1", "type": "file", "metadata": {"system": {"width": 5}}}))
    ds = annokit.read(folder)
    assert ds.names == ("a.jpg",)
    assert ds.issues.of("skipped-record")


@pytest.mark.parametrize(
    ("lacking", "change"),
    [
        ("label", {"label": "dog"}), ("data", {"shape": Box(0.5, 0, 0.6, 0.1)}), ("attributes", {"attributes": {"a": False}}),
        ("fixed", {"keyframe": True}), ("namedAttributes", {"attributes": {"1": "blue"}}),
    ],
)  # fmt: skip
def test_a_change_of_a_state_is_written_though_its_file_said_nothing(tmp_path: Path, lacking: str, change: Any) -> None:
    bare = snapshot(12, 64, **({} if lacking == "namedAttributes" else {lacking: ...}))
    document = item(moving(bare, id="a", attributes=["a"], system={"attributes": {"1": "red"}}), system=VIDEO)
    ds = load(tmp_path, document)
    with ds.edit() as edit:
        edit.replace(1, **change)
    back = check_laws(edit.dataset, "dataloop", tmp_path)
    assert back is not None
    old, new = edit.dataset[0].annotations[1], back[0].annotations[1]
    assert (new.label.name, new.shape, new.keyframe) == (old.label.name, old.shape, old.keyframe)
    assert dict(new.attributes) == dict(old.attributes)


def test_annotations_without_ids_that_share_an_object_stay_apart(tmp_path: Path) -> None:
    document = item(
        moving(snapshot(12, 1), first=5, last=20),
        moving(snapshot(25, 1), first=21, last=30),
        moving(snapshot(12, 1), first=5, last=20),
        moving(first=0, last=4),
        system=VIDEO,
    )
    ds, back = returned(tmp_path, document)
    assert back == [document]
    assert _spans(ds) == [(5, 11), (12, 20), (21, 24), (25, 30), (5, 11), (12, 20), (0, 4)]
    for kept in ([2, 3], [0, 1, 4], [1, 2], [0, 2], [3, 6]):
        check_laws(ds.filter(annotations=kept), "dataloop", tmp_path)


def test_frames_that_are_no_whole_numbers(tmp_path: Path) -> None:
    document = item(moving(snapshot(12, 1), system={"endFrame": 1.5}), moving(system={"frame": "x"}), system=VIDEO)
    ds, back = returned(tmp_path, document)
    assert back == [document]
    assert _spans(ds)[0] == (5, 11)
