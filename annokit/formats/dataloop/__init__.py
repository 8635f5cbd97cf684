"""Dataloop: a JSON document per item.

Described at https://docs.dataloop.ai/docs/export-metadata-annotations and https://sdk-docs.dataloop.ai (November 2026);
what these leave open follows real exports and the SDK, dtlpy 1.126::

    {"id": "64a1f0c2d3e4b5a697887766", "filename": "/dir/a.jpg", "metadata": {"system": {"width": 640, "height": 480,
     "mimetype": "image/jpeg"}}, "annotations": [
       {"type": "box", "label": "animal.dog", "attributes": [], "coordinates": [{"x": 9, "y": 8, "z": 0},
        {"x": 29, "y": 28, "z": 0}], "metadata": {"system": {"attributes": {"1": "red"}}, "user": {}}}]}

How it is read
--------------
A folder or archive of documents, a single one, a list of them or one per line, of any age; a list of annotations is an
item without name. `filename` is the item's name, without its first slash. Sizes are those of the displayed picture: the
file states them before its EXIF orientation is applied, the annotations after.

=====================  ==============================================================================================
type                   shape
=====================  ==============================================================================================
``box``                a box; with an angle, or as four points, a rotated one, turned clockwise on screen
``segment``            a polygon: a ring inside the first one is a hole, any other a part
``polyline, point``    as they are called
``ellipse``            half axes in pixels, degrees clockwise
``binary``             a mask, decoded when it is looked at: alpha above 127, else any channel above 0
``cube, cube_3d``      a cuboid, by its corners in the picture or by centre, size and angles in the world
``pose``               keypoints: its points are those whose parent it is, in the order of its template
anything else          none; ``coordinates`` are kept
=====================  ==============================================================================================

Old attributes, a list of names, are true; new ones have values. Labels are dotted paths; their parents come from the
ontology, where one is given or lies beside the documents. On videos and recordings an annotation is a row per state,
and each state holds until the next. Whether an item is a video its file type tells, else its rate or its snapshots:
``frame`` and ``endFrame`` of pictures mean nothing. Hidden items, remarks of reviewers and annotations of the workflow
are left out, told, and written back; options read them. What the workflow says is the item's status.

Extras that begin with ``#`` are no keys, but say how the file was:

===============  ====================================================================================================
extra            meaning
===============  ====================================================================================================
``#absent``      of an item or annotation: keys that a writer would add but that were not there
``#metadata``    of an item: it is called ``itemMetadata``
``#id``          of either: it is called ``_id``
``#others``      of an item: annotations that were left out, and where they stand
``#type``        of an annotation: it states no type
``#v1``          of an annotation: the names in its old list of attributes
``#z``           of an annotation: whether points state a ``z``, against the habit of its type
``#corners``     of a box: in which order its corners stand
``#loose``       of an outline: its points lie in no inner list
``#pose``        of a pose: its ``coordinates``, where they are not just the label as template
``#joints``      of a pose: its points, and where they stand, where they say more than keypoints do
``#noparent``    of an annotation: it refers to its parent by ``clientParentId`` although that has an id
``#track``       of an annotation of a video: it has neither object nor id
``#first``       of an annotation of a video: it is another one than that before, though it goes on with its object
``#own``         of a later state: members of a snapshot under keys that mean something else in an annotation
``#snapshots``   of an annotation of a video: what its snapshots were, where they were more than states in their order
``#hidden``      of the dataset: hidden items and folders, by the names of their files
``#ontology``    of the dataset: what the ontology says beside labels and attributes
``#further``     members of a record whose keys got no column
===============  ====================================================================================================

What is written is ready for upload: a document per item under ``json/``, ids only where they are the platform's own,
masks as pictures in the colours of their labels, and an ``ontology.json`` where there is more to say of labels.
"""

from __future__ import annotations

from annokit.formats.base import Format
from annokit.formats.dataloop.detection import detect
from annokit.formats.dataloop.holds import holds
from annokit.formats.dataloop.read import read
from annokit.formats.dataloop.write import write

FORMAT = Format(
    name="dataloop",
    title="Dataloop (a JSON document per item)",
    sources=("https://docs.dataloop.ai/docs/export-metadata-annotations", "https://sdk-docs.dataloop.ai"),
    detect=detect,
    read=read,
    write=write,
    holds=holds,
    tasks=frozenset(("classification", "detection", "instance", "semantic", "keypoints", "tracking", "time")),
    output="folder",
    places_media=True,
)
