"""A dataset with pictures on disk: two datasets, boxes, outlines, labels without shape, dates."""

from __future__ import annotations

from pathlib import Path

import annokit
from annokit.model.builder import DatasetBuilder
from annokit.model.dataset import Dataset

NAMES = ("harbour", "Öresund/east")


def picture(path: Path, width: int, height: int) -> str:
    """Write a picture of one colour and return its path."""
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (width, height), (width % 256, height % 256, 7)).save(path)
    return str(path)


def harbour(folder: Path | None = None, count: int = 12, *, layers: bool = False) -> Dataset:
    """Return `count` items, every third one of the second dataset, with pictures in `folder`."""
    builder = DatasetBuilder()
    for number in range(count):
        name, width, height = f"im {number}.png", 40 + number, 30
        path = None if folder is None else picture(folder / name, width, height)
        item = builder.add_item(
            name, kind="image", width=width, height=height, path=path, dataset=NAMES[number % 3 == 2]
        )
        left = 10 / width
        builder.add_annotation(
            item, "boat", annokit.Box(left, 0.2, 30 / width, 0.6), id=10 * number + 1,
            created=f"2026-0{number % 9 + 1}-05T10:00:00Z", layer="boxes" if layers else None,
        )  # fmt: skip
        if number % 2:
            ring = ((left, 0.1), (20 / width, 0.1), (20 / width, 0.9))
            builder.add_annotation(
                item, "sail", annokit.Polygon(((ring,),)), id=10 * number + 2, layer="outlines" if layers else None
            )
    return builder.build()


def clips(count: int = 4, frames: int = 5) -> Dataset:
    """Return frames of several videos, none with a picture."""
    builder = DatasetBuilder()
    for number in range(count):
        clip = f"clip{number}.mp4"
        video = builder.add_sequence(name=clip, task="find boats" if number % 2 else "outline boats")
        for frame in range(frames):
            item = builder.add_item(
                f"{clip}#{frame}", kind="frame", sequence=video, frame=frame, width=64, height=48, dataset="sea"
            )
            builder.add_annotation(item, "boat", annokit.Box(0.25, 0.25, 0.5, 0.75), track=number)
    return builder.build()


def rows(ds: Dataset) -> set[tuple[object, ...]]:
    """Return what every annotation says, whatever the order."""
    return {
        (item.dataset, item.name, item.width, a.label.name, type(a.shape).__name__, *(round(v, 6) for v in box))
        for item in ds
        for a in item.annotations
        for box in [(a.box.xmin, a.box.ymin, a.box.xmax, a.box.ymax)]
    }
