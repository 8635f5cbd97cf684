"""Reading and writing the JSON of Innotescus against parsing and dumping it with orjson.

Each figure is a ratio of best-of-three times, both sides measured in turn in one process::

    python -m benchmarks.bench_innotescus
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from annokit.formats.io import read, write
from benchmarks.timing import best

ROUNDS = 3


def main(*, small: bool = False) -> dict[str, float]:
    """Return figure by name; `small` runs all once on little data."""
    rounds, count = (1, 60) if small else (ROUNDS, 87_000)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        made(root / "in", count)
        paths = sorted((root / "in").glob("*.json"))
        ds = read(root / "in", "innotescus")
        documents = [orjson.loads(path.read_bytes()) for path in paths]
        actions: list[Callable[[], object]] = [
            lambda: [orjson.loads(path.read_bytes()) for path in paths],
            lambda: read(root / "in", "innotescus"),
            lambda: [(root / path.name).write_bytes(orjson.dumps(d)) for path, d in zip(paths, documents, strict=True)],
            lambda: write(ds, root / "out", "innotescus", overwrite=True),
        ]
        parsed, ours, dumped, back = best(actions, rounds)
    return {"Innotescus read / orjson.loads": ours / parsed, "Innotescus write / orjson.dumps": back / dumped}


def made(folder: Path, count: int) -> None:
    """Write a data set of `count` annotations, twenty on each image, half of them polygons."""
    draw = random.Random(0)
    folder.mkdir()
    items = [_item(index) for index in range((count + 19) // 20)]
    documents = {
        "classes": [{"id": 1, "name": "car", "parent_id": None}],
        "dataset_items": items,
        "annotations": [_annotation(draw, row) for row in range(count)],
    }
    for name, document in documents.items():
        (folder / f"{name}.json").write_bytes(orjson.dumps(document))


def _item(index: int) -> dict[str, Any]:
    return {
        "index": index, "name": f"{index:06d}.png", "num_frames": 1, "width": 640, "height": 480, "url": None,
        "num_channels": 3, "bits_per_channel": 8, "meta_data": {},
    }  # fmt: skip


def _annotation(draw: random.Random, row: int) -> dict[str, Any]:
    x, y = draw.randint(0, 500), draw.randint(0, 400)
    shape: dict[str, Any] = {
        "type": "Box",
        "box": {"x": x, "y": y, "w": 20, "h": 30, "orientation": None},
        "poly": None,
    }
    if row % 2:
        points = [{"x": draw.randint(0, 640), "y": draw.randint(0, 480)} for _ in range(12)]
        shape = {"type": "Poly", "box": None, "poly": [points]}
    return {
        "dataset_item_index": row // 20, "frame_index": 0, **shape, "class_id": 1, "instance_id": row % 20 + 1,
        "is_open": False, "annotators": "a@b.c", "meta_data": {"occluded": row % 3 == 0},
    }  # fmt: skip


if __name__ == "__main__":
    for name, value in main().items():
        print(f"{name:<40} {value:8.2f}")
