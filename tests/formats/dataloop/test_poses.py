"""Poses: points that belong together become keypoints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import annokit
from annokit import DatasetBuilder
from annokit.model.label import Label, Skeleton
from tests.formats.dataloop.documents import item, load, note, returned, written, z
from tests.formats.laws import check_laws

ONTOLOGY = {
    "roots": [{"value": {"tag": "person", "color": "#ff0000", "attributes": []}, "children": []}],
    "metadata": {
        "system": {
            "collectionTemplates": [
                {"id": "t1", "name": "body", "order": ["nose", "eye", "ear"], "arcs": [["nose", "eye"], ["eye", "ear"]]}
            ]
        }
    },
}


def joint(name: str, x: float, y: float, parent: str = "p1", **rest: Any) -> dict[str, Any]:
    """A point of a pose."""
    return note("point", name, z(x, y), id=f"{parent}-{name}", system={"parentId": parent}, **rest)


def pose(ident: str = "p1", template: str = "t1") -> dict[str, Any]:
    """A pose."""
    return note("pose", "person", {"templateId": template, "instanceId": "i"}, id=ident)


def test_joints_become_keypoints_in_the_order_of_the_template(tmp_path: Path) -> None:
    document = item(
        joint("ear", 64, 48, attributes=["not-visible"]),
        pose(),
        note("box", coordinates=[z(1, 2), z(3, 4)]),
        joint("nose", 320, 240),
    )
    ds, back = returned(tmp_path, document, ontology=ONTOLOGY)
    assert back == [document]
    person, cat = ds[0].annotations
    assert person.label.name == "person"
    assert person.keypoints.points.tolist() == [[0.5, 0.5], [0, 0], [0.1, 0.1]]
    assert list(person.keypoints.visibility) == [2, 0, 1]
    assert person.label.skeleton == Skeleton(("nose", "eye", "ear"), ((0, 1), (1, 2)))
    assert cat.label.name == "cat"


def test_without_a_template_joints_stand_as_they_first_come(tmp_path: Path) -> None:
    document = item(
        pose(), joint("b", 64, 48), joint("a", 0, 0), pose("p2"), joint("c", 1, 1, "p2"), joint("a", 2, 2, "p2")
    )
    ds, back = returned(tmp_path, document)
    assert back == [document]
    assert ds.labels["person"].skeleton.joints == ("b", "a", "c")
    assert [list(row.keypoints.visibility) for row in ds[0].annotations] == [[2, 2, 0], [0, 2, 2]]


def test_points_that_fit_no_pose_stay_points(tmp_path: Path) -> None:
    document = item(
        pose(), joint("nose", 1, 1), joint("nose", 2, 2), note("point", "x", z(3, 3)), joint("eye", 4, 4, "gone"),
        note("pose", "person", {"templateId": "t1"}, id="alone"),
    )  # fmt: skip
    ds, back = returned(tmp_path, document)
    assert back == [document]
    kinds = [type(annotation.shape).__name__ for annotation in ds[0].annotations]
    assert kinds == ["Keypoints", "Point", "Point", "Point", "NoneType"]


def test_visibility_in_both_kinds_of_attributes(tmp_path: Path) -> None:
    document = item(
        pose(),
        joint("a", 1, 1, attributes=["visible"]),
        joint("b", 1, 1, attributes=["not_visible"]),
        joint("c", 1, 1),
    )
    document["annotations"][3]["metadata"]["system"]["attributes"] = {"Visibility": "Not-Visible"}
    ds, back = returned(tmp_path, document)
    assert back == [document]
    assert list(ds[0].annotations[0].keypoints.visibility) == [2, 1, 1]


def test_keypoints_of_other_formats_are_written_as_poses(tmp_path: Path) -> None:
    builder = DatasetBuilder(unit="pixel")
    row = builder.add_item("a.jpg", width=640, height=480)
    label = builder.add_label(Label("person", skeleton=Skeleton(("nose", "eye", "ear"), ((0, 1),))))
    builder.add_annotation(row, label, kind="keypoints", keypoints=[[64, 48, 2], [0, 0, 0], [5, 6, 1]])
    files = written(builder.build(), tmp_path)
    document = files["json/a.jpg.json"]
    person, nose, ear = document["annotations"]
    assert person["type"] == "pose"
    assert (nose["type"], nose["label"], nose["coordinates"]) == ("point", "nose", {"x": 64, "y": 48, "z": 0})
    assert ear["attributes"] == ["not-visible"]
    client = person["metadata"]["system"]["clientId"]
    assert nose["metadata"]["system"] == ear["metadata"]["system"] == {"clientParentId": client}
    (template,) = files["ontology.json"]["metadata"]["system"]["collectionTemplates"]
    assert template["order"] == ["nose", "eye", "ear"]
    assert template["arcs"] == [["nose", "eye"]]
    back = annokit.read(tmp_path / "out")
    assert back[0].annotations[0].keypoints.points.tolist()[0] == [0.1, 0.1]
    assert back.labels["person"].skeleton.edges == ((0, 1),)


def test_edited_keypoints_forget_the_points_that_they_were(tmp_path: Path) -> None:
    ds = load(tmp_path, item(pose(), joint("a", 64, 48)))
    with ds.edit() as edit:
        edit.replace(0, shape=annokit.Keypoints([[0.5, 0.5]], [2]))
    files = written(edit.dataset, tmp_path)
    _, point = files["json/a.jpg.json"]["annotations"]
    assert point["coordinates"] == {"x": 320.0, "y": 240.0, "z": 0}
    assert "id" not in point


@pytest.mark.parametrize("kept", [[0], [0, 1], [1, 2], [2, 0]])
def test_joints_stand_elsewhere_when_annotations_before_them_are_gone(tmp_path: Path, kept: list[int]) -> None:
    document = item(
        joint("ear", 64, 48, attributes=["not-visible"]),
        pose(),
        note("box", coordinates=[z(1, 2), z(3, 4)]),
        joint("nose", 320, 240),
        note("class"),
        note("note", "issue", {}),
    )
    ds = load(tmp_path, document, ontology=ONTOLOGY).filter(annotations=kept)
    back = check_laws(ds, "dataloop", tmp_path)
    assert back is not None
    assert [row.shape for row in back[0].annotations] == [row.shape for row in ds[0].annotations]
    (document,) = (d for name, d in written(back, tmp_path).items() if name.startswith("json/"))
    assert document["annotations"][-1]["type"] == "note"
    assert len(document["annotations"]) == len(kept) + 1 + (2 if 0 in kept else 0)


def test_a_pose_without_coordinates(tmp_path: Path) -> None:
    bare = {key: value for key, value in pose().items() if key != "coordinates"}
    ds, back = returned(tmp_path, item(bare, joint("a", 64, 48)))
    assert back == [item(bare, joint("a", 64, 48))]
    with ds.edit() as edit:
        edit.replace(0, shape=annokit.Box(0, 0, 0.5, 0.5))
    found = check_laws(edit.dataset, "dataloop", tmp_path)
    assert found is not None
    assert found[0].annotations[0].shape == annokit.Box(0, 0, 0.5, 0.5)
