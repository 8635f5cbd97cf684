"""Trees of mask PNGs against their floor: encoding the same bitmaps by Pillow, and decoding them.

Each figure is a ratio of best-of-five times, all sides measured in turn in one process::

    python -m benchmarks.bench_masks_format
"""

from __future__ import annotations

import io
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import annokit
from annokit.geometry import labelmap, paint, raster
from benchmarks.timing import best

ROUNDS = 5

BARS = {
    f"write masks:{dialect} / Pillow's encoding": 2.0 for dialect in ("instance", "semantic", "innotescus-instance")
}

Bitmap = np.ndarray[Any, Any]


def main(*, small: bool = False) -> dict[str, float]:
    """Return figure by name; `small` runs everything once on little data."""
    count, size, objects = (3, (60, 90), 5) if small else (200, (1080, 1920), 30)
    rounds = 1 if small else ROUNDS
    bitmaps = [_blobs(size, objects, seed) for seed in range(count)]
    ds = _dataset(bitmaps)
    home = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=home if home.is_dir() else None) as folder:
        root = Path(folder)
        return {
            **written(ds, bitmaps, root, rounds),
            **read_back(ds, root, rounds),
        }


def written(ds: annokit.Dataset, bitmaps: list[Bitmap], root: Path, rounds: int) -> dict[str, float]:
    """Compare writing trees with Pillow encoding one PNG per picture."""
    figures = {}
    for dialect in ("instance", "semantic", "innotescus-instance"):

        def ours(dialect: str = dialect) -> None:
            shutil.rmtree(root / "out", ignore_errors=True)
            annokit.write(ds, root / "out", f"masks:{dialect}", on_loss="allow")

        floor, mine = best([lambda: _pillow(bitmaps), ours], rounds)
        figures[f"write masks:{dialect} / Pillow's encoding"] = mine / floor
    figures["seconds of Pillow per picture"] = floor / len(bitmaps)
    return figures


def read_back(ds: annokit.Dataset, root: Path, rounds: int) -> dict[str, float]:
    """Compare reading an instance tree with Pillow decoding its PNGs."""
    shutil.rmtree(root / "out", ignore_errors=True)
    annokit.write(ds, root / "out", "masks:instance", on_loss="allow")
    paths = sorted((root / "out" / "masks").glob("*.png"))

    def pillow() -> None:
        for path in paths:
            np.asarray(Image.open(path))

    floor, mine = best([pillow, lambda: annokit.read(root / "out", "masks:instance")], rounds)
    return {"read masks:instance / Pillow's decoding": mine / floor}


def _pillow(bitmaps: list[Bitmap]) -> None:
    for bitmap in bitmaps:
        Image.fromarray(bitmap).save(io.BytesIO(), "png")


def _dataset(bitmaps: list[Bitmap]) -> annokit.Dataset:
    builder = annokit.DatasetBuilder(unit="pixel")
    for place in range(7):
        builder.add_label(annokit.Label(f"class {place}", place + 1))
    for number, bitmap in enumerate(bitmaps):
        height, width = bitmap.shape
        item = builder.add_item(f"{number:05d}.jpg", width=width, height=height)
        found = labelmap.objects(bitmap)
        for row, ident in enumerate(found.ids.tolist()):
            mask = (found.size, "rle", found.rle(row))
            builder.add_annotation(item, ident % 7, kind="mask", mask=mask, id=ident)
    return builder.build()


def _blobs(size: tuple[int, int], count: int, seed: int) -> Bitmap:
    """Return an instance map of blobs with uneven borders."""
    rng = np.random.default_rng(seed)
    height, width = size
    rings = []
    for _ in range(count):
        corners = int(rng.integers(40, 120))
        angle = np.sort(rng.random(corners)) * 2 * np.pi
        radius = rng.uniform(0.03, 0.2) * height * rng.uniform(0.8, 1.0, corners)
        center = rng.uniform(0, width), rng.uniform(0, height)
        rings.append(np.stack([center[0] + radius * np.cos(angle), center[1] + radius * np.sin(angle)], axis=1))
    values = np.arange(1, count + 1, dtype=np.uint8)
    return paint.paint(*raster.polygons([((ring,),) for ring in rings], size), values, size)


if __name__ == "__main__":
    for name, figure in main().items():
        print(f"{name:50} {figure:.4f}")
