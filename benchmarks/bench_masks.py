"""Masks against their floors: reading the PNG for instance maps, pycocotools for semantic maps.

Each ratio is of best-of-five times, both sides measured in turn in one process; masks that become polygons are timed::

    python -m benchmarks.bench_masks
"""

from __future__ import annotations

import io
from itertools import pairwise
from typing import Any

import numpy as np
from PIL import Image
from pycocotools import mask as coco

import annokit
from annokit.geometry import Mask, labelmap, paint, raster, rle, trace
from benchmarks.timing import best

ROUNDS = 5

BARS = {"plan for SAVANT of 40,000 masks, seconds": 3.0}
"""What a figure may be; each mask is about 100 pixels wide and high, and traced: what has several parts is told."""


def main(*, small: bool = False) -> dict[str, float]:
    """Return figure by name: seconds, and ratios to the floor; `small` runs everything once on little data."""
    side, count = (64, 9) if small else (2048, 400)
    size, shapes = ((60, 90), 5) if small else ((1080, 1920), 100)
    rounds = 1 if small else ROUNDS
    figures = {**instance_map(side, count, rounds), **semantic_map(size, shapes, rounds), **outlines(size, rounds)}
    return {**figures, **many_outlines(40 if small else 40_000, rounds)}


def instance_map(side: int, count: int, rounds: int) -> dict[str, float]:
    """Compare reading an instance PNG with finding all of its objects."""
    bitmap = _blobs(side, count)
    rgba = np.dstack([bitmap.view(np.uint8).reshape(side, side, 4)[..., :3], np.full((side, side), 255, np.uint8)])
    file = io.BytesIO()
    Image.fromarray(rgba).save(file, "png")
    floor, ours = best([lambda: np.asarray(Image.open(file)), lambda: labelmap.objects(bitmap)], rounds)
    return {"labelmap seconds": ours, "labelmap / reading the PNG": ours / floor}


def semantic_map(size: tuple[int, int], count: int, rounds: int) -> dict[str, float]:
    """Compare painting polygons with pycocotools' rasterising, decoding and painting one by one."""
    rings = _stars(size, count)
    values = (np.arange(count) % 20 + 1).astype(np.uint16)

    def theirs() -> np.ndarray[Any, Any]:
        out = np.zeros(size, np.uint16)
        for ring, value in zip(rings, values, strict=True):
            flags = coco.decode(coco.frPyObjects([ring.reshape(-1).tolist()], *size))[..., 0]
            out[flags > 0] = value
        return out

    def ours() -> np.ndarray[Any, Any]:
        return paint.paint(*raster.polygons([((ring,),) for ring in rings], size), values, size)

    if (theirs() != ours()).any():
        raise RuntimeError("the two semantic maps differ")
    floor, mine = best([theirs, ours], rounds)
    return {"semantic seconds": mine, "semantic / pycocotools": mine / floor}


def outlines(size: tuple[int, int], rounds: int) -> dict[str, float]:
    """Compare tracing the outlines of a few regions with decoding the mask."""
    counts, _ = raster.polygons([[(ring,) for ring in _stars(size, 8)]], size)
    bitmap = np.ascontiguousarray(_decoded(counts, size))
    mask = Mask.encode(bitmap)
    text = {"size": list(size), "counts": mask.rle}
    floor, ours, decode = best([lambda: coco.decode(text), lambda: trace.trace(bitmap), mask.decode], rounds)
    return {"trace seconds": ours, "trace / decoding": ours / floor, "decode / pycocotools": decode / floor}


def many_outlines(count: int, rounds: int) -> dict[str, float]:
    """Time the plan of a target that has polygons where the source has masks, eight a picture."""
    size = (480, 640)
    counts, offsets = raster.polygons([((ring * (0.3, 0.4),),) for ring in _stars((1200, 1600), 50)], size)
    masks = [(size, "rle", rle.dumps(counts[a:b])) for a, b in pairwise(offsets.tolist())]
    builder = annokit.DatasetBuilder()
    label = builder.add_label("star")
    for number in range(count):
        if number % 8 == 0:
            item = builder.add_item(f"{number}.png", width=size[1], height=size[0])
        builder.add_annotation(item, label, kind="mask", mask=masks[number % len(masks)])
    ds = builder.build()
    seconds = best([lambda: annokit.plan(ds, "savant")], rounds)[0]
    return {f"plan for SAVANT of {count:,} masks, seconds": seconds}


def _decoded(counts: np.ndarray[Any, Any], size: tuple[int, int]) -> np.ndarray[Any, Any]:
    return paint.paint(counts, np.array([0, len(counts)]), np.array([1], np.uint8), size)


def _blobs(side: int, count: int) -> np.ndarray[Any, Any]:
    values = np.arange(1, count + 1, dtype=np.uint32)
    counts, offsets = raster.polygons([((ring,),) for ring in _stars((side, side), count)], (side, side))
    return paint.paint(counts, offsets, values, (side, side))


def _stars(size: tuple[int, int], count: int) -> list[np.ndarray[Any, Any]]:
    rng = np.random.default_rng(0)
    height, width = size
    rings = []
    for _ in range(count):
        corners = rng.integers(6, 60)
        angle = np.sort(rng.random(corners)) * 2 * np.pi
        radius = rng.uniform(0.03, 0.25) * height * rng.uniform(0.6, 1.0, corners)
        center = rng.uniform(0, width), rng.uniform(0, height)
        rings.append(np.stack([center[0] + radius * np.cos(angle), center[1] + radius * np.sin(angle)], axis=1))
    return rings


if __name__ == "__main__":
    for name, figure in main().items():
        print(f"{name:42} {figure:.4f}")
