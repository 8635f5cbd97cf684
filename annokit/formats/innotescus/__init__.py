"""Innotescus JSON: five files per data set of images and videos.

Described at the platform's help centre, "Exporting Data & Annotations", read in November 2026. A data set is a folder
of ``classes.json``, ``annotations.json``, ``dataset_items.json`` and, where metadata are defined,
``annotation_metadata_definitions.json`` and ``dataset_item_metadata_definitions.json``::

    classes.json        [{"id": 1, "name": "Vehicle", "parent_id": null}]
    dataset_items.json  [{"index": 0, "name": "a.png", "num_frames": 1, "width": 640, "height": 480, "url": "...",
                          "num_channels": 3, "bits_per_channel": 8, "meta_data": {"weather": "rain"}}]
    annotations.json    [{"dataset_item_index": 0, "frame_index": 0, "type": "Poly", "class_id": 1, "instance_id": 4,
                          "box": null, "poly": [[{"x": 1, "y": 2}, {"x": 9, "y": 2}, {"x": 9, "y": 7}]],
                          "is_open": false, "annotators": "a@b.c", "meta_data": {"occluded": true}}]

How it is read
--------------
An image is an item, its id the index. A video is a row of ``ds.sequences``; each frame that has annotations is an item
``<video>#<frame>``, and annotations without a frame belong to an item of kind ``video``. The folder's name is the
``dataset``. A box that states an orientation is a rotated box: x and y are its upper left corner before it is turned
about its centre, by radians. Several contours are sorted into parts and holes (``holes=``), and the issues tell where.
An open polygon is a polyline; one of several contours becomes a row for each. The instance id is the ``id`` on an image
and the ``track`` in a video, within a class. Definitions of metadata are ``ds.labels.attributes``, values attributes.

What else the files say is kept under ``innotescus/<key>``; keys that begin with ``#`` tell the writer how they said
what the model says otherwise:

==============  =======================================================================================
extra           meaning
==============  =======================================================================================
``#absent``     keys that the record lacks
``#box``        further keys of the box, and those that it lacks
``#contours``   places of the contours in the file, in the order of the parts and their holes
``#more``       a contour of the open polygon before
``#points``     how points are stated where they are no objects: 1 ``[x, y]``, 2 ``x, y, x, y``
``#unlisted``   a class or item that annotations refer to and no file lists
==============  =======================================================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from annokit.formats.base import Format
from annokit.formats.innotescus.facts import FILES, MARKS
from annokit.formats.innotescus.holds import holds
from annokit.formats.innotescus.read import read
from annokit.formats.innotescus.write import write

if TYPE_CHECKING:
    from annokit.formats.detect import Probe


def detect(probe: Probe) -> Mapping[str, str]:
    """Recognise the files by their names and keys."""
    if len(probe.names) == 1:
        return _single(probe, probe.names[0])
    for name in probe.names:
        last = name.rpartition("/")[2].lower()
        if last in FILES and any(mark in probe.json_head(name) for mark in MARKS[last]):
            return {"": f"{last} with Innotescus' own keys"}
    return {}


def _single(probe: Probe, name: str) -> Mapping[str, str]:
    head = probe.json_head(name)
    for kind, marks in MARKS.items():
        if head[:1] == b"[" and any(mark in head for mark in marks):
            return {"": f"a list of objects as in {kind}"}
    return {}


FORMAT = Format(
    name="innotescus",
    title="Innotescus JSON",
    sources=("Innotescus help centre: Exporting Data & Annotations",),
    detect=detect,
    read=read,
    write=write,
    holds=holds,
    tasks=frozenset(("classification", "detection", "semantic", "instance", "tracking")),
    output="folder",
)
