"""What the model costs on a dataset of train2017's size, made directly of columns.

Every figure is the best of some rounds; a ratio compares with what arrays of the same size cost in the same run::

    python -m benchmarks.bench_model            # 118,287 images, 864,000 annotations, 47 million polygon numbers
    python -m benchmarks.bench_model 12000
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import pickle
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from annokit.columns import Fixed, Json, Number, Ragged, Sparse, Table, Text
from annokit.geometry.ragged import offsets_of
from annokit.model.builder import DatasetBuilder
from annokit.model.concat import concat
from annokit.model.dataset import Dataset

TRAIN2017 = 118_287
PER_ITEM = 7.3
POINTS = 23.4

ROUNDS = 5

BARS = {
    "walk label and id, us each": 4.0,
    "walk shapes, us each": 10.0,
    "filter half of the annotations, ms": 50.0,
    "compact that half / copying it": 5.0,
    "concat two, ms": 1000.0,
    "concat two / copying both": 3.0,
    "pickle / one array": 1.5,
    "unpickle / one array": 1.5,
    "dirtied by a forked worker": 0.1,
    "an item at random, us": 100.0,
    "boxes and label_ids of an item, us": 20.0,
    "all boxes in fractions, ms": 200.0,
    "edit one score and one box, ms": 50.0,
    "summary, ms": 500.0,
}
"""What each figure may be at full size; what is dirtied is a share of the columns, beyond 10 MB."""


def dataset(items: int, seed: int = 0) -> Dataset:
    """Return a dataset of `items` images with polygons in pixels, as COCO states them."""
    random = np.random.default_rng(seed)
    counts = random.poisson(PER_ITEM, items)
    owner = np.repeat(np.arange(items), counts)
    rows = len(owner)
    rings = random.geometric(1 / 1.16, rows)
    lengths = random.geometric(1 / (POINTS - 2), int(rings.sum())) + 2
    points = random.random((int(lengths.sum()), 2))
    points *= 480
    shapes = Ragged(offsets_of(rings), Ragged(None, Ragged(offsets_of(lengths), Number(points))))
    builder = DatasetBuilder()
    for number in range(80):
        builder.add_label(f"class_{number}")
    sizes = np.stack([random.integers(360, 640, items), random.integers(360, 640, items)], axis=1)
    builder.add_items(
        Table(
            items,
            {
                "name": Text.of(f"{number:012d}.jpg" for number in range(items)),
                "id": Fixed(np.arange(items) * 4 + 9),
                "size": Fixed(sizes.astype(np.int64)),
                "unit": Fixed(np.ones(items, np.uint8)),
                "form": Fixed(np.ones(items, np.uint8)),
            },
        )
    )
    builder.add_annotations(
        Table(
            rows,
            {
                "item": Fixed(owner),
                "label": Fixed(random.integers(0, 80, rows)),
                "kind": Fixed(np.full(rows, 4, np.uint8)),
                "box": Number(random.random((rows, 4)) * 300),
                "id": Fixed(np.arange(rows)),
                "points": shapes,
                "extras/coco/iscrowd": Sparse.constant(rows, Json.of([0])),
            },
        )
    )
    return builder.build()


def nbytes(ds: Dataset) -> int:
    """Return the bytes of all columns."""
    return sum(len(buffer.raw()) for buffer in _buffers(ds))


def _buffers(ds: Dataset) -> list[pickle.PickleBuffer]:
    found: list[pickle.PickleBuffer] = []
    pickle.dumps(ds, protocol=5, buffer_callback=found.append)
    return found


def best(action: Callable[[], Any], rounds: int) -> float:
    """Return the seconds of the fastest round."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return min(times)


def fresh(ds: Dataset) -> Dataset:
    """Return the same dataset without its caches."""
    return ds._with()


def walk(ds: Dataset) -> None:
    """Read label and id of every annotation."""
    for item in ds:
        for annotation in item.annotations:
            _ = annotation.label, annotation.id


def walk_shapes(ds: Dataset) -> None:
    """Read the shape of every annotation."""
    for item in ds:
        for annotation in item.annotations:
            _ = annotation.shape


def walk_everything(ds: Dataset) -> None:
    """Read what a training loop may read."""
    for item in ds:
        _ = item.name, item.size, item.boxes(), item.label_ids
        for annotation in item.annotations:
            _ = annotation.label, annotation.id, annotation.shape, annotation.box


def _at_random(ds: Dataset) -> Callable[[], None]:
    rows = np.random.default_rng(1).integers(0, len(ds), 1000).tolist()

    def action() -> None:
        for row in rows:
            for annotation in ds[row].annotations:
                _ = annotation.label, annotation.id

    return action


