"""Fields of items and annotations besides their shapes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import annokit
from annokit import Box, DatasetBuilder
from tests.formats.dataloop.documents import item, load, note, returned, save, written, z
from tests.formats.laws import check_laws

BOX = [z(64, 48), z(128, 96)]


def test_old_attributes_come_back_as_a_list_and_new_ones_as_an_object(tmp_path: Path) -> None:
    named = {"1": "red", "2": ["a", "b"], "3": True, "4": 7, "note": "text", "5": 1.5, "6": None}
    document = item(
        note("box", coordinates=BOX, attributes=["occluded", "truncated"], system={"attributes": named}),
        note("box", coordinates=BOX, attributes=["truncated"]),
        note("box", coordinates=BOX, system={"attributes": {}}),
        {key: value for key, value in note("box", coordinates=BOX).items() if key != "attributes"},
    )
    ds, back = returned(tmp_path, document)
    assert back == [document]
    first, second, third, last = (annotation.attributes for annotation in ds[0].annotations)
    assert dict(first) == {**named, "occluded": True, "truncated": True}
    assert dict(second) == {"truncated": True}
    assert dict(third) == dict(last) == {}


def test_one_name_in_both_kinds_of_attributes(tmp_path: Path) -> None:
    document = item(note("box", coordinates=BOX, attributes=["a", "b"], system={"attributes": {"a": 5}}))
    ds, back = returned(tmp_path, document)
    assert back == [document]
    assert dict(ds[0].annotations[0].attributes) == {"a": 5}


@pytest.mark.parametrize("odd", [{"attributes": 5}, {"attributes": [1, "a"]}, {"system": {"attributes": "x"}}])
def test_odd_attributes_are_kept_and_told(tmp_path: Path, odd: dict[str, object]) -> None:
    document = item(note("box", coordinates=BOX, **odd))
    ds, back = returned(tmp_path, document)
    assert back == [document]
    assert ds.issues.of("odd-value").issues[0].count == 1


def test_attributes_keep_their_types_over_items(tmp_path: Path) -> None:
    documents = [
        item(note("class", system={"attributes": {"n": value}}), name=f"/{place}.jpg")
        for place, value in enumerate((1, 2.5, 3))
    ]
    ds, back = returned(tmp_path, *documents)
    assert back == documents
    found = [entry.annotations[0].attributes["n"] for entry in ds]
    assert found == [1, 2.5, 3]
    assert [type(value) for value in found] == [int, float, int]


def test_predictions_have_a_score(tmp_path: Path) -> None:
    model = {"name": "net", "model_id": "1", "confidence": 0.75}
    document = item(
        note("box", coordinates=BOX, user={"model": model, "mine": [1]}),
        note("box", coordinates=BOX, user={"model": {"confidence": 1}}),
        note("box", coordinates=BOX, user={"model": {"name": "net"}}),
        note("box", coordinates=BOX, user={"model": 5, "confidence": 0.5}),
    )
    ds, back = returned(tmp_path, document)
    assert back == [document]
    assert [annotation.score for annotation in ds[0].annotations] == [0.75, 1, None, None]


def test_who_and_when_and_the_state_of_the_review(tmp_path: Path) -> None:
    stated = {"creator": "a@b.c", "createdAt": "2024-05-26T15:46:02.369Z", "updatedAt": "2024-05-27T00:00:00.000Z"}
    document = item(note("box", coordinates=BOX, **stated, system={"status": "approved"}, id="1", hash="h"))
    ds, back = returned(tmp_path, document)
    assert back == [document]
    (found,) = ds[0].annotations
    assert (found.author, found.created, found.id) == ("a@b.c", stated["createdAt"], "1")
    assert ds._annotations.value("updated", 0) == stated["updatedAt"]
    assert ds._annotations.value("review", 0) == "approved"
    assert [issue.field for issue in ds.issues.of("unread-key")] == ["hash"]


def test_parents_by_id_and_by_client_id(tmp_path: Path) -> None:
    document = item(
        note("box", coordinates=BOX, id="1", system={"clientId": "c1"}),
        note("box", coordinates=BOX, system={"parentId": "1"}),
        note("box", coordinates=BOX, system={"clientParentId": "c1"}),
        note("box", coordinates=BOX, system={"parentId": "1", "clientParentId": "c1"}),
        note("box", coordinates=BOX, system={"parentId": None}),
        note("box", coordinates=BOX, system={"parentId": "gone"}),
    )
    ds, back = returned(tmp_path, document)
    assert back == [document]
    assert [ds._annotations.value("parent", row) for row in (1, 2, 3)] == [0, 0, 0]
    (issue,) = ds.issues.of("dangling-reference")
    assert issue.count == 1
    assert '"gone"' in issue.examples[0]


def test_a_parent_is_one_of_the_same_item(tmp_path: Path) -> None:
    documents = [
        item(note("box", coordinates=BOX, id="1"), name="/a.jpg"),
        item(note("box", coordinates=BOX, system={"parentId": "1"}), name="/b.jpg"),
    ]
    ds, back = returned(tmp_path, *documents)
    assert back == documents
    assert ds.issues.of("dangling-reference")


def test_parents_of_other_formats_get_client_ids(tmp_path: Path) -> None:
    builder = DatasetBuilder(unit="pixel")
    row = builder.add_item("a.jpg", width=64, height=48, kind="image")
    above = builder.add_annotation(row, "car", box=(0, 0, 9, 9), kind="box", id=5)
    builder.add_annotation(row, "wheel", box=(0, 0, 2, 2), kind="box", parent=above)
    ds = builder.build()
    (document,) = written(ds, tmp_path, on_loss="allow").values()
    car, wheel = (annotation["metadata"]["system"] for annotation in document["annotations"])
    assert "id" not in document["annotations"][0]
    assert wheel["clientParentId"] == car["clientId"]
    back = annokit.read(tmp_path / "out")
    assert back._annotations.value("parent", 1) == 0


def test_turned_photographs_are_as_displayed(tmp_path: Path) -> None:
    documents = [
        item(
            note("box", coordinates=[z(0, 0), z(240, 320)]),
            name=f"/{value}.jpg",
            system={"exif": {"Orientation": value}},
        )
        for value in range(1, 9)
    ]
    ds, back = returned(tmp_path, *documents)
    assert back == documents
    assert [(entry.width, entry.height) for entry in ds] == [(640, 480)] * 4 + [(480, 640)] * 4
    assert ds[5].annotations[0].shape == Box(0, 0, 0.5, 0.5)
    (issue,) = ds.issues.of("assumed")
    assert (issue.severity, issue.count) == ("info", 4)
    assert ds[0].annotations[0].shape == Box(0, 0, 0.375, 320 / 480)


@pytest.mark.parametrize(
    ("width", "size"),
    [(None, (None, None)), ("640", (None, None)), (0, (None, None)), (-5, (None, None)), (6.5, (None, None))],
)
def test_sizes_that_are_none(tmp_path: Path, width: object, size: object) -> None:
    document = item(note("box", coordinates=BOX), system={"width": width, "height": ...})
    ds, back = returned(tmp_path, document)
    assert back == [document]
    assert (ds[0].width, ds[0].height) == size


def test_names_ids_and_places_of_items(tmp_path: Path) -> None:
    documents = [
        item(name="/ü/猫 1.jpg", id="abc", stream="https://host/items/abc/stream", annotated=False),
        {**item(name="plain.jpg"), "_id": "def"},
        item(name="//two.jpg", name_=1),
    ]
    ds = load(tmp_path, documents[0])
    assert ds[0].name == "ü/猫 1.jpg"
    assert (ds[0].id, ds[0].uri) == ("abc", "https://host/items/abc/stream")
    path = tmp_path / "list.json"
    path.write_text(annokit.columns.json.dumps(documents).decode(), encoding="utf-8")
    ds = annokit.read(path, "dataloop")
    assert ds.names == ("ü/猫 1.jpg", "plain.jpg", "/two.jpg")
    assert [entry.id for entry in ds] == ["abc", "def", None]
    back = written(ds, tmp_path)
    by_name = {document["filename"]: document for document in back.values()}
    assert by_name == {document["filename"]: document for document in documents}


def test_what_users_state_of_an_item_are_its_attributes(tmp_path: Path) -> None:
    documents = [
        item(metadata={"user": {"weather": "rain", "n": 5}}, name="/a.jpg"),
        item(metadata={"user": {}}, name="/b.jpg"),
        item(metadata={"user": [1]}, name="/c.jpg"),
    ]
    ds, back = returned(tmp_path, *documents)
    assert back == documents
    assert dict(ds[0].attributes) == {"weather": "rain", "n": 5}


def test_kinds_come_from_the_file_type_and_not_from_frames(tmp_path: Path) -> None:
    frames = {"frame": 0, "endFrame": 1, "startTime": 0, "endTime": 1.5, "snapshots_": []}
    kinds = {
        "image/png": "image", "video/webm": "video", "audio/wav": "audio", "text/plain": "text",
        "application/pcd": "pointcloud", ...: "image", "strange/type": "image",
    }  # fmt: skip
    documents = [
        item(note("box", coordinates=BOX, system=frames), name=f"/{place}.jpg", system={"mimetype": mimetype})
        for place, mimetype in enumerate(kinds)
    ]
    ds, back = returned(tmp_path, *documents)
    assert back == documents
    assert [entry.kind for entry in ds] == list(kinds.values())
    assert ds[0].annotations[0].span is None


def test_what_is_missing_stays_missing(tmp_path: Path) -> None:
    documents = [
        {"filename": "/a.jpg", "annotations": []},
        {"filename": "/b.jpg", "annotations": [], "metadata": {}},
        {"filename": "/c.jpg", "annotations": [{"type": "class", "label": "x"}], "metadata": {"system": {}}},
        {"filename": "/d.jpg", "annotations": [{"type": "class"}], "itemMetadata": {"system": {"width": 5}}},
        {"filename": "/e.jpg", "metadata": {"system": {"mimetype": "image/jpeg"}}},
        {"filename": "/f.jpg", "annotations": [{"type": "class", "label": "x", "metadata": {}, "attributes": []}]},
        {"filename": "/g.jpg", "annotations": [{"type": "class", "label": None, "metadata": {"user": {}}}]},
        {"filename": "/h.jpg", "annotations": [{"label": "x"}], "metadata": {"user": {"a": 1}, "x": {"y": 2}}},
        {"filename": "/i.jpg", "annotations": None, "metadata": None},
        {"filename": "/j.jpg", "annotations": [{"type": None, "label": 5, "metadata": 7}], "metadata": {"system": []}},
        {"filename": "/k.jpg", "annotations": [], "metadata": {"system": {}}, "itemMetadata": {"a": 1}},
    ]
    ds, back = returned(tmp_path, *documents)
    assert back == documents
    assert [annotation.label and annotation.label.name for entry in ds for annotation in entry.annotations] == [
        "x", None, "x", None, "x", None,
    ]  # fmt: skip


def test_keys_of_any_name_come_back(tmp_path: Path) -> None:
    keys = {
        "a.b": 1,
        "#x": [2],
        'q"': 3,
        "\n": 4,
        "": 5,
        "metadata.system.frame": 6,
        "ü": 'ä\\"\u0001\u0000',
        "n": 2**70,
    }
    document = item(note("class", **keys, system=dict(keys)), **keys, metadata={"k.l": 1}, system=dict(keys))
    ds, back = returned(tmp_path, document)
    assert back == [document]
    assert ds.issues.of("unread-key")


def test_strings_with_everything_in_them(tmp_path: Path) -> None:
    words = ['a"b', "back\\slash", "new\nline", "nul\0", "ü", "猫", "", "\x7f", "\\u0000", "😀"]
    documents = [
        item(note("class", word, id=word, creator=word, note=word), name=f"/{place}.jpg", note=word)
        for place, word in enumerate(words)
    ]
    ds, back = returned(tmp_path, *documents)
    assert back == documents
    assert [entry.annotations[0].label.name for entry in ds] == words
    assert [entry.annotations[0].author for entry in ds] == words


def test_a_key_changes_its_type_between_items(tmp_path: Path) -> None:
    values = ["text", 5, None, "more", {"a": 1}, "x"]
    documents = [
        item(note("class", creator=value, extra=value), name=f"/{place}.jpg", extra=value, id=value)
        for place, value in enumerate(values)
    ]
    ds, back = returned(tmp_path, *documents)
    assert back == documents
    assert [entry.id for entry in ds] == ["text", None, None, "more", None, "x"]


def test_reading_twice_gives_equal_datasets(tmp_path: Path) -> None:
    path = save(tmp_path, item(note("box", coordinates=BOX, system={"attributes": {"a": 1}})))
    assert annokit.read(path) == annokit.read(path)


@pytest.mark.parametrize("change", [{"attributes": {"n": 1}}, {"score": 0.5}, {"label": "dog"}, {"author": "me"}])
@pytest.mark.parametrize("metadata", [{}, {"metadata": {}}, {"metadata": {"system": {}}}, {"metadata": {"user": {}}}])
def test_a_change_finds_its_place_where_the_file_had_none(tmp_path: Path, metadata: Any, change: Any) -> None:
    bare = {"type": "box", "label": "cat", "coordinates": BOX, **metadata}
    ds = load(tmp_path, item(bare, bare))
    with ds.edit() as edit:
        edit.replace(0, **change)
    back = check_laws(edit.dataset, "dataloop", tmp_path)
    assert back is not None
    old, new = edit.dataset[0].annotations[0], back[0].annotations[0]
    assert (new.score, new.author, new.label.name, dict(new.attributes)) == (
        old.score, old.author, old.label.name, dict(old.attributes),
    )  # fmt: skip
    assert written(edit.dataset, tmp_path / "again")["json/a.jpg.json"]["annotations"][1] == bare


def test_an_old_attribute_that_is_false_by_now_is_a_new_one(tmp_path: Path) -> None:
    ds = load(tmp_path, item(note("box", coordinates=BOX, attributes=["a", "b"])))
    with ds.edit() as edit:
        edit.replace(0, attributes={"a": False, "b": True})
    back = check_laws(edit.dataset, "dataloop", tmp_path)
    assert back is not None
    assert dict(back[0].annotations[0].attributes) == {"a": False, "b": True}
    (made,) = written(edit.dataset, tmp_path / "again")["json/a.jpg.json"]["annotations"]
    assert made["attributes"] == ["b"]
    assert made["metadata"]["system"]["attributes"] == {"a": False}
