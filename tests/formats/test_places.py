"""Where shapes lie after writing and reading: the same pixels, whatever unit and form the source states.

The three laws compare what is read with what narrowing gave; here the judge is the dataset that was given.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import annokit
from annokit.geometry import Mask, Polygon
from annokit.geometry.boxes import FORMS, convert

SIZE = (400, 300)
BOXES = np.array([[40, 30, 200, 270], [1, 1, 399, 299], [120, 60, 121, 62]], float)
"""Corners in pixels; integers, so that no target rounds them."""

SOURCES = [(unit, form) for unit in ("pixel", "unit") for form in FORMS if (unit, form) != ("unit", "xyxy1")]

TARGETS = [
    "coco", "voc", "voc:standard", "voc:dataloop", "voc:innotescus", "yolo:darknet", "yolo:ultralytics-detect",
    "yolo:ultralytics-segment", "yolo:ultralytics-pose", "yolo:ultralytics-obb", "yolo:dataloop", "yolo:dataloop-1", "yolo:innotescus",
    "yolo:keras", "yolo:keras-0", "kitti", "csv", "dataloop", "encord", "segments", "innotescus", "savant", "annokit",
]  # fmt: skip


def boxed(unit: str, form: str) -> annokit.Dataset:
    """The boxes as a source of that unit and form states them."""
    builder = annokit.DatasetBuilder(unit=unit, form=form)
    item = builder.add_item("a.jpg", width=SIZE[0], height=SIZE[1])
    stated = convert(BOXES / (np.array(SIZE * 2) if unit == "unit" else 1), "xyxy", form)
    for place, numbers in enumerate(stated):
        builder.add_annotation(item, f"class {place}", kind="box", box=tuple(numbers))
    return builder.build()


def read_back(ds: annokit.Dataset, path: Path, target: str) -> annokit.Dataset:
    suffix = ".annokit" if target == "annokit" else ""
    annokit.write(ds, path / f"out{suffix}", target, on_loss="allow")
    names = annokit.read(path / f"out{suffix}", target).names
    return annokit.read(path / f"out{suffix}", target, sizes=dict.fromkeys(names, SIZE))


@pytest.mark.parametrize(("unit", "form"), SOURCES)
@pytest.mark.parametrize("target", TARGETS)
def test_boxes_lie_where_they_lay(tmp_path: Path, target: str, unit: str, form: str) -> None:
    ds = boxed(unit, form)
    np.testing.assert_allclose(ds[0].boxes(unit="pixel"), BOXES, atol=1e-9)
    back = read_back(ds, tmp_path, target)
    assert len(back) == 1
    np.testing.assert_allclose(back[0].boxes(unit="pixel"), BOXES, atol=1e-6)
    names = [str(annotation.label).replace("_", " ") for annotation in back[0].annotations]
    assert names == ["class 0", "class 1", "class 2"]


@pytest.mark.parametrize(("unit", "form"), [("pixel", "xyxy1"), ("unit", "cxcywh")])
@pytest.mark.parametrize(
    "target",
    [
        "coco",
        "voc",
        "voc:standard",
        "yolo:ultralytics-detect",
        "yolo:ultralytics-segment",
        "kitti",
        "csv",
        "dataloop",
        "annokit",
    ],
)
def test_outlines_and_masks_lie_where_they_lay(tmp_path: Path, target: str, unit: str, form: str) -> None:
    builder = annokit.DatasetBuilder(unit=unit, form=form)
    item = builder.add_item("a.jpg", width=SIZE[0], height=SIZE[1])
    pixels = np.zeros(SIZE[::-1], bool)
    pixels[30:270, 40:200] = True
    ring = np.array([[40, 30], [200, 30], [200, 270], [40, 270]]) / SIZE
    builder.add_annotation(item, "class 0", Polygon(((ring,),)))
    builder.add_annotation(item, "class 1", Mask.encode(pixels))
    back = read_back(builder.build(), tmp_path, target)
    np.testing.assert_allclose(back[0].boxes(unit="pixel"), [BOXES[0]] * 2, atol=1e-6)
