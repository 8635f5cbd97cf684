"""What is written for datasets of other origin: ready for upload."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import annokit
from annokit import DatasetBuilder
from annokit.model.dataset import Dataset
from annokit.model.label import Label
from tests.formats.dataloop.documents import written
from tests.formats.laws import check_laws


def _dataset(**item: Any) -> DatasetBuilder:
    builder = DatasetBuilder(unit="pixel")
    builder.add_item("d/a.jpg", width=20, height=10, kind="image", **item)
    builder.add_label(Label("cat", color=(10, 20, 30)))
    return builder


def _notes(builder: DatasetBuilder, tmp_path: Path) -> list[dict[str, Any]]:
    ds = builder.build()
    check_laws(ds, "dataloop", tmp_path)
    found: list[dict[str, Any]] = written(ds, tmp_path, on_loss="allow")["json/d/a.jpg.json"]["annotations"]
    return found


def test_the_whole_document(tmp_path: Path) -> None:
    builder = _dataset()
    builder.add_annotation(
        0, "cat", kind="box", box=(1, 2, 5.5, 8), attributes={"colour": "red", "n": 3, "many": ["a"]}
    )
    (document,) = (d for name, d in written(builder.build(), tmp_path).items() if name != "ontology.json")
    assert document == {
        "filename": "/d/a.jpg",
        "metadata": {"system": {"width": 20, "height": 10, "mimetype": "image/jpeg"}},
        "annotations": [
            {
                "type": "box",
                "label": "cat",
                "attributes": [],
                "coordinates": [{"x": 1, "y": 2, "z": 0}, {"x": 5.5, "y": 8, "z": 0}],
                "metadata": {"system": {"attributes": {"colour": "red", "n": 3, "many": ["a"]}}, "user": {}},
            }
        ],
    }


def test_a_mask_is_a_picture_of_the_item_in_the_colour_of_its_label(tmp_path: Path) -> None:
    mask = np.zeros((10, 20), bool)
    mask[2:6, 3:12] = True
    mask[3:5, 5:8] = False
    builder = _dataset()
    builder.add_annotation(0, "cat", _mask(mask))
    (note,) = _notes(builder, tmp_path)
    assert note["type"] == "binary"
    prefix, _, data = note["coordinates"].partition(",")
    assert prefix == "data:image/png;base64"
    image = Image.open(io.BytesIO(base64.b64decode(data)))
    assert (image.mode, image.size) == ("RGBA", (20, 10))
    pixels = np.asarray(image)
    assert (pixels[mask] == (10, 20, 30, 255)).all()
    assert not pixels[~mask].any()


def _mask(mask: np.ndarray) -> annokit.Mask:
    from annokit.geometry import rle, runs

    return annokit.Mask(mask.shape, rle.dumps(runs.encode(mask)))


def test_a_rotated_box_has_its_angle_third(tmp_path: Path) -> None:
    builder = _dataset()
    builder.add_annotation(0, "cat", annokit.RotatedBox(0.5, 0.5, 0.4, 0.2, 30))
    (note,) = _notes(builder, tmp_path)
    assert note["type"] == "box"
    assert note["coordinates"] == [{"x": 6.0, "y": 4.0, "z": 0}, {"x": 14.0, "y": 6.0, "z": 0}, 30.0]


def test_a_polygon_has_its_holes_and_parts_as_rings_without_depth(tmp_path: Path) -> None:
    outer, hole, other = [[0, 0], [9, 0], [9, 9]], [[4, 1], [8, 1], [8, 5]], [[12, 0], [18, 0], [18, 5]]
    builder = _dataset()
    builder.add_annotation(0, "cat", kind="polygon", points=[[outer, hole], [other]])
    builder.add_annotation(0, "cat", kind="polyline", points=[[[[0, 0], [5, 5]]]])
    builder.add_annotation(0, "cat", kind="point", points=[[[[1.5, 2]]]])
    polygon, line, point = _notes(builder, tmp_path)
    assert polygon["type"] == "segment"
    assert polygon["coordinates"] == [[{"x": x, "y": y} for x, y in ring] for ring in (outer, hole, other)]
    assert (line["type"], line["coordinates"]) == ("polyline", [[{"x": 0, "y": 0}, {"x": 5, "y": 5}]])
    assert (point["type"], point["coordinates"]) == ("point", {"x": 1.5, "y": 2, "z": 0})


def test_ellipses_and_classes(tmp_path: Path) -> None:
    builder = _dataset()
    builder.add_annotation(0, "cat", annokit.Ellipse(0.5, 0.5, 0.25, 0.2, 15))
    builder.add_annotation(0, "cat")
    ellipse, whole = _notes(builder, tmp_path)
    assert ellipse["coordinates"] == {"center": {"x": 10.0, "y": 5.0, "z": 0}, "rx": 5.0, "ry": 2.0, "angle": 15.0}
    assert whole["type"] == "class"
    assert "coordinates" not in whole


def test_ids_of_other_platforms_are_not_passed_on_as_theirs(tmp_path: Path) -> None:
    builder = _dataset(id=5)
    builder.add_annotation(0, "cat", id=7, kind="box", box=(0, 0, 1, 1))
    (note,) = _notes(builder, tmp_path)
    assert not {"id", "_id", "url", "hash"} & note.keys()


def test_turned_pictures_of_dataloop_keep_their_stored_size(tmp_path: Path) -> None:
    source = {"filename": "/d/a.jpg", "metadata": {"system": {"width": 20, "height": 10, "exif": {"Orientation": 6}}}}
    (tmp_path / "a.json").write_text(json.dumps({**source, "annotations": []}))
    ds = annokit.read(tmp_path / "a.json")
    assert (ds[0].width, ds[0].height) == (10, 20)
    assert written(ds, tmp_path)["json/d/a.jpg.json"]["metadata"] == source["metadata"]


def test_a_track_of_a_video_is_one_annotation_with_sparse_states(tmp_path: Path) -> None:
    builder = DatasetBuilder(unit="pixel")
    video = builder.add_sequence("v", name="v.mp4", fps=25, frames=100)
    builder.add_item("v.mp4", width=20, height=10, kind="video", sequence=video)
    for first, last, x, key in ((0, 9, 0, True), (10, 19, 1, False), (20, 40, 2, True)):
        builder.add_annotation(
            0, "car", kind="box", box=(x, 0, x + 2, 2), track=3, keyframe=key, interpolation="hold",
            span=(None, None, first, last),
        )  # fmt: skip
    ds = builder.build()
    check_laws(ds, "dataloop", tmp_path)
    document = written(ds, tmp_path, on_loss="allow")["json/v.mp4.json"]
    assert document["metadata"] == {
        "fps": 25,
        "system": {"width": 20, "height": 10, "mimetype": "video/mp4", "nb_frames": 100},
    }
    (note,) = document["annotations"]
    system = note["metadata"]["system"]
    assert (system["frame"], system["endFrame"], system["objectId"]) == (0, 40, "3")
    assert note["coordinates"][0]["x"] == 0
    assert [(s["frame"], s["fixed"], s["objectVisible"], s["data"][0]["x"]) for s in system["snapshots_"]] == [
        (10, False, True, 1), (20, True, True, 2),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "mimetype"),
    [
        ("a.PNG", "image/png"),
        ("a", "image/jpeg"),
        ("a.tiff", "image/tiff"),
        ("a.mp4", "image/jpeg"),
        ("a.webp", "image/webp"),
    ],
)
def test_the_file_type_comes_from_the_name(tmp_path: Path, name: str, mimetype: str) -> None:
    builder = DatasetBuilder(unit="pixel")
    builder.add_item(name, width=4, height=4, kind="image")
    (document,) = written(builder.build(), tmp_path).values()
    assert document["metadata"]["system"]["mimetype"] == mimetype


def test_what_the_plan_says_is_what_happens(tmp_path: Path) -> None:
    ds: Dataset = _everything()
    report = annokit.plan(ds, "dataloop")
    assert annokit.write(ds, tmp_path / "out", "dataloop", on_loss="allow") == report
    told = {(row.annotation, row.field) for row in report.rows() if row.annotation is not None}
    back = annokit.read(tmp_path / "out")
    for place, (old, new) in enumerate(zip(ds[0].annotations, back[0].annotations, strict=True)):
        for field in ("id", "score", "author", "layer"):
            if getattr(old, field) != getattr(new, field):
                assert (place, field) in told, (place, field)
        if old.shape != new.shape:
            assert (place, "shape") in told or (place, "box") in told


def _everything() -> Dataset:
    builder = _dataset(id="own")
    builder.add_annotation(0, "cat", kind="box", box=(0, 0, 1, 1), id=1, score=0.5, layer="other", author="me")
    builder.add_annotation(0, "cat", kind="box", box=(0, 0, 1, 1), id="two", score=float("nan"))
    builder.add_annotation(0, "cat", kind="polygon", points=[[[[0, 0]]]], layer="x")
    builder.add_annotation(0, None, kind="box", box=(5, 5, 1, 1))
    builder.add_annotation(0, "cat", kind="keypoints", keypoints=[[0, 0, 0]])
    return builder.build()
