"""What COCO can hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from annokit.formats.coco import derive, dotted, fitting, identify, implied, outdated, panoptic_fit
from annokit.formats.coco.dialect import Dialect
from annokit.formats.coco.outlined import outlined
from annokit.formats.coco.panoptic_holds import panoptic_holds
from annokit.formats.coco.tracing import traced
from annokit.formats.coco.videos_fit import on_video, own_ids
from annokit.formats.holds import KEPT, Holds
from annokit.formats.json_values import sayable

NOTES = (
    "Attributes go into an object `attributes`, except iscrowd and caption. area, bbox, iscrowd and num_keypoints are "
    "computed for rows that do not state them; ids are made where those stated are not distinct integers."
)


def holds(dialect: Dialect, options: Mapping[str, Any]) -> Holds:
    """Return what a COCO file can hold."""
    outlines = traced(dialect, options)
    if dialect.together:
        return panoptic_holds(dialect)
    made = outlined(_plain(dialect), dialect) if dialect.lean else _plain(dialect)
    made = on_video(made) if dialect.framed else made
    return attrs.evolve(made, steps=(*made.steps, *outlines))


def _plain(dialect: Dialect) -> Holds:
    return Holds(
        kinds={
            "none": KEPT,
            "box": KEPT,
            "polygon": KEPT,
            "mask": KEPT,
            "keypoints": KEPT,
            "rotated_box": "polygon",
            "ellipse": "polygon",
            "polyline": "box",
            "point": "keypoints",
            "cuboid": "box",
        },
        annotation_fields=dialect.fields,
        item_fields=frozenset(("id", "uri", "size")),
        sequence_fields=None,
        label_facets=frozenset(("source_id", "color", "skeleton", "is_thing", "extras")),
        extras=("coco",),
        unit="pixel",
        form="xywh",
        item_kind="image",
        dangling=True,
        grouped=False,
        steps=(
            outdated.drop_outdated(dialect),
            panoptic_fit.apart,
            fitting.refuse_lost,
            *((dotted.full_names,) if dialect.dotted else ()),
            fitting.as_categories,
            fitting.holes_as_masks,
        ),
        final_steps=(
            fitting.sound_shapes,
            fitting.plain_names,
            sayable,
            derive.boxed_keypoints,
            implied.settle,
            dotted.without_mark if dialect.outlined else dotted.run_lengths,
            own_ids if dialect.framed else identify.make_ids(dialect),
            *((dotted.as_categories(dialect),) if dialect.dotted else ()),
            derive.complete_annotations,
            derive.complete_items,
        ),
        notes=NOTES,
    )
