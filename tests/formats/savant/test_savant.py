import json
from io import BytesIO

import numpy as np
import pytest

import annokit
from annokit import Box, DatasetBuilder, Point, Polygon, Polyline, RotatedBox, TimeSpan
from annokit.formats.narrow import narrow
from annokit.formats.registry import get
from annokit.model.compare import differences
from tests.fixtures import fixture

FRAMES = {
    "batch": {"id": 1180591620717411303424, "made": "2024"},
    "sequences": [
        {
            "rootId": "r-1",
            "workspaceId": "w-1",
            "featureSet": [
                {
                    "id": "f-1",
                    "framePath": "s3://b/fälle/図 1.png",
                    "labels": [
                        {
                            "code": "grasper",
                            "note": "x",
                            "shapes": [
                                {"type": "rectangle", "points": [{"x": 0.9, "y": 0.1}, {"x": 0.25, "y": 1}], "locked": None},
                                {"type": "close_polygon", "points": [{"x": 0, "y": 0}, {"x": 1.25, "y": 0.5}, {"x": 0.5, "y": -0.1}]},
                            ],
                        },
                        {"code": "grasper", "shapes": [{"shape_type": "keypoint", "points": [{"x": 0.5, "y": 0.25}]}]},
                        {"code": "needle", "shapes": []},
                        {"code": "scope"},
                        {"code": "odd", "shapes": None},
                        {"code": "many", "shapes": [
                            {"type": "ellipse", "points": [{"x": 0.5, "y": 0.5}]},
                            {"type": "open_polygon", "shape_type": "rectangle", "points": [{"x": 0.5, "y": 0.5, "z": 3}]},
                            {"type": "rectangle", "points": [{"x": 1, "y": 1}]},
                            {"type": "keypoint", "points": None},
                        ]},
                    ],
                },
                {"id": "f-2", "framePath": None, "labels": []},
                {"id": 7, "labels": None, "review": {"by": [1, 2.0]}},
                {"framePath": "x/y.png"},
            ],
        },
        {"rootId": "r-2", "featureSet": []},
        {"rootId": "r-3", "featureSet": None, "videoAnnotations": []},
        {
            "rootId": "r-4",
            "name": "case 4",
            "videoAnnotations": [
                {"timestampStart": 1000, "timestampEnd": 2000.5, "label": {"code": "cut", "displayName": "Cut", "color": "#f00"}},
                {"timestampStart": 3000, "timestampEnd": None, "label": {"code": "cut", "displayName": "Cut", "color": "#0f0"}},
                {"timestampStart": 4000, "label": {"code": "bare"}},
                {"timestampStart": "late", "timestampEnd": 5000, "label": {"code": "null", "displayName": None}},
            ],
            "featureSet": [{"id": "f-9", "labels": [{"code": "cut", "shapes": []}]}],
        },
        {},
    ],
}  # fmt: skip


def parsed(document):
    return annokit.read(BytesIO(json.dumps(document).encode()), "savant")


def written(ds, **options):
    file = BytesIO()
    report = annokit.write(ds, file, "savant", **options)
    return json.loads(file.getvalue()), report


def test_the_document_comes_back_the_same():
    document, report = written(parsed(FRAMES))
    assert document == FRAMES
    assert not report


def test_writing_needs_no_second_look():
    document, _ = written(parsed(FRAMES))
    assert parsed(document) == parsed(FRAMES)


@pytest.mark.parametrize("name", ["frame_batch.json", "video_batch.json"])
def test_files_come_back_the_same(name, tmp_path):
    path = fixture(f"savant/{name}")
    assert [match.format for match in annokit.detect(path)] == ["savant"]
    report = annokit.write(annokit.read(path), tmp_path / name, "savant")
    assert json.loads((tmp_path / name).read_bytes()) == json.loads(path.read_bytes())
    assert not report


def test_frames_are_items_of_their_sequence():
    ds = parsed(FRAMES)
    assert [item.name for item in ds] == ["図 1.png", "f-2", "7", "y.png", "r-3", "case 4", "f-9"]
    assert [item.kind for item in ds] == ["frame"] * 4 + ["video"] * 2 + ["frame"]
    assert [item.sequence.id for item in ds] == ["r-1"] * 4 + ["r-3", "r-4", "r-4"]
    assert [sequence.id for sequence in ds.sequences] == ["r-1", "r-2", "r-3", "r-4", None]
    assert ds[0].uri == "s3://b/fälle/図 1.png"
    assert ds[0].id == "f-1"
    assert ds[2].id == 7
    assert ds[0].width is None
    assert ds.sequences["r-1"].extras["savant/workspaceId"] == "w-1"


