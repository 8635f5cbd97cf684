"""An export of 10,000 pictures as an encrypted archive, and reading it back, against writing the files with pyzipper.

Without the extra ``zip`` both sides are plain archives. Times are of one run each, in turn; memory is the highest
resident size above that before, in megabytes::

    python -m benchmarks.bench_export
"""

from __future__ import annotations

import importlib
import io
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from annokit.formats.exports.options import ExportOptions
from annokit.formats.exports.write import export
from annokit.formats.io import read
from annokit.geometry import Polygon
from annokit.model.builder import DatasetBuilder
from annokit.model.dataset import Dataset

BARS = {"export / writing the files": 1.5, "export, MB above the dataset": 150, "read back, MB": 300}
"""What figures may be at most."""

PASSWORD = "benchmark"

DISTINCT = 16
WIDTH, HEIGHT = 320, 240


def main(*, small: bool = False) -> dict[str, float]:
    """Return figure by name; `small` takes 20 pictures."""
    count = 20 if small else 10_000
    password = PASSWORD if _pyzipper() is not None else None
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        ds = made(root / "in", count)
        paths = [item.path for item in ds if item.path is not None]
        told: list[tuple[int, int | None]] = []
        options = ExportOptions(password=password)

        def ours() -> None:
            export(
                ds, root / "out.zip", "coco", options=options, progress=lambda done, total: told.append((done, total))
            )

        bare, _ = _run(lambda: _plainly(root / "bare.zip", paths, password))
        seconds, memory = _run(ours)
        back: list[Dataset] = []
        reading, more = _run(lambda: back.append(read(root / "out.zip", password=password)))
        assert len(back[0]) == count
        assert told[-1] == (count + 1, count + 1)
        return {
            "export / writing the files": seconds / bare,
            "export, seconds": seconds,
            "export, MB above the dataset": memory,
            "read back, seconds": reading,
            "read back, MB": more,
            "archive, MB": (root / "out.zip").stat().st_size / 1e6,
        }


def made(folder: Path, count: int) -> Dataset:
    """Write pictures of noise, and return a dataset with three outlines on each."""
    draw = np.random.default_rng(0)
    folder.mkdir(parents=True)
    bodies = []
    for _ in range(DISTINCT):
        out = io.BytesIO()
        Image.fromarray(draw.integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)).save(out, "JPEG", quality=60)
        bodies.append(out.getvalue())
    builder = DatasetBuilder()
    for number in range(count):
        path = folder / f"{number:06d}.jpg"
        path.write_bytes(bodies[number % DISTINCT])
        item = builder.add_item(path.name, kind="image", width=WIDTH, height=HEIGHT, path=str(path), dataset="noise")
        for corner in draw.random((3, 2)) / 2:
            left, top = corner.tolist()
            ring = ((left, top), (left + 0.3, top), (left + 0.2, top + 0.4), (left, top + 0.3))
            builder.add_annotation(item, "thing", Polygon(((ring,),)))
    return builder.build()


def _plainly(path: Path, files: list[Path], password: str | None) -> None:
    """Write files to an archive in the plainest way."""
    module = zipfile if password is None else _pyzipper()
    kind: Any = module.ZipFile if password is None else module.AESZipFile
    further = {} if password is None else {"encryption": module.WZ_AES}
    with kind(path, "w", zipfile.ZIP_STORED, **further) as archive:
        if password is not None:
            archive.setpassword(password.encode())
        for file in files:
            archive.write(file, f"datasets/noise/{file.name}")


def _pyzipper() -> Any:
    try:
        return importlib.import_module("pyzipper")
    except ImportError:
        return None


def _run(action: Callable[[], object]) -> tuple[float, float]:
    """Return the seconds that an action takes, and by how many megabytes it needs more than before."""
    before = _resident(reset=True)
    began = time.perf_counter()
    action()
    return time.perf_counter() - began, (_resident() - before) / 1e6


def _resident(*, reset: bool = False) -> float:
    """Return the highest resident size since the last reset, in bytes; 0 where the system does not tell."""
    try:
        if reset:
            Path("/proc/self/clear_refs").write_text("5")
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((1024.0 * int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0.0)


if __name__ == "__main__":
    for name, value in main().items():
        print(f"{name:<40} {value:8.2f}")
