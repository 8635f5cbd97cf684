"""The tables of a dataset: which columns exist, what they hold, and the codes they use.

Items
-----
==============  ======================  ==========================================================================
column          type                    meaning
==============  ======================  ==========================================================================
name            Text                    relative path or id, as the source writes it; may repeat
id              Fixed int64, Text, Json  the source's id, verbatim
uri             Text                    where the source says the pixels lie
path            Text                    the file on this machine; not part of equality
kind            Fixed uint8             position in :data:`ITEM_KINDS`
size            Fixed int64 (n, 2)      width, height in pixels of the displayed image; -1 unknown
unit, form      Fixed uint8             how numbers are stated: :data:`UNITS`, :data:`~annokit.geometry.boxes.FORMS`
time_unit       Fixed uint8             position in :data:`TIME_UNITS`
frame           Fixed int64             the platform's own frame number
timestamp       Number, Text            the source's own time stamp
sequence        Fixed int64             row of the sequence table, -1 none
dataset, split  Text                    name of the dataset and of the split
status          Fixed uint8             position in :data:`STATUSES`
bitmap          Json                    ``{"name"}``: a file whose pixels are annotation ids
bitmap_path     Text                    that file on this machine; not part of equality
attributes/*    any                     attribute values, one column per name
extras/F/*      Json                    keys of format F that the model does not map, verbatim
==============  ======================  ==========================================================================

Annotations
-----------
==============  ======================  ==========================================================================
item            Fixed int64             row of the item, -1 where the source's reference leads nowhere
label           Fixed int64             position in the label set, -1 none
kind            Fixed uint8             position in :data:`KINDS`
box             Number (n, 4)           the source's own box in the item's unit and form, NaN none
points          Ragged³ Number (m, 2)   shapes of parts of rings of points: polygon, polyline, point
rotated         Struct                  ``numbers (k, 8)``, ``angle (k,)``, ``form`` in :data:`ROTATED_FORMS`
ellipse         Struct                  ``numbers (k, 5)``, ``form`` in :data:`ELLIPSE_FORMS`
cuboid          Json                    the fields of :class:`~annokit.geometry.cuboid.Cuboid`
mask            Struct                  ``size (k, 2)`` height, width; ``data``; ``encoding`` in :data:`MASK_ENCODINGS`
keypoints       Ragged Number (m, 3)    x, y, visibility
span            Number (k, 4)           start, end in the item's time unit, first and last frame; NaN open or none
id, track       Fixed int64, Text, Json  the source's ids
keyframe        Fixed bool              whether a person set this frame of the track
interpolation   Text                    the rule between key frames: ``hold`` or ``linear``
score           Number                  confidence
parent          Fixed int64             row of the parent annotation
layer           Text                    labelset, branch or annotator
author, created, updated, review  Text  provenance
attributes/*    any                     attribute values, one column per name
extras/F/*      Json                    keys of format F that the model does not map, verbatim
==============  ======================  ==========================================================================

Sequences
---------
id, name, dataset, task, split, uri, path: as for items. status: Fixed uint8. fps: Number. size: Fixed int64 (n, 2).
frames: Fixed int64, number of frames. attributes/*, extras/F/*.

A column that no row has a value in need not exist; ``item``, ``label`` and ``kind`` of annotations, and ``name``,
``kind``, ``size``, ``unit``, ``form``, ``time_unit``, ``sequence`` and ``status`` of items always do.
"""

from __future__ import annotations

from typing import Literal

KINDS = ("none", "box", "rotated_box", "ellipse", "polygon", "polyline", "point", "keypoints", "mask", "cuboid")
"""Kinds of shape; the position is the code in the column ``kind``."""

KIND_CODE = {name: code for code, name in enumerate(KINDS)}

KIND_COLUMN = {
    "box": "box",
    "rotated_box": "rotated",
    "ellipse": "ellipse",
    "polygon": "points",
    "polyline": "points",
    "point": "points",
    "keypoints": "keypoints",
    "mask": "mask",
    "cuboid": "cuboid",
}
"""Which column holds the geometry of a kind."""

ITEM_KINDS = ("image", "frame", "video", "volume", "pointcloud", "audio", "text")

STATUSES = (None, "unlabelled", "in_progress", "labelled", "reviewed", "rejected", "skipped")

UNITS = ("unit", "pixel")
"""Fractions of width and height, or pixels."""

TIME_UNITS = ("s", "ms")

SECONDS = (1.0, 1000.0)
"""How many of each time unit make a second."""

ROTATED_FORMS = ("degrees", "radians", "corners", "centre")
"""The item's box form and an angle in degrees or radians; four corners x1, y1, ... y4; centre, size and degrees."""

ELLIPSE_FORMS = ("axes", "circle")
"""cx, cy, rx, ry, angle; or cx, cy, r, stretch, angle where r is a fraction of the width in both directions."""

MASK_ENCODINGS = ("rle", "runs", "bitmap", "void", "datauri")
"""COCO's compressed text; uint32 runs, little-endian; the id of the item's bitmap as text; nothing; the JSON value that
holds a PNG as a data URI, decoded when asked for."""

ItemKind = Literal["image", "frame", "video", "volume", "pointcloud", "audio", "text"]
Status = Literal["unlabelled", "in_progress", "labelled", "reviewed", "rejected", "skipped"]

RAW = ("kind", "points", "rotated", "ellipse", "cuboid", "mask")
"""Columns of raw geometry, which readers give instead of a shape."""

_GROUPS = ("attributes", "extras")

FIELDS = {
    "annotation": frozenset((
        "shape", "box", "keypoints", "span", "id", "track", "keyframe", "interpolation", "score", "parent", "layer",
        "author", "created", "updated", "review", *_GROUPS, *RAW,
    )),
    "item": frozenset((
        "id", "uri", "path", "kind", "width", "height", "size", "unit", "form", "time_unit", "frame", "timestamp",
        "sequence", "dataset", "split", "status", "bitmap", "bitmap_path", *_GROUPS,
    )),
    "sequence": frozenset((
        "id", "name", "dataset", "task", "split", "uri", "path", "status", "fps", "width", "height", "size", "frames",
        *_GROUPS,
    )),
}  # fmt: skip
"""Names under which a builder takes values; groups may also be given column by column, as ``attributes/occluded``."""

ITEM_UNCOMPARED = ("path", "bitmap_path")
"""Columns that do not count when datasets are compared."""

CACHED_EXTRAS = (
    "area", "num_keypoints", "points", "coordinates", "#shape", "#corners", "#joints", "#object", "#contours", "#more",
    "poly", "boundingBox", "rotatableBoundingBox", "polygon", "polygons", "polyline", "point", "skeleton", "bitmask",
    "circle", "ellipse", "cuboid", "cuboid_2d",
)  # fmt: skip
"""Source keys computed from the geometry: they go when an edit changes it."""
