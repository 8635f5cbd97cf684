"""What a release means in the model."""

import json
from copy import deepcopy
from io import BytesIO

import numpy as np
import pytest

import annokit
from annokit import Cuboid, Point, Polygon
from tests.fixtures import fixture
from tests.formats.segments.documents import (
    BITMAP_SEQUENCE,
    CUBOID_SEQUENCE,
    CUBOIDS,
    FIRST_LAYOUT,
    POINTS,
    SECOND_LAYOUT,
    SEGMENTATION,
    SENSORS,
    SEQUENCE,
    TASKS_BY_NAME,
    TEXT,
    TODAY,
    VECTOR,
    masks,
    parsed,
    release,
    sample,
    vectors,
    written,
)


def test_samples_are_items():
    ds = parsed(SEGMENTATION)
    assert [item.name for item in ds][:4] == ["dir/a.jpg", "b.jpg", "c.jpg", "d.jpg"]
    first = ds[0]
    assert (first.id, first.kind, first.dataset, first.split) == ("id of dir/a.jpg", "image", "flowers", "train")
    assert first.uri == "https://host/assets/dir/a.jpg?signature=1"
    assert (first.width, first.height) == (None, None)
    assert dict(first.attributes) == {"weather": "sunny", "night": False, "note": None}
    assert first.extras["segments/metadata"] == {"city": "Gent", "1": [2]}
    assert first.extras["segments/label_status"] == "REVIEWED"


def test_unlabelled_is_not_labelled_without_objects():
    ds = parsed(SEGMENTATION)
    assert [item.status for item in ds][:9] == [
        "reviewed", "unlabelled", "in_progress", "reviewed", "skipped", "rejected", "unlabelled", "labelled", "labelled",
    ]  # fmt: skip
    assert [item.extras.get("segments/label_status") for item in ds][:3] == ["REVIEWED", None, "PRELABELED"]


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("UNLABELED", "unlabelled"), ("PRELABELED", "in_progress"), ("LABELING_IN_PROGRESS", "in_progress"),
        ("LABELED", "labelled"), ("REVIEWING_IN_PROGRESS", "labelled"), ("REVIEWED", "reviewed"),
        ("VERIFIED", "reviewed"), ("REJECTED", "rejected"), ("SKIPPED", "skipped"), ("labeled", "labelled"),
        ("NEW", None),
    ],
)  # fmt: skip
def test_every_status_is_known(word, status):
    item = parsed(release([sample("a", masks([]), word)]))[0]
    assert item.status == status
    assert item.extras["segments/label_status"] == word


def test_objects_of_a_bitmap():
    ds = parsed(SEGMENTATION)
    first, second, third = ds[0].annotations
    assert [a.id for a in ds[0].annotations] == [1, 70000, 5]
    assert [a.label.name for a in ds[0].annotations] == ["background", "flower", "Blätter 葉"]
    assert [a.label.source_id for a in ds[0].annotations] == [0, 3, 7]
    assert dict(first.attributes) == {"occluded": "1", "pose": None, "n": 2, "l": ["a"]}
    assert second.track == 70000
    assert third.extras["segments/confidence"] == 0.5
    assert {a.layer for a in ds.annotations} == {"ground-truth"}
    assert first.shape is None


def test_categories_are_labels():
    background, flower, leaf = parsed(SEGMENTATION).labels
    assert (background.source_id, background.is_thing, background.color) == (0, False, (1, 2, 3))
    assert (flower.source_id, flower.is_thing, flower.color) == (3, True, (4, 5, 6, 255))
    assert (leaf.source_id, leaf.is_thing, leaf.color) == (7, None, None)


def test_attributes_are_defined():
    ds = parsed(TODAY["definitions"])
    colour, parts, _, number, other, ok, vector, new, odd = ds.labels["car"].attributes
    assert (colour.type, [o.name for o in colour.options], colour.default) == ("select", ["red", "blue"], "red")
    assert colour.required is True
    assert (parts.type, parts.scope) == ("multiselect", "track")
    assert (number.type, number.minimum, number.maximum) == ("number", 0.0, None)
    assert (other.minimum, other.maximum) == (1.5, 7)
    assert (ok.type, ok.default) == ("boolean", False)
    assert (vector.type, new.type, odd.type) == ("list", "other", "other")
    (weather,) = ds.labels.attributes
    assert (weather.name, weather.scope) == ("weather", "item")


