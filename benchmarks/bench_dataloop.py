"""Dataloop item files against opening, reading and parsing them.

Each figure is a ratio of best-of-five times, both sides measured in turn in one process, files on a memory file system
where there is one::

    python -m benchmarks.bench_dataloop
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import orjson

import annokit
from benchmarks.timing import best

ROUNDS = 5

IMAGES = 12_000

API = "https://gate.dataloop.ai/api/v1"


def main(*, small: bool = False) -> dict[str, float]:
    """Return figure by name, ratios to the floor; `small` runs all once on little data."""
    rounds, count = (1, 20) if small else (ROUNDS, IMAGES)
    memory = Path("/dev/shm")
    found: dict[str, float] = {}
    for name, made in VARIANTS.items():
        with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
            write_files(Path(folder), count, made)
            paths = sorted(str(path) for path in Path(folder).rglob("*.json"))
            floor, ours = best([lambda p=paths: parse(p), lambda f=folder: annokit.read(f, "dataloop")], rounds)
            found[f"{name} / open, read, parse"] = ours / floor
    return found


def parse(paths: list[str]) -> None:
    """Open, read and parse files, one by one."""
    for path in paths:
        with open(path, "rb") as file:  # noqa: PTH123 - the floor is what costs least
            orjson.loads(file.read())


def write_files(folder: Path, count: int, made: Callable[[Any, int], dict[str, Any]]) -> None:
    """Write `count` item files into a dozen folders."""
    random = np.random.default_rng(2024)
    for number in range(12):
        (folder / f"json/d{number:02d}").mkdir(parents=True)
    for number in range(count):
        document = made(random, number)
        path = folder / f"json/d{number % 12:02d}/{number:012d}.jpg.json"
        path.write_bytes(orjson.dumps(document))


def exported(random: Any, number: int) -> dict[str, Any]:
    """Return an item as the platform exports it: 7.2 annotations, boxes, outlines and classes, all keys."""
    ident, dataset = random.bytes(12).hex(), "621bb3c3b0f2b124f21ef4d6"
    name, folder = f"{number:012d}.jpg", f"/d{number % 12:02d}"
    notes = [_exported_note(random, ident, dataset) for _ in range(int(random.integers(3, 12)) + (number % 4 == 0))]
    system = {
        "channels": 3, "encoding": "7bit", "exif": {}, "height": int(random.integers(360, 640)), "isBinary": True,
        "mimetype": "image/jpeg", "originalname": name, "refs": [], "size": 34939, "taskStatusLog": [],
        "thumbnailId": ident, "width": 640,
    }  # fmt: skip
    return {
        "id": ident, "datasetId": dataset, "url": f"{API}/items/{ident}", "dataset": f"{API}/datasets/{dataset}",
        "createdAt": "2024-05-26T15:43:47.972Z", "dir": folder, "filename": f"{folder}/{name}", "type": "file",
        "hidden": False, "metadata": {"system": system}, "name": name, "creator": "annotator@example.com",
        "updatedAt": "2024-05-26T15:43:48.704Z", "stream": f"{API}/items/{ident}/stream",
        "thumbnail": f"{API}/items/{ident}/thumbnail", "annotations": notes, "annotationsCount": len(notes),
        "annotated": True,
    }  # fmt: skip


def _exported_note(random: Any, item: str, dataset: str) -> dict[str, Any]:
    ident, kind = random.bytes(12).hex(), random.random()
    named = {"1": "red", "2": bool(kind < 0.3)} if kind < 0.5 else {}
    system = {
        "attributes": named, "automated": False, "clientId": "49d8f098-4d8d-4f19-bbba-cb8b264b413b",
        "coordinateVersion": "v1", "endFrame": 0, "endTime": 0, "frame": 0, "itemLinks": [],
        "openAnnotationVersion": "1.76.0-rc.99", "recipeId": dataset, "snapshots_": [], "startTime": 0, "system": False,
    }  # fmt: skip
    return {
        "id": ident, "datasetId": dataset, "itemId": item, "url": f"{API}/annotations/{ident}",
        "item": f"{API}/items/{item}", "dataset": f"{API}/datasets/{dataset}", **_shape(random, kind),
        "label": f"class{int(random.integers(80))}", "attributes": [], "metadata": {"system": system, "user": {}},
        "creator": "annotator@example.com", "createdAt": "2024-05-26T15:46:02.369Z",
        "updatedBy": "annotator@example.com", "updatedAt": "2024-05-26T15:46:02.369Z", "hash": random.bytes(20).hex(),
        "source": "ui",
    }  # fmt: skip


def _shape(random: Any, kind: float) -> dict[str, Any]:
    (x, y), (w, h) = (random.random((2, 2)) * 200).tolist()
    if kind < 0.6:
        return {"type": "box", "coordinates": [{"x": x, "y": y, "z": 0}, {"x": x + w, "y": y + h, "z": 0}]}
    if kind < 0.95:
        points = random.random((int(random.integers(6, 40)), 2)) * 200 + (x, y)
        return {"type": "segment", "coordinates": [[{"x": u, "y": v} for u, v in points.tolist()]]}
    return {"type": "class"}


def bare(random: Any, number: int) -> dict[str, Any]:
    """Return an item as people upload it: 7.2 boxes and the keys that must be there."""
    notes = [
        {
            "type": "box", "label": f"class{int(random.integers(80))}", "attributes": [],
            "coordinates": _shape(random, 0)["coordinates"], "metadata": {"system": {}, "user": {}},
        }
        for _ in range(int(random.integers(3, 12)) + (number % 4 == 0))
    ]  # fmt: skip
    system = {"width": 640, "height": int(random.integers(360, 640)), "mimetype": "image/jpeg"}
    return {"filename": f"/d{number % 12:02d}/{number:012d}.jpg", "metadata": {"system": system}, "annotations": notes}


VARIANTS: dict[str, Callable[[Any, int], dict[str, Any]]] = {"exported items": exported, "bare items": bare}


if __name__ == "__main__":
    for figure, value in main().items():
        print(f"{figure:<36} {value:8.3f}")
