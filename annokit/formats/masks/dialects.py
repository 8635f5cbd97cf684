"""The dialects of mask trees, as records of facts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import attrs

from annokit.formats.base import Task

Content = Literal["picture", "object", "label"]
"""What one PNG holds: all of a picture, or a single object, or everything of one label."""


@attrs.frozen(kw_only=True)
class Dialect:
    """The facts of one dialect."""

    title: str
    """What people call it."""

    tasks: frozenset[Task]
    """What people train on it for."""

    content: Content
    """What one PNG holds."""

    merged: bool
    """Whether all that has one label in a picture is one annotation."""

    folder: str = ""
    """Folder of the PNGs, with its slash."""

    class_file: str = ""
    """The file that tells what values mean: ``classes.json``, ``classes.txt`` or none."""

    listed: bool = False
    """Whether values are told picture by picture; otherwise a value is the class's own, in all pictures."""

    foreground: int = 255
    """Value of an object's pixels where a PNG holds a single object or label."""

    frames: bool = False
    """Whether frames of videos lie in folders ``<video>/masks/``."""

    colors: str = ""
    """Folder of pictures in which all labels have their colours, with its slash; none where empty."""

    dotted: bool = False
    """Whether classes are called by their full path, ``animal.cat``."""

    numbered: bool = False
    """Whether an object's file name may end with its number."""

    @property
    def named(self) -> bool:
        """Whether labels are known by their names only."""
        return self.class_file != "classes.json"


SEMANTIC: frozenset[Task] = frozenset(("semantic",))
INSTANCE: frozenset[Task] = frozenset(("instance",))
BOTH: frozenset[Task] = SEMANTIC | INSTANCE

DIALECTS: Mapping[str, Dialect] = {
    "semantic": Dialect(
        title="Mask PNGs, a pixel is its class",
        tasks=SEMANTIC,
        content="picture",
        merged=True,
        folder="masks/",
        class_file="classes.json",
    ),
    "instance": Dialect(
        title="Mask PNGs, a pixel is its object",
        tasks=BOTH,
        content="picture",
        merged=False,
        folder="masks/",
        class_file="classes.json",
        listed=True,
    ),
    "individual": Dialect(
        title="Mask PNGs, one per object",
        tasks=BOTH,
        content="object",
        merged=False,
        folder="masks/",
        class_file="classes.json",
        numbered=True,
    ),
    "innotescus-semantic": Dialect(
        title="Mask PNGs of classes as Innotescus exports them",
        tasks=BOTH,
        content="picture",
        merged=True,
        class_file="classes.txt",
        listed=True,
        frames=True,
    ),
    "innotescus-instance": Dialect(
        title="Mask PNGs of objects as Innotescus exports them",
        tasks=INSTANCE,
        content="picture",
        merged=False,
        class_file="classes.txt",
        listed=True,
        frames=True,
    ),
    "innotescus-individual": Dialect(
        title="Mask PNGs, one per object, as Innotescus exports them",
        tasks=BOTH,
        content="object",
        merged=False,
        numbered=True,
        frames=True,
    ),
    "dataloop": Dialect(
        title="Mask PNGs, one per label, as Dataloop exports them",
        tasks=SEMANTIC,
        content="label",
        merged=True,
        folder="semantic/",
        class_file="classes.json",
        colors="mask/",
        dotted=True,
    ),
}
"""Record by the name after the colon."""

PREVIEWS = "previews/"
"""Folder of colour previews; never read."""

MANIFEST = "annokit-masks.json"
"""The file, at the top of a tree, that tells what the names of the PNGs can't."""
