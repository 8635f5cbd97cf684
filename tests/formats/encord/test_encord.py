import json
from io import BytesIO

import numpy as np
import pytest

import annokit
from annokit import Box, Ellipse, Keypoints, Point, Polygon, Polyline, RotatedBox, TimeSpan
from tests.fixtures import fixture

ONTOLOGY = {
    "objects": [
        {"id": "1", "name": "Car", "color": "#D33115", "shape": "bounding_box", "featureNodeHash": "f1", "attributes": [
            {"id": "1.1", "name": "Colour", "type": "radio", "required": False, "featureNodeHash": "a1", "options": [
                {"id": "1.1.1", "label": "Red", "value": "red", "featureNodeHash": "o1"},
                {"id": "1.1.2", "label": "Other", "value": "other", "featureNodeHash": "o2", "options": [
                    {"id": "1.1.2.1", "name": "Which", "type": "text", "featureNodeHash": "a2"}]}]},
            {"id": "1.2", "name": "Moving", "type": "checklist", "dynamic": True, "featureNodeHash": "a3", "options": [
                {"id": "1.2.1", "label": "Fast", "value": "fast", "featureNodeHash": "o3"}]}]},
        {"id": "2", "name": "Hand", "color": "#0000FF", "shape": "skeleton", "featureNodeHash": "sk1", "attributes": []},
    ],
    "classifications": [
        {"id": "1", "featureNodeHash": "cl1", "level": "global", "attributes": [
            {"id": "1.1", "name": "Weather", "type": "radio", "featureNodeHash": "a5", "options": [
                {"id": "1.1.1", "label": "Rain", "value": "rain", "featureNodeHash": "o4"}]}]}],
    "skeleton_templates": [{"template": {"name": "Hand", "feature_node_hash": "sk1",
        "skeleton": {"0": {"name": "wrist"}, "1": {"name": "tip"}}, "skeletonEdges": {"0": {"1": {"color": "#000000"}}}}}],
}  # fmt: skip


def thing(shape, key, value, **more):
    return {"objectHash": shape[:8], "featureHash": f"h-{shape}", "name": shape, "value": shape, "color": "#00ff00",
            "shape": shape, "confidence": 1, "createdAt": "Thu, 09 Feb 2023 14:12:03 UTC", "createdBy": "a@b.c",
            "manualAnnotation": True, key: value, **more}  # fmt: skip


OBJECTS = [
    thing("bounding_box", "boundingBox", {"h": 0.30, "w": 0.20, "x": 0.10, "y": 0.40}),
    thing("rotatable_bounding_box", "rotatableBoundingBox", {"h": 0.30, "w": 0.20, "x": 0.40, "y": 0.35, "theta": 30}),
    thing("polygon", "polygons", [[[0.1, 0.1, 0.4, 0.1, 0.4, 0.8, 0.1, 0.8], [0.2, 0.3, 0.3, 0.3, 0.3, 0.6]], [[0.6, 0.1, 0.8, 0.1, 0.7, 0.5]]],
          polygon={"0": {"x": 0.1, "y": 0.1}}),
    thing("polyline", "polyline", {str(i): {"x": i / 100, "y": 0.5} for i in (10, 9, 0)}),
    thing("point", "point", {"0": {"x": 0.25, "y": 0.75}}),
    thing("skeleton", "skeleton", {"1": {"x": 0.2, "y": 0.3, "name": "tip", "occluded": True},
                                   "0": {"x": 0.1, "y": 0.2, "name": "wrist", "visibility": "invisible"}}),
    thing("circle", "circle", {"x": 0.5, "y": 0.5, "r": 0.10}),
    thing("ellipse", "ellipse", {"x": 0.5, "y": 0.5, "rx": 0.10, "ry": 0.30, "theta": 45}),
    thing("cuboid_2d", "cuboid_2d", {"front": [0.6, 0.5, 0.7, 0.5, 0.7, 0.9, 0.6, 0.9], "offset": {"x": 0.05, "y": -0.05}}),
]  # fmt: skip


def row(labels, **more):
    unit = {"data_hash": "d1", "data_title": "ä.png", "data_link": "s3/x.png", "data_type": "image/png", "data_sequence": 0,
            "width": 200, "height": 100, "labels": labels}  # fmt: skip
    return {"label_hash": "l1", "data_hash": "d1", "data_title": "ä.png", "dataset_title": "set", "data_type": "image",
            "label_status": "REVIEWED_TWICE", "object_answers": {}, "classification_answers": {}, "object_actions": {},
            "data_units": {"d1": unit}, **more}  # fmt: skip


