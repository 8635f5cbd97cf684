"""KITTI object labels: a text file per picture, a line per object, boxes in the image and in the world.

Described in the development kit of the object benchmark (https://www.cvlibs.net/datasets/kitti/eval_object.php), read
in November 2026::

    Car 0.00 0 -1.57 599.41 156.40 629.75 189.25 2.85 2.63 12.34 0.47 1.49 69.44 -1.56
    DontCare -1 -1 -10 503.89 169.71 590.61 190.13 -1 -1 -1 -1000 -1000 -1000 -10

==========  =====================================  ===============================================  =============
columns     meaning                                in annokit                                       unknown
==========  =====================================  ===============================================  =============
1           class, maybe with spaces               label
2           truncated, 0 to 1                      attribute ``truncated``                          -1
3           occluded, 0 to 3                       attribute ``occluded``                           -1
4           angle of observation, radians          attribute ``alpha``                              -10
5-8         left, top, right, bottom, pixels       ``box``
9-11        height, width, length                  ``shape``, a cuboid: ``size`` (l, h, w)          -1
12-14       x, y, z of the middle of its bottom    ``center``                                       -1000
15          rotation about y, radians              ``rotation``                                     -10
16          score, of results                      ``score``
==========  =====================================  ===============================================  =============

How it is read
--------------
Where a line states anything of the world, the shape is a :class:`~annokit.Cuboid` and the box stands beside it; else
the shape is the box. Pixels are kept as they are: nothing is added to the right and bottom edge. A line is read from
its right end, so that classes keep their spaces; fifteen numbers there are the fourteen and a score. Commas part
numbers too. ``DontCare`` is no class: such a region is an annotation without label whose attribute ``iscrowd`` is 1, as
crowds of COCO are. A label file and its picture have one path below ``label_2`` and ``image_2``, or one name; the
calibration file of a picture is kept by its path (``kitti/calib``). The folder above names the split (``training``,
``testing``, ``validation``). A picture without a label file is ``unlabelled``, one with an empty file ``labelled``.
Sizes come from the headers of pictures that lie in the tree. The key ``kitti/#zeros`` marks objects whose seven numbers
of the world are all 0, which says as little as the markers.

Files of the tracking benchmark, a file per video whose lines begin with the number of a frame and of a track, are read,
too: each file is a sequence, each frame an item ``<file>#<frame>``.

How it is written
-----------------
``label_2/<stem>.txt`` for every item, below the folder of its split. Crowds become ``DontCare``. Spaces in classes
become ``_`` unless ``spaces="keep"``. ``annokit-kitti.lst`` keeps the order of the pictures and their extensions,
``annokit-names.json`` names that had to change, ``annokit-kitti.json`` keys of items, such as the calibration files,
which are not copied. Tracks are not written.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from annokit.formats.base import Format
from annokit.formats.kitti.holds import holds
from annokit.formats.kitti.layout import HEAD, LIST
from annokit.formats.kitti.reading import read
from annokit.formats.kitti.rows import is_number, parse
from annokit.formats.kitti.tracking import tracked
from annokit.formats.kitti.writing import write

if TYPE_CHECKING:
    from annokit.formats.detect import Probe

LOOKS = 12
"""Label files looked at."""


def detect(probe: Probe) -> Mapping[str, str]:
    """Recognise lines of a class in words and fourteen numbers, or a folder ``label_2`` of text files."""
    if LIST in probe.names and probe.head(LIST).startswith(HEAD.encode()):
        return {"": f"{LIST}, which annokit writes"}
    texts = probe.ending(".txt")
    inside = [name for name in texts if "/label_2/" in f"/{name}"]
    for name in (inside or texts)[:LOOKS]:
        if "calib/" in name:
            continue
        lines = probe.head(name).replace(b"\r", b"\n").splitlines()[:5]
        rows = parse(b"\n".join(lines))
        if tracked(rows, rows.lines) is not None:
            return {"": f"{name} holds frames, tracks and classes with 14 or 15 numbers"}
        if rows.names and not rows.bad and not any(is_number(own) for name in rows.names for own in name.split()[:1]):
            return {"": f"{name} holds classes with 14 or 15 numbers"}
    return {"": "text files in label_2"} if inside and not probe.head(inside[0]).strip() else {}


FORMAT = Format(
    name="kitti",
    title="KITTI object labels",
    sources=("https://www.cvlibs.net/datasets/kitti/eval_object.php",),
    detect=detect,
    read=read,
    write=write,
    holds=holds,
    tasks=frozenset(("detection", "instance", "semantic")),
    output="folder",
    places_media=True,
)
