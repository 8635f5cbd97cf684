"""The words of a Segments.ai release."""

from __future__ import annotations

from collections.abc import Mapping

STATUS_OF_WORD: Mapping[str, str] = {
    "UNLABELED": "unlabelled",
    "PRELABELED": "in_progress",
    "LABELING_IN_PROGRESS": "in_progress",
    "LABELED": "labelled",
    "REVIEWING_IN_PROGRESS": "labelled",
    "REVIEWED": "reviewed",
    "VERIFIED": "reviewed",
    "REJECTED": "rejected",
    "SKIPPED": "skipped",
}
"""Status of an item by the release's ``label_status``."""

WORD_OF_STATUS: Mapping[str, str] = {
    "unlabelled": "UNLABELED",
    "in_progress": "LABELING_IN_PROGRESS",
    "labelled": "LABELED",
    "reviewed": "REVIEWED",
    "rejected": "REJECTED",
    "skipped": "SKIPPED",
}
"""``label_status`` of items that come from elsewhere."""

MAIN_LAYERS = ("ground-truth", "segmentation")
"""Layers that are read by default where they exist: today's name, and that of releases until 2021."""

KIND_OF_TYPE: Mapping[str, str] = {"bbox": "box", "polygon": "polygon", "polyline": "polyline", "point": "point"}
"""Kind of shape by the ``type`` of an annotation with points."""

TYPE_OF_KIND: Mapping[str, str] = {kind: word for word, kind in KIND_OF_TYPE.items()}

CUBOIDS = ("cuboid", "cuboid-sync")

MAIN_FORMAT_VERSION = "0.1"
"""``format_version`` of a label that states none of its own in the dataset."""

LARGEST_ID = 0xFFFFFF
"""Largest id that a bitmap's 24 bits hold."""

TASK_ALIASES: Mapping[str, str] = {
    "bbox": "bboxes",
    "keypoint": "keypoints",
    "pointcloud-detection": "pointcloud-cuboid",
}
"""Spellings of task types that documents and old releases use."""

PREFIX = "segments/"
"""Begins the names of extras of this format."""

ABSENT = "#absent"
"""Extra that lists the keys which a writer would add, but which the file did not state."""

MEDIA = {"image": "image", "pcd": "pointcloud"}
"""Kind of item by the key that holds its URL."""

EXPECTED: Mapping[str, frozenset[str]] = {
    "sample": frozenset((
        "created_at", "created_by", "updated_at", "comments", "priority", "has_embedding", "assigned_labeler",
        "assigned_reviewer", "readme", "dataset", "dataset_full_name", "data_type", "metadata",
    )),
    "label": frozenset((
        "label_type", "labelset", "sample_uuid", "uuid", "score", "rating", "created_at", "created_by", "updated_at",
        "updated_by", "reviewed_at", "reviewed_by",
    )),
    "label attributes": frozenset(("format_version", "timestamp", "point_annotations", "links")),
    "annotation": frozenset(("start", "end", "index", "rotation", "yaw", "type", "points", "link_attributes")),
    "category": frozenset((
        "attributes", "color", "has_instances", "dimensions", "link_attributes", "link_category_restrictions",
    )),
    "attribute": frozenset((
        "input_type", "values", "min", "max", "step", "is_track_level", "synced_across_sensors", "sensors",
        "sensor_filter",
    )),
}  # fmt: skip
"""Keys that are documented and kept as they are, so that no issue tells of them."""


OWN = "annokit"
"""Member of a release in which annokit says that all layers are to be read: ``{"layer": "all"}``."""

WHOLE = {"layer": "all"}

RESERVED = frozenset(("uuid", "name", "attributes", "metadata", "labels", "label", "label_status", "label_attributes"))
"""Extras of items and sequences with a meaning of their own."""


def marked(key: str) -> str:
    """Return the name of the extra that holds an unknown key; one with a meaning of its own is escaped."""
    return f"#={key}" if key.startswith("#") or key in RESERVED else key


def unmarked(name: str) -> str:
    """Return the key that :func:`marked` gave a name."""
    return name.removeprefix("#=")
