"""PNGs of segmentation joined to the annotations: a mask per object, or one per class."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from annokit.codecs.mask_tree import read_objects
from annokit.columns.base import Array
from annokit.errors import FormatError, MediaError
from annokit.formats.voc.label_map import VOID
from annokit.formats.voc.names import stem
from annokit.report import Issue, Places

if TYPE_CHECKING:
    from annokit.codecs.source import Source
    from annokit.geometry.labelmap import Objects

_PNG = re.compile(
    r"^(?:.*?)(?:^|(?<=/))(?P<kind>SegmentationObject|SegmentationClass|segmentation_class)/(?P<key>.+)\.png$", re.I
)

Size = tuple[int, int]


@attrs.frozen
class Pngs:
    """The PNGs of a tree by the key of their annotation."""

    objects: Mapping[str, str]
    classes: Mapping[str, str]

    def __bool__(self) -> bool:
        return bool(self.objects or self.classes)

    @classmethod
    def of(cls, source: Source) -> Pngs:
        """Return the PNGs of a source."""
        objects: dict[str, str] = {}
        classes: dict[str, str] = {}
        for name in source.names():
            match = _PNG.match(name)
            if match is not None:
                (objects if match["kind"].lower().endswith("object") else classes)[stem(match["key"] + ".png")] = name
        return cls(objects, classes)


@attrs.define
class Joined:
    """Masks of annotations, and what was noticed."""

    source: Source
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

    def item(self, row: int, name: str, size: Size | None, files: tuple[str | None, str | None], owned: range) -> None:
        """Join the PNGs of an item.

        Parameters
        ----------
        row : int
            Row of the item.
        name : str
            Its name, for messages.
        size : (int, int) or None
            Its width and height, where they are stated.
        files : (str or None, str or None)
            Its PNG of objects and its PNG of classes.
        owned : range
            Rows of its annotations, in the order of the file.
        """
        objects = self._objects(row, name, size, files[0]) if files[0] is not None else None
        if objects is not None:
            self._join(row, name, objects, owned)
            return
        classes = self._objects(row, name, size, files[1]) if files[1] is not None else None
        if classes is not None:
            for place, value in enumerate(classes.ids.tolist()):
                if value == VOID:
                    self._ignore(row, classes, place)
                else:
                    self.classes.append((row, value, (classes.size, "rle", classes.rle(place))))

    def _objects(self, row: int, name: str, size: Size | None, file: str) -> Objects | None:
        try:
            found = read_objects(self.source, file)
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

    def _join(self, row: int, name: str, objects: Objects, owned: range) -> None:
        drawn = set()
        for place, value in enumerate(objects.ids.tolist()):
            if 1 <= value <= len(owned):
                drawn.add(owned[value - 1])
                self.rows.append(owned[value - 1])
                self.masks.append((objects.size, "rle", objects.rle(place)))
            elif value == VOID:
                self._ignore(row, objects, place)
            else:
                self.unknown.append((name, None, f"object {value} of {len(owned)}"))
        self.empty += [(name, own, "") for own in owned if own not in drawn]

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
    """Return the class value that most pixels of each object have."""
    pairs, counts = np.unique(objects.astype(np.int64) << 32 | classes, return_counts=True)
    found: dict[int, tuple[int, int]] = {}
    for pair, count in zip(pairs.tolist(), counts.tolist(), strict=True):
        owner, value = pair >> 32, pair & 0xFFFFFFFF
        if owner not in (0, VOID) and count > found.get(owner, (0, 0))[0]:
            found[owner] = (count, value)
    return {owner: value for owner, (_, value) in found.items()}
