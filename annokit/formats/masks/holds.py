"""What a tree of masks can hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from annokit.errors import UsageError
from annokit.formats import areas, flatten
from annokit.formats.frames import titled_sequences
from annokit.formats.holds import Holds, Step
from annokit.formats.labels import in_use
from annokit.formats.masks import frames, numbers, pixels
from annokit.formats.masks.dialects import Dialect
from annokit.formats.steps import group_annotations


def holds(dialect: Dialect, options: Mapping[str, Any]) -> Holds:
    """Return what a dialect can hold."""
    background = options.get("background", 0)
    if type(background) is not int or not 0 <= background <= 0xFFFF:
        raise UsageError(f"background={background!r}; expected a pixel value from 0 to 65535")
    return Holds(
        kinds={
            "none": "kept" if dialect.listed else "refused",
            "mask": "kept",
            **dict.fromkeys(areas.AREAS, "mask"),
        },
        annotation_fields=frozenset(("id",)) if dialect.content == "picture" or dialect.numbered else frozenset(),
        item_fields=frozenset(("size", "frame", "sequence") if dialect.frames else ("size",)),
        sequence_fields=frozenset(("name",)) if dialect.frames else None,
        label_facets=frozenset() if dialect.named else frozenset(("source_id", "color")),
        attributes=False,
        item_attributes=False,
        sequence_attributes=False,
        extras=(),
        info=False,
        unit="pixel",
        form="xyxy",
        time_unit="s",
        item_kind=None if dialect.frames else "image",
        labelled_only=dialect.content != "picture",
        steps=tuple(_early(dialect)),
        late_steps=tuple(_late(dialect, background)),
        notes=NOTES[dialect.content],
    )


NOTES = {
    "picture": "A pixel belongs to one annotation: later ones cover earlier ones.",
    "object": "Every object has a file of its own, so that objects may overlap.",
    "label": "Every label has a file of its own, so that labels may overlap, but objects of one label become one.",
}


def _early(dialect: Dialect) -> Iterator[Step]:
    yield flatten.in_memory
    yield flatten.sizes_from_masks
    yield areas.sized_shapes
    if dialect.dotted:
        yield numbers.named_by_path
    if dialect.frames:
        yield titled_sequences


def _late(dialect: Dialect, background: int) -> Iterator[Step]:
    yield group_annotations(Holds())
    if dialect.frames:
        yield from (frames.pictures_and_frames, frames.used_sequences, frames.named_frames)
    yield flatten.plain_masks
    yield pixels.on_sized_items if dialect.listed else areas.without_shapeless
    if dialect.content != "object":
        yield flatten.fitting_masks
    if dialect.named:
        yield from (numbers.one_line_names, in_use())
    else:
        yield numbers.class_values(pixels=dialect.content == "picture" and not dialect.listed, background=background)
    if dialect.content != "object":
        overlaps = dialect.content == "picture"
        yield flatten.flattened(merged=dialect.merged, listed=dialect.listed, overlaps=overlaps)
    if dialect.named and dialect.listed:
        yield pixels.without_traces
    yield from _numbering(dialect, background)
    if dialect.named:
        yield in_use()


def _numbering(dialect: Dialect, background: int) -> Iterator[Step]:
    if dialect.listed:
        yield numbers.pixel_ids(merged=dialect.merged, background=background)
    elif dialect.content == "picture":
        yield numbers.unlabelled_ids(background)
    elif dialect.numbered:
        yield numbers.file_numbers
    if dialect.content == "picture":
        yield numbers.by_value