def _training(ds: Dataset) -> Callable[[], None]:
    rows = np.random.default_rng(1).integers(0, len(ds), 1000).tolist()

    def action() -> None:
        for row in rows:
            item = ds[row]
            _ = item.boxes(), item.label_ids

    return action


def private_dirty() -> int:
    """Return the bytes of this process that it shares with nobody, because it wrote to them."""
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Private_Dirty:"))


def _worker(ds: Dataset, answers: Any) -> None:
    before = private_dirty()
    walk_everything(ds)
    answers.put(private_dirty() - before)


def dirtied(ds: Dataset) -> int:
    """Return the bytes that a forked worker writes to by walking everything."""
    context = multiprocessing.get_context("fork")
    answers = context.Queue()
    worker = context.Process(target=_worker, args=(ds, answers))
    worker.start()
    found: int = answers.get()
    worker.join()
    return found


def measure(items: int, rounds: int) -> dict[str, float]:
    """Return every figure by its name."""
    ds = dataset(items)
    times = walking(ds, rounds)
    size = nbytes(ds)
    times.update(choosing(ds, rounds))
    times.update(joining(ds, dataset(items, 1), size, rounds))
    times.update(pickling(ds, size, rounds))
    times["edit one score and one box, ms"] = best(lambda: edited(ds), rounds) * 1e3
    times["summary, ms"] = best(lambda: fresh(ds).summary(), rounds) * 1e3
    if hasattr(os, "fork") and Path("/proc/self/smaps_rollup").exists():
        times["dirtied by a forked worker"] = max(dirtied(ds) - (10 << 20), 0) / size
    return times


def walking(ds: Dataset, rounds: int) -> dict[str, float]:
    """Return what looking at items and annotations costs."""
    rows = len(ds.annotations)
    return {
        "walk label and id, us each": best(lambda: walk(fresh(ds)), rounds) / rows * 1e6,
        "walk shapes, us each": best(lambda: walk_shapes(fresh(ds)), rounds) / rows * 1e6,
        "an item at random, us": best(_at_random(fresh(ds)), rounds) * 1e3,
        "boxes and label_ids of an item, us": best(_training(fresh(ds)), rounds) * 1e3,
        "all boxes in fractions, ms": best(fresh(ds).annotations.boxes, rounds) * 1e3,
    }


def choosing(ds: Dataset, rounds: int) -> dict[str, float]:
    """Return what keeping half of the annotations costs, and shedding the other half."""
    keep = np.random.default_rng(2).random(len(ds.annotations)) < 0.5
    half = ds.filter(annotations=keep)
    size = nbytes(half)
    copy = best(np.ones(size, np.uint8).copy, rounds)
    return {
        "filter half of the annotations, ms": best(lambda: ds.filter(annotations=keep), rounds) * 1e3,
        "compact that half / copying it": best(half.compact, rounds) / copy,
    }


def joining(ds: Dataset, other: Dataset, size: int, rounds: int) -> dict[str, float]:
    """Return what making one dataset of two costs."""
    copy = best(np.ones(2 * size, np.uint8).copy, rounds)
    both = best(lambda: concat([ds, other]), rounds)
    return {"concat two, ms": both * 1e3, "concat two / copying both": both / copy}


def pickling(ds: Dataset, size: int, rounds: int) -> dict[str, float]:
    """Return what pickling costs beside one array of as many bytes, in band."""
    array = np.ones(size, np.uint8)
    text, plain = pickle.dumps(ds, 5), pickle.dumps(array, 5)
    dump, plain_dump = best(lambda: pickle.dumps(ds, 5), rounds), best(lambda: pickle.dumps(array, 5), rounds)
    load, plain_load = best(lambda: pickle.loads(text), rounds), best(lambda: pickle.loads(plain), rounds)
    return {"pickle / one array": dump / plain_dump, "unpickle / one array": load / plain_load}


def edited(ds: Dataset) -> Dataset:
    """Return the dataset with one score and one box changed."""
    with ds.edit() as edit:
        edit.replace(0, score=0.5).replace(1, box=[1, 2, 3, 4])
    return edit.dataset


def main(*, small: bool = False, items: int = TRAIN2017, rounds: int = ROUNDS) -> dict[str, float]:
    """Return figure by name; `small` runs all once on little data."""
    return measure(50, 1) if small else measure(items, rounds)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("items", type=int, nargs="?", default=TRAIN2017)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    chosen = parser.parse_args()
    for figure, value in main(items=chosen.items, rounds=chosen.rounds).items():
        print(f"{figure:<36} {value:9.3f}   bar {BARS[figure]:g}{'' if value <= BARS[figure] else '   MISSED'}")
