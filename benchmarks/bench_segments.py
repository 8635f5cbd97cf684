"""Segments.ai releases: bitmaps to COCO run lengths, and opening a release of many samples.

The platform's exporter turns the whole picture into an array, compares and encodes it once per object; that loop is
written out here without its further work, which doubles its time, so that both sides run in one process, in turn, best
of five. Where the environment variable ``ANNOKIT_SEGMENTS_PYTHON`` names an interpreter that has ``segments-ai``, its
own export of the same release is timed there, too. Memory is what a fresh process adds to its peak while it reads one
bitmap::

    python -m benchmarks.bench_segments
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
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
from benchmarks.timing import best

ROUNDS = 5

BARS = {
    "run lengths / reading the PNG": 1.5,
    "run lengths / the exporter's loop": 1 / 50,
    "release to COCO / the SDK's export": 1 / 50,
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


SDK = """
import contextlib, io, json, sys, time
from segments import SegmentsDataset
from segments.utils import export_dataset
release, folder, rounds = sys.argv[1:]
taken, made = [], ""
with contextlib.redirect_stdout(sys.stderr):
    dataset = SegmentsDataset(release, segments_dir=folder + "/cache")
    for _ in range(int(rounds)):
        start = time.perf_counter()
        made, _ = export_dataset(dataset, folder + "/sdk", export_format="coco-instance")
        taken.append(time.perf_counter() - start)
print(json.dumps([min(taken), made]))
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
    release = _release(
        [_sample("a.png", [{"id": ident, "category_id": 1} for ident in idents], "https://h/b.png", "https://h/")]
    )
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
    Image.fromarray(made.astype(np.uint8)).save(folder / "a.png")
    whole()
    sdk = exported(folder, rounds)
    read, own, all_in_all = best([lambda: np.asarray(Image.open(path)), ours, whole], rounds)
    (loop,) = best([exporter], min(rounds, 2))
    judged = {} if sdk is None else {"release to COCO / the SDK's export": all_in_all / sdk}
    return {
        "objects": float(len(idents)),
        "run lengths seconds": own,
        "run lengths / reading the PNG": own / read,
        "release to COCO seconds": all_in_all,
        "run lengths / the exporter's loop": own / loop,
        "release to COCO / the exporter's loop": all_in_all / loop,
        **judged,
    }


def exported(folder: Path, rounds: int) -> float | None:
    """Return the seconds of the SDK's own export, whose masks must be ours; None where no interpreter has it."""
    python = os.environ.get("ANNOKIT_SEGMENTS_PYTHON")
    if not python:
        return None
    with _served(folder) as host:
        text = (folder / "release.json").read_text().replace("https://h", host)
        (folder / "served.json").write_text(text)
        command = [python, "-c", SDK, str(folder / "served.json"), str(folder), str(min(rounds, 2))]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds, made = json.loads(done.stdout)
    theirs, ours = (json.loads(Path(path).read_text())["annotations"] for path in (made, folder / "coco.json"))
    if [(one["area"], one["segmentation"]) for one in theirs] != [(one["area"], one["segmentation"]) for one in ours]:
        raise RuntimeError("the masks differ from those of the SDK")
    return float(seconds)


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    """Serve the files of a folder to this machine, and yield the address."""

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


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
    parse, ours = best([lambda: json.loads(text), lambda: annokit.read(path)], rounds)
    return {"seconds to open the release": ours, "opening / json.loads": ours / parse}


def _sample(
    name: str, annotations: list[dict[str, Any]], url: str, root: str = "https://host/assets/"
) -> dict[str, Any]:
    attributes = {"format_version": "0.1", "annotations": annotations, "segmentation_bitmap": {"url": url}}
    return {
        "uuid": f"id of {name}",
        "name": name,
        "attributes": {"image": {"url": f"{root}{name}"}},
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
    """Return a bitmap of overlapping stars, the smallest on top, as annotators leave it."""
    rng = np.random.default_rng(0)
    rings = []
    for reach in np.sort(rng.uniform(0.01, 0.08, count))[::-1]:
        angle = np.sort(rng.random(24)) * 2 * np.pi
        radius = side * reach * rng.uniform(0.6, 1.0, 24)
        center = rng.uniform(0, side, 2)
        rings.append(np.stack([center[0] + radius * np.cos(angle), center[1] + radius * np.sin(angle)], axis=1))
    counts, offsets = raster.polygons([((ring,),) for ring in rings], (side, side))
    return paint.paint(counts, offsets, np.arange(1, count + 1, dtype=np.uint32), (side, side))


if __name__ == "__main__":
    for name, figure in main().items():
        bar = BARS.get(name)
        print(f"{name:42} {figure:10.4f}" + (f"   (at most {bar:g})" if bar else ""))
