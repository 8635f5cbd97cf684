"""Layouts, spellings and broken documents."""

import json
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import annokit
from annokit import Dataset, FormatError
from tests.formats.innotescus.documents import (
    ANNOTATIONS,
    APART,
    BOX,
    CLASSES,
    DOCUMENTS,
    FIELDS,
    HOLE,
    ITEM_FIELDS,
    ITEMS,
    OUTER,
    annotation,
    parsed,
    points,
    put,
)


def with_annotations(tmp_path: Path, *records: Any, **more: Any) -> Path:
    return put(tmp_path / "in", {**DOCUMENTS, "annotations.json": list(records), **more})


def again(ds: Dataset, tmp_path: Path) -> dict[str, Any]:
    """The files of a dataset that loses nothing."""
    report = annokit.write(ds, tmp_path / "out", "innotescus", on_loss="raise")
    assert not report, str(report)
    return parsed(tmp_path / "out")


def told(ds: Dataset, code: str) -> list[str]:
    return [str(row.detail) for row in ds.issues.of(code).rows()]


# what the documents mean


def test_the_model_of_the_documents(tmp_path: Path) -> None:
    ds = annokit.read(put(tmp_path / "in", DOCUMENTS))
    assert [item.name for item in ds] == ["a.png", "clip.mp4#0", "clip.mp4#4", "clip.mp4#5", "dir/b.png"]
    assert [item.frame for item in ds] == [None, 0, 4, 5, None]
    assert [label.path for label in ds.labels] == [
        "Thing",
        'Thing.Vehicle, "big"',
        'Thing.Vehicle, "big".Größe 猫',
    ]
    assert [label.source_id for label in ds.labels] == [0, 7, 3]
    assert dict(ds[0].attributes) == {"weather": "rain", "score": 0.5, "night": True}
    clip, unused = ds.sequences
    assert (clip.name, clip.frames, clip.width, clip.height) == ("clip.mp4", 90, 1920, 1080)
    assert dict(clip.attributes) == {"weather": "dry"}
    assert unused.name == "unused.mp4"
    track = next(track for track in ds.tracks() if track.id == 9)
    assert track.frames == (4, 5)
    first = ds[0].annotations[0]
    assert (first.id, first.author, dict(first.attributes)) == (
        1,
        "a@b.c, d@e.f",
        {"pose": "back", "count": 3, "note": 'a, "b"'},
    )


def test_definitions_of_metadata_are_attribute_definitions(tmp_path: Path) -> None:
    ds = annokit.read(put(tmp_path / "in", DOCUMENTS))
    pose, count, note, weather, score, night = ds.labels.attributes
    assert (pose.type, pose.labels, pose.required) == ("select", (7, 3), False)
    assert [option.name for option in pose.options] == ["front", "back"]
    assert pose.options[1].extras == {"innotescus/display_name": "From behind"}
    assert (count.type, count.default, count.minimum, count.maximum, count.scope) == ("integer", 4, 0, 10, "annotation")
    assert (note.type, note.labels, note.default) == ("text", None, "x")
    assert (weather.type, weather.title, weather.scope, weather.required) == ("select", "Weather", "item", True)
    assert (score.type, score.default, score.maximum) == ("number", 0.25, 1.5)
    assert (night.type, night.default, night.extras["innotescus/trueText"]) == ("boolean", False, "at night")


def test_a_turned_box_turns_about_its_centre_by_radians(tmp_path: Path) -> None:
    turned = annotation(5, 0, "Box", box={"x": 4, "y": 10, "w": 20, "h": 10, "orientation": np.pi / 2})
    ds = annokit.read(with_annotations(tmp_path, turned))
    shape = ds[1].annotations[0].to_pixels()
    assert (shape.cx, shape.cy, shape.width, shape.height) == pytest.approx((14, 15, 20, 10))
    assert shape.angle == pytest.approx(90)
    assert ds[1].boxes(unit="pixel")[0].tolist() == pytest.approx([9, 5, 19, 25])
    assert again(ds, tmp_path)["annotations.json"] == [turned]


