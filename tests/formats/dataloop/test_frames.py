"""Frames of a video of another platform are states of one item to Dataloop."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import annokit
from annokit import DatasetBuilder
from annokit.model.dataset import Dataset
from tests.fixtures import fixture
from tests.formats.laws import check_laws


def _frames(*boxes: tuple[int, int | None, int], **item: Any) -> DatasetBuilder:
    """Frames with a box each: number of the frame, track, and x."""
    builder = DatasetBuilder(unit="pixel")
    video = builder.add_sequence("s", name="dir/v.mp4", fps=25)
    rows: dict[int, int] = {}
    for number, track, x in boxes:
        if number not in rows:
            fields = {"kind": "frame", "frame": number, "sequence": video, **item}
            rows[number] = builder.add_item(f"dir/v.mp4#{number}", width=64, height=48, **fields)
        builder.add_annotation(rows[number], "car", kind="box", box=(x, 0, x + 9, 9), track=track)
    return builder


def _boxes(ds: Dataset) -> list[tuple[int, str, float]]:
    frames = ds.frames(0, 100)
    return sorted(
        (int(item.frame), str(annotation.track), round(box[0], 9))
        for item in frames
        for annotation, box in zip(item.annotations, item.boxes(unit="pixel").tolist(), strict=True)
    )


def test_a_track_is_one_annotation_per_unbroken_run(tmp_path: Path) -> None:
    ds = _frames((3, 1, 0), (3, 2, 20), (4, 1, 1), (5, 1, 1), (8, 1, 5)).build()
    back = check_laws(ds, "dataloop", tmp_path)
    assert back is not None
    assert [(item.name, item.kind) for item in back] == [("dir/v.mp4", "video")]
    assert back[0].sequence.fps == 25
    assert _boxes(back) == _boxes(ds)
    document = json.loads((tmp_path / "out/json/dir/v.mp4.json").read_bytes())
    found = [
        (system["objectId"], system["frame"], system["endFrame"], [s["frame"] for s in system["snapshots_"]])
        for system in (note["metadata"]["system"] for note in document["annotations"])
    ]
    assert sorted(found) == [("1", 3, 5, [4, 5]), ("1", 8, 8, []), ("2", 3, 3, [])]


def test_what_only_a_frame_has_is_told(tmp_path: Path) -> None:
    builder = _frames((3, 1, 0), (4, 1, 1), attributes={"sunny": True}, status="labelled", id="frame")
    ds = builder.build()
    check_laws(ds, "dataloop", tmp_path)
    lost = {row.field for row in annokit.plan(ds, "dataloop").rows() if row.fate == "dropped"}
    assert {"attributes.sunny", "status", "id"} <= lost


@pytest.mark.parametrize("how", ["name", "frame", "size", "beside"])
def test_frames_that_are_no_video_are_pictures(tmp_path: Path, how: str) -> None:
    builder = DatasetBuilder(unit="pixel")
    video = builder.add_sequence("s", name="v.mp4")
    for number in (1, 2):
        name = f"{number}.jpg" if how == "name" else f"v.mp4#{number}"
        fields = {"width": 64 + number * (how == "size"), "height": 48, **({} if how == "frame" else {"frame": number})}
        builder.add_item(name, kind="frame", sequence=video, **fields)
    if how == "beside":
        builder.add_item("v.mp4", kind="image")
    back = check_laws(builder.build(), "dataloop", tmp_path)
    assert back is not None
    assert {item.kind for item in back} == {"image"}


def test_several_videos_and_pictures_between_them(tmp_path: Path) -> None:
    builder = DatasetBuilder(unit="pixel")
    videos = [builder.add_sequence(str(k), name=f"v{k}.mp4") for k in range(2)]
    for number in (5, 2):
        for k, video in enumerate(videos):
            row = builder.add_item(
                f"v{k}.mp4#{number}", width=64, height=48, kind="frame", frame=number, sequence=video
            )
            builder.add_annotation(row, "car", kind="box", box=(number, k, 9, 9), track="t")
        row = builder.add_item(f"{number}.jpg", width=9, height=9, kind="image")
        builder.add_annotation(row, "car", kind="box", box=(0, 0, 1, 1))
    ds = builder.build()
    back = check_laws(ds, "dataloop", tmp_path)
    assert back is not None
    assert [(item.name, len(item.annotations)) for item in back] == [
        ("2.jpg", 1),
        ("5.jpg", 1),
        ("v0.mp4", 2),
        ("v1.mp4", 2),
    ]
    assert [a.span.first_frame for a in back["v0.mp4"].annotations] == [2, 5]


@pytest.mark.parametrize("name", ["data_1__labels", "hist2022_project_1__cute_cat_mp4"])
def test_real_videos_of_another_platform(tmp_path: Path, name: str) -> None:
    ds = annokit.read(fixture(f"encord/{name}.json"), "encord")
    back = check_laws(ds, "dataloop", tmp_path)
    assert back is not None
    assert [item.kind for item in back] == ["video"]
    assert [box[0] for box in _boxes(back)] == [box[0] for box in _boxes(ds)]


def test_a_volume_is_no_video(tmp_path: Path) -> None:
    builder = DatasetBuilder(unit="pixel")
    series = builder.add_sequence("s", name="scan")
    builder.add_item("scan#1", width=64, height=48, kind="frame", frame=1, sequence=series)
    back = check_laws(builder.build(), "dataloop", tmp_path)
    assert back is not None
    assert [item.kind for item in back] == ["image"]
