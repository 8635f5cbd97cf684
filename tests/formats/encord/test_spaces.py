"""Data groups: labels of the pictures and videos in a group's spaces."""

import json
from io import BytesIO

import annokit
from annokit import Box, TimeSpan
from annokit.columns.json import same
from tests.fixtures import fixture
from tests.formats.encord.test_encord import CLASSIFIED, ENTRY, OBJECTS, RANGED, parsed, row
from tests.formats.encord.test_write import written

BOXES = [OBJECTS[0]]
UNIT = {"data_hash": "g", "data_title": "", "data_type": "group", "data_sequence": 0, "labels": {"objects": [], "classifications": []}}  # fmt: skip


def video_space(name, labels, **more):
    return {"space_type": "video", "child_info": {"layout_key": name, "file_name": name}, "number_of_frames": 10,
            "width": 200, "height": 100, "labels": labels, **more}  # fmt: skip


def group(spaces, **more):
    return row({}, data_type="group", data_title="g", data_hash="g", data_units={"g": UNIT}, spaces=spaces, **more)


TWO = {
    "b": video_space("Left.mp4", {"10": {"objects": BOXES, "classifications": []}, "2": {"objects": BOXES, "classifications": []}}),
    "a": video_space("Right.mp4", {"2": {"objects": BOXES, "classifications": []}}),
    "p": {"space_type": "image", "child_info": {"file_name": "p.png"}, "width": 20, "height": 10,
          "labels": {"0": {"objects": BOXES, "classifications": [ENTRY]}}},
}  # fmt: skip


def test_pictures_and_frames_of_spaces_are_items():
    ds = parsed(group(TWO, classification_answers=CLASSIFIED))
    assert [(item.name, item.kind, item.frame, item.width) for item in ds] == [
        ("", "image", None, None),
        ("Left.mp4#2", "frame", 2, 200),
        ("Left.mp4#10", "frame", 10, 200),
        ("Right.mp4#2", "frame", 2, 200),
        ("p.png", "image", None, 20),
    ]
    assert [a.shape for a in ds["Left.mp4#2"].annotations] == [Box(0.1, 0.4, 0.1 + 0.2, 0.4 + 0.3)]
    assert ds["p.png"].boxes("xywh", "pixel")[0].round(9).tolist() == [2, 4, 4, 3]
    assert dict(ds["p.png"].annotations[1].attributes) == {"Weather": ["Rain"]}


def test_ranges_hold_in_the_space_that_they_name():
    entry = {
        **RANGED["c"],
        "range": [],
        "spaces": {"b": {"range": [[3, 5]], "type": "frame"}, "p": {"range": [], "type": "frame"}},
    }
    spaces = {key: {**space, "labels": {}} for key, space in TWO.items()}
    record = group(spaces, classification_answers={"c": entry})
    ds = parsed(record)
    found = [(item.name, item.kind, a.span) for item in ds for a in item.annotations]
    assert sorted(found, key=str) == [
        ("Left.mp4", "video", TimeSpan(None, None, 3, 5)),
        ("p.png", "image", None),
    ]
    assert same(written(ds)[0], [record])


def test_a_frame_beyond_the_video_of_a_space_is_listed():
    (issue,) = parsed(group({"b": TWO["b"]})).issues.of("odd-value")
    assert (issue.count, issue.severity) == (1, "warning")
    assert "Left.mp4#10: /0/spaces/b/labels/10" in issue.examples


def test_a_dynamic_answer_may_hold_in_one_space():
    action = {"name": "Moving", "featureHash": "m", "range": [[2, 2]], "spaceId": "b", "answers": "yes"}
    actions = {"bounding": {"objectHash": "bounding", "actions": [action]}}
    ds = parsed(group(TWO, object_actions=actions, classification_answers=CLASSIFIED))
    told = {item.name: dict(item.annotations[0].attributes) for item in ds if item.annotations}
    assert told == {"Left.mp4#2": {"Moving": "yes"}, "Left.mp4#10": {}, "Right.mp4#2": {}, "p.png": {}}


def test_changes_in_a_space_are_written_there():
    ds = parsed(group(TWO, classification_answers=CLASSIFIED)).filter(items=lambda item: item.name != "Left.mp4#10")
    (back,), _ = written(ds)
    assert list(back["spaces"]["b"]["labels"]) == ["2"]
    assert back["spaces"]["a"] == TWO["a"]
    kept = annokit.read(BytesIO(json.dumps([back]).encode()), "encord")
    assert [item.name for item in kept] == [item.name for item in ds]


def test_other_spaces_are_kept_and_listed():
    spaces = {"s": {"space_type": "point_cloud", "scene_info": {}, "labels": {"objects": [{"segmentation": "06"}]}}}
    record = group(
        spaces, object_answers={"o": {"objectHash": "o", "classifications": [], "spaces": {"s": {"range": []}}}}
    )
    ds = parsed(record)
    assert [(i.severity, i.count) for i in ds.issues.of("unsupported-record")] == [("warning", 1), ("warning", 1)]
    assert same(written(ds)[0], [record])


def test_real_groups():
    ds = annokit.read(fixture("encord/data_group_two_videos__DATA_GROUP_WITH_TWO_VIDEOS_LABELS.json"))
    assert str(ds.issues) == "nothing to report"
    point = [a for item in ds for a in item.annotations if a.track == "dynamicPoint1"]
    told = [dict(a.attributes)["First name"] for a in point]
    assert told == ["Some dynamic Text", "Another dynamic text", "Another dynamic text"]
    assert [item.name for item in ds.frames(0, 1, title="Left Camera.mp4")] == [
        "Left Camera.mp4#0",
        "Left Camera.mp4#1",
    ]
    layers = annokit.read(fixture("encord/data_group_multilayer_image__DATA_GROUP_MULTILAYER_IMAGE_LABELS.json"))
    assert [len(item.annotations) for item in layers] == [0, 3]