def test_shapes_are_in_pixels_and_corners_in_any_order():
    ds = annokit.read(BytesIO(json.dumps(VECTOR).encode()), "segments", sizes={"a.jpg": (20, 10)})
    assert ds[0].boxes(unit="pixel")[:4].tolist() == [[1, 2.5, 3, 4], [3, 2, 30.5, 4.25], [1, 4, 3, 40], [3, 4, 10, 40]]
    shapes = [a.shape for a in ds[0].annotations]
    assert shapes[4] == Polygon.of([[0, 0], [10.25 / 20, 0], [0.25, 0.75]])
    assert shapes[5].points.tolist() == [[0, 0], [-3.5 / 20, 100]]
    assert shapes[6] == Point(0.1 / 20, 0.02)
    assert shapes[7:13] == [None] * 6
    assert [a.label and a.label.source_id for a in ds[0].annotations][13:17] == [None] * 4


def test_without_a_size_only_fractions_are_unknown():
    ds = parsed(VECTOR)
    assert ds[0].boxes(unit="source")[0].tolist() == [1, 2.5, 3, 4]
    with pytest.raises(annokit.MissingSizeError, match=r"a\.jpg"):
        ds[0].boxes()


def test_what_is_odd_is_told():
    issues = parsed(VECTOR).issues
    assert issues.of("odd-value").issues[0].count == 7
    assert issues.of("dangling-reference").issues[0].count == 4
    assert issues.of("unsupported-record").issues[0].examples == ("shapes in a point cloud",)
    rows = [row for row in issues.rows() if row.annotation == 10]
    assert rows[0].item == "a.jpg"
    assert "ellipse" in rows[0].detail


def test_unknown_keys_are_told_and_documented_ones_are_not():
    issues = parsed(SEGMENTATION).issues.of("unread-key")
    assert sorted(issue.field for issue in issues) == ["#x", "confidence", "label", "score_of_label", "surprise"]
    assert issues.severity == "info"


def test_frames_are_items_of_their_sample():
    ds = parsed(SEQUENCE)
    scene = ds.sequences[0]
    assert (scene.id, scene.name, scene.status, scene.split) == ("id of scene", "scene", "reviewed", "val")
    items = [item for item in ds if item.sequence.row == 0]
    assert [item.name for item in items] == ["first", "scene#1", "scene#2", "scene#3", "scene#4"]
    assert [item.frame for item in items] == [0, 1, 2, 3, 4]
    assert [item.timestamp for item in items] == [1532402927647951000, None, 2.5, None, None]
    assert [item.uri for item in items] == ["https://h/1.png", "https://h/2.png", "https://h/3.png", None, None]
    assert {item.kind for item in items} == {"frame"}
    assert {item.status for item in items} == {"reviewed"}
    assert dict(items[0].attributes) == {"light": "dim"}
    assert [sequence.name for sequence in ds.sequences][-2:] == ["frameless", "odd"]


def test_frames_are_there_already_and_key_frames_known():
    ds = parsed(SEQUENCE)
    assert [(a.track, a.keyframe) for item in ds[:2] for a in item.annotations] == [(4, True), (5, False), (4, False)]
    assert ds.expand() == ds
    assert len(ds.tracks()) == 2


def test_outside_sequences_nobody_knows_of_key_frames():
    assert [a.keyframe for a in parsed(VECTOR)[0].annotations][:1] == [None]


def test_each_frame_has_its_bitmap():
    ds = parsed(BITMAP_SEQUENCE)
    assert [ds._items.value("bitmap", row) for row in (0, 2)] == [
        {"name": "https://h/f0.png"},
        {"name": "https://h/f2.png"},
    ]
    assert [a.id for a in ds.annotations] == [9, 9, 9]


