"""COCO files read and written, against ``orjson`` with the collector off.

Every side runs in a process of its own, in turn, and the best of five counts. A ratio below 1 is faster than
``orjson.loads``, which makes dictionaries and lists of the same file; writing is compared with ``orjson.dumps`` of the
equal document. Memory is the peak of the process, less what it holds before::

    python -m benchmarks.bench_coco                     # a tenth of train2017, every variant
    python -m benchmarks.bench_coco 118287 plain        # its full size
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.generate import TENTH, coco_file

ROUNDS = 5

BARS = {
    "plain": 1.0,
    "plain, two processes": 0.5,
    "attributes": 1.3,
    "boxes": 2.0,
    "ints": 1.5,
    "pretty": 1.6,
    "odd / plain": 1.5,
    "strings": 1.3,
    "write": 2.4,
    "memory": 0.2,
}
"""What each ratio may be; for two processes, and for odd values, what it should be."""

VARIANTS = ("plain", "attributes", "boxes", "ints", "pretty", "odd", "strings")

CHILD = """
import gc, json, resource, sys, time
side, path, out = sys.argv[1:]
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
def timed(action):
    before, began = peak(), time.perf_counter()
    made = action()
    seconds = time.perf_counter() - began
    print(json.dumps([seconds, (peak() - before) * 1024]))
    return made
if side in ("loads", "dumps"):
    import orjson
    gc.disable()
    if side == "loads":
        timed(lambda: orjson.loads(open(path, "rb").read()))
    else:
        made = orjson.loads(open(path, "rb").read())
        timed(lambda: orjson.dumps(made))
else:
    import annokit
    if side == "write":
        annokit.write(annokit.read(WARM, "coco"), out, "coco", overwrite=True)
        read = annokit.read(path, "coco")
        timed(lambda: annokit.write(read, out, "coco", overwrite=True))
    else:
        import msgspec, simdjson, annokit.formats.coco
        annokit.read(WARM, "coco")
        timed(lambda: annokit.read(path, "coco", workers=int(side)))
"""


def run(side: str, path: Path, folder: Path) -> tuple[float, float]:
    """Return the seconds and the bytes that one side takes, in a fresh process."""
    warm = coco_file(20, "plain")
    code = CHILD.replace("WARM", repr(str(warm)))
    arguments = [sys.executable, "-c", code, side, str(path), str(folder / "out.json")]
    text = subprocess.run(arguments, check=True, capture_output=True, text=True, cwd=Path(__file__).parents[1]).stdout
    seconds, size = json.loads(text)
    return seconds, size


def compare(sides: list[tuple[str, Path]], rounds: int) -> list[tuple[float, float]]:
    """Return the best seconds and the least bytes of each side, the sides taken in turn."""
    with tempfile.TemporaryDirectory(dir=coco_file(20, "plain").parent) as folder:
        taken = [[run(side, path, Path(folder)) for side, path in sides] for _ in range(rounds)]
    return [(min(s for s, _ in column), min(b for _, b in column)) for column in zip(*taken, strict=True)]


def reading(images: int, variant: str, rounds: int) -> dict[str, float]:
    """Return how long, and how much memory, reading a variant takes as a ratio to orjson."""
    path, plain = coco_file(images, variant), coco_file(images, "plain")
    sides = [("loads", path), ("1", path)]
    if variant == "plain":
        sides.append(("2", path))
    if variant == "odd":
        sides.append(("1", plain))
    (floor, dom), (ours, own), *more = compare(sides, rounds)
    figures = {variant: ours / floor}
    if variant == "plain":
        figures["plain, two processes"] = more[0][0] / floor
        figures["memory"] = max(own, 1) / max(dom, 1)
    if variant == "odd":
        figures["odd / plain"] = ours / more[0][0]
    return figures


def writing(images: int, rounds: int) -> dict[str, float]:
    """Return how long writing takes as a ratio to ``orjson.dumps``."""
    path = coco_file(images, "plain")
    (floor, _), (ours, _) = compare([("dumps", path), ("write", path)], rounds)
    return {"write": ours / floor}


def main(
    *, small: bool = False, images: int = TENTH, variants: tuple[str, ...] = VARIANTS, rounds: int = ROUNDS
) -> dict[str, float]:
    """Return figure by name; `small` runs all once on little data."""
    if small:
        images, rounds = 20, 1
    figures = {}
    for variant in variants:
        figures.update(reading(images, variant, rounds))
    return {**figures, **writing(images, rounds)}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("images", type=int, nargs="?", default=TENTH)
    parser.add_argument("variants", nargs="*", default=VARIANTS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    chosen = parser.parse_args()
    for figure, value in main(images=chosen.images, variants=tuple(chosen.variants), rounds=chosen.rounds).items():
        print(f"{figure:<24} {value:8.3f}   bar {BARS.get(figure, float('nan')):.1f}")
