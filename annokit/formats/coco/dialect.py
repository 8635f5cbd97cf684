"""What may differ between COCO files, as facts."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import attrs

from annokit.formats.base import Task

Mark = tuple[str, frozenset[str]]


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
    tasks=frozenset(("detection", "instance", "keypoints")),
)

DIALECTS: Mapping[str, Dialect] = {"": PLAIN}
"""By the name after the colon. A file that carries the marks of several is of the last of them."""
