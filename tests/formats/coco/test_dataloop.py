"""COCO as Dataloop's converters write it: read right, come back, and written without their faults."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pycocotools import mask as masks

import annokit
from annokit import Box, DatasetBuilder, Mask, Polygon
from annokit.model.dataset import Dataset
from annokit.model.label import Label, Skeleton
from tests.formats.laws import check_laws

IMAGE, OTHER = "64a1f0c2d3e4b5a697887766", "64a1f0c2d3e4b5a697887767"


def rle(mask: np.ndarray) -> dict[str, Any]:
    """A mask as the converters state it."""
    made = masks.encode(np.asfortranarray(mask, np.uint8))
    return {"size": list(mask.shape), "counts": made["counts"].decode()}


def square() -> np.ndarray:
    """A square of 4 x 4 pixels in 12 x 16."""
    mask = np.zeros((12, 16), bool)
    mask[2:6, 3:7] = True
    return mask


def note(number: int, **rest: Any) -> dict[str, Any]:
    """An annotation."""
    ident = f"64a1f0c2d3e4b5a6978900{number:02d}"
    return {"id": ident, "image_id": IMAGE, "category_id": 1, "iscrowd": 0, "area": 16, "bbox": [3, 2, 4, 4], **rest}


def document(*notes: dict[str, Any], **rest: Any) -> dict[str, Any]:
    """A document, keys in the order of the converters."""
    images = [
        {"id": IMAGE, "file_name": "a/b.jpg", "width": 16, "height": 12},
        {"id": OTHER, "file_name": "c.jpg", "width": 16, "height": 12},
    ]
    categories = [
        {"id": 1, "name": "dog", "supercategory": "animal"},
        {"id": 2, "name": "dog", "supercategory": "toy.soft"},
        {"id": 3, "name": "animal"},
    ]
    return {"annotations": list(notes), "categories": categories, "images": images, **rest}


def save(tmp_path: Path, value: Any) -> Path:
    """Write a document."""
    path = tmp_path / "coco.json"
    path.write_text(json.dumps(value), encoding="utf-8")
    return path


def returned(tmp_path: Path, value: Any, dialect: str = "coco:dataloop") -> Dataset:
    """Read a document that comes back as it was."""
    ds = annokit.read(save(tmp_path, value), dialect)
    report = annokit.write(ds, tmp_path / "out.json", dialect, on_loss="raise", overwrite=True)
    assert not report, str(report)
    assert json.loads((tmp_path / "out.json").read_bytes()) == value
    assert annokit.read(tmp_path / "out.json", dialect) == ds
    return ds


def test_ids_are_text_and_names_are_whole(tmp_path: Path) -> None:
    value = document(note(1, segmentation=[]), note(2, segmentation=rle(square()), category_id=2))
    assert [match.format for match in annokit.detect(save(tmp_path, value))] == ["coco:dataloop"]
    ds = returned(tmp_path, value)
    assert [item.id for item in ds] == [IMAGE, OTHER]
    assert ds.labels.names == ("animal.dog", "toy.soft.dog", "animal")
    box, mask = ds[0].annotations
    assert (box.shape, box.id) == (Box(3 / 16, 2 / 12, 7 / 16, 6 / 12), "64a1f0c2d3e4b5a697890001")
    assert isinstance(mask.shape, Mask)
    assert (mask.shape.decode() == square()).all()
    assert mask.label.name == "toy.soft.dog"


def test_empty_lists_of_points_are_no_shape(tmp_path: Path) -> None:
    ds = returned(tmp_path, document(note(1, segmentation=[[]])))
    assert ds[0].annotations[0].shape == Box(3 / 16, 2 / 12, 7 / 16, 6 / 12)


@pytest.mark.parametrize("crowd", [0, 1])
def test_the_file_tells_the_geometry_and_not_iscrowd(tmp_path: Path, crowd: int) -> None:
    ring = [3, 2, 7, 2, 7, 6, 3, 6]
    notes = note(1, segmentation=[ring], iscrowd=crowd), note(2, segmentation=rle(square()), iscrowd=crowd)
    polygon, mask = returned(tmp_path, document(*notes))[0].annotations
    assert isinstance(polygon.shape, Polygon)
    assert isinstance(mask.shape, Mask)


def test_skeletons_are_counted_from_zero(tmp_path: Path) -> None:
    pose = {
        "id": 4, "name": "body", "templateId": "t1", "keypoints": ["nose", "eye", "ear"], "skeleton": [[0, 1], [1, 2]],
    }  # fmt: skip
    value = document(note(1, category_id=4, keypoints=[3, 2, 2, 7, 6, 1, 0, 0, 0], num_keypoints=2))
    ds = returned(tmp_path, {**value, "categories": [pose]})
    assert ds.labels[0].skeleton == Skeleton(("nose", "eye", "ear"), ((0, 1), (1, 2)))
    plain = json.loads(_written(ds, tmp_path, "coco").read_bytes())
    assert plain["categories"][0]["skeleton"] == [[1, 2], [2, 3]]


def test_the_first_category_with_a_template_tells_the_dialect(tmp_path: Path) -> None:
    pose = {"id": 1, "name": "body", "templateId": "t1", "keypoints": ["a"], "skeleton": []}
    value = {
        "categories": [pose],
        "images": [{"id": 0, "file_name": "a.jpg", "width": 4, "height": 4}],
        "annotations": [],
    }
    assert [match.format for match in annokit.detect(save(tmp_path, value))] == ["coco:dataloop"]


def test_the_older_converter_counts_from_zero(tmp_path: Path) -> None:
    value = {
        "images": [{"file_name": "a.jpg", "id": 0, "width": 16, "height": 12}],
        "info": {"description": "data"},
        "annotations": [
            {"image_id": 0, "id": 0, "category_id": 1, "bbox": [3, 2, 4, 4], "segmentation": [[]], "area": 16, "iscrowd": 0},
            {"image_id": 0, "id": 1, "category_id": 2, "bbox": [3, 2, 4, 4], "segmentation": [[3, 2, 7, 2, 7, 6]], "area": 11, "iscrowd": 0},
        ],
        "categories": [{"id": 1, "name": "animal"}, {"id": 2, "name": "dog", "supercategory": "animal"}],
    }  # fmt: skip
    ds = returned(tmp_path, value)
    assert [annotation.label.name for annotation in ds[0].annotations] == ["animal", "animal.dog"]
    assert [match.format for match in annokit.detect(save(tmp_path, value))] == ["coco"]
    assert returned(tmp_path, value, "coco").labels.names == ("animal", "dog")


@pytest.mark.parametrize(
    "category",
    [
        {"name": "a.b"}, {"name": "b.c", "supercategory": "a"}, {"name": ".b"}, {"name": "b."}, {"name": ""},
        {"name": "b", "supercategory": ""}, {"name": "b", "supercategory": "."}, {"name": "b", "supercategory": None},
        {"name": "", "supercategory": "a"}, {"name": 5, "supercategory": "a"}, {"supercategory": "a"},
        {"name": "b", "supercategory": "a.", "color": [1, 2, 3]},
    ],
)  # fmt: skip
def test_names_with_dots_come_back(tmp_path: Path, category: dict[str, Any]) -> None:
    returned(tmp_path, {**document(note(1)), "categories": [{"id": 1, **category}]})


def test_a_plain_file_is_written_as_theirs(tmp_path: Path) -> None:
    value = document(note(1, segmentation=[[3, 2, 7, 2, 7, 6, 3, 6]]))
    value["images"] = [{"id": 7, "file_name": "a.jpg", "width": 16, "height": 12}]
    value["annotations"][0] |= {"id": 3, "image_id": 7}
    ds = annokit.read(save(tmp_path, value), "coco")
    back = check_laws(ds, "coco:dataloop", tmp_path)
    assert back is not None
    assert back.labels.names == ("animal.dog", "toy.soft.dog", "animal")
    made = json.loads((tmp_path / "out.json").read_bytes())
    assert made["images"][0]["id"] == f"{7:024x}"
    (found,) = made["annotations"]
    assert (found["id"], found["image_id"], found["iscrowd"]) == (f"{3:024x}", f"{7:024x}", 0)
    assert found["segmentation"] == rle(square())
    assert made["categories"] == value["categories"]
    assert [match.format for match in annokit.detect(tmp_path / "out.json")] == ["coco:dataloop"]
    check_laws(back, "coco", tmp_path)


def _written(ds: Dataset, tmp_path: Path, dialect: str) -> Path:
    path = tmp_path / f"{dialect.replace(':', '_')}.json"
    annokit.write(ds, path, dialect, on_loss="allow", overwrite=True)
    return path


def _holed() -> Dataset:
    """A square of 10 x 8 pixels with a hole of 4 x 2 and a part beside it, and labels whose last names are equal."""
    builder = DatasetBuilder(unit="pixel")
    row = builder.add_item("x/a.jpg", width=32, height=12)
    animal = Label("animal")
    for label in (animal, Label("animal.dog", parent=animal), Label("toy.dog")):
        builder.add_label(label)
    outer, hole = [[2, 2], [12, 2], [12, 10], [2, 10]], [[4, 4], [8, 4], [8, 6], [4, 6]]
    other = [[20, 2], [24, 2], [24, 6], [20, 6]]
    builder.add_annotation(row, "animal.dog", kind="polygon", points=[[outer, hole], [other]])
    builder.add_annotation(row, "toy.dog", kind="box", box=(2, 2, 12, 10))
    return builder.build()


def test_holes_and_parts_are_kept_and_nothing_is_a_crowd(tmp_path: Path) -> None:
    back = check_laws(_holed(), "coco:dataloop", tmp_path)
    assert back is not None
    polygon, box = json.loads((tmp_path / "out.json").read_bytes())["annotations"]
    assert masks.area(polygon["segmentation"]) == 88
    assert (polygon["iscrowd"], polygon["area"], polygon["bbox"]) == (0, 88, [2, 2, 22, 8])
    assert (box["iscrowd"], box["area"], box["bbox"]) == (0, 80, [2, 2, 10, 8])
    assert not back[0].annotations[0].shape.decode()[4:6, 4:8].any()


def test_labels_of_one_last_name_stay_two(tmp_path: Path) -> None:
    ds = annokit.read(_written(_holed(), tmp_path, "coco:dataloop"))
    made = json.loads((tmp_path / "coco_dataloop.json").read_bytes())["categories"]
    assert [(entry["id"], entry.get("supercategory"), entry["name"]) for entry in made] == [
        (1, None, "animal"), (2, "animal", "dog"), (3, "toy", "dog"),
    ]  # fmt: skip
    assert [annotation.label.name for annotation in ds[0].annotations] == ["animal.dog", "toy.dog"]


def test_made_ids_do_not_meet_stated_ones(tmp_path: Path) -> None:
    builder = DatasetBuilder(unit="pixel")
    for ident in (None, f"{1:024x}", None, "x"):
        builder.add_item("a.jpg", id=ident, width=4, height=4)
    back = check_laws(builder.build(), "coco:dataloop", tmp_path)
    assert back is not None
    assert [item.id for item in back] == [f"{2:024x}", f"{1:024x}", f"{3:024x}", "x"]


@pytest.mark.parametrize("ids", [(5, 9), (5, 5), ("a", "a"), ("a", 5), (-1, 2**70)])
def test_ids_that_are_no_distinct_text_are_made(tmp_path: Path, ids: tuple[Any, ...]) -> None:
    builder = DatasetBuilder(unit="pixel")
    for ident in ids:
        builder.add_item("a.jpg", id=ident, width=4, height=4)
    back = check_laws(builder.build(), "coco:dataloop", tmp_path)
    assert back is not None
    assert len({item.id for item in back}) == 2
    assert all(isinstance(item.id, str) and len(item.id) == 24 for item in back)


def test_an_outline_of_an_item_without_size_needs_one(tmp_path: Path) -> None:
    builder = DatasetBuilder(unit="pixel")
    row = builder.add_item("a.jpg")
    builder.add_annotation(row, "x", kind="polygon", points=[[[[0, 0], [4, 0], [4, 4]]]])
    with pytest.raises(annokit.MissingSizeError, match=r"a\.jpg"):
        annokit.write(builder.build(), tmp_path / "out.json", "coco:dataloop", on_loss="allow")


def test_outlines_of_an_edited_file_become_run_lengths_once_none_is_left(tmp_path: Path) -> None:
    ring = [3, 2, 7, 2, 7, 6, 3, 6]
    ds = annokit.read(save(tmp_path, document(note(1, segmentation=[ring]), note(2))), "coco:dataloop")
    check_laws(ds.filter(annotations=[1]), "coco:dataloop", tmp_path)
    check_laws(ds, "coco", tmp_path)


def test_an_item_document_is_none(tmp_path: Path) -> None:
    value = {"filename": "/a.jpg", "annotations": [{"id": IMAGE, "type": "class", "label": "x", "itemId": OTHER}]}
    assert [match.format for match in annokit.detect(save(tmp_path, value))] == ["dataloop"]
