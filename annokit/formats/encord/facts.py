"""The words of Encord's label rows."""

from __future__ import annotations

GEOMETRY_KEY = {
    "bounding_box": "boundingBox",
    "rotatable_bounding_box": "rotatableBoundingBox",
    "polygon": "polygon",
    "polyline": "polyline",
    "point": "point",
    "skeleton": "skeleton",
    "bitmask": "bitmask",
    "cuboid": "cuboid",
    "cuboid_2d": "cuboid_2d",
    "circle": "circle",
    "ellipse": "ellipse",
}
"""Key of an object's geometry by its shape."""

KIND_OF_SHAPE = {
    "bounding_box": "box",
    "rotatable_bounding_box": "rotated_box",
    "polygon": "polygon",
    "polyline": "polyline",
    "point": "point",
    "skeleton": "keypoints",
    "bitmask": "mask",
    "cuboid": "cuboid",
    "cuboid_2d": "cuboid",
    "circle": "ellipse",
    "ellipse": "ellipse",
}
"""Kind of shape by Encord's name of it."""

GEOMETRY_KEYS = (*GEOMETRY_KEY.values(), "polygons")

STATUS = {
    "NOT_LABELLED": "unlabelled",
    "LABEL_IN_PROGRESS": "in_progress",
    "LABELLED": "labelled",
    "REVIEW_IN_PROGRESS": "labelled",
    "REVIEWED": "reviewed",
    "REVIEWED_TWICE": "reviewed",
}
"""State of the work by ``label_status``."""

ITEM_KIND = {
    "image": "image",
    "img_group": "image",
    "video": "frame",
    "dicom": "frame",
    "dicom_study": "frame",
    "nifti": "frame",
    "pdf": "frame",
    "scene": "frame",
    "audio": "audio",
    "time_series": "audio",
    "plain_text": "text",
    "group": "image",
}
"""Kind of item that a row of a data type is made of."""

VISIBILITY = {"invisible": 0, "occluded": 1, "selfOccluded": 1, "visible": 2}
"""COCO's number by Encord's word; as flags they are asked in this order."""

ROW_KEYS = ("label_hash", "data_title", "dataset_title", "label_status", "branch_name", "data_units")
"""Keys of a row that the model states; everything else is kept verbatim on the sequence."""

UNIT_KEYS = ("data_hash", "data_title", "data_link", "width", "height", "data_fps", "labels")

OBJECT_KEYS = (
    "objectHash", "featureHash", "name", "color", "shape", "confidence", "createdAt", "createdBy", "lastEditedAt",
    "manualAnnotation", *GEOMETRY_KEYS,
)  # fmt: skip

CLASSIFICATION_KEYS = (
    "classificationHash", "featureHash", "name", "confidence", "createdAt", "createdBy", "lastEditedAt",
    "manualAnnotation",
)  # fmt: skip

EXPECTED = frozenset(
    (
        "created_at", "last_edited_at", "data_hash", "dataset_hash", "data_type", "annotation_task_status",
        "is_shadow_data", "is_image_sequence", "video_link", "object_answers", "classification_answers",
        "object_actions",
        "spaces", "scene", "is_valid", "export_hash", "exported_at", "export_history", "data_sequence", "data_links",
        "metadata", "data_duration", "audio_codec", "audio_sample_rate", "audio_bit_depth", "audio_num_channels",
        "value",
        "reviews", "isDeleted", "lastEditedBy", "event", "interpolate",
    )
)  # fmt: skip
"""Keys that Encord documents; they are kept as extras without a word."""

MAIN = "main"
"""The branch that a row belongs to where it states none."""
