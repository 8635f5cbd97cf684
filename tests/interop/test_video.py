import json
import sys

import numpy as np
import pytest
from PIL import Image

import annokit
from annokit import Box, DatasetBuilder
from tests.formats.encord.test_encord import thing
from tests.formats.encord.test_encord import video as label_row
from tests.formats.encord.test_spaces import group
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


BOX = {"x": 0.25, "y": 0.25, "w": 0.5, "h": 0.5}


def rows(*frames, **unit):
    objects = {str(f): {"objects": [thing("bounding_box", "boundingBox", BOX)], "classifications": []} for f in frames}
    record = {**label_row(objects), "data_title": "case.mp4"}
    record["data_units"]["v1"].update(width=WIDTH, height=HEIGHT, data_duration=None, **unit)
    return record


def saved(document, folder, name="rows.json"):
    (folder / name).write_text(json.dumps(document))
    return folder / name


def test_frames_of_encord_count_from_0(video, tmp_path):
    ds = annokit.read(saved([rows(10, 2, 59)], tmp_path))
    assert numbers(annokit.extract_frames(ds, video, tmp_path / "out")) == [2, 10, 59]
    drawn = annokit.extract_frames(ds, video, tmp_path / "drawn", frames=[10], draw=True)
    assert np.asarray(Image.open(drawn[0]).convert("RGB")).std() > 0


def test_classifications_of_encord_hold_over_their_range(video, tmp_path):
    record = rows()
    record["classification_answers"] = {
        "c": {"classificationHash": "c", "featureHash": "f", "range": [[4, 6], [20, 20]], "classifications": []}
    }
    ds = annokit.read(saved([record], tmp_path))
    assert numbers(annokit.extract_frames(ds, video, tmp_path / "out")) == [4, 5, 6, 20]


def test_frames_of_dataloop_hold_until_the_next_snapshot(video, tmp_path):
    """Dataloop counts frames from 0; what a snapshot says holds until the next one."""
    corners = [{"x": 8, "y": 8}, {"x": 24, "y": 24}]
    snapshots = [
        {"frame": 7, "fixed": False, "label": "car", "data": corners},
        {"frame": 9, "fixed": False, "label": "car", "data": corners},
    ]
    annotation = {"type": "box", "label": "car", "attributes": [], "coordinates": corners,
                  "metadata": {"system": {"frame": 5, "endFrame": 10, "startTime": 0.2, "endTime": 0.4, "automated": False,
                                          "snapshots_": snapshots}}}  # fmt: skip
    document = {"id": "i", "filename": "/case.mp4", "type": "file", "metadata": {"system": {
        "mimetype": "video/mp4", "width": WIDTH, "height": HEIGHT}, "fps": 25}, "annotations": [annotation]}  # fmt: skip
    ds = annokit.read(saved(document, tmp_path, "case.json"), "dataloop")
    assert numbers(annokit.extract_frames(ds, video, tmp_path / "out")) == list(range(5, 11))


def test_one_of_two_videos_of_a_data_group(video, tmp_path):
    boxes = {"objects": [thing("bounding_box", "boundingBox", BOX)], "classifications": []}
    spaces = {
        name: {
            "space_type": "video",
            "child_info": {"file_name": name},
            "width": WIDTH,
            "height": HEIGHT,
            "labels": {str(f): boxes},
        }
        for name, f in (("other.mp4", 3), ("case.mp4", 8))
    }
    ds = annokit.read(saved([group(spaces)], tmp_path))
    assert numbers(annokit.extract_frames(ds, video, tmp_path / "out")) == [8]
    assert numbers(annokit.extract_frames(ds, video, tmp_path / "more", title="other.mp4")) == [3]


def test_frames_beyond_the_video_are_listed_and_named(video, tmp_path):
    ds = annokit.read(saved([rows(3, 60)], tmp_path), images=video.parent)
    (issue,) = ds.issues.of("missing-media")
    assert (issue.count, issue.severity) == (1, "warning")
    assert issue.examples[0].startswith("case.mp4#60: ")
    assert issue.examples[0].endswith("frames run from 0 to 59")
    assert len(ds.annotations) == 2
    with pytest.raises(annokit.MediaError, match="there is no frame 60"):
        annokit.extract_frames(ds, video, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert number_of(np.asarray(ds["case.mp4#3"].image)) == 3
    with pytest.raises(annokit.MediaError, match="there is no frame 60"):
        _ = ds["case.mp4#60"].image


def test_sizes_come_from_the_video(video, tmp_path):
    record = rows(3)
    del record["data_units"]["v1"]["width"], record["data_units"]["v1"]["height"]
    ds = annokit.read(saved([record], tmp_path), images=video.parent)
    assert (ds[0].width, ds[0].height) == (WIDTH, HEIGHT)


def test_a_broken_video_is_listed_and_loses_no_label(tmp_path):
    (tmp_path / "media").mkdir()
    broken = tmp_path / "media" / "case.mp4"
    broken.write_bytes(b"\x00" * 999)
    ds = annokit.read(saved([rows(3, 5)], tmp_path), images=tmp_path / "media")
    (issue,) = ds.issues.of("bad-media")
    assert (issue.count, issue.severity) == (2, "warning")
    assert "case.mp4" in issue.examples[0]
    assert len(ds.annotations) == 2
    with pytest.raises(annokit.MediaError, match=r"case\.mp4"):
        annokit.extract_frames(ds, broken, tmp_path / "out")
    with pytest.raises(annokit.MediaError, match=r"case\.mp4"):
        _ = ds[0].image


def test_without_the_extra_it_is_named(video, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    ds = annokit.read(saved([rows(3)], tmp_path), images=video.parent)
    assert not ds.issues
    with pytest.raises(annokit.MissingExtraError, match=r"annokit\[video\]"):
        annokit.extract_frames(ds, video, tmp_path / "out")
    with pytest.raises(annokit.MissingExtraError, match=r"annokit\[video\]"):
        _ = ds[0].image
