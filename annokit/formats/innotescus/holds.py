"""What an Innotescus JSON export can hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from annokit.formats.holds import Holds


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
        notes="Contours are listed without telling parts from holes; only frames with annotations are stated.",
    )