def test_cuboids():
    ds = parsed(CUBOIDS)
    shapes = [a.shape for a in ds[0].annotations]
    assert shapes[0] == Cuboid.of((1, 2.5, 3), (4, 5, 6), (0, 0, 0))
    assert shapes[1].rotation == (0, 0, 0, 1)
    assert shapes[2] is None
    assert shapes[3].rotation is None
    assert (ds[0].kind, ds[0].uri) == ("pointcloud", "https://h/1.pcd")
    assert ds[0].annotations[1].extras["segments/velocity"] == {"x": 1}
    moving = parsed(CUBOID_SEQUENCE)
    assert [item.kind for item in moving] == ["pointcloud"] * 2
    assert moving[0].annotations[0].extras["segments/index"] == 0


@pytest.mark.parametrize(
    ("document", "kind", "told"),
    [(POINTS, "pointcloud", "labels of points"), (SENSORS, "pointcloud", "samples of several sensors"), (TEXT, "text", "texts")],
)  # fmt: skip
def test_what_has_no_shape_is_kept_whole_and_listed(document, kind, told):
    ds = parsed(document)
    assert ds[0].kind == kind
    assert told in [issue.examples[0] for issue in ds.issues.of("unsupported-record")]


def test_spans_of_text_are_verbatim():
    ds = parsed(TEXT)
    (span,) = ds[0].annotations
    start, end = span.extras["segments/start"], span.extras["segments/end"]
    assert ds[0].extras["segments/attributes"]["text"][start:end] == "Ünïc"
    assert span.label.source_id == 0


@pytest.mark.parametrize(
    "document", [FIRST_LAYOUT, SECOND_LAYOUT, TASKS_BY_NAME], ids=["2020-07", "2020-08", "by name"]
)
def test_layouts_of_2020(document):
    ds = parsed(document)
    assert [label.name for label in ds.labels] == ["person", "donut"]
    assert [(a.id, a.label.name) for a in ds[0].annotations] == [(1, "donut"), (2, "person")]
    assert ds[0].status == "labelled"
    assert ds.info["dataset"]["task_type"] == "segmentation-bitmap"
    (left,) = ds.issues.of("layer-not-read")
    assert left.examples == ("boxes",)
    boxes = parsed(document, task="boxes")
    assert [label.name for label in boxes.labels] == ["box"]
    assert boxes[0].boxes(unit="source").tolist() == [[1, 2, 3, 4]]
    assert boxes[0].status == "reviewed"


def test_layouts_of_2020_are_written_as_todays():
    ds = parsed(SECOND_LAYOUT)
    document, report = written(ds)
    assert [issue.field for issue in report] == []
    assert "tasks" not in document["dataset"]
    assert document["dataset"]["labelsets"][0] == {"name": "segmentation", "description": ""}
    assert parsed(document) == ds


def test_both_tasks_of_an_old_release():
    ds = parsed(SECOND_LAYOUT, layer="all")
    assert [(a.layer, a.label.name) for a in ds[0].annotations] == [
        ("segmentation", "donut"), ("segmentation", "person"), ("boxes", "box"),
    ]  # fmt: skip


LAYERED = release(
    [
        {
            **sample("a.jpg", vectors([{"id": 1, "category_id": 0, "type": "point", "points": [[1, 2]]}])),
            "labels": {
                "model": {
                    "label_status": "PRELABELED",
                    "attributes": vectors([{"id": 1, "category_id": 3, "type": "point", "points": [[3, 4]]}]),
                    "score": 0.5,
                },
                "ground-truth": {
                    "label_status": "LABELED",
                    "attributes": vectors([{"id": 1, "category_id": 0, "type": "point", "points": [[1, 2]]}]),
                },
            },
        },
        {**sample("b.jpg"), "labels": {"model": {"label_status": "PRELABELED", "attributes": vectors([])}, "ground-truth": None}},
    ],
    "vector",
    labelsets=[{"name": "ground-truth", "description": ""}, {"name": "model"}, {"name": "unused"}],
)  # fmt: skip


