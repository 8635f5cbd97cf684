"""Seconds to look at a dataset of train2017's size: its HTML, its page, a contact sheet.

::

python -m benchmarks.bench_display
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable

import numpy as np

from annokit.columns import Fixed, Number, Table, Text
from annokit.display.dataset import dataset_html
from annokit.display.draw import contact_sheet
from annokit.display.item import item_html
from annokit.display.page import to_html
from annokit.model.dataset import Dataset
from annokit.model.label import Label
from annokit.model.label_set import LabelSet
from annokit.model.schema import KIND_CODE, STATUSES

ROUNDS = 5
ITEMS, EACH, CLASSES = 118_287, 7, 80


def main(*, small: bool = False) -> dict[str, float]:
    """Return seconds by name, the best of five; `small` runs all once on little data."""
    items, rounds = (50, 1) if small else (ITEMS, ROUNDS)
    ds = large_dataset(items, EACH)
    return {
        "dataset_html seconds": best(lambda: dataset_html(large_dataset(items, EACH, ds)), rounds),
        "item_html seconds": best(lambda: item_html(ds[1]), rounds),
        "contact_sheet seconds": best(lambda: contact_sheet(ds), rounds),
        "to_html without pictures seconds": best(lambda: to_html(ds, io.BytesIO(), pictures=0), rounds),
    }


def best(action: Callable[[], object], rounds: int) -> float:
    """Return the least of `rounds` times in seconds."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return min(times)


def large_dataset(items: int, each: int, like: Dataset | None = None) -> Dataset:
    """Return a dataset with `each` boxes per item, made of columns alone; with `like`, its columns, no caches."""
    if like is not None:
        return Dataset(like._items, like._annotations, like._sequences, like.labels)
    rng = np.random.default_rng(0)
    count = items * each
    corner = rng.random((count, 2)) * 0.8
    boxes = np.concatenate([corner, corner + rng.random((count, 2)) * 0.2], axis=1)
    annotations = {
        "item": Fixed(np.arange(items).repeat(each)),
        "label": Fixed(rng.integers(0, CLASSES, count)),
        "kind": Fixed(np.full(count, KIND_CODE["box"], np.uint8)),
        "box": Number(boxes),
    }
    labels = LabelSet(Label(f"class {place}") for place in range(CLASSES))
    return Dataset(Table(items, _items(items, rng)), Table(count, annotations), Table(0), labels)


def _items(items: int, rng: np.random.Generator) -> dict[str, Fixed | Text]:
    zeros = np.zeros(items, np.uint8)
    return {
        "name": Text.of(f"{place:012d}.jpg" for place in range(items)),
        "kind": Fixed(zeros),
        "size": Fixed(rng.integers(300, 641, (items, 2))),
        "unit": Fixed(zeros),
        "form": Fixed(zeros),
        "time_unit": Fixed(zeros),
        "sequence": Fixed(np.full(items, -1)),
        "status": Fixed(np.full(items, STATUSES.index("labelled"), np.uint8)),
        "split": Text.of(("train", "val")[place % 10 == 0] for place in range(items)),
    }


if __name__ == "__main__":
    for name, seconds in main().items():
        print(f"{name:<36} {seconds:.3f}")
