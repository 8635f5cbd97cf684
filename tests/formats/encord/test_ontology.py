"""The ontology that is written beside label rows, and rows completed for the vendor's SDK."""

import json
import zipfile

import pytest

import annokit
from annokit.columns.json import same
from annokit.model.compare import differences
from tests.fixtures import fixture
from tests.formats.encord.test_encord import CLASSIFIED, ENTRY, ONTOLOGY, RANGED, parsed, row, thing, video
from tests.formats.encord.test_write import BOX, written

CAR = thing("bounding_box", "boundingBox", BOX, featureHash="f1", objectHash="o", name="Car", color="#D33115")
ANSWERS = {"o": {"objectHash": "o", "classifications": [
    {"name": "Colour", "value": "colour", "featureHash": "a1", "answers": [{"name": "Red", "value": "red", "featureHash": "o1"}]}]}}  # fmt: skip
ROW = row({"objects": [CAR], "classifications": [ENTRY]}, object_answers=ANSWERS, classification_answers=CLASSIFIED)


def both(ds, folder, **options):
    rows, ontology = folder / "rows.json", folder / "ontology.json"
    report = annokit.write(ds, rows, "encord", ontology=ontology, on_loss="allow", **options)
    return rows, ontology, report


def test_an_ontology_that_was_read_is_written_and_read_again(tmp_path):
    ds = parsed(ROW, ontology=ONTOLOGY)
    rows, ontology, report = both(ds, tmp_path, keys="as-read")
    assert str(report) == "nothing to report"
    made = json.loads(ontology.read_bytes())
    assert made == ONTOLOGY | {"objects": made["objects"], "classifications": made["classifications"]}
    assert list(differences(annokit.read(rows, "encord", ontology=ontology), ds)) == []
    car = made["objects"][0]
    assert (car["color"], car["shape"], [a["type"] for a in car["attributes"]]) == (
        "#D33115",
        "bounding_box",
        ["radio", "checklist"],
    )
    assert car["attributes"][0]["options"][1]["options"][0]["name"] == "Which"
    assert made["classifications"][0]["level"] == "global"


@pytest.mark.parametrize(
    "name",
    [
        "all_types_ontology_structure__all_types_structure",
        "coco_exporter__ONTOLOGY_STRUCTURE_DICT",
        "ontology_blurb__ONTOLOGY_BLURB",
        "skeleton_coordinates__ontology",
    ],
)
def test_real_ontologies_come_back_value_by_value(name, tmp_path):
    document = json.loads(fixture(f"encord/{name}.json").read_bytes())
    document = document.get("editor", document)
    _, ontology, _ = both(parsed(row({}), ontology=document), tmp_path, keys="as-read")
    assert same(tidy(json.loads(ontology.read_bytes())), tidy(document))


def tidy(node):
    """Return an ontology without the numbers of its nodes and empty lists, which may be left out."""
    if isinstance(node, list):
        return [tidy(part) for part in node]
    if not isinstance(node, dict):
        return node
    return {key: tidy(value) for key, value in node.items() if key not in ("id", "uid") and value != []}


def test_an_ontology_is_made_of_what_rows_refer_to(tmp_path):
    _, ontology, _ = both(parsed(ROW), tmp_path)
    made = json.loads(ontology.read_bytes())
    (car,), (weather,) = made["objects"], made["classifications"]
    assert (car["featureNodeHash"], car["name"], car["shape"]) == ("f1", "Car", "bounding_box")
    (colour,) = car["attributes"]
    assert (colour["featureNodeHash"], colour["type"], colour["options"][0]["label"]) == ("a1", "checklist", "Red")
    assert colour["required"] is False
    assert weather["featureNodeHash"] == "cl1"
    assert "level" not in weather