def test_labelsets_are_layers():
    ds = parsed(LAYERED)
    assert [a.label.source_id for a in ds.annotations] == [0]
    (left,) = ds.issues.of("layer-not-read")
    assert (left.count, left.examples) == (2, ("model", "unused"))
    for option in ("layer", "labelset", "task"):
        model = parsed(LAYERED, **{option: "model"})
        assert [(a.label.source_id, a.layer) for a in model.annotations] == [(3, "model")]
        assert [item.status for item in model] == ["in_progress", "in_progress"]
    assert len(parsed(LAYERED, layer="unused").annotations) == 0


def test_all_labelsets_come_back():
    ds = parsed(LAYERED, layer="all")
    assert [(a.label.source_id, a.layer) for a in ds[0].annotations] == [(0, "ground-truth"), (3, "model")]
    assert [item.status for item in ds] == ["labelled", "unlabelled"]
    document, report = written(ds)
    assert document == LAYERED
    assert not report


def test_another_labelset_than_the_main_one_is_read_back():
    for document in (
        LAYERED,
        {**LAYERED, "dataset": {**LAYERED["dataset"], "samples": LAYERED["dataset"]["samples"][1:]}},
    ):
        ds = parsed(document, layer="model")
        again, _ = written(ds)
        assert parsed(again) == ds


def test_the_main_layer_may_come_late():
    samples = [{**sample(f"{n}"), "labels": {"x": None}} for n in range(3000)]
    samples.append({**sample("last"), "labels": {"ground-truth": {"label_status": "LABELED", "attributes": masks([])}}})
    ds = parsed(release(samples, labelsets=[]))
    assert ds["last"].status == "labelled"


def test_an_unknown_layer_is_refused_with_the_choices():
    with pytest.raises(annokit.UsageError, match="no layer 'x'; it has 'ground-truth', 'model', 'unused'"):
        parsed(LAYERED, labelset="x")
    with pytest.raises(annokit.UsageError, match="mean the same"):
        parsed(LAYERED, labelset="x", layer="y")


def test_statuses_filter_samples():
    assert [i.name for i in parsed(SEGMENTATION, filter_by="reviewed")] == ["dir/a.jpg"]
    assert [i.name for i in parsed(SEGMENTATION, filter_by=["VERIFIED", "Skipped"])] == ["d.jpg", "e.jpg"]
    assert "b.jpg" in [i.name for i in parsed(SEGMENTATION, filter_by="UNLABELED")]
    with pytest.raises(annokit.UsageError, match="filter_by 'DONE'; expected some of LABELED"):
        parsed(SEGMENTATION, filter_by=["LABELED", "done"])


def test_metadata_filter_samples():
    assert [i.name for i in parsed(SEGMENTATION, filter_by_metadata={"split": "train"})] == ["dir/a.jpg"]
    assert len(parsed(SEGMENTATION, filter_by_metadata={"split": "train", "city": "Rome"})) == 0


def test_same_names_stay_two_items():
    ds = parsed(SEGMENTATION)
    assert [item.name for item in ds].count("b.jpg") == 2
    with pytest.raises(annokit.UsageError, match="2 items are called"):
        ds["b.jpg"]


def test_category_ids_that_repeat_are_told():
    document = deepcopy(VECTOR)
    document["dataset"]["task_attributes"]["categories"].append({"id": 3, "name": "again"})
    assert parsed(document).issues.of("duplicate-id").issues[0].examples == ("3",)


@pytest.mark.parametrize(
    "text",
    [
        b"", b"{", b"[]", b"null", b"7", b'{"dataset": {}}', b'{"dataset": {"samples": 3}}', b'{"samples": "x"}',
        b'{"dataset": {"samples": [{"name"', b'{"dataset": {"samples": [7]}}', b"\xff\xfe", b"\x00",
        b'{"dataset": {"samples": [], "task_attributes": {"categories": 3}}}',
        b'{"dataset": {"samples": [], "task_attributes": {"categories": [3]}}}',
        b'{"dataset": {"samples": [' + b"[" * 100_000,
    ],
)  # fmt: skip
def test_bad_files_name_the_file(text, tmp_path):
    path = tmp_path / "bad.json"
    path.write_bytes(text)
    with pytest.raises(annokit.AnnokitError, match=r"bad\.json"):
        annokit.read(path, "segments")


