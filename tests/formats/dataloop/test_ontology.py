"""Ontologies: given, or lying beside the documents."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import annokit
from annokit import DatasetBuilder, FormatError
from annokit.model.label import AttributeDefinition, Label, Option
from tests.fixtures import fixture
from tests.formats.dataloop.documents import item, load, note, save, written
from tests.formats.laws import check_laws


def node(tag: str, *children: Any, color: Any = "#17ecff", **rest: Any) -> dict[str, Any]:
    """A label."""
    return {"value": {"tag": tag, "color": color, "attributes": [], **rest}, "children": list(children)}


ONTOLOGY = {
    "title": "Mine",
    "roots": [node("animal", node("dog", node("puppy")), node("猫"), attributes=["wild"], displayLabel="Animal"), node("tree")],
    "metadata": {
        "attributes": [
            {"key": "1", "type": "options", "title": "Colour", "values": ["red", "blue"], "scope": ["animal"], "optional": True, "multi": False},
            {"key": "2", "type": "options", "values": ["a", "b"], "multi": True},
            {"key": "3", "type": "boolean", "title": "Seen?"},
            {"key": "4", "type": "range", "range": {"min": 0, "max": 5, "step": 1}, "scriptData": {"title": "How much?", "key": "4", "optional": True, "multi": False}},
            {"key": "5", "type": "freeText"},
            {"key": "6", "type": "number"},
            {"key": "7", "type": "something new", "more": [1]},
        ]
    },
}  # fmt: skip

DOCUMENT = item(
    note("class", "animal.dog", system={"attributes": {"1": "red", "2": ["a", "b"], "3": True, "4": 2.5}}),
    note("class", "stone.small"),
    note("class", "animal.dog.puppy"),
)


@pytest.mark.parametrize("how", ["given", "path", "beside"])
def test_labels_have_their_full_names_and_their_parents(tmp_path: Path, how: str) -> None:
    folder = save(tmp_path, DOCUMENT)
    path = (folder if how == "beside" else tmp_path) / "recipe.json"
    if how != "given":
        path.write_text("\ufeff" + json.dumps(ONTOLOGY), encoding="utf-8")
    ds = annokit.read(folder, "dataloop", **{"given": {"ontology": ONTOLOGY}, "path": {"ontology": path}}.get(how, {}))
    assert ds.labels.names == ("animal", "animal.dog", "animal.dog.puppy", "animal.猫", "tree", "stone.small")
    puppy = ds.labels["animal.dog.puppy"]
    assert puppy.parent.parent == ds.labels["animal"]
    assert puppy.path == "animal.dog.puppy"
    assert ds.labels["animal"].color == (0x17, 0xEC, 0xFF)
    assert [annotation.label.name for annotation in ds[0].annotations] == [
        "animal.dog",
        "stone.small",
        "animal.dog.puppy",
    ]
    assert not ds.issues.of("skipped-record")
    files = written(ds, tmp_path)
    made = files["ontology.json"]
    assert made["roots"][:2] == ONTOLOGY["roots"]
    assert made["roots"][2]["value"] == {"tag": "stone.small", "attributes": []}
    assert made["metadata"] == ONTOLOGY["metadata"]
    assert made["title"] == "Mine"
    assert files["json/a.jpg.json"] == DOCUMENT
    assert annokit.read(tmp_path / "out") == ds


def test_definitions_say_what_attributes_are(tmp_path: Path) -> None:
    ds = load(tmp_path, DOCUMENT, ontology=ONTOLOGY)
    by_name = {definition.name: definition for definition in ds.labels.attributes}
    assert [by_name[str(k)].type for k in range(1, 8)] == [
        "select", "multiselect", "boolean", "number", "text", "number", "other",
    ]  # fmt: skip
    assert by_name["1"].title == "Colour"
    assert [option.name for option in by_name["1"].options] == ["red", "blue"]
    assert by_name["1"].labels == ("animal",)
    assert by_name["1"].required is False
    assert (by_name["4"].minimum, by_name["4"].maximum, by_name["4"].title) == (0, 5, "How much?")
    assert dict(ds[0].annotations[0].attributes) == {"1": "red", "2": ["a", "b"], "3": True, "4": 2.5}


def test_a_real_ontology_comes_back_value_by_value(tmp_path: Path) -> None:
    path = fixture("dataloop/docs/example-ontology.json")
    ds = annokit.read(save(tmp_path, item(note("class", "Fruit.apple"))), ontology=path)
    assert ds.labels.names == ("Plant", "Fruit", "Fruit.apple", "Fruit.orange")
    assert written(ds, tmp_path)["ontology.json"] == json.loads(path.read_bytes())


def test_an_old_list_of_labels(tmp_path: Path) -> None:
    ds = load(tmp_path, DOCUMENT, ontology=[node("animal", node("dog"))])
    assert ds.labels.names == ("animal", "animal.dog", "stone.small", "animal.dog.puppy")
    check_laws(ds, "dataloop", tmp_path)


@pytest.mark.parametrize(
    ("stated", "color"),
    [
        ("#17ecff", (23, 236, 255)), ("#17ECFF", (23, 236, 255)), ("#17ecff80", (23, 236, 255, 128)),
        ("rgb(23, 236,255)", (23, 236, 255)), ("rgba(23,236,255,0.5)", (23, 236, 255, 128)), ([1, 2, 3], (1, 2, 3)),
        ([1, 2, 3, 4], (1, 2, 3, 4)), ("red", None), ([1, 2], None), ("rgb(300,0,0)", None), (7, None),
    ],
)  # fmt: skip
def test_colours(tmp_path: Path, stated: Any, color: Any) -> None:
    ds = load(tmp_path, item(note("class", "a")), ontology={"roots": [node("a", color=stated)]})
    assert ds.labels["a"].color == color
    assert written(ds, tmp_path)["ontology.json"]["roots"][0]["value"]["color"] == stated
    assert annokit.read(tmp_path / "out") == ds


@pytest.mark.parametrize(
    "bad", [{"roots": [5]}, {"roots": [{"value": {}}]}, {"roots": {}}, {}, [1], {"roots": [node("a", {"value": 1})]}]
)
def test_what_is_no_ontology(tmp_path: Path, bad: Any) -> None:
    folder = save(tmp_path, DOCUMENT)
    with pytest.raises(FormatError):
        annokit.read(folder, ontology=bad)
    path = tmp_path / "o.json"
    path.write_text(json.dumps(bad))
    with pytest.raises(FormatError, match=r"o\.json"):
        annokit.read(folder, ontology=path)


DEEP = b'{"roots": ' + b'[{"value": {"tag": "a"}, "children": ' * 3000 + b"[]" + b"}]" * 3000 + b"}"


def test_an_ontology_that_can_not_be_read(tmp_path: Path) -> None:
    folder = save(tmp_path, DOCUMENT)
    path = tmp_path / "o.json"
    path.write_bytes(b'{"roots": [')
    with pytest.raises(FormatError, match=r"o\.json"):
        annokit.read(folder, ontology=path)
    with pytest.raises(FileNotFoundError):
        annokit.read(folder, ontology=tmp_path / "none.json")
    for wrong in (5, folder):
        with pytest.raises(annokit.UsageError, match="ontology="):
            annokit.read(folder, ontology=wrong)
    path.write_bytes(DEEP)
    with pytest.raises(annokit.AnnokitError, match=r"o\.json"):
        annokit.read(folder, ontology=path)


def test_a_bad_ontology_beside_the_documents_is_a_problem_among_others(tmp_path: Path) -> None:
    folder = save(tmp_path, DOCUMENT)
    (folder / "ontology.json").write_text(json.dumps({"roots": [5]}))
    with pytest.raises(FormatError, match=r"ontology\.json.*/roots/0"):
        annokit.read(folder)
    (folder / "deep.json").write_bytes(DEEP)
    ds = annokit.read(folder, on_bad="collect")
    assert len(ds) == 1
    assert ds.issues.of("bad-record").issues[0].count == 2


def test_labels_of_other_formats_become_an_ontology(tmp_path: Path) -> None:
    builder = DatasetBuilder(unit="pixel")
    animal = Label("animal", color=(1, 2, 3))
    for label in (animal, Label("dog", parent=animal), Label("a.b")):
        builder.add_label(label)
    row = builder.add_item("a.jpg", width=4, height=4, kind="image")
    builder.add_annotation(row, "dog")
    builder.attributes = [
        AttributeDefinition(name="kind", type="select", options=[Option(name="x"), Option(name="y")]),
        AttributeDefinition(name="n", type="number", minimum=1, maximum=3),
    ]
    back = check_laws(builder.build(), "dataloop", tmp_path)
    assert back is not None
    assert back.labels.names == ("animal", "animal.dog", "a.b")
    made = json.loads((tmp_path / "out/ontology.json").read_bytes())
    assert [root["value"]["tag"] for root in made["roots"]] == ["animal", "a.b"]
    assert made["roots"][0]["children"][0]["value"]["tag"] == "dog"
    assert made["metadata"]["attributes"] == [
        {"key": "kind", "type": "options", "values": ["x", "y"], "multi": False},
        {"key": "n", "type": "range", "range": {"min": 1, "max": 3}},
    ]
    document = json.loads((tmp_path / "out/json/a.jpg.json").read_bytes())
    assert document["annotations"][0]["label"] == "animal.dog"


def test_templates_without_a_label_come_back(tmp_path: Path) -> None:
    system = {"collectionTemplates": [{"id": "t", "name": "body", "order": ["a", "b"], "arcs": [["a", "b"]], "x": 1}]}
    ontology = {"roots": [node("person")], "metadata": {"system": system}}
    ds = load(tmp_path, item(note("class", "person")), ontology=ontology)
    assert written(ds, tmp_path)["ontology.json"] == ontology
    assert annokit.read(tmp_path / "out") == ds
