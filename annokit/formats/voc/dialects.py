"""The dialects of Pascal VOC, as records of facts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import attrs

from annokit.formats.base import Task

ITEM_ORDER = ("folder", "filename", "path", "source", "owner", "size", "segmented")
"""Elements of an annotation before its objects; others follow these."""

OBJECT_ORDER = ("name", "pose", "truncated", "occluded", "difficult", "attributes", "bndbox")
"""Elements of an object; others follow these."""

FLAGS = ("pose", "truncated", "occluded", "difficult")
"""Attributes that are elements of their own."""

ORIGINS = {"corners": "xyxy", "inclusive": "xyxy1"}
"""Form of boxes by the name of their origin."""


@attrs.frozen(kw_only=True)
class Dialect:
    """The facts of one dialect."""

    title: str
    """What people call it."""

    tasks: frozenset[Task] = frozenset(("detection", "instance", "semantic"))
    """What people train on it for."""

    folder: str = "Annotations/"
    """Folder of the XML files, with its slash."""

    form: str = "xyxy"
    """How corners are counted: :data:`annokit.geometry.boxes.FORMS`."""

    whole: bool = False
    """Whether corners are integers."""

    attributes: Literal["elements", "python", "none"] = "elements"
    """Where further attributes stand: in elements, in a Python dictionary, or nowhere."""

    fixed: Mapping[str, Any] = attrs.field(factory=dict)
    """Elements of an annotation that mean nothing: written where nothing else is known, not read."""

    fixed_flags: Mapping[str, Any] = attrs.field(factory=dict)
    """Likewise of an object."""

    stated: Mapping[str, Any] = attrs.field(factory=dict)
    """What an object states where its source does not know."""

    located: bool = False
    """Whether ``folder`` and ``path`` repeat the item's name."""

    splits: bool = False
    """Whether ``ImageSets`` tells splits."""

    objects: str = "SegmentationObject/"
    """Folder of the PNGs whose values are numbers of objects, with its slash; empty where there is none."""

    classes: str = "SegmentationClass/"
    """Folder of the PNGs whose values are classes, with its slash; empty where there is none."""

    colored: bool = False
    """Whether pixels of class PNGs are the labels' colours, not values."""


USUAL = {"pose": "Unspecified", "truncated": 0, "difficult": 0}

DIALECTS: Mapping[str, Dialect] = {
    "": Dialect(title="Pascal VOC, plain corners", splits=True, stated=USUAL),
    "standard": Dialect(
        title="Pascal VOC as its own files count pixels: from 1, the last one included",
        form="xyxy1",
        splits=True,
        stated=USUAL,
    ),
    "dataloop": Dialect(
        title="Pascal VOC as Dataloop exports it",
        folder="annotations/",
        attributes="python",
        fixed={"source": {"database": "Unknown"}, "segmented": 0, "depth": 3},
        located=True,
        objects="",
        classes="segmentation_class/",
        colored=True,
    ),
    "innotescus": Dialect(
        title="Pascal VOC as Innotescus exports it",
        tasks=frozenset(("detection",)),
        folder="",
        whole=True,
        attributes="none",
        fixed={"folder": "", "source": {"database": " "}, "segmented": 0},
        fixed_flags={"pose": "N/A", "truncated": 0, "difficult": 0},
        objects="",
        classes="",
    ),
}
"""Record by the name after the colon."""
