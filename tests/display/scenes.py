"""Small datasets to look at."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from annokit.geometry import Box, Cuboid, Ellipse, Keypoints, Mask, Point, Polygon, Polyline, RotatedBox
from annokit.model.builder import DatasetBuilder
from annokit.model.dataset import Dataset
from annokit.model.label import AttributeDefinition, Label, Option, Skeleton
from annokit.report import Issue

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)
HOSTILE = "</style><script>alert(1)</script><img src=x onerror=alert(2)>\"'&"
HOLED = Polygon.of(
    [[[[0.1, 0.2], [0.9, 0.2], [0.9, 0.8], [0.1, 0.8]], [[0.4, 0.4], [0.6, 0.4], [0.6, 0.6], [0.4, 0.6]]]]
)
RING = np.zeros((20, 40), bool)
RING[5:15, 10:30] = True
RING[8:12, 18:22] = False

SHAPES = {
    "box": Box(0.1, 0.2, 0.5, 0.6),
    "rotated box": RotatedBox(0.5, 0.5, 0.4, 0.3, 30),
    "ellipse": Ellipse(0.5, 0.5, 0.3, 0.2, 20),
    "polygon": HOLED,
    "polyline": Polyline.of([[0.1, 0.1], [0.5, 0.9], [0.9, 0.1]]),
    "point": Point(0.5, 0.5),
    "keypoints": Keypoints.of([[0.2, 0.2], [0.5, 0.5], [0.8, 0.2], [0.0, 0.0]], [2, 2, 1, 0]),
    "mask": Mask.encode(RING),
    "cuboid": Cuboid.from_offset([[0.2, 0.3], [0.6, 0.3], [0.6, 0.8], [0.2, 0.8]], (0.2, -0.1)),
}


def one(
    shape: object, label: Label | None = None, size: tuple[int, int] | None = (200, 100), **fields: object
) -> Dataset:
    """Return a dataset of one item with one annotation."""
    builder = DatasetBuilder()
    sides = {} if size is None else {"width": size[0], "height": size[1]}
    item = builder.add_item("a.png", **sides)
    place = builder.add_label(label if label is not None else Label("thing", color=RED))
    builder.add_annotation(item, place, shape, **fields)
    return builder.build()


def every_kind(size: tuple[int, int] | None = (320, 200)) -> Dataset:
    """Return one item with a shape of every kind."""
    builder = DatasetBuilder()
    builder.add_label(Label("pose", skeleton=Skeleton(("a", "b", "c", "d"), [(0, 1), (1, 2), (2, 3), (3, 9)])))
    item = builder.add_item(
        "all.png", status="labelled", **({} if size is None else dict(zip(("width", "height"), size, strict=True)))
    )
    for name, shape in SHAPES.items():
        builder.add_annotation(item, "pose" if name == "keypoints" else name, shape)
    builder.add_annotation(item, "outdoor", attributes={"weather": "fog"})
    return builder.build()


def pictures(folder: Path, count: int = 3, size: tuple[int, int] = (64, 48)) -> Dataset:
    """Return a dataset of grey picture files, each with one box more than the one before."""
    builder = DatasetBuilder()
    builder.add_label(Label("cat", color=RED))
    for number in range(count):
        path = folder / f"{number}.png"
        Image.new("RGB", size, (90, 90, 90)).save(path)
        status = ("labelled", "unlabelled")[number % 2]
        item = builder.add_item(path.name, width=size[0], height=size[1], path=str(path), status=status, split="train")
        for place in range(number):
            builder.add_annotation(item, ("cat", "dog")[place % 2], Box(0.1 * place, 0.1, 0.1 * place + 0.3, 0.9))
    return builder.build()


def hostile(folder: Path | None = None) -> Dataset:
    """Return a dataset whose every text tries to break out of where it stands."""
    builder = DatasetBuilder()
    odd = ("red;}", HOSTILE, "</style>")
    definition = AttributeDefinition(name=HOSTILE, options=(Option(name=HOSTILE),))
    builder.add_label(
        Label(HOSTILE, HOSTILE, color=odd, attributes=(definition,), skeleton=Skeleton((HOSTILE,)))  # type: ignore[arg-type]
    )
    builder.add_label(Label("\ud800 lone \x00 \u202e", color=(300, -5, 0)))
    sequence = builder.add_sequence(HOSTILE, name=HOSTILE)
    path = None
    if folder is not None:
        path = str(folder / "a.png")
        Image.new("RGB", (40, 30), BLUE).save(path)
    texts = {"split": HOSTILE, "uri": HOSTILE, "attributes": {HOSTILE: HOSTILE}}
    item = builder.add_item(HOSTILE, width=40, height=30, path=path, sequence=sequence, kind="frame", **texts)
    told = {"id": HOSTILE, "track": HOSTILE, "layer": HOSTILE, "author": HOSTILE, "attributes": {HOSTILE: HOSTILE}}
    for place, shape in enumerate((*(s for n, s in SHAPES.items() if n != "mask"), None)):
        builder.add_annotation(item, place % 2, shape, **told)
    builder.issues.append(Issue("unread-key", "warning", HOSTILE, 3, (HOSTILE, "\ud800"), field=HOSTILE, fate="kept"))
    return builder.build()
