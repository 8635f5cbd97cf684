"""What it costs to open the own file, and to hand it to workers.

A COCO file of train2017's size is read and stored once; then every figure is taken in a fresh process, best of five
where it is a time. "Private" is memory that no other process shares, in smaps' words Private_Clean + Private_Dirty.
When a file has been opened, pages of the file that only this process has touched count, too; in workers they do not,
since the next worker that touches them shares them.

::

    python -m benchmarks.bench_own_file            # 118,287 images, 477 MB of JSON
    python -m benchmarks.bench_own_file 12000
"""

from __future__ import annotations

import argparse
import multiprocessing
import pickle
import re
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import annokit
from benchmarks.generate import REVISION, TRAIN2017, cache_folder, coco_file

ROUNDS = 5
MB = 1e6


def main(images: int = TRAIN2017, *, small: bool = False) -> dict[str, float]:
    """Return figure by name; `small` runs everything once on little data."""
    if small:
        with tempfile.TemporaryDirectory() as folder:
            return figures(own_file(40, Path(folder)), 1)
    return figures(own_file(images, cache_folder()), ROUNDS)


def own_file(images: int, folder: Path) -> Path:
    """Return the path of a generated own file, made now unless it lies in the cache."""
    path = folder / f"own-{images}-r{REVISION}.annokit"
    if not path.exists():
        annokit.write(annokit.read(coco_file(images, folder=folder), "coco"), path, "annokit")
    return path


def figures(path: Path, rounds: int) -> dict[str, float]:
    """Measure everything on one file."""
    found = {"file MB": path.stat().st_size / MB}
    for measure in (opening, reading_bytes, verifying, writing, selecting, forking):
        runs = [apart(measure, path) for _ in range(rounds)]
        found.update({name: min(run[name] for run in runs) for name in runs[0]})
    return {**found, **spawning(path, rounds)}


def apart(measure: Callable[[Path], dict[str, float]], path: Path) -> dict[str, float]:
    """Run in a process of its own."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(measure, path).result()


def opening(path: Path) -> dict[str, float]:
    """Open once to have all modules loaded, drop it, and open again; and for the first item with its annotations."""
    annokit.read(path, "annokit")
    before, start = private(file=True), time.perf_counter()
    ds = annokit.read(path, "annokit")
    opened = time.perf_counter()
    memory = private(file=True) - before
    shapes = [annotation.shape for annotation in ds[len(ds) // 2].annotations]
    first = time.perf_counter()
    del shapes
    return {"open ms": (opened - start) * 1e3, "open private MB": memory / MB, "first item ms": (first - opened) * 1e3}


def reading_bytes(path: Path) -> dict[str, float]:
    """Read the file's bytes: what any format pays that is not mapped."""
    start = time.perf_counter()
    path.read_bytes()
    return {"reading the bytes ms": (time.perf_counter() - start) * 1e3}


def verifying(path: Path) -> dict[str, float]:
    """Open with every checksum compared."""
    start = time.perf_counter()
    annokit.read(path, "annokit", verify=True)
    return {"open and verify ms": (time.perf_counter() - start) * 1e3}


def writing(path: Path) -> dict[str, float]:
    """Write the file anew, and copy its bytes in the same way."""
    ds = annokit.read(path, "annokit")
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        start = time.perf_counter()
        annokit.write(ds, Path(folder) / "a.annokit", "annokit")
        seconds = time.perf_counter() - start
    return {"write ms": seconds * 1e3}


def selecting(path: Path) -> dict[str, float]:
    """Keep every second item, and pickle that and the whole."""
    ds = annokit.read(path, "annokit")
    start = time.perf_counter()
    half = ds[::2]
    seconds = time.perf_counter() - start
    whole, chosen = len(pickle.dumps(ds)), len(pickle.dumps(half))
    return {"select half ms": seconds * 1e3, "pickle kB": whole / 1e3, "pickle half MB": chosen / MB}


def forking(path: Path) -> dict[str, float]:
    """Have a forked worker walk everything."""
    ds = annokit.read(path, "annokit")
    with multiprocessing.get_context("fork").Pool(1, _keep, (ds,)) as pool:
        return {"fork walks, dirtied MB": pool.apply(_walk) / MB}


_KEPT: list[Any] = []


def _keep(ds: Any) -> None:
    _KEPT.append(ds)


def _walk() -> int:
    before = private()
    for item in _KEPT[0]:
        for annotation in item.annotations:
            annotation.shape  # noqa: B018 - made when it is looked at
    return private() - before


def spawning(path: Path, rounds: int) -> dict[str, float]:
    """Start a worker that gets the dataset and looks at an item, and one that gets nothing but imports annokit."""
    ds = annokit.read(path, "annokit")
    with_it, without, memory = [], [], []
    for _ in range(rounds):
        start = time.perf_counter()
        with multiprocessing.get_context("spawn").Pool(1, _keep, (ds,)) as pool:
            memory.append(pool.apply(_look))
            with_it.append(time.perf_counter() - start)
        start = time.perf_counter()
        with multiprocessing.get_context("spawn").Pool(1, _keep, (None,)) as pool:
            memory[-1] -= pool.apply(_import)
            without.append(time.perf_counter() - start)
    return {
        "spawn with it ms": min(with_it) * 1e3,
        "spawn without ms": min(without) * 1e3,
        "spawn private MB": min(memory) / MB,
    }


def _look() -> int:
    for annotation in _KEPT[0][0].annotations:
        annotation.shape  # noqa: B018 - made when it is looked at
    return private()


def _import() -> int:
    builder = annokit.DatasetBuilder()
    builder.add_annotation(builder.add_item("a"), "b", annokit.Box(0, 0, 1, 1))
    _KEPT[0] = builder.build()
    return _look()


def private(*, file: bool = False) -> int:
    """Return the bytes of this process's memory that no other process shares, without mapped own files or with them."""
    total, counted = 0, True
    for line in Path("/proc/self/smaps").read_text().splitlines():
        if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
            counted = file or not line.endswith(".annokit")
        elif counted and line.startswith(("Private_Clean", "Private_Dirty")):
            total += int(line.split()[1]) << 10
    return total


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("images", type=int, nargs="?", default=TRAIN2017)
    for name, figure in main(parser.parse_args().images).items():
        print(f"{name:24} {figure:10.2f}")
