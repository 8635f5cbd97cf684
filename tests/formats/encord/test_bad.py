"""What is damaged, unknown or loose is located, listed and kept."""

import json
from io import BytesIO

import pytest

import annokit
from annokit.columns.json import same
from tests.formats.encord.test_encord import ENTRY, OBJECTS, parsed, row, thing, video
from tests.formats.encord.test_write import written

BOX = thing("bounding_box", "boundingBox", {"x": 0, "y": 0, "w": 1, "h": 1})


def rows(count):
    return [
        {**row({"objects": OBJECTS}), "label_hash": f"l{place}", "data_title": f"{place}.png"} for place in range(count)
    ]


@pytest.mark.parametrize("part", [0.3, 0.6, 0.9, 1.0])
def test_truncated_rows_are_located_and_the_whole_ones_read(part, tmp_path):
    text = json.dumps(rows(4)).encode()
    path = tmp_path / "cut.json"
    path.write_bytes(text[: int(len(text) * part) - 1])
    with pytest.raises(annokit.FormatError, match=r"cut\.json, at /\d.*: the document is cut off"):
        annokit.read(path, "encord")
    ds = annokit.read(path, "encord", on_bad="collect")
    (issue,) = ds.issues.of("bad-record")
    assert (issue.severity, issue.count) == ("error", 1)
    whole = len(ds.sequences)
    assert [sequence.name for sequence in ds.sequences] == [f"{place}.png" for place in range(whole)]
    assert f"at /{whole}" in issue.examples[0] or part == 1.0
    assert whole == (3 if part == 1.0 else int(4 * part))


def test_one_damaged_file_of_a_folder_costs_itself(tmp_path):
    for name, text in (("a", json.dumps(rows(1))), ("b", json.dumps(rows(1)[0])[:-9]), ("c", json.dumps(rows(1)[0]))):
        (tmp_path / f"{name}.json").write_text(text)
    ds = annokit.read(tmp_path, "encord", on_bad="collect")
    assert len(ds) == 2
    (issue,) = ds.issues.of("bad-record")
    assert "b.json" in issue.examples[0]


@pytest.mark.parametrize("alone", [True, False])
def test_integers_of_too_many_digits_cost_their_row(alone, tmp_path):
    path = tmp_path / "long.json"
    long = json.dumps(rows(1)[0])[:-1] + ', "n": ' + "9" * 5000 + "}"
    path.write_text(long if alone else f"[{long}, {json.dumps(rows(1)[0])}]")
    with pytest.raises(annokit.FormatError, match=r"long\.json.*5,000 digits"):
        annokit.read(path, "encord")
    ds = annokit.read(path, "encord", on_bad="collect")
    assert (len(ds), [issue.count for issue in ds.issues.of("bad-record")]) == (0 if alone else 1, [1])


def test_records_that_are_no_objects_are_located():
    good = rows(1)[0]
    unit = good["data_units"]["d1"]
    bad = [
        good,
        7,
        {"data_units": {"d1": 5}},
        {**good, "data_units": {"d1": {**unit, "labels": {"objects": [3, OBJECTS[0]]}}}},
        video({"3": 7, "4": {"objects": [None, OBJECTS[0]]}}),
    ]
    data = json.dumps(bad).encode()
    places = ["/1", "/2/data_units/d1", "/3/data_units/d1/labels/objects/0", "/4/data_units/v1/labels/3", "/4/data_units/v1/labels/4/objects/0"]  # fmt: skip
    with pytest.raises(annokit.FormatError, match="5 records can't be read") as caught:
        annokit.read(BytesIO(data), "encord")
    assert all(f"at {place}:" in str(caught.value) for place in places)
    ds = annokit.read(BytesIO(data), "encord", on_bad="collect")
    assert [len(item.annotations) for item in ds] == [len(OBJECTS), 1, 1]
    assert [issue.count for issue in ds.issues.of("bad-record")] == [5]


def test_unknown_shapes_are_kept_as_they_are():
    star = thing("star", "star", {"points": 5})
    record = row({"objects": [star, BOX]})
    ds = parsed(record)
    assert [a.shape is None for a in ds.annotations] == [True, False]
    (issue,) = ds.issues.of("odd-value")
    assert [(r.annotation, r.detail) for r in issue.rows()] == [
        (0, "/0/data_units/d1/labels/objects/0: unknown shape 'star'")
    ]
    assert same(written(ds)[0], [record])


def test_hashes_without_an_ontology_have_the_names_of_the_row():
    answers = {"bounding": {"objectHash": "bounding", "classifications": [
        {"name": "Colour", "value": "colour", "featureHash": "a1", "answers": [{"name": "Red", "value": "red", "featureHash": "o1"}]},
        {"featureHash": "a2", "answers": "x"}]}}  # fmt: skip
    ds = parsed(row({"objects": [BOX, {**BOX, "featureHash": None, "name": None}]}, object_answers=answers))
    assert dict(ds.annotations[0].attributes) == {"Colour": ["Red"], "None": "x"}
    assert [label.source_id for label in ds.labels] == ["h-bounding_box", None]
    assert ds.to_records()[0]["attributes.Colour.source_id"] == ["o1"]


def test_answers_without_objects_are_listed_and_kept():
    gone = {"gone": {"objectHash": "gone", "classifications": [{"name": "n", "featureHash": "f", "answers": "x"}]}}
    record = row({"objects": [BOX]}, object_answers=gone)
    ds = parsed(record)
    (issue,) = ds.issues.of("dangling-reference")
    assert (issue.severity, issue.examples) == ("warning", ("/0/object_answers/gone",))
    assert same(written(ds)[0], [record])


