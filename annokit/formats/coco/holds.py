"""What COCO can hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from annokit.formats.coco.dialect import Dialect
from annokit.formats.holds import Holds


def holds(dialect: Dialect, options: Mapping[str, Any]) -> Holds:
    """Return what a COCO file can hold."""
    return Holds(
        kinds={
            "none": "kept",
            "box": "kept",
            "polygon": "kept",
            "mask": "kept",
            "keypoints": "kept",
            "rotated_box": "polygon",
            "ellipse": "polygon",
            "polyline": "box",
            "cuboid": "box",
        },
        annotation_fields=frozenset(("id", "box", "keypoints", "score", "track")),
        item_fields=frozenset(("id", "uri", "size")),
        sequence_fields=None,
        label_facets=frozenset(("source_id", "color", "skeleton", "is_thing", "extras")),
        extras=("coco",),
        unit="pixel",
        form="xywh",
        item_kind="image",
        dangling=True,
        grouped=False,
    )
