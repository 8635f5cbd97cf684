"""Training from a dataset of train2017's size: targets per second, memory of workers, and what packing batches saves.

Needs torch. Pictures are replaced by a constant, so that only annokit is measured.
"""

from __future__ import annotations

import gc
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

import annokit
from annokit.columns import Fixed, Number, Sparse, Table, Text
from annokit.model.dataset import Dataset
from annokit.model.label import Label
from annokit.model.label_set import LabelSet

ITEMS, PER_ITEM, POINTS = 118_287, 7.3, 27


def dataset(items: int) -> Dataset:
    """Return boxes with polygons in pixels, as many per item as in COCO."""
    rng = np.random.default_rng(0)
    counts = rng.geometric(1 / PER_ITEM, items)
    owner = np.arange(items).repeat(counts)
    rows = len(owner)
    corner = rng.random((rows, 2)) * 300
    box = np.concatenate([corner, corner + 1 + rng.random((rows, 2)) * 200], axis=1)
    names = Text.of_bytes([b"%012d.jpg" % i for i in range(items)])
    zeros = np.zeros(items, np.uint8)
    from annokit.columns import Ragged

    points = Number(rng.random((rows * POINTS, 2)) * 400)
    ring = Ragged(np.arange(rows + 1, dtype=np.int64) * POINTS, points)
    item_table = Table(
        items,
        {
            "name": names,
            "kind": Fixed(zeros),
            "size": Fixed(np.full((items, 2), 512, np.int64)),
            "unit": Fixed(np.ones(items, np.uint8)),
            "form": Fixed(zeros),
            "time_unit": Fixed(zeros),
            "sequence": Fixed(np.full(items, -1)),
            "status": Fixed(zeros),
        },
    )
    annotation_table = Table(
        rows,
        {
            "item": Fixed(owner),
            "label": Fixed(rng.integers(0, 80, rows)),
            "kind": Fixed(np.full(rows, 4, np.uint8)),
            "box": Number(box),
            "points": Sparse(rows, None, None, Ragged(None, Ragged(None, ring))),
        },
    )
    none = Table(0, {"size": Fixed(np.zeros((0, 2), np.int64)), "status": Fixed(np.zeros(0, np.uint8))})
    return Dataset(item_table, annotation_table, none, LabelSet([Label(str(i)) for i in range(80)]))


def picture(item: annokit.Item) -> Any:
    """Stand for an image."""
    import torch

    return torch.zeros(3, 2, 2, dtype=torch.uint8)


def private_kilobytes() -> int:
    """Return the memory that this process shares with nobody."""
    text = Path("/proc/self/smaps_rollup").read_text(encoding="ascii")
    return sum(
        int(line.split()[1]) for line in text.splitlines() if line.startswith(("Private_Dirty", "Private_Clean"))
    )


class Watched:
    """Tells after each batch how much private memory the worker has, in place of the images."""

    def __init__(self, collate: Any) -> None:
        self._collate = collate

    def __call__(self, samples: Any) -> tuple[int, int, Any]:
        """Return process, private KiB and something of the batch."""
        return os.getpid(), private_kilobytes(), self._collate(samples)[1]["labels"].sum()


def naive(samples: Any) -> Any:
    """Collate as the tutorials do."""
    return tuple(zip(*samples, strict=True))


def rate(data: Any, count: int) -> float:
    """Return samples per second in one process."""
    start = time.perf_counter()
    for row in range(count):
        data[row]
    return count / (time.perf_counter() - start)


def epoch(data: Any, collate: Any, workers: int, start: str, batch: int = 64) -> tuple[float, list[Any]]:
    """Return the seconds of one epoch and its batches' tellings."""
    from torch.utils.data import DataLoader

    context = start if workers else None
    loader = DataLoader(
        data, batch_size=batch, num_workers=workers, collate_fn=collate, multiprocessing_context=context
    )
    began = time.perf_counter()
    told = list(loader) if isinstance(collate, Watched) else [None for _ in loader]
    return time.perf_counter() - began, told


def growth(told: list[Any]) -> float:
    """Return the largest growth of a worker's private memory after its first batch, in MB."""
    first: dict[int, int] = {}
    most: dict[int, int] = {}
    for pid, size, _ in told:
        first.setdefault(pid, size)
        most[pid] = max(most.get(pid, 0), size)
    return max(most[pid] - first[pid] for pid in first) / 1024


def largest(told: list[Any]) -> int:
    """Return the most private memory of a worker, in KiB."""
    return max(size for _, size, _ in told)


def main(*, small: bool = False) -> dict[str, float]:
    """Print the figures and return them."""
    import torch

    from annokit.interop.torch import as_dataset, collate

    torch.set_num_threads(1)
    items, workers = (300, 2) if small else (ITEMS, 4)
    ds = dataset(items)
    megabytes = (
        sum(getattr(c, "values", c).nbytes for c in (ds._annotations.columns["box"],)) / 2**20
        + len(ds._annotations) * POINTS * 16 / 2**20
    )
    figures: dict[str, float] = {"megabytes": megabytes}
    with tempfile.TemporaryDirectory() as folder:
        annokit.write(ds, Path(folder) / "x.annokit", "annokit")
        mapped = annokit.read(Path(folder) / "x.annokit")
        figures["items per second"] = rate(as_dataset(mapped, load=picture), min(items, 50_000))
        for start, source in (("fork", ds), ("spawn", mapped)):
            gc.collect()
            data = as_dataset(source, load=picture)
            _, told = epoch(data, Watched(collate), workers, start)
            _, bare = epoch(as_dataset(source[:workers], load=picture), Watched(collate), workers, start, batch=1)
            figures[f"growth, {start}, MB"] = growth(told)
            figures[f"beyond a bare worker, {start}, MB"] = (largest(told) - largest(bare)) / 1024
        few = as_dataset(mapped[: min(items, 12_000)], load=picture)
        slow = epoch(few, naive, 2, "fork")[0]
        fast = epoch(few, collate, 2, "fork")[0]
        figures["naive / packed"] = slow / fast
    for name, value in figures.items():
        print(f"{name:<36} {value:12,.2f}")
    return figures


if __name__ == "__main__":
    main()