def test_contours_are_holes_or_parts_and_the_issues_tell(tmp_path: Path) -> None:
    record = annotation(0, 0, "Poly", poly=[HOLE, APART, OUTER])
    path = with_annotations(tmp_path, record)
    ds = annokit.read(path)
    (polygon,) = (a.shape for a in ds[0].annotations)
    assert [[len(ring) for ring in part] for part in polygon.parts] == [[3], [4, 3]]
    assert told(ds, "assumed") == [f"{path}/annotations.json: /0: 3 contours: 2 parts, 1 holes"]
    assert again(ds, tmp_path)["annotations.json"] == [record]
    union = annokit.read(path, holes="union")
    assert [len(part) for part in union[0].annotations[0].shape.parts] == [1, 1, 1]
    assert "each is taken for a part" in str(union.issues)


def test_holes_by_nesting_are_told_before_parts_become_holes(tmp_path: Path) -> None:
    path = with_annotations(tmp_path, annotation(0, 0, "Poly", poly=[OUTER, HOLE]))
    report = annokit.plan(annokit.read(path, holes="union"), "innotescus")
    assert [issue.code for issue in report] == ["converted"]


@pytest.mark.parametrize(
    "poly",
    [
        [[[0, 0], [20, 0], [20.5, 10]]],
        [[0, 0, 20, 0, 20.5, 10], [5, 1, 10, 1, 10, 4]],
        [points((0, 0), (20, 0), (20, 10), (0, 0))],
    ],
)
def test_every_spelling_of_points_comes_back(poly: Any, tmp_path: Path) -> None:
    record = annotation(0, 0, "Poly", poly=poly, box=dict(BOX))
    ds = annokit.read(with_annotations(tmp_path, record))
    assert ds[0].annotations[0].box is not None
    assert len(ds[0].annotations[0].shape.parts[0][0]) in (3, 4)
    assert again(ds, tmp_path)["annotations.json"] == [record]


def test_an_open_polygon_of_several_contours_is_several_lines(tmp_path: Path) -> None:
    record = annotation(0, 0, "Poly", poly=[HOLE, APART], is_open=True)
    ds = annokit.read(with_annotations(tmp_path, record, record))
    assert [len(a.shape.points) for a in ds[0].annotations] == [3, 3, 3, 3]
    assert again(ds, tmp_path)["annotations.json"] == [record, record]


def test_an_instance_id_counts_within_a_class(tmp_path: Path) -> None:
    records = [annotation(2, frame, "Box", box=BOX, class_id=c) for frame in (1, 2) for c in (3, 7)]
    ds = annokit.read(with_annotations(tmp_path, *records))
    assert [track.id for track in ds.tracks()] == ["3/1", "7/1"]
    assert ds.issues.of("assumed")
    assert again(ds, tmp_path)["annotations.json"] == records


def test_a_whole_video_can_be_classified(tmp_path: Path) -> None:
    records = [annotation(6, None, None, instance_id=None), annotation(6, 1, "Box", box=BOX)]
    ds = annokit.read(with_annotations(tmp_path, *records))
    assert [(item.name, item.kind) for item in ds if item.sequence] == [
        ("unused.mp4", "video"),
        ("unused.mp4#1", "frame"),
    ]
    assert again(ds, tmp_path)["annotations.json"] == records


# layouts


def test_an_archive_of_several_datasets(tmp_path: Path) -> None:
    other = {**DOCUMENTS, "annotations.json": ANNOTATIONS[1:3]}
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for folder, documents in (("annotations/one", DOCUMENTS), ("annotations/zwei ü", other)):
            for name, value in documents.items():
                archive.writestr(f"{folder}/{name}", "\ufeff" + json.dumps(value))
    ds = annokit.read(path, "innotescus")
    assert {item.dataset for item in ds} == {"one", "zwei ü"}
    assert {sequence.dataset for sequence in ds.sequences} == {"one", "zwei ü"}
    assert len(ds.labels) == 3
    report = annokit.write(ds, tmp_path / "out.zip", "innotescus")
    assert not report
    assert annokit.read(tmp_path / "out.zip", "innotescus") == ds
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        assert json.loads(archive.read("zwei ü/annotations.json")) == ANNOTATIONS[1:3]


