"""The keys of a COCO file: where the model keeps each, and what the writer calls each column."""

from __future__ import annotations

from collections.abc import Mapping

EXTRA = "extras/coco/"
"""Where columns of keys stand that the model does not map."""

ATTRIBUTE = "attributes/"

MARK = "#"
"""Begins the names of extras that are no keys of the file but say how it was written."""

ABSENT = EXTRA + "#absent"
"""Per row: the keys that a writer would add, but that the file did not state."""

FURTHER = EXTRA + "#further"
"""Per row: an object of the members whose keys got no column of their own."""

NO_LIST = "coco/#absent"
"""Of the dataset: the lists that the file does not have."""

LISTED = "coco/#list"
"""Of the dataset: the file is a results list, without images and categories."""

OWN_IDS = "coco/#ids"
"""Of the dataset: the lists whose ids are kept although they are not distinct integers."""

OUTLINED = "coco/#outlines"
"""Of the dataset: outlines are lists of points although the dialect states run lengths."""

PANOPTIC = "coco/#panoptic"
"""Of the dataset: the annotations of an image are one record, their pixels a PNG beside the file."""

RECORD = EXTRA + "#record/"
"""Begins columns of items: the members of such a record that the model does not map."""

LISTS = ("images", "annotations", "categories")

ITEM_TOP = ("file_name", "id", "coco_url", "height", "width")
"""Keys of an image that the model maps."""

ANNOTATION_TOP = ("id", "image_id", "category_id", "bbox", "segmentation", "keypoints", "score", "track_id")
"""Keys of an annotation that the model maps to columns of its own."""

TOP_ATTRIBUTES = ("iscrowd", "caption")
"""Keys of an annotation that the model shows as attributes."""

DERIVED = ("area", "num_keypoints")
"""Keys of an annotation that are computed from its geometry; kept as numbers."""

KNOWN: Mapping[str, tuple[str, ...]] = {
    "images": ITEM_TOP,
    "annotations": (*ANNOTATION_TOP, *TOP_ATTRIBUTES, *DERIVED),
}
"""Keys that are no news by list; all others are told as kept verbatim."""

ITEM_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "name": ("file_name",),
    "id": ("id",),
    "uri": ("coco_url",),
    "size": ("height", "width"),
}

ANNOTATION_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "id": ("id",),
    "item": ("image_id",),
    "label": ("category_id",),
    "box": ("bbox",),
    "points": ("segmentation",),
    "mask": ("segmentation",),
    "keypoints": ("keypoints",),
    "score": ("score",),
    "track": ("track_id",),
    **{ATTRIBUTE + name: (name,) for name in TOP_ATTRIBUTES},
}
"""The keys that a column is written as; every other attribute goes into the object ``attributes``."""


def extra(key: str) -> str:
    """Return the name of the column that holds a key verbatim."""
    return EXTRA + (MARK + key if key.startswith(MARK) else key)


def key_of(column: str) -> str | None:
    """Return the key that a column of extras holds, None where it is a mark or belongs to another format."""
    if not column.startswith(EXTRA):
        return None
    name = column[len(EXTRA) :]
    if not name.startswith(MARK):
        return name
    return name[1:] if name.startswith(MARK + MARK) else None