def video(frames, **more):
    unit = {"data_hash": "v1", "data_title": "v.mp4", "data_link": "s3/v", "data_type": "video/mp4", "data_sequence": 0,
            "width": 640, "height": 480, "data_fps": 25.0, "data_duration": 4.0, "labels": frames}  # fmt: skip
    return row({}, data_title="v.mp4", data_hash="v1", data_type="video", data_units={"v1": unit}, **more)


def parsed(*rows, **options):
    return annokit.read(BytesIO(json.dumps(list(rows)).encode()), "encord", **options)


def test_every_shape_on_a_picture_that_is_not_square():
    ds = parsed(row({"objects": OBJECTS, "classifications": []}))
    item = ds[0]
    assert (item.name, item.width, item.height, item.status) == ("ä.png", 200, 100, "reviewed")
    shapes = [annotation.shape for annotation in item.annotations]
    assert shapes[0] == Box(0.10, 0.40, 0.10 + 0.20, 0.40 + 0.30)
    assert item.boxes("xywh", "pixel")[0] == pytest.approx([20, 40, 40, 30])
    assert (shapes[1].cx, shapes[1].cy, shapes[1].angle) == (pytest.approx(0.5), pytest.approx(0.5), 30)
    assert isinstance(shapes[1], RotatedBox)
    assert [len(part) for part in shapes[2].parts] == [2, 1]
    assert isinstance(shapes[2], Polygon)
    assert shapes[3] == Polyline(np.array([[0.0, 0.5], [0.09, 0.5], [0.1, 0.5]]))
    assert shapes[4] == Point(0.25, 0.75)
    assert shapes[5] == Keypoints(np.array([[0.1, 0.2], [0.2, 0.3]]), np.array([0, 1], np.uint8))
    assert shapes[6] == Ellipse(0.5, 0.5, 0.1, 0.2, 0.0)
    assert shapes[7] == Ellipse(0.5, 0.5, 0.1, 0.3, 45.0)
    assert shapes[8].corners[4].tolist() == pytest.approx([0.65, 0.45])
    assert str(ds.issues) == "nothing to report"


def test_what_is_said_of_an_object_beside_its_shape():
    (annotation,) = parsed(row({"objects": OBJECTS[:1]}))[0].annotations
    assert (annotation.track, annotation.score, annotation.keyframe, annotation.layer) == ("bounding", 1, True, "main")
    assert (annotation.created, annotation.author) == ("Thu, 09 Feb 2023 14:12:03 UTC", "a@b.c")
    assert (annotation.label.source_id, annotation.label.color, annotation.label.shape) == (
        "h-bounding_box",
        (0, 255, 0),
        "box",
    )


@pytest.mark.parametrize(
    ("shape", "text", "rows"),
    [
        ((3, 5), "13:N", ["01110", "00000", "00001"]),
        ((2, 3), "015", ["100", "000"]),
        ((2, 3), "6", ["000", "000"]),
        ((2, 3), "06", ["111", "111"]),
    ],
)
def test_run_lengths_go_along_the_rows(shape, text, rows):
    mask = {"top": 0, "left": 0, "height": shape[0], "width": shape[1], "rleString": text}
    (annotation,) = parsed(row({"objects": [thing("bitmask", "bitmask", mask)]}))[0].annotations
    assert annotation.shape.decode().astype(int).tolist() == [[int(c) for c in line] for line in rows]


def test_frames_of_a_video_are_items_with_tracks_and_answers():
    box = {"h": 0.5, "w": 0.5, "x": 0, "y": 0}
    frames = {
        f: {"objects": [thing("bounding_box", "boundingBox", box, featureHash="f1", objectHash="o", name="Car")]}
        for f in ("10", "2", "3")
    }
    answers = {"o": {"objectHash": "o", "classifications": [
        {"name": "Colour", "featureHash": "a1", "answers": [{"name": "Other", "value": "other", "featureHash": "o2"}]},
        {"name": "Which", "featureHash": "a2", "answers": "navy"}]}}  # fmt: skip
    actions = {"o": {"objectHash": "o", "actions": [
        {"name": "Moving", "featureHash": "a3", "range": [[2, 3]], "answers": [{"name": "Moving", "value": "fast", "featureHash": "o3"}]}]}}  # fmt: skip
    record = video(frames, object_answers=answers, object_actions=actions)
    plain, known = parsed(record), parsed(record, ontology=ONTOLOGY)
    assert [(item.name, item.frame, item.kind) for item in plain] == [
        ("v.mp4#2", 2, "frame"),
        ("v.mp4#3", 3, "frame"),
        ("v.mp4#10", 10, "frame"),
    ]
    assert dict(plain[0].annotations[0].attributes) == {"Colour": ["Other"], "Which": "navy", "Moving": ["fast"]}
    assert dict(known[0].annotations[0].attributes) == {"Colour": "Other", "Which": "navy", "Moving": ["Fast"]}
    assert dict(known[2].annotations[0].attributes) == {"Colour": "Other", "Which": "navy"}
    assert known.labels["Car"].attributes[0].options[1].attributes[0].name == "Which"
    assert known.labels["Hand"].skeleton == annokit.Skeleton(("wrist", "tip"), ((0, 1),))
    (sequence,) = known.sequences
    assert (sequence.id, sequence.name, sequence.fps, sequence.width) == ("l1", "v.mp4", 25.0, 640)
    assert len(known.tracks()) == 1


