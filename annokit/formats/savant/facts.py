"""The words of a SAVANT file."""

from __future__ import annotations

KIND_OF_TYPE = {"close_polygon": "polygon", "rectangle": "box", "open_polygon": "polyline", "keypoint": "point"}
"""Kind of shape by the file's ``type``."""

TYPE_OF_KIND = {kind: name for name, kind in KIND_OF_TYPE.items()}

LEAST = {"polygon": 1, "box": 2, "polyline": 1, "point": 1}
"""Fewest points of each kind."""

MOST = {"box": 2, "point": 1}
"""Most points of each kind."""

SEQUENCE_KEYS = ("rootId", "name", "videoAnnotations", "featureSet")
FRAME_KEYS = ("id", "framePath", "labels")
ENTRY_KEYS = ("code", "shapes")
SHAPE_KEYS = ("type", "shape_type", "points")
TIME_KEYS = ("timestampStart", "timestampEnd", "label")

QUIET = frozenset(("workspaceId",))
"""Keys that are kept as extras and expected, so that no issue tells of them."""


def last_part(path: str) -> str:
    """Return the file name of a storage path or URL, its query removed."""
    return path.partition("?")[0].rstrip("/").rpartition("/")[2] or path
