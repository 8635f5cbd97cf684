"""The words of Dataloop's JSON."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

FORMAT_NAME = "dataloop"

EXTRA = "extras/dataloop/"
"""Where keys that the model does not map stand in a table."""

MARK = "#"
"""Begins extras that are no keys, but say how the file was."""

KIND_OF_TYPE: Mapping[str, str] = {
    "box": "box",
    "segment": "polygon",
    "polyline": "polyline",
    "point": "point",
    "ellipse": "ellipse",
    "binary": "mask",
    "cube": "cuboid",
    "cube_3d": "cuboid",
    "pose": "keypoints",
    "class": "none",
}
"""Kind of shape by the file's ``type``; any other type is an annotation without shape."""

TYPE_OF_KIND: Mapping[str, str] = {
    "none": "class",
    "box": "box",
    "rotated_box": "box",
    "polygon": "segment",
    "polyline": "polyline",
    "point": "point",
    "ellipse": "ellipse",
    "mask": "binary",
    "keypoints": "pose",
}
"""Type that a kind of shape is written as; a cuboid is a ``cube`` in the image, or a ``cube_3d`` in the world."""

NOTE = "note"

DEPTH_OF_TYPE: Mapping[str, bool] = {"box": True, "point": True, "segment": False, "polyline": False}
"""Whether points of a type are written with a ``z`` of 0."""

CUBE_CORNERS = ("front_tl", "front_tr", "front_br", "front_bl", "back_tl", "back_tr", "back_br", "back_bl")

CUBE_3D: Mapping[str, str] = {"center": "position", "size": "scale", "rotation": "rotation"}
"""Key of a ``cube_3d`` by the field of a cuboid."""

MIMETYPES: Mapping[str, str] = {
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "bmp": "image/bmp",
    "webp": "image/webp",
    "tif": "image/tiff",
    "tiff": "image/tiff",
    "mp4": "video/mp4",
    "webm": "video/webm",
    "mov": "video/quicktime",
    "avi": "video/x-msvideo",
    "mkv": "video/x-matroska",
    "m4v": "video/x-m4v",
    "mpg": "video/mpeg",
    "mpeg": "video/mpeg",
    "wmv": "video/x-ms-wmv",
    "flv": "video/x-flv",
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "txt": "text/plain",
    "pcd": "application/pcd",
}
"""Type of a file by its name's ending."""

MIMETYPE_OF_KIND: Mapping[str, str] = {
    "image": "image/jpeg",
    "video": "video/mp4",
    "audio": "audio/mpeg",
    "text": "text/plain",
    "pointcloud": "application/pcd",
}
"""Type of a file whose name does not tell."""

KIND_OF_MIMETYPE: Mapping[str, str] = {
    "image": "image",
    "video": "video",
    "audio": "audio",
    "text": "text",
    "application/pcd": "pointcloud",
    "application/json": "text",
    "application/pdf": "text",
}
"""Kind of item by the type of its file, or by that type's first half."""

STATUS_OF_LABEL: Mapping[str, str] = {
    "completed": "labelled",
    "approved": "reviewed",
    "discarded": "skipped",
    "discard": "skipped",
}
"""Status of an item by the label of the annotation that the workflow itself put there."""


def kind_of(mimetype: str) -> str | None:
    """Return the kind of item of a file type, None where it does not tell."""
    found = KIND_OF_MIMETYPE.get(mimetype)
    return found if found is not None else KIND_OF_MIMETYPE.get(mimetype.partition("/")[0])


@lru_cache(256)
def mimetype_of(kind: str, ending: str) -> str:
    """Return the file type that is written for an item whose name ends so."""
    found = MIMETYPES.get(ending.lower())
    return found if found is not None and kind_of(found) == kind else MIMETYPE_OF_KIND[kind]
