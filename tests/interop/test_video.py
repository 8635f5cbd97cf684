import json

import numpy as np
import pytest
from PIL import Image

import annokit
from annokit import Box, DatasetBuilder
from tests.media.test_video import HEIGHT, WIDTH, make, number_of

pytest.importorskip("av")


def labelled(names=("case.mp4",)):
    builder = DatasetBuilder()
    for name in names:
        sequence = builder.add_sequence(name, name=name)
        for frame in (3, 40, 41):
            item = builder.add_item(
                f"{name}#{frame}", kind="frame", frame=frame, sequence=sequence, width=WIDTH, height=HEIGHT
            )
            builder.add_annotation(item, "tool", Box(0.25, 0.25, 0.75, 0.75), track="a")
    return builder.build()


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    return make(tmp_path_factory.mktemp("v") / "case.mp4", 60, g=12, bf=2)


def numbers(paths):
    return [number_of(np.asarray(Image.open(path))) for path in paths]


def test_frames_with_labels_are_saved_under_their_numbers(video, tmp_path):
    seen = []
    paths = annokit.extract_frames(
        labelled(), video, tmp_path / "out", progress=lambda done, total: seen.append((done, total))
    )
    assert [path.name for path in paths] == ["case_000003.png", "case_000040.png", "case_000041.png"]
    assert numbers(paths) == [3, 40, 41]
    assert seen == [(1, 3), (2, 3), (3, 3)]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [path.name for path in paths]


def test_listed_frames_and_other_forms(video, tmp_path):
    paths = annokit.extract_frames(labelled(), video, tmp_path / "out", frames=[59, 0, 7], form="jpg")
    assert [path.name for path in paths] == ["case_000000.jpg", "case_000007.jpg", "case_000059.jpg"]
    assert numbers(paths) == [0, 7, 59]
    with pytest.raises(annokit.UsageError, match="form 'gif'"):
        annokit.extract_frames(labelled(), video, tmp_path / "x", form="gif")


def test_drawn_frames_differ_where_the_label_is(video, tmp_path):
    (plain,) = annokit.extract_frames(labelled(), video, tmp_path / "a", frames=[40])
    (drawn,) = annokit.extract_frames(labelled(), video, tmp_path / "b", frames=[40], draw=True)
    before, after = (np.asarray(Image.open(path).convert("RGB")).astype(int) for path in (plain, drawn))
    changed = np.abs(before - after).max(axis=2) > 20
    assert changed[12:36, 16:48].any()
    assert not changed[HEIGHT - 2 :, : WIDTH // 8].any()


def test_spans_of_a_savant_video_become_frames(video, tmp_path):
    batch = {"sequences": [{"rootId": "r", "name": "case.mp4", "videoAnnotations": [
        {"timestampStart": 400, "timestampEnd": 480, "label": {"code": "cut"}},
        {"timestampStart": 2280, "timestampEnd": None, "label": {"code": "end"}},
    ]}]}  # fmt: skip
    path = tmp_path / "batch.json"
    path.write_text(json.dumps(batch))
    paths = annokit.extract_frames(annokit.read(path), video, tmp_path / "out")
    assert numbers(paths) == [10, 11, 12, 57, 58, 59]


def test_the_video_is_chosen_by_name_or_title(video, tmp_path):
    two = labelled(("case.mp4", "other.mp4"))
    assert len(annokit.extract_frames(two, video, tmp_path / "a")) == 3
    assert len(annokit.extract_frames(two, video, tmp_path / "b", title="other.mp4")) == 3
    with pytest.raises(annokit.UsageError, match="0 videos of the dataset fit"):
        annokit.extract_frames(two, video, tmp_path / "c", title="none")


def test_a_frame_beyond_the_video_leaves_nothing(video, tmp_path):
    with pytest.raises(annokit.MediaError, match="there is no frame 60"):
        annokit.extract_frames(labelled(), video, tmp_path / "out", frames=[1, 60])
    assert list(tmp_path.iterdir()) == []


def test_the_image_of_a_frame_comes_from_the_video(video):
    ds = labelled().map_media(lambda item: str(video))
    assert [number_of(np.asarray(item.image)) for item in ds] == [3, 40, 41]
