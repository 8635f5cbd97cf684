"""The three laws."""

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings

from annokit import Box
from annokit.model.builder import DatasetBuilder
from annokit.model.dataset import Dataset
from tests.formats.innotescus.awkward import awkward
from tests.formats.laws import check_laws
from tests.strategies import datasets

LAWFUL = settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=25)


@LAWFUL
@given(dataset=datasets())
def test_the_three_laws(dataset: Dataset) -> None:
    with tempfile.TemporaryDirectory() as folder:
        check_laws(dataset, "innotescus", Path(folder))


@LAWFUL
@given(dataset=awkward())
def test_the_three_laws_for_awkward_datasets(dataset: Dataset) -> None:
    with tempfile.TemporaryDirectory() as folder:
        check_laws(dataset, "innotescus", Path(folder))


def videos() -> Dataset:
    """Videos with frames, loose items and tracks that no file of Innotescus states as they are."""
    builder = DatasetBuilder()
    clip = builder.add_sequence("s-1", name="clip.mov", width=64, height=48, attributes={"room": 3})
    short = builder.add_sequence(5, name="short", frames=1)
    builder.add_sequence(name="empty.mp4", dataset="b/c")
    frames = [
        builder.add_item(f"{n}.png", kind="frame", sequence=clip, frame=n, width=64, height=48) for n in (3, 1, 1)
    ]
    whole = builder.add_item("whole", kind="video", sequence=clip, width=64, height=48)
    lone = builder.add_item("lone.mp4", kind="video", width=8, height=8, dataset="b/c", attributes={"a": 1})
    still = builder.add_item("still", kind="frame", sequence=short, frame=0, width=9, height=7, split="val")
    builder.add_item("unused", kind="frame", sequence=clip, frame=9, attributes={"x": None})
    for item in (*frames, whole, lone, still):
        for label, track in (("a", "t"), ("b", 4), ("a", 4), ("b", None)):
            builder.add_annotation(item, label, Box(0.1, 0.2, 0.5, 0.75), track=track, id="x", score=0.5)
    return builder.build()


def test_the_laws_for_videos(tmp_path: Path) -> None:
    back = check_laws(videos(), "innotescus", tmp_path)
    assert back is not None
    assert [(item.name, item.kind) for item in back] == [
        ("clip.mov", "video"),
        ("clip.mov#1", "frame"),
        ("clip.mov#3", "frame"),
        ("1.png", "image"),
        ("still", "image"),
        ("lone.mp4", "video"),
    ]
    assert sorted(track.frames for track in back.tracks() if track.label.name == "b")[:2] == [(None,), (None, 1, 3)]
    assert [sequence.name for sequence in back.sequences] == ["clip.mov", "empty.mp4", "lone.mp4"]