def test_shapes_are_normalised_and_exact():
    shapes = [a.shape for a in parsed(FRAMES)[0].annotations]
    assert shapes[0] == Box(0.25, 0.1, 0.9, 1.0)
    assert shapes[1] == Polygon.of([[0, 0], [1.25, 0.5], [0.5, -0.1]])
    assert shapes[2] == Point(0.5, 0.25)
    assert shapes[3:6] == [None, None, None]
    assert shapes[6] is None
    assert shapes[7] == Polyline(np.array([[0.5, 0.5]]))
    assert shapes[8:] == [None, None]


def test_times_are_seconds_with_open_ends():
    video = parsed(FRAMES)["case 4"]
    assert [a.span for a in video.annotations] == [
        TimeSpan(1.0, 2.0005),
        TimeSpan(3.0, None),
        TimeSpan(4.0, None),
        TimeSpan(None, 5.0),
    ]
    assert [a.label.name for a in video.annotations] == ["Cut", "Cut", "bare", "null"]
    assert [a.label.source_id for a in video.annotations] == ["cut", "cut", "bare", "null"]


def test_what_is_not_understood_is_told():
    issues = parsed(FRAMES).issues
    assert {(i.code, i.severity) for i in issues} == {("unread-key", "info"), ("odd-value", "warning")}
    assert sorted(i.field for i in issues.of("unread-key")) == ["batch", "color", "locked", "note", "review"]
    (odd,) = issues.of("odd-value")
    assert odd.count == 5
    details = [row.detail for row in odd.rows()]
    assert details[0].startswith("/sequences/0/featureSet/0/labels/5/shapes/0: unknown type 'ellipse'")


def test_times_of_a_second_are_1000_milliseconds():
    builder = DatasetBuilder()
    item = builder.add_item("v.mp4", kind="video", id="v")
    builder.add_annotation(item, "cut", span=TimeSpan(1.5, 2.0, 30, 40))
    document, report = written(builder.build(), on_loss="allow")
    (annotation,) = document["sequences"][0]["videoAnnotations"]
    assert annotation == {"timestampStart": 1500, "timestampEnd": 2000, "label": {"code": "cut", "displayName": "cut"}}
    assert {(i.field, i.fate) for i in report if i.severity != "info"} == {("span", "dropped")}


def foreign():
    """Return a dataset from elsewhere that a batch can't hold as it is."""
    builder = DatasetBuilder()
    first = builder.add_item("a/x.png", id=3, width=640, height=480, split="train", attributes={"light": "dim"})
    second = builder.add_item("b/x.png", width=30, height=40, unit="pixel", form="xywh")
    video = builder.add_item("clip.mp4", kind="video")
    third = builder.add_item("c.png")
    square = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]
    hole = [[0.2, 0.2], [0.4, 0.2], [0.4, 0.4], [0.2, 0.4]]
    part = [[0.5, 0.5], [0.6, 0.5], [0.6, 0.6]]
    builder.add_annotation(first, "cat", Polygon(((np.array(square), np.array(hole)), (np.array(part),))), score=0.5)
    builder.add_annotation(first, "dog", Box(0.5, 0.75, 0.25, 1.0), track="t1", attributes={"a": 1})
    builder.add_annotation(second, "dog", kind="box", box=(3, 4, 6.5, 8))
    builder.add_annotation(second, "cat", RotatedBox(0.5, 0.5, 0.2, 0.1, 30))
    builder.add_annotation(second, None, Point(0.5, 0.5))
    builder.add_annotation(video, "phase", span=TimeSpan(1.0, None, 3, None))
    builder.add_annotation(video, "phase", Box(0, 0, 1, 1))
    builder.add_annotation(third, "zebra", Point(0.5, 0.5), keypoints=None)
    builder.add_label("unused")
    return builder.build()


def test_the_three_laws_hold_for_a_foreign_dataset(tmp_path):
    ds = foreign()
    holds = get("savant").holds(None, {})
    narrowed, report = narrow(ds, holds)
    assert report
    again, second = narrow(narrowed, holds)
    assert str(second) == "nothing to report"
    assert again == narrowed
    written_report = annokit.write(ds, tmp_path / "x.json", "savant", on_loss="allow")
    assert written_report == report
    assert list(differences(annokit.read(tmp_path / "x.json"), narrowed)) == []
    assert annokit.plan(ds, "savant") == report


