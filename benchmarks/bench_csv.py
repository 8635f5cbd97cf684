"""Reading a CSV of objects against the standard reader with orjson on the points.

Each figure is a ratio of best-of-five times, both sides measured in turn in one process::

    python -m benchmarks.bench_csv
"""

from __future__ import annotations

import csv
import random
import tempfile
from collections.abc import Callable
from pathlib import Path

import orjson

from annokit.formats.io import read, write
from benchmarks.timing import best

ROUNDS = 5

BARS = {"CSV boxes read / csv.reader and orjson": 2.0, "CSV masks read / csv.reader and orjson": 2.0}


def main(*, small: bool = False) -> dict[str, float]:
    """Return figure by name; `small` runs all once on little data."""
    rounds, count = (1, 50) if small else (ROUNDS, 87_000)
    with tempfile.TemporaryDirectory() as folder:
        boxes, masks = Path(folder) / "boxes.csv", Path(folder) / "masks.csv"
        made(boxes, count, (2, 2))
        made(masks, count, (3, 30))
        ds = read(masks, "csv")
        actions: list[Callable[[], object]] = [
            lambda: plain(boxes),
            lambda: read(boxes, "csv"),
            lambda: plain(masks),
            lambda: read(masks, "csv"),
            lambda: write(ds, Path(folder) / "out.csv", "csv", overwrite=True),
        ]
        bare, ours, bare_masks, our_masks, back = best(actions, rounds)
    return {
        "CSV boxes read / csv.reader and orjson": ours / bare,
        "CSV masks read / csv.reader and orjson": our_masks / bare_masks,
        "CSV masks write / csv.reader and orjson": back / bare_masks,
    }


def plain(path: Path) -> None:
    """Read lines and points with the plainest means."""
    with path.open(newline="", encoding="utf-8") as file:
        _ = [(row, orjson.loads(row[5])) for row in csv.reader(file)]


def made(path: Path, count: int, points: tuple[int, int]) -> None:
    """Write a file of `count` objects with so many points each."""
    draw = random.Random(0)
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        for row in range(count):
            listed = [[_number(draw), _number(draw)] for _ in range(draw.randint(*points))]
            task = "Object Detection" if points[1] == 2 else "Instance Segmentation"
            label = draw.choice(("cat", "dog", "traffic light"))
            out.writerow([f"dir/{row // 8:06d}.png", 1920, 1080, task, label, orjson.dumps(listed).decode(), ""])


def _number(draw: random.Random) -> float:
    return round(draw.uniform(0, 1080), 2)


if __name__ == "__main__":
    for figure, ratio in main().items():
        print(f"{figure:<42} {ratio:8.2f}")
