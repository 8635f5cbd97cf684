"""YOLO: a text file of numbers per picture, in the dialects that platforms and trainers have made of it.

Described at https://docs.ultralytics.com/datasets/, https://github.com/AlexeyAB/darknet, Dataloop's and Innotescus'
documentation, read in November 2026. A row is a class and, as fractions of the picture, a box, an outline, four
corners, or a box and joints::

    0 0.5 0.5 0.25 0.25
    0 0.1 0.2 0.3 0.2 0.3 0.4

==========================  ====================================  ========  =======  ==============================
dialect                     rows                                  unit      classes  names of the classes
==========================  ====================================  ========  =======  ==============================
``ultralytics-detect``      centre and size                       fraction  from 0   ``data.yaml``
``ultralytics-segment``     one outline                           fraction  from 0   ``data.yaml``
``ultralytics-pose``        centre and size, joints               fraction  from 0   ``data.yaml``
``ultralytics-obb``         four corners                          fraction  from 0   ``data.yaml``
``ultralytics-classify``    none                                  -         -        folders
``darknet``                 centre and size                       fraction  from 0   ``obj.names``
``dataloop``, ``-1``        centre and size, or one outline       fraction  0, 1     ``labels.txt``
``innotescus``              corner and size                       fraction  from 1   ``darknet.labels``
``keras``, ``keras-0``      two corners, all pictures one file    pixel     1, 0     ``yolokeras.classes.txt``
==========================  ====================================  ========  =======  ==============================

How it is read
--------------
A picture is an item, named by its path below ``images/`` and its split's folder; where only its label file is there,
by that. The label file of a picture lies where the last folder ``images`` of its path becomes ``labels``, or beside it.
An empty label file is a picture labelled as empty (``labelled``), none at all one that nobody has labelled
(``unlabelled``). The number of a class is the position of its label. Bare ``yolo`` finds the task in ``data.yaml`` and
in the rows. Numbers are kept as they are, also beyond the picture; a row that can't be read is an error with its file
and line. Sizes come from the headers of pictures that lie in the tree, and are not needed otherwise.

How it is written
-----------------
Every item gets a label file that begins with its picture's stem; two that would meet get different names, undone on
reading. ``annokit-images.lst`` keeps the order of the pictures and, where these are not there, their extensions. The
layouts are described in :mod:`annokit.formats.yolo.layout`, the options in :func:`annokit.formats.yolo.writing.write`.
"""

from __future__ import annotations

from annokit.formats.base import Format
from annokit.formats.yolo.detection import detect
from annokit.formats.yolo.dialects import DIALECTS
from annokit.formats.yolo.holds import choose, holds
from annokit.formats.yolo.reading import read
from annokit.formats.yolo.writing import write

FORMAT = Format(
    name="yolo",
    title="YOLO",
    sources=(
        "https://docs.ultralytics.com/datasets/",
        "https://github.com/AlexeyAB/darknet",
        "https://github.com/qqwweee/keras-yolo3",
    ),
    dialects=DIALECTS,
    detect=detect,
    read=read,
    write=write,
    holds=holds,
    choose=choose,
    tasks=frozenset(("detection", "instance", "keypoints", "classification")),
    output="folder",
    places_media=True,
)
