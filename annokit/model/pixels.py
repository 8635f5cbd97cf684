"""Pixels of items: the picture, and bitmaps of what its annotations cover.

Boxes, rotated boxes, ellipses, polygons and masks cover an area; points, lines and keypoints none. Pixels are decided
as pycocotools decides them, and where annotations overlap the later one wins.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from annokit.columns.base import Array
from annokit.errors import FormatError, MediaError, MissingSizeError
from annokit.geometry.ragged import offsets_of, take
from annokit.model.bounds import boxes
from annokit.model.schema import KIND_CODE

if TYPE_CHECKING:
    from PIL.Image import Image

    from annokit.model.dataset import Dataset
    from annokit.model.item import Item

Size = tuple[int, int]
Runs = tuple[Array, Array]
"""Run lengths (k,) and offsets (n + 1,) of n masks."""

ELLIPSE_STEPS = 128


def image(item: Item) -> Image:
    """Return the picture of an item, EXIF orientation applied."""
    path = item.path
    if path is None:
        raise MediaError(
            f"item {item.name!r} has no file on this machine: give images= when reading, or fetch the pixels first"
        )
    if item.kind == "frame" and path.suffix.lower() not in _STILL:
        from annokit.media.video import frame_image

        if item.frame is None:
            raise MediaError(f"item {item.name!r} does not say which frame of {path} it is", path=str(path))
        return frame_image(path, item.frame)
    from annokit.media.image import open_image

    return open_image(path)


_STILL = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm", ".jp2", ".avif", ".heic"}


def masks(item: Item) -> Array:
    """Return (N, height, width) bool, one mask per annotation."""
    from annokit.geometry.runs import decode_stack

    runs, size = _runs_of_item(item)
    return decode_stack(*_filled(runs, size), size)


def segmentation_bitmap(item: Item) -> Array | None:
    """Return instance ids, (height, width) uint32; None for an item that nobody has labelled."""
    from annokit.model.masks import load_bitmap

    ds = item._dataset
    stored = load_bitmap(ds, item.row)
    if stored is not None:
        return stored
    if item.status == "unlabelled" and not len(item.annotation_rows):
        return None
    from annokit.geometry.paint import paint
    from annokit.model.bitmaps import painted_ids

    runs, size = _runs_of_item(item)
    return paint(*runs, painted_ids(ds, item.row), size)


def semantic_bitmap(item: Item) -> Array:
    """Return label positions + 1, (height, width) uint16; an annotation without label paints nothing."""
    from annokit.geometry.paint import paint

    runs, size = _runs_of_item(item)
    values = item.label_ids + 1
    labelled = np.flatnonzero(values)
    offsets, index = take(runs[1], labelled)
    return paint(runs[0][index], offsets, values[labelled].astype(np.uint16), size)


def _runs_of_item(item: Item) -> tuple[Runs, Size]:
    ds, rows = item._dataset, item.annotation_rows
    size = _size(item, rows)
    return runs_of(ds, rows, size), size


def _size(item: Item, rows: Array) -> Size:
    if item.width is not None and item.height is not None:
        return item.height, item.width
    from annokit.model.masks import rles

    chosen = rows[item._dataset._annotations.array("kind")[rows] == KIND_CODE["mask"]]
    stated = {size for size, _ in rles(item._dataset, chosen)} if len(chosen) else set()
    if len(stated) != 1:
        raise MissingSizeError.of(item.name)
    return stated.pop()


def runs_of(ds: Dataset, rows: Array, size: Size) -> Runs:
    """Return the run lengths of what annotation `rows` cover in images of `size` (height, width); none for no area."""
    kind = ds._annotations.array("kind")[rows]
    lengths = np.zeros(len(rows), np.int64)
    pieces: list[tuple[Array, Runs]] = []
    for name, raster in _RASTERS.items():
        places = np.flatnonzero(kind == KIND_CODE[name])
        if len(places):
            runs = raster(ds, rows[places], size)
            lengths[places] = np.diff(runs[1])
            pieces.append((places, runs))
    if len(pieces) == 1 and len(pieces[0][0]) == len(rows):
        return pieces[0][1]
    offsets = offsets_of(lengths)
    counts = np.empty(offsets[-1], np.int64)
    for places, (own, own_offsets) in pieces:
        _, index = take(offsets, places)
        counts[index] = own[own_offsets[0] : own_offsets[-1]]
    return counts, offsets


def _filled(runs: Runs, size: Size) -> Runs:
    """Return the runs with one stretch of background for masks that have none."""
    counts, offsets = runs
    empty = np.diff(offsets) == 0
    if not empty.any():
        return runs
    return np.insert(counts, offsets[:-1][empty], size[0] * size[1]), offsets_of(np.diff(offsets) + empty)


def _boxes(ds: Dataset, rows: Array, size: Size) -> Runs:
    from annokit.geometry import raster

    return raster.boxes(boxes(ds, rows, "xyxy", "pixel"), size)


def _polygons(ds: Dataset, rows: Array, size: Size) -> Runs:
    from annokit.geometry import raster
    from annokit.model.shapes import rings_of

    points, *levels = rings_of(ds, rows, "pixel")
    rings, parts, shapes = (level.tolist() for level in levels)
    made = [points[a:b] for a, b in pairwise(rings)]
    grouped = [tuple(made[a:b]) for a, b in pairwise(parts)]
    return raster.polygons([tuple(grouped[a:b]) for a, b in pairwise(shapes)], size)


def _rotated(ds: Dataset, rows: Array, size: Size) -> Runs:
    from annokit.geometry import raster
    from annokit.geometry.rotation import corners
    from annokit.model.rotated import rotated

    return raster.polygons([((quad,),) for quad in corners(rotated(ds, rows, "pixel"))], size)


def _ellipses(ds: Dataset, rows: Array, size: Size) -> Runs:
    from annokit.geometry import raster
    from annokit.geometry.rotation import ellipse_points
    from annokit.model.rotated import ellipses

    outlines = ellipse_points(ellipses(ds, rows, "pixel"), ELLIPSE_STEPS)
    return raster.polygons([((outline,),) for outline in outlines], size)


def _masks(ds: Dataset, rows: Array, size: Size) -> Runs:
    from annokit.model.bitmaps import check_seen
    from annokit.model.masks import counts

    check_seen(ds, rows)
    flat, offsets, sizes = counts(ds, rows)
    wrong = np.flatnonzero((sizes != size).any(axis=1) & (np.diff(offsets) > 0))
    if len(wrong):
        row = int(rows[wrong[0]])
        height, width = sizes[wrong[0]].tolist()
        name = str(ds._items.value("name", int(ds._annotations.array("item")[row])))
        raise FormatError(
            f"the mask of annotation {row} has another size than its image",
            item=name,
            found=f"{width}x{height}",
            expected=f"{size[1]}x{size[0]}",
        )
    return flat, offsets


_RASTERS: dict[str, Callable[[Dataset, Array, Size], Runs]] = {
    "box": _boxes,
    "rotated_box": _rotated,
    "ellipse": _ellipses,
    "polygon": _polygons,
    "mask": _masks,
}
