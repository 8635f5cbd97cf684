"""Segments.ai releases: bitmaps to COCO run lengths, and opening a release of many samples.

The platform's exporter turns the whole picture into an array, compares and encodes it once per object; that loop is
written out here without its further work, which doubles its time, so that both sides run in one process, in turn, best
of five. Memory is what a fresh process adds to its peak while it reads one bitmap::

    python -m benchmarks.bench_segments
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from pycocotools import mask as coco

import annokit
from annokit.geometry import paint, raster
from annokit.geometry.labelmap import objects
from annokit.media.bitmap import save_label_bitmap
from annokit.media.image import load_label_bitmap

ROUNDS = 5

BARS = {
    "run lengths / reading the PNG": 1.5,
    "run lengths / the exporter's loop": 1 / 50,
    "release to COCO / the exporter's loop": 1 / 50,
    "bytes per pixel": 16.0,
    "seconds to open the release": 1.0,
}
"""What each figure may be."""

CHILD = """
import json, sys
from annokit.geometry.labelmap import objects
from annokit.media.image import load_label_bitmap
path, warm = sys.argv[1:]
def peak():
    with open("/proc/self/status") as status:  # getrusage would count what the parent had before exec, too
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))
objects(load_label_bitmap(warm))
before = peak()
found = objects(load_label_bitmap(path))
print(json.dumps(peak() - before))
"""


def main(*, small: bool = False) -> dict[str, float]:
    """Return figure by name; `small` runs everything once on little data."""
    side, count, samples, rounds = (96, 9, 20, 1) if small else (2048, 400, 5_000, ROUNDS)
    with tempfile.TemporaryDirectory() as folder:
        figures = bitmap(Path(folder), side, count, rounds)
        figures |= memory(Path(folder), side)
        return figures | opening(Path(folder), samples, rounds)


def bitmap(folder: Path, side: int, count: int, rounds: int) -> dict[str, float]:
    """Compare one bitmap turned into run lengths with reading it, and with the loop of the exporter."""
    made = _blobs(side, count)
    path = folder / "b.png"
    save_label_bitmap(made, path)
    idents = np.unique(made[made > 0]).tolist()
    release = _release([_sample("a.png", [{"id": ident, "category_id": 1} for ident in idents], "https://h/b.png")])
    (folder / "release.json").write_text(json.dumps(release))

    picture = Image.fromarray(made.astype(np.uint16))

    def exporter() -> list[dict[str, Any]]:
        return [coco.encode(np.asfortranarray(np.array(picture, np.uint32) == ident, np.uint8)) for ident in idents]

    def ours() -> Any:
        return objects(load_label_bitmap(path))

    def whole() -> None:
        ds = annokit.read(folder / "release.json", images=folder, check=False)
        annokit.write(ds, folder / "coco.json", "coco", on_loss="allow", overwrite=True)

    found, theirs = ours(), exporter()
    if [found.rle(place) for place in range(len(found))] != [one["counts"] for one in theirs]:
        raise RuntimeError("the run lengths differ")
    read, own, all_in_all = _best([lambda: np.asarray(Image.open(path)), ours, whole], rounds)
    (loop,) = _best([exporter], min(rounds, 2))
    return {
        "objects": float(len(idents)),
        "run lengths seconds": own,
        "run lengths / reading the PNG": own / read,
        "run lengths / the exporter's loop": own / loop,
        "release to COCO / the exporter's loop": all_in_all / loop,
    }


def memory(folder: Path, side: int) -> dict[str, float]:
    """Return the bytes per pixel that a process adds to its peak; nothing where the system does not tell."""
    if not Path("/proc/self/status").exists():
        return {}
    save_label_bitmap(np.eye(9, dtype=np.uint32), folder / "warm.png")
    command = [sys.executable, "-c", CHILD, str(folder / "b.png"), str(folder / "warm.png")]
    text = subprocess.run(command, check=True, capture_output=True, text=True, cwd=Path(__file__).parents[1]).stdout
    return {"bytes per pixel": json.loads(text) / side**2}


def opening(folder: Path, samples: int, rounds: int) -> dict[str, float]:
    """Return the seconds that opening a release takes, and the ratio to parsing its JSON into dictionaries."""
    listed = [
        _sample(
            f"dir/{number}.jpg",
            [{"id": k + 1, "category_id": k % 3, "attributes": {"occluded": k % 2 == 0}} for k in range(20)],
            f"https://host/assets/{number}.png",
        )
        for number in range(samples)
    ]
    path = folder / "many.json"
    path.write_text(json.dumps(_release(listed)))
    text = path.read_bytes()
    parse, ours = _best([lambda: json.loads(text), lambda: annokit.read(path)], rounds)
    return {"seconds to open the release": ours, "opening / json.loads": ours / parse}


def _sample(name: str, annotations: list[dict[str, Any]], url: str) -> dict[str, Any]:
    attributes = {"format_version": "0.1", "annotations": annotations, "segmentation_bitmap": {"url": url}}
    return {
        "uuid": f"id of {name}",
        "name": name,
        "attributes": {"image": {"url": f"https://host/assets/{name}"}},
        "metadata": {"split": "train"},
        "created_at": "2022-03-09T17:24:01.878649Z",
        "labels": {"ground-truth": {"label_status": "LABELED", "attributes": attributes, "score": None}},
    }


def _release(samples: list[dict[str, Any]]) -> dict[str, Any]:
    categories = [{"id": number, "name": f"class {number}", "has_instances": True} for number in range(3)]
    return {
        "name": "v1",
        "dataset": {
            "name": "bench",
            "owner": "annokit",
            "task_type": "segmentation-bitmap",
            "task_attributes": {"format_version": "0.1", "categories": categories},
            "labelsets": [{"name": "ground-truth", "description": ""}],
            "samples": samples,
        },
    }


def _blobs(side: int, count: int) -> np.ndarray[Any, Any]:
    """Return a bitmap of overlapping stars, as annotators leave it: a few large objects and many small ones."""
    rng = np.random.default_rng(0)
    rings = []
    for _ in range(count):
        angle = np.sort(rng.random(24)) * 2 * np.pi
        radius = side * rng.uniform(0.01, 0.08) * rng.uniform(0.6, 1.0, 24)
        center = rng.uniform(0, side, 2)
        rings.append(np.stack([center[0] + radius * np.cos(angle), center[1] + radius * np.sin(angle)], axis=1))
    counts, offsets = raster.polygons([((ring,),) for ring in rings], (side, side))
    return paint.paint(counts, offsets, np.arange(1, count + 1, dtype=np.uint32), (side, side))


def _best(sides: list[Callable[[], object]], rounds: int) -> list[float]:
    times: list[list[float]] = [[] for _ in sides]
    for _ in range(rounds):
        for side, taken in zip(sides, times, strict=True):
            start = time.perf_counter()
            side()
            taken.append(time.perf_counter() - start)
    return [min(taken) for taken in times]


if __name__ == "__main__":
    for name, figure in main().items():
        bar = BARS.get(name)
        print(f"{name:42} {figure:10.4f}" + (f"   (at most {bar:g})" if bar else ""))
