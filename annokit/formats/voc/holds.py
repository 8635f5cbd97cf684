"""What Pascal VOC can hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from annokit.errors import UsageError
from annokit.formats import flatten
from annokit.formats.holds import Holds, Step
from annokit.formats.labels import in_use
from annokit.formats.steps import group_annotations
from annokit.formats.voc import fit_attributes, fit_boxes, fit_items
from annokit.formats.voc.dialects import ORIGINS, Dialect


def form_of(dialect: Dialect, origin: Any) -> str:
    """Return the form of boxes; UsageError where the origin is unknown."""
    if origin is None:
        return dialect.form
    if origin not in ORIGINS:
        raise UsageError(f"origin={origin!r}; expected one of {', '.join(sorted(ORIGINS))}")
    return ORIGINS[origin]


def holds(dialect: Dialect, options: Mapping[str, Any]) -> Holds:
    """Return what a dialect can hold."""
    masks = bool(options.get("masks", False))
    if masks and not dialect.objects:
        raise UsageError("masks=True: only voc and voc:standard have PNGs of objects")
    boxes = ("polyline", "keypoints", "cuboid", *(() if masks else ("mask", *fit_boxes.AREAS)))
    return Holds(
        kinds={
            "none": "kept",
            "box": "kept",
            "point": "refused",
            "mask": "kept",
            **dict.fromkeys(boxes, "box"),
            **(dict.fromkeys(fit_boxes.AREAS, "mask") if masks else {}),
        },
        annotation_fields=frozenset(("box",)),
        item_fields=frozenset(("size", "split") if dialect.splits else ("size",)),
        sequence_fields=None,
        label_facets=frozenset(("source_id", "color")) if masks else frozenset(),
        item_attributes=False,
        sequence_attributes=False,
        extras=("voc",),
        info=False,
        unit="pixel",
        form=form_of(dialect, options.get("origin")),
        time_unit="s",
        item_kind="image",
        decimals=0 if dialect.whole else None,
        labelled_only=True,
        steps=tuple(_early(dialect, masks)),
        late_steps=tuple(_late(dialect, masks)),
        final_steps=(fit_boxes.whole_numbers,) if dialect.whole else (),
        notes="An object has one upright box; masks stand beside in PNGs where wanted.",
    )


def _early(dialect: Dialect, masks: bool) -> Iterator[Step]:
    if dialect.attributes == "python":
        yield fit_items.full_names
    if masks:
        yield flatten.in_memory
        yield flatten.sizes_from_masks
        yield fit_boxes.stated_boxes


def _late(dialect: Dialect, masks: bool) -> Iterator[Step]:
    yield fit_items.by_file(dialect.folder)
    yield group_annotations(Holds())
    yield fit_items.known_extras(masks)
    yield fit_items.sizes_as_stated
    yield fit_items.plain_extras(dialect)
    if dialect.splits:
        yield fit_items.named_splits
    if masks:
        yield from (flatten.plain_masks, fit_boxes.masks_that_fit, fit_boxes.legal_void, flatten.plain_masks)
        yield flatten.flattened(merged=False, listed=True)
    yield fit_boxes.boxes_where_stated
    yield fit_boxes.no_stale_boxes
    yield fit_items.legal_names
    yield from (fit_items.listable_names, fit_items.listed_labels) if masks else (in_use(),)
    if masks:
        yield fit_boxes.masks_with_numbers
    yield from _attributes(dialect)
    yield fit_attributes.no_stale_elements(dialect)
    yield fit_attributes.usual_elements(dialect)


def _attributes(dialect: Dialect) -> Iterator[Step]:
    if dialect.attributes == "python":
        yield fit_attributes.stated_values(fit_attributes.as_literal, "values are Python's")
        yield fit_attributes.old_lists
        return
    yield fit_attributes.no_old_lists
    if dialect.attributes == "none":
        yield fit_attributes.only_flags(dialect)
    else:
        yield fit_attributes.named_legally
    yield fit_attributes.stated_values(fit_attributes.as_text, "values are texts or integers")
    if dialect.attributes == "none":
        yield fit_attributes.only_flags(dialect)