def test_objects_and_classifications_without_answers_stay_without():
    record = row({"objects": [BOX], "classifications": [ENTRY]})
    ds = parsed(record)
    assert [dict(a.attributes) for a in ds.annotations] == [{}, {}]
    assert same(written(ds)[0], [record])


@pytest.mark.parametrize("least", [1, 1 << 60])
def test_frames_beyond_the_video_are_listed_and_kept(least, monkeypatch):
    """4 seconds at 25 frames each are 100 frames; the 100th may be there, since seconds are rounded."""
    monkeypatch.setattr("annokit.formats.encord.bulk.LEAST", least)
    record = video({str(frame): {"objects": [BOX], "classifications": []} for frame in (0, 99, 100, 101, 4000)})
    ds = annokit.read(BytesIO(json.dumps([record], separators=(",", ":")).encode()), "encord")
    (issue,) = ds.issues.of("odd-value")
    assert (issue.severity, issue.count) == ("warning", 2)
    assert [r.item for r in issue.rows()] == ["v.mp4#101", "v.mp4#4000"]
    assert issue.examples[0] == "v.mp4#101: /0/data_units/v1/labels/101"
    assert [item.frame for item in ds] == [0, 99, 100, 101, 4000]
    assert same(written(ds)[0], [record])


def test_deleted_objects_are_listed_and_written_back():
    record = row({"objects": [{**BOX, "isDeleted": True}, OBJECTS[1]]})
    ds = parsed(record)
    assert [(i.code, i.examples) for i in ds.issues] == [("skipped-record", ("/0/data_units/d1/labels/objects/0",))]
    assert same(written(ds)[0], [record])


def test_the_layout_of_2020_is_named():
    with pytest.raises(annokit.FormatError, match="the layout of 2020, which is not read"):
        annokit.read(BytesIO(b'[{"label_hash": "l", "labels": {}}]'), "encord")


def test_geometry_of_another_shape_is_read_as_what_it_is():
    wrong = {key: value for key, value in BOX.items() if key != "boundingBox"} | {"point": {"0": {"x": 0.25, "y": 0.5}}}
    record = row({"objects": [wrong]})
    ds = parsed(record)
    assert ds.annotations[0].shape == annokit.Point(0.25, 0.5)
    (issue,) = ds.issues
    assert (issue.code, [r.detail for r in issue.rows()]) == ("odd-value", ["/0/data_units/d1/labels/objects/0"])
    assert same(written(ds)[0], [record])
    both = row({"objects": [{**wrong, "circle": {"x": 0.5, "y": 0.5, "r": 0.1}}]})
    assert parsed(both).annotations[0].shape is None


def test_run_lengths_may_stand_on_the_object_itself():
    """As very old exports state them."""
    old = {key: value for key, value in thing("bitmask", "x", 0).items() if key != "x"}
    record = row({"objects": [{**old, "top": 0, "left": 0, "height": 2, "width": 3, "rleString": "015"}]})
    ds = parsed(record)
    assert ds.annotations[0].shape.decode().tolist() == [[True, False, False], [False, False, False]]
    assert same(written(ds)[0], [record])


CROP = {"top": 1, "left": 2, "height": 2, "width": 3, "rleString": "015"}


def test_a_crop_of_a_bitmask_lies_where_it_says():
    record = row({"objects": [thing("bitmask", "bitmask", CROP)]})
    record["data_units"]["d1"].update(width=6, height=4)
    ds = parsed(record)
    expected = [[False] * 6, [False, False, True, False, False, False], [False] * 6, [False] * 6]
    assert ds.annotations[0].shape.decode().tolist() == expected
    assert str(ds.issues) == "nothing to report"
    assert same(written(ds)[0], [record])


@pytest.mark.parametrize("sides", [(4, 4), (None, None)])
def test_a_crop_that_fits_nowhere_is_kept_and_listed(sides):
    record = row({"objects": [thing("bitmask", "bitmask", CROP)]})
    record["data_units"]["d1"].update(width=sides[0], height=sides[1])
    ds = parsed(record)
    assert [issue.code for issue in ds.issues] == ["odd-value"]
    assert same(written(ds)[0], [record])


def test_events_and_parts_of_pages_are_listed():
    record = video({"3": {"objects": [{**BOX, "event": "upsert"}]}})
    assert [(i.code, i.count) for i in parsed(record).issues] == [("unsupported-record", 1)]
    part = {"objectHash": "h", "featureHash": "f", "name": "t", "shape": "text", "range": [], "classifications": [],
            "range_html": [{"start": {"xpath": "/p", "offset": 1}, "end": {"xpath": "/p", "offset": 3}}]}  # fmt: skip
    page = row({}, data_type="plain_text", object_answers={"h": part})
    ds = parsed(page)
    assert [(i.code, [r.annotation for r in i.rows()]) for i in ds.issues] == [("unsupported-record", [0])]
    assert same(written(ds)[0], [page])


@pytest.mark.parametrize("name", ["object_answers", "classification_answers", "object_actions"])
@pytest.mark.parametrize("odd", [5, "x", [1], {"a": 1}])
def test_answers_that_are_no_list_are_kept_and_listed(name, odd):
    key = "actions" if name == "object_actions" else "classifications"
    ident = "c" if name == "classification_answers" else BOX["objectHash"]
    record = row({"objects": [BOX], "classifications": [ENTRY]}, **{name: {ident: {"objectHash": ident, key: odd}}})
    ds = parsed(record)
    (found,) = [row for issue in ds.issues.of("odd-value") for row in issue.rows()]
    assert found.detail == f"/0/{name}/{ident}/{key}: {odd!r}"
    assert same(written(ds)[0], [record])
