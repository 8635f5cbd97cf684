"""Pascal VOC files against opening, reading and parsing them by the standard library's XML parser.

The floor drops what it parsed. Each figure is a ratio of best-of-five times, both sides measured in turn in one
process, files on a memory file system where there is one::

    python -m benchmarks.bench_voc
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np

import annokit
from benchmarks.timing import best

ROUNDS = 5

IMAGES = 12_000

CLASSES = ("aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "person", "sheep")


def main(*, small: bool = False) -> dict[str, float]:
    """Return figure by name, ratios to the floor; `small` runs all once on little data."""
    rounds, count = (1, 20) if small else (ROUNDS, IMAGES)
    memory = Path("/dev/shm")
    found: dict[str, float] = {}
    for name, (dialect, made) in VARIANTS.items():
        with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
            write_files(Path(folder), count, made)
            paths = sorted(str(path) for path in Path(folder).rglob("*.xml"))
            read = [lambda p=paths: parse(p), lambda f=folder, d=dialect: annokit.read(f, d)]
            floor, ours = best(read, rounds)
            found[f"{name} / open, read, parse"] = ours / floor
    return found


def parse(paths: list[str]) -> None:
    """Open, read and parse files, one by one."""
    for path in paths:
        with open(path, "rb") as file:  # noqa: PTH123 - the floor is what costs least
            ElementTree.fromstring(file.read())


def write_files(folder: Path, count: int, made: Callable[[Any, int], str]) -> None:
    """Write `count` annotations into one folder, as every tree of Pascal VOC has them."""
    random = np.random.default_rng(2012)
    (folder / "Annotations").mkdir()
    for number in range(count):
        (folder / f"Annotations/2007_{number:06d}.xml").write_text(made(random, number), encoding="utf-8")


def official(random: Any, number: int) -> str:
    """Return an annotation as the official files are written: 7.2 objects, all elements."""
    objects = "".join(_object(random, _USUAL) for _ in range(_objects(random, number)))
    return _HEAD.format(number=number, width=500, height=int(random.integers(300, 500)), objects=objects)


def varied(random: Any, number: int) -> str:
    """Return an annotation whose objects differ in their elements and their order, some with names beyond ASCII."""
    objects = "".join(
        _object(random, _KINDS[int(random.integers(len(_KINDS)))]) for _ in range(_objects(random, number))
    )
    return _HEAD.format(number=number, width=500, height=int(random.integers(300, 500)), objects=objects)


def converted(random: Any, number: int) -> str:
    """Return an annotation as Dataloop exports it: floats, attributes as Python writes them."""
    objects = "".join(_object(random, _DATALOOP) for _ in range(_objects(random, number)))
    return _PLAIN.format(number=number, width=640, height=int(random.integers(300, 500)), objects=objects)


def parts(random: Any, number: int) -> str:
    """Return an annotation in which every second object has parts and a point, which the model keeps as they are."""
    objects = "".join(_object(random, (_USUAL, _PARTS)[place % 2]) for place in range(_objects(random, number)))
    return _HEAD.format(number=number, width=500, height=int(random.integers(300, 500)), objects=objects)


def _objects(random: Any, number: int) -> int:
    return int(random.integers(3, 12)) + (number % 4 == 0)


def _object(random: Any, template: str) -> str:
    x, y, w, h = (int(value) for value in random.integers(1, 150, 4))
    name = CLASSES[int(random.integers(len(CLASSES)))]
    flag = int(random.integers(2))
    return template.format(name=name, flag=flag, x0=x, y0=y, x1=x + w, y1=y + h, colour=("red", "blå")[flag])


_HEAD = """<annotation>
	<folder>VOC2012</folder>
	<filename>2007_{number:06d}.jpg</filename>
	<source>
		<database>The VOC2007 Database</database>
		<annotation>PASCAL VOC2007</annotation>
		<image>flickr</image>
	</source>
	<size>
		<width>{width}</width>
		<height>{height}</height>
		<depth>3</depth>
	</size>
	<segmented>0</segmented>
{objects}</annotation>
"""

_PLAIN = """<annotation>
    <folder></folder>
    <filename>2007_{number:06d}.jpg</filename>
    <path>/2007_{number:06d}.jpg</path>
    <source>
        <database>Unknown</database>
    </source>
    <size>
        <width>{width}</width>
        <height>{height}</height>
        <depth>3</depth>
    </size>
    <segmented>0</segmented>
{objects}</annotation>"""

_BOX = """		<bndbox>
			<xmin>{x0}</xmin>
			<ymin>{y0}</ymin>
			<xmax>{x1}</xmax>
			<ymax>{y1}</ymax>
		</bndbox>
"""

_USUAL = f"""	<object>
		<name>{{name}}</name>
		<pose>Frontal</pose>
		<truncated>{{flag}}</truncated>
		<difficult>0</difficult>
{_BOX}	</object>
"""

_DATALOOP = """    <object>
        <name>animal.{name}</name>
        <attributes>{{'1': '{colour}', '2': ['a']}}</attributes>
        <bndbox>
            <xmin>{x0}.5</xmin>
            <ymin>{y0}.25</ymin>
            <xmax>{x1}.70000076293945</xmax>
            <ymax>{y1}</ymax>
        </bndbox>
    </object>
"""

_PARTS = f"""	<object>
		<name>{{name}}</name>
		<pose>Unspecified</pose>
		<truncated>{{flag}}</truncated>
		<difficult>0</difficult>
{_BOX}		<part>
			<name>head</name>
			<bndbox>
				<xmin>{{x0}}</xmin>
				<ymin>{{y0}}</ymin>
				<xmax>{{x1}}</xmax>
				<ymax>{{y1}}</ymax>
			</bndbox>
		</part>
		<point>
			<x>{{x0}}</x>
			<y>{{y1}}</y>
		</point>
	</object>
"""

_KINDS = (
    _USUAL,
    f"	<object>\n{_BOX}		<name>{{name}}</name>\n		<difficult>{{flag}}</difficult>\n	</object>\n",
    f"	<object>\n		<name>{{colour}} {{name}}</name>\n		<occluded>{{flag}}</occluded>\n{_BOX}	</object>\n",
    f"	<object>\n		<name>{{name}}</name>\n{_BOX}	</object>\n",
)

VARIANTS: dict[str, tuple[str, Callable[[Any, int], str]]] = {
    "official files": ("voc:standard", official),
    "varied files": ("voc", varied),
    "Dataloop's files": ("voc:dataloop", converted),
    "files with parts": ("voc:standard", parts),
}
"""Dialect, and what makes a file, by figure."""

BARS = {f"{name} / open, read, parse": 2.0 for name in VARIANTS}
"""What each ratio may be."""


if __name__ == "__main__":
    for figure, value in main().items():
        print(f"{figure:<40} {value:8.3f}")