def test_the_ontology_goes_into_an_archive_with_the_rows(tmp_path):
    path = tmp_path / "out.zip"
    ds = parsed(ROW, ontology=ONTOLOGY)
    annokit.write(ds, path, "encord", ontology="ontology.json", keys="as-read")
    assert sorted(zipfile.ZipFile(path).namelist()) == ["ontology.json", "out.json"]
    assert [match.format for match in annokit.detect(path)] == ["encord"]
    assert list(differences(annokit.read(path), ds)) == []


def test_an_ontology_that_lies_there_is_not_replaced_unasked(tmp_path):
    both(parsed(ROW), tmp_path)
    (tmp_path / "rows.json").unlink()
    with pytest.raises(annokit.UsageError, match="ontology"):
        both(parsed(ROW), tmp_path)
    assert not (tmp_path / "rows.json").exists()
    both(parsed(ROW), tmp_path, overwrite=True)


@pytest.mark.parametrize("text", ["[]", "{", "7"])
def test_what_is_no_ontology_is_named(text, tmp_path):
    path = tmp_path / "wrong.json"
    path.write_text(text)
    with pytest.raises(annokit.FormatError, match=r"wrong\.json"):
        parsed(ROW, ontology=path)


def test_hashes_that_the_ontology_lacks_are_listed():
    other = thing("polyline", "polyline", {"0": {"x": 0, "y": 0}}, featureHash="gone", name="Old")
    ds = parsed(row({"objects": [CAR, other]}), ontology=ONTOLOGY)
    (issue,) = ds.issues.of("dangling-reference")
    assert (issue.severity, issue.count, issue.examples) == ("warning", 1, ("gone 'Old'",))
    assert ds.labels["Old"].source_id == "gone"


def test_rows_get_the_keys_that_the_sdk_looks_for():
    old = {key: value for key, value in ROW.items() if key not in ("data_hash", "object_actions")}
    (made,), report = written(parsed(old), keys="complete")
    assert (made["branch_name"], made["is_shadow_data"], made["spaces"], made["object_actions"]) == (
        "main",
        False,
        {},
        {},
    )
    assert (made["data_hash"], made["created_at"]) == ("d1", None)
    answer = made["classification_answers"]["c"]
    assert (answer["featureHash"], answer["range"], answer["spaces"]) == ("cl1", [[0, 0]], {})
    assert made["data_units"]["d1"]["labels"]["classifications"] == [ENTRY]
    assert {issue.severity for issue in report} <= {"info"}


def test_polygons_are_stated_in_both_ways_and_joints_in_order():
    points = {"1": {"x": 1, "y": 0}, "10": {"x": 0, "y": 1}, "0": {"x": 0.1, "y": 0.2}}
    joints = {"1": {"x": 0.5, "y": 0.5}, "0": {"x": 0.25, "y": 0.25}}
    objects = [
        thing("polygon", "polygon", points),
        thing("polygon", "polygons", [[[0, 0, 1, 0, 0, 1]]], objectHash="p"),
        thing("skeleton", "skeleton", joints),
    ]
    (made,), _ = written(parsed(row({"objects": objects})), keys="complete")
    first, second, third = made["data_units"]["d1"]["labels"]["objects"]
    assert first["polygons"] == [[[0.1, 0.2, 1, 0, 0, 1]]]
    assert list(first["polygon"].values()) == [points["0"], points["1"], points["10"]]
    assert second["polygon"] == {"0": {"x": 0, "y": 0}, "1": {"x": 1, "y": 0}, "2": {"x": 0, "y": 1}}
    assert list(third["skeleton"]) == ["0", "1"]


def test_answers_that_state_their_ranges_stay_as_they_are():
    record = video(
        {"4": {"objects": [], "classifications": [ENTRY]}},
        classification_answers={"c": {**RANGED["c"], "range": [[4, 4]]}},
    )
    (made,), _ = written(parsed(record), keys="complete")
    assert made["classification_answers"]["c"] == {**RANGED["c"], "range": [[4, 4]], "spaces": {}, "confidence": 1}


def test_other_words_are_refused():
    with pytest.raises(annokit.UsageError, match="keys='all'; expected one of as-read, complete"):
        written(parsed(ROW), keys="all")
