"""Masks as PNG files: a bitmap per picture, per object or per label.

A neutral format without a standard; the dialects of annokit are described here, Innotescus' at its help page "Export
formats", Dataloop's at https://docs.dataloop.ai, both read in November 2026::

    classes.json                   {"annokit": "masks", "version": 1, "dialect": "instance", "background": 0,
    masks/street/a.png              "classes": [{"value": 3, "name": "car", "color": [0, 0, 142]}],
    masks/street/b.png              "pictures": {"masks/street/a.png": {"1": 3, "2": 3}, "masks/street/b.png": {}}}
    annokit-masks.json

=======================  ===================================  ===================================================
dialect                  one PNG                              what a pixel says
=======================  ===================================  ===================================================
semantic                 ``masks/<picture>.png``              the value of the class, the same in all pictures
instance                 ``masks/<picture>.png``              the id of the object; ``classes.json`` tells its class
individual               ``masks/<picture>_<class>_<n>.png``  255 the object, 0 not
innotescus-semantic      ``<picture>.png``                    a value; ``classes.txt`` tells its class per picture
innotescus-instance      ``<picture>.png``                    likewise, a value per object
innotescus-individual    ``<picture>_<class>_<n>.png``        255 the object, 0 not
dataloop                 ``semantic/<picture>/<label>.png``   255 the label, 0 not; ``mask/<picture>.png`` holds all
                                                              of them in their colours
=======================  ===================================  ===================================================

How it is read
--------------
A picture is an item whose size is that of its PNG. A number is one annotation, a mask, never split into components;
its id is the number, except in ``semantic``, where the number is the label's ``source_id``. Values may be grey of any
depth, indices of a palette, three equal channels, or 24 bits in RGB or RGBA with red lowest. A value that no class map
names becomes an annotation without label and is reported; a listed object without pixels one without shape. Where
nothing tells the classes of ``semantic`` they are called by their values.

In ``innotescus-*``, frames of videos lie in ``<video>/masks/<n>.png``; a class map's block then is the video's, and a
value means one class in all of its frames.

``annokit-masks.json`` tells which PNG belongs to which item, in their order, so that names, empty pictures and pictures
of unknown size come back. A tree without it is told by its names; those of pictures are taken from the folders given as
``images=``, from the tree's own pictures and from class maps.

How it is written
-----------------
Annotations are painted in their order, later ones over earlier ones; what is covered, and what is merged, is reported.
Shapes become the pixels that they cover, as pycocotools decides them. What none covers is the background: value 0, or
what ``background=`` says, such as 255 where that means void; a class with that value gets another one, which is
reported, and reading knows the background from ``classes.json``. Grey of 8 bits, of 16 bits or 24 bits in RGBA is
written, the least that the largest value of the tree needs; ``pixels="palette"`` writes indices of a palette where all
are below 256, and ``preview=True`` adds pictures in colours: those of the classes, or one per object.
"""

from __future__ import annotations

from annokit.formats.base import Format
from annokit.formats.masks.detection import detect
from annokit.formats.masks.dialects import DIALECTS
from annokit.formats.masks.holds import holds
from annokit.formats.masks.read import read
from annokit.formats.masks.write import write

FORMAT = Format(
    name="masks",
    title="Mask PNGs",
    sources=("Innotescus help: Export formats", "https://docs.dataloop.ai"),
    dialects=DIALECTS,
    detect=detect,
    read=read,
    write=write,
    holds=holds,
    tasks=frozenset(("instance", "semantic")),
    output="folder",
    places_media=True,
)
