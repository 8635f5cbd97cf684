"""Reading trees of masks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs

from annokit.codecs.mask_tree import read_foreground, read_objects
from annokit.errors import FormatError, MediaError
from annokit.formats.masks import infer
from annokit.formats.masks.classes import Classes, given_classes, read_classes
from annokit.formats.masks.dialects import Dialect
from annokit.formats.masks.notes import Notes
from annokit.formats.masks.tree import MaskFile, Picture, read_manifest
from annokit.model.builder import DatasetBuilder
from annokit.model.label import Label

if TYPE_CHECKING:
    from annokit.codecs.source import Source
    from annokit.formats.context import ReadContext
    from annokit.geometry.labelmap import Objects
    from annokit.model.dataset import Dataset

Size = tuple[int, int]


def read(
    source: Source, context: ReadContext, *, classes: Any = None, background: int | None = None, void: int | None = None
) -> Dataset:
    """Read a tree of masks.

    Parameters
    ----------
    source : Source
        A folder or archive with PNGs at any depth, or a single PNG.
    context : ReadContext
        What the caller asked for.
    classes : mapping of int or color to str, or list of str, optional
        Names of the classes by pixel value, or from value 1 on, in place of what the tree says. Where they are given by
        red, green and blue, the pixels hold colours.
    background : int, optional
        Value of what no class covers; by default what the tree says, else 0.
    void : int, optional
        Value of pixels that are to be ignored: they belong to no annotation.
    """
    told = read_classes(source, context) if classes is None else given_classes(classes)
    if background is not None:
        told = attrs.evolve(told, background=background)
    notes = Notes()
    pictures = _pictures(source, context, told, notes)
    reader = _Reader(source, context, told, notes, void)
    for count, picture in enumerate(pictures, 1):
        reader.picture(picture)
        context.progress(count, len(pictures))
    return reader.build()


def _pictures(source: Source, context: ReadContext, classes: Classes, notes: Notes) -> list[Picture]:
    made = read_manifest(source)
    if made is not None:
        listed = {mask.file for picture in made[1] for mask in picture.masks}
        notes.unlisted += [name for name in infer.mask_files(source, context.dialect) if name not in listed]
        return made[1]
    found = infer.infer(source, context.images, classes, context.dialect)
    if not found.pictures and not found.unnamed:
        raise FormatError("there are no masks here", path=source.label, expected="PNG files")
    notes.inferred(found)
    return found.pictures


class _Reader:
    """Turns pictures into rows."""

    def __init__(self, source: Source, context: ReadContext, classes: Classes, notes: Notes, void: int | None) -> None:
        self._source = source
        self._dialect: Dialect = context.dialect
        self._classes = classes
        self._notes = notes
        self._void = void
        self._builder = DatasetBuilder(unit="pixel", form="xyxy")
        self._positions: dict[int | str, int] = {}
        self._values = classes.values()
        self._videos: dict[str, int] = {}
        if not self._dialect.named or classes.labels:
            self._positions = classes.positions()
            for label in classes.labels:
                self._builder.add_label(label)

    def picture(self, picture: Picture) -> None:
        """Add one picture."""
        if self._dialect.content == "picture" or picture.colors is not None:
            self._bitmap(picture)
        else:
            self._files(picture)

    def _item(self, picture: Picture, size: Size | None) -> int:
        """Add the item; `size` is (height, width) of its masks."""
        known = picture.size or (None if size is None else (size[1], size[0]))
        fields: dict[str, Any] = {} if known is None else {"width": known[0], "height": known[1]}
        if picture.video is not None:
            if picture.video not in self._videos:
                self._videos[picture.video] = self._builder.add_sequence(None, name=picture.video)
            fields |= {"kind": "frame", "frame": picture.frame, "sequence": self._videos[picture.video]}
        if picture.size is not None and size is not None and picture.size != (size[1], size[0]):
            self._notes.sizes.append(
                (picture.name, f"mask {size[1]}x{size[0]}, picture {picture.size[0]}x{picture.size[1]}")
            )
        path = picture.path if picture.picture is None else self._source.path(picture.picture)
        return self._builder.add_item(picture.name, path=path, **fields)

    # all of a picture in one PNG ----------------------------------------------------------------------------------

    def _bitmap(self, picture: Picture) -> None:
        masks = picture.masks if picture.colors is None else (MaskFile(picture.colors),)
        objects = self._decoded(picture, masks[0], self._read_objects) if masks else None
        item = self._item(picture, None if objects is None else objects.size)
        if objects is None:
            return
        self._notes.extra += [(picture.name, mask.file) for mask in masks[1:]]
        shared = self._positions_of(picture)
        listing: Mapping[int, Any] = self._listing(picture) if shared is None else {}
        drawn = {int(value): row for row, value in enumerate(objects.ids.tolist())}
        if self._void is not None and drawn.pop(self._void, None) is not None:
            self._notes.void.append(picture.name)
        told = listing if self._dialect.listed and picture.video is None else {}
        for value in sorted({*drawn, *told}):
            label = self._label(picture, value, listing) if shared is None else self._shared(picture, value, shared)
            ident = value if self._dialect.listed or label is None else None
            row = drawn.get(value)
            if row is None:
                self._notes.empty.append(self._place(picture, value))
            mask = {} if row is None else {"kind": "mask", "mask": (objects.size, "rle", objects.rle(row))}
            self._builder.add_annotation(item, label, id=ident, **mask)

    def _place(self, picture: Picture, value: object) -> tuple[str, int, str]:
        """Return where the next annotation stands, and its value."""
        return picture.name, self._builder.annotation_count, f"value {value}"

    def _shared(self, picture: Picture, value: int, shared: Mapping[int, int]) -> int | None:
        if value not in shared:
            self._notes.unlisted_values.append(self._place(picture, value))
        return shared.get(value)

    def _read_objects(self, source: Source, file: str) -> Objects:
        return read_objects(source, file, self._classes.background, colors=self._classes.colored)

    def _decoded(self, picture: Picture, mask: MaskFile, load: Any) -> Any:
        if self._source.kind != "file" and mask.file not in self._source:
            self._notes.missing.append((picture.name, mask.file))
            return None
        try:
            return load(self._source, mask.file)
        except (MediaError, FormatError, FileNotFoundError) as error:
            self._notes.bad.append((picture.name, str(error)))
            return None

    def _positions_of(self, picture: Picture) -> Mapping[int, int] | None:
        """Return the label of each value where values mean the same in all pictures."""
        if picture.colors is not None:
            return attrs.evolve(self._classes, colored=True).values()
        return self._values if not self._dialect.listed and self._classes.labels else None

    def _listing(self, picture: Picture) -> Mapping[int, Any]:
        """Return what the values of a picture mean: a class by value or name, None for an object without class."""
        if self._classes.blocks:
            return infer.block_of(picture, self._classes.blocks) or {}
        return self._classes.pictures.get(picture.masks[0].file, {})

    def _label(self, picture: Picture, value: int, listing: Mapping[int, Any]) -> int | None:
        """Return the position of a value's label; None where a class map does not name it."""
        if value in listing:
            return self._class(listing[value], picture)
        if not self._classes.stated and self._dialect.merged:
            self._notes.assumed = True
            return self._class(value, picture)
        self._notes.unlisted_values.append(self._place(picture, value))
        return None

    def _class(self, told: int | str | None, picture: Picture) -> int | None:
        """Return the position of a class by its value or name; a name that is new becomes a label."""
        if told is None:
            return None
        position = self._positions.get(told)
        if position is not None:
            return position
        if isinstance(told, int) and self._classes.stated:
            self._notes.unlisted_values.append((picture.name, self._builder.annotation_count, f"class {told}"))
            return None
        label = Label(told) if isinstance(told, str) else Label(str(told), told)
        position = self._positions[told] = self._builder.add_label(label)
        return position

    # a PNG per object or label ------------------------------------------------------------------------------------

    def _files(self, picture: Picture) -> None:
        found: list[tuple[MaskFile, Size, bytes | None]] = []
        for mask in picture.masks:
            pixels = self._decoded(picture, mask, read_foreground)
            if pixels is not None:
                found.append((mask, *pixels))
        item = self._item(picture, found[0][1] if found else None)
        sizes = {size for _, size, _ in found}
        if len(sizes) > 1:
            self._notes.sizes.append((picture.name, ", ".join(f"mask {w}x{h}" for h, w in sorted(sizes))))
        for mask, size, text in found:
            label = self._class(mask.label, picture)
            if text is None:
                self._notes.empty.append((picture.name, self._builder.annotation_count, mask.file))
                self._builder.add_annotation(item, label, id=mask.number)
            else:
                self._builder.add_annotation(item, label, kind="mask", mask=(size, "rle", text), id=mask.number)

    def build(self) -> Dataset:
        """Return the dataset with its issues."""
        return self._builder.report(self._notes.issues()).build()
