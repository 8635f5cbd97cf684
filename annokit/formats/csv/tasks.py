"""Task types, in the platform's spelling and in others."""

from __future__ import annotations

import re

from annokit.model.schema import KIND_CODE

CLASSIFICATION, DETECTION = "Classification", "Object Detection"
SEMANTIC, INSTANCE = "Semantic Segmentation", "Instance Segmentation"

_KNOWN = {
    "classification": CLASSIFICATION,
    "objectdetection": DETECTION,
    "detection": DETECTION,
    "segmentation": SEMANTIC,
    "semanticsegmentation": SEMANTIC,
    "instancesegmentation": INSTANCE,
}

USUAL = {
    KIND_CODE["none"]: CLASSIFICATION,
    KIND_CODE["box"]: DETECTION,
    KIND_CODE["rotated_box"]: DETECTION,
    KIND_CODE["point"]: DETECTION,
    KIND_CODE["polygon"]: INSTANCE,
}
"""Task type of each kind of shape where nothing else is stated."""


def canonical(word: str) -> str | None:
    """Return the platform's spelling of a task type, whatever its case, blanks and underscores; None if unknown."""
    return _KNOWN.get(re.sub(r"[\s_-]+", "", word).lower())