@pytest.mark.parametrize("name", ["annotations.json", "labels.json", "x.json.gz"])
def test_the_annotations_alone(name: str, tmp_path: Path) -> None:
    import gzip

    data = json.dumps(ANNOTATIONS).encode()
    path = tmp_path / name
    path.write_bytes(gzip.compress(data) if name.endswith("gz") else data)
    assert [match.format for match in annokit.detect(path)] == ["innotescus"]
    ds = annokit.read(path)
    assert [item.name for item in ds] == ["0", "2#0", "2#4", "2#5", "5"]
    assert [label.name for label in ds.labels] == ["7", "3"]
    assert ds[0].width is None
    assert [issue.code for issue in ds.issues] == ["missing-file", "dangling-reference", "assumed"]
    files = again(ds, tmp_path)
    assert files["annotations.json"] == ANNOTATIONS
    assert files["classes.json"] == files["dataset_items.json"] == []


@pytest.mark.parametrize("name", [name for name in DOCUMENTS if name != "annotations.json"])
def test_another_file_alone(name: str, tmp_path: Path) -> None:
    path = put(tmp_path / "in", {name: DOCUMENTS[name]}) / name
    ds = annokit.read(path)
    assert again(ds, tmp_path)[name] == DOCUMENTS[name]
    assert ds.issues.of("missing-file")
    assert annokit.read(BytesIO(path.read_bytes())) == ds


def test_definitions_as_the_platform_prints_them(tmp_path: Path) -> None:
    text = json.dumps({"fields": ITEM_FIELDS}, indent=1)
    plain = annokit.read(put(tmp_path / "a", DOCUMENTS))
    for place, wrapped in enumerate((text, text.strip("{}\n "))):
        documents = {**DOCUMENTS, "dataset_item_metadata_definitions.json": wrapped}
        ds = annokit.read(put(tmp_path / f"b{place}", documents))
        assert ds == plain
        assert bool(ds.issues.of("repaired")) == bool(place)


def test_people_edit_files(tmp_path: Path) -> None:
    text = json.dumps(ANNOTATIONS)[:-1] + ", // the last one\n]"
    path = put(tmp_path / "in", {**DOCUMENTS, "annotations.json": text})
    assert annokit.read(path, lenient=True) == annokit.read(put(tmp_path / "b", DOCUMENTS))
    with pytest.raises(FormatError, match=r"annotations\.json"):
        annokit.read(path)


# what is wrong


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    documents = {name: value for name, value in DOCUMENTS.items() if name != "classes.json"}
    ds = annokit.read(put(tmp_path / "in", documents))
    assert told(ds, "missing-file") == [f"{tmp_path}/in/classes.json"]
    assert [label.name for label in ds.labels] == ["7", "3"]


def test_ids_that_lead_nowhere_are_located(tmp_path: Path) -> None:
    records = [annotation(77, 0, "Box", box=BOX), annotation(0, 0, "Box", box=BOX, class_id=99)]
    classes = [*CLASSES, {"id": 8, "name": "orphan", "parent_id": 1234}]
    ds = annokit.read(with_annotations(tmp_path, *records, **{"classes.json": classes}))
    places = told(ds, "dangling-reference")
    assert [place.partition("/in/")[2] for place in places] == [
        "classes.json: /3/parent_id: 1234",
        "dataset_items.json: dataset_item_index: 77",
        "annotations.json: /1/class_id: 99",
    ]
    files = again(ds, tmp_path)
    assert files["annotations.json"] == records
    assert files["classes.json"] == classes
    assert files["dataset_items.json"] == ITEMS


BAD_SHAPES: list[tuple[dict[str, Any], str]] = [
    ({"type": "Box", "box": {"x": "1", "y": 2, "w": 3, "h": 4, "orientation": None}}, "/box/x: '1' is no number"),
    ({"type": "Box", "box": None}, "/box: None is no object"),
    ({"type": "Box", "box": {**BOX, "orientation": "90"}}, "/box/orientation: '90' is no number"),
    ({"type": "Poly", "poly": [[1, 2, 3]]}, "/poly/0: 3 numbers, which are no pairs of x and y"),
    ({"type": "Poly", "poly": [OUTER, [{"x": 1}]]}, "/poly/1/0: {'x': 1} is no point of x and y"),
    ({"type": "Poly", "poly": [OUTER, [[1, 2], [3]]]}, "/poly: its contours state their points in several ways"),
    ({"type": "Poly", "poly": [[[1, 2], [3]]]}, "/poly/0/1: [3] is no pair of x and y"),
    ({"type": "Poly", "poly": [[[1, True], [3, 4]]]}, "/poly/0/0: [1, True] are no numbers"),
    ({"type": "Poly", "poly": [[]]}, "/poly/0: [] is no list of points"),
    ({"type": "Poly", "poly": [OUTER], "is_open": "no"}, "/is_open: 'no' is neither true nor false"),
    ({"type": "Mask"}, "/type: 'Mask' is neither Box nor Poly"),
    ({"type": None, "box": BOX}, "/box: a shape without a type"),
]


