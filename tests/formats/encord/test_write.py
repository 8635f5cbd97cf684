import json
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import annokit
from annokit.columns.json import same
from tests.fixtures import fixture
from tests.formats.encord.test_encord import CLASSIFIED, ENTRY, OBJECTS, RANGED, parsed, row, thing, video
from tests.formats.laws import check_laws
from tests.strategies import datasets

ROOT = Path(__file__).parents[4] / "shared" / "fixtures" / "encord"
PATHS = sorted(ROOT.glob("*.json")) if ROOT.is_dir() else []


def is_rows(document):
    rows = document if isinstance(document, list) else [document]
    return any(isinstance(record, dict) and "data_units" in record for record in rows)


LABEL_ROWS = [path.name for path in PATHS if is_rows(json.loads(path.read_bytes()))] or ["data_1__labels.json"]
OTHERS = [path.name for path in PATHS if path.name not in LABEL_ROWS]


def written(ds, keys="as-read"):
    stream = BytesIO()
    report = annokit.write(ds, stream, "encord", on_loss="allow", keys=keys)
    return json.loads(stream.getvalue()), report


@pytest.mark.parametrize("name", LABEL_ROWS)
def test_real_rows_come_back_value_by_value(name):
    path = fixture(f"encord/{name}")
    document = json.loads(path.read_bytes())
    rows = document if isinstance(document, list) else [document]
    back, report = written(annokit.read(path, "encord", layer="all"))
    assert str(report) == "nothing to report"
    assert same(back, rows)


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_no_label_row_is_not_taken_for_one(name):
    """Ontologies, parts of rows and what others export."""
    path = fixture(f"encord/{name}")
    assert "encord" not in {match.format for match in annokit.detect(path)}
    with pytest.raises(annokit.FormatError, match=r"this is no label row|is not JSON|records can't be read"):
        annokit.read(path, "encord")


BOX = {"h": 0.5, "w": 0.5, "x": 0, "y": 0}
ODD = [
    row({}),
    row({"objects": OBJECTS, "classifications": [ENTRY]}, classification_answers=CLASSIFIED),
    row({"objects": [thing("star", "star", {}), thing("bounding_box", "boundingBox", BOX, isDeleted=True), *OBJECTS[:1]]}),
    row({"objects": []}, data_hash=None, created_at=None, last_edited_at="", object_actions=None, dataset_hash=""),
    row({"objects": None}, branch_name=None, spaces={}, more={"deep": [1, None]}),
    row({"objects": [thing("polygon", "polygon", [{"x": 0.1, "y": 0.2}, {"x": 1, "y": 0}], polygons=None)]}),
    row({"objects": [thing("polyline", "polyline", [{"x": 0.1, "y": 0.2}, {"x": 1, "y": 0}])]}),
    row({"objects": [{k: v for k, v in OBJECTS[0].items() if k not in {"value", "confidence", "color"}}]}),
    row({"objects": [{**OBJECTS[0], "confidence": None, "createdBy": None, "color": "#00FF00"}]}),
    row({"objects": []}, object_answers={"gone": {"objectHash": "gone", "classifications": []}}),
    video({"007": {"objects": OBJECTS[:1]}, "12": {"metadata": {"width": 5, "height": 6}}}),
    video({}, classification_answers=RANGED),
    video({"4": {"classifications": [ENTRY]}}, classification_answers={"c": {**RANGED["c"], "range": [[4, 4]]}}),
    video({}, classification_answers={"c": {**RANGED["c"], "range": []}}),
]  # fmt: skip


@pytest.mark.parametrize("record", ODD)
def test_rows_of_every_spelling_come_back(record):
    back, report = written(parsed(record))
    assert str(report) == "nothing to report"
    assert same(back, [record])


def test_answers_are_made_anew_where_attributes_changed():
    frames = {str(f): {"objects": [thing("bounding_box", "boundingBox", BOX, objectHash="o")]} for f in range(4)}
    answers = {"o": {"objectHash": "o", "more": 1, "classifications": [
        {"name": "Colour", "value": "colour", "featureHash": "a1", "answers": "red"}]}}  # fmt: skip
    ds = parsed(video(frames, object_answers=answers))
    builder = annokit.DatasetBuilder(unit="unit", form="xywh")
    assert same(written(ds)[0][0]["object_answers"], answers)
    values = ["red", "blue", "blue", "red"]
    sequence = builder.add_sequence("s", name="v.mp4", task="video")
    for place, value in enumerate(values):
        item = builder.add_item(f"v.mp4#{place}", kind="frame", frame=place, sequence=sequence, width=4, height=3)
        builder.add_annotation(
            item, "Car", kind="box", box=[0, 0, 1, 1], track="o", attributes={"Colour": value, "n": 3}
        )
    (made,), _ = written(builder.build())
    (action, other) = made["object_actions"]["o"]["actions"]
    assert (action["answers"], action["range"], action["trackHash"]) == ("red", [[0, 0], [3, 3]], "")
    assert (other["answers"], other["range"]) == ("blue", [[1, 2]])
    assert [answer["answers"] for answer in made["object_answers"]["o"]["classifications"]] == [3]


def test_a_dataset_from_elsewhere_becomes_rows():
    builder = annokit.DatasetBuilder()
    item = builder.add_item("a.png", width=200, height=100)
    builder.add_annotation(item, "cat", annokit.Box(0.1, 0.4, 0.3, 0.7), attributes={"pose": "sits"})
    builder.add_annotation(item, "indoor")
    (made,), report = written(builder.build())
    (unit,) = made["data_units"].values()
    (found,) = unit["labels"]["objects"]
    (classification,) = unit["labels"]["classifications"]
    assert (made["data_type"], unit["data_title"], unit["data_type"]) == ("image", "a.png", "image/png")
    assert found["boundingBox"] == pytest.approx({"x": 0.1, "y": 0.4, "w": 0.2, "h": 0.3})
    assert (found["name"], found["value"], found["shape"], found["confidence"]) == ("cat", "cat", "bounding_box", 1)
    assert (len(found["objectHash"]), len(found["featureHash"])) == (8, 8)
    assert made["object_answers"][found["objectHash"]]["classifications"][0]["answers"] == "sits"
    answer = made["classification_answers"][classification["classificationHash"]]
    assert (answer["range"], answer["featureHash"], answer["spaces"]) == ([[0, 0]], classification["featureHash"], {})
    assert not [issue for issue in report if issue.severity == "error"]
    assert written(builder.build())[0] == [made]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ds=datasets())
def test_the_three_laws(ds, tmp_path):
    check_laws(ds, "encord", tmp_path)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ds=datasets(kinds=("none", "box", "polygon")), spans=st.lists(st.integers(0, 9), min_size=2, max_size=6))
def test_the_three_laws_with_whole_videos(ds, spans, tmp_path):
    builder = annokit.DatasetBuilder()
    item = builder.add_item("v.mp4", kind="video", width=64, height=48)
    for a, b in zip(spans[::2], spans[1::2], strict=False):
        span = annokit.TimeSpan(None, None, min(a, b), max(a, b))
        builder.add_annotation(item, f"phase {a % 2}", span=span, track=a if b % 2 else None)
    check_laws(builder.build(), "encord", tmp_path)
