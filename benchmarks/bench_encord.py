"""Reading Encord rows of long videos, as a ratio to ``orjson.loads`` of the same bytes with the collector off.

Rows of 3,000 frames with 5 tracks each, objects with the keys that the platform writes; each side in a process of its
own, interleaved, best of three. Memory is the peak above what the process held before.

::

    python -m benchmarks.bench_encord             # 20 rows, a tenth
    python -m benchmarks.bench_encord 200
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import orjson

import annokit
from annokit.codecs.collector import paused
from benchmarks.generate import cache_folder

FRAMES, TRACKS, TENTH = 3000, 5, 20
BARS = {"time": 1.5, "memory": 0.3}


def rows_file(rows: int, folder: Path, frames: int = FRAMES) -> Path:
    """Return the path of generated label rows, made now unless they lie in the folder."""
    path = folder / f"encord-{rows}-{frames}.json"
    if not path.exists():
        with path.open("wb") as file:
            for row in range(rows):
                file.write((b"," if row else b"[") + orjson.dumps(label_row(row, frames)))
            file.write(b"]")
    return path


def label_row(row: int, frames: int) -> dict[str, Any]:
    """Return a row of a video whose tracks move."""
    path = np.random.default_rng(row).uniform(0, 0.5, (frames, TRACKS, 4)).round(4).tolist()
    labels = {
        str(frame): {"objects": [_object(row, track, box) for track, box in enumerate(boxes)], "classifications": []}
        for frame, boxes in enumerate(path)
    }
    unit = {"data_hash": f"d{row}", "data_title": f"{row}.mp4", "data_link": "", "data_type": "video/mp4",
            "data_sequence": 0, "width": 1920, "height": 1080, "data_fps": 25.0, "labels": labels}  # fmt: skip
    answers = {f"o{row}-{track}": {"objectHash": f"o{row}-{track}", "classifications": []} for track in range(TRACKS)}
    return {"label_hash": f"l{row}", "data_hash": f"d{row}", "data_title": f"{row}.mp4", "data_type": "video",
            "label_status": "LABELLED", "object_answers": answers, "classification_answers": {}, "object_actions": {},
            "data_units": {f"d{row}": unit}}  # fmt: skip


def _object(row: int, track: int, box: list[float]) -> dict[str, Any]:
    x, y, w, h = box
    return {"objectHash": f"o{row}-{track}", "featureHash": f"f{track % 3}", "name": f"Thing {track % 3}",
            "value": f"thing_{track % 3}", "color": "#D33115", "shape": "bounding_box", "confidence": 1,
            "createdAt": "Thu, 09 Feb 2023 14:12:03 UTC", "createdBy": "a@example.com", "manualAnnotation": track > 1,
            "lastEditedAt": "Fri, 10 Feb 2023 14:12:03 UTC", "lastEditedBy": "b@example.com", "reviews": [],
            "boundingBox": {"h": h, "w": w, "x": x, "y": y}}  # fmt: skip


def _orjson(path: Path) -> Any:
    return orjson.loads(path.read_bytes())


def _annokit(path: Path) -> Any:
    return annokit.read(path, "encord")


SIDES = {"annokit": _annokit, "orjson": _orjson}


def _measured(side: str, path: Path) -> tuple[float, float]:
    """Return seconds and kilobytes."""
    _annokit(path.with_name("warm.json"))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    with paused():
        kept = SIDES[side](path)
    seconds = time.perf_counter() - start
    del kept
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before


def main(rows: int = TENTH, *, small: bool = False) -> dict[str, float]:
    """Return the ratios of time and memory; `small` runs everything once on little data."""
    if small:
        with tempfile.TemporaryDirectory() as folder:
            return ratios(rows_file(2, Path(folder), 60), 1)
    return ratios(rows_file(rows, cache_folder()), 3)


def ratios(path: Path, rounds: int) -> dict[str, float]:
    """Return annokit's figures divided by orjson's."""
    path.with_name("warm.json").write_bytes(b"[" + orjson.dumps(label_row(0, 60)) + b"]")
    found: dict[str, list[tuple[float, float]]] = {side: [] for side in SIDES}
    for _ in range(rounds):
        for side in SIDES:
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                found[side].append(pool.apply(_measured, (side, path)))
    best = {side: [min(figures) for figures in zip(*runs, strict=True)] for side, runs in found.items()}
    pairs = zip(("time", "memory"), best["annokit"], best["orjson"], strict=True)
    return {name: mine / max(its, 1e-9) for name, mine, its in pairs}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="?", type=int, default=TENTH)
    for name, value in main(parser.parse_args().rows).items():
        print(f"{name}: {value:.2f} (at most {BARS[name]})")
