"""Reading KITTI label files against opening, reading and splitting them.

Each figure is a ratio of best-of-five times, both sides measured in turn in one process::

    python -m benchmarks.bench_kitti
"""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

from annokit.formats.io import read, write
from benchmarks.timing import best

ROUNDS = 5
BARS = {"KITTI read / open, read, split": 2.0}
MEMORY = Path("/dev/shm")


def main(*, small: bool = False) -> dict[str, float]:
    """Return figure by name; `small` runs all once on little data."""
    rounds, count = (1, 20) if small else (ROUNDS, 12_000)
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        root, out = Path(folder) / "in", Path(folder) / "out"
        paths = made(root / "label_2", count)
        ds = read(root, "kitti")

        def floor() -> None:
            for path in paths:
                with open(path) as file:  # noqa: PTH123 - the floor is the plainest way
                    _ = [line.split() for line in file]

        def writing() -> None:
            write(ds, out, "kitti", overwrite=True, on_loss="allow")

        bare, ours, back = best([floor, lambda: read(root, "kitti"), writing], rounds)
    return {"KITTI read / open, read, split": ours / bare, "KITTI write / open, read, split": back / bare}


def made(folder: Path, count: int) -> list[str]:
    """Write label files with 0 to 14 objects each, and return their paths."""
    draw = random.Random(0)
    folder.mkdir(parents=True)
    paths = []
    for index in range(count):
        path = folder / f"{index:06d}.txt"
        path.write_text("".join(_line(draw) for _ in range(draw.randint(0, 14))))
        paths.append(str(path))
    return paths


def _line(draw: random.Random) -> str:
    kind = draw.choice(("Car", "Pedestrian", "Cyclist", "DontCare"))
    left, top = draw.uniform(0, 1100), draw.uniform(0, 300)
    box = f"{left:.2f} {top:.2f} {left + draw.uniform(5, 100):.2f} {top + draw.uniform(5, 70):.2f}"
    if kind == "DontCare":
        return f"{kind} -1 -1 -10 {box} -1 -1 -1 -1000 -1000 -1000 -10\n"
    world = " ".join(f"{draw.uniform(-9, 60):.2f}" for _ in range(7))
    return f"{kind} {draw.random():.2f} {draw.randint(0, 3)} {draw.uniform(-3, 3):.2f} {box} {world}\n"


if __name__ == "__main__":
    for name, value in main().items():
        print(f"{name:<40} {value:8.2f}")