@pytest.mark.parametrize(("fields", "where"), BAD_SHAPES)
def test_a_shape_that_cant_be_read_is_kept_and_located(fields: dict[str, Any], where: str, tmp_path: Path) -> None:
    record = {**annotation(0, 0, None), **fields}
    ds = annokit.read(with_annotations(tmp_path, record))
    assert told(ds, "odd-value") == [f"{tmp_path}/in/annotations.json: /0{where}"]
    assert ds[0].annotations[0].shape is None
    assert again(ds, tmp_path)["annotations.json"] == [record]


@pytest.mark.parametrize(
    "fields",
    [
        {"instance_id": "a"},
        {"class_id": 1.5},
        {"annotators": ["a"]},
        {"meta_data": [1]},
        {"frame_index": "0"},
        {"meta_data": {"count": "three"}},
        {"meta_data": {"count": 11}},
        {"meta_data": {"pose": "above"}},
    ],
)
def test_values_of_wrong_types_are_kept_and_located(fields: dict[str, Any], tmp_path: Path) -> None:
    record = annotation(0, 0, "Box", box=BOX, **fields)
    ds = annokit.read(with_annotations(tmp_path, record))
    (place,) = told(ds, "odd-value")
    assert place.startswith(f"{tmp_path}/in/annotations.json: /0/{next(iter(fields))}")
    assert again(ds, tmp_path)["annotations.json"] == [record]


def test_unknown_keys_and_absent_ones_come_back(tmp_path: Path) -> None:
    documents: dict[str, Any] = {
        "classes.json": [{"id": 7, "name": "a", "color": "#fff"}, {"id": 8, "name": None, "parent_id": 0}],
        "annotations.json": [
            {"dataset_item_index": 0, "type": "Box", "class_id": 7, "box": {"x": 1, "y": 2, "w": 3, "h": 4, "z": 9}},
            {"dataset_item_index": 0, "class_id": None, "confidence": 0.5, "meta_data": None},
            annotation(0, None, "Box", box=BOX, poly=[], is_open=None),
        ],
        "dataset_items.json": [{"index": 0, "name": "a.png", "md5": "x", "width": "wide"}, {"index": 1}],
        "annotation_metadata_definitions.json": [{"name": "n", "type": "Colour", "unit": "m", "min": "low"}],
        "dataset_item_metadata_definitions.json": [],
    }
    ds = annokit.read(put(tmp_path / "in", documents))
    assert [issue.field for issue in ds.issues.of("unread-key")] == ["color", "confidence", "md5", "unit"]
    assert again(ds, tmp_path) == documents


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("annotations.json", {"a": 1}, "annotations.json"),
        ("annotations.json", [[1]], "an object"),
        ("annotations.json", [{"dataset_item_index": "0"}], "dataset_item_index"),
        ("annotations.json", '[{"dataset_item_index": 0,]', "annotations.json"),
        ("classes.json", [{"name": "a"}], '"id"'),
        ("classes.json", {"fields": [], "x": 1}, "no list"),
        ("dataset_items.json", [{"index": None}], '"index"'),
        ("annotation_metadata_definitions.json", ["x"], '"name"'),
    ],
)
def test_records_without_what_identifies_them_are_bad(name: str, value: Any, message: str, tmp_path: Path) -> None:
    path = put(tmp_path / "in", {**DOCUMENTS, name: value})
    with pytest.raises(FormatError, match=message) as caught:
        annokit.read(path, "innotescus")
    assert name in str(caught.value)


def test_bad_records_can_be_collected(tmp_path: Path) -> None:
    path = with_annotations(tmp_path, 5, ANNOTATIONS[1], {"dataset_item_index": None})
    ds = annokit.read(path, on_bad="collect")
    assert len(ds.annotations) == 1
    assert ds.issues.of("bad-record").issues[0].count == 2


