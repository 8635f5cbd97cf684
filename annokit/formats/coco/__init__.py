"""COCO: images, annotations and categories in one JSON file, and results lists.

Described at https://cocodataset.org/#format-data and https://cocodataset.org/#format-results, read in November 2026::

    {"info": {}, "licenses": [],
     "images": [{"id": 139, "file_name": "a.jpg", "width": 640, "height": 426}],
     "annotations": [{"id": 1, "image_id": 139, "category_id": 1, "bbox": [9.5, 8, 20, 30], "area": 380.5, "iscrowd": 0,
                      "segmentation": [[9.5, 8, 29.5, 8, 29.5, 38]]}],
     "categories": [{"id": 1, "name": "person", "supercategory": "person"}]}

How it is read
--------------
An image is an item, a category a label whose ``source_id`` is its id. A list of rings is a polygon, each ring a part of
its own; ``{"size", "counts"}`` is a mask; an annotation with neither is a box, or keypoints where it has no box.
``iscrowd`` and ``caption`` are attributes, as are the members of an object ``attributes``. ``track_id`` is the track.
``area`` and ``num_keypoints`` are kept as numbers, every other key verbatim, under ``coco/<key>``. So is a known key
with a value that the model can't hold (null, an odd ring, an id that leads nowhere): the model then states nothing, and
the writer the value. What is written after a read is the same document, value by value; keys stand in the order of the
table's columns, which is that of the file.

Extras that begin with ``#`` are no keys, but say how the file was:

==============  =====================================================================================================
extra           meaning
==============  =====================================================================================================
``#absent``     of an image, annotation or category: keys that a writer would add but that were not there; of the
                dataset: lists that were not there. Items and labels are then those that annotations speak of
``#list``       of the dataset: the document is a results list
``#ids``        of the dataset: lists whose ids stay although they are not what the dialect wants
``#outlines``   of the dataset: outlines are lists of points where the dialect states run lengths
``#further``    members of a record beyond the most keys that get a column
``##<key>``     the key ``#<key>``
``#panoptic``   of the dataset: the annotations of an image are one record, their pixels a PNG beside the file
``#record/``    of an image: begins the names of members of that record
==============  =====================================================================================================

Panoptic files
--------------
``coco:panoptic`` has a record per image, which names a PNG and lists the segments of the image::

    {"image_id": 139, "file_name": "a.png", "segments_info":
        [{"id": 3937500, "category_id": 1, "area": 320, "bbox": [9, 8, 20, 30], "iscrowd": 0}]}

A pixel's red + 256 green + 65536 blue is the id of its segment, 0 is void. A segment is an annotation whose mask is
decoded when asked for; an image without record is unlabelled, one with an empty record is not. PNGs are looked for in
the folder called like the file, beside the file, and in ``images=``; of one with a palette the colours count. What is
missing, damaged, of another size, or on one side only is an issue. A file whose PNGs are elsewhere is written with the
same references. Otherwise ``panoptic.json`` and ``panoptic/*.png`` are written, as the official evaluation wants
them: every id has pixels and every pixel's id is listed, later annotations cover earlier ones, ``area`` and ``bbox``
are those of the pixels, and ids stay where they are distinct numbers from 1 on in their image.
"""

from __future__ import annotations

from annokit.formats.base import Format
from annokit.formats.coco.detection import detect
from annokit.formats.coco.dialect import DIALECTS
from annokit.formats.coco.holds import holds
from annokit.formats.coco.panoptic_files import finish
from annokit.formats.coco.panoptic_write import output_of
from annokit.formats.coco.read import read
from annokit.formats.coco.write import write

FORMAT = Format(
    name="coco",
    title="COCO",
    sources=("https://cocodataset.org/#format-data", "https://cocodataset.org/#format-results"),
    dialects=DIALECTS,
    detect=detect,
    read=read,
    write=write,
    holds=holds,
    finish=finish,
    output_of=output_of,
    tasks=frozenset(("detection", "instance", "keypoints", "panoptic")),
)