def test_loss_is_told_field_by_field():
    report = annokit.plan(foreign(), "savant")
    lost = {(issue.field, issue.fate, issue.count) for issue in report if issue.severity != "info"}
    assert lost == {
        ("label", "refused", 1),
        ("shape", "dropped", 1),
        ("span", "dropped", 1),
        ("shape", "converted", 1),
        ("score", "dropped", 1),
        ("track", "dropped", 1),
        ("attributes.a", "dropped", 1),
        ("split", "dropped", 1),
        ("attributes.light", "dropped", 1),
        ("label", "dropped", 1),
    }


def test_holes_and_parts_keep_their_area():
    ds = parsed(written(foreign(), on_loss="allow")[0])
    areas = [a.shape.area for a in ds.annotations if isinstance(a.shape, Polygon) and a.label.name == "cat"]
    assert areas[:2] == pytest.approx([1 - 0.04, 0.005])


def test_a_hand_edited_file_needs_the_lenient_option(tmp_path):
    path = tmp_path / "edited.json"
    path.write_text(
        '{\n# first\n“sequences”: [{"rootId": "r", "featureSet": [{"id": "f", "labels": [{"code": "c", "shapes": '
        '[{"type": "keypoint", "points": [{"x": 0.031, "y": 0.088,},]}],},],},],},],}',
        encoding="utf-8",
    )
    with pytest.raises(annokit.FormatError, match=r"edited\.json"):
        annokit.read(path, "savant")
    (annotation,) = annokit.read(path, "savant", lenient=True)[0].annotations
    assert annotation.shape == Point(0.031, 0.088)


@pytest.mark.parametrize(
    "text",
    [
        b"", b"   ", b"{", b'{"sequences"', b'{"sequences": [', b'{"sequences": [{"rootId": "r"', b"[1, 2]", b"null", b"7",
        b'"text"', b"\x00\x01\x02", b"\xff\xfe", b'{"sequences": {"a": 1}}', b'{"sequences": 3}', b'{"other": []}', b"{}",
        b'{"sequences": [7]}', b'{"sequences": [{"featureSet": [7]}]}', b'{"sequences": [{"featureSet": [{"labels": [7]}]}]}',
        b'{"sequences": [{"videoAnnotations": [{}]}]}', b'{"sequences": [{"videoAnnotations": [7]}]}',
        b'{"sequences": ' + b"[" * 100_000, b'{"sequences": [{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}]}",
        b'{"sequences": [{"rootId": NaN}]}', b'{\xe2\x80\x9csequences\xe2\x80\x9d: []}', b'{"sequences": []} x',
    ],
)  # fmt: skip
def test_bad_files_name_the_file(text, tmp_path):
    path = tmp_path / "bad.json"
    path.write_bytes(text)
    with pytest.raises(annokit.AnnokitError, match=r"bad\.json"):
        annokit.read(path, "savant")


def test_bad_records_can_be_collected(tmp_path):
    path = tmp_path / "bad.json"
    path.write_bytes(b'{"sequences": [7, {"rootId": "r", "videoAnnotations": [{}, {"label": {"code": "a"}}]}]}')
    with pytest.raises(annokit.FormatError, match="2 records can't be read") as caught:
        annokit.read(path, "savant")
    assert "/sequences/1/videoAnnotations/0" in str(caught.value)
    ds = annokit.read(path, "savant", on_bad="collect")
    assert len(ds.annotations) == 1
    assert ds.issues.of("bad-record").issues[0].count == 2


def test_an_unknown_option_is_refused(tmp_path):
    with pytest.raises(annokit.UsageError, match="'savant' has no option 'lenien' to read; its options are: lenient"):
        annokit.read(BytesIO(b"{}"), "savant", lenien=True)


def test_an_empty_batch_is_a_dataset():
    ds = parsed({"sequences": []})
    assert (len(ds), len(ds.annotations), len(ds.sequences)) == (0, 0, 0)
    assert written(ds)[0] == {"sequences": []}


def test_sizes_can_be_given(tmp_path):
    path = tmp_path / "b.json"
    path.write_bytes(json.dumps(FRAMES).encode())
    ds = annokit.read(path, sizes={"図 1.png": (200, 100)})
    assert ds[0].boxes(unit="pixel")[0].tolist() == [50.0, 10.0, 180.0, 100.0]
    with pytest.raises(annokit.MissingSizeError, match="images="):
        annokit.read(path)[0].boxes(unit="pixel")