def test_bad_samples_can_be_collected(tmp_path):
    path = tmp_path / "bad.json"
    path.write_text(json.dumps(release([7, sample("a", masks([{"id": 1, "category_id": 3}])), None])))
    with pytest.raises(annokit.FormatError, match="2 records can't be read"):
        annokit.read(path)
    ds = annokit.read(path, on_bad="collect")
    assert [item.name for item in ds] == ["a"]
    assert ds.issues.of("bad-record").issues[0].count == 2


def test_samples_may_be_an_object():
    ds = parsed(
        {
            "name": "x",
            "dataset": {
                "name": "d",
                "task_type": "segmentation-bitmap",
                "samples": {"a": SEGMENTATION["dataset"]["samples"][0]},
            },
        }
    )
    assert [item.name for item in ds] == ["dir/a.jpg"]
    assert len(ds.annotations) == 3


def test_labels_may_be_a_list():
    label = {"labelset": "ground-truth", "label_status": "REVIEWED", "attributes": masks([{"id": 1, "category_id": 3}])}
    document = release([{**sample("a"), "labels": [label]}, {**sample("b"), "labels": [3]}])
    ds = parsed(document)
    assert [item.status for item in ds] == ["reviewed", "unlabelled"]
    assert len(ds.annotations) == 1
    assert written(ds)[0] == document


def test_detection_is_by_own_marks(tmp_path):
    for name, document in TODAY.items():
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps(document))
        assert [match.format for match in annokit.detect(path)] == ["segments"]
    other = fixture("savant/frame_batch.json")
    assert [match.format for match in annokit.detect(other)] == ["savant"]


def test_millions_of_points_are_kept():
    document = deepcopy(POINTS)
    document["dataset"]["samples"][0]["labels"]["ground-truth"]["attributes"]["point_annotations"] = [0, 1] * 50_000
    again, _ = written(parsed(document))
    assert again == document


def test_numpy_like_columns():
    ds = parsed(VECTOR)
    assert ds.annotations.kind.dtype == np.uint8
    assert ds.annotations.item.tolist() == [0] * 21


def test_opening_asks_no_network(tmp_path, monkeypatch):
    """Thousands of samples open without a connection; see benchmarks/bench_segments.py for how fast."""

    def refuse(*_args, **_more):
        raise AssertionError("a connection was asked for")

    for name in ("socket", "create_connection", "getaddrinfo"):
        monkeypatch.setattr(f"socket.{name}", refuse)
    objects = [{"id": number, "category_id": 3} for number in range(1, 4)]
    samples = [sample(f"{number}.jpg", masks(objects, f"https://host/{number}.png")) for number in range(5_000)]
    (tmp_path / "release.json").write_text(json.dumps(release(samples)))
    ds = annokit.read(tmp_path / "release.json")
    assert (len(ds), len(ds.annotations)) == (5_000, 15_000)
    assert [a.label.name for a in ds[4_999]["annotations"]] == ["flower"] * 3
    with pytest.raises(annokit.MediaError, match="not on this machine"):
        _ = ds[4_999]["segmentation_bitmap"]


@pytest.mark.parametrize("document", [FIRST_LAYOUT, SECOND_LAYOUT, TASKS_BY_NAME, SEGMENTATION], ids="ABCD")
def test_layouts_are_recognised_by_their_marks(document):
    for indent in (None, 2):
        found = annokit.detect(BytesIO(json.dumps(document, indent=indent).encode()))
        assert [match.format for match in found] == ["segments"]


def test_answers_of_the_api_are_no_releases():
    for path in sorted(fixture("segments_api_2022").glob("*.json")):
        assert "segments" not in [match.format for match in annokit.detect(path)], path
