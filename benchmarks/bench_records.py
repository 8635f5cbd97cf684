"""Splitting and decoding COCO files, as a ratio to ``orjson.loads`` with the collector off, interleaved, best of five.

Every number of annotations and images ends in an array and every unknown field stays as raw text; no dataset is built.

::

    python -m benchmarks.bench_records                 # a tenth of train2017, all variants
    python -m benchmarks.bench_records 118287 plain
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import orjson

from annokit.codecs.collector import paused
from annokit.codecs.json_fields import FieldDecoder, Fields
from annokit.codecs.json_numbers import floats, ints, numbers, texts
from annokit.codecs.records import Block, split
from benchmarks.generate import TENTH, VARIANTS, coco_file

BARS = {"plain": 0.7, "attributes": 0.9, "boxes": 1.4, "ints": 1.0, "pretty": 1.1, "odd": 1.1, "strings": 0.9}
"""What the whole read is allowed, less what building columns of a dataset takes."""


def read_columns(path: Path) -> int:
    """Read a COCO file into arrays, drop them block by block and return the number of records."""
    decoders = {"/annotations": FieldDecoder(), "/images": FieldDecoder()}
    count = 0
    with path.open("rb", buffering=0) as file:
        for part in split(file, decoders):
            if isinstance(part, Block):
                COLUMNS[part.pointer](part.records)
                count += len(part.records)
    return count


def _annotations(fields: Fields) -> None:
    numbers(fields.column("segmentation"), 2)
    numbers(fields.column("bbox"))
    floats(fields.column("area"))
    for key in ("id", "image_id", "category_id", "iscrowd"):
        _ids(fields, key)


def _images(fields: Fields) -> None:
    for key in ("id", "width", "height"):
        _ids(fields, key)
    texts(fields.column("file_name"))


def _ids(fields: Fields, key: str) -> None:
    if len(ints(fields.column(key)).odd):
        texts(fields.column(key))


COLUMNS: dict[str, Callable[[Fields], None]] = {"/annotations": _annotations, "/images": _images}


def read_objects(path: Path) -> int:
    """Read a COCO file as everybody does and return the number of records."""
    document = orjson.loads(path.read_bytes())
    return len(document["annotations"]) + len(document["images"])


def compare(path: Path, rounds: int) -> tuple[float, float]:
    """Return the best times in seconds of `read_columns` and `read_objects`."""
    best = [float("inf"), float("inf")]
    counts = set()
    with paused():
        for _ in range(rounds):
            for side, function in enumerate((read_columns, read_objects)):
                start = time.perf_counter()
                counts.add(function(path))
                best[side] = min(best[side], time.perf_counter() - start)
    if len(counts) != 1:
        raise AssertionError(counts)
    return best[0], best[1]


def main(
    *, small: bool = False, images: int = TENTH, variants: tuple[str, ...] = tuple(sorted(VARIANTS)), rounds: int = 5
) -> dict[str, float]:
    """Return ratio by variant; `small` runs all once on little data."""
    if small:
        images, rounds = 40, 1
    figures = {}
    for variant in variants:
        ours, theirs = compare(coco_file(images, variant), rounds)
        figures[variant] = ours / theirs
    return figures


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("images", type=int, nargs="?", default=TENTH)
    parser.add_argument("variants", nargs="*", default=sorted(VARIANTS))
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    for name, value in main(images=chosen.images, variants=tuple(chosen.variants), rounds=chosen.rounds).items():
        print(f"{name:<12} {value:8.3f}   bar {BARS[name]:.1f}")
