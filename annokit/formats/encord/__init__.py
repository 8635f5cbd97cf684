"""Encord label rows: objects, classifications and attributes by frame, image group, video and more.

Described at the vendor's documentation ("Exporting labels") and by the source of its SDK 0.1.211, read in November
2026. A JSON list of label rows, or one row::

    [{"label_hash": "..", "data_title": "a.png", "data_type": "image", "object_answers": {}, "data_units": {"h1": {
        "data_title": "a.png", "width": 200, "height": 100, "labels": {"objects": [
            {"name": "Car", "shape": "bounding_box", "featureHash": "f1", "objectHash": "o1",
             "boundingBox": {"x": 0.1, "y": 0.4, "w": 0.2, "h": 0.3}}], "classifications": []}}}}]

How it is read: a row is a sequence. An image, and each image of a group, is an item; of a video every frame with labels
is one, called ``<title>#<frame>``. An object on a frame is an annotation whose track is its ``objectHash``; its label
is known by ``featureHash``. A classification is an annotation without shape: its label is the question, its answer the
attribute of that name. What holds for a range of frames, or for the whole row, stands on an item of kind ``video``.
Attributes are the answers of ``object_answers`` and, for the frames in their ranges, of ``object_actions``. x and w are
fractions of the width, y and h of the height (the published page says otherwise, and is wrong). A branch is a layer;
``main`` is read by default. Pictures and videos in the spaces of a data group are items of its row; what its sounds,
texts and point clouds say is kept and listed. Everything else is kept under ``encord/<key>``.

What a record says otherwise than the writer would is kept beside its columns, so that rows come back value by value:

==============  ==================================================================================
extra           meaning
==============  ==================================================================================
``#absent``     keys that the writer would write and that are not there
``#without``    lists that a frame or unit does not state; ``#objects``, ``#classifications`` odd ones
``#deleted``    deleted objects with their places
``#object``     the whole object, verbatim, where its shape is none that Encord documents
``#polygon``    its points are a list, not keyed by number; likewise ``#polyline`` and ``#point``
``#ranged``     stands in the answers only, for a range or the whole row
``#space``      space of a data group to which an item belongs
``#unit``       the data units of a row with frames, less their labels; of a frame, which one is its
``#key``        key of a data unit, ``#frame`` key of a frame, where they are not what they stand for
``#options``    hashes of the options that answers name, by label and attribute
``#orphans``    hashes of answers that belong to nothing, ``#unanswered`` of what has no answers
==============  ==================================================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from annokit.formats.base import Format
from annokit.formats.encord.holds import holds
from annokit.formats.encord.read import read
from annokit.formats.encord.write import write

if TYPE_CHECKING:
    from annokit.formats.detect import Probe


def detect(probe: Probe) -> Mapping[str, str]:
    """Recognise label rows by the keys that every one of them has; an ontology may lie beside them."""
    names: list[str | None] = [*probe.ending(".json")[:LOOKED_AT]]
    for name in names or [None]:
        head = probe.json_head(name)
        if b'"data_units"' in head and (b'"object_answers"' in head or b'"label_hash"' in head):
            return {"": "label rows with data_units"}
        if b'"label_hash"' in head and b'"data_title"' in head and b'"dataset_hash"' in head:
            return {"": "label rows with label_hash and dataset_hash"}
        if b'"featureNodeHash"' not in head:
            break
    return {}


LOOKED_AT = 4
"""JSON files that are looked at, where the first ones are ontologies."""

FORMAT = Format(
    name="encord",
    title="Encord label rows",
    sources=("Encord documentation: Exporting labels", "encord SDK 0.1.211"),
    detect=detect,
    read=read,
    write=write,
    holds=holds,
    tasks=frozenset(("classification", "detection", "instance", "keypoints", "tracking")),
)
