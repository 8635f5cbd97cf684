"""COCO instance files of any size with the statistics of train2017, made once and kept in a cache folder.

118,287 images give about 860,000 annotations and 477 MB: 7.3 annotations an image, polygons of about 23 points with two
decimals, one in ten of several parts, 1.2 % crowds as uncompressed RLE. The same arguments always give the same bytes.

::

    python benchmarks/generate.py 12000 odd
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import orjson

TRAIN2017 = 118_287
TENTH = 12_000
BLOCK = 2_000
REVISION = 2

Row = dict[str, Any]
Array = np.ndarray[Any, np.dtype[Any]]


def cache_folder() -> Path:
    """Return the folder of generated files, on a memory file system where there is one."""
    memory = Path("/dev/shm")
    root = memory if memory.is_dir() else Path(tempfile.gettempdir())
    folder = root / "annokit-benchmarks"
    folder.mkdir(exist_ok=True)
    return folder


def coco_file(images: int = TENTH, variant: str = "plain", folder: Path | None = None) -> Path:
    """Return the path of the generated COCO file, made now unless it lies in the cache."""
    path = (folder or cache_folder()) / f"coco-{variant}-{images}-r{REVISION}.json"
    if not path.exists():
        partial = path.with_suffix(".part")
        with partial.open("wb") as file:
            file.writelines(pieces(images, variant))
        partial.rename(path)
    return path


def pieces(images: int, variant: str) -> Iterator[bytes]:
    """Yield the text of a file of `images` images, some megabytes at a time."""
    change, dump = VARIANTS[variant]
    head = {"info": {"description": "synthetic", "version": "1.0", "year": 2017}, "licenses": []}
    yield dump(head).rstrip()[:-1].rstrip() + b',"images":['
    yield from _joined(dump, (_image_rows(block, images) for block in _blocks(images)), change)
    yield b'],"annotations":['
    yield from _joined(dump, _annotation_blocks(images), change)
    yield b'],"categories":' + dump([change(row, 0) for row in _categories()]) + b"}"


def _blocks(images: int) -> range:
    return range(0, images, BLOCK)


def _joined(
    dump: Callable[[Any], bytes], blocks: Iterator[list[Row]], change: Callable[[Row, int], Row]
) -> Iterator[bytes]:
    number = itertools.count()
    separator = b""
    for rows in blocks:
        yield separator + dump([change(row, next(number)) for row in rows]).strip()[1:-1]
        separator = b","


def _sizes(start: int, images: int) -> tuple[np.random.Generator, Array, Array]:
    """Return the generator of one block and the widths and heights of its images."""
    random = np.random.default_rng((2017, start))
    count = min(BLOCK, images - start)
    short = random.integers(360, 640, count)
    wide = random.random(count) < 0.7
    return random, np.where(wide, 640, short), np.where(wide, short, 640)


def _image_rows(start: int, images: int) -> list[Row]:
    random, widths, heights = _sizes(start, images)
    licenses = random.integers(1, 9, len(widths)).tolist()
    sizes = zip(licenses, widths.tolist(), heights.tolist(), strict=True)
    return [_image_row((start + i) * 4 + 9, *size) for i, size in enumerate(sizes)]


def _image_row(number: int, licence: int, width: int, height: int) -> Row:
    return {
        "license": licence,
        "file_name": f"{number:012d}.jpg",
        "coco_url": f"http://images.example.org/train2017/{number:012d}.jpg",
        "height": height,
        "width": width,
        "date_captured": "2013-11-14 11:18:45",
        "flickr_url": f"http://farm9.static.example.com/8186/{number}_fa8d7c9f0b_z.jpg",
        "id": number,
    }


def _annotation_blocks(images: int) -> Iterator[list[Row]]:
    number = itertools.count(1)
    for start in _blocks(images):
        random, widths, heights = _sizes(start, images)
        image = np.repeat(np.arange(len(widths)), random.geometric(1 / 7.3, len(widths)))
        ids = (start + image) * 4 + 9
        yield _annotation_rows(random, ids, np.stack([widths[image], heights[image]], axis=1), number)


def _annotation_rows(random: np.random.Generator, ids: Array, sizes: Array, number: Iterator[int]) -> list[Row]:
    count = len(ids)
    extents = sizes * random.beta(0.8, 4, (count, 2)) + 4
    corners = random.random((count, 2)) * np.maximum(sizes - extents, 1)
    columns = (
        _segmentations(random, corners, extents, sizes),
        (np.round(extents.prod(axis=1) * 0.7, 4)).tolist(),
        ids.tolist(),
        np.round(np.concatenate([corners, extents], axis=1), 2).tolist(),
        random.integers(1, 81, count).tolist(),
    )
    return [
        {
            "segmentation": segmentation,
            "area": area,
            "iscrowd": int(isinstance(segmentation, dict)),
            "image_id": image,
            "bbox": box,
            "category_id": category,
            "id": next(number),
        }
        for segmentation, area, image, box, category in zip(*columns, strict=True)
    ]


def _segmentations(random: np.random.Generator, corners: Array, extents: Array, sizes: Array) -> list[Any]:
    """Return a list of rings per row, or an uncompressed RLE for the 1.2 % of crowds."""
    count = len(corners)
    parts = np.where(random.random(count) < 0.9, 1, random.integers(2, 5, count))
    row = np.repeat(np.arange(count), parts)
    rings = iter(_rings(random, corners[row], extents[row], sizes[row]))
    shapes: list[Any] = [list(itertools.islice(rings, part)) for part in parts.tolist()]
    for crowd in np.flatnonzero(random.random(count) < 0.012).tolist():
        width, height = sizes[crowd].tolist()
        counts = random.integers(1, 400, random.integers(50, 600))
        rest = max(int(width * height - counts.sum()), 0)
        shapes[crowd] = {"counts": [*counts.tolist(), rest], "size": [height, width]}
    return shapes


def _rings(random: np.random.Generator, corners: Array, extents: Array, sizes: Array) -> list[list[float]]:
    """Return one ragged star around each box centre, as flat lists x, y, x, y, rounded to two decimals."""
    lengths = random.geometric(1 / 20, len(corners)) + 3
    ends = np.cumsum(lengths)
    ring = np.repeat(np.arange(len(lengths)), lengths)
    steps = np.cumsum(random.exponential(1.0, int(ends[-1])))
    first, last = steps[ends - lengths], steps[ends - 1]
    angle = (steps - first[ring]) / (last - first)[ring] * (2 * np.pi * (1 - 1 / lengths))[ring]
    reach = (0.5 + 0.5 * random.random(len(ring)))[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    points = (corners + extents / 2)[ring] + extents[ring] / 2 * reach
    flat = np.round(np.clip(points, 0, sizes[ring]), 2).ravel().tolist()
    return [flat[2 * (end - length) : 2 * end] for end, length in zip(ends.tolist(), lengths.tolist(), strict=True)]


def _categories() -> list[Row]:
    return [{"supercategory": "thing", "id": i, "name": f"class_{i}"} for i in range(1, 81)]


def _same(row: Row, number: int) -> Row:
    del number
    return row


def _attributes(row: Row, number: int) -> Row:
    """Add an attributes object and a key that COCO does not know to every annotation."""
    if "bbox" not in row:
        return row
    attributes = {"occluded": number % 3 == 0, "pose": ("left", "right", "none")[number % 3], "track": number % 17}
    return {**row, "ignore": number % 2, "attributes": attributes}


def _boxes(row: Row, number: int) -> Row:
    del number
    return {**row, "segmentation": []} if "bbox" in row else row


def _whole(value: Any) -> Any:
    """Write every number without a fraction as an integer."""
    if isinstance(value, list):
        return [_whole(part) for part in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _rounded(value: Any) -> Any:
    if isinstance(value, list):
        return [_rounded(part) for part in value]
    return round(value) if isinstance(value, float) else value


def _integers(row: Row, number: int) -> Row:
    """Write integers where a number is whole, and whole pixels throughout in every second annotation."""
    change = _rounded if number % 2 else _whole
    return {key: change(value) for key, value in row.items()}


ODD: tuple[Any, ...] = (
    None,
    "none",
    [[1.5, 2.5, 3.5]],
    [[]],
    [1.5, 2.5, 3.5, 4.5],
    [[[1.5, 2.5], [3.5, 4.5]]],
    [["1", 2]],
)


def _odd(row: Row, number: int) -> Row:
    """Put a segmentation that is no list of rings of points into one annotation of fifty."""
    return {**row, "segmentation": ODD[number // 50 % len(ODD)]} if "bbox" in row and number % 50 == 49 else row


def _strings(row: Row, number: int) -> Row:
    """Write every id as text."""
    del number
    return {key: f"{value:x}" if key.endswith("id") else value for key, value in row.items()}


def _pretty(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).replace(b"\n", b"\n  ")


VARIANTS: dict[str, tuple[Callable[[Row, int], Row], Callable[[Any], bytes]]] = {
    "plain": (_same, orjson.dumps),
    "attributes": (_attributes, orjson.dumps),
    "boxes": (_boxes, orjson.dumps),
    "ints": (_integers, orjson.dumps),
    "pretty": (_same, _pretty),
    "odd": (_odd, orjson.dumps),
    "strings": (_strings, orjson.dumps),
}


def main() -> None:
    """Make one file and print where it lies."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("images", type=int, nargs="?", default=TENTH)
    parser.add_argument("variant", choices=sorted(VARIANTS), nargs="?", default="plain")
    arguments = parser.parse_args()
    path = coco_file(arguments.images, arguments.variant)
    print(path, path.stat().st_size)


if __name__ == "__main__":
    main()
