"""Innotescus CSV: a line per object, with its points in brackets.

Described at the platform's help centre, "Export formats", read in November 2026::

    "a.png","640","480","Object Detection","cat","[[10,20],[30.5,40]]",""
    b.png, 640, 480, Instance Segmentation, dog, [[[1,2],[5,2],[5,9]],[[7,7],[9,7],[9,9]]]

The columns are image, width, height, task type, class, points, and rotation in radians, which may be missing.

============================================  =====================================================================
points                                        shape
============================================  =====================================================================
none, or ``[]``                               none: a classification
two, without rotation or with 0               box, by its corners
two, with a rotation                          rotated box: the corners before it is turned about its centre
four, with a rotation or of a detection task  rotated box: the corners as they lie
one                                           point
more, or lists of lists                       polygon, each list a part
============================================  =====================================================================

How it is read
--------------
A line whose points are not quoted is split outside brackets; commas of a name are those before the width. ``|`` quotes
where the first line uses it. A first line whose second field is no number is the header (``csv/header``). Task types
are known in any spelling; one that is not the usual for its shape stays under ``csv/task``, a rotation that is no part
of its shape under ``csv/rotation``. Further columns that a header names are kept under ``csv/<name>``, listed, and
written back; without a header, longer lines are bad. A line without task, class and points states an image alone.

How it is written
-----------------
Every field is quoted, a quote doubled, lines end in CRLF (RFC 4180). An item without annotations gets a line with its
name and size.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from annokit.formats.base import Format
from annokit.formats.csv.holds import holds
from annokit.formats.csv.lines import is_number, split_lines
from annokit.formats.csv.reading import read
from annokit.formats.csv.tasks import canonical
from annokit.formats.csv.writing import write

if TYPE_CHECKING:
    from annokit.formats.detect import Probe


def detect(probe: Probe) -> Mapping[str, str]:
    """Recognise a CSV file whose lines hold a size, a task type and points."""
    names = [name for name in probe.names if name.lower().endswith((".csv", ".csv.gz"))]
    if not names and len(probe.names) == 1:
        names = list(probe.names)
    for name in names[:3]:
        lines = probe.head(name).decode("utf-8", "replace").splitlines(keepends=True)[:3]
        for row in split_lines("".join(lines)).rows[:3]:
            sized = len(row) in (6, 7) and is_number(row[1]) and is_number(row[2])
            if sized and (canonical(row[3]) is not None or row[5].lstrip().startswith("[[")):
                return {"": f"{name} holds an image, a size, a task type, a class and points a line"}
    return {}


FORMAT = Format(
    name="csv",
    title="Innotescus CSV",
    sources=("Innotescus help centre: Export formats",),
    detect=detect,
    read=read,
    write=write,
    holds=holds,
    tasks=frozenset(("classification", "detection", "instance", "semantic")),
    suffix=".csv",
)
