"""What may differ between COCO files, as facts."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping

import attrs

from annokit.formats.base import Task

Mark = tuple[str, frozenset[str]]

OFFICIAL = frozenset(("year", "version", "contributor", "url"))
"""Keys of `info` in the official files."""

Value = tuple[str, str, re.Pattern[bytes]]


@attrs.frozen(kw_only=True)
class Dialect:
    """Facts about a kind of COCO file."""

    title: str
    """What people call it."""

    marks: tuple[Mark, ...]
    """Lists (``""`` for a document that is a list itself) and keys of their first record; any one tells the dialect."""

    empty: tuple[frozenset[str], ...] = ()
    """Lists that tell the dialect together although they may be empty; any one set is enough."""

    tasks: frozenset[Task]
    """What people train on it for."""

    values: tuple[Value, ...] = ()
    """Lists, keys of their first record, and what that value looks like; any one tells the dialect."""

    text_ids: bool = False
    """Whether images and annotations have ids that are text, 24 hexadecimal digits where they are made."""

    first_joint: int = 1
    """What a category's skeleton calls its first joint."""

    dotted: bool = False
    """Whether a category's supercategory holds the dotted names above it, which belong to the label's name."""

    together: bool = False
    """Whether the annotations of an image are one record, whose pixels lie in a PNG beside the file."""

    fields: frozenset[str] = frozenset(("id", "box", "keypoints", "score", "track"))
    """Fields of an annotation beside its shape that a file can state."""

    lean: bool = False
    """Whether a file states neither run lengths nor joints: every shape is a box or outlines, areas are whole."""

    framed: bool = False
    """Whether there is a file for every video, in which the id of an image is the number of a frame."""

    info: frozenset[str] = frozenset()
    """Keys of `info` that tell the dialect together with one of the marks, where none of :data:`OFFICIAL` is there."""

    outlined: bool = True
    """Whether outlines are stated as lists of points; otherwise as run lengths, unless a file did otherwise."""


def _mark(name: str, *keys: str) -> Mark:
    return name, frozenset(keys)


PLAIN = Dialect(
    title="COCO (boxes, polygons, run lengths, keypoints, captions, results)",
    marks=(
        _mark("annotations", "image_id"),
        _mark("images", "id", "file_name"),
        _mark("images", "id", "coco_url"),
        _mark("images", "id", "width", "height"),
        _mark("categories", "id", "name"),
        _mark("", "image_id", "category_id"),
        _mark("", "image_id", "caption"),
    ),
    empty=tuple(map(frozenset, itertools.combinations(("images", "annotations", "categories"), 2))),
    tasks=frozenset(("detection", "instance", "semantic", "keypoints")),
)

OBJECT_ID = re.compile(rb'\s*"[0-9a-f]{24}"')
"""An id of the platform: 24 hexadecimal digits."""

DATALOOP = Dialect(
    title="COCO as Dataloop's converters write it (ids that are text, run lengths for outlines, skeletons from 0)",
    marks=(_mark("categories", "templateId"),),
    values=(
        ("images", "id", OBJECT_ID),
        ("annotations", "image_id", OBJECT_ID),
    ),
    tasks=PLAIN.tasks,
    text_ids=True,
    first_joint=0,
    dotted=True,
    outlined=False,
)

PANOPTIC = Dialect(
    title="COCO panoptic (a record per image, with the ids of its pixels in a PNG)",
    marks=(_mark("annotations", "image_id", "file_name", "segments_info"),),
    tasks=frozenset(("panoptic", "semantic", "instance")),
    together=True,
)

INNOTESCUS = Dialect(
    title="COCO + metadata as Innotescus exports it (attributes on images and annotations, outlines, whole areas)",
    marks=(
        _mark("images", "id", "file_name", "attributes"),
        _mark("annotations", "image_id", "attributes"),
    ),
    info=frozenset(("description", "date_created")),
    tasks=frozenset(("detection", "instance", "semantic")),
    fields=frozenset(("id", "box")),
    lean=True,
)

INNOTESCUS_VIDEO = attrs.evolve(
    INNOTESCUS,
    title="COCO on video as Innotescus exports it (a file per video, images numbered as its frames)",
    marks=(),
    fields=frozenset(("id", "box", "track")),
    framed=True,
)

DIALECTS: Mapping[str, Dialect] = {
    "": PLAIN,
    "dataloop": DATALOOP,
    "innotescus": INNOTESCUS,
    "innotescus-video": INNOTESCUS_VIDEO,
    "panoptic": PANOPTIC,
}
"""By the name after the colon. A file that carries the marks of several is of the last of them."""
