"""A small dataset with everything that other converters lose, and its pictures."""

from pathlib import Path

import numpy as np
from PIL import Image

from annokit.geometry import Box, Keypoints, Mask, Polygon, RotatedBox
from annokit.model.builder import DatasetBuilder
from annokit.model.dataset import Dataset
from annokit.model.label import Label

SIZE = (40, 30)
NAMES = ("a/img.jpg", "a/img.png", "b/img.jpg", "путь/画像.jpg", "empty.png")
LABELS = (("cat", 0), ("no", 3), ("unused", 7), ("person: tall", 90))
RING = np.zeros((30, 40), bool)
RING[5:25, 5:25] = True
RING[10:20, 10:20] = False


def scene(folder: Path | None = None, **fields: object) -> Dataset:
    """Five pictures, two of them of one stem; labels with gaps in their ids; every kind of shape."""
    builder = DatasetBuilder(unit="pixel", form="xywh")
    for name, ident in LABELS:
        builder.add_label(Label(name, ident))
    for name in NAMES:
        builder.add_item(name, width=SIZE[0], height=SIZE[1], path=picture(folder, name), **fields)
    square = np.array([[0.1, 0.1], [0.4, 0.1], [0.4, 0.5], [0.1, 0.5]])
    builder.add_annotation(0, 0, Box(0.25, 0.2, 0.5, 0.6), score=0.9, attributes={"iscrowd": 0, "occluded": True})
    builder.add_annotation(0, 1, Polygon(((square,), (square + 0.5,))), attributes={"iscrowd": 0})
    builder.add_annotation(1, 3, Mask.encode(RING), attributes={"iscrowd": 1})
    builder.add_annotation(2, 0, RotatedBox(0.5, 0.5, 0.4, 0.2, 30.0))
    builder.add_annotation(2, 1, Box(-0.1, 0.2, 0.3, 0.4))
    joints = Keypoints.of([[0.2, 0.2], [0.6, 0.7], [0.0, 0.0]], [2, 1, 0])
    builder.add_annotation(3, 3, Box(0.1, 0.1, 0.7, 0.8), keypoints=joints)
    return builder.build()


def picture(folder: Path | None, name: str) -> Path | None:
    """Draw a picture, where a folder is given."""
    if folder is None:
        return None
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", SIZE, (len(name), 90, 120)).save(path)
    return path
