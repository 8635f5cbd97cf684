"""What panoptic COCO can hold."""

from __future__ import annotations

from annokit.formats import areas, flatten
from annokit.formats.coco import derive, fitting, identify, outdated, panoptic_fit
from annokit.formats.coco.dialect import Dialect
from annokit.formats.holds import KEPT, Holds
from annokit.formats.json_values import sayable
from annokit.formats.steps import group_annotations

NOTES = (
    "Every annotation is a mask; where masks overlap, a pixel belongs to the last one. 0 is void. Ids are those stated "
    "where they are distinct numbers from 1 to 16777215 in their image, else the smallest free ones."
)


def panoptic_holds(dialect: Dialect) -> Holds:
    """Return what a panoptic file can hold."""
    return Holds(
        mask_encodings=frozenset(("bitmap", "rle", "runs", "void")),
        kinds={"none": "refused", "mask": KEPT, **dict.fromkeys(areas.AREAS, "mask")},
        annotation_fields=frozenset(("id", "box", "score", "track")),
        item_fields=frozenset(("id", "uri", "size", "bitmap", "status")),
        sequence_fields=None,
        label_facets=frozenset(("source_id", "color", "skeleton", "is_thing", "extras")),
        extras=("coco",),
        unit="pixel",
        form="xywh",
        item_kind="image",
        steps=(
            outdated.drop_outdated(dialect),
            panoptic_fit.as_records,
            fitting.as_categories,
            panoptic_fit.with_pixels,
            flatten.sizes_from_masks,
            areas.sized_shapes,
        ),
        late_steps=(
            group_annotations(Holds()),
            flatten.plain_masks,
            areas.without_shapeless,
            flatten.fitting_masks,
            panoptic_fit.categorised,
            flatten.flattened(merged=False, listed=False),
            panoptic_fit.segment_ids,
            panoptic_fit.recorded,
        ),
        final_steps=(
            panoptic_fit.true_numbers,
            fitting.plain_names,
            sayable,
            identify.make_ids(dialect),
            derive.complete_annotations,
            derive.complete_items,
        ),
        notes=NOTES,
    )
