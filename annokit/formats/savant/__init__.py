"""SAVANT batches: surgical video labelled by time, or frame by frame.

Described at the platform's help centre, "Export annotation data", read in November 2026. One JSON file holds a list of
sequences (annotation jobs); a video batch has ``videoAnnotations``, a frame batch ``featureSet``, and both may stand in
one file::

    {"sequences": [{"rootId": "r1", "workspaceId": "w1", "videoAnnotations": [
        {"timestampStart": 1000, "timestampEnd": 2000, "label": {"code": "cut", "displayName": "Cut"}}]},
     {"rootId": "r2", "workspaceId": "w1", "featureSet": [
        {"id": "f1", "framePath": "s3://.../f1.png", "labels": [
            {"code": "grasper", "shapes": [{"type": "rectangle", "points": [{"x": 0.1, "y": 0.2}, {"x": 0.3, "y":
            0.4}]}]}]}]}]}

How it is read
--------------
A sequence is a row of ``ds.sequences``. A frame is an item of kind ``frame`` that belongs to it, a video one item of
kind ``video`` whose annotations have a span. A shape is an annotation; a label of a frame without shapes is an
annotation without shape. Coordinates are fractions of width and height, and the file states no size. Times are
milliseconds. A label is known by its code; its name is the display name where the file states one.

Everything else is kept: unknown keys under ``savant/<key>``; a shape that can't be read stays verbatim
(``savant/#shape``), and keys that begin with ``#`` tell the writer how the file said what the model says otherwise:

=============  ========================================================================================
extra          meaning
=============  ========================================================================================
``#shape``     the whole shape, verbatim, where its type or points are not those that SAVANT documents
``#typed_by``  the key that states the type where it is not ``type``
``#corners``   1 where the corners of a rectangle are given with x descending, 2 with y, 3 with both
``#entry``     the label entry, verbatim but for its shapes, where it says more than its code
``#again``     this shape begins another entry of the same label as the entry before
``#absent``    keys of a time annotation or a frame that are not there
``#label``     the label object, verbatim, where it differs from the first one of its code
``#plain``     the label object of a time annotation states no display name
``#labels``    the labels of a frame, verbatim, where they are no list
=============  ========================================================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from annokit.formats.base import Format
from annokit.formats.savant.holds import holds
from annokit.formats.savant.read import read
from annokit.formats.savant.write import write

if TYPE_CHECKING:
    from annokit.formats.detect import Probe

MARKS = (b'"videoAnnotations"', b'"featureSet"', b'"rootId"')


def detect(probe: Probe) -> Mapping[str, str]:
    """Recognise a JSON file that begins with sequences of SAVANT's own keys."""
    if len(probe.ending(".json")) > 1:
        return {}
    head = probe.json_head()
    found = [mark.decode() for mark in MARKS if mark in head]
    if b'"sequences"' in head and found:
        return {"": f"a list of sequences with {found[0]}"}
    if head.replace(b" ", b"").replace(b"\n", b"").startswith(b'{"sequences":[]'):
        return {"": "an empty list of sequences"}
    return {}


FORMAT = Format(
    name="savant",
    title="SAVANT batch (frames and video)",
    sources=("SAVANT help centre: Export annotation data",),
    detect=detect,
    read=read,
    write=write,
    holds=holds,
    tasks=frozenset(("detection", "instance", "time")),
)
