"""What the vendor's page on exporting labels lets its reader do, on the real export."""

import json

import pytest

import annokit
from tests.fixtures import fixture

ROWS, ONTOLOGY = "encord/coco_exporter__LABELS_LIST.json", "encord/coco_exporter__ONTOLOGY_STRUCTURE_DICT.json"
DYNAMIC = "encord/video_with_dynamic_classifications__labels.json"


@pytest.fixture(scope="module")
def ds():
    return annokit.read(fixture(ROWS), ontology=fixture(ONTOLOGY))


def stated():
    """Return (title, frame, entry) of every object and classification, straight out of the file."""
    for row in json.loads(fixture(ROWS).read_bytes()):
        for unit in sorted(row["data_units"].values(), key=lambda unit: int(unit["data_sequence"])):
            labels = unit["labels"]
            flat = {unit["data_sequence"]: labels} if "objects" in labels else labels
            for frame, lists in sorted(flat.items(), key=lambda pair: int(pair[0])):
                for kind in ("objects", "classifications"):
                    for entry in lists[kind]:
                        yield row, int(frame), entry


def test_every_key_of_the_table_is_a_column(ds):
    """objectHash and uid, object name, featureHash, colour, shape, classification name and hash, frame and title."""
    entries, records = list(stated()), ds.to_records()
    assert len(records) == len(entries) == 86
    for record, (row, frame, entry) in zip(records, entries, strict=True):
        assert record["track"] == entry.get("objectHash", entry.get("classificationHash"))
        assert record["label_source_id"] == entry["featureHash"]
        assert record["sequence"] == row["data_title"]
        assert record["frame"] == frame or row["data_type"] == "image"
        if "objectHash" in entry:
            assert record["label"] == entry["name"]
            assert record["label_color"] == entry["color"].lower()
            assert record["label_shape"] == annokit.formats.encord.facts.KIND_OF_SHAPE[entry["shape"]]


@pytest.mark.parametrize("known", [True, False])
def test_answers_stand_beside_their_hashes(known):
    """Classification answer and its hash; attribute name, answer and its hash; with and without the ontology."""
    ds = annokit.read(fixture(ROWS), ontology=fixture(ONTOLOGY) if known else None)
    seen = 0
    for record, (row, _, entry) in zip(ds.to_records(), stated(), strict=True):
        kind = "object_answers" if "objectHash" in entry else "classification_answers"
        answers = row[kind].get(record["track"], {"classifications": []})["classifications"]
        for answer in answers:
            if isinstance(answer["answers"], list):
                hashes = [option["featureHash"] for option in answer["answers"]]
                found = record[f"attributes.{answer['name']}.source_id"]
                assert (found if isinstance(found, list) else [found]) == hashes
                seen += 1
            else:
                assert record[f"attributes.{answer['name']}"] == answer["answers"]
    assert seen == 33


def test_attributes_have_the_frames_that_they_hold_on():
    ds = annokit.read(fixture(DYNAMIC))
    row = json.loads(fixture(DYNAMIC).read_bytes())
    row = row[0] if isinstance(row, list) else row
    records = ds.to_records(["track", "frame", "attributes"])
    wanted = []
    for ident, entry in row["object_actions"].items():
        for action in entry["actions"]:
            frames = {frame for a, b in action["range"] for frame in range(a, b + 1)}
            held = {
                r["frame"]
                for r in records
                if r["track"] == ident and r[f"attributes.{action['name']}"] not in (None, [])
            }
            present = {r["frame"] for r in records if r["track"] == ident}
            wanted.append((frames & present) <= held)
    assert wanted
    assert all(wanted)


def test_a_range_of_frames_has_both_its_ends(ds):
    assert [(item.name, item.frame) for item in ds.frames(0, 1, title="video.mp4")] == [
        ("video.mp4#0", 0),
        ("video.mp4#1", 1),
    ]
    assert ds.frames(1, 30, title="video.mp4").names == ("video.mp4#1",)
    assert {item.sequence.name for item in ds.frames(0, 1)} == {"dicom", "image-sequence", "video.mp4", "image-group"}


def test_frames_that_do_not_follow_each_other(ds):
    assert [item.frame for item in ds.frames([127, 1])] == [1, 1, 1, 127]
    assert len(ds.frames([10, 20, 30, 40])) == 0


def test_a_title_chooses_while_reading():
    ds = annokit.read(fixture(ROWS), title="video.mp4")
    assert [sequence.name for sequence in ds.sequences] == ["video.mp4"]
    with pytest.raises(annokit.UsageError, match=r"no data are called 'nobody.mp4'; titles: RIDER.*, dicom, "):
        annokit.read(fixture(ROWS), title="nobody.mp4")


def test_tracks_tie_an_object_over_frames(ds):
    video = ds.sequences["video.mp4"]
    tracks = [track for track in ds.tracks() if track.sequence == video and track.label.shape is not None]
    assert len(tracks) == 7
    assert {track.frames for track in tracks} == {(0, 1)}
