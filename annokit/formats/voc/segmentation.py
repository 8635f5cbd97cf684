"""PNGs of segmentation joined to the annotations: a mask per object, or one per class."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from annokit.codecs.mask_tree import load_values, read_objects
from annokit.columns.base import Array
from annokit.errors import FormatError, MediaError
from annokit.formats.voc.label_map import VOID
from annokit.report import Issue, Places

if TYPE_CHECKING:
    from annokit.codecs.source import Source
    from annokit.geometry.labelmap import Objects

_PNG = re.compile(
    r"^(?P<above>.*?)(?:^|(?<=/))(?P<kind>SegmentationObject|SegmentationClass|segmentation_class)/(?P<key>.+)\.png$",
    re.I,
)

Size = tuple[int, int]
Files = tuple[str | None, str | None]
"""PNG of objects, PNG of classes."""


@attrs.frozen
class Pngs:
    """The PNGs of a tree by the key of their annotation."""

    objects: Mapping[str, str]
    classes: Mapping[str, str]

    def __bool__(self) -> bool:
        return bool(self.objects or self.classes)

    @classmethod
    def of(cls, source: Source, shared: str) -> Pngs:
        """Return the PNGs of a source; `shared` is what stands before the folder of annotations."""
        objects: dict[str, str] = {}
        classes: dict[str, str] = {}
        for name in source.names():
            match = _PNG.match(name)
            if match is not None:
                key = match["above"].removeprefix(shared) + match["key"]
                (objects if match["kind"].lower().endswith("object") else classes)[key] = name
        return cls(objects, classes)


@attrs.define
class Joined:
    """Masks of annotations, and what was noticed."""

    source: Source
    """Where they lie."""

    colored: bool = False
    """Whether their numbers are colours."""

    rows: list[int] = attrs.field(factory=list)
    masks: list[tuple[Size, str, bytes]] = attrs.field(factory=list)
    classes: list[tuple[int, int, tuple[Size, str, bytes]]] = attrs.field(factory=list)
    """(item row, value, mask) of classes without objects."""

    void: dict[int, dict[str, Any]] = attrs.field(factory=dict)
    """Pixels to be ignored by item row, as run lengths."""

    sizes: dict[int, Size] = attrs.field(factory=dict)
    """Width and height by the row of items that had none."""

    unknown: list[tuple[str, int | None, str]] = attrs.field(factory=list)
    empty: list[tuple[str, int | None, str]] = attrs.field(factory=list)
    wrong: list[tuple[str, int | None, str]] = attrs.field(factory=list)
    bad: list[tuple[str, int | None, str]] = attrs.field(factory=list)

    def item(self, row: int, name: str, size: Size | None, files: Files, owned: range) -> None:
        """Join the PNGs of an item.

        Parameters
        ----------
        row : int
            Row of the item.
        name : str
            Its name, for messages.
        size : (int, int) or None
            Its width and height, where they are stated.
        files : Files
            Its PNG of objects and its PNG of classes.
        owned : range
            Rows of its annotations, in the order of the file.
        """
        objects = self._objects(row, name, size, files[0]) if files[0] is not None else None
        if objects is not None:
            self._join(row, name, objects, owned, files)
            return
        classes = self._objects(row, name, size, files[1]) if files[1] is not None else None
        if classes is not None:
            for place, value in enumerate(classes.ids.tolist()):
                if value == VOID and not self.colored:
                    self._ignore(row, classes, place)
                else:
                    self.classes.append((row, value, (classes.size, "rle", classes.rle(place))))

    def _objects(self, row: int, name: str, size: Size | None, file: str) -> Objects | None:
        try:
            found = read_objects(self.source, file, colors=self.colored)
        except (MediaError, FormatError, FileNotFoundError) as error:
            self.bad.append((name, None, str(error)))
            return None
        width, height = found.size[1], found.size[0]
        if size is None:
            self.sizes[row] = (width, height)
        elif size != (width, height):
            self.wrong.append((name, None, f"mask {width}x{height}, picture {size[0]}x{size[1]}"))
            return None
        return found

    def _join(self, row: int, name: str, objects: Objects, owned: range, files: Files) -> None:
        drawn = set()
        votes: dict[int, int] | None = None
        for place, value in enumerate(objects.ids.tolist()):
            if 1 <= value <= len(owned):
                drawn.add(owned[value - 1])
                self.rows.append(owned[value - 1])
                self.masks.append((objects.size, "rle", objects.rle(place)))
            elif value == VOID:
                self._ignore(row, objects, place)
            else:
                votes = self._votes(files) if votes is None else votes
                if value in votes:
                    self.classes.append((row, votes[value], (objects.size, "rle", objects.rle(place))))
                else:
                    self.unknown.append((name, None, f"object {value} of {len(owned)}"))
        self.empty += [(name, own, "") for own in owned if own not in drawn]

    def _votes(self, files: Files) -> dict[int, int]:
        """Return the class value of each object by the PNG of classes; empty where it can't tell."""
        if files[0] is None or files[1] is None:
            return {}
        try:
            (objects, _), (classes, _) = load_values(self.source, files[0]), load_values(self.source, files[1])
        except (MediaError, FormatError, FileNotFoundError):
            return {}
        return class_votes(objects, classes) if objects.shape == classes.shape else {}

    def _ignore(self, row: int, objects: Objects, place: int) -> None:
        self.void[row] = {"size": list(objects.size), "counts": objects.rle(place).decode("ascii")}

    def issues(self) -> list[Issue]:
        """Return what to tell."""
        listed = (
            ("bad-media", "a PNG of segmentation can't be used", self.bad, "invalid"),
            (
                "size-mismatch",
                "a PNG of segmentation has another size than its picture; not joined",
                self.wrong,
                "skipped",
            ),
            (
                "mask-without-annotation",
                "pixels of an object that the annotation does not have",
                self.unknown,
                "unread",
            ),
            ("annotation-without-mask", "an object has no pixels in its PNG", self.empty, "kept"),
        )
        return [
            Issue.at(code, "warning", told, Places.of(places), field="shape", fate=fate)
            for code, told, places, fate in listed
            if places
        ]


def class_votes(objects: Array, classes: Array) -> dict[int, int]:
    """Return the class value that most pixels of each object have, those without class or to be ignored apart."""
    inside = (objects > 0) & (objects != VOID) & (classes > 0) & (classes != VOID)
    pairs, counts = np.unique(objects[inside].astype(np.int64) << 32 | classes[inside], return_counts=True)
    order = np.argsort(counts, kind="stable")
    return {pair >> 32: pair & 0xFFFFFFFF for pair in pairs[order].tolist()}
