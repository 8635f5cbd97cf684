"""What an Innotescus JSON export can hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from annokit.formats.holds import Holds
from annokit.formats.innotescus import fit_items, fit_labels, fit_marks, fit_rows
from annokit.formats.json_values import sayable


def holds(dialect: Any, options: Mapping[str, Any]) -> Holds:
    """Return what the five files can hold."""
    return Holds(
        kinds={
            "none": "kept",
            "box": "kept",
            "rotated_box": "kept",
            "polygon": "kept",
            "polyline": "kept",
            "ellipse": "polygon",
            "mask": "polygon",
            "point": "dropped",
            "keypoints": "dropped",
            "cuboid": "dropped",
        },
        annotation_fields=frozenset(("box", "id", "track", "author")),
        item_fields=frozenset(("id", "uri", "size", "frame", "sequence", "dataset")),
        sequence_fields=frozenset(("id", "name", "dataset", "size", "uri", "frames")),
        label_facets=frozenset(("source_id", "parent", "attributes", "extras")),
        extras=("innotescus",),
        info=False,
        unit="pixel",
        form="xywh",
        grouped=False,
        steps=(sayable,),
        late_steps=(
            fit_items.lone_videos,
            fit_items.named_sequences,
            fit_items.stated_frames,
            fit_items.frames_of_videos,
            fit_items.named_datasets,
            fit_items.numbered,
            fit_items.in_order,
            fit_labels.own_keys,
            fit_labels.whole_tree,
            fit_labels.numbered_labels,
            fit_labels.stated_definitions,
            fit_labels.listed_again,
            fit_rows.whole_outlines,
            fit_rows.boxes_of_shapes,
            fit_marks.fresh_marks,
            fit_rows.instance_ids,
        ),
        final_steps=(fit_rows.in_radians, fit_rows.nested_contours),
        notes="Contours are listed without telling parts from holes; only frames with annotations are stated.",
    )