def test_ids_stated_twice_are_told(tmp_path: Path) -> None:
    ds = annokit.read(
        put(
            tmp_path / "in",
            {**DOCUMENTS, "classes.json": [*CLASSES, CLASSES[1]], "dataset_items.json": [*ITEMS, ITEMS[0]]},
        )
    )
    assert ds.issues.of("duplicate-id").issues[0].count == 2
    assert len(ds[0].annotations) == 5


def test_keys_stated_twice_are_told(tmp_path: Path) -> None:
    text = json.dumps(ANNOTATIONS).replace('"instance_id": 3', '"instance_id": 1, "instance_id": 3')
    ds = annokit.read(put(tmp_path / "in", {**DOCUMENTS, "annotations.json": text}))
    assert ds.issues.of("duplicate-key").issues[0].examples == ("annotations.json/4/instance_id",)
    assert ds == annokit.read(put(tmp_path / "plain", DOCUMENTS))


def test_classes_and_frames_that_do_not_exist_are_told(tmp_path: Path) -> None:
    fields = [{**FIELDS[0], "classes": ["7", "55"]}]
    record = annotation(2, 90, "Box", box=BOX)
    path = with_annotations(tmp_path, record, **{"annotation_metadata_definitions.json": fields})
    ds = annokit.read(path)
    assert told(ds, "dangling-reference") == [
        f"{path}/annotation_metadata_definitions.json: class 55 of the definition 'pose'"
    ]
    assert told(ds, "odd-value") == [f"{path}/dataset_items.json: /1/num_frames: 90, but frame 90 is annotated"]
    files = again(ds, tmp_path)
    assert files["annotations.json"] == [record]
    assert files["annotation_metadata_definitions.json"] == fields


def test_classes_in_a_circle_are_told(tmp_path: Path) -> None:
    classes = [{"id": 7, "name": "a", "parent_id": 3}, {"id": 3, "name": "b", "parent_id": 7}]
    ds = annokit.read(put(tmp_path / "in", {**DOCUMENTS, "classes.json": classes}))
    assert [label.path for label in ds.labels] == ["b.a", "b"]
    assert "is below the class itself" in told(ds, "odd-value")[0]
    assert again(ds, tmp_path)["classes.json"] == classes


def test_nothing_at_all_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="none of its files"):
        annokit.read(put(tmp_path / "in", {"other.json": []}), "innotescus")


# what an edit changes


def test_a_new_shape_takes_the_place_of_one_that_could_not_be_read(tmp_path: Path) -> None:
    record = annotation(0, 0, "Box", box={"x": None})
    ds = annokit.read(with_annotations(tmp_path, record))
    with ds.edit() as edit:
        edit.replace(0, shape=annokit.Box(0, 0, 0.5, 0.5))
    written = annokit.read(_written(edit.dataset, tmp_path))
    assert written[0].boxes(unit="pixel").tolist() == [[0, 0, 320, 240]]


def test_a_size_that_was_found_takes_the_place_of_one_that_could_not_be_read(tmp_path: Path) -> None:
    items = [{**ITEMS[0], "width": "wide"}]
    path = put(tmp_path / "in", {**DOCUMENTS, "annotations.json": [], "dataset_items.json": items})
    ds = annokit.read(path, sizes={"a.png": (640, 480)})
    report = annokit.plan(ds, "innotescus")
    assert [(issue.code, issue.field) for issue in report] == [("restated", "width"), ("restated", "height")]
    assert annokit.read(_written(ds, tmp_path))[0].width == 640
    assert again(annokit.read(path), tmp_path / "x")["dataset_items.json"] == items


def _written(ds: Dataset, tmp_path: Path) -> Path:
    annokit.write(ds, tmp_path / "out", "innotescus", on_loss="allow")
    return tmp_path / "out"


def test_other_definitions_are_stated_as_the_platform_does() -> None:
    builder = annokit.DatasetBuilder()
    made = annokit.AttributeDefinition(name="occluded", type="boolean", default=True)
    builder.add_label(annokit.Label("car", "c-1", attributes=(made,)))
    stream = BytesIO()
    annokit.write(builder.build(), stream, "innotescus", on_loss="allow")
    stream.seek(0)
    ds = annokit.read(stream, "innotescus")
    (definition,) = ds.labels.attributes
    assert (definition.name, definition.type, definition.default, definition.labels) == (
        "occluded",
        "boolean",
        True,
        (1,),
    )
