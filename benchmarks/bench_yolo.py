"""COCO to YOLO and back, against parsing the file, and against writing and reading as many label files raw.

The floor of a conversion is ``orjson.loads`` with the collector off, its result dropped, and open, write and close of
each label file; that of reading a tree is open, read and close of each, and a list of floats per line. Both sides take
turns, the best of five counts, on a memory file system where there is one::

    python -m benchmarks.bench_yolo             # a tenth of train2017
    python -m benchmarks.bench_yolo 118287      # its full size, for the plan

Where the environment names interpreters that have globox, labelformat or datumaro, these convert the same file in turn.
"""

from __future__ import annotations

import gc
import os
import shutil
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import orjson

import annokit
from benchmarks.generate import TENTH, cache_folder, coco_file
from benchmarks.peers import Peer, named_peers

ROUNDS = 5

TASKS = ("detect", "segment")

BARS = {
    "convert detect": 2.5,
    "convert segment": 2.5,
    "read detect": 2.0,
    "read segment": 1.0,
    "plan detect, seconds": 0.5,
    "plan segment, seconds": 0.5,
    "convert detect / fastest peer": 1 / 3,
}
"""What each ratio may be, and the seconds of a plan of up to 864,000 annotations."""


def main(images: int = TENTH, *, small: bool = False) -> dict[str, float]:
    """Return ratios to the floor, and the seconds of plans, by figure; `small` runs all once on little data."""
    rounds, images = (1, 20) if small else (ROUNDS, images)
    source = coco_file(images)
    folder = None if small else cache_folder()
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory(dir=folder) as place, warnings.catch_warnings():
        warnings.simplefilter("ignore", annokit.LossWarning)
        annokit.write(annokit.read(coco_file(20), "coco"), Path(place) / "warm", "yolo")
        for task in TASKS:
            figures.update(conversion(source, Path(place), f"yolo:ultralytics-{task}", task, rounds))
        figures.update(plans(source, rounds))
        figures.update(against_peers(source, Path(place), rounds))
    return figures


def conversion(source: Path, place: Path, dialect: str, task: str, rounds: int) -> dict[str, float]:
    """Compare a conversion, and reading its result."""
    tree = place / task

    def ours() -> None:
        annokit.write(annokit.read(source, "coco"), tree, dialect)

    ours()
    files = {str(path.relative_to(tree)): path.read_bytes() for path in tree.rglob("*.*") if path.is_file()}

    def floor() -> None:
        gc.disable()
        orjson.loads(source.read_bytes())
        gc.enable()
        for folder in {os.path.dirname(name) for name in files}:  # noqa: PTH120 - as the floor would
            (tree / folder).mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            handle = os.open(f"{tree}/{name}", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
            os.write(handle, data)
            os.close(handle)

    def raw() -> None:
        for name, data in files.items():
            handle = os.open(f"{tree}/{name}", os.O_RDONLY)
            text = os.read(handle, len(data) + 1)
            os.close(handle)
            if name.startswith("labels/"):
                _ = [list(map(float, line.split())) for line in text.splitlines()]

    pairs = [(fresh(tree, floor), fresh(tree, ours)) for _ in range(rounds)]
    fresh(tree, ours)
    reads = [(seconds(raw), seconds(lambda: annokit.read(tree, dialect))) for _ in range(rounds)]
    shutil.rmtree(tree)
    return {f"convert {task}": ratio(pairs), f"read {task}": ratio(reads)}


def plans(source: Path, rounds: int) -> dict[str, float]:
    """Time plans."""
    ds = annokit.read(source, "coco")
    figures = {}
    for task in TASKS:
        dialect = f"yolo:ultralytics-{task}"
        times = [seconds(partial(annokit.plan, ds, dialect)) for _ in range(rounds)]
        figures[f"plan {task}, seconds"] = min(times)
    return figures


def against_peers(source: Path, place: Path, rounds: int) -> dict[str, float]:
    """Compare converting to boxes with other tools where the environment names them; see :mod:`benchmarks.peers`."""
    tree = place / "peer"
    names = named_peers()
    times: dict[str, list[float]] = {name: [] for name in ("annokit", *names)}
    with ExitStack() as stack:
        peers = [stack.enter_context(Peer(name, python)) for name, python in names.items()]
        for _ in range(rounds if peers else 0):
            ours = partial(_converted, source, tree)
            times["annokit"].append(fresh(tree, ours))
            for peer in peers:
                times[peer.name].append(peer.convert(source, tree))
    if not names:
        return {}
    best = {name: min(own) for name, own in times.items()}
    found = {f"seconds of {name}": value for name, value in best.items()}
    return {**found, "convert detect / fastest peer": best["annokit"] / min(best[name] for name in names)}


def _converted(source: Path, tree: Path) -> None:
    annokit.write(annokit.read(source, "coco"), tree, "yolo:ultralytics-detect")


def fresh(tree: Path, action: Callable[[], None]) -> float:
    """Return the seconds of an action that makes a tree."""
    shutil.rmtree(tree, ignore_errors=True)
    return seconds(action)


def seconds(action: Callable[[], object]) -> float:
    """Return the seconds of an action."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def ratio(pairs: list[tuple[float, float]]) -> float:
    """Return the best of the second over the best of the first."""
    return min(ours for _, ours in pairs) / min(floor for floor, _ in pairs)


if __name__ == "__main__":
    for name, figure in main(*map(int, sys.argv[1:])).items():
        print(f"{name:<32} {figure:8.3f}")