CLASSIFIED = {"c": {"classificationHash": "c", "classifications": [
    {"name": "Weather", "featureHash": "a5", "answers": [{"name": "Rain", "value": "rain", "featureHash": "o4"}]}]}}  # fmt: skip
ENTRY = {"name": "Weather", "value": "weather", "featureHash": "cl1", "classificationHash": "c", "confidence": 1}
RANGED = {"c": {**CLASSIFIED["c"], "featureHash": "cl1", "range": [[0, 12], [20, 20]]}}


def told(ds):
    return [(item.name, a.label.name, dict(a.attributes), a.span) for item in ds for a in item.annotations]


def test_classifications_come_from_frames_or_ranges_never_from_both():
    rain = {"Weather": ["Rain"]}
    old = video({"4": {"objects": [], "classifications": [ENTRY]}}, classification_answers=CLASSIFIED)
    assert told(parsed(old)) == [("v.mp4#4", "Weather", rain, None)]
    new = video({}, classification_answers=RANGED)
    assert told(parsed(new)) == [
        ("v.mp4", "Weather", rain, TimeSpan(None, None, 0, 12)),
        ("v.mp4", "Weather", rain, TimeSpan(None, None, 20, 20)),
    ]
    both = row(
        {"objects": [], "classifications": [ENTRY]}, classification_answers={"c": {**RANGED["c"], "range": [[0, 0]]}}
    )
    assert told(parsed(both)) == [("ä.png", "Weather", rain, None)]
    whole = video({}, classification_answers={"c": {**RANGED["c"], "range": []}})
    assert told(parsed(whole)) == [("v.mp4", "Weather", rain, None)]
    without = row({"objects": [], "classifications": [ENTRY]})
    assert told(parsed(without)) == [("ä.png", "Weather", {}, None)]


def test_branches_are_layers_and_main_is_read_by_default():
    rows = [row({"objects": OBJECTS[:1]}), row({"objects": OBJECTS[:2]}, branch_name="encord-1", label_hash="l2")]
    ds = parsed(*rows)
    assert len(ds.annotations) == 1
    assert [(i.code, i.severity, i.count) for i in ds.issues] == [("layer-not-read", "warning", 1)]
    assert len(parsed(*rows, layer="encord-1").annotations) == 2
    every = parsed(*rows, layer="all")
    assert [a.layer for a in every.annotations] == ["main", "encord-1", "encord-1"]
    assert len(every.sequences) == 2


def test_what_is_odd_is_kept_and_listed():
    odd = [thing("star", "star", {}), thing("bounding_box", "boundingBox", {"x": "0"}), thing("polygon", "polygon", {})]
    ds = parsed(row({"objects": odd}))
    assert [a.shape for a in ds.annotations] == [None, None, None]
    (issue,) = ds.issues.of("odd-value")
    assert (issue.severity, issue.count) == ("warning", 3)
    assert ds.annotations[0].extras["encord/#object"] == odd[0]


def test_sizes_may_be_missing():
    record = row({"objects": OBJECTS[:1]})
    record["data_units"]["d1"].pop("width")
    ds = parsed(record)
    assert ds[0].boxes()[0].tolist() == [0.1, 0.4, pytest.approx(0.3), pytest.approx(0.7)]
    with pytest.raises(annokit.MissingSizeError):
        ds[0].boxes(unit="pixel")


@pytest.mark.parametrize(
    "text", [b"", b"[", b"[7]", b'[{"labels": {}}]', b"null", b"\xff", b'{"data_units": 7}', b"[" * 100_000]
)
def test_bad_files_name_the_file(text, tmp_path):
    path = tmp_path / "bad.json"
    path.write_bytes(text)
    with pytest.raises(annokit.AnnokitError, match=r"bad\.json"):
        annokit.read(path, "encord")


@pytest.mark.parametrize(
    "name",
    [
        "empty_video__labels",
        "dicom_labels__dicom_labels",
        "image_group__image_group_labels",
        "audio_objects__AUDIO_OBJECTS",
    ],
)
def test_real_rows_of_every_type_are_recognised(name):
    path = fixture(f"encord/{name}.json")
    assert [match.format for match in annokit.detect(path)] == ["encord"]
    assert len(annokit.read(path).sequences) >= 1
