"""Files against their floors: small label files written raw, image headers read raw, XML by the standard parser.

Each figure is a ratio of best-of-five times, both sides measured in turn in one process::

    python -m benchmarks.bench_files
"""

from __future__ import annotations

import io
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

from PIL import Image

from annokit.codecs.names import safe_names
from annokit.codecs.output import open_output
from annokit.codecs.xml import parse_xml
from annokit.media.size import image_sizes
from benchmarks.timing import best, seconds

ROUNDS = 5


def main(*, small: bool = False) -> dict[str, float]:
    """Return figure by name, ratios to the floor unless it says seconds; `small` runs all once on little data."""
    rounds, count = (1, 20) if small else (ROUNDS, 12_000)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        return {
            **small_files(root, count, rounds),
            **headers(root, count // 4, rounds),
            **names(count * 8, rounds),
            **xml(count // 10, rounds),
        }


def small_files(root: Path, count: int, rounds: int) -> dict[str, float]:
    """Compare writing a tree of label files with open, write and close."""
    data = b"0 0.5 0.5 0.25 0.25\n" * 7
    labels = [f"labels/train/{index:06d}.txt" for index in range(count)]

    def raw(place: Path) -> None:
        (place / "labels/train").mkdir(parents=True)
        for name in labels:
            handle = os.open(f"{place}/{name}", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
            os.write(handle, data)
            os.close(handle)

    def ours(place: Path) -> None:
        with open_output(place, kind="folder") as output:
            for name in labels:
                output.write(name, data)

    def fresh(action: Callable[[Path], None]) -> float:
        try:
            return seconds(lambda: action(root / "tree"))
        finally:
            shutil.rmtree(root / "tree")

    pairs = [(fresh(raw), fresh(ours)) for _ in range(rounds)]
    return {"label files / raw writes": min(b for _, b in pairs) / min(a for a, _ in pairs)}


def headers(root: Path, count: int, rounds: int) -> dict[str, float]:
    """Compare sizes of images with reading 4 KiB of each, and with Pillow."""
    out = io.BytesIO()
    Image.effect_noise((320, 240), 50).convert("RGB").save(out, "jpeg")
    paths = [root / f"{index}.jpg" for index in range(count)]
    for path in paths:
        path.write_bytes(out.getvalue())

    def raw() -> None:
        for path in paths:
            handle = os.open(path, os.O_RDONLY)
            os.read(handle, 4096)
            os.close(handle)

    def pillow() -> None:
        for path in paths:
            with Image.open(path) as image:
                _ = image.size

    floor, theirs, ours = best([raw, pillow, lambda: image_sizes(paths, workers=1)], rounds)
    return {"image sizes / reading 4 KiB": ours / floor, "image sizes / Pillow": ours / theirs}


def names(count: int, rounds: int) -> dict[str, float]:
    """Time names that are fine and names that are not."""
    fine = [f"video {index % 50}/frame_{index:06d}.png" for index in range(count)]
    odd = [f"víde:o {index % 50}/främe_{index:06d}?.png" for index in range(count)]
    first, second = best([lambda: safe_names(fine), lambda: safe_names(odd)], rounds)
    return {"seconds per 100k fine names": first / count * 1e5, "seconds per 100k odd names": second / count * 1e5}


def xml(count: int, rounds: int) -> dict[str, float]:
    """Compare small documents with the standard library's parser, which lets document types pass."""
    rows = "<object><name>cat</name><bndbox><xmin>1</xmin><xmax>3</xmax></bndbox></object>" * 8
    data = f"<?xml version='1.0'?><annotation>{rows}</annotation>".encode()
    floor, ours = best(
        [
            lambda: [ElementTree.fromstring(data) for _ in range(count)],
            lambda: [parse_xml(data, path="x") for _ in range(count)],
        ],
        rounds,
    )
    return {"XML / standard parser": ours / floor}


if __name__ == "__main__":
    for figure, value in main().items():
        print(f"{figure:<32} {value:8.3f}")
